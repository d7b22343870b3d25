#ifndef CORE_ABSTRACT_H
#define CORE_ABSTRACT_H

#include "score.h"

/** The part of a structured abstract that a sentence belongs to (core/data/abstract.txt). */
enum abstract_part {
	ABSTRACT_NONE,
	ABSTRACT_BACKGROUND,
	ABSTRACT_AIM,
	ABSTRACT_METHODS,
	ABSTRACT_RESULTS,
	ABSTRACT_CONCLUSIONS,
	ABSTRACT_NOTES, /* funding, registration, key words */
	ABSTRACT_PARTS
};

/** One sentence's place: which part, and whether it opens that. */
struct abstract_place {
	uint8_t part; /* enum abstract_part */
	bool opens;
};

/**
 * Is the text a structured abstract: "Background: … Methods: … Results: …", in one paragraph or
 * with a label a line? Then place[i] is set for each of the input's sentences; else `place` may
 * hold anything. It is one if it is short, and says after its methods what came of them.
 *
 * O(sentences): only the beginning of each is looked at.
 */
bool abstract_find(const struct score_input *input, struct abstract_place *place);

#endif
