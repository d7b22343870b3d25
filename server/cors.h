#ifndef SERVER_CORS_H
#define SERVER_CORS_H

#include <stdbool.h>

/**
 * Is `origin` (the Origin header) in `list` (--cors-origins: "*", or origins such as
 * "https://news.example", comma-separated)? An empty list allows none. Exact, except for the case
 * of scheme and host, which browsers send in lower case. Pure.
 */
bool cors_allows(const char *list, const char *origin);

/**
 * NULL if `list` is "*" or each item is scheme://host[:port] as a browser writes it; else a
 * sentence that says why the first bad item can never be the Origin of a page. Pure.
 */
const char *cors_fault(const char *list);

#endif
