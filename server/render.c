#include "render.h"

#include "digest.h"
#include "fragment.h"
#include "json_out.h"
#include "version.h"

#include <stdlib.h>
#include <string.h>

static void put_offset(struct json_out *out, const char *name, const struct utf8_map *map,
		       size_t byte)
{
	json_out_key(out, name);
	json_out_integer(out, utf8_map_at(map, byte));
}

static void put_integer(struct json_out *out, const char *name, uint64_t number)
{
	json_out_key(out, name);
	json_out_integer(out, number);
}

static void put_share(struct json_out *out, const char *name, float share)
{
	json_out_key(out, name);
	json_out_share(out, (double)share);
}

static void put_string(struct json_out *out, const char *name, struct span value)
{
	json_out_key(out, name);
	json_out_string(out, value);
}

static void put_if_any(struct json_out *out, const char *name, struct span value)
{
	if (value.len > 0)
		put_string(out, name, value);
}

/* Chinese and Japanese have no space between sentences. */
static bool joins_without_space(const struct language *language)
{
	return strcmp(language->tag, "zh") == 0 || strcmp(language->tag, "ja") == 0;
}

/* The chosen sentences as one text: line breaks inside a sentence become spaces. */
static struct span joined(struct arena *arena, const struct render_input *input,
			  const uint32_t *chosen, size_t len)
{
	const struct sentence *all = input->summary->sentences.at;
	size_t room = 0, n = 0;
	for (size_t i = 0; i < len; i++)
		room += all[chosen[i]].end_byte - all[chosen[i]].start_byte + 1;
	char *out = arena_alloc(arena, room, 1);
	if (out == NULL)
		return (struct span){NULL, 0};
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && !joins_without_space(input->summary->language))
			out[n++] = ' ';
		for (size_t at = all[chosen[i]].start_byte; at < all[chosen[i]].end_byte; at++) {
			char c = input->text.at[at];
			bool space = c == ' ' || (c >= '\t' && c <= '\r');
			if (!space)
				out[n++] = c;
			else if (n > 0 && out[n - 1] != ' ')
				out[n++] = ' ';
		}
	}
	return (struct span){out, n};
}

static void put_chosen(struct json_out *out, struct arena *arena, const struct render_input *input,
		       const struct utf8_map *map, struct fragment_page *page, uint32_t index)
{
	const struct sentence *s = &input->summary->sentences.at[index];
	json_out_begin(out, '{');
	put_string(out, "text", span_slice(input->text, s->start_byte, s->end_byte));
	put_offset(out, "start", map, s->start_byte);
	put_offset(out, "end", map, s->end_byte);
	put_integer(out, "index", index);
	put_integer(out, "paragraph", s->paragraph);
	put_share(out, "score", input->summary->scores.at[index]);
	if (input->request->kind == REQUEST_URL)
		put_if_any(out, "fragment", fragment_make(arena, page, s->start_byte, s->end_byte));
	uint32_t start, end;
	if ((input->request->include & INCLUDE_HTML_OFFSETS) && input->article != NULL &&
	    extract_html_range(input->article, s->start_byte, s->end_byte, &start, &end)) {
		put_integer(out, "html_start", start);
		put_integer(out, "html_end", end);
	}
	json_out_end(out, '}');
}

static int compare_scores(const void *a, const void *b, void *scores)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	const float *score = scores;
	if (score[left] != score[right])
		return score[left] > score[right] ? -1 : 1;
	return left < right ? -1 : 1;
}

/* The chosen indices by descending score; equal scores keep the source's order. */
static uint32_t *by_score(struct arena *arena, const struct summary *summary)
{
	size_t len = summary->selection.len;
	uint32_t *order = arena_alloc(arena, len, sizeof(*order));
	if (order == NULL)
		return NULL;
	memcpy(order, summary->selection.at, len * sizeof(*order));
	qsort_r(order, len, sizeof(*order), compare_scores, summary->scores.at);
	return order;
}

static void put_digest(struct json_out *out, const char *name, struct span bytes)
{
	unsigned char digest[DIGEST_BYTES];
	char hex[2 * DIGEST_BYTES];
	digest_of(bytes.at, bytes.len, digest);
	digest_hex(digest, sizeof(digest), hex);
	put_string(out, name, (struct span){hex, sizeof(hex)});
}

static void put_article(struct json_out *out, const struct article *article)
{
	put_if_any(out, "byline", article->byline);
	put_if_any(out, "site_name", article->site_name);
	put_if_any(out, "published", article->published);
	put_if_any(out, "modified", article->modified);
	put_if_any(out, "canonical_url", article->canonical_url);
	put_if_any(out, "image", article->image_url);
	put_if_any(out, "description", article->description);
	if (article->partial) {
		json_out_key(out, "partial");
		json_out_bool(out, true);
	}
}

static void put_source(struct json_out *out, const struct render_input *input,
		       const struct utf8_map *map)
{
	const struct article *article = input->article;
	json_out_begin(out, '{');
	put_string(out, "kind", span_of(request_kinds[input->request->kind]));
	put_if_any(out, "url", input->url);
	put_if_any(out, "title",
		   article != NULL && article->title.len > 0 ? article->title
							     : input->request->title);
	if (article != NULL)
		put_article(out, article);
	put_string(out, "language", span_of(input->summary->language->tag));
	put_integer(out, "sentences", input->summary->sentences.len);
	put_integer(out, "words", input->summary->terms.word_count);
	put_offset(out, "length", map, input->text.len);
	put_digest(out, "sha256", input->text);
	if (input->request->include & INCLUDE_TEXT)
		put_string(out, "text", input->text);
	json_out_end(out, '}');
}

static void put_keyword(struct json_out *out, const struct keyword *keyword,
			const struct utf8_map *map)
{
	json_out_begin(out, '{');
	put_string(out, "text", keyword->text);
	put_share(out, "score", keyword->score);
	json_out_key(out, "occurrences");
	json_out_begin(out, '[');
	for (size_t k = 0; k < keyword->count; k++) {
		json_out_begin(out, '[');
		json_out_integer(out, utf8_map_at(map, keyword->at[k].start_byte));
		json_out_integer(out, utf8_map_at(map, keyword->at[k].end_byte));
		json_out_end(out, ']');
	}
	json_out_end(out, ']');
	json_out_end(out, '}');
}

static void put_sentence(struct json_out *out, const struct render_input *input,
			 const struct utf8_map *map, size_t index)
{
	const struct sentence *s = &input->summary->sentences.at[index];
	json_out_begin(out, '{');
	put_offset(out, "start", map, s->start_byte);
	put_offset(out, "end", map, s->end_byte);
	put_share(out, "score", input->summary->scores.at[index]);
	put_integer(out, "paragraph", s->paragraph);
	json_out_end(out, '}');
}

static void put_answer(struct json_out *out, struct arena *arena, const struct render_input *input,
		       const struct utf8_map *map, const uint32_t *order)
{
	const struct summary *summary = input->summary;
	const struct request *request = input->request;
	struct fragment_page page;
	if (request->kind == REQUEST_URL)
		fragment_page_init(&page, arena, input->text);
	json_out_begin(out, '{');
	put_if_any(out, "id", request->id);
	put_string(out, "summary", joined(arena, input, order, summary->selection.len));
	json_out_key(out, "sentences");
	json_out_begin(out, '[');
	for (size_t i = 0; i < summary->selection.len; i++)
		put_chosen(out, arena, input, map, &page, order[i]);
	json_out_end(out, ']');
	put_string(out, "offset_unit", span_of(request_units[request->offset_unit]));
	json_out_key(out, "reduced");
	json_out_bool(out, summary->selection.len < summary->sentences.len);
	json_out_key(out, "source");
	put_source(out, input, map);
	if (request->include & INCLUDE_KEYWORDS) {
		json_out_key(out, "keywords");
		json_out_begin(out, '[');
		for (size_t i = 0; i < summary->keywords.len; i++)
			put_keyword(out, &summary->keywords.at[i], map);
		json_out_end(out, ']');
	}
	if (request->include & INCLUDE_SENTENCES) {
		json_out_key(out, "all_sentences");
		json_out_begin(out, '[');
		for (size_t i = 0; i < summary->sentences.len; i++)
			put_sentence(out, input, map, i);
		json_out_end(out, ']');
	}
	put_string(out, "engine", SPAN(PRECIS_ENGINE));
	json_out_end(out, '}');
}

char *render_answer(struct arena *arena, const struct render_input *input, size_t *len)
{
	const struct summary *summary = input->summary;
	const struct request *request = input->request;
	const uint32_t *order =
		request->order == ORDER_SCORE ? by_score(arena, summary) : summary->selection.at;
	struct utf8_map map;
	utf8_map_init(&map, arena, input->text, request->offset_unit);
	if (arena->failed)
		return NULL;
	/* The answer outlives the arena, but while it is made it counts as the job's memory. */
	struct json_out out = {.max = arena->ceiling_bytes - arena->used_bytes + 1};
	put_answer(&out, arena, input, &map, order);
	if (out.failed || arena->failed) {
		free(out.at);
		return NULL;
	}
	*len = out.len;
	/* While it is kept or sent only its length is counted, so give the rest back. */
	char *fitted = realloc(out.at, out.len);
	return fitted == NULL ? out.at : fitted;
}
