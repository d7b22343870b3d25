#ifndef SERVER_HEALTH_H
#define SERVER_HEALTH_H

/**
 * `precis health [URL]`, for container probes, with the `count` arguments behind "health": 0 when a
 * GET of the URL answers 200 within five seconds, else 1 (a container's probe must give no other)
 * with the reason on standard error. Without a path it means /livez. No URL: the address of
 * admin-listen, or else listen, as environment, file of options or the default name it.
 */
int health_command(int count, char **arguments);

#endif
