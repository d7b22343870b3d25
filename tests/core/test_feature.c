#include "tests/check.h"
#include "tests/core/sample.h"

#include "core/feature.h"

#include <math.h>

struct made {
	struct sentences sentences;
	struct terms terms;
	struct score_input input;
	struct features features;
};

static void make(struct arena *arena, struct span text, struct span title, struct made *m)
{
	const struct language *language = language_from_tag(SPAN("en"));
	arena_reset(arena);
	segment_text(arena, text, language, &m->sentences);
	tokenize_sentences(arena, NULL, text, &m->sentences, language, &m->terms);
	m->input = (struct score_input){.text = text,
					.title = title,
					.language = language,
					.sentences = &m->sentences,
					.terms = &m->terms,
					.asked = 3};
	feature_compute(arena, &m->input, &m->features);
	CHECK_SIZE("a row a sentence", m->features.len, m->sentences.len);
}

/* Features outside 0 … 1, as feature.h says. */
static const struct range {
	float low, high;
} sentence_range[FEATURE_COUNT] =
	{
		[FEATURE_RANK] = {0, 3},        [FEATURE_LENGTH] = {0, 2},
		[FEATURE_LENGTH_Z] = {-3, 3},   [FEATURE_LONG] = {0, 2},
		[FEATURE_CENTROID_Z] = {-3, 3}, [FEATURE_FORWARD] = {0, 4},
		[FEATURE_BACKWARD] = {0, 4},    [FEATURE_TOPIC_Z] = {-3, 3},
		[FEATURE_COVER_Z] = {-3, 3},
},
  document_range[DOCUMENT_COUNT] = {
	  [DOCUMENT_SENTENCES] = {0, 3},
	  [DOCUMENT_LENGTH] = {0, 2},
	  [DOCUMENT_LEAD_CENTRAL] = {-1, 1},
};

static void check_range(const char *name, size_t number, float value, struct range range)
{
	float high = range.high == 0 ? 1 : range.high;
	if (value < range.low || value > high || !isfinite(value))
		fail_msg("%s: feature %zu is %g", name, number, (double)value);
}

static void check_ranges(const char *name, const struct features *features)
{
	for (size_t i = 0; i < features->len; i++)
		for (size_t f = 0; f < FEATURE_COUNT; f++)
			check_range(name, f, features->at[i][f], sentence_range[f]);
	for (size_t d = 0; d < DOCUMENT_COUNT; d++)
		check_range(name, d, features->document[d], document_range[d]);
}

/* The row of the first sentence that has these words. */
static const float *row_of(const struct made *m, const char *words)
{
	for (size_t i = 0; i < m->sentences.len; i++) {
		const struct sentence *s = &m->sentences.at[i];
		if (memmem(m->input.text.at + s->start_byte, s->end_byte - s->start_byte, words,
			   strlen(words)) != NULL)
			return m->features.at[i];
	}
	fail_msg("no sentence has \"%s\"", words);
	return NULL;
}

static bool near(float value, float wanted)
{
	return fabsf(value - wanted) < 0.0001f;
}

static void test_meaning(void **state)
{
	struct arena arena;
	struct made m;
	arena_init(&arena, (size_t)1 << 24);
	make(&arena, SPAN(sample_article), SPAN("Vellmar rebuilds its lighthouse"), &m);
	check_ranges("sample", &m.features);

	const float *lead = row_of(&m, "voted on Sunday");
	CHECK("the first of the prose", lead[FEATURE_FIRST] == 1 && lead[FEATURE_POSITION] == 1);
	CHECK("names the town",
	      lead[FEATURE_TITLE_COVER] > row_of(&m, "It will cost")[FEATURE_TITLE_COVER]);
	CHECK("nothing before it", lead[FEATURE_SEEN] == 0 && lead[FEATURE_NEW] == 1);
	CHECK("a button has no place", row_of(&m, "Get a summary")[FEATURE_POSITION] == 0);
	CHECK("he, she", row_of(&m, "She thanked")[FEATURE_OPENS_PRONOUN] == 1);
	CHECK("however", row_of(&m, "However")[FEATURE_OPENS_CONNECTIVE] == 1);
	CHECK("question", row_of(&m, "Is wood")[FEATURE_QUESTION] == 1);
	CHECK("quote", row_of(&m, "imagine")[FEATURE_QUOTE] == 1);
	CHECK("number", row_of(&m, "1887")[FEATURE_NUMBERS] > 0);
	CHECK("a repeat was seen", row_of(&m, "The engineers will")[FEATURE_SEEN] >
					   2 * row_of(&m, "Is wood")[FEATURE_SEEN]);
	CHECK("headline given", m.features.document[DOCUMENT_TITLE] == 1);
	arena_free(&arena);
}

/* More words of a kind than a byte can count. */
static void test_long_sentence(void **state)
{
	enum { REPEATS = 300 };
	static const char words[] = "he ferry pier rope tide mast sail keel buoy crew ";
	static char text[REPEATS * (sizeof words - 1)];
	for (size_t i = 0; i < REPEATS; i++)
		memcpy(text + i * (sizeof words - 1), words, sizeof words - 1);
	struct arena arena;
	struct made m;
	arena_init(&arena, (size_t)1 << 24);
	make(&arena, (struct span){text, sizeof text - 1}, SPAN(""), &m);
	CHECK_SIZE("sentences", m.sentences.len, 1);
	CHECK("a pronoun in ten words", near(m.features.at[0][FEATURE_PRONOUNS], 0.4f));
	CHECK("nothing else", m.features.at[0][FEATURE_CLAIM] == 0 &&
				      m.features.at[0][FEATURE_NUMBERS] == 0 &&
				      m.features.at[0][FEATURE_YOU] == 0);
	arena_free(&arena);
}

/* Products with sums of vectors, computed by hand: the first and last sentence are the same and
 * share no word with the middle one. */
static void test_centrality(void **state)
{
	struct arena arena;
	struct made m;
	arena_init(&arena, (size_t)1 << 24);
	make(&arena,
	     SPAN("Green lanterns lit harbour walls. Seven goats crossed muddy fields. Green "
		  "lanterns lit harbour walls."),
	     (struct span){NULL, 0}, &m);
	CHECK_SIZE("three sentences", m.features.len, 3);
	const float *first = m.features.at[0], *middle = m.features.at[1], *last = m.features.at[2];
	CHECK("the mean of 1 and 0, times 4", near(first[FEATURE_FORWARD], 2));
	CHECK("nothing before", near(first[FEATURE_BACKWARD], 0));
	CHECK("nothing behind", near(last[FEATURE_FORWARD], 0));
	CHECK("the same backward", near(last[FEATURE_BACKWARD], 2));
	CHECK("alone", near(middle[FEATURE_FORWARD], 0) && near(middle[FEATURE_BACKWARD], 0));
	CHECK("half of what was before it", near(last[FEATURE_SEEN], sqrtf(0.5f)));
	CHECK("half of what is behind", near(first[FEATURE_ECHOED], sqrtf(0.5f)));
	CHECK("two of three", near(first[FEATURE_CENTROID], 2 / sqrtf(5)));
	CHECK("one of three", near(middle[FEATURE_CENTROID], 1 / sqrtf(5)));
	CHECK("like the first", near(last[FEATURE_LEAD], 1) && near(middle[FEATURE_LEAD], 0));
	arena_free(&arena);
}

/* Rounding loses nothing at the end of a long text. */
static void test_alike(void **state)
{
	enum { TIMES = 1000 };
	static const char sentence[] = "Green lanterns lit harbour walls. ";
	struct arena arena;
	struct made m;
	char *text = malloc(TIMES * sizeof sentence);
	size_t len = 0;
	assert_non_null(text);
	for (unsigned i = 0; i < TIMES; i++, len += sizeof sentence - 1)
		memcpy(text + len, sentence, sizeof sentence - 1);
	arena_init(&arena, (size_t)1 << 28);
	make(&arena, (struct span){text, len}, (struct span){NULL, 0}, &m);
	const float *last_but_one = m.features.at[m.features.len - 2];
	CHECK("the last says the same", last_but_one[FEATURE_ECHOED] > 0.999f);
	CHECK("and so did all before", last_but_one[FEATURE_SEEN] > 0.999f);
	arena_free(&arena);
	free(text);
}

/* All alike and all different. */
static void test_many_sentences(void **state)
{
	struct arena arena;
	struct made m;
	char *text = malloc(100000);
	size_t len = 0;
	assert_non_null(text);
	for (unsigned i = 0; i < 1000; i++)
		len += (size_t)sprintf(
			text + len, i % 2 ? "The same words stand here. " : "Only w%ux and q%uz. ",
			i, i);
	arena_init(&arena, (size_t)1 << 28);
	make(&arena, (struct span){text, len}, (struct span){NULL, 0}, &m);
	check_ranges("thousand", &m.features);
	CHECK("the last is late", m.features.at[m.features.len - 1][FEATURE_DEPTH] > 0.99f);
	arena_free(&arena);
	free(text);
}

static void test_same_twice(void **state)
{
	struct arena arena;
	struct made m;
	float before[8][FEATURE_ROW];
	arena_init(&arena, (size_t)1 << 24);
	make(&arena, SPAN(sample_article), SPAN("A title"), &m);
	memcpy(before, m.features.at, sizeof before);
	make(&arena, SPAN(sample_article), SPAN("A title"), &m);
	CHECK("bit by bit", memcmp(before, m.features.at, sizeof before) == 0);
	arena_free(&arena);
}

/* The ranker was trained on exactly these numbers: if one changes, worse sentences are chosen and
 * no other test shows it. `expected` has each feature summed over the sentences of the text, the
 * n-th counted n times, and then the document's. */
static void test_what_was_learned_from(void **state)
{
	char text[4096], path[4096];
	struct arena arena;
	struct made m;
	snprintf(path, sizeof path, "%s/cases/feature/all_kinds/input", getenv("PRECIS_TESTS"));
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	size_t len = fread(text, 1, sizeof text, file);
	fclose(file);
	arena_init(&arena, (size_t)1 << 24);
	make(&arena, (struct span){text, len}, SPAN("Vellmar rebuilds its lighthouse"), &m);
	strcpy(strrchr(path, '/'), "/expected");
	file = fopen(path, "r");
	assert_non_null(file);
	for (size_t f = 0; f < FEATURE_COUNT + DOCUMENT_COUNT; f++) {
		float want, got = f < FEATURE_COUNT ? 0 : m.features.document[f - FEATURE_COUNT];
		for (size_t i = 0; f < FEATURE_COUNT && i < m.features.len; i++)
			got += (float)(i + 1) * m.features.at[i][f];
		assert_int_equal(fscanf(file, "%f", &want), 1);
		if (!(fabsf(got - want) <= 0.0002f * (1 + fabsf(want))))
			fail_msg("feature %zu is %.5g, not %.5g", f, (double)got, (double)want);
	}
	fclose(file);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_meaning),
					   cmocka_unit_test(test_long_sentence),
					   cmocka_unit_test(test_centrality),
					   cmocka_unit_test(test_alike),
					   cmocka_unit_test(test_many_sentences),
					   cmocka_unit_test(test_same_twice),
					   cmocka_unit_test(test_what_was_learned_from)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
