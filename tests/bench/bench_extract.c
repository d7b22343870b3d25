/* Extraction beside the HTML parse alone, in turn, in one run, page by page.
 *
 *   bench_extract < PAGES     PAGES: lines {"html": …}, as the extraction corpora's
 *   bench_extract FILE…       pages as files
 *
 * Prints the sums, their ratio, and the slowest page. */
#include "core/arena.h"
#include "core/extract.h"
#include "core/utf8.h"

#include <jansson.h>
#include <lexbor/html/html.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { ROUNDS = 3 }; /* the fastest counts */

struct sums {
	double parse_ms, extract_ms, slowest_ms;
	size_t pages, bytes, slowest_bytes, arena_bytes;
};

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double parse_ms(struct span html)
{
	double start = now_ms();
	lxb_html_document_t *document = lxb_html_document_create();
	lxb_html_document_parse(document, (const lxb_char_t *)html.at, html.len);
	lxb_html_document_destroy(document);
	return now_ms() - start;
}

static double extract_ms(struct arena *arena, struct span html)
{
	struct article article;
	arena_reset(arena);
	double start = now_ms();
	extract_article(arena, html, (struct span){NULL, 0}, false, NULL, &article);
	return now_ms() - start;
}

static void measure(struct arena *arena, struct span html, struct sums *sums)
{
	double parse = 1e9, extract = 1e9;
	html.len = utf8_check(html);
	for (int i = 0; i < ROUNDS; i++) {
		double ms = parse_ms(html);
		parse = ms < parse ? ms : parse;
		ms = extract_ms(arena, html);
		extract = ms < extract ? ms : extract;
	}
	sums->parse_ms += parse;
	sums->extract_ms += extract;
	sums->pages++;
	sums->bytes += html.len;
	if (arena->used_bytes > sums->arena_bytes)
		sums->arena_bytes = arena->used_bytes;
	if (extract > sums->slowest_ms) {
		sums->slowest_ms = extract;
		sums->slowest_bytes = html.len;
	}
}

static void measure_lines(struct arena *arena, struct sums *sums)
{
	char *line = NULL;
	size_t room = 0;
	while (getline(&line, &room, stdin) > 0) {
		json_t *row = json_loads(line, JSON_ALLOW_NUL, NULL);
		json_t *html = json_object_get(row, "html");
		if (html != NULL)
			measure(arena,
				(struct span){json_string_value(html), json_string_length(html)},
				sums);
		json_decref(row);
	}
	free(line);
}

static void measure_file(struct arena *arena, const char *path, struct sums *sums)
{
	FILE *file = fopen(path, "rb");
	size_t room = (size_t)16 << 20;
	char *at = malloc(room);
	if (file != NULL && at != NULL)
		measure(arena, (struct span){at, fread(at, 1, room, file)}, sums);
	if (file != NULL)
		fclose(file);
	free(at);
}

int main(int argc, char **argv)
{
	struct sums sums = {0};
	struct arena arena;
	struct rusage usage;
	arena_init(&arena, (size_t)1 << 30);
	for (int i = 1; i < argc; i++)
		measure_file(&arena, argv[i], &sums);
	if (argc == 1)
		measure_lines(&arena, &sums);
	getrusage(RUSAGE_SELF, &usage);
	printf("%zu pages, %.1f MB: parse %.1f ms, parse + extract %.1f ms, ratio %.2f; slowest "
	       "page "
	       "%.1f ms (%zu KB); largest arena %.1f MB, resident at most %ld MB\n",
	       sums.pages, (double)sums.bytes / 1e6, sums.parse_ms, sums.extract_ms,
	       sums.parse_ms > 0 ? sums.extract_ms / sums.parse_ms : 0, sums.slowest_ms,
	       sums.slowest_bytes >> 10, (double)sums.arena_bytes / 1e6, usage.ru_maxrss >> 10);
	arena_free(&arena);
	return sums.pages > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
