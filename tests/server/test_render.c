#include "check.h"
#include "core/sample.h"

#include "server/render.h"

#include <jansson.h>
#include <malloc.h>

/* What JSON must escape, what UTF-16 counts twice, what may not be changed. */
static const char awkward[] =
	"The \"wooden\" lighthouse \xF0\x9F\x98\x80 of C:\\harbour was rebuilt \xE2\x80\xA8in May. "
	"A tab\there and a bell \x07 were found by the \xC4\x8Dl\xC3\xA1nek of the town. "
	"</script> stands in\na sentence of two lines that the engineers wrote about the tower. "
	"\xF0\x9D\x94\xB8 second sentence about the engineers and the foundations of the "
	"lighthouse.";

static char *render(struct arena *arena, struct span text, enum offset_unit unit,
		    enum request_order order, unsigned include, size_t *len)
{
	struct request request = {.kind = REQUEST_TEXT,
				  .input = text,
				  .id = SPAN("an \"id\""),
				  .order = order,
				  .offset_unit = unit,
				  .include = include};
	struct summary_input input = {.text = text};
	struct summary_options options = {.select = {.max_sentences = 3}, .max_keywords = 5};
	struct summary summary;
	arena_reset(arena);
	if (summary_make(arena, &input, &options, &summary) != SUMMARY_OK)
		return NULL;
	struct render_input out = {.request = &request, .text = text, .summary = &summary};
	return render_answer(arena, &out, len);
}

static json_t *parsed(const char *json, size_t len)
{
	json_error_t error;
	json_t *out = json_loadb(json, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (out == NULL)
		fail_msg("%s at byte %d of %.*s", error.text, error.position, (int)len, json);
	return out;
}

/* The byte that `offset` units precede. */
static size_t byte_at(struct span text, enum offset_unit unit, json_int_t offset)
{
	size_t at = 0;
	for (size_t units = 0; units < (size_t)offset;) {
		uint32_t codepoint;
		unsigned bytes = utf8_decode(text, at, &codepoint);
		at += bytes;
		units += unit == OFFSET_UTF8    ? bytes
			 : unit == OFFSET_UTF16 ? 1 + (codepoint > 0xFFFF)
						: 1;
	}
	return at;
}

static struct span slice(struct span text, enum offset_unit unit, json_t *start, json_t *end)
{
	assert_true(json_is_integer(start) && json_is_integer(end));
	return span_slice(text, byte_at(text, unit, json_integer_value(start)),
			  byte_at(text, unit, json_integer_value(end)));
}

static void offsets_slice_the_text_in_every_unit(void **state)
{
	static const enum offset_unit units[] = {OFFSET_UTF8, OFFSET_UTF16, OFFSET_CODEPOINT};
	const struct span texts[] = {SPAN(awkward), SPAN(sample_article)};
	struct arena arena;
	arena_init(&arena, 64 << 20);
	for (size_t i = 0; i < 6; i++) {
		struct span text = texts[i / 3];
		enum offset_unit unit = units[i % 3];
		size_t len, k;
		char *json = render(&arena, text, unit, ORDER_SOURCE,
				    INCLUDE_TEXT | INCLUDE_KEYWORDS | INCLUDE_SENTENCES, &len);
		json_t *answer = parsed(json, len), *sentence, *keyword, *pair;
		CHECK_SIZE("chosen", json_array_size(json_object_get(answer, "sentences")), 3);
		json_array_foreach(json_object_get(answer, "sentences"), k, sentence)
		{
			json_t *own = json_object_get(sentence, "text");
			struct span want = {json_string_value(own), json_string_length(own)};
			CHECK_SPAN("sentence",
				   slice(text, unit, json_object_get(sentence, "start"),
					 json_object_get(sentence, "end")),
				   want);
		}
		json_array_foreach(json_object_get(answer, "keywords"), k, keyword)
		{
			size_t n;
			json_array_foreach(json_object_get(keyword, "occurrences"), n, pair)
				CHECK("occurrence", slice(text, unit, json_array_get(pair, 0),
							  json_array_get(pair, 1))
								    .len > 0);
		}
		json_t *source = json_object_get(answer, "source");
		CHECK_SIZE("length", (size_t)json_integer_value(json_object_get(source, "length")),
			   utf8_length(text, unit));
		json_t *whole = json_object_get(source, "text");
		struct span got = {json_string_value(whole), json_string_length(whole)};
		CHECK_SPAN("text", got, text);
		assert_string_equal(json_string_value(json_object_get(answer, "id")), "an \"id\"");
		json_decref(answer);
		free(json);
	}
	arena_free(&arena);
}

static void scores_fall_when_they_give_the_order(void **state)
{
	struct arena arena;
	arena_init(&arena, 64 << 20);
	size_t len, k;
	char *json = render(&arena, SPAN(sample_article), OFFSET_UTF8, ORDER_SCORE, 0, &len);
	json_t *answer = parsed(json, len), *sentence;
	double before = 1;
	json_array_foreach(json_object_get(answer, "sentences"), k, sentence)
	{
		double score = json_real_value(json_object_get(sentence, "score"));
		assert_true(score >= 0 && score <= before);
		before = score;
	}
	json_decref(answer);
	free(json);
	arena_free(&arena);
}

static void the_same_input_gives_the_same_bytes(void **state)
{
	struct arena arena;
	arena_init(&arena, 64 << 20);
	size_t first_len, second_len;
	unsigned all = INCLUDE_TEXT | INCLUDE_KEYWORDS | INCLUDE_SENTENCES;
	char *first = render(&arena, SPAN(awkward), OFFSET_UTF16, ORDER_SOURCE, all, &first_len);
	char *second = render(&arena, SPAN(awkward), OFFSET_UTF16, ORDER_SOURCE, all, &second_len);
	assert_int_equal(first_len, second_len);
	assert_memory_equal(first, second, first_len);
	free(first);
	free(second);
	arena_free(&arena);
}

/* Caches and budgets count only its bytes. */
static void an_answer_takes_no_more_memory_than_it_has_bytes(void **state)
{
	struct arena arena;
	arena_init(&arena, 64 << 20);
	for (unsigned include = 0; include < 16; include++) {
		size_t len;
		char *json = render(&arena, SPAN(sample_article), OFFSET_UTF8, ORDER_SOURCE,
				    include, &len);
		CHECK("its own size", malloc_usable_size(json) < len + 64);
		free(json);
	}
	arena_free(&arena);
}

/* Whatever the ceiling: the whole answer or none, never a part. */
static void too_little_memory_gives_no_answer(void **state)
{
	struct arena arena;
	size_t whole_len, refused = 0;
	arena_init(&arena, 64 << 20);
	char *whole = render(&arena, SPAN(sample_article), OFFSET_UTF16, ORDER_SCORE,
			     INCLUDE_KEYWORDS, &whole_len);
	arena_free(&arena);
	for (size_t ceiling = 0; ceiling < 256 * 1024; ceiling += 1021) {
		size_t len;
		arena_init(&arena, ceiling);
		char *json = render(&arena, SPAN(sample_article), OFFSET_UTF16, ORDER_SCORE,
				    INCLUDE_KEYWORDS, &len);
		refused += json == NULL;
		if (json != NULL) {
			assert_int_equal(len, whole_len);
			assert_memory_equal(json, whole, len);
		}
		free(json);
		arena_free(&arena);
	}
	assert_true(refused > 0);
	free(whole);
}

int main(void)
{
	json_object_seed(1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_slice_the_text_in_every_unit),
		cmocka_unit_test(scores_fall_when_they_give_the_order),
		cmocka_unit_test(the_same_input_gives_the_same_bytes),
		cmocka_unit_test(an_answer_takes_no_more_memory_than_it_has_bytes),
		cmocka_unit_test(too_little_memory_gives_no_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
