#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include "arena.h"
#include "span.h"

#include <stdint.h>

/** What an offset counts: bytes of UTF-8, code units of UTF-16 (JavaScript), or code points. */
enum offset_unit { OFFSET_UTF8, OFFSET_UTF16, OFFSET_CODEPOINT };

/**
 * Is `text` well-formed UTF-8 (Unicode 17, table 3-7: no surrogates, no overlong forms, nothing
 * above U+10FFFF)? Returns the byte offset of the first fault, or text.len when there is none.
 */
size_t utf8_check(struct span text);

/**
 * Decode the code point at byte `at` of valid UTF-8 and return its length, 1 to 4 bytes.
 * `at` must be below text.len and on a character's first byte.
 */
static inline unsigned utf8_decode(struct span text, size_t at, uint32_t *codepoint)
{
	const unsigned char *s = (const unsigned char *)text.at + at;
	if (s[0] < 0x80) {
		*codepoint = s[0];
		return 1;
	}
	if (s[0] < 0xE0) {
		*codepoint = (uint32_t)(s[0] & 0x1F) << 6 | (s[1] & 0x3F);
		return 2;
	}
	if (s[0] < 0xF0) {
		*codepoint = (uint32_t)(s[0] & 0x0F) << 12 | (uint32_t)(s[1] & 0x3F) << 6 |
			     (s[2] & 0x3F);
		return 3;
	}
	*codepoint = (uint32_t)(s[0] & 0x07) << 18 | (uint32_t)(s[1] & 0x3F) << 12 |
		     (uint32_t)(s[2] & 0x3F) << 6 | (s[3] & 0x3F);
	return 4;
}

/** The first byte of the character that ends before byte `at` of valid UTF-8; `at` is not 0. */
static inline size_t utf8_before(struct span text, size_t at)
{
	do
		at--;
	while (at > 0 && (text.at[at] & 0xC0) == 0x80);
	return at;
}

/** Write `codepoint` (a scalar value) to `out`, which has room for 4 bytes; returns the length. */
static inline unsigned utf8_encode(uint32_t codepoint, char out[4])
{
	if (codepoint < 0x80) {
		out[0] = (char)codepoint;
		return 1;
	}
	if (codepoint < 0x800) {
		out[0] = (char)(0xC0 | codepoint >> 6);
		out[1] = (char)(0x80 | (codepoint & 0x3F));
		return 2;
	}
	if (codepoint < 0x10000) {
		out[0] = (char)(0xE0 | codepoint >> 12);
		out[1] = (char)(0x80 | (codepoint >> 6 & 0x3F));
		out[2] = (char)(0x80 | (codepoint & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | codepoint >> 18);
	out[1] = (char)(0x80 | (codepoint >> 12 & 0x3F));
	out[2] = (char)(0x80 | (codepoint >> 6 & 0x3F));
	out[3] = (char)(0x80 | (codepoint & 0x3F));
	return 4;
}

/** Length of valid UTF-8 in `unit`. O(text.len). */
size_t utf8_length(struct span text, enum offset_unit unit);

/** How wide it is to a reader, in letters: an ideograph, a kana or a Hangul syllable says as much
 * as three. Valid UTF-8. O(text.len). */
size_t utf8_width(struct span text);

/**
 * Turns byte offsets into another unit. One pass counts the text and sets a mark every
 * UTF8_MAP_STEP bytes; after that, any offset costs counting at most that many bytes.
 */
struct utf8_map {
	struct span text;
	enum offset_unit unit;
	size_t *mark; /* offset at each multiple of UTF8_MAP_STEP bytes; NULL: byte and offset agree
		       */
};

enum { UTF8_MAP_STEP = 256 };

/**
 * Make the map of valid UTF-8 `text`. The marks live in `arena`. O(text.len). Fails only for lack
 * of memory: then arena->failed is set and the map must not be used.
 */
void utf8_map_init(struct utf8_map *map, struct arena *arena, struct span text,
		   enum offset_unit unit);

/** The offset in the map's unit of byte `byte`, at most text.len and on a character's first byte.
 */
size_t utf8_map_at(const struct utf8_map *map, size_t byte);

#endif
