#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include "config.h"

#include <stdbool.h>

/* "[IPv6]:65535" */
enum { LISTEN_TEXT_MAX = INET6_ADDRSTRLEN + 8 };

/** The service's socket and the admin's, or -1: handed over by a supervisor, or opened here. */
struct listeners {
	int socket[2];
	unsigned port[2];
	char text[2][LISTEN_TEXT_MAX]; /* the addresses; empty where there is no socket */
	bool handed_over;
};

/** Take the sockets that a supervisor hands over (see systemd.h), and open the others as
 *  `config` asks. False: the reason is on standard error, and some may be open. */
bool listen_open(const struct config *config, struct listeners *out);

/**
 * A socket bound to `address` and listening; -1 with errno where that fails. With `reuse_port`,
 * other processes of the same user that also set it may share the port; the kernel then divides the
 * connections among them.
 */
int listen_on(const struct listen_address *address, int backlog, bool reuse_port);

/** IPv4 or IPv6 `address` as --listen takes it, such as "[::1]:8080"; returns `out`. */
const char *listen_text(const struct sockaddr_storage *address, char out[LISTEN_TEXT_MAX]);

#endif
