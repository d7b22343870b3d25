#include "tests/check.h"
#include "tests/extract_check.h"

#include <glob.h>

static const size_t plenty_bytes = (size_t)256 << 20;
static const struct span nothing = {NULL, 0};

static struct span read_file(const char *directory, const char *name)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *stream = fopen(path, "rb");
	if (stream == NULL)
		fail_msg("%s: cannot be read", path);
	char *at = malloc(1 << 16);
	assert_non_null(at);
	size_t len = fread(at, 1, 1 << 16, stream);
	fclose(stream);
	return (struct span){at, len};
}

/* The article's text, one line feed at its end, is expected.txt. */
static void check_case(const char *directory)
{
	struct span html = read_file(directory, "input.html");
	struct span want = read_file(directory, "expected.txt");
	struct arena arena;
	struct article article;
	arena_init(&arena, plenty_bytes);
	CHECK(directory,
	      extract_article(&arena, html, nothing, false, NULL, &article) == EXTRACT_OK);
	if (extract_fault(html, &article) != NULL)
		fail_msg("%s: not so: %s", directory, extract_fault(html, &article));
	while (want.len > 0 && want.at[want.len - 1] == '\n')
		want.len--;
	CHECK_SPAN(directory, article.text, want);
	arena_free(&arena);
	free((char *)html.at);
	free((char *)want.at);
}

static void test_cases(void **state)
{
	char pattern[4096];
	glob_t found;
	snprintf(pattern, sizeof(pattern), "%s/cases/extract/*", getenv("PRECIS_TESTS"));
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_case(found.gl_pathv[i]);
	globfree(&found);
}

/* Data that are as long as the text that they become: one quote less, one line feed more. */
#define DATA                                                                                       \
	"The mayor said \\\"no, and went home.\nThe second paragraph of it stands behind a line "  \
	"feed that is raw, as some systems write it. More of it follows, so that there is "        \
	"enough of it to be the text of an article. And here is the end of it."

/* A sentence of the text, and the bytes of the page that it must come from. */
static const struct place {
	const char *name, *html, *text, *from;
} places[] = {
	{"plain", "<p>First one. Second one here.</p>", "Second one here.", "Second one here."},
	{"tags inside", "<p>One. A <b>bold</b> word here.</p>", "A bold word here.",
	 "A <b>bold</b> word here."},
	{"named reference", "<p>Salt &amp; pepper. Next one.</p>", "Salt & pepper.",
	 "Salt &amp; pepper."},
	{"reference at the end", "<p>He said &ldquo;No.&rdquo; Then he left.</p>",
	 "He said \u201cNo.\u201d", "He said &ldquo;No.&rdquo;"},
	{"reference at the start", "<p>Yes. &#8222;Gut&#8220; war es.</p>",
	 "\u201eGut\u201c war es.", "&#8222;Gut&#8220; war es."},
	{"without semicolon", "<p>Caf&eacute au lait. Next one.</p>", "Caf\u00e9 au lait.",
	 "Caf&eacute au lait."},
	{"no reference", "<p>R&D costs &zilch; here. Next.</p>", "R&D costs &zilch; here.",
	 "R&D costs &zilch; here."},
	{"old name goes on", "<p>Read &notso; here. Next.</p>", "Read \u00acso; here.",
	 "Read &notso; here."},
	{"a semicolon behind its own", "<p>A set &ni;; here. Next.</p>", "A set \u220b; here.",
	 "A set &ni;; here."},
	{"not an old name", "<p>A &notin; in; here. Next &notin;in; one.</p>",
	 "Next \u2209in; one.", "Next &notin;in; one."},
	{"two characters of one", "<p>Much &nGt; less &NotEqualTilde; so. Next one.</p>",
	 "Next one.", "Next one."},
	{"ends with two characters", "<p>Much less &nGt;. Next one.</p>", "Much less \u226b\u20d2.",
	 "Much less &nGt;."},
	{"ampersand of ampersand", "<p>Write &amp;amp; for it. Next.</p>", "Write &amp; for it.",
	 "Write &amp;amp; for it."},
	{"white space", "<p>  Two\r\n   lines   here.\r\n  And more.</p>", "Two lines here.",
	 "Two\r\n   lines   here."},
	{"behind white space", "<p>  Two lines.\r\n\t And\n more.</p>", "And more.", "And\n more."},
	{"comment inside", "<p>It <!-- no -->goes on. End.</p>", "It goes on.",
	 "It <!-- no -->goes on."},
	{"out of a table", "<table>Some text that is moved here.<tr><td>In a cell.</table>",
	 "Some text that is moved here.", "Some text that is moved here."},
	{"soft hyphen", "<p>A hy&shy;phen in it. Next.</p>", "A hyphen in it.",
	 "A hy&shy;phen in it."},
	{"emoji", "<p>Fine \U0001F600 day. Next \U0001F600 one.</p>", "Next \U0001F600 one.",
	 "Next \U0001F600 one."},
	{"ampersand with a nought", "<p>Salt &#038; pepper. Next one here.</p>", "Next one here.",
	 "Next one here."},
	{"number without semicolon", "<p>It doesn&#39t end &#5f. Next one here.</p>",
	 "Next one here.", "Next one here."},
	{"no number", "<p>Both &#; and &#x; stay. Next one here.</p>", "Next one here.",
	 "Next one here."},
	{"of data, all of it",
	 "<p>Wait<script type=application/ld+json>{\"articleBody\":\"" DATA "\"}</script>",
	 "And here is the end of it.", "\"" DATA},
	/* Readings are shown above the words and are not among them. */
	{"ruby",
	 "<p>市議会だ。<ruby>予算<rp>(</rp><rt>よさん</rt><rp>)</rp></ruby>を決めた。次だ。</p>",
	 "予算を決めた。", "予算<rp>(</rp><rt>よさん</rt><rp>)</rp></ruby>を決めた。"},
	{"hexadecimal", "<p>Zero. Fine &#x1F600; day.</p>", "Fine \U0001F600 day.",
	 "Fine &#x1F600; day."},
};

static void test_places(void **state)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct place *p = &places[i];
		struct span html = span_of(p->html);
		struct arena arena;
		struct article article;
		arena_init(&arena, plenty_bytes);
		CHECK(p->name,
		      extract_article(&arena, html, nothing, true, NULL, &article) == EXTRACT_OK);
		CHECK(p->name, extract_fault(html, &article) == NULL);
		const char *at =
			memmem(article.text.at, article.text.len, p->text, strlen(p->text));
		CHECK(p->name, at != NULL);
		uint32_t start = (uint32_t)(at - article.text.at), from, to;
		uint32_t end = start + (uint32_t)strlen(p->text);
		CHECK(p->name, extract_html_range(&article, start, end, &from, &to));
		CHECK_SPAN(p->name, span_slice(html, from, to), span_of(p->from));
		arena_free(&arena);
	}
}

/* Text that does not begin and end in runs has no place, nor has text against the page's order. */
static void test_unknown_places(void **state)
{
	struct extract_run runs[] = {{10, 10, 100, 10}, {30, 10, 200, 14}, {50, 10, 150, 10}};
	const struct article article = {.runs = runs, .run_count = 3}, empty = {.runs = runs};
	const struct {
		uint32_t start, end, from, to; /* to: 0, unknown */
	} cases[] = {
		{0, 10, 0, 0},      {20, 30, 0, 0},     {60, 70, 0, 0},     {15, 15, 0, 0},
		{0, 12, 0, 0},      {18, 25, 0, 0},     {55, 61, 0, 0},     {35, 55, 0, 0},
		{12, 18, 102, 108}, {10, 20, 100, 110}, {18, 35, 108, 214}, {10, 60, 100, 160},
	};
	uint32_t from, to;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[40];
		snprintf(name, sizeof name, "[%u, %u)", cases[i].start, cases[i].end);
		bool known = extract_html_range(&article, cases[i].start, cases[i].end, &from, &to);
		CHECK(name, known == (cases[i].to > 0));
		CHECK(name, !known || (from == cases[i].from && to == cases[i].to));
	}
	CHECK("no runs", !extract_html_range(&empty, 0, 10, &from, &to));
}

/* Cells and line breaks never glue words; inline elements never split them. */
static void test_words(void **state)
{
	const struct {
		const char *html, *text;
	} cases[] = {
		{"<p>one<br>two", "one\ntwo"},
		{"<p>one<br><br>two", "one\n\ntwo"},
		{"<p>o<b>n</b>e<i> </i>two", "one two"},
		{"<table><tr><td>one<td>two<tr><td>three<td>four</table>", "one two\n\nthree four"},
		{"<ul><li>one<li>two</ul>three", "one\n\ntwo\n\nthree"},
		{"<p>one<script>x()</script>two<style>p{}</style></p>", "one two"},
		{"<p>one&nbsp;&nbsp;two\xE2\x80\x8B</p>", "one two"},
		{"<p>CO<sub>2</sub> and x<sup>2</sup></p>", "CO2 and x2"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena;
		struct article article;
		arena_init(&arena, plenty_bytes);
		struct span html = span_of(cases[i].html);
		CHECK(cases[i].html,
		      extract_article(&arena, html, nothing, true, NULL, &article) == EXTRACT_OK);
		CHECK_SPAN(cases[i].html, article.text, span_of(cases[i].text));
		arena_free(&arena);
	}
}

/* What a caller sent as an article is one, however little it looks like one. */
static void test_given(void **state)
{
	struct arena arena;
	struct article article;
	arena_init(&arena, plenty_bytes);
	const struct extract_limits none = {0};
	struct span html = SPAN("<nav><a href=/>Home</a></nav>");
	assert_int_equal(extract_article(&arena, html, nothing, true, &none, &article), EXTRACT_OK);
	assert_int_equal(extract_article(&arena, html, nothing, false, &none, &article),
			 EXTRACT_NO_ARTICLE);
	assert_non_null(article.seen);
	assert_int_equal(extract_article(&arena, SPAN(""), nothing, true, &none, &article),
			 EXTRACT_NO_ARTICLE);
	arena_free(&arena);
}

/* Extract under this ceiling; returns how much was used before the first refusal, SIZE_MAX if there
 * was none. */
static size_t refused_at(struct span html, size_t ceiling)
{
	struct arena arena;
	struct article article;
	arena_init(&arena, ceiling);
	enum extract_status status = extract_article(&arena, html, nothing, false, NULL, &article);
	assert_true(status == EXTRACT_OK || status == EXTRACT_NO_MEMORY);
	assert_true((status == EXTRACT_NO_MEMORY) == arena.failed);
	size_t taken = arena.failed ? arena.used_bytes : SIZE_MAX;
	arena_free(&arena);
	return taken;
}

/* Refuse each request between two ceilings: if both refuse the same one, so do all between. */
static void refuse_each(struct span html, size_t low, size_t at_low, size_t high, size_t at_high)
{
	size_t middle = low + (high - low) / 2;
	if (at_low == at_high || middle == low)
		return;
	size_t at_middle = refused_at(html, middle);
	refuse_each(html, low, at_low, middle, at_middle);
	refuse_each(html, middle, at_middle, high, at_high);
}

/* Whichever request for memory is the first to be refused: EXTRACT_NO_MEMORY, and no crash. */
static void test_memory_refusal(void **state)
{
	const size_t enough = 400 * 1024; /* below this, each request gets a block of its own */
	char directory[4096];
	snprintf(directory, sizeof(directory), "%s/cases/extract/json_ld", getenv("PRECIS_TESTS"));
	struct span html = read_file(directory, "input.html");
	assert_int_equal(refused_at(html, enough), SIZE_MAX);
	refuse_each(html, 0, refused_at(html, 0), enough, SIZE_MAX);
	free((char *)html.at);
}

/* A page cut off anywhere is read no further than its end (the sanitizer checks that), and the runs
 * of its text are right. */
static void test_cut_anywhere(void **state)
{
	static const char page[] =
		"<!DOCTYPE html><html lang=en><title>A walk &#x2014; The Post</title>"
		"<script type='application/ld+json'>{\"@type\":\"NewsArticle\",\"headline\":"
		"\"A \\u00e9 walk\",\"author\":[{\"name\":\"Jane &amp; Doe\"}],\"datePublished\":"
		"\"2026-11-22T09:00:00+01:00\"}</script><!-- x --><style>p{}</style>"
		"<meta property=og:title content='A walk'><article><h1>A walk</h1>"
		"<p class=byline>By Jane&nbsp;Doe, <time datetime=2026-11-22>22 Nov</time></p>"
		"<p>Salt &amp; pepper, caf&eacute &notin; &NotEqualTilde; \u6F22\u5B57 "
		"\U0001F600. Two of them.<br>Three.</p><table><tr><td>x</table></article>";
	for (size_t len = 0; len < sizeof page; len++) {
		if (utf8_check((struct span){page, len}) < len)
			continue;
		char *at = malloc(len > 0 ? len : 1);
		struct span html = {at, len};
		struct arena arena;
		struct article article;
		assert_non_null(at);
		memcpy(at, page, len);
		arena_init(&arena, plenty_bytes);
		if (extract_article(&arena, html, nothing, true, NULL, &article) == EXTRACT_OK &&
		    extract_fault(html, &article) != NULL)
			fail_msg("of %zu bytes: not so: %s", len, extract_fault(html, &article));
		arena_free(&arena);
		free(at);
	}
}

/* Which lines of an article are told to be list items: those of six words without a stop, if they
 * are two and half of their list, which is not one of links or amounts. */
static void test_items(void **state)
{
	static const char head[] = "<title>The bridge is closed</title><article><h1>The bridge is "
				   "closed</h1><p>The council closed the harbour bridge on Monday, "
				   "after a crack was found in the northern pillar of it.</p>",
			  tail[] = "<p>The ferries run until midnight, and the council hopes that "
				   "the builders will be faster than they were when they made it.";
	static const char first[] = "Bridge is closed until the end of May";
	static const struct {
		const char *html;
		size_t items;
	} cases[] = {
		{"<ul><li>Bridge is closed until the end of May<li>Ferries of the town run "
		 "until midnight<li>More boats</ul>",
		 2},
		{"<ul><li><p>Bridge is closed until the end of May</p><li><p>Ferries of the "
		 "town run until midnight.</p><li>Boats of the island are free of charge</ul>",
		 2},
		{"<ul><li>Bridge is closed until the end of May<li>Ferries<li>Boats</ul>", 0},
		{"<ul><li>Bridge is closed until the end of May<li>Ferries of the town run "
		 "until midnight<li>Boats<li>Buses<li>Trains</ul>",
		 0},
		{"<ul><li>Bridge is closed until the end of May<li>20 ferries of the town run "
		 "now<li>4 boats for all who need one</ul>",
		 0},
		{"<ul><li><a href=/a>Bridge is closed until the end of May</a><li><a href=/b>"
		 "Ferries of the town run until midnight</a></ul>",
		 0},
		{"<ul><li>Is the bridge closed until May?<li>Why do the ferries run so "
		 "late?</ul>",
		 0},
		{"<p>Bridge is closed until the end of May<p>Ferries of the town run until "
		 "midnight",
		 0},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena;
		struct article article;
		char html[1000];
		arena_init(&arena, plenty_bytes);
		sprintf(html, "%s%s%s", head, cases[i].html, tail);
		CHECK(cases[i].html, extract_article(&arena, span_of(html), nothing, true, NULL,
						     &article) == EXTRACT_OK);
		CHECK_SIZE(cases[i].html, article.item_count, cases[i].items);
		if (article.item_count > 0)
			CHECK_SPAN(cases[i].html,
				   span_slice(article.text, article.items[0].start_byte,
					      article.items[0].end_byte),
				   SPAN(first));
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),          cmocka_unit_test(test_places),
		cmocka_unit_test(test_unknown_places), cmocka_unit_test(test_words),
		cmocka_unit_test(test_given),          cmocka_unit_test(test_memory_refusal),
		cmocka_unit_test(test_cut_anywhere),   cmocka_unit_test(test_items),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
