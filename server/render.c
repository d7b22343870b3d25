#include "render.h"

#include "digest.h"
#include "fragment.h"
#include "version.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *const units[] = {
	[OFFSET_UTF8] = "utf8", [OFFSET_UTF16] = "utf16", [OFFSET_CODEPOINT] = "codepoint"};
static const char *const kinds[] = {
	[REQUEST_TEXT] = "text", [REQUEST_HTML] = "html", [REQUEST_URL] = "url"};

static json_t *string(struct span s)
{
	return json_stringn_nocheck(s.at == NULL ? "" : s.at, s.len);
}

/* Four decimals say all there is to say, and are the same on every machine. */
static json_t *rounded(double score)
{
	return json_real((double)(long)(score * 10000 + 0.5) / 10000);
}

static json_t *offset(const struct utf8_map *map, size_t byte)
{
	return json_integer((json_int_t)utf8_map_at(map, byte));
}

static void set_string(json_t *object, const char *name, struct span value)
{
	if (value.len > 0)
		json_object_set_new_nocheck(object, name, string(value));
}

/* Chinese and Japanese sentences follow one another without a space. */
static bool joins_without_space(const struct language *language)
{
	return strcmp(language->tag, "zh") == 0 || strcmp(language->tag, "ja") == 0;
}

/* The chosen sentences as one text: line breaks inside a sentence become spaces. */
static json_t *joined(struct arena *arena, const struct render_input *input, const uint32_t *chosen,
		      size_t len)
{
	const struct sentence *all = input->summary->sentences.at;
	size_t room = 0, n = 0;
	for (size_t i = 0; i < len; i++)
		room += all[chosen[i]].end_byte - all[chosen[i]].start_byte + 1;
	char *out = arena_alloc(arena, room, 1);
	if (out == NULL)
		return NULL;
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
	return json_stringn_nocheck(out, n);
}

static json_t *chosen_sentence(struct arena *arena, const struct render_input *input,
			       const struct utf8_map *map, uint32_t index)
{
	const struct sentence *s = &input->summary->sentences.at[index];
	json_t *out = json_object();
	json_object_set_new_nocheck(out, "text",
				    string(span_slice(input->text, s->start_byte, s->end_byte)));
	json_object_set_new_nocheck(out, "start", offset(map, s->start_byte));
	json_object_set_new_nocheck(out, "end", offset(map, s->end_byte));
	json_object_set_new_nocheck(out, "index", json_integer(index));
	json_object_set_new_nocheck(out, "paragraph", json_integer(s->paragraph));
	json_object_set_new_nocheck(out, "score", rounded(input->summary->scores.at[index]));
	if (input->request->kind == REQUEST_URL)
		set_string(out, "fragment",
			   fragment_make(arena, input->text, s->start_byte, s->end_byte));
	if ((input->request->include & INCLUDE_HTML_OFFSETS) && input->article != NULL &&
	    input->article->run_count > 0) {
		uint32_t start, end;
		extract_html_range(input->article, s->start_byte, s->end_byte, &start, &end);
		json_object_set_new_nocheck(out, "html_start", json_integer(start));
		json_object_set_new_nocheck(out, "html_end", json_integer(end));
	}
	return out;
}

static int compare_scores(const void *a, const void *b, void *scores)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	const float *score = scores;
	if (score[left] != score[right])
		return score[left] > score[right] ? -1 : 1;
	return left < right ? -1 : 1;
}

/* The chosen indices by falling score; equal scores keep the source's order. */
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

static void add_hex(json_t *object, const char *name, struct span bytes)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[DIGEST_BYTES];
	char hex[2 * DIGEST_BYTES];
	digest_of(bytes.at, bytes.len, digest);
	for (size_t i = 0; i < sizeof(digest); i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	json_object_set_new_nocheck(object, name, json_stringn_nocheck(hex, sizeof(hex)));
}

static json_t *source(const struct render_input *input, const struct utf8_map *map)
{
	const struct article *article = input->article;
	json_t *out = json_object();
	json_object_set_new_nocheck(out, "kind", json_string(kinds[input->request->kind]));
	set_string(out, "url", input->url);
	if (article != NULL && article->title.len > 0)
		set_string(out, "title", article->title);
	else
		set_string(out, "title", input->request->title);
	if (article != NULL) {
		set_string(out, "byline", article->byline);
		set_string(out, "site_name", article->site_name);
		set_string(out, "published", article->published);
		set_string(out, "modified", article->modified);
		set_string(out, "canonical_url", article->canonical_url);
		set_string(out, "image", article->image_url);
		set_string(out, "description", article->description);
		if (article->partial)
			json_object_set_new_nocheck(out, "partial", json_true());
	}
	json_object_set_new_nocheck(out, "language", json_string(input->summary->language->tag));
	json_object_set_new_nocheck(out, "sentences",
				    json_integer((json_int_t)input->summary->sentences.len));
	json_object_set_new_nocheck(out, "words",
				    json_integer((json_int_t)input->summary->terms.word_count));
	json_object_set_new_nocheck(out, "length", offset(map, input->text.len));
	add_hex(out, "sha256", input->text);
	if (input->request->include & INCLUDE_TEXT)
		json_object_set_new_nocheck(out, "text", string(input->text));
	return out;
}

static json_t *keywords(const struct render_input *input, const struct utf8_map *map)
{
	json_t *out = json_array();
	for (size_t i = 0; i < input->summary->keywords.len; i++) {
		const struct keyword *keyword = &input->summary->keywords.at[i];
		json_t *occurrences = json_array();
		for (size_t k = 0; k < keyword->count; k++) {
			json_t *pair = json_array();
			json_array_append_new(pair, offset(map, keyword->at[k].start_byte));
			json_array_append_new(pair, offset(map, keyword->at[k].end_byte));
			json_array_append_new(occurrences, pair);
		}
		json_t *object = json_object();
		json_object_set_new_nocheck(object, "text", string(keyword->text));
		json_object_set_new_nocheck(object, "score", rounded(keyword->score));
		json_object_set_new_nocheck(object, "occurrences", occurrences);
		json_array_append_new(out, object);
	}
	return out;
}

static json_t *all_sentences(const struct render_input *input, const struct utf8_map *map)
{
	json_t *out = json_array();
	for (size_t i = 0; i < input->summary->sentences.len; i++) {
		const struct sentence *s = &input->summary->sentences.at[i];
		json_t *object = json_object();
		json_object_set_new_nocheck(object, "start", offset(map, s->start_byte));
		json_object_set_new_nocheck(object, "end", offset(map, s->end_byte));
		json_object_set_new_nocheck(object, "score", rounded(input->summary->scores.at[i]));
		json_object_set_new_nocheck(object, "paragraph", json_integer(s->paragraph));
		json_array_append_new(out, object);
	}
	return out;
}

struct buffer {
	char *at;
	size_t len, room;
	bool failed; /* jansson passes over it where the piece was a key */
};

static int append(const char *bytes, size_t size, void *data)
{
	struct buffer *buffer = data;
	if (size > buffer->room - buffer->len) {
		size_t room = (buffer->len + size) * 2;
		char *grown = realloc(buffer->at, room);
		buffer->failed |= grown == NULL;
		if (grown == NULL)
			return -1;
		buffer->at = grown;
		buffer->room = room;
	}
	memcpy(buffer->at + buffer->len, bytes, size);
	buffer->len += size;
	return 0;
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

	json_t *out = json_object(), *sentences = json_array();
	set_string(out, "id", request->id);
	json_object_set_new_nocheck(out, "summary",
				    joined(arena, input, order, summary->selection.len));
	for (size_t i = 0; i < summary->selection.len; i++)
		json_array_append_new(sentences, chosen_sentence(arena, input, &map, order[i]));
	json_object_set_new_nocheck(out, "sentences", sentences);
	json_object_set_new_nocheck(out, "offset_unit", json_string(units[request->offset_unit]));
	json_object_set_new_nocheck(out, "reduced",
				    json_boolean(summary->selection.len < summary->sentences.len));
	json_object_set_new_nocheck(out, "source", source(input, &map));
	if (request->include & INCLUDE_KEYWORDS)
		json_object_set_new_nocheck(out, "keywords", keywords(input, &map));
	if (request->include & INCLUDE_SENTENCES)
		json_object_set_new_nocheck(out, "all_sentences", all_sentences(input, &map));
	json_object_set_new_nocheck(out, "engine", json_string(PRECIS_ENGINE));

	struct buffer buffer = {0};
	/* jansson keeps going where memory for a part is refused: then the answer would lack it. */
	bool whole =
		!arena->failed && json_dump_callback(out, append, &buffer,
						     JSON_COMPACT | JSON_REAL_PRECISION(6)) == 0;
	json_decref(out);
	if (!whole || buffer.failed || arena->failed) {
		free(buffer.at);
		return NULL;
	}
	*len = buffer.len;
	return buffer.at;
}
