/* What does each step of the core cost?
 *
 * usage: bench_core [FILE [LANGUAGE]]
 *
 * FILE is plain UTF-8 text; without it, a small article of our own. Prints, for the file's first 5
 * KB as one article, microseconds a step (the best of many rounds, a worker's stemmers warm),
 * beside the time of copying and of checking the same bytes in the same run as a measure of the
 * machine; and nanoseconds a byte for the file repeated to 1 KB … 10 MB, which must not grow by
 * half. */
#include "core/summary.h"
#include "core/utf8.h"

#include "tests/core/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_BYTES = 10 * 1000 * 1000, ROUNDS = 400 };

enum step {
	STEP_SEGMENT,
	STEP_TOKENIZE,
	STEP_SCORE,
	STEP_SELECT,
	STEP_KEYWORDS,
	STEP_COPY,
	STEP_CHECK,
	STEPS
};

static const char *const step_names[STEPS] = {"segment",  "tokenize", "score",     "select",
					      "keywords", "memcpy",   "utf8_check"};

static double now_us(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static void run_steps(struct arena *arena, struct stems *stems, struct span text,
		      const struct language *language, double took[STEPS])
{
	struct sentences sentences;
	struct terms terms;
	struct scores scores;
	struct selection selection;
	struct keywords keywords;
	struct select_options options = {.max_sentences = 3};
	double at[STEPS + 1];
	arena_reset(arena);
	at[STEP_SEGMENT] = now_us();
	segment_text(arena, text, language, &sentences);
	at[STEP_TOKENIZE] = now_us();
	tokenize_sentences(arena, stems, text, &sentences, language, &terms);
	at[STEP_SCORE] = now_us();
	struct score_input input = {.text = text,
				    .stems = stems,
				    .language = language,
				    .sentences = &sentences,
				    .terms = &terms,
				    .asked = 3};
	score_sentences(arena, &input, &scores);
	at[STEP_SELECT] = now_us();
	select_sentences(arena, &input, &scores, &options, &selection);
	at[STEP_KEYWORDS] = now_us();
	keywords_find(arena, &input, &scores, 10, &keywords);
	at[STEP_COPY] = now_us();
	arena_copy(arena, text);
	at[STEP_CHECK] = now_us();
	volatile size_t fault = utf8_check(text);
	(void)fault;
	at[STEPS] = now_us();
	if (arena->failed)
		exit(1);
	for (int step = 0; step < STEPS; step++)
		if (at[step + 1] - at[step] < took[step])
			took[step] = at[step + 1] - at[step];
}

static double measure(struct span text, const struct language *language, unsigned rounds,
		      double took[STEPS])
{
	struct arena arena;
	struct stems *stems = stems_new();
	double core = 0;
	arena_init(&arena, (size_t)4 << 30);
	for (int step = 0; step < STEPS; step++)
		took[step] = 1e12;
	for (unsigned round = 0; round < rounds; round++)
		run_steps(&arena, stems, text, language, took);
	for (int step = 0; step <= STEP_SELECT; step++)
		core += took[step];
	stems_free(stems);
	arena_free(&arena);
	return core;
}

/* The first `len` bytes, without a broken character at the end. */
static struct span first_bytes(const char *text, size_t len)
{
	while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
		len--;
	return (struct span){text, len};
}

int main(int argc, char **argv)
{
	char *text = malloc(MOST_BYTES + 1);
	size_t len = 0;
	if (text == NULL)
		return 1;
	FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
	if (file != NULL) {
		len = fread(text, 1, MOST_BYTES, file);
		fclose(file);
	} else {
		len = sizeof sample_article - 1;
		memcpy(text, sample_article, len);
	}
	if (len == 0)
		return 1;
	for (size_t have = len; have < MOST_BYTES; have++)
		text[have] = text[have - len];
	text[MOST_BYTES] = '\0';

	const struct language *language = language_from_tag(span_of(argc > 2 ? argv[2] : "en"));
	double took[STEPS];
	struct span article = first_bytes(text, len < 5000 ? len : 5000);
	double core = measure(article, language, ROUNDS, took);
	printf("%zu bytes:", article.len);
	for (int step = 0; step < STEPS; step++)
		printf(" %s %.1f", step_names[step], took[step]);
	printf(" us; segment to select %.1f us\n", core);
	for (size_t size = 1000; size <= MOST_BYTES; size *= 10) {
		struct span part = first_bytes(text, size);
		core = measure(part, language, size <= 100000 ? 50 : 3, took);
		printf("%zu bytes: %.1f ns a byte\n", part.len, 1e3 * core / (double)part.len);
	}
	free(text);
	return 0;
}
