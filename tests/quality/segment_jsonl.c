/* A filter: corpus lines {"id", "lang", "text"} on stdin, {"id", "lang", "sentences": [[start,
 * end], …]} on stdout, offsets in code points, as the scorers of sentence segmentation want them.
 *
 *   --detect        ignore "lang" and let the core find the language
 *   --languages N   no segmentation: {"id", "want", "got"} for the first N characters of each text
 */
#include "core/arena.h"
#include "core/language.h"
#include "core/segment.h"
#include "core/utf8.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t ceiling_bytes = (size_t)1 << 30;

static struct span first_chars(struct span text, size_t chars)
{
	size_t at = 0;
	while (at < text.len && chars-- > 0) {
		uint32_t codepoint;
		at += utf8_decode(text, at, &codepoint);
	}
	return span_slice(text, 0, at);
}

static json_t *spans(struct arena *arena, struct span text, const struct language *language)
{
	struct sentences sentences;
	segment_text(arena, text, language, &sentences);
	json_t *list = json_array();
	struct utf8_map map;
	utf8_map_init(&map, arena, text, OFFSET_CODEPOINT);
	for (size_t i = 0; i < sentences.len; i++) {
		size_t start = utf8_map_at(&map, sentences.at[i].start_byte);
		size_t end = utf8_map_at(&map, sentences.at[i].end_byte);
		json_array_append_new(list, json_pack("[I,I]", (json_int_t)start, (json_int_t)end));
	}
	arena_reset(arena);
	return list;
}

static bool answer(struct arena *arena, const char *line, bool detect, size_t chars)
{
	const char *id, *tag = "";
	struct span text;
	json_t *row = json_loads(line, 0, NULL), *out;
	if (json_unpack(row, "{s:s,s?s,s:s%}", "id", &id, "lang", &tag, "text", &text.at,
			&text.len) != 0) {
		json_decref(row);
		return false;
	}
	if (chars > 0) {
		const struct language *found = language_detect(first_chars(text, chars));
		out = json_pack("{s:s,s:s,s:s}", "id", id, "want", tag, "got", found->tag);
	} else {
		const struct language *language = detect ? NULL : language_from_tag(span_of(tag));
		if (language == NULL)
			language = language_detect(text);
		out = json_pack("{s:s,s:s,s:o}", "id", id, "lang", language->tag, "sentences",
				spans(arena, text, language));
	}
	json_dumpf(out, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(out);
	json_decref(row);
	return true;
}

int main(int argc, char **argv)
{
	bool detect = argc > 1 && strcmp(argv[1], "--detect") == 0;
	size_t chars =
		argc > 2 && strcmp(argv[1], "--languages") == 0 ? strtoul(argv[2], NULL, 10) : 0;
	struct arena arena;
	char *line = NULL;
	size_t room = 0;
	int status = EXIT_SUCCESS;
	arena_init(&arena, ceiling_bytes);
	while (getline(&line, &room, stdin) > 0)
		if (!answer(&arena, line, detect, chars))
			status = EXIT_FAILURE;
	free(line);
	arena_free(&arena);
	return status;
}
