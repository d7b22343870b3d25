#include "tests/check.h"
#include "tests/core/sample.h"
#include "tests/segment_check.h"

#include "core/summary.h"

static struct span sentence_text(const struct summary *summary, struct span text, size_t i)
{
	const struct sentence *s = &summary->sentences.at[i];
	return span_slice(text, s->start_byte, s->end_byte);
}

static bool holds(struct span text, const char *words)
{
	return memmem(text.at, text.len, words, strlen(words)) != NULL;
}

/* Is a sentence with these words chosen? */
static bool chosen(const struct summary *summary, struct span text, const char *words)
{
	for (size_t i = 0; i < summary->selection.len; i++)
		if (holds(sentence_text(summary, text, summary->selection.at[i]), words))
			return true;
	return false;
}

static struct summary make(struct arena *arena, const struct summary_input *input,
			   struct select_options select)
{
	struct summary_options options = {.select = select, .max_keywords = 5};
	struct summary summary;
	arena_reset(arena);
	CHECK("made", summary_make(arena, input, &options, &summary) == SUMMARY_OK);
	return summary;
}

static const char *const lines[] = {"No time",  "Get a summary", "Photo",           "Read also",
				    "Previous", "Next Article",  "votes to rebuild"};

static void test_three_sentences(void **state)
{
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(sample_article)};
	struct summary s = make(&arena, &input, (struct select_options){.max_sentences = 3});
	CHECK_SIZE("three", s.selection.len, 3);
	CHECK("the news first", chosen(&s, input.text, "voted on Sunday"));
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		CHECK(lines[i], !chosen(&s, input.text, lines[i]));
	for (size_t i = 1; i < s.selection.len; i++)
		CHECK("rising", s.selection.at[i - 1] < s.selection.at[i]);
	arena_free(&arena);
}

static void test_lines_only_when_nothing_else(void **state)
{
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(sample_article)};
	struct summary s = make(&arena, &input, (struct select_options){.max_sentences = 10});
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		CHECK(lines[i], !chosen(&s, input.text, lines[i]));
	s = make(&arena, &input, (struct select_options){.max_sentences = 100});
	CHECK_SIZE("all that there are", s.selection.len, s.sentences.len);
	input.text = SPAN("Read also: Ten harbours\n\nShare\n");
	s = make(&arena, &input, (struct select_options){.max_sentences = 1});
	CHECK_SIZE("never nothing", s.selection.len, 1);
	arena_free(&arena);
}

static void test_budgets(void **state)
{
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(sample_article)};
	for (size_t words = 1; words < 200; words += 9) {
		struct summary s =
			make(&arena, &input, (struct select_options){.max_words = words});
		size_t sum = 0;
		for (size_t i = 0; i < s.selection.len; i++)
			sum += s.terms.words[s.selection.at[i]];
		CHECK("within the words, or one", sum <= words || s.selection.len == 1);
	}
	for (size_t chars = 1; chars < 900; chars += 50) {
		struct summary s =
			make(&arena, &input, (struct select_options){.max_chars = chars});
		size_t sum = s.selection.len - 1;
		for (size_t i = 0; i < s.selection.len; i++)
			sum += sentence_text(&s, input.text, s.selection.at[i]).len;
		CHECK("within the characters, or one", sum <= chars || s.selection.len == 1);
	}
	struct summary s =
		make(&arena, &input, (struct select_options){.ratio = 0.25, .max_sentences = 50});
	CHECK_SIZE("ratio", s.selection.len, (size_t)(0.25 * (double)s.sentences.len + 0.5));
	arena_free(&arena);
}

static void test_avoid(void **state)
{
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(sample_article)};
	struct summary s = make(&arena, &input,
				(struct select_options){.max_sentences = 8,
							.avoid = AVOID_QUOTES | AVOID_QUESTIONS});
	CHECK("no quote", !chosen(&s, input.text, "imagine the harbour"));
	CHECK("no question", !chosen(&s, input.text, "Is wood still safe"));
	arena_free(&arena);
}

static void test_no_repeats(void **state)
{
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(sample_article)};
	struct summary s = make(&arena, &input, (struct select_options){.max_sentences = 9});
	CHECK("one of two", chosen(&s, input.text, "Engineers will begin") !=
				    chosen(&s, input.text, "The engineers will begin"));
	arena_free(&arena);
}

/* A next sentence that points back becomes a candidate twice, and must be counted once. */
static void test_count_with_repeated_followers(void **state)
{
	static const char text[] = "The river rose by two metres in the night. It flooded the "
				   "lower town and the mill. "
				   "The river rose by two metres in the night. It flooded the "
				   "lower town and the mill. "
				   "The river rose by two metres in the night. It flooded the "
				   "lower town and the mill.";
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(text)};
	for (size_t count = 1; count <= 6; count++) {
		struct summary s =
			make(&arena, &input, (struct select_options){.max_sentences = count});
		CHECK_SIZE("exact count", s.selection.len, count);
	}
	arena_free(&arena);
}

/* Where an editor breaks paragraphs moves neither the choice nor a score. */
static void test_same_in_paragraphs(void **state)
{
	static const char *const sentence[] = {
		"The city council voted on Sunday to rebuild the old timber bridge over the Lysse.",
		"Residents had asked for it since the fire of 2019.",
		"The work will cost nine million euros and take two years.",
		"\"We have waited long enough,\" said the mayor, Anna Lund.",
		"Engineers will begin with the piers in March.",
		"Until then a ferry carries walkers and bicycles from bank to bank.",
		"Critics call the price too high for a town of 8,000.",
		"A steel bridge would have cost half of that, they say.",
		"The council wants to have the new one listed as a monument.",
	};
	enum { SENTENCES = sizeof sentence / sizeof *sentence };
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	uint32_t flat[3] = {0};
	float scores[SENTENCES] = {0};
	for (size_t each = SENTENCES; each > 0; each--) {
		char text[2048] = "";
		for (size_t i = 0; i < SENTENCES; i++) {
			strcat(text, i == 0 ? "" : i % each == 0 ? "\n\n" : " ");
			strcat(text, sentence[i]);
		}
		struct summary_input input = {.text = span_of(text)};
		struct summary s =
			make(&arena, &input, (struct select_options){.max_sentences = 3});
		CHECK_SIZE("three", s.selection.len, 3);
		if (each == SENTENCES) {
			memcpy(flat, s.selection.at, sizeof flat);
			memcpy(scores, s.scores.at, sizeof scores);
		}
		CHECK("choice", memcmp(flat, s.selection.at, sizeof flat) == 0);
		CHECK("scores", memcmp(scores, s.scores.at, sizeof scores) == 0);
	}
	arena_free(&arena);
}

static void test_query(void **state)
{
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(sample_article)};
	struct summary s = make(&arena, &input, (struct select_options){.max_sentences = 1});
	CHECK("without", !chosen(&s, input.text, "sprinklers"));
	input.query = SPAN("fire safety sprinklers");
	s = make(&arena, &input, (struct select_options){.max_sentences = 1});
	CHECK("with", chosen(&s, input.text, "sprinklers"));
	arena_free(&arena);
}

/* A title with nothing visible is no title. */
static void test_blank_title(void **state)
{
	static const char *const titles[] = {" ", "\n\t", "\xE2\x80\x8B"};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(sample_article)};
	struct summary s = make(&arena, &input, (struct select_options){.max_sentences = 3});
	float score = s.scores.at[6];
	CHECK("something to compare", score > 0 && score < 1);
	for (size_t i = 0; i < COUNT(titles); i++) {
		input.title = span_of(titles[i]);
		s = make(&arena, &input, (struct select_options){.max_sentences = 3});
		CHECK("the same scores", s.scores.at[6] == score);
	}
	arena_free(&arena);
}

static void test_scores(void **state)
{
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(sample_article), .title = SPAN("A lighthouse")};
	struct summary s = make(&arena, &input, (struct select_options){.max_sentences = 3});
	float best = 0;
	for (size_t i = 0; i < s.scores.len; i++) {
		CHECK("in the unit", s.scores.at[i] >= 0 && s.scores.at[i] <= 1);
		best = s.scores.at[i] > best ? s.scores.at[i] : best;
	}
	CHECK("best is 1", best == 1);
	CHECK("a button has none", s.scores.at[1] == 0);
	arena_free(&arena);
}

static void test_keywords(void **state)
{
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(sample_article)};
	struct summary s = make(&arena, &input, (struct select_options){.max_sentences = 3});
	CHECK_SIZE("five", s.keywords.len, 5);
	bool lighthouse = false;
	for (size_t i = 0; i < s.keywords.len; i++) {
		const struct keyword *k = &s.keywords.at[i];
		lighthouse |= holds(k->text, "lighthouse");
		CHECK("falling", i == 0 ? k->score == 1 : k->score <= s.keywords.at[i - 1].score);
		CHECK("somewhere", k->count > 0);
		for (size_t j = 0; j < k->count; j++) {
			CHECK("a span", k->at[j].start_byte < k->at[j].end_byte);
			CHECK("apart", j == 0 || k->at[j].start_byte >= k->at[j - 1].end_byte);
		}
	}
	CHECK("the topic", lighthouse);
	arena_free(&arena);
}

/* The same with stems kept from other texts and languages. */
static void test_same_whatever_came_before(void **state)
{
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct stems *stems = stems_new();
	struct summary_input other = {
		.text = SPAN("Le conseil a vot\xC3\xA9. Les ponts sont vieux."),
		.language = language_from_tag(SPAN("fr")),
		.stems = stems};
	struct summary_input input = {.text = SPAN(sample_article)};
	struct select_options all = {.max_sentences = 0};
	struct summary s = make(&arena, &input, all);
	float before[64];
	size_t n = s.scores.len < 64 ? s.scores.len : 64;
	memcpy(before, s.scores.at, n * sizeof *before);
	input.stems = stems;
	for (unsigned i = 0; i < 3; i++) {
		make(&arena, &other, all);
		s = make(&arena, &input, all);
		CHECK("same scores", memcmp(before, s.scores.at, n * sizeof *before) == 0);
	}
	stems_free(stems);
	arena_free(&arena);
}

static void test_odd_texts(void **state)
{
	static const char *const texts[] = {".",
					    "?!",
					    "a",
					    "\xE4\xBD\xA0\xE5\xA5\xBD",
					    "1. 2. 3.",
					    "\xF0\x9F\x98\x80 \xF0\x9F\x98\x80",
					    "word word word word"};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct summary_input input = {.text = span_of(texts[i]), .query = SPAN("word")};
		struct summary s =
			make(&arena, &input, (struct select_options){.max_sentences = 3});
		CHECK(texts[i], s.selection.len > 0);
	}
	arena_free(&arena);
}

/* A text cut off anywhere is read no further than its end (the sanitizer checks that), and its
 * sentences and keywords are inside it. */
static void test_cut_anywhere(void **state)
{
	static const char text[] =
		"THE NEWS\n\n1. Mr. J. Doe\u2019s caf\u00e9 (\u201copen\u201d) costs $3.50 "
		"a.m.\u2026 Yes! "
		"See www.a.example/b?c. (1) One; b) two\r\n- three\n\u2022 four:) "
		"\u0412 2019 \u0433. \u043e\u043d \u0431\u044b\u043b \u0442\u0430\u043c. "
		"\u6771\u4eac\u306f\u3002\u300c\u5927\u300d\u3060\uff01 \ud55c\uad6d\uc5b4\ub2e4. "
		"\u0e01\u0e34\u0e19\u0e02\u0e49\u0e32\u0e27\u0e41\u0e25\u0e49\u0e27 "
		"\u0e44\u0e1b\u0e19\u0e2d\u0e19 \u0939\u0948\u0964 \u0645\u0627\u061f e\u0301 "
		"\U0001F600\u200d\U0001F525 photo: AFP";
	struct summary_options options = {.select.max_sentences = 3, .max_keywords = 5};
	for (size_t len = 0; len < sizeof text; len++) {
		if (utf8_check((struct span){text, len}) < len)
			continue;
		char *at = malloc(len > 0 ? len : 1);
		struct arena arena;
		struct summary s;
		assert_non_null(at);
		memcpy(at, text, len);
		arena_init(&arena, (size_t)1 << 24);
		struct summary_input input = {
			.text = {at, len}, .title = {at, len}, .query = {at, len}};
		enum summary_status status = summary_make(&arena, &input, &options, &s);
		CHECK(text, status == (len > 0 ? SUMMARY_OK : SUMMARY_EMPTY));
		CHECK(text, segment_fault(input.text, &s.sentences) == NULL);
		for (size_t i = 0; i < s.keywords.len; i++)
			for (size_t j = 0; j < s.keywords.at[i].count; j++)
				CHECK(text, s.keywords.at[i].at[j].end_byte <= len);
		arena_free(&arena);
		free(at);
	}
}

/* Summarize under this ceiling; returns how much was used before the first refusal, SIZE_MAX if
 * there was none. */
static size_t refused_at(size_t ceiling)
{
	struct summary_input input = {
		.text = SPAN(sample_article), .title = SPAN("A title"), .query = SPAN("fire")};
	struct summary_options options = {.select.max_sentences = 3, .max_keywords = 5};
	struct arena arena;
	struct summary summary;
	arena_init(&arena, ceiling);
	enum summary_status status = summary_make(&arena, &input, &options, &summary);
	CHECK("refused or made", status == (arena.failed ? SUMMARY_NO_MEMORY : SUMMARY_OK));
	size_t taken = arena.failed ? arena.used_bytes : SIZE_MAX;
	arena_free(&arena);
	return taken;
}

/* Refuse each request between two ceilings: if both refuse the same one, so do all between. */
static void refuse_each(size_t low, size_t at_low, size_t high, size_t at_high)
{
	size_t middle = low + (high - low) / 2;
	if (at_low == at_high || middle == low)
		return;
	size_t at_middle = refused_at(middle);
	refuse_each(low, at_low, middle, at_middle);
	refuse_each(middle, at_middle, high, at_high);
}

/* Whichever request for memory is the first to be refused: SUMMARY_NO_MEMORY, and no crash. */
static void test_no_memory(void **state)
{
	const size_t enough = 500 * 1024; /* below this, each request gets a block of its own */
	assert_int_equal(refused_at(enough), SIZE_MAX);
	refuse_each(0, refused_at(0), enough, SIZE_MAX);
}

/* Lines without a stop are headings, unless they are known to be items of a list; then those that
 * read like sentences may be chosen. */
static void test_items(void **state)
{
	static const char text[] =
		"Bridge is closed until the end of May\n\nCouncil pays builders 80,000 pounds\n\n"
		"It is an old bridge, as everybody in town knows. The ferries run, and they run "
		"late.";
	const struct text_range items[] = {{0, 37}, {39, 74}};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(text)};
	struct select_options one = {.max_sentences = 1, .at_most = true};
	struct summary s = make(&arena, &input, one);
	CHECK("a heading", s.sentences.at[0].kind == SENTENCE_HEADING);
	CHECK("is not chosen", !chosen(&s, input.text, "Bridge is closed"));
	input.items = items;
	input.item_count = COUNT(items);
	s = make(&arena, &input, one);
	CHECK("an item", s.sentences.at[0].kind == SENTENCE_LIST_ITEM);
	CHECK("another", s.sentences.at[1].kind == SENTENCE_LIST_ITEM);
	CHECK("prose", s.sentences.at[2].kind == SENTENCE_PROSE);
	CHECK("is chosen", chosen(&s, input.text, "Bridge is closed"));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_sentences),
		cmocka_unit_test(test_lines_only_when_nothing_else),
		cmocka_unit_test(test_budgets),
		cmocka_unit_test(test_avoid),
		cmocka_unit_test(test_no_repeats),
		cmocka_unit_test(test_count_with_repeated_followers),
		cmocka_unit_test(test_same_in_paragraphs),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_blank_title),
		cmocka_unit_test(test_scores),
		cmocka_unit_test(test_keywords),
		cmocka_unit_test(test_same_whatever_came_before),
		cmocka_unit_test(test_odd_texts),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_items),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
