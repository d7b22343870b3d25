#ifndef SERVER_DECODE_H
#define SERVER_DECODE_H

#include "core/span.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * Parse JSON as json_loadb() does with JSON_REJECT_DUPLICATES and JSON_DECODE_ANY: the same tree,
 * or NULL and the same error.
 *
 * jansson reads character by character, which for an article costs as much as half a summary. So
 * the long string that makes up most of a request, "text" or "html" in its top-level object, is
 * decoded here, eight bytes per step, and jansson parses the rest. Malformed input is left to
 * jansson unchanged. O(body.len).
 */
json_t *decode_json(struct span body, json_error_t *error);

/**
 * json_loadb() stopped at `position`, after a number. Find the key of this number in the top-level
 * object: without quotes, pointing into `body`. False if the number is no such member (it is in a
 * list, or alone), or if the key has escapes. O(body.len).
 */
bool decode_number_key(struct span body, size_t position, struct span *key);

#endif
