#ifndef SERVER_CORS_H
#define SERVER_CORS_H

#include <stdbool.h>

/**
 * Is `origin` (the Origin header) in `list` (--cors-origins: "*", or origins such as
 * "https://news.example", comma-separated)? An empty list allows none. Exact, but for the case of
 * scheme and host, as browsers send them in lower case. Pure.
 */
bool cors_allows(const char *list, const char *origin);

/**
 * NULL where `list` is "*", or each item scheme://host[:port] as a browser writes it; else why
 * the first bad one would never be the Origin of a page, for people. Pure.
 */
const char *cors_fault(const char *list);

#endif
