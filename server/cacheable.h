#ifndef SERVER_CACHEABLE_H
#define SERVER_CACHEABLE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * May a request be answered from the cache? This is judged by the raw body, so that a cached answer
 * needs no decoding: no if `"cache"` is followed by anything but `: true`. A body that hides this
 * word (with escaped letters) is looked up in vain, because the worker, who decodes it, never
 * stores its answer.
 */
bool cacheable_body(const char *body, size_t len);

/** The same for a query string's arguments: "name\0value\0" pairs. */
bool cacheable_query(const char *arguments, size_t len);

#endif
