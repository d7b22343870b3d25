#ifndef SERVER_JSON_TEXT_H
#define SERVER_JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>

/**
 * `json` as new (malloc'ed), compact, NUL-terminated text of `*len` bytes; NULL, and 0, without
 * memory or without `json`. In place of json_dumps(), which loses a piece, and says nothing, where
 * its buffer cannot grow.
 */
char *json_text(const json_t *json, size_t *len);

#endif
