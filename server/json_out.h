#ifndef SERVER_JSON_OUT_H
#define SERVER_JSON_OUT_H

#include "core/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * JSON written straight into the buffer that is sent: what a tree of jansson's values dumps, to the
 * byte, at a fifth of its instructions. The caller keeps the grammar: a key before each member, an
 * end for each begin. Commas are set here. Remembers a lack of memory: everything is then ignored.
 */
struct json_out {
	char *at; /* malloc'ed; the caller's in the end */
	size_t len, room;
	size_t max; /* of `room`: to need more is a lack of memory; 0: none */
	bool comma; /* before the next value */
	bool failed;
};

/** `bracket` is [ or {, and ] or }. */
void json_out_begin(struct json_out *out, char bracket);
void json_out_end(struct json_out *out, char bracket);

/** A member's name: a literal that needs no escapes. */
void json_out_key(struct json_out *out, const char *name);

/** Valid UTF-8; may be empty. */
void json_out_string(struct json_out *out, struct span string);
void json_out_integer(struct json_out *out, uint64_t number);
void json_out_bool(struct json_out *out, bool value);

/** A number from 0 to 1, rounded to four decimals: they say all there is to say. */
void json_out_share(struct json_out *out, double number);

#endif
