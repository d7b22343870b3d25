/*
 * A filter for the trainer: articles as JSON lines on standard input; on standard output, for each,
 * what the scorer sees of it, in this machine's byte order:
 *
 *   uint32  sentences n, sentence features F, document features D
 *   float   [n][F], [D]
 *   n times uint32  start byte, end byte, is prose, tokens m, then m terms (2 * number + is stop
 * word)
 *
 *   features_jsonl [--asked N] < corpus.jsonl
 */
#include "core/feature.h"
#include "core/summary.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static struct span string_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	return (struct span){json_string_value(value), json_string_length(value)};
}

static void put(uint32_t number)
{
	fwrite(&number, sizeof number, 1, stdout);
}

static void put_sentence(const struct score_input *input, const struct features *features, size_t i)
{
	const struct sentence *sentence = &input->sentences->at[i];
	const struct terms *terms = input->terms;
	put(sentence->start_byte);
	put(sentence->end_byte);
	put(features->at[i][FEATURE_POSITION] > 0);
	put(terms->first[i + 1] - terms->first[i]);
	for (uint32_t k = terms->first[i]; k < terms->first[i + 1]; k++) {
		uint32_t term = terms->token[k].term;
		put(2 * term + (terms->distinct[term].flags & TERM_STOP));
	}
}

static void put_article(struct arena *arena, struct stems *stems, const json_t *article,
			size_t asked)
{
	struct span tag = string_of(article, "lang");
	const struct language *language = language_from_tag(tag.len > 0 ? tag : SPAN("en"));
	struct span text = string_of(article, "text");
	struct sentences sentences;
	struct terms terms;
	struct features features;
	arena_reset(arena);
	segment_text(arena, text, language, &sentences);
	tokenize_sentences(arena, stems, text, &sentences, language, &terms);
	struct score_input input = {.text = text,
				    .title = string_of(article, "title"),
				    .stems = stems,
				    .language = language,
				    .sentences = &sentences,
				    .terms = &terms,
				    .asked = asked};
	feature_compute(arena, &input, &features);
	put((uint32_t)features.len);
	put(FEATURE_COUNT);
	put(DOCUMENT_COUNT);
	fwrite(features.at, sizeof *features.at, features.len, stdout);
	fwrite(features.document, sizeof features.document, 1, stdout);
	for (size_t i = 0; i < features.len; i++)
		put_sentence(&input, &features, i);
}

int main(int argc, char **argv)
{
	size_t asked =
		argc == 3 && strcmp(argv[1], "--asked") == 0 ? strtoul(argv[2], NULL, 10) : 3;
	struct arena arena;
	arena_init(&arena, (size_t)1 << 30);
	struct stems *stems = stems_new();
	char *line = NULL;
	size_t room = 0;
	while (stems != NULL && getline(&line, &room, stdin) > 0) {
		json_t *article = json_loads(line, 0, NULL);
		if (article == NULL)
			return fprintf(stderr, "%s: not JSON: %.60s\n", argv[0], line), 1;
		put_article(&arena, stems, article, asked);
		json_decref(article);
	}
	free(line);
	stems_free(stems);
	arena_free(&arena);
	return 0;
}
