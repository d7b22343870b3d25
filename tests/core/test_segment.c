#include "tests/check.h"
#include "tests/segment_check.h"

#include "core/language.h"

#include <glob.h>
#include <utf8proc.h>

static const size_t plenty_bytes = (size_t)256 << 20;

struct file {
	char *at;
	size_t len;
};

static struct file read_file(const char *directory, const char *name)
{
	char path[4096];
	struct file file = {NULL, 0};
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *stream = fopen(path, "rb");
	if (stream == NULL)
		return file;
	file.at = malloc(1 << 16);
	assert_non_null(file.at);
	file.len = fread(file.at, 1, (1 << 16) - 1, stream);
	file.at[file.len] = '\0';
	fclose(stream);
	return file;
}

/* A sentence on one line: each run of white space with a line end in it is one space. */
static size_t flatten(struct span sentence, char *out)
{
	size_t len = 0;
	for (size_t i = 0; i < sentence.len; i++) {
		bool space = strchr(" \t\r\n", sentence.at[i]) != NULL;
		if (space && len > 0 && out[len - 1] == ' ')
			continue;
		out[len++] = space ? ' ' : sentence.at[i];
	}
	return len;
}

/* The text's sentences are the lines of `expected`. */
static void check_sentences(const char *name, struct span text, const struct language *language,
			    const char *expected)
{
	struct arena arena;
	struct sentences out;
	char *flat = malloc(text.len + 1);
	assert_non_null(flat);
	CHECK_SIZE(name, utf8_check(text), text.len);
	arena_init(&arena, plenty_bytes);
	segment_text(&arena, text, language, &out);
	CHECK(name, segment_fault(text, &out) == NULL);
	for (size_t i = 0; i < out.len; i++) {
		struct span sentence = span_slice(text, out.at[i].start_byte, out.at[i].end_byte);
		struct span want = {expected, strcspn(expected, "\n")};
		CHECK_SPAN(name, ((struct span){flat, flatten(sentence, flat)}), want);
		expected += want.len + (expected[want.len] == '\n');
	}
	CHECK_SPAN(name, span_of(expected), SPAN(""));
	arena_free(&arena);
	free(flat);
}

/* A copy with "\r\n" for each lone "\n". */
static struct file with_carriage_returns(struct file text)
{
	struct file out = {malloc(2 * text.len + 1), 0};
	assert_non_null(out.at);
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\n' && (i == 0 || text.at[i - 1] != '\r'))
			out.at[out.len++] = '\r';
		out.at[out.len++] = text.at[i];
	}
	return out;
}

/* A copy with letters and accents separate (NFD). */
static struct file decomposed(struct file text)
{
	utf8proc_uint8_t *out = NULL;
	utf8proc_ssize_t len =
		utf8proc_map((const utf8proc_uint8_t *)text.at, (utf8proc_ssize_t)text.len, &out,
			     UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
	assert_true(len >= 0);
	return (struct file){(char *)out, (size_t)len};
}

static void check_case(const char *directory)
{
	struct file input = read_file(directory, "input"),
		    expected = read_file(directory, "expected");
	struct file tag = read_file(directory, "language");
	const struct language *language = language_from_tag(
		tag.at == NULL ? SPAN("en") : (struct span){tag.at, strcspn(tag.at, "\n")});
	assert_non_null(input.at);
	assert_non_null(expected.at);
	assert_non_null(language);
	check_sentences(directory, (struct span){input.at, input.len}, language, expected.at);
	struct file windows = with_carriage_returns(input);
	check_sentences(directory, (struct span){windows.at, windows.len}, language, expected.at);
	free(windows.at);
	/* The endings of Korean verbs are looked for in syllables. */
	if ((language->properties & LANGUAGE_ENDINGS) == 0) {
		struct file apart = decomposed(input), want = decomposed(expected);
		check_sentences(directory, (struct span){apart.at, apart.len}, language, want.at);
		free(apart.at);
		free(want.at);
	}
	free(input.at);
	free(expected.at);
	free(tag.at);
}

static void test_cases(void **state)
{
	char pattern[4096];
	glob_t found;
	snprintf(pattern, sizeof(pattern), "%s/cases/segment/*", getenv("PRECIS_TESTS"));
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc > 50);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_case(found.gl_pathv[i]);
	globfree(&found);
}

static void test_kinds_and_paragraphs(void **state)
{
	struct span text = SPAN("A Heading\n\nOne. Two.\n- an item\n3. third\n\nThe end?\n"
				"> Said before. And more.\n[10:02] anna: yes\n[10:03] tom: no\n"
				"Q: Why?\nQ: How so");
	static const struct {
		enum sentence_kind kind;
		uint32_t paragraph;
	} want[] = {
		{SENTENCE_HEADING, 0},   {SENTENCE_PROSE, 1},     {SENTENCE_PROSE, 1},
		{SENTENCE_LIST_ITEM, 2}, {SENTENCE_LIST_ITEM, 3}, {SENTENCE_PROSE, 4},
		{SENTENCE_ANSWERED, 5},  {SENTENCE_ANSWERED, 5},  {SENTENCE_LABEL, 6},
		{SENTENCE_PROSE, 6},     {SENTENCE_LABEL, 7},     {SENTENCE_PROSE, 7},
		{SENTENCE_LABEL, 8},     {SENTENCE_PROSE, 8},     {SENTENCE_LABEL, 9},
		{SENTENCE_HEADING, 9},
	};
	struct arena arena;
	struct sentences out;
	arena_init(&arena, plenty_bytes);
	segment_text(&arena, text, language_from_tag(SPAN("en")), &out);
	assert_int_equal(out.len, sizeof want / sizeof *want);
	for (size_t i = 0; i < out.len; i++) {
		assert_int_equal(out.at[i].kind, want[i].kind);
		assert_int_equal(out.at[i].paragraph, want[i].paragraph);
	}
	arena_free(&arena);
}

/* A line is as short in letters of two or three bytes as in those of one; an ideograph says more.
 */
static void test_headings_in_any_script(void **state)
{
	static const struct {
		const char *tag, *line;
		enum sentence_kind kind;
	} cases[] = {
		{"en", "The old bridge over the harbour of Orrin stays closed until the spring",
		 SENTENCE_HEADING},
		{"ru", "Старый мост через гавань Оррина останется закрытым до самой весны",
		 SENTENCE_HEADING},
		{"hi", "दिल्ली में प्रदूषण के कारण सभी स्कूल शुक्रवार तक बंद", SENTENCE_HEADING},
		{"zh", "港口老桥将关闭到春天", SENTENCE_HEADING},
		{"zh",
		 "港口的老桥因为桥墩上发现了裂缝将一直关闭到明年春天而渡轮则每十分钟开一班直到修理"
		 "工作全部结束为止",
		 SENTENCE_PROSE},
	};
	struct arena arena;
	arena_init(&arena, plenty_bytes);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sentences out;
		arena_reset(&arena);
		segment_text(&arena, span_of(cases[i].line),
			     language_from_tag(span_of(cases[i].tag)), &out);
		CHECK_SIZE(cases[i].line, out.len, 1);
		CHECK(cases[i].line, out.at[0].kind == cases[i].kind);
	}
	arena_free(&arena);
}

/* The text's own abbreviations are found wherever the stop that shows them is: anywhere in a
 * vector, or at the text's end. */
static void test_learns_anywhere(void **state)
{
	static const char *const ends[] = {"a wend. hull", "a wend. \u00e9t\u00e9",
					   "a wend. bank of the river that is rather wide"};
	for (size_t kind = 0; kind < sizeof ends / sizeof *ends; kind++)
		for (size_t len = 0; len < 40; len++) {
			char bytes[200] = "He saw a wend. Harbour bridge was ";
			size_t start = strlen(bytes);
			memset(bytes + start, 'x', len);
			snprintf(bytes + start + len, sizeof bytes - start - len, " %s",
				 ends[kind]);
			struct arena arena;
			struct sentences out;
			arena_init(&arena, plenty_bytes);
			segment_text(&arena, span_of(bytes), language_from_tag(SPAN("en")), &out);
			assert_int_equal(out.len, 1);
			arena_free(&arena);
		}
}

/* Scraps from which random texts are made: everything that a rule looks at. */
static const char *const scraps[] = {
	"word",
	"Word",
	" ",
	"  ",
	".",
	". ",
	"?",
	"!",
	"...",
	"…",
	",",
	";",
	":",
	"\n",
	"\n\n",
	"\r\n",
	"\t",
	"\f",
	"\"",
	"'",
	"''",
	",,",
	"“",
	"”",
	"«",
	"»",
	"(",
	")",
	"[1]",
	"[",
	"1",
	"12",
	"1.",
	"2)",
	"(a)",
	"•",
	"-",
	"—",
	"Dr.",
	"etc.",
	"e.g.",
	"No.",
	"The",
	"I",
	"U.S.",
	"3.14",
	":-)",
	"😀",
	"👨‍👩‍👧",
	"🇩🇪🇫🇷",
	"é",
	"e\u0301",
	"\u0301",
	"\u200b",
	"\u200d",
	"\ufeff",
	"\u00a0",
	"\u00ad",
	"\u2028",
	"\u200f",
	"Слово",
	"Да",
	"г.",
	"слово",
	"。",
	"「",
	"」",
	"中文",
	"かな",
	"한다",
	"있어요",
	"ไทย",
	"है",
	"।",
	"ہے",
	"۔",
	"؟",
	"שלום",
	"Մեկ",
	"։",
	"ση;",
	"·",
	"ß",
	"İ",
	"\u0600",
	"क्ष",
	"ᄀ",
	"\u1160",
	"a.b@c.d",
	"http://x.y/z?q=1",
	"\x01",
};

static size_t random_text(unsigned *seed, char *text, size_t room)
{
	size_t len = 0, count = sizeof(scraps) / sizeof(scraps[0]);
	for (;;) {
		*seed = *seed * 1103515245u + 12345u;
		const char *scrap = scraps[(*seed >> 8) % count];
		if (len + strlen(scrap) > room)
			return len;
		memcpy(text + len, scrap, strlen(scrap));
		len += strlen(scrap);
	}
}

static void test_properties_of_random_text(void **state)
{
	unsigned seed = 1;
	char buffer[700];
	struct arena arena;
	arena_init(&arena, plenty_bytes);
	for (unsigned round = 0; round < 20000; round++) {
		struct span text = {buffer, random_text(&seed, buffer, round % sizeof(buffer))};
		const struct language *language = language_at(round % language_count());
		struct sentences first, second;
		segment_text(&arena, text, language, &first);
		const char *fault = segment_fault(text, &first);
		if (fault != NULL)
			fail_msg("%s, language %s, text \"%.*s\"", fault, language->tag,
				 (int)text.len, text.at);
		segment_text(&arena, text, language, &second);
		assert_int_equal(first.len, second.len);
		assert_true(first.len == 0 ||
			    memcmp(first.at, second.at, first.len * sizeof(*first.at)) == 0);
		arena_reset(&arena);
	}
	arena_free(&arena);
}

/* Millions of tiny sentences: whole up to a number, joined after it. */
static void test_very_many_sentences(void **state)
{
	static const char unit[] = "No.\n\n";
	size_t count = SENTENCES_MANY + 100000, len = count * strlen(unit);
	char *text = malloc(len);
	struct arena arena;
	struct sentences out;
	assert_non_null(text);
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * strlen(unit), unit, strlen(unit));
	arena_init(&arena, (size_t)1 << 30);
	segment_text(&arena, (struct span){text, len}, language_from_tag(SPAN("en")), &out);
	assert_null(segment_fault((struct span){text, len}, &out));
	for (size_t i = 0; i + 1 < SENTENCES_MANY; i++)
		assert_int_equal(out.at[i].end_byte - out.at[i].start_byte, 3);
	/* 26 units have 128 bytes without the last line's end. */
	assert_int_equal(out.len, SENTENCES_MANY + 100000 / 26);
	for (size_t i = SENTENCES_MANY; i + 1 < out.len; i++)
		assert_int_equal(out.at[i].end_byte - out.at[i].start_byte, 26 * strlen(unit) - 2);
	arena_free(&arena);
	free(text);
}

static void test_memory_refused(void **state)
{
	char buffer[20000];
	unsigned seed = 7;
	struct span text = {buffer, random_text(&seed, buffer, sizeof(buffer))};
	for (size_t ceiling = 0; ceiling < (size_t)1 << 17; ceiling = ceiling * 5 / 4 + 64) {
		struct arena arena;
		struct sentences out;
		arena_init(&arena, ceiling);
		segment_text(&arena, text, language_from_tag(SPAN("en")), &out);
		assert_true(arena.failed ? out.len == 0 : segment_fault(text, &out) == NULL);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_kinds_and_paragraphs),
		cmocka_unit_test(test_headings_in_any_script),
		cmocka_unit_test(test_learns_anywhere),
		cmocka_unit_test(test_properties_of_random_text),
		cmocka_unit_test(test_very_many_sentences),
		cmocka_unit_test(test_memory_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
