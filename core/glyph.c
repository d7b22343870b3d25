#include "glyph.h"

#include <utf8proc.h>

/* All others are GLYPH_OTHER. */
const unsigned char glyph_ascii[128] = {
	['\t'] = GLYPH_SPACE,         ['\n' ... '\r'] = GLYPH_NEWLINE,
	[0x1C ... ' '] = GLYPH_SPACE, /* the separators of files, groups, records and units, too */
	['!'] = GLYPH_STRONG,         ['?'] = GLYPH_STRONG,
	['"'] = GLYPH_QUOTE,          ['\''] = GLYPH_QUOTE,
	['('] = GLYPH_OPEN,           ['['] = GLYPH_OPEN,
	['{'] = GLYPH_OPEN,           [')'] = GLYPH_CLOSE,
	[']'] = GLYPH_CLOSE,          ['}'] = GLYPH_CLOSE,
	['*'] = GLYPH_BULLET,         [','] = GLYPH_COMMA,
	[':' ... ';'] = GLYPH_COMMA,  ['-'] = GLYPH_DASH,
	['.'] = GLYPH_FULL_STOP,      ['0' ... '9'] = GLYPH_DIGIT,
	['A' ... 'Z'] = GLYPH_UPPER,  ['a' ... 'z'] = GLYPH_LOWER,
};

/* Punctuation that sentences need told apart more finely than Unicode's categories do. */
static enum glyph_kind punctuation(uint32_t c)
{
	switch (c) {
	case 0x85: /* next line */
		return GLYPH_NEWLINE;
	case 0xAD:   /* soft hyphen */
	case 0x200C: /* the zero-width non-joiner stands inside Persian words */
	case 0x2060: /* word joiner */
		return GLYPH_EXTEND;
	case 0x2E3C: /* stenographic */
	case 0xFF0E: /* fullwidth */
		return GLYPH_FULL_STOP;
	case 0x2025:
	case 0x2026:
	case 0x22EF:
		return GLYPH_ELLIPSIS;
	case 0x589: /* Armenian */
	case 0x61F:
	case 0x6D4: /* Arabic question mark, Urdu full stop */
	case 0x700:
	case 0x701:
	case 0x702: /* Syriac */
	case 0x964:
	case 0x965: /* danda, double danda */
	case 0x104A:
	case 0x104B: /* Myanmar */
	case 0x1362:
	case 0x1367:
	case 0x1368: /* Ethiopic */
	case 0x17D4:
	case 0x17D5: /* Khmer */
	case 0x1803:
	case 0x1809: /* Mongolian */
	case 0x203C:
	case 0x203D:
	case 0x2047:
	case 0x2048:
	case 0x2049: /* !! ?! */
	case 0x3002:
	case 0xFE52:
	case 0xFE56:
	case 0xFE57:
	case 0xFF01:
	case 0xFF1F:
	case 0xFF61:
		return GLYPH_STRONG;
	case 0xB7:
	case 0x387:
	case 0x55D:
	case 0x60C:
	case 0x61B: /* · Greek Armenian Arabic */
	case 0x3001:
	case 0xFF0C:
	case 0xFF1A:
	case 0xFF1B:
	case 0xFF64:
		return GLYPH_COMMA;
	case 0x2022:
	case 0x2023:
	case 0x2043:
	case 0x204C:
	case 0x204D:
	case 0x2219:
	case 0x25A0:
	case 0x25AA:
	case 0x25BA:
	case 0x25CB:
	case 0x25CF:
	case 0x25E6:
	case 0x2756:
	case 0x2794:
	case 0x27A2:
		return GLYPH_BULLET;
	case 0xAB:
	case 0xBB:
	case 0x2018:
	case 0x2019:
	case 0x201C:
	case 0x201D:
		return GLYPH_QUOTE;
	case 0xA1:
	case 0xBF:
		return GLYPH_OPEN;
	default:
		return GLYPH_OTHER;
	}
}

static enum glyph_kind by_category(uint32_t c)
{
	const utf8proc_property_t *property = utf8proc_get_property((int32_t)c);
	if (property->boundclass == UTF8PROC_BOUNDCLASS_EXTEND ||
	    property->boundclass == UTF8PROC_BOUNDCLASS_SPACINGMARK ||
	    property->boundclass == UTF8PROC_BOUNDCLASS_ZWJ)
		return GLYPH_EXTEND;
	if (property->boundclass ==
	    UTF8PROC_BOUNDCLASS_PREPEND) /* shown, although of category Cf */
		return GLYPH_OTHER;
	switch (property->category) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LT:
		return GLYPH_UPPER;
	case UTF8PROC_CATEGORY_LL:
		return GLYPH_LOWER;
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_LM:
		return GLYPH_LETTER;
	case UTF8PROC_CATEGORY_ND:
		return GLYPH_DIGIT;
	case UTF8PROC_CATEGORY_PS:
	case UTF8PROC_CATEGORY_PI:
		return GLYPH_OPEN;
	case UTF8PROC_CATEGORY_PE:
	case UTF8PROC_CATEGORY_PF:
		return GLYPH_CLOSE;
	case UTF8PROC_CATEGORY_PD:
		return GLYPH_DASH;
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_CF:
		return GLYPH_SPACE;
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return GLYPH_NEWLINE;
	default:
		return GLYPH_OTHER;
	}
}

enum glyph_kind glyph_kind_of(uint32_t c)
{
	/* The letters of most texts, without a table look-up. */
	if (c >= 0x410 && c < 0x450)
		return c < 0x430 ? GLYPH_UPPER : GLYPH_LOWER;
	if ((c >= 0x4E00 && c < 0x9FF0) || (c >= 0xAC00 && c < 0xD7A0) ||
	    (c >= 0x3041 && c < 0x3097) || (c >= 0x620 && c < 0x64B))
		return GLYPH_LETTER;
	if (c >= 0xC0 && c < 0x100 && c != 0xD7 && c != 0xF7)
		return c < 0xDF ? GLYPH_UPPER : GLYPH_LOWER;
	enum glyph_kind kind = punctuation(c);
	return kind != GLYPH_OTHER ? kind : by_category(c);
}

uint32_t glyph_lower(struct glyph glyph)
{
	if (glyph.c < 0x80)
		return glyph.kind == GLYPH_UPPER ? glyph.c | 0x20 : glyph.c;
	if (glyph.kind != GLYPH_UPPER)
		return glyph.c;
	if ((glyph.c >= 0x410 && glyph.c < 0x430) || glyph.c < 0xDF)
		return glyph.c + 0x20;
	return (uint32_t)utf8proc_tolower((int32_t)glyph.c);
}

bool glyph_is_visible(struct glyph glyph)
{
	if (glyph.kind == GLYPH_SPACE || glyph.kind == GLYPH_NEWLINE || glyph.kind == GLYPH_END ||
	    glyph.c == 0x2800) /* blank Braille */
		return false;
	const utf8proc_property_t *property = utf8proc_get_property((utf8proc_int32_t)glyph.c);
	return !property->ignorable && property->category != UTF8PROC_CATEGORY_CC;
}
