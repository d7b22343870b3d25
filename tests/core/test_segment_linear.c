/* Segmenting is linear on hostile input: measured in characters looked at, not in time. The module
 * is compiled into this test with its two reading functions counted. */
#include "tests/check.h"

#include "core/glyph.h"

static size_t looked_at;

static inline struct glyph counted_at(struct span text, size_t at)
{
	looked_at++;
	return glyph_at(text, at);
}

static inline struct glyph counted_before(struct span text, size_t at)
{
	looked_at++;
	return glyph_before(text, at);
}

#define glyph_at counted_at
#define glyph_before counted_before
/* clang-format off: in the order of need */
#include "core/segment_line.c"
#include "core/segment_word.c"
#include "core/segment_stop.c"
#include "core/segment.c"
/* clang-format on */
#undef glyph_at
#undef glyph_before

static const struct {
	const char *name, *language, *unit;
} cases[] = {
	{"full stops", "en", "."},
	{"spaced full stops", "en", " ."},
	{"question marks", "en", "?!"},
	{"one endless word", "en", "a"},
	{"one endless sentence", "en", "and so on "},
	{"capitals", "en", "A "},
	{"starters", "en", "a The b "},
	{"nested quotes", "en", "\"“‘'«"},
	{"closing quotes", "en", ".\" '' » "},
	{"brackets", "en", "(["},
	{"closed", "en", ".)]"},
	{"references", "en", ".[1]"},
	{"spaced references", "en", ". [1] "},
	{"emoticons", "en", ". :-) "},
	{"emoji", "en", "😀"},
	{"emoji apart", "en", ". 😀 "},
	{"spaces", "en", " "},
	{"stops in spaces", "en", ".                                                  "},
	{"newlines", "en", "\n"},
	{"carriage returns", "en", "\r"},
	{"short lines", "en", "a\n"},
	{"lower-case lines", "en",
	 "an unfinished line of some sixty characters that goes on and\n"},
	{"blank lines of spaces", "en", "a\n                                                 "},
	{"initials", "en", "A. "},
	{"abbreviations", "en", "e.g. "},
	{"dotted", "en", "a.b.c.d."},
	{"apostrophes", "en", "l'"},
	{"numbers", "de", "3. "},
	{"list markers", "en", "1) a 2) b "},
	{"bullets", "en", "• "},
	{"dashes", "en", "- "},
	{"colons", "it", "a: A"},
	{"marks that combine", "en", "\u0301"},
	{"stops that combine", "en", ".\u0301"},
	{"zero width", "en", ".\u200b"},
	{"CJK", "ja", "。「」"},
	{"Korean endings", "ko", "한다 "},
	{"Thai", "th", "ไทย "},
	{"scripts in turn", "en", "a я 中 ا क "},
	{"capital headlines", "en", "AAAA BBBB "},
};

static size_t work_of(const char *unit, const struct language *language, size_t bytes)
{
	struct arena arena;
	struct sentences out;
	size_t len = strlen(unit), count = bytes / len;
	char *text = malloc(count * len);
	assert_non_null(text);
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * len, unit, len);
	arena_init(&arena, (size_t)1 << 30);
	looked_at = 0;
	segment_text(&arena, (struct span){text, count * len}, language, &out);
	assert_false(arena.failed);
	assert_true(out.len > 0 || strspn(unit, " \n\r") == len);
	arena_free(&arena);
	free(text);
	return looked_at;
}

static void test_hostile_is_linear(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct language *language = language_from_tag(span_of(cases[i].language));
		size_t small = work_of(cases[i].unit, language, 5000);
		size_t large = work_of(cases[i].unit, language, 100000);
		if (large > 22 * small + 1000 || large > (size_t)100000 * 60)
			fail_msg("%s: %zu characters looked at in 5 KB, %zu in 100 KB",
				 cases[i].name, small, large);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_is_linear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
