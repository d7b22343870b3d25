#ifndef SERVER_CACHEABLE_H
#define SERVER_CACHEABLE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * May a request be answered from the cache? Seen from the raw body, so that a kept answer needs no
 * decoding: not where `"cache"` is followed by anything but `: true`. A body that hides it (with
 * escaped letters) is looked up in vain: the worker, who decodes, never lets it be stored.
 */
bool cacheable_body(const char *body, size_t len);

/** The same for a query string's arguments: "name\0value\0" pairs. */
bool cacheable_query(const char *arguments, size_t len);

#endif
