/* A filter: corpus pages {"id", "html" or "html_b64", perhaps "url"} a line on stdin, {"id",
 * "text", "title", "author", "date", "description"} a line on stdout, as the scorer of extraction
 * and the trainer of the ranker want them.
 *
 *   --blocks          instead, for the trainer of the block scorer: for each page, in native byte
 *                     order, uint32 blocks, uint32 features a block; then for each block uint32
 *                     length and its text; then the features, floats */
#include "core/arena.h"
#include "core/blockscore.h"
#include "core/charset.h"
#include "core/extract.h"
#include "core/utf8.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t ceiling_bytes = (size_t)1 << 30;

static size_t decode_base64(const char *from, char *to)
{
	size_t n = 0;
	uint32_t bits = 0;
	int have = 0;
	for (; *from != '\0' && *from != '='; from++) {
		const char *digits =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
		const char *digit = strchr(digits, *from);
		if (digit == NULL)
			continue;
		bits = bits << 6 | (uint32_t)(digit - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			to[n++] = (char)(bits >> have);
		}
	}
	return n;
}

/* The page as the service would get it: "html" counts as sent and declared as UTF-8. */
static struct span page_of(struct arena *arena, json_t *row)
{
	const char *encoded = json_string_value(json_object_get(row, "html_b64"));
	if (encoded != NULL) {
		char *bytes = arena_alloc(arena, strlen(encoded) + 1, 1);
		size_t len = bytes == NULL ? 0 : decode_base64(encoded, bytes);
		return charset_to_utf8(arena, (struct span){bytes, len}, (struct span){NULL, 0},
				       NULL);
	}
	json_t *html = json_object_get(row, "html");
	struct span page = {json_string_value(html), json_string_length(html)};
	return charset_to_utf8(arena, page, SPAN("utf-8"), NULL);
}

static void set(json_t *object, const char *key, struct span value)
{
	if (value.len > 0)
		json_object_set_new(object, key, json_stringn(value.at, value.len));
}

static void answer(struct arena *arena, json_t *row, struct span html)
{
	struct article article;
	json_t *url = json_object_get(row, "url");
	struct span base_url = {json_string_value(url), json_string_length(url)};
	enum extract_status status = extract_article(arena, html, base_url, false, NULL, &article);
	json_t *out = json_pack("{s:O}", "id", json_object_get(row, "id"));
	if (status == EXTRACT_OK) {
		set(out, "text", article.text);
		set(out, "title", article.title);
		set(out, "author", article.byline);
		set(out, "date", article.published);
		set(out, "description", article.description);
	} else if (status == EXTRACT_NO_ARTICLE) {
		set(out, "seen", span_of(article.seen));
	}
	json_dumpf(out, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(out);
}

static bool dump_blocks(struct arena *arena, struct span html)
{
	struct html_page page;
	struct blocks blocks;
	html_parse(arena, html, NULL, &page);
	blocks_read(arena, &page, false, &blocks);
	float *features = blockscore_features(arena, &blocks);
	bool ok = features != NULL;
	uint32_t head[] = {ok ? (uint32_t)blocks.len : 0, BLOCK_FEATURES};
	fwrite(head, sizeof(head), 1, stdout);
	for (size_t i = 0; ok && i < blocks.len; i++) {
		fwrite(&blocks.at[i].text_len, sizeof(uint32_t), 1, stdout);
		fwrite(blocks.text + blocks.at[i].text_byte, 1, blocks.at[i].text_len, stdout);
	}
	if (ok)
		fwrite(features, BLOCK_FEATURES * sizeof(*features), blocks.len, stdout);
	html_free(&page);
	return ok;
}

int main(int argc, char **argv)
{
	bool dump = argc > 1 && strcmp(argv[1], "--blocks") == 0;
	char *line = NULL;
	size_t room = 0;
	struct arena arena;
	arena_init(&arena, ceiling_bytes);
	bool ok = true;
	while (ok && getline(&line, &room, stdin) > 0) {
		json_t *row = json_loads(line, JSON_ALLOW_NUL, NULL);
		ok = row != NULL;
		struct span html = page_of(&arena, row);
		if (dump)
			ok = ok && dump_blocks(&arena, html);
		else if (ok)
			answer(&arena, row, html);
		json_decref(row);
		arena_reset(&arena);
	}
	free(line);
	arena_free(&arena);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
