#ifndef SERVER_HEALTH_H
#define SERVER_HEALTH_H

/**
 * `precis health [URL]`, for container probes: 0 when a GET of `url` answers 200 within five
 * seconds, else 1 with the reason on standard error. NULL: /livez of the address that
 * PRECIS_ADMIN_LISTEN, PRECIS_LISTEN or the default names.
 */
int health_check(const char *url);

#endif
