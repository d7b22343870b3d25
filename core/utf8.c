#include "utf8.h"

#include <assert.h>

size_t utf8_check(struct span text)
{
	const unsigned char *s = (const unsigned char *)text.at;
	size_t i = 0, n = text.len;
	while (i < n) {
		if (s[i] < 0x80) {
			/* Most text is mostly ASCII: eight bytes a step while none has its top bit
			 * set. */
			uint64_t eight;
			while (i + 8 <= n &&
			       (memcpy(&eight, s + i, 8), (eight & 0x8080808080808080u) == 0))
				i += 8;
			while (i < n && s[i] < 0x80)
				i++;
			continue;
		}
		size_t left = n - i;
		if (s[i] >= 0xC2 && s[i] <= 0xDF && left >= 2 && (s[i + 1] & 0xC0) == 0x80) {
			i += 2;
		} else if ((s[i] & 0xF0) == 0xE0 && left >= 3 && (s[i + 1] & 0xC0) == 0x80 &&
			   (s[i + 2] & 0xC0) == 0x80 && !(s[i] == 0xE0 && s[i + 1] < 0xA0) &&
			   !(s[i] == 0xED && s[i + 1] > 0x9F)) {
			i += 3;
		} else if (s[i] >= 0xF0 && s[i] <= 0xF4 && left >= 4 && (s[i + 1] & 0xC0) == 0x80 &&
			   (s[i + 2] & 0xC0) == 0x80 && (s[i + 3] & 0xC0) == 0x80 &&
			   !(s[i] == 0xF0 && s[i + 1] < 0x90) &&
			   !(s[i] == 0xF4 && s[i + 1] > 0x8F)) {
			i += 4;
		} else {
			return i;
		}
	}
	return n;
}

/* A code point is a byte that continues none; UTF-16 takes a second unit for the 4-byte ones. */
static size_t count(const char *at, size_t len, enum offset_unit unit)
{
	const unsigned char *s = (const unsigned char *)at;
	size_t units = 0;
	if (unit == OFFSET_UTF8)
		return len;
	if (unit == OFFSET_CODEPOINT) {
		for (size_t i = 0; i < len; i++)
			units += (s[i] & 0xC0) != 0x80;
	} else {
		for (size_t i = 0; i < len; i++)
			units += (size_t)((s[i] & 0xC0) != 0x80) + (size_t)(s[i] >= 0xF0);
	}
	return units;
}

size_t utf8_length(struct span text, enum offset_unit unit)
{
	return count(text.at, text.len, unit);
}

void utf8_map_init(struct utf8_map *map, struct arena *arena, struct span text,
		   enum offset_unit unit)
{
	*map = (struct utf8_map){text, unit, NULL};
	if (count(text.at, text.len, unit) == text.len)
		return; /* ASCII, or bytes were asked for */
	size_t marks = text.len / UTF8_MAP_STEP + 1, units = 0;
	map->mark = arena_alloc(arena, marks, sizeof(*map->mark));
	if (map->mark == NULL)
		return;
	for (size_t i = 0; i < marks; i++) {
		size_t start = i * UTF8_MAP_STEP, left = text.len - start;
		map->mark[i] = units;
		units += count(text.at + start, left < UTF8_MAP_STEP ? left : UTF8_MAP_STEP, unit);
	}
}

size_t utf8_map_at(const struct utf8_map *map, size_t byte)
{
	assert(byte <= map->text.len);
	if (map->mark == NULL)
		return byte;
	size_t start = byte / UTF8_MAP_STEP * UTF8_MAP_STEP;
	return map->mark[byte / UTF8_MAP_STEP] +
	       count(map->text.at + start, byte - start, map->unit);
}
