#include "abstract.h"

#include "abstract_table.h"
#include "ascii.h"
#include "marks.h"
#include "utf8.h"

#include <utf8proc.h>

enum {
	MOST_SENTENCES = 60, /* of an abstract; a whole paper has more to say in each section */
	ALONE_WORDS = 3,     /* of a label with a full stop: "METHODS." */
};

/* A quick no for nearly all sentences: they have more words than a label that stands alone, and
 * neither a colon nor a bracket where a label has one. */
static bool may_be_label(struct span text, bool alone)
{
	enum { WIDE_COLON_END = 0x9A };
	_Static_assert(LABEL_LONGEST + 4 <= MARKS_LABEL_BYTES, "a label may be marked");
	if (alone || marks_may_label(text))
		return true;
	size_t len = text.len < MARKS_LABEL_BYTES ? text.len : MARKS_LABEL_BYTES;
	unsigned char first = (unsigned char)text.at[0];
	return first == '[' || (first >= 0xE3 && memchr(text.at, WIDE_COLON_END, len) != NULL) ||
	       span_begins(text, SPAN("\xE3\x80\x90"));
}

static bool ends_label(uint32_t c)
{
	return c == ':' || c == '.' || c == ']' || c == 0x3011 || c == 0xFF1A;
}

static enum abstract_part part_of(struct span label)
{
	size_t low = 0, high = COUNT(labels);
	while (low < high) {
		size_t middle = (low + high) / 2, len = labels[middle].len;
		int order =
			memcmp(label.at, labels[middle].text, len < label.len ? len : label.len);
		if (order == 0 && len == label.len)
			return labels[middle].part;
		if (order < 0 || (order == 0 && label.len < len))
			high = middle;
		else
			low = middle + 1;
	}
	return ABSTRACT_NONE;
}

/* The part whose label the text begins with: "**Methods:** …", "[Methods] …", "METHODS". */
static enum abstract_part label_of(struct span text, bool alone)
{
	char folded[LABEL_LONGEST + 4];
	struct span label = {folded, 0};
	size_t at = 0;
	if (!may_be_label(text, alone))
		return ABSTRACT_NONE;
	while (at < text.len && ascii_is_in(text.at[at], "*_["))
		at++;
	if (span_begins(span_slice(text, at, text.len), SPAN("\xE3\x80\x90"))) /* U+3010 */
		at += 3;
	while (at < text.len) {
		uint32_t c;
		size_t len = utf8_decode(text, at, &c);
		if (ends_label(c))
			break;
		if (c < 0x80) { /* most */
			if (ascii_is_digit((char)c) || label.len == sizeof folded)
				return ABSTRACT_NONE;
			folded[label.len++] = ascii_lower((char)c);
			at++;
			continue;
		}
		if (label.len + 4 > sizeof folded)
			return ABSTRACT_NONE;
		/* French has a space before a colon, which does not break. */
		c = c == 0xA0 || c == 0x202F ? ' '
					     : (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
		label.len += (size_t)utf8proc_encode_char((utf8proc_int32_t)c,
							  (utf8proc_uint8_t *)folded + label.len);
		at += len;
	}
	while (label.len > 0 && ascii_is_in(folded[label.len - 1], " *_"))
		label.len--;
	return part_of(label);
}

bool abstract_find(const struct score_input *input, struct abstract_place *place)
{
	const struct sentences *sentences = input->sentences;
	enum abstract_part now = ABSTRACT_NONE;
	bool methods = false, outcome = false, opens = false;
	if (sentences->len > MOST_SENTENCES)
		return false;
	for (size_t i = 0; i < sentences->len; i++) {
		bool heading = sentences->at[i].kind == SENTENCE_HEADING;
		bool alone = heading || input->terms->words[i] <= ALONE_WORDS;
		enum abstract_part own = label_of(score_text(input, i), alone);
		if (own != ABSTRACT_NONE || heading)
			now = own;
		methods |= own == ABSTRACT_METHODS;
		outcome |= methods && (own == ABSTRACT_RESULTS || own == ABSTRACT_CONCLUSIONS);
		place[i] = (struct abstract_place){(uint8_t)now, opens || own != ABSTRACT_NONE};
		opens = heading;
	}
	return methods && outcome;
}
