#ifndef SERVER_CORS_H
#define SERVER_CORS_H

#include <stdbool.h>

/**
 * Is `origin` (the Origin header) in `list` (--cors-origins: "*", or origins such as
 * "https://news.example", comma-separated)? An empty list allows none. Exact, but for the case of
 * scheme and host, as browsers send them in lower case. Pure.
 */
bool cors_allows(const char *list, const char *origin);

/** Is `list` well-formed: each item "*" or scheme://host[:port] without path? */
bool cors_check(const char *list);

#endif
