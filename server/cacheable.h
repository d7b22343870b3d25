#ifndef SERVER_CACHEABLE_H
#define SERVER_CACHEABLE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * May a request be answered from the cache? The raw body decides, so that a cached answer needs no
 * decoding: no if `"cache"` is followed by anything but `: true`. If a body hides this word (with
 * escaped letters), it is looked up in vain: the worker, which decodes the body, never stores its
 * answer.
 */
bool cacheable_body(const char *body, size_t len);

/** The same for a query string's arguments: "name\0value\0" pairs. */
bool cacheable_query(const char *arguments, size_t len);

#endif
