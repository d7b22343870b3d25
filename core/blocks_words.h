#ifndef CORE_BLOCKS_WORDS_H
#define CORE_BLOCKS_WORDS_H

#include "span.h"

#include <stdint.h>

/** FNV-1a, 32 bits, a byte a step. */
enum {
	FNV_START = 2166136261u,
	FNV_PRIME = 16777619u,
};

/** The same with 64 bits. */
#define FNV_PRIME_64 UINT64_C(0x100000001B3)

static inline uint32_t fnv(uint32_t hash, uint8_t byte)
{
	return (hash ^ byte) * FNV_PRIME;
}

/**
 * A hash that goes on over one more number, for keys whose order counts: they are compared instead
 * of what they stand for. Multiplied by 2^64 over the golden ratio (Knuth, TAOCP 3, 6.4).
 */
static inline uint64_t hash_append(uint64_t hash, uint64_t number)
{
	hash = ((hash << 5 | hash >> 59) ^ number) * 0x9E3779B97F4A7C15u;
	return hash ^ hash >> 32;
}

/**
 * The groups (1 << WORD_...) of core/data/page_words.txt that the words of a class, id or role
 * belong to: whole, or by their beginning. O(name), of which no more than 400 bytes are read.
 */
uint32_t blocks_name_groups(struct span name);

/**
 * The groups (1 << PHRASE_...) of core/data/page_phrases.txt that a text belongs to, whose words
 * begin at `starts`. O(words): no more than the first twenty are looked at.
 */
uint32_t blocks_find_phrases(struct span text, const uint32_t *starts, size_t words);

#endif
