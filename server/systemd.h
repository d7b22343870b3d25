#ifndef SERVER_SYSTEMD_H
#define SERVER_SYSTEMD_H

#include <stdbool.h>
#include <stddef.h>

/**
 * The two small protocols of systemd (and of supervisors that speak like it), without its library:
 * sd_notify(3), which says how far the service has come, and sd_listen_fds(3), sockets that were
 * opened before it started. If the environment does not ask for them, every call does nothing.
 */

enum { SYSTEMD_MAX_LISTENERS = 2 };

/**
 * Write the listening sockets that were handed over (LISTEN_PID, LISTEN_FDS) to `out`, in their
 * order, close-on-exec and non-blocking. Returns how many; -1 with errno if there are too many, or
 * one is not a listening TCP socket. The variables are removed from the environment: call it once,
 * before any thread exists.
 */
int systemd_listeners(int out[SYSTEMD_MAX_LISTENERS]);

/**
 * Send `state` ("READY=1"; several are separated by line ends) to NOTIFY_SOCKET, a path or, with
 * '@' in front, an abstract name. False if there is none or it accepts nothing: never a reason to
 * stop.
 */
bool systemd_notify(const char *state);

/** Say that a reload begins; systemd_notify("READY=1") ends it. */
bool systemd_notify_reloading(void);

#endif
