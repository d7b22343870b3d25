#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include "config.h"

/* "[IPv6]:65535" */
enum { LISTEN_TEXT_MAX = INET6_ADDRSTRLEN + 8 };

#include <stdbool.h>

/**
 * A socket bound to `address` and listening; -1 with errno where that fails. With `reuse_port`
 * other processes of the same user that ask for it may have the port as well; the kernel then
 * divides the connections among them.
 */
int listen_on(const struct listen_address *address, int backlog, bool reuse_port);

/** IPv4 or IPv6 `address` as --listen takes it, such as "[::1]:8080"; returns `out`. */
const char *listen_text(const struct sockaddr_storage *address, char out[LISTEN_TEXT_MAX]);

#endif
