#ifndef CORE_MARKS_H
#define CORE_MARKS_H

#include "span.h"
#include "vector.h"

#include <stdint.h>

/**
 * The mark that a sentence ends with, apart from closing quotes, brackets and white space after it:
 * '.', '!', '?' or ':' whatever the script ('.' for the ideographic full stop or the danda, '?' for
 * the Arabic question mark), 0 if it ends with anything else. O(what is skipped).
 */
char marks_final(struct span sentence);

/**
 * Does it quote somebody: does it contain a quotation mark (apostrophes and single marks around one
 * word do not count), or begin with a dash? O(its length).
 */
bool marks_quote(struct span sentence);

/** Quotations that go on beyond a sentence. */
enum {
	QUOTE_FROM_BEFORE = 1, /* one is closed that was not opened */
	QUOTE_GOES_ON = 2,     /* one is opened and not closed */
};

/**
 * Which halves of quotations does it hold? Languages use most marks either way, so a mark opens if
 * it stands after a space and not before one, and closes the other way round. If that does not
 * decide, it does what it usually does, and straight marks open and close in turn. O(its length),
 * sixteen bytes per step between marks.
 */
unsigned marks_half_quotes(struct span sentence);

/** May a sentence begin with a label ("Methods: …")? Only if a colon is among its first bytes,
 * which few sentences have. */
enum { MARKS_LABEL_BYTES = 3 * VECTOR_BYTES };
static inline bool marks_may_label(struct span sentence)
{
	vector found = {0};
	if (sentence.len < MARKS_LABEL_BYTES)
		return sentence.len > 0 && memchr(sentence.at, ':', sentence.len) != NULL;
	for (size_t at = 0; at < MARKS_LABEL_BYTES; at += VECTOR_BYTES)
		found |= (vector)(vector_load(sentence.at + at) == ':');
	return vector_signs(found) != 0;
}

/** Does the code point open or close a quotation? Apostrophes do not. */
static inline bool marks_is_quote(uint32_t c)
{
	return c == '"' || c == 0xAB || c == 0xBB || (c >= 0x201C && c <= 0x201F) ||
	       (c >= 0x300C && c <= 0x300F) || c == 0xFF02;
}

#endif
