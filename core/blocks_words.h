#ifndef CORE_BLOCKS_WORDS_H
#define CORE_BLOCKS_WORDS_H

#include "span.h"

#include <stdint.h>

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
