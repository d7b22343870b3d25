/*
 * A filter: articles as JSON lines on standard input, their summaries in the scorer's format on
 * standard output. It makes the same choices as the service, without HTTP.
 *
 *   summarize_jsonl [--sentences N] [--keywords N] [--no-title] < corpus.jsonl > hypotheses.jsonl
 *
 * In: {"id", "text", "lang", "title"}; out: {"id", "summary": ["sentence", ...]} and, if asked for,
 * "keywords": ["key phrase", ...].
 */
#include "jsonl.h"

#include "core/summary.h"

struct filter {
	struct arena arena;
	struct stems *stems;
	size_t sentences, keywords;
	bool use_title;
};

static json_t *answer(const json_t *article, const struct summary *summary, struct span text)
{
	json_t *sentences = json_array();
	for (size_t i = 0; i < summary->selection.len; i++) {
		const struct sentence *s = &summary->sentences.at[summary->selection.at[i]];
		json_array_append_new(sentences, json_stringn(text.at + s->start_byte,
							      s->end_byte - s->start_byte));
	}
	json_t *out =
		json_pack("{s:O, s:o}", "id", json_object_get(article, "id"), "summary", sentences);
	json_t *phrases = summary->keywords.len > 0 ? json_array() : NULL;
	for (size_t i = 0; i < summary->keywords.len; i++) {
		struct span phrase = summary->keywords.at[i].text;
		json_array_append_new(phrases, json_stringn(phrase.at, phrase.len));
	}
	json_object_set_new(out, "keywords", phrases);
	return out;
}

static void summarize(void *arg, const json_t *article)
{
	struct filter *filter = arg;
	struct span language = jsonl_string(article, "lang");
	struct summary_input input = {.text = jsonl_string(article, "text"),
				      .title = filter->use_title ? jsonl_string(article, "title")
								 : (struct span){NULL, 0},
				      .language =
					      language.len > 0 ? language_from_tag(language) : NULL,
				      .stems = filter->stems};
	struct summary_options options = {.select.max_sentences = filter->sentences,
					  .max_keywords = filter->keywords};
	struct summary summary;
	arena_reset(&filter->arena);
	if (summary_make(&filter->arena, &input, &options, &summary) != SUMMARY_OK)
		summary.selection.len = summary.keywords.len = 0;
	json_t *out = answer(article, &summary, input.text);
	json_dumpf(out, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(out);
}

int main(int argc, char **argv)
{
	struct filter filter = {.stems = stems_new(), .sentences = 3, .use_title = true};
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--sentences") == 0 && i + 1 < argc)
			filter.sentences = strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--keywords") == 0 && i + 1 < argc)
			filter.keywords = strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--no-title") == 0)
			filter.use_title = false;
		else
			return fprintf(stderr,
				       "usage: %s [--sentences N] [--keywords N] [--no-title]\n",
				       argv[0]),
			       2;
	}
	arena_init(&filter.arena, (size_t)1 << 30);
	bool good = filter.stems != NULL && jsonl_each(summarize, &filter);
	stems_free(filter.stems);
	arena_free(&filter.arena);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
