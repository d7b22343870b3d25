#include "client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* One address as proxies write it: 192.0.2.1, 192.0.2.1:80, [2001:db8::1]:80, "…" around it. */
static bool read_address(const char *at, size_t len, struct sockaddr_storage *out)
{
	char text[INET6_ADDRSTRLEN + 1];
	while (len > 0 && (*at == ' ' || *at == '\t' || *at == '"')) {
		at++;
		len--;
	}
	while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t' || at[len - 1] == '"'))
		len--;
	if (len > 0 && *at == '[') {
		const char *close = memchr(at, ']', len);
		if (close == NULL)
			return false;
		at++;
		len = (size_t)(close - at);
	} else {
		const char *colon = memchr(at, ':', len);
		if (colon != NULL && memchr(colon + 1, ':', len - (size_t)(colon + 1 - at)) == NULL)
			len = (size_t)(colon - at);
	}
	if (len == 0 || len > INET6_ADDRSTRLEN)
		return false;
	memcpy(text, at, len);
	text[len] = '\0';
	return address_parse(text, 0, out) > 0;
}

/* The value of for= in one element of Forwarded. */
static bool find_for(const char *at, size_t len, const char **value, size_t *value_len)
{
	const char *end = at + len;
	while (at < end) {
		const char *semicolon = memchr(at, ';', (size_t)(end - at));
		const char *stop = semicolon == NULL ? end : semicolon;
		while (at < stop && (*at == ' ' || *at == '\t'))
			at++;
		if (stop - at > 4 && strncasecmp(at, "for=", 4) == 0) {
			*value = at + 4;
			*value_len = (size_t)(stop - at) - 4;
			return true;
		}
		at = stop + 1;
	}
	return false;
}

void client_list_add(struct client_list *list, const char *line)
{
	size_t len = strlen(line);
	list->too_long |= list->len + list->present + len > CLIENT_LIST_MAX;
	if (!list->too_long) {
		if (list->present)
			list->text[list->len++] = ',';
		memcpy(list->text + list->len, line, len);
		list->len += len;
	}
	list->present = true;
}

/* Go back through the list to the first address that is not a trusted proxy's. */
static void walk_back(const struct client_list *list, bool is_forwarded,
		      const struct address_net *trusted, size_t trusted_len,
		      struct sockaddr_storage *client)
{
	size_t end = list->too_long ? 0 : list->len;
	for (;;) {
		size_t start = end;
		while (start > 0 && list->text[start - 1] != ',')
			start--;
		const char *value = list->text + start;
		size_t len = end - start;
		struct sockaddr_storage address;
		if ((is_forwarded && !find_for(value, len, &value, &len)) ||
		    !read_address(value, len, &address))
			return; /* what the proxy wrote cannot be read: keep what we have */
		*client = address;
		if (start == 0 ||
		    !address_in_nets(trusted, trusted_len, (struct sockaddr *)&address))
			return;
		end = start - 1;
	}
}

void client_name(const struct sockaddr *peer, const struct address_net *trusted, size_t trusted_len,
		 const struct client_list *forwarded, const struct client_list *x_forwarded_for,
		 char out[CLIENT_NAME_MAX + 1])
{
	struct sockaddr_storage client = {0};
	memcpy(&client, peer,
	       peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					   : sizeof(struct sockaddr_in));
	if (address_in_nets(trusted, trusted_len, peer)) {
		struct sockaddr_storage one = client, other = client;
		if (forwarded->present)
			walk_back(forwarded, true, trusted, trusted_len, &one);
		if (x_forwarded_for->present)
			walk_back(x_forwarded_for, false, trusted, trusted_len, &other);
		if (!forwarded->present)
			client = other;
		else if (!x_forwarded_for->present ||
			 address_equal((struct sockaddr *)&one, (struct sockaddr *)&other))
			client = one;
	}
	if (client.ss_family == AF_INET) {
		inet_ntop(AF_INET, &((struct sockaddr_in *)&client)->sin_addr, out,
			  CLIENT_NAME_MAX);
		return;
	}
	struct in6_addr network = ((struct sockaddr_in6 *)&client)->sin6_addr;
	if (IN6_IS_ADDR_V4MAPPED(&network)) {
		inet_ntop(AF_INET, &network.s6_addr[12], out, CLIENT_NAME_MAX);
		return;
	}
	memset(&network.s6_addr[8], 0, 8);
	inet_ntop(AF_INET6, &network, out, CLIENT_NAME_MAX);
}
