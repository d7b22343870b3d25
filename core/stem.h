#ifndef CORE_STEM_H
#define CORE_STEM_H

#include "language.h"
#include "span.h"

#include <stdint.h>

/** The longest word that is stemmed, in bytes; longer ones stand for themselves. */
enum { STEM_MAX_BYTES = 64 };

/**
 * Stemmers that one thread keeps from job to job: a Snowball stemmer for each language met so far,
 * and a memory of words already stemmed.
 *
 * A Snowball stemmer is made by malloc and takes 200 ns a word, which for the 350 distinct words
 * of a usual article is more than all the rest of the core. Nothing here may be global, so the
 * caller owns it, as it owns the arena: one a worker. What it remembers changes the speed and
 * never a result. Bounded: a fixed table whose entries replace each other, at most 430 KB.
 */
struct stems;

/** New, or NULL for lack of memory. */
struct stems *stems_new(void);
void stems_free(struct stems *stems);

/**
 * The stem of a case-folded `word` of at most STEM_MAX_BYTES bytes, valid until the next call.
 * `hash` is any hash of the word whose low bits are mixed, the same for the same word.
 *
 * Languages with a Snowball stemmer use it. Korean loses its case particles. Other languages
 * written with spaces keep the first six letters of longer words, which joins the forms of an
 * inflected word nearly as well as a stemmer does (McNamee & Mayfield 2004). Never fails: for
 * lack of memory the word is its own stem.
 */
struct span stems_stem(struct stems *stems, const struct language *language, struct span word,
		       uint64_t hash);

#endif
