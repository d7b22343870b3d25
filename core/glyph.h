#ifndef CORE_GLYPH_H
#define CORE_GLYPH_H

#include "span.h"
#include "utf8.h"

/** What a character is, as far as it matters to sentence boundaries. */
enum glyph_kind {
	GLYPH_OTHER,
	GLYPH_SPACE,   /* horizontal white space, and characters that show nothing */
	GLYPH_NEWLINE, /* everything that ends a line */
	GLYPH_UPPER,
	GLYPH_LOWER,
	GLYPH_LETTER, /* of a script without case */
	GLYPH_DIGIT,
	GLYPH_FULL_STOP, /* . and its wide form: ends a sentence, an abbreviation or a number */
	GLYPH_STRONG,    /* ! ? and all that can only end a sentence, in any script */
	GLYPH_ELLIPSIS,
	GLYPH_COMMA, /* , ; : and their like */
	GLYPH_OPEN,
	GLYPH_CLOSE,
	GLYPH_QUOTE, /* opens or closes: " ' and those that languages use either way round */
	GLYPH_DASH,
	GLYPH_BULLET,
	GLYPH_EXTEND, /* combining: belongs to the character before */
	GLYPH_END     /* of the text */
};

/** One character of a text. */
struct glyph {
	uint32_t c;   /* code point */
	unsigned len; /* bytes; 0 outside the text */
	enum glyph_kind kind;
};

/** Kinds of the 128 ASCII characters. */
extern const unsigned char glyph_ascii[128];

/** The kind of any code point from 0x80 on; properties are utf8proc's. */
enum glyph_kind glyph_kind_of(uint32_t codepoint);

/** The character at byte `at` of valid UTF-8; kind GLYPH_END at or beyond the end. */
static inline struct glyph glyph_at(struct span text, size_t at)
{
	struct glyph glyph = {0, 0, GLYPH_END};
	if (at >= text.len)
		return glyph;
	unsigned char first = (unsigned char)text.at[at];
	if (first < 0x80)
		return (struct glyph){first, 1, (enum glyph_kind)glyph_ascii[first]};
	glyph.len = utf8_decode(text, at, &glyph.c);
	glyph.kind = glyph_kind_of(glyph.c);
	return glyph;
}

/** Does a reader see it: not white space, a control character, or one that fonts do not draw? */
bool glyph_is_visible(struct glyph glyph);

/** The character that ends before byte `at`; kind GLYPH_END at the beginning. */
static inline struct glyph glyph_before(struct span text, size_t at)
{
	return at > 0 ? glyph_at(text, utf8_before(text, at)) : (struct glyph){0, 0, GLYPH_END};
}

/** Letters, digits and what combines with them. */
static inline bool glyph_is_alnum(enum glyph_kind kind)
{
	return (1u << kind & (1u << GLYPH_UPPER | 1u << GLYPH_LOWER | 1u << GLYPH_LETTER |
			      1u << GLYPH_DIGIT | 1u << GLYPH_EXTEND)) != 0;
}

/** White space of either sort, or the end of the text. */
static inline bool glyph_is_gap(enum glyph_kind kind)
{
	return (1u << kind & (1u << GLYPH_SPACE | 1u << GLYPH_NEWLINE | 1u << GLYPH_END)) != 0;
}

static inline bool glyph_is_cased(enum glyph_kind kind)
{
	return kind == GLYPH_UPPER || kind == GLYPH_LOWER;
}

/** Simple lower case of any code point. */
uint32_t glyph_lower(struct glyph glyph);

#endif
