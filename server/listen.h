#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include "config.h"

#include <stdbool.h>

/**
 * A socket bound to `address` and listening; -1 with errno where that fails. With `reuse_port`
 * other processes of the same user that ask for it may have the port as well; the kernel then
 * divides the connections among them.
 */
int listen_on(const struct listen_address *address, int backlog, bool reuse_port);

#endif
