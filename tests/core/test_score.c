#include "tests/check.h"
#include "tests/core/sample.h"

#include "core/summary.h"

/* What scores promise of any text. */

static struct summary make(struct arena *arena, struct summary_input input)
{
	struct summary_options options = {.select.max_sentences = 3};
	struct summary summary;
	arena_reset(arena);
	CHECK("made", summary_make(arena, &input, &options, &summary) == SUMMARY_OK);
	return summary;
}

static void check_range(const char *name, const struct summary *s)
{
	float best = 0;
	CHECK_SIZE(name, s->scores.len, s->sentences.len);
	for (size_t i = 0; i < s->scores.len; i++) {
		CHECK(name, s->scores.at[i] >= 0 && s->scores.at[i] <= 1); /* no NaN either */
		best = s->scores.at[i] > best ? s->scores.at[i] : best;
	}
	CHECK(name, best == 0 || best == 1);
}

static size_t sentence_with(const struct summary *s, struct span text, const char *words)
{
	for (size_t i = 0; i < s->sentences.len; i++) {
		struct span sentence = span_slice(text, s->sentences.at[i].start_byte,
						  s->sentences.at[i].end_byte);
		if (memmem(sentence.at, sentence.len, words, strlen(words)) != NULL)
			return i;
	}
	fail_msg("no sentence has \"%s\"", words);
	return 0;
}

static void test_between_nothing_and_one(void **state)
{
	static const char *const texts[] = {
		".",
		"Rain.",
		"1. 2. 3.",
		"It rained. It rained. It rained. It rained. It rained.",
		"\xE9\x9B\xA8\xE3\x80\x82\xE9\x9B\xAA\xE3\x80\x82",
		"\xF0\x9F\x98\x80 \xF0\x9F\x98\x80!",
		"Share\n\nRead also: rain\n\nPhoto: Jane Doe\n",
		"((((((((((. \"\"\"\"\"\"\"\"\". 9999999999999999999999999999999999.",
		sample_article,
	};
	static const char *const queries[] = {"", "rain", "lighthouse", "nothing of this", "?"};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		for (size_t k = 0; k < sizeof queries / sizeof *queries; k++) {
			struct summary_input input = {.text = span_of(texts[i]),
						      .title = span_of(queries[k]),
						      .query = span_of(queries[k])};
			struct summary s = make(&arena, input);
			check_range(texts[i], &s);
		}
	arena_free(&arena);
}

static void test_a_very_long_text(void **state)
{
	enum { COPIES = 20000 };
	static const char line[] =
		"Larch and oak burn slowly. No fire lasts for ever!\n\nShare\n\n";
	char *text = malloc(COPIES * (sizeof line - 1));
	for (size_t i = 0; i < COPIES; i++)
		memcpy(text + i * (sizeof line - 1), line, sizeof line - 1);
	struct arena arena;
	arena_init(&arena, (size_t)1 << 29);
	struct summary s =
		make(&arena, (struct summary_input){.text = {text, COPIES * (sizeof line - 1)}});
	check_range("long", &s);
	arena_free(&arena);
	free(text);
}

static void test_query_lifts_what_it_asks_for(void **state)
{
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(sample_article)};
	struct summary s = make(&arena, input);
	size_t at = sentence_with(&s, input.text, "preferred a steel tower");
	CHECK("not the best by itself", s.scores.at[at] < 1);
	input.query = SPAN("voters who preferred steel");
	s = make(&arena, input);
	CHECK("the best when asked for", s.scores.at[at] == 1);
	check_range("query", &s);
	arena_free(&arena);
}

static void test_query_of_other_words_changes_nothing(void **state)
{
	struct arena arena, other;
	arena_init(&arena, (size_t)1 << 24);
	arena_init(&other, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(sample_article)};
	struct summary without = make(&arena, input);
	input.query = SPAN("quinces zeppelins");
	struct summary with = make(&other, input);
	CHECK("the same", memcmp(without.scores.at, with.scores.at,
				 without.scores.len * sizeof *with.scores.at) == 0);
	arena_free(&arena);
	arena_free(&other);
}

/* A headline that names what a sentence says raises its score. */
static void test_title_counts(void **state)
{
	struct arena arena, other;
	arena_init(&arena, (size_t)1 << 24);
	arena_init(&other, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(sample_article),
				      .title = SPAN("Sprinklers make wood as safe as steel")};
	struct summary with = make(&arena, input);
	input.title = SPAN("Notes from the coast");
	struct summary without = make(&other, input);
	size_t at = sentence_with(&with, input.text, "modern sprinklers");
	CHECK("a better place", with.scores.at[at] > without.scores.at[at]);
	arena_free(&arena);
	arena_free(&other);
}

/* Scores do not depend on what the arena and the stems were used for before. */
static void test_same_again(void **state)
{
	struct arena arena, other;
	arena_init(&arena, (size_t)1 << 24);
	arena_init(&other, (size_t)1 << 25);
	struct stems *stems = stems_new();
	struct summary_input input = {.text = SPAN(sample_article), .query = SPAN("fire")};
	struct summary first = make(&arena, input);
	struct summary_input foreign = {.text = SPAN("Der Rat stimmte zu. Die Br\xC3\xBC"
						     "cken sind alt."),
					.stems = stems};
	input.stems = stems;
	for (unsigned i = 0; i < 3; i++) {
		make(&other, foreign);
		struct summary again = make(&other, input);
		CHECK_SIZE("as many", again.scores.len, first.scores.len);
		CHECK("the same bits", memcmp(first.scores.at, again.scores.at,
					      first.scores.len * sizeof *first.scores.at) == 0);
	}
	stems_free(stems);
	arena_free(&arena);
	arena_free(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_between_nothing_and_one),
		cmocka_unit_test(test_a_very_long_text),
		cmocka_unit_test(test_query_lifts_what_it_asks_for),
		cmocka_unit_test(test_query_of_other_words_changes_nothing),
		cmocka_unit_test(test_title_counts),
		cmocka_unit_test(test_same_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
