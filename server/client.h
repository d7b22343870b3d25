#ifndef SERVER_CLIENT_H
#define SERVER_CLIENT_H

#include "address.h"

#include <netinet/in.h>

enum { CLIENT_NAME_MAX = INET6_ADDRSTRLEN };

/**
 * Who is asking? The address of the peer, or, where the peer is a trusted proxy, the last address
 * of Forwarded (RFC 7239) or else X-Forwarded-For that no trusted proxy has. What untrusted
 * senders write there is never looked at. IPv6 clients count by their /64, which is what one
 * customer gets. Headers may be NULL. Pure.
 */
void client_name(const struct sockaddr *peer, const struct address_net *trusted, size_t trusted_len,
		 const char *forwarded, const char *x_forwarded_for, char out[CLIENT_NAME_MAX + 1]);

#endif
