#include "tests/core/select_check.h"

#include "core/marks.h"
#include "core/utf8.h"

#include <stdlib.h>

/* What choosing promises for any text, tried on texts of every shape: how much, and nothing
 * twice. */

static size_t words_of(const struct summary *s)
{
	size_t sum = 0;
	for (size_t i = 0; i < s->selection.len; i++)
		sum += s->terms.words[s->selection.at[i]];
	return sum;
}

static size_t chars_of(const struct summary *s, struct span text)
{
	size_t sum = s->selection.len - 1;
	for (size_t i = 0; i < s->selection.len; i++)
		sum += utf8_length(sentence_text(s, text, s->selection.at[i]), OFFSET_CODEPOINT);
	return sum;
}

static bool within(const struct select_options *select, size_t words, size_t chars)
{
	return (select->max_words == 0 || words <= select->max_words) &&
	       (select->max_chars == 0 || chars <= select->max_chars);
}

/* Never above a bound unless every sentence by itself is; and no sentence left out that would still
 * fit and says something by itself. */
static void check_bounds(const char *name, struct summary_input input, struct select_options select)
{
	struct arena arena;
	arena_init(&arena, (size_t)1 << 26);
	struct summary s = make(&arena, input, select);
	size_t words = words_of(&s), chars = chars_of(&s, input.text);
	bool full = s.selection.len == s.sentences.len;
	CHECK(name, s.selection.len > 0);
	for (size_t i = 1; i < s.selection.len; i++)
		CHECK(name, s.selection.at[i - 1] < s.selection.at[i]);
	if (select.max_sentences > 0) {
		CHECK(name, s.selection.len <= select.max_sentences);
		full |= s.selection.len == select.max_sentences;
	}
	if (select.ratio > 0) {
		size_t most = (size_t)(select.ratio * (double)s.sentences.len + 0.5);
		CHECK(name, s.selection.len <= (most > 0 ? most : 1));
		full |= s.selection.len >= most;
	}
	bool one_fits = false;
	for (size_t i = 0; i < s.sentences.len; i++) {
		struct span text = sentence_text(&s, input.text, i);
		size_t more = utf8_length(text, OFFSET_CODEPOINT);
		one_fits |= within(&select, s.terms.words[i], more);
		bool full_sentence = s.terms.words[i] >= 6 && marks_final(text) != '?';
		CHECK(name, full || is_chosen(&s, i) || !full_sentence ||
				    !within(&select, words + s.terms.words[i], chars + 1 + more));
	}
	CHECK(name, within(&select, words, chars) || (!one_fits && s.selection.len == 1));
	arena_free(&arena);
}

static void test_bounds_are_kept_and_used(void **state)
{
	static char room[1 << 16];
	struct summary_input input = {.text = invent(room, sizeof room, 60, 4)};
	for (size_t count = 1; count <= 64; count += 3)
		check_bounds("sentences", input, (struct select_options){.max_sentences = count});
	for (double ratio = 0.01; ratio <= 1; ratio += 0.09)
		check_bounds("ratio", input, (struct select_options){.ratio = ratio});
	for (size_t words = 1; words < 700; words += 37)
		check_bounds("words", input, (struct select_options){.max_words = words});
	for (size_t chars = 1; chars < 4000; chars += 173)
		check_bounds("characters", input, (struct select_options){.max_chars = chars});
	for (size_t words = 10; words < 300; words += 50)
		check_bounds("the tightest", input,
			     (struct select_options){.max_sentences = words / 12,
						     .ratio = 0.2,
						     .max_words = words,
						     .max_chars = 6 * words});
}

/* A sentence that fits comes before a better one that does not; where none fits, one is given. */
static void test_budget_before_merit(void **state)
{
	static const char text[] =
		"The harbour bridge was closed on Monday after engineers had found a crack in a "
		"pier of it. Ferries will run every ten minutes on the river.";
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(text)};
	struct summary s = make(&arena, input, (struct select_options){.max_words = 12});
	CHECK("fits", s.selection.len == 1 && chosen(&s, input.text, "Ferries"));
	s = make(&arena, input, (struct select_options){.max_chars = 60});
	CHECK("fits", s.selection.len == 1 && chosen(&s, input.text, "Ferries"));
	s = make(&arena, input, (struct select_options){.max_words = 5});
	CHECK_SIZE("one all the same", s.selection.len, 1);
	/* It has few words but says something; an outcry does not. */
	input.text = SPAN("The harbour bridge was closed on Monday after engineers had found a "
			  "crack in a pier of it. Why? Nobody had seen it. Ferries will run every "
			  "ten minutes on the river until the end of the year. Sad!");
	s = make(&arena, input, (struct select_options){.max_words = 6});
	CHECK("a brief one", s.selection.len == 1 && chosen(&s, input.text, "Nobody"));
	s = make(&arena, input, (struct select_options){.max_words = 3});
	CHECK("no outcry", s.selection.len == 1 && !chosen(&s, input.text, "Sad") &&
				   !chosen(&s, input.text, "Why"));
	arena_free(&arena);
}

/* A mere size is not filled up with a mail's greetings, however large it is; a count is, and lines
 * are used if there is nothing else. */
static void test_at_most(void **state)
{
	struct span text = SPAN("Dear all,\n\nThe movers come on the 14th of June at eight in the "
				"morning.\n\nOn Thursday evening every desk should be packed "
				"and labelled.\n\nMany thanks,\n\nMaria\n");
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = text};
	struct select_options size = {.max_sentences = 4, .at_most = true}, count = size;
	count.at_most = false;
	CHECK_SIZE("count", make(&arena, input, count).selection.len, 4);
	for (size.max_sentences = 2; size.max_sentences <= 7; size.max_sentences++)
		CHECK_SIZE("size", make(&arena, input, size).selection.len, 2);
	input.text = SPAN("Bridges\n\nFerries\n\nWho pays\n\nHarbours\n\nPiers");
	size.max_sentences = 3;
	CHECK_SIZE("lines alone", make(&arena, input, size).selection.len, 3);
	/* Sentences to avoid are chosen anyway when no other prose remains. */
	input.text = SPAN("The movers\n\nThe movers come on the 14th of June at eight.\n\n"
			  "\"They have never been late,\" said the head of the office.\n\nMaria");
	size.max_sentences = 2;
	size.avoid = AVOID_QUOTES;
	struct summary avoiding = make(&arena, input, size);
	CHECK_SIZE("avoiding", avoiding.selection.len, 2);
	CHECK_SIZE("the quote", avoiding.selection.at[1], 2);
	arena_free(&arena);
}

/* Three sentences that fit a bound are given whole, be it a size or a budget. */
static void test_short_texts_are_whole(void **state)
{
	static const char text[] = "Bridge closed\n\nThe bridge closed on Monday after a crack was "
				   "found in one of its piers. Why?";
	static const struct select_options bounds[] = {{.max_sentences = 3, .at_most = true},
						       {.max_words = 18},
						       {.max_chars = 91},
						       {.max_words = 1000, .max_chars = 1000}};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(text)};
	for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
		CHECK_SIZE("whole", make(&arena, input, bounds[i]).selection.len, 3);
	struct summary s = make(&arena, input, (struct select_options){.max_words = 17});
	CHECK("a word less", s.selection.len == 1 && chosen(&s, input.text, "The bridge"));
	s = make(&arena, input, (struct select_options){.max_chars = 90});
	CHECK("a character less", s.selection.len == 1 && chosen(&s, input.text, "The bridge"));
	s = make(&arena, input,
		 (struct select_options){.max_words = 1000, .avoid = AVOID_QUESTIONS});
	CHECK("avoided", s.selection.len == 1 && chosen(&s, input.text, "The bridge"));
	arena_free(&arena);
}

/* However many are asked for, an outcry is not chosen while other sentences remain, and never for a
 * budget; but a query that asks for one gets it. */
static void test_outcries(void **state)
{
	static const char text[] =
		"The ferry between Ostrand and the island of Hallo stopped on Monday for the first "
		"time in ninety years. Why? The company that runs it could not pay for diesel any "
		"more, its manager Ida Holm told the town council. Sad! Four hundred people on the "
		"island depend on the boat for school, work and medicine. No ferry. No doctor. Ms "
		"Holm said that the price of fuel had doubled within a year while fares stayed the "
		"same. What now? The council will decide on Thursday whether the town pays half of "
		"the bill until the summer. Fishermen have offered to carry pupils in their own "
		"boats for nothing. Good people! The mayor called the offer generous but said that "
		"the boats had no licence for passengers. Nobody laughed. A new electric ferry was "
		"ordered two years ago and will not be ready before next spring.";
	static const char *const outcries[] = {"Why?",           "Sad!",      "No ferry.",
					       "No doctor.",     "What now?", "Good people!",
					       "Nobody laughed."};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(text),
				      .language = language_from_tag(SPAN("en"))};
	for (size_t count = 1; count <= 8; count++) {
		struct summary s =
			make(&arena, input, (struct select_options){.max_sentences = count});
		CHECK_SIZE("count", s.selection.len, count);
		for (size_t i = 0; i < sizeof outcries / sizeof *outcries; i++)
			CHECK(outcries[i], !chosen(&s, input.text, outcries[i]));
	}
	static const struct select_options budgets[] = {
		{.max_words = 60}, {.max_words = 200}, {.max_chars = 300}, {.max_chars = 2000}};
	for (size_t b = 0; b < sizeof budgets / sizeof *budgets; b++) {
		input.query = SPAN("");
		struct summary s = make(&arena, input, budgets[b]);
		for (size_t i = 0; i < sizeof outcries / sizeof *outcries; i++)
			CHECK(outcries[i], !chosen(&s, input.text, outcries[i]));
		input.query = SPAN("doctor");
		s = make(&arena, input, budgets[b]);
		CHECK("asked for", chosen(&s, input.text, "No doctor."));
		CHECK("nobody asked", !chosen(&s, input.text, "Why?"));
	}
	arena_free(&arena);
}

/* The rest of a budget is not filled up with a line without a stop if sentences have stops. */
static void test_lines_fill_no_budget(void **state)
{
	static const char text[] =
		"The ferry between Ostrand and the island of Hallo stopped on Monday for the first "
		"time in ninety years, because its company could not pay for diesel. Four hundred "
		"people on the island of Hallo depend on the ferry of Ostrand for school, for work "
		"and for medicine, the council of the island says. A new electric ferry for the "
		"island was ordered two years ago by the council of Ostrand and will not be ready "
		"before next spring.\n\n"
		"1. Bread rolls and where to buy them early\n\n"
		"2. Seven cheap shops for winter coats and boots\n";
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(text),
				      .language = language_from_tag(SPAN("en"))};
	for (size_t words = 32; words <= 50; words++) {
		struct summary s = make(&arena, input, (struct select_options){.max_words = words});
		CHECK("one", !chosen(&s, input.text, "Bread rolls"));
		CHECK("another", !chosen(&s, input.text, "Seven cheap"));
	}
	arena_free(&arena);
}

/* The same sentence is never chosen twice while another is there. */
static void test_no_sentence_twice(void **state)
{
	static char room[1 << 16];
	struct arena arena;
	arena_init(&arena, (size_t)1 << 26);
	struct span text = invent(room, sizeof room / 4, 12, 3);
	char *twice = malloc(3 * text.len);
	for (size_t k = 0; k < 3; k++)
		memcpy(twice + k * text.len, text.at, text.len);
	struct summary_input input = {.text = {twice, 3 * text.len}};
	for (size_t count = 1; count <= 6; count++) {
		struct summary s =
			make(&arena, input, (struct select_options){.max_sentences = count});
		CHECK_SIZE("exact", s.selection.len, count);
		for (size_t i = 0; i < count; i++)
			for (size_t k = 0; k < i; k++)
				CHECK("not twice",
				      !span_equal(
					      sentence_text(&s, input.text, s.selection.at[i]),
					      sentence_text(&s, input.text, s.selection.at[k])));
	}
	free(twice);
	arena_free(&arena);
}

static void test_all_alike(void **state)
{
	static char room[1 << 16];
	static const char sentence[] = "The river rose by two metres in one night. ";
	struct arena arena;
	arena_init(&arena, (size_t)1 << 26);
	size_t len = 0;
	for (; len + sizeof sentence < sizeof room; len += sizeof sentence - 1)
		memcpy(room + len, sentence, sizeof sentence - 1);
	struct summary_input input = {.text = {room, len}};
	struct summary s = make(&arena, input, (struct select_options){.max_sentences = 4});
	CHECK_SIZE("a count is a count", s.selection.len, 4);
	s = make(&arena, input, (struct select_options){.max_words = 100});
	CHECK_SIZE("a budget is not filled with repeats", s.selection.len, 1);
	s = make(&arena, input, (struct select_options){.max_sentences = 4, .at_most = true});
	CHECK_SIZE("nor is a size", s.selection.len, 1);
	arena_free(&arena);
}

static void test_one_sentence(void **state)
{
	static const char *const texts[] = {"It rained.", "Read also: rain",         "1.", "?",
					    "Rain",       "\xE9\x9B\xA8\xE3\x80\x82"};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		static const struct select_options bounds[] = {
			{.max_sentences = 3},
			{.ratio = 0.01},
			{.max_words = 1},
			{.max_chars = 1},
			{.max_sentences = 1, .avoid = AVOID_QUESTIONS}};
		for (size_t k = 0; k < sizeof bounds / sizeof *bounds; k++) {
			struct summary s =
				make(&arena, (struct summary_input){.text = span_of(texts[i])},
				     bounds[k]);
			CHECK_SIZE(texts[i], s.selection.len, 1);
		}
	}
	arena_free(&arena);
}

static void test_nothing_visible(void **state)
{
	/* The last is a soft hyphen, a Hangul filler and blank Braille. */
	static const char *const texts[] = {
		"",         " \n\t ",   "\xE2\x80\x8B\n",
		"\xC2\xA0", "\x01\x7F", "\xC2\xAD\xE3\x85\xA4 \xE2\xA0\x80"};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct summary_input input = {.text = span_of(texts[i])};
		struct summary_options options = {.select.max_sentences = 3};
		struct summary s;
		CHECK(texts[i], summary_make(&arena, &input, &options, &s) == SUMMARY_EMPTY);
	}
	arena_free(&arena);
}

static void test_hundred_thousand_sentences(void **state)
{
	enum { SENTENCES = 100000, ROOM = 16 << 20 };
	char *room = malloc(ROOM);
	struct arena arena;
	arena_init(&arena, (size_t)1 << 30);
	struct summary_input input = {.text = invent(room, ROOM, SENTENCES, 7)};
	struct summary s = make(&arena, input, (struct select_options){.max_sentences = 100});
	CHECK_SIZE("all found", s.sentences.len, SENTENCES);
	CHECK_SIZE("a hundred", s.selection.len, 100);
	s = make(&arena, input, (struct select_options){.ratio = 0.5});
	CHECK_SIZE("half", s.selection.len, SENTENCES / 2);
	s = make(&arena, input, (struct select_options){.max_chars = 1000000});
	CHECK("nearly all characters used",
	      chars_of(&s, input.text) <= 1000000 && chars_of(&s, input.text) > 999900);
	arena_free(&arena);
	free(room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds_are_kept_and_used),
		cmocka_unit_test(test_budget_before_merit),
		cmocka_unit_test(test_at_most),
		cmocka_unit_test(test_short_texts_are_whole),
		cmocka_unit_test(test_outcries),
		cmocka_unit_test(test_lines_fill_no_budget),
		cmocka_unit_test(test_no_sentence_twice),
		cmocka_unit_test(test_all_alike),
		cmocka_unit_test(test_one_sentence),
		cmocka_unit_test(test_nothing_visible),
		cmocka_unit_test(test_hundred_thousand_sentences),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
