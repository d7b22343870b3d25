#ifndef CORE_KIN_H
#define CORE_KIN_H

#include "form.h"
#include "language.h"
#include "span.h"

#include <stdbool.h>

/**
 * A word that is not in a text, in the form in which it is compared with the words that are:
 * without the marks that people leave out ("musee", "lodka"), and, where umlauts may be written
 * as two letters ("Bruecke"), without the second letter.
 */
struct kin {
	struct form form[2], stem[2];
	unsigned spellings; /* of them */
	bool compounds;     /* it may be a part of a longer word */
	bool endings;       /* there is no stemmer: two words may differ in the last letter */
};

/** `form` is case-folded, `stem` is its stem. O(their lengths), at most 64 bytes each. */
void kin_init(struct kin *kin, const struct language *language, struct span form, struct span stem);

/** Does the word of the text with that form and stem look like another form of it? The same cost.
 */
bool kin_is(const struct kin *kin, struct span form, struct span stem);

#endif
