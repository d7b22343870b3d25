#include "check.h"

#include "core/charset.h"
#include "core/utf8.h"

/* The same sentences in one encoding: bytes, what is declared, and the text they stand for. */
static const struct {
	const char *name;
	struct span bytes;
	const char *declared, *text;
} cases[] = {
	{"ascii", {"plain", 5}, "", "plain"},
	{"empty", {"", 0}, "", ""},
	{"utf-8", {"caf\xC3\xA9", 5}, "utf-8", "caf\xC3\xA9"},
	{"utf-8, declared latin-1", {"caf\xC3\xA9", 5}, "iso-8859-1", "caf\xC3\xA9"},
	{"byte order mark", {"\xEF\xBB\xBFyes", 6}, "windows-1252", "yes"},
	{"utf-16le with mark", {"\xFF\xFEh\0i\0", 6}, "", "hi"},
	{"utf-16be with mark", {"\xFE\xFF\0h\0i", 6}, "utf-8", "hi"},
	{"utf-16le declared",
	 {"\xE9\0\x16\x04\x3D\xD8\x00\xDE", 8},
	 "utf-16le",
	 "\xC3\xA9\xD0\x96\xF0\x9F\x98\x80"},
	{"latin-1 is windows-1252",
	 {"\x93na\xEFve\x94", 7},
	 "ISO-8859-1",
	 "\xE2\x80\x9Cna\xC3\xAFve\xE2\x80\x9D"},
	{"windows-1251",
	 {"\xCF\xF0\xE8\xE2\xE5\xF2", 6},
	 "windows-1251",
	 "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82"},
	{"koi8-r",
	 {"\xF0\xD2\xC9\xD7\xC5\xD4", 6},
	 "koi8-r",
	 "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82"},
	{"iso-8859-2", {"\xA3\xF3\x64\xBC", 4}, "iso-8859-2", "\xC5\x81\xC3\xB3\x64\xC5\xBA"},
	{"shift_jis", {"\x93\xFA\x96{", 4}, "Shift_JIS", "\xE6\x97\xA5\xE6\x9C\xAC"},
	{"shift_jis, kanji of the second level",
	 {"\xE0\x9F\xE1\x40\xE8}\xEA\xA4", 8},
	 "shift_jis",
	 "\xE7\x87\xB9\xE7\x93\xA0\xE9\x96\x98\xE7\x86\x99"},
	{"shift_jis, kana and what vendors added",
	 {"\xB1\xED\x40\xFB\xFC\xFC\x4B\xF0\x40\xF9\xFC", 11},
	 "shift_jis",
	 "\xEF\xBD\xB1\xE7\xBA\x8A\xE9\xAB\x99\xE9\xBB\x91\xEE\x80\x80\xEE\x9D\x97"},
	{"euc-jp", {"\xC6\xFC\xCB\xDC", 4}, "euc-jp", "\xE6\x97\xA5\xE6\x9C\xAC"},
	{"euc-kr", {"\xC7\xD1\xB1\xDB", 4}, "euc-kr", "\xED\x95\x9C\xEA\xB8\x80"},
	{"gbk", {"\xD6\xD0\xCE\xC4", 4}, "gb2312", "\xE4\xB8\xAD\xE6\x96\x87"},
	{"big5", {"\xA4\xA4\xA4\xE5", 4}, "big5", "\xE4\xB8\xAD\xE6\x96\x87"},
	{"<meta charset>",
	 {"<meta charset=windows-1251>\xE4\xE0", 29},
	 "",
	 "<meta charset=windows-1251>\xD0\xB4\xD0\xB0"},
	{"<meta http-equiv>",
	 {"<meta http-equiv=Content-Type content='text/html; charset=koi8-r'>\xC4\xC1", 68},
	 "",
	 "<meta http-equiv=Content-Type content='text/html; charset=koi8-r'>\xD0\xB4\xD0\xB0"},
	{"header before <meta>",
	 {"<meta charset=koi8-r>\xE4\xE0", 23},
	 "windows-1251",
	 "<meta charset=koi8-r>\xD0\xB4\xD0\xB0"},
	{"unknown label",
	 {"<meta charset=koi8-r>\xC4\xC1", 23},
	 "x-nonsense",
	 "<meta charset=koi8-r>\xD0\xB4\xD0\xB0"},
	{"iso-2022-jp in <meta>",
	 {"<meta charset=iso-2022-jp>\x1B$BF|K\\\x1B(B", 36},
	 "",
	 "<meta charset=iso-2022-jp>\xE6\x97\xA5\xE6\x9C\xAC"},
	{"iso-2022-jp that nobody declares",
	 {"\x1B$BF|K\\$N9AD.\x1B(B", 16},
	 "",
	 "\xE6\x97\xA5\xE6\x9C\xAC\xE3\x81\xAE\xE6\xB8\xAF\xE7\x94\xBA"},
	{"an escape in ascii", {"a \x1B[1mbold\x1B[0m word", 19}, "", "a \x1B[1mbold\x1B[0m word"},
	{"an escape in ascii that is called utf-8",
	 {"<meta charset=utf-8>\x1B", 21},
	 "",
	 "<meta charset=utf-8>\x1B"},
	{"no encoding for the web declared", {"plain", 5}, "iso-2022-kr", "plain"},
	{"no encoding for the web in <meta>",
	 {"<meta charset=hz-gb-2312>caf\xE9", 29},
	 "",
	 "<meta charset=hz-gb-2312>caf\xC3\xA9"},
	{"detected as no encoding for the web",
	 {"\x1B$)C\x0EGQ1[\x0F and so on.\n\x0EGQ1[\x0F", 28},
	 "iso-2022-kr",
	 "\x1B$)C\x0EGQ1[\x0F and so on.\n\x0EGQ1[\x0F"},
	{"utf-16 in <meta> is utf-8",
	 {"<meta charset=utf-16>caf\xC3\xA9", 26},
	 "",
	 "<meta charset=utf-16>caf\xC3\xA9"},
	{"one slip in utf-8",
	 {"caf\xC3\xA9 caf\xC3\xA9 caf\xC3\xA9 caf\xC3\xA9 na\xEFve", 29},
	 "utf-8",
	 "caf\xC3\xA9 caf\xC3\xA9 caf\xC3\xA9 caf\xC3\xA9 na\xEF\xBF\xBDve"},
	{"one slip in a short text",
	 {"caf\xC3\xA9 na\xEFve", 11},
	 "utf-8",
	 "caf\xC3\xA9 na\xEF\xBF\xBDve"},
};

static void pages_become_utf8(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena;
		arena_init(&arena, 1 << 20);
		struct span text =
			charset_to_utf8(&arena, cases[i].bytes, span_of(cases[i].declared), NULL);
		CHECK_SPAN(cases[i].name, text, span_of(cases[i].text));
		arena_free(&arena);
	}
}

static void utf16_needs_no_word_for_it(void **state)
{
	static const char page[] = "<\0p\0>\0o\0n\0e\0 \0t\0w\0o\0 \0\xE9\0";
	struct arena arena;
	arena_init(&arena, 1 << 20);
	CHECK_SPAN("little endian",
		   charset_to_utf8(&arena, (struct span){page, sizeof(page) - 1}, SPAN(""), NULL),
		   SPAN("<p>one two \xC3\xA9"));
	CHECK_SPAN(
		"big endian",
		charset_to_utf8(&arena, (struct span){page + 1, sizeof(page) - 5}, SPAN(""), NULL),
		SPAN("p>one two "));
	arena_free(&arena);
}

/* A long text in windows-1251 is recognized although it is declared UTF-8, or not declared. */
static void wrong_declarations_are_found_out(void **state)
{
	static const char sentence[] = /* a Russian sentence of forty letters */
		"\xCC\xEE\xF1\xF2 \xF7\xE5\xF0\xE5\xE7 \xF0\xE5\xEA\xF3 "
		"\xE7\xE0\xEA\xF0\xFB\xEB\xE8 \xE2 "
		"\xEF\xEE\xED\xE5\xE4\xE5\xEB\xFC\xED\xE8\xEA \xED\xE0 \xF0\xE5\xEC\xEE\xED\xF2. ";
	char text[4000] = "";
	for (int i = 0; i < 40; i++)
		strcat(text, sentence);
	static const char *const declared[] = {"utf-8", "", "euc-jp"};
	for (size_t i = 0; i < 3; i++) {
		struct arena arena;
		const char *name;
		arena_init(&arena, 1 << 20);
		charset_to_utf8(&arena, span_of(text), span_of(declared[i]), &name);
		CHECK_SPAN(declared[i], span_of(name), SPAN("windows-1251"));
		arena_free(&arena);
	}
}

static void any_bytes_give_valid_utf8(void **state)
{
	static const char *const declared[] = {"",
					       "utf-8",
					       "utf-16le",
					       "big5",
					       "gb18030",
					       "iso-2022-jp",
					       "shift_jis",
					       "euc-kr",
					       "windows-1252",
					       "replacement",
					       "x-user-defined",
					       "euc-jp"};
	unsigned seed = 7;
	for (int round = 0; round < 4000; round++) {
		char bytes[200];
		size_t len = (size_t)(round % (int)sizeof(bytes));
		for (size_t i = 0; i < len; i++) {
			seed = seed * 1103515245 + 12345;
			bytes[i] = (char)(seed >> 16);
		}
		struct arena arena;
		arena_init(&arena, 1 << 20);
		struct span text = charset_to_utf8(&arena, (struct span){bytes, len},
						   span_of(declared[round % 12]), NULL);
		assert_false(arena.failed);
		assert_int_equal(utf8_check(text), text.len);
		arena_free(&arena);
	}
}

static void a_full_arena_is_no_crash(void **state)
{
	struct arena arena;
	arena_init(&arena, 10);
	struct span text = charset_to_utf8(&arena, SPAN("\xE9\xE8 latin"), SPAN("latin1"), NULL);
	assert_true(arena.failed);
	assert_int_equal(text.len, 0);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_become_utf8),
		cmocka_unit_test(utf16_needs_no_word_for_it),
		cmocka_unit_test(wrong_declarations_are_found_out),
		cmocka_unit_test(any_bytes_give_valid_utf8),
		cmocka_unit_test(a_full_arena_is_no_crash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
