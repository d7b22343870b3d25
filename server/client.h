#ifndef SERVER_CLIENT_H
#define SERVER_CLIENT_H

#include "address.h"

#include <netinet/in.h>

enum {
	CLIENT_NAME_MAX = INET6_ADDRSTRLEN,
	CLIENT_LIST_MAX = 2048, /* bytes: more proxies than any real request passes through */
};

/** All lines of one request header, joined: each proxy may have continued the list on a line of
 *  its own. Start with client_list_clear(). */
struct client_list {
	bool present, too_long;
	size_t len;
	char text[CLIENT_LIST_MAX]; /* `len` bytes are used */
};

static inline void client_list_clear(struct client_list *list)
{
	list->present = list->too_long = false;
	list->len = 0;
}

void client_list_add(struct client_list *list, const char *line);

/**
 * Who is asking? The address of the peer or, if the peer is a trusted proxy, the last address in
 * Forwarded (RFC 7239) or X-Forwarded-For that is not a trusted proxy's. What untrusted senders
 * write there is never believed: neither the addresses before that one, nor the header that the
 * proxy merely passes on. We cannot tell which of the two headers the proxy wrote; so if both are
 * there and name different clients, the proxy itself counts as the client, as it does if a list
 * cannot be read. IPv6 clients count by their /64, which is what one customer gets. Pure.
 */
void client_name(const struct sockaddr *peer, const struct address_net *trusted, size_t trusted_len,
		 const struct client_list *forwarded, const struct client_list *x_forwarded_for,
		 char out[CLIENT_NAME_MAX + 1]);

#endif
