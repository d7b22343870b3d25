#include "decode.h"

#include "core/ascii.h"
#include "core/utf8.h"
#include "core/vector.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Shorter strings are left to jansson: there is nothing to gain. */
#define LONG_BYTES 256

#define FLAGS (JSON_REJECT_DUPLICATES | JSON_DECODE_ANY)

static bool is_special(char c)
{
	return c == '"' || c == '\\' || (unsigned char)c < 0x20;
}

/* Position of the next quote, backslash or control character from `at` on, or body.len. If `out`
 * is not NULL, the bytes before it are copied there, and up to a vector more, which later bytes
 * overwrite. */
static inline size_t next_special(struct span body, size_t at, char *out)
{
	size_t start = at;
	for (; at + VECTOR_BYTES <= body.len; at += VECTOR_BYTES) {
		vector bytes = vector_load(body.at + at);
		unsigned plain =
			vector_zeros((vector)((bytes == '"') | (bytes == '\\') | (bytes < 0x20)));
		if (out != NULL)
			memcpy(out + (at - start), &bytes, VECTOR_BYTES);
		if (plain < VECTOR_BYTES)
			return at + plain;
	}
	for (; at < body.len && !is_special(body.at[at]); at++)
		if (out != NULL)
			out[at - start] = body.at[at];
	return at;
}

/* The closing quote of the string whose first character is at `at`, or body.len. */
static size_t string_end(struct span body, size_t at)
{
	while ((at = next_special(body, at, NULL)) < body.len) {
		if (body.at[at] == '"')
			return at;
		at += body.at[at] == '\\' ? 2 : 1;
	}
	return body.len;
}

static size_t skip_space(struct span body, size_t at)
{
	while (at < body.len && memchr(" \t\n\r", body.at[at], 4) != NULL)
		at++;
	return at;
}

/* Where the value at `at` ends, or body.len. jansson will check whether it is a value at all. */
static size_t value_end(struct span body, size_t at)
{
	size_t depth = 0;
	for (; at < body.len; at++) {
		char c = body.at[at];
		if (c == '"')
			at = string_end(body, at + 1);
		else if (c == '{' || c == '[')
			depth++;
		else if ((c == ',' || c == '}' || c == ']') && depth == 0)
			return at;
		else if (c == '}' || c == ']')
			depth--;
	}
	return body.len;
}

static bool is_key(struct span key)
{
	return span_equal(key, SPAN("text")) || span_equal(key, SPAN("html"));
}

/* Go to the next member of the object: `*at` moves from the object's brace or the last value's
 * comma to the member's value. False if there is none, or the JSON is malformed. */
static bool next_member(struct span body, size_t *at, struct span *key)
{
	if (*at == body.len || (body.at[*at] != '{' && body.at[*at] != ','))
		return false;
	*at = skip_space(body, *at + 1);
	if (*at == body.len || body.at[*at] != '"')
		return false;
	size_t end = string_end(body, *at + 1);
	*key = span_slice(body, *at + 1, end);
	*at = skip_space(body, end + (end < body.len));
	if (*at == body.len || body.at[*at] != ':')
		return false;
	*at = skip_space(body, *at + 1);
	return true;
}

/* The contents of the first long "text" or "html" of the top-level object; false without one. */
static bool find_long(struct span body, struct span *key, struct span *raw)
{
	for (size_t at = skip_space(body, 0); next_member(body, &at, key);
	     at = value_end(body, at)) {
		if (at == body.len || body.at[at] != '"' || !is_key(*key))
			continue;
		size_t end = string_end(body, at + 1);
		*raw = span_slice(body, at + 1, end);
		if (end < body.len && raw->len >= LONG_BYTES)
			return true;
	}
	return false;
}

bool decode_number_key(struct span body, size_t position, struct span *key)
{
	for (size_t at = skip_space(body, 0); next_member(body, &at, key);) {
		size_t start = at;
		at = value_end(body, at);
		if (position <= at)
			return position > start && strchr("-0123456789", body.at[start]) != NULL &&
			       memchr(key->at, '\\', key->len) == NULL;
	}
	return false;
}

/* The code unit of "\uXXXX" at `at`, or 0, which jansson refuses. */
static uint32_t read_unit(struct span raw, size_t at)
{
	uint32_t unit = 0;
	if (at + 6 > raw.len || raw.at[at] != '\\' || raw.at[at + 1] != 'u')
		return 0;
	for (size_t i = 2; i < 6; i++) {
		unsigned digit = ascii_digit(raw.at[at + i]);
		if (digit == 16)
			return 0;
		unit = unit << 4 | digit;
	}
	return unit;
}

/* Decode the escape at `at` to `out`; returns its length, or 0 if jansson would refuse it. */
static size_t decode_escape(struct span raw, size_t at, char *out, size_t *out_len)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	if (at + 2 > raw.len)
		return 0;
	const char *name = memchr(names, raw.at[at + 1], sizeof(names) - 1);
	if (name != NULL) {
		out[(*out_len)++] = values[name - names];
		return 2;
	}
	uint32_t c = read_unit(raw, at);
	size_t len = 6;
	if (c >= 0xD800 && c < 0xDC00) {
		uint32_t low = read_unit(raw, at + 6);
		if (low < 0xDC00 || low > 0xDFFF)
			return 0;
		c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
		len = 12;
	} else if (c == 0 || (c >= 0xDC00 && c <= 0xDFFF)) {
		return 0;
	}
	*out_len += utf8_encode(c, out + *out_len);
	return len;
}

/* `out` has room for raw.len + VECTOR_BYTES: decoding never makes a string longer. */
static bool decode_string(struct span raw, char *out, size_t *out_len)
{
	*out_len = 0;
	for (size_t at = 0;;) {
		size_t next = next_special(raw, at, out + *out_len);
		*out_len += next - at;
		if (next == raw.len)
			break;
		size_t len = raw.at[next] == '\\' ? decode_escape(raw, next, out, out_len) : 0;
		if (len == 0)
			return false;
		at = next + len;
	}
	return utf8_check((struct span){out, *out_len}) == *out_len;
}

/* Parse the document with an empty string in place of `raw`, then put in the decoded text. */
static json_t *load_around(struct span body, struct span key, struct span raw, char *out,
			   size_t out_len)
{
	size_t before = (size_t)(raw.at - body.at), behind = body.len - before - raw.len;
	char name[8] = "", *rest = malloc(before + behind);
	json_t *json = NULL;
	if (rest == NULL)
		return NULL;
	memcpy(rest, body.at, before);
	memcpy(rest + before, raw.at + raw.len, behind);
	memcpy(name, key.at, key.len);
	json = json_loadb(rest, before + behind, FLAGS, NULL);
	free(rest);
	if (json != NULL &&
	    json_object_set_new_nocheck(json, name, json_stringn_nocheck(out, out_len)) != 0) {
		json_decref(json);
		json = NULL;
	}
	return json;
}

json_t *decode_json(struct span body, json_error_t *error)
{
	struct span key, raw;
	json_t *json = NULL;
	if (find_long(body, &key, &raw)) {
		char *out = malloc(raw.len + VECTOR_BYTES);
		size_t out_len;
		if (out != NULL && decode_string(raw, out, &out_len))
			json = load_around(body, key, raw, out, out_len);
		free(out);
	}
	/* Parse a refused body once more, so that the error describes the body as it was sent. */
	return json != NULL ? json : json_loadb(body.at, body.len, FLAGS, error);
}
