#include "check.h"

#include "core/utf8.h"

static const struct {
	const char *name;
	struct span text;
	size_t fault; /* SIZE_MAX: none */
} checks[] = {
	{"empty", {"", 0}, SIZE_MAX},
	{"ascii over eight bytes", {"abcdefghijklmnop", 16}, SIZE_MAX},
	{"NUL is a character", {"a\0b", 3}, SIZE_MAX},
	{"two, three and four bytes", {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 9}, SIZE_MAX},
	{"last code point", {"\xF4\x8F\xBF\xBF", 4}, SIZE_MAX},
	{"above the last", {"a\xF4\x90\x80\x80", 5}, 1},
	{"surrogate", {"ab\xED\xA0\x80", 5}, 2},
	{"overlong slash", {"\xC0\xAF", 2}, 0},
	{"overlong three", {"\xE0\x9F\xBF", 3}, 0},
	{"overlong four", {"\xF0\x8F\xBF\xBF", 4}, 0},
	{"lone continuation", {"abc\x80", 4}, 3},
	{"cut at the end", {"abcdefgh\xE2\x82", 10}, 8},
	{"cut by a letter", {"\xE2\x82x", 3}, 0},
	{"byte that is never used", {"\xFF", 1}, 0},
};

static void checks_well_formedness(void **state)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		size_t want = checks[i].fault == SIZE_MAX ? checks[i].text.len : checks[i].fault;
		CHECK_SIZE(checks[i].name, utf8_check(checks[i].text), want);
	}
}

static void encodes_what_it_decodes(void **state)
{
	for (uint32_t c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 97) {
		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		char bytes[4];
		uint32_t back;
		unsigned len = utf8_encode(c, bytes);
		assert_int_equal(utf8_check((struct span){bytes, len}), len);
		assert_int_equal(utf8_decode((struct span){bytes, len}, 0, &back), len);
		assert_int_equal(back, c);
	}
}

static void maps_every_offset(void **state)
{
	/* Long enough for many marks, with characters of every length across them. */
	static const char *const parts[] = {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
	static const unsigned utf16_units[] = {1, 1, 1, 2};
	char text[5000];
	size_t utf16[5000], codepoint[5000], starts[5000], n = 0, len = 0, u = 0;
	unsigned seed = 1;
	while (len + 4 < sizeof(text)) {
		seed = seed * 1103515245 + 12345;
		unsigned kind = seed >> 16 & 3;
		starts[n] = len;
		utf16[n] = u;
		codepoint[n] = n;
		memcpy(text + len, parts[kind], strlen(parts[kind]));
		len += strlen(parts[kind]);
		u += utf16_units[kind];
		n++;
	}
	struct span span = {text, len};
	struct arena arena;
	arena_init(&arena, 1 << 20);
	struct utf8_map bytes, units, points;
	utf8_map_init(&bytes, &arena, span, OFFSET_UTF8);
	utf8_map_init(&units, &arena, span, OFFSET_UTF16);
	utf8_map_init(&points, &arena, span, OFFSET_CODEPOINT);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(utf8_map_at(&bytes, starts[i]), starts[i]);
		assert_int_equal(utf8_map_at(&units, starts[i]), utf16[i]);
		assert_int_equal(utf8_map_at(&points, starts[i]), codepoint[i]);
	}
	assert_int_equal(utf8_map_at(&units, len), u);
	assert_int_equal(utf8_map_at(&points, len), n);
	assert_int_equal(utf8_length(span, OFFSET_UTF16), u);
	arena_free(&arena);
}

static void map_of_a_whole_number_of_steps_has_an_end(void **state)
{
	char text[2 * UTF8_MAP_STEP];
	memset(text, 'a', sizeof(text));
	memcpy(text, "\xC3\xA9", 2);
	struct arena arena;
	arena_init(&arena, 1 << 20);
	struct utf8_map map;
	utf8_map_init(&map, &arena, (struct span){text, sizeof(text)}, OFFSET_CODEPOINT);
	assert_int_equal(utf8_map_at(&map, sizeof(text)), sizeof(text) - 1);
	arena_free(&arena);
}

/* More than one of sixteen lanes can count, all in the same lane. */
static void counts_very_long_text(void **state)
{
	static char text[40000];
	for (size_t i = 0; i < sizeof(text); i += 4)
		memcpy(text + i, "\xF0\x9F\x98\x80", 4);
	for (size_t len = sizeof(text); len > sizeof(text) - 80; len -= 4) {
		struct span span = {text, len};
		assert_int_equal(utf8_length(span, OFFSET_UTF8), len);
		assert_int_equal(utf8_length(span, OFFSET_UTF16), len / 2);
		assert_int_equal(utf8_length(span, OFFSET_CODEPOINT), len / 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_well_formedness),
		cmocka_unit_test(encodes_what_it_decodes),
		cmocka_unit_test(maps_every_offset),
		cmocka_unit_test(counts_very_long_text),
		cmocka_unit_test(map_of_a_whole_number_of_steps_has_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
