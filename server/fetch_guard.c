#include "download.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { LOCAL_ADDRESSES_MAX = 64 };

/* How many there are, or 0 where the kernel does not say: no machine has none. */
static size_t local_addresses(struct sockaddr_storage *out, size_t max)
{
	struct ifaddrs *interfaces = NULL;
	size_t count = 0;
	if (getifaddrs(&interfaces) != 0)
		return 0;
	for (const struct ifaddrs *i = interfaces; i != NULL && count < max; i = i->ifa_next) {
		if (i->ifa_addr == NULL)
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			memcpy(&out[count++], i->ifa_addr, sizeof(struct sockaddr_in));
		else if (i->ifa_addr->sa_family == AF_INET6)
			memcpy(&out[count++], i->ifa_addr, sizeof(struct sockaddr_in6));
	}
	freeifaddrs(interfaces);
	return count;
}

enum address_verdict fetch_judge(const struct fetcher *fetcher, const struct sockaddr *address)
{
	struct sockaddr_storage local[LOCAL_ADDRESSES_MAX];
	struct address_policy policy = fetcher->policy;
	for (size_t i = 0; i < policy.own_len && policy.local_len == 0; i++) {
		if (address_port((const struct sockaddr *)&policy.own[i]) != address_port(address))
			continue;
		policy.local = local;
		policy.local_len = local_addresses(local, LOCAL_ADDRESSES_MAX);
		if (policy.local_len == 0)
			return ADDRESS_UNKNOWN; /* perhaps ours: without memory, without sockets */
	}
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
	/* Our own lack says nothing about the origin, and is not remembered against it. */
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
