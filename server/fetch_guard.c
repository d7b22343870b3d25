#include "download.h"

#include <errno.h>
#include <ifaddrs.h>
#include <sys/socket.h>

/* Is it an address of this machine? Returns false if the kernel does not say. */
static bool ask_if_local(const struct sockaddr *address, bool *is_local)
{
	struct ifaddrs *interfaces = NULL;
	if (getifaddrs(&interfaces) != 0 || interfaces == NULL)
		return false;
	for (const struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
		*is_local |= i->ifa_addr != NULL && address_equal(i->ifa_addr, address);
	freeifaddrs(interfaces);
	return true;
}

static bool is_own_port(const struct address_policy *policy, unsigned port)
{
	for (size_t i = 0; i < policy->own_len; i++)
		if (address_port((const struct sockaddr *)&policy->own[i]) == port)
			return true;
	return false;
}

enum address_verdict fetch_judge(const struct fetcher *fetcher, const struct sockaddr *address)
{
	struct address_policy policy = fetcher->policy;
	if (is_own_port(&policy, address_port(address)) && !ask_if_local(address, &policy.is_local))
		return ADDRESS_UNKNOWN; /* perhaps ours: no memory or socket to ask */
	return address_judge(&policy, address);
}

const char *fetch_why_not(enum address_verdict verdict)
{
	switch (verdict) {
	case ADDRESS_SPECIAL:
		return "address is private, local or reserved";
	case ADDRESS_METADATA:
		return "address of a metadata service";
	case ADDRESS_OWN:
		return "address of this service";
	case ADDRESS_PORT:
		return "port is not one of the web's";
	default:
		return "address is of an unknown kind";
	}
}

curl_socket_t fetch_guard_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetch *fetch = arg;
	enum address_verdict verdict = fetch_judge(fetch->fetcher, &address->addr);
	fetch->opened = true;
	if (!address_may_connect(verdict)) {
		fetch_blame(fetch, FETCH_REFUSED, fetch_why_not(verdict));
		return CURL_SOCKET_BAD;
	}
	int made = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	/* Our own lack of resources says nothing about the origin and must not count against it. */
	if (made < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
		fetch_blame(fetch, FETCH_BUSY, "no descriptor for a connection");
	return made;
}

int fetch_guard_request(void *arg, char *ip, char *local_ip, int port, int local_port)
{
	struct fetch *fetch = arg;
	struct sockaddr_storage address;
	enum address_verdict verdict = ADDRESS_UNKNOWN;
	if (address_parse(ip, (unsigned)port, &address) != 0)
		verdict = fetch_judge(fetch->fetcher, (const struct sockaddr *)&address);
	if (address_may_connect(verdict))
		return CURL_PREREQFUNC_OK;
	fetch_blame(fetch, FETCH_REFUSED, fetch_why_not(verdict));
	return CURL_PREREQFUNC_ABORT;
}
