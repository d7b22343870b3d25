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

/** Does it hold a quotation mark of any kind? (An apostrophe is none.) O(its length). */
bool marks_quote(struct span sentence);

/** Does the code point open or close a quotation? Apostrophes do not. */
static inline bool marks_is_quote(uint32_t c)
{
	return c == '"' || c == 0xAB || c == 0xBB || (c >= 0x201C && c <= 0x201F) ||
	       (c >= 0x300C && c <= 0x300F) || c == 0xFF02;
}

#endif
