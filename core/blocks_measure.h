#ifndef CORE_BLOCKS_MEASURE_H
#define CORE_BLOCKS_MEASURE_H

#include "blocks.h"

enum { SAID_SLOTS = 512 };

enum said_where {
	SAID_IN_TITLE = 1,
	SAID_IN_DESCRIPTION = 2,
};

/** The words of a page's title and description: a hash table, all zero at first. */
struct said {
	struct {
		uint32_t hash;  /* never 0 */
		uint32_t where; /* said_where; 0: a free slot */
	} slots[SAID_SLOTS];
};

/** Remember the first `limit` words of `text`; returns how many. At most SAID_SLOTS / 2 in all. */
size_t blocks_say(struct said *said, struct span text, size_t limit, enum said_where where);

/**
 * Count a block's characters, words and marks, and tell what its words are. Words in `text` must be
 * separated by one space or line feed; VECTOR_BYTES bytes after it must be readable. O(text).
 */
void blocks_measure(struct block *b, struct span text, const struct said *said);

#endif
