#ifndef SERVER_JSON_TEXT_H
#define SERVER_JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>

/**
 * `json` as new (malloc'ed), compact, NUL-terminated text of `*len` bytes; NULL and length 0 if
 * memory or `json` is missing. Use it instead of json_dumps(), which silently loses a piece if its
 * buffer cannot grow.
 */
char *json_text(const json_t *json, size_t *len);

#endif
