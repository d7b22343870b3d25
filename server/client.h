#ifndef SERVER_CLIENT_H
#define SERVER_CLIENT_H

#include "address.h"

#include <netinet/in.h>

enum {
	CLIENT_NAME_MAX = INET6_ADDRSTRLEN,
	CLIENT_LIST_MAX = 2048, /* bytes: more proxies than that stand in no way */
};

/** The lines of one header of a request, one behind the other: a list that every proxy may have
 * gone on in a line of its own. Begins with client_list_clear(). */
struct client_list {
	bool present, too_long;
	size_t len;
	char text[CLIENT_LIST_MAX]; /* `len` bytes of it */
};

static inline void client_list_clear(struct client_list *list)
{
	list->present = list->too_long = false;
	list->len = 0;
}

void client_list_add(struct client_list *list, const char *line);

/**
 * Who is asking? The address of the peer, or, where the peer is a trusted proxy, the last address
 * of Forwarded (RFC 7239) or X-Forwarded-For that no trusted proxy has. What untrusted senders
 * write there is never believed: not in the lists before that address, and not in the header that
 * the proxy does not write and passes on. Which one that is nobody tells; so where both are there
 * and name different clients, the proxy itself is the client, as where a list cannot be read.
 * IPv6 clients count by their /64, which is what one customer gets. Pure.
 */
void client_name(const struct sockaddr *peer, const struct address_net *trusted, size_t trusted_len,
		 const struct client_list *forwarded, const struct client_list *x_forwarded_for,
		 char out[CLIENT_NAME_MAX + 1]);

#endif
