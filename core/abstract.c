#include "abstract.h"

#include "abstract_table.h"
#include "ascii.h"
#include "utf8.h"

#include <utf8proc.h>

enum { MOST_SENTENCES = 60 }; /* of an abstract; a whole paper has more to say in each section */

/* Most sentences have no mark that ends a label where one would be. */
static bool may_be_label(struct span text)
{
	size_t len = text.len < LABEL_LONGEST + 4 ? text.len : LABEL_LONGEST + 4;
	for (size_t i = 0; i < len; i++)
		if (ascii_is_in(text.at[i], ":.]") || (unsigned char)text.at[i] >= 0xE2)
			return true;
	return len == text.len;
}

static bool ends_label(uint32_t c)
{
	return c == ':' || c == '.' || c == ']' || c == 0x2013 || c == 0x2014 || c == 0x3011 ||
	       c == 0xFF1A;
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
static enum abstract_part label_of(struct span text)
{
	char folded[LABEL_LONGEST + 4];
	struct span label = {folded, 0};
	size_t at = 0;
	if (!may_be_label(text))
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
		enum abstract_part own = label_of(score_text(input, i));
		bool heading = sentences->at[i].kind == SENTENCE_HEADING;
		if (own != ABSTRACT_NONE || heading)
			now = own;
		methods |= own == ABSTRACT_METHODS;
		outcome |= methods && (own == ABSTRACT_RESULTS || own == ABSTRACT_CONCLUSIONS);
		place[i] = (struct abstract_place){(uint8_t)now, opens || own != ABSTRACT_NONE};
		opens = heading;
	}
	return methods && outcome;
}
