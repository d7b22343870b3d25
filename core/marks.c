#include "marks.h"

#include "ascii.h"
#include "utf8.h"
#include "vector.h"

static bool is_closing(uint32_t c)
{
	return c <= ' ' || c == '\'' || c == ')' || c == ']' || c == '}' || c == '*' || c == 0xA0 ||
	       marks_is_quote(c) || c == 0x2019 || c == 0x203A || c == 0x202F || c == 0x3000 ||
	       c == 0x3009 || c == 0x300B || c == 0x3011 || c == 0xFF09;
}

char marks_final(struct span sentence)
{
	size_t end = sentence.len;
	if (end > 0 && sentence.at[end - 1] == '.') /* most sentences */
		return '.';
	while (end > 0) {
		size_t at = utf8_before(sentence, end);
		uint32_t c;
		utf8_decode(sentence, at, &c);
		switch (c) {
		case '.':
		case 0x2026: /* ellipsis */
		case 0x3002: /* ideographic */
		case 0xFF0E:
		case 0xFF61:
		case 0x0964: /* danda */
		case 0x0965:
		case 0x06D4: /* Urdu */
		case 0x0589: /* Armenian */
		case 0x1362: /* Ethiopic */
		case 0x104B: /* Myanmar */
		case 0x17D4: /* Khmer */
			return '.';
		case '?':
		case 0xFF1F:
		case 0x061F: /* Arabic */
		case 0x037E: /* Greek */
			return '?';
		case '!':
		case 0xFF01:
			return '!';
		case ':':
		case 0xFF1A:
			return ':';
		}
		if (!is_closing(c))
			return 0;
		end = at;
	}
	return 0;
}

static bool opens_usually(uint32_t c)
{
	return c == 0xAB || c == 0x201C || c == 0x201E || c == 0x201F || c == 0x300C || c == 0x300E;
}

/* Does the quotation mark in [at, behind) open? Judged by the characters before and after it. */
static bool opens(struct span text, size_t at, size_t behind, uint32_t mark, bool open)
{
	bool left = at > 0 && (unsigned char)text.at[at - 1] > ' ' &&
		    !ascii_is_in(text.at[at - 1], "([{-/");
	bool right = behind < text.len && (unsigned char)text.at[behind] > ' ' &&
		     !ascii_is_in(text.at[behind], ")]}.,;:!?-/");
	if (left != right)
		return right;
	return mark == '"' || mark == 0xFF02 ? !open : opens_usually(mark);
}

/* Inches after a digit, or a Hebrew abbreviation's mark after a letter. */
static bool is_no_quote(struct span text, size_t at)
{
	return (at > 0 && ascii_is_digit(text.at[at - 1])) ||
	       (at > 1 && (unsigned char)text.at[at - 2] == 0xD7);
}

/* Marks of marks_is_quote() begin with one of five bytes. */
static bool may_quote(unsigned char byte)
{
	return byte == '"' || byte == 0xC2 || byte == 0xE2 || byte == 0xE3 || byte == 0xEF;
}

/* The next place where a quotation mark may be. The last step starts earlier to have sixteen
 * bytes. */
static size_t next_place(struct span text, size_t at)
{
	if (text.len < VECTOR_BYTES) {
		while (at < text.len && !may_quote((unsigned char)text.at[at]))
			at++;
		return at;
	}
	while (at < text.len) {
		size_t from = at + VECTOR_BYTES <= text.len ? at : text.len - VECTOR_BYTES;
		vector b = vector_load(text.at + from);
		unsigned found = vector_signs((vector)((b == '"') | (b == 0xC2) | (b == 0xE2) |
						       (b == 0xE3) | (b == 0xEF)));
		found >>= at - from;
		if (found != 0)
			return at + (unsigned)__builtin_ctz(found);
		at = from + VECTOR_BYTES;
	}
	return at;
}

unsigned marks_half_quotes(struct span sentence)
{
	bool open = false;
	unsigned halves = 0;
	for (size_t at = 0; (at = next_place(sentence, at)) < sentence.len;) {
		uint32_t c;
		size_t start = at;
		at += utf8_decode(sentence, at, &c);
		if (!marks_is_quote(c))
			continue;
		if (c == '"' && !open && is_no_quote(sentence, start))
			continue;
		bool opening = opens(sentence, start, at, c, open);
		if (!opening && !open)
			halves |= QUOTE_FROM_BEFORE;
		open = opening;
	}
	return open ? halves | QUOTE_GOES_ON : halves;
}

/* Single marks are also apostrophes, and enclose single words: a quotation has a stop before its
 * closing mark, or does not end in this sentence. */
static bool is_single_open(struct span text, size_t at, uint32_t c)
{
	bool apart = at == 0 || (unsigned char)text.at[at - 1] <= ' ' || text.at[at - 1] == '(';
	return (c == '\'' || c == 0x2018 || c == 0x201A || c == 0x2039) && apart;
}

static bool is_single_close(struct span text, size_t at, uint32_t c)
{
	return (c == '\'' || c == 0x2018 || c == 0x2019 || c == 0x203A) && at > 0 &&
	       ascii_is_in(text.at[at - 1], ".,!?");
}

bool marks_quote(struct span sentence)
{
	bool open = false;
	for (size_t at = 0; at < sentence.len;) {
		uint32_t c;
		size_t start = at;
		at += utf8_decode(sentence, at, &c);
		if (marks_is_quote(c) || (open && is_single_close(sentence, start, c)))
			return true;
		/* A dialogue's dash. */
		if (start == 0 && c >= 0x2013 && c <= 0x2015)
			return true;
		open |= is_single_open(sentence, start, c);
	}
	return false;
}
