#include "json_out.h"

#include "core/vector.h"

#include <stdlib.h>

enum {
	FIRST_ROOM = 2048, /* most answers */
	ESCAPE_ROOM = 6,   /* \u001F */
	NUMBER_ROOM = 24,
};

/* Make room for `more` bytes after those written. */
static bool has_room(struct json_out *out, size_t more)
{
	if (more <= out->room - out->len)
		return true;
	size_t room = out->room == 0 ? FIRST_ROOM : out->room;
	while (room - out->len < more)
		room *= 2;
	if (out->max > 0 && room > out->max)
		room = out->max;
	out->failed |= room < out->len || room - out->len < more;
	char *at = out->failed ? NULL : realloc(out->at, room);
	if (at == NULL) {
		out->failed = true;
		return false;
	}
	out->at = at;
	out->room = room;
	return true;
}

static void put(struct json_out *out, const char *bytes, size_t len)
{
	if (!has_room(out, len))
		return;
	memcpy(out->at + out->len, bytes, len);
	out->len += len;
}

static void begin_value(struct json_out *out)
{
	if (out->comma)
		put(out, ",", 1);
	out->comma = true;
}

void json_out_begin(struct json_out *out, char bracket)
{
	begin_value(out);
	put(out, &bracket, 1);
	out->comma = false;
}

void json_out_end(struct json_out *out, char bracket)
{
	put(out, &bracket, 1);
	out->comma = true;
}

void json_out_key(struct json_out *out, const char *name)
{
	begin_value(out);
	put(out, "\"", 1);
	put(out, name, strlen(name));
	put(out, "\":", 2);
	out->comma = false;
}

static void put_escaped(struct json_out *out, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char letters[] = "btn\0fr"; /* of \b, the eighth, to \r */
	char escape[ESCAPE_ROOM] = {'\\', (char)c};
	size_t len = 2;
	if (c >= '\b' && c <= '\r' && letters[c - '\b'] != '\0') {
		escape[1] = letters[c - '\b'];
	} else if (c < ' ') {
		memcpy(escape + 1, "u00", 3);
		escape[4] = hex[c >> 4];
		escape[5] = hex[c & 15];
		len = ESCAPE_ROOM;
	}
	put(out, escape, len);
}

static bool needs_escape(unsigned char c)
{
	return c < ' ' || c == '"' || c == '\\';
}

void json_out_string(struct json_out *out, struct span string)
{
	begin_value(out);
	put(out, "\"", 1);
	size_t at = 0;
	while (at + VECTOR_BYTES <= string.len && has_room(out, VECTOR_BYTES)) {
		vector bytes = vector_load(string.at + at);
		vector special = (vector)((bytes < ' ') | (bytes == '"') | (bytes == '\\'));
		unsigned plain = vector_zeros(special);
		memcpy(out->at + out->len, &bytes, VECTOR_BYTES);
		out->len += plain;
		at += plain;
		if (plain < VECTOR_BYTES)
			put_escaped(out, (unsigned char)string.at[at++]);
	}
	for (; at < string.len && !out->failed; at++) {
		if (needs_escape((unsigned char)string.at[at]))
			put_escaped(out, (unsigned char)string.at[at]);
		else
			put(out, &string.at[at], 1);
	}
	put(out, "\"", 1);
}

/* Writes the digits from the last to the first; returns where the first is. */
static char *write_digits(char *end, uint64_t number)
{
	do
		*--end = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	return end;
}

void json_out_integer(struct json_out *out, uint64_t number)
{
	char digits[NUMBER_ROOM], *end = digits + NUMBER_ROOM, *start = write_digits(end, number);
	begin_value(out);
	put(out, start, (size_t)(end - start));
}

void json_out_bool(struct json_out *out, bool value)
{
	begin_value(out);
	put(out, value ? "true" : "false", value ? 4 : 5);
}

void json_out_share(struct json_out *out, double number)
{
	char digits[NUMBER_ROOM], *end = digits + NUMBER_ROOM;
	uint64_t decimals = (uint64_t)(number * 10000 + 0.5);
	/* A fifth digit in front keeps the zeros after the decimal point. */
	char *start = write_digits(end, 10000 + decimals % 10000);
	*start = '.';
	while (end - start > 2 && end[-1] == '0')
		end--;
	start = write_digits(start, decimals / 10000);
	begin_value(out);
	put(out, start, (size_t)(end - start));
}
