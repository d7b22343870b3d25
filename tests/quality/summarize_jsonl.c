/*
 * A filter: articles as JSON lines on standard input, their summaries in the scorer's format on
 * standard output. The same choices as the service makes, without HTTP.
 *
 *   summarize_jsonl [--sentences N] [--no-title] < corpus.jsonl > hypotheses.jsonl
 *
 * In: {"id", "text", "lang", "title"}; out: {"id", "summary": ["sentence", ...]}.
 */
#include "core/summary.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static struct span string_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	return (struct span){json_string_value(value), json_string_length(value)};
}

static json_t *answer(const json_t *article, const struct summary *summary, struct span text)
{
	json_t *sentences = json_array();
	for (size_t i = 0; i < summary->selection.len; i++) {
		const struct sentence *s = &summary->sentences.at[summary->selection.at[i]];
		json_array_append_new(sentences, json_stringn(text.at + s->start_byte,
							      s->end_byte - s->start_byte));
	}
	return json_pack("{s:O, s:o}", "id", json_object_get(article, "id"), "summary", sentences);
}

static void summarize(struct arena *arena, struct stems *stems, const json_t *article,
		      size_t sentences, bool use_title)
{
	struct span language = string_of(article, "lang");
	struct summary_input input = {
		.text = string_of(article, "text"),
		.title = use_title ? string_of(article, "title") : (struct span){NULL, 0},
		.language = language.len > 0 ? language_from_tag(language) : NULL,
		.stems = stems};
	struct summary_options options = {.select.max_sentences = sentences};
	struct summary summary;
	arena_reset(arena);
	if (summary_make(arena, &input, &options, &summary) != SUMMARY_OK)
		summary.selection.len = 0;
	json_t *out = answer(article, &summary, input.text);
	json_dumpf(out, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(out);
}

int main(int argc, char **argv)
{
	size_t sentences = 3;
	bool use_title = true;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--sentences") == 0 && i + 1 < argc)
			sentences = strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--no-title") == 0)
			use_title = false;
		else
			return fprintf(stderr, "usage: %s [--sentences N] [--no-title]\n", argv[0]),
			       2;
	}

	struct arena arena;
	arena_init(&arena, (size_t)1 << 30);
	struct stems *stems = stems_new();
	char *line = NULL;
	size_t room = 0;
	while (stems != NULL && getline(&line, &room, stdin) > 0) {
		json_t *article = json_loads(line, 0, NULL);
		if (article == NULL)
			return fprintf(stderr, "%s: not JSON: %.60s\n", argv[0], line), 1;
		summarize(&arena, stems, article, sentences, use_title);
		json_decref(article);
	}
	free(line);
	stems_free(stems);
	arena_free(&arena);
	return 0;
}
