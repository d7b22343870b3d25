#ifndef CORE_STOPWORDS_H
#define CORE_STOPWORDS_H

#include "language.h"
#include "span.h"

#include <stdint.h>

/** One language's function and cue words (core/data/stopwords); constant. */
struct stopword_language;

/** The words of a language, or NULL when there are none for it. */
const struct stopword_language *stopwords_of(const struct language *language);

/**
 * The TERM_* flags of a word that is case-folded and composed (NFC); 0 for one that is not listed
 * or when `words` is NULL. `hash` is stopwords_hash() of it. O(1).
 */
uint8_t stopwords_flags(const struct stopword_language *words, struct span word, uint64_t hash);

/** A hash of a word's bytes that is the same on every machine: eight of them a step, low byte
 * first. */
static inline uint64_t stopwords_hash_step(uint64_t hash, uint64_t eight_bytes)
{
	hash = (hash ^ eight_bytes) * 0x9E3779B97F4A7C15u;
	return hash ^ hash >> 32;
}

#endif
