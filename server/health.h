#ifndef SERVER_HEALTH_H
#define SERVER_HEALTH_H

/**
 * `precis health [URL]`, for container probes, with the `count` arguments behind "health": 0 when a
 * GET of the URL answers 200 within five seconds, else 1 (a container's probe must return no other
 * value) with the reason on standard error. A URL without a path means /livez. Without a URL, it
 * asks the address of admin-listen, or else listen, as set by the environment, the options file or
 * the default.
 */
int health_command(int count, char **arguments);

#endif
