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
 * the long string that a request mostly is, the "text" or "html" of its top-level object, is
 * decoded here, eight bytes per step, and jansson parses the rest. What is not well-formed is left
 * to jansson unchanged. O(body.len).
 */
json_t *decode_json(struct span body, json_error_t *error);

/**
 * json_loadb() stopped at `position`, after a number: the key, without quotes, of the top-level
 * object's member that this number is; a part of `body`. False if the number is no such member (it
 * is in a list, or alone), or if the key has escapes. O(body.len).
 */
bool decode_number_key(struct span body, size_t position, struct span *key);

#endif
