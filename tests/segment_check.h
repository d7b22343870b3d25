#ifndef TESTS_SEGMENT_CHECK_H
#define TESTS_SEGMENT_CHECK_H

#include "core/glyph.h"
#include "core/segment.h"
#include "core/utf8.h"

#include <utf8proc.h>

/* What holds for the sentences of any text; the unit test and the fuzz target both ask. */

/** Is there a grapheme boundary at byte `at`? Looks back 200 bytes, or to the last line feed: none
 * crosses it. */
static inline bool grapheme_breaks_at(struct span text, size_t at)
{
	size_t from = at;
	if (at == 0 || at >= text.len)
		return true;
	while (from > 0 && text.at[from - 1] != '\n' && at - from < 200)
		from--;
	while ((text.at[from] & 0xC0) == 0x80)
		from++;
	uint32_t before, next;
	int32_t state = 0;
	bool breaks = true;
	from += utf8_decode(text, from, &before);
	while (from <= at) {
		size_t len = utf8_decode(text, from, &next);
		breaks = utf8proc_grapheme_break_stateful((int32_t)before, (int32_t)next, &state);
		before = next;
		from += len;
	}
	return breaks;
}

/** White space, or a character that shows nothing. */
static inline bool is_hidden(struct glyph glyph)
{
	return glyph.kind == GLYPH_SPACE || glyph.kind == GLYPH_NEWLINE;
}

/** The name of the first property that `sentences` of `text` lack, or NULL. */
static inline const char *segment_fault(struct span text, const struct sentences *sentences)
{
	size_t at = 0;
	uint32_t paragraph = 0;
	for (size_t i = 0; i <= sentences->len; i++) {
		bool last = i == sentences->len;
		size_t start = last ? text.len : sentences->at[i].start_byte;
		size_t end = last ? text.len : sentences->at[i].end_byte;
		bool line_first = at == 0;
		if (start < at || end > text.len || (!last && end <= start))
			return "order";
		for (struct glyph glyph; at < start; at += glyph.len) {
			glyph = glyph_at(text, at);
			line_first |= glyph.kind == GLYPH_NEWLINE;
			if (!is_hidden(glyph))
				return "visible characters are covered";
		}
		if (last)
			break;
		if (at != start || (start > 0 && (text.at[start] & 0xC0) == 0x80) ||
		    (end < text.len && (text.at[end] & 0xC0) == 0x80))
			return "whole characters";
		if (is_hidden(glyph_at(text, start)) || is_hidden(glyph_before(text, end)))
			return "trimmed";
		/* A mark may combine with the space that is trimmed: at a line's two ends, and
		 * nowhere else. */
		if (!line_first && !grapheme_breaks_at(text, start))
			return "whole graphemes";
		if (!is_hidden(glyph_at(text, end)) && !grapheme_breaks_at(text, end))
			return "whole graphemes";
		if (sentences->at[i].paragraph < paragraph ||
		    sentences->at[i].kind > SENTENCE_LABEL)
			return "paragraphs rise";
		paragraph = sentences->at[i].paragraph;
		at = end;
	}
	return NULL;
}

#endif
