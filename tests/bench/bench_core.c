/* What does each step of the core cost?
 *
 * usage: bench_core FILE LANGUAGE [ROUNDS]
 *
 * FILE holds articles in UTF-8, a form feed between them. They are summarized in turn, so that the
 * processor's predictors do not learn one of them, ROUNDS times all (0: as often as fit into about
 * a third of a second), a worker's stemmers warm. Prints one JSON object: the articles' number and
 * mean size, and microseconds an article for each step, the median round and the fastest: language
 * detection (of a text without a declared language), segmenting, tokenizing, scoring, choosing;
 * "core" is their sum. Beside them, as measures of the machine, the same bytes copied, checked as
 * UTF-8, walked through by utf8proc, and parsed by jansson as a string of JSON. */
#include "core/summary.h"
#include "core/utf8.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <utf8proc.h>

enum step {
	STEP_DETECT,
	STEP_SEGMENT,
	STEP_TOKENIZE,
	STEP_SCORE,
	STEP_SELECT,
	STEP_KEYWORDS,
	STEP_CORE, /* the first five */
	STEP_MEMCPY,
	STEP_UTF8_CHECK,
	STEP_UTF8PROC,
	STEP_JANSSON,
	STEPS
};

static const char *const names[STEPS] = {"detect", "segment",  "tokenize", "score",
					 "select", "keywords", "core",     "memcpy",
					 "check",  "utf8proc", "jansson"};

enum { MAX_ROUNDS = 1000, LEAST_ROUNDS = 5 };

struct bench {
	struct arena arena;
	struct stems *stems;
	const struct language *language;
	struct span *article, *json; /* the same as one JSON string */
	size_t count, bytes, largest;
	char *copy;
	double took[MAX_ROUNDS][STEPS]; /* microseconds, for all articles together */
};

static double now_us(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec * 1e6 + (double)at.tv_nsec / 1e3;
}

static void run_core(struct bench *bench, struct span text, double *took)
{
	struct sentences sentences;
	struct terms terms;
	struct scores scores;
	struct selection selection;
	struct keywords keywords;
	struct select_options options = {.max_sentences = 3};
	double at[STEP_CORE + 1];
	struct arena *arena = &bench->arena;
	arena_reset(arena);
	at[STEP_DETECT] = now_us();
	const struct language *volatile detected = language_detect(text);
	(void)detected;
	at[STEP_SEGMENT] = now_us();
	segment_text(arena, text, bench->language, &sentences);
	at[STEP_TOKENIZE] = now_us();
	tokenize_sentences(arena, bench->stems, text, &sentences, bench->language, &terms);
	at[STEP_SCORE] = now_us();
	struct score_input input = {.text = text,
				    .stems = bench->stems,
				    .language = bench->language,
				    .sentences = &sentences,
				    .terms = &terms,
				    .asked = 3};
	score_sentences(arena, &input, &scores);
	at[STEP_SELECT] = now_us();
	select_sentences(arena, &input, &scores, &options, &selection);
	at[STEP_KEYWORDS] = now_us();
	keywords_find(arena, &input, &scores, 10, &keywords);
	at[STEP_CORE] = now_us();
	if (arena->failed)
		exit(EXIT_FAILURE);
	for (int step = 0; step < STEP_CORE; step++)
		took[step] += at[step + 1] - at[step];
	took[STEP_CORE] += at[STEP_KEYWORDS] - at[STEP_DETECT];
}

static void run_measures(struct bench *bench, size_t article, double *took)
{
	struct span text = bench->article[article], json = bench->json[article];
	double at[STEPS + 1];
	at[STEP_MEMCPY] = now_us();
	memcpy(bench->copy, text.at, text.len);
	__asm__ volatile("" : : "r"(bench->copy) : "memory");
	at[STEP_UTF8_CHECK] = now_us();
	volatile size_t fault = utf8_check(text);
	(void)fault;
	at[STEP_UTF8PROC] = now_us();
	utf8proc_int32_t codepoint, sum = 0;
	for (utf8proc_ssize_t i = 0; i < (utf8proc_ssize_t)text.len;) {
		i += utf8proc_iterate((const utf8proc_uint8_t *)text.at + i,
				      (utf8proc_ssize_t)text.len - i, &codepoint);
		sum ^= codepoint;
	}
	__asm__ volatile("" : : "r"(sum));
	at[STEP_JANSSON] = now_us();
	json_decref(json_loadb(json.at, json.len, JSON_DECODE_ANY, NULL));
	at[STEPS] = now_us();
	for (int step = STEP_MEMCPY; step < STEPS; step++)
		took[step] += at[step + 1] - at[step];
}

static void read_articles(struct bench *bench, const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL || fseek(file, 0, SEEK_END) != 0)
		exit(EXIT_FAILURE);
	size_t len = (size_t)ftell(file);
	char *text = malloc(len + 1);
	rewind(file);
	if (text == NULL || fread(text, 1, len, file) != len)
		exit(EXIT_FAILURE);
	fclose(file);
	text[len] = '\0';
	for (char *at = text, *end; at < text + len; at = end + 1) {
		end = at + strcspn(at, "\f");
		bench->article = realloc(bench->article, (bench->count + 1) * sizeof(struct span));
		bench->json = realloc(bench->json, (bench->count + 1) * sizeof(struct span));
		struct span article = {at, (size_t)(end - at)};
		json_t *string = json_stringn(article.at, article.len);
		char *json = json_dumps(string, JSON_ENCODE_ANY);
		if (json == NULL)
			exit(EXIT_FAILURE);
		json_decref(string);
		bench->article[bench->count] = article;
		bench->json[bench->count++] = span_of(json);
		bench->bytes += article.len;
		if (article.len > bench->largest)
			bench->largest = article.len;
	}
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

static void print(const struct bench *bench, size_t rounds)
{
	double column[MAX_ROUNDS], articles = (double)bench->count;
	printf("{\"language\": \"%s\", \"articles\": %zu, \"bytes\": %.0f, \"rounds\": %zu",
	       bench->language->tag, bench->count, (double)bench->bytes / articles, rounds);
	for (int step = 0; step < STEPS; step++) {
		for (size_t round = 0; round < rounds; round++)
			column[round] = bench->took[round][step];
		qsort(column, rounds, sizeof *column, compare);
		printf(", \"%s\": {\"median\": %.3f, \"least\": %.3f}", names[step],
		       column[rounds / 2] / articles, column[0] / articles);
	}
	puts("}");
}

int main(int argc, char **argv)
{
	static struct bench bench;
	if (argc < 3) {
		fprintf(stderr, "usage: bench_core FILE LANGUAGE [ROUNDS]\n");
		return EXIT_FAILURE;
	}
	read_articles(&bench, argv[1]);
	bench.language = language_from_tag(span_of(argv[2]));
	bench.copy = malloc(bench.largest + 1);
	bench.stems = stems_new();
	if (bench.language == NULL || bench.copy == NULL || bench.stems == NULL)
		return EXIT_FAILURE;
	arena_init(&bench.arena, (size_t)8 << 30);
	size_t most = argc > 3 ? strtoul(argv[3], NULL, 10) : 0, round = 0;
	for (double start = now_us(); round < MAX_ROUNDS; round++) {
		if (most > 0 ? round == most : round >= LEAST_ROUNDS && now_us() - start > 350e3)
			break;
		for (size_t i = 0; i < bench.count; i++) {
			run_core(&bench, bench.article[i], bench.took[round]);
			run_measures(&bench, i, bench.took[round]);
		}
	}
	print(&bench, round);
	return EXIT_SUCCESS;
}
