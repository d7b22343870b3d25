#ifndef CORE_ASCII_H
#define CORE_ASCII_H

#include "span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Like functions of <ctype.h> and <strings.h>, but for ASCII alone, whatever the locale. */

static inline bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool ascii_is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/** White space of HTML and JSON, and the vertical tab. */
static inline bool ascii_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline char ascii_lower(char c)
{
	return ascii_is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

static inline bool ascii_is_letter(char c)
{
	return (unsigned char)((c | 0x20) - 'a') < 26;
}

static inline bool ascii_is_alnum(char c)
{
	return ascii_is_digit(c) || ascii_is_letter(c);
}

/** Is it one of the characters of `set`? NUL is in none. */
static inline bool ascii_is_in(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/** The value of a hexadecimal digit; 16 for any other character. */
static inline unsigned ascii_digit(char c)
{
	if (ascii_is_digit(c))
		return (unsigned)(c - '0');
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/** Are `len` bytes the same, apart from the case of ASCII letters? */
static inline bool ascii_same(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	return true;
}

/* Like span_equal() and its relatives, but they ignore the case of ASCII letters. */

static inline bool ascii_equal(struct span a, struct span b)
{
	return a.len == b.len && ascii_same(a.at, b.at, a.len);
}

static inline bool ascii_begins(struct span text, struct span with)
{
	return text.len >= with.len && ascii_same(text.at, with.at, with.len);
}

/** Where `part` begins in `whole`; SIZE_MAX where it does not. */
static inline size_t ascii_find(struct span whole, struct span part)
{
	for (size_t i = 0; i + part.len <= whole.len; i++)
		if (ascii_same(whole.at + i, part.at, part.len))
			return i;
	return SIZE_MAX;
}

static inline bool ascii_contains(struct span whole, struct span part)
{
	return ascii_find(whole, part) != SIZE_MAX;
}

/** Does it contain one of the `count` words? */
static inline bool ascii_contains_any(struct span whole, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ascii_contains(whole, span_of(words[i])))
			return true;
	return false;
}

#endif
