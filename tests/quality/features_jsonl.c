/*
 * A filter for the trainer: articles as JSON lines on standard input; on standard output, for each,
 * what the scorer knows of it, in this machine's byte order:
 *
 *   uint32  sentences n, sentence features F, document features D
 *   float   [n][F], [D]
 *   n times uint32  start byte, end byte, is prose, tokens m, then m terms (2 * number + is stop
 * word)
 *
 *   features_jsonl [--asked N] < corpus.jsonl
 */
#include "jsonl.h"

#include "core/feature.h"
#include "core/summary.h"

struct filter {
	struct arena arena;
	struct stems *stems;
	size_t asked;
};

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

static void put_article(void *arg, const json_t *article)
{
	struct filter *filter = arg;
	struct arena *arena = &filter->arena;
	struct span tag = jsonl_string(article, "lang");
	const struct language *language = language_from_tag(tag.len > 0 ? tag : SPAN("en"));
	struct span text = jsonl_string(article, "text");
	struct sentences sentences;
	struct terms terms;
	struct features features;
	arena_reset(arena);
	segment_text(arena, text, language, &sentences);
	tokenize_sentences(arena, filter->stems, text, &sentences, language, &terms);
	struct score_input input = {.text = text,
				    .title = jsonl_string(article, "title"),
				    .stems = filter->stems,
				    .language = language,
				    .sentences = &sentences,
				    .terms = &terms,
				    .asked = filter->asked};
	feature_compute(arena, &input, &features);
	put((uint32_t)features.len);
	put(FEATURE_COUNT);
	put(DOCUMENT_COUNT);
	for (size_t i = 0; i < features.len; i++)
		fwrite(features.at[i], sizeof(float), FEATURE_COUNT, stdout);
	fwrite(features.document, sizeof features.document, 1, stdout);
	for (size_t i = 0; i < features.len; i++)
		put_sentence(&input, &features, i);
}

int main(int argc, char **argv)
{
	bool given = argc == 3 && strcmp(argv[1], "--asked") == 0;
	struct filter filter = {.stems = stems_new(),
				.asked = given ? strtoul(argv[2], NULL, 10) : 3};
	arena_init(&filter.arena, (size_t)1 << 30);
	bool good = filter.stems != NULL && jsonl_each(put_article, &filter);
	stems_free(filter.stems);
	arena_free(&filter.arena);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
