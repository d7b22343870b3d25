#ifndef CORE_MARKS_H
#define CORE_MARKS_H

#include "span.h"

#include <stdint.h>

/**
 * The mark that a sentence ends with, behind closing quotes, brackets and white space taken away:
 * '.', '!', '?' or ':' whatever the script ('.' for the ideographic full stop or the danda, '?' for
 * the Arabic question mark), 0 when it ends with anything else. O(what is taken away).
 */
char marks_final(struct span sentence);

/**
 * Does it say what somebody says: does it hold a quotation mark (an apostrophe is none, nor are
 * single ones around a word), or begin with a dash? O(its length).
 */
bool marks_quote(struct span sentence);

/** Quotations that go on beyond a sentence. */
enum {
	QUOTE_FROM_BEFORE = 1, /* one is closed that was not opened */
	QUOTE_GOES_ON = 2,     /* one is opened and not closed */
};

/**
 * Which halves of quotations does it hold? A mark opens behind a space and before none, and closes
 * the other way round, as languages use most of them either way; where that does not tell, as it
 * usually does, and straight ones in turn. O(its length), sixteen bytes a step between marks.
 */
unsigned marks_half_quotes(struct span sentence);

/** Does the code point open or close a quotation? Apostrophes do not. */
static inline bool marks_is_quote(uint32_t c)
{
	return c == '"' || c == 0xAB || c == 0xBB || (c >= 0x201C && c <= 0x201F) ||
	       (c >= 0x300C && c <= 0x300F) || c == 0xFF02;
}

#endif
