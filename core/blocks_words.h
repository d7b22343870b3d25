#ifndef CORE_BLOCKS_WORDS_H
#define CORE_BLOCKS_WORDS_H

#include "span.h"

#include <stdint.h>

/**
 * The groups (1 << WORD_...) of core/data/page_words.txt that the words of a class, id or role
 * belong to, by the whole word or its beginning. O(name), of which at most 400 bytes are read.
 */
uint32_t blocks_name_groups(struct span name);

/**
 * The groups (1 << PHRASE_...) of core/data/page_phrases.txt that `text` belongs to. Its words
 * begin at `starts`. O(words): at most the first twenty are looked at.
 */
uint32_t blocks_find_phrases(struct span text, const uint32_t *starts, size_t words);

#endif
