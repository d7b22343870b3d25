#ifndef CORE_STOPWORDS_H
#define CORE_STOPWORDS_H

#include "form.h"
#include "language.h"

#include <stdint.h>

/** One language's function and cue words (core/data/stopwords); constant. */
struct stopword_language;

/** The words of a language, or NULL when there are none for it. */
const struct stopword_language *stopwords_of(const struct language *language);

/**
 * Does `sentence` open with words that together point back to what comes before it: "En effet",
 * "Таким образом", and in Chinese a single character, 这? O(openings listed).
 */
bool stopwords_open_backward(const struct stopword_language *words, struct span sentence);

/**
 * The TERM_* flags of a word that is case-folded and composed (NFC); 0 for one that is not listed
 * or when `words` is NULL. `hash` is form_hash() of it. O(1).
 */
uint8_t stopwords_flags(const struct stopword_language *words, const struct form *word,
			uint64_t hash);

#endif
