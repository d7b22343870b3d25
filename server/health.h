#ifndef SERVER_HEALTH_H
#define SERVER_HEALTH_H

/**
 * `precis health [URL]`, for container probes: 0 when a GET of `url` answers 200 within five
 * seconds, else 1 with the reason on standard error. A URL without a path means /livez. NULL means
 * the address of admin-listen, or else listen, as given by environment, file of options or default.
 */
int health_check(const char *url);

#endif
