#ifndef CORE_BLOCKSCORE_FACTS_H
#define CORE_BLOCKSCORE_FACTS_H

#include "arena.h"
#include "blocks.h"

/** What blocks with the same tags and classes around them have in common. */
struct path_sum {
	uint64_t key;
	uint32_t blocks, chars, link_chars, stops;
};

/** Sums by key: a hash table in open addressing. */
struct paths {
	struct path_sum *at;
	uint64_t factor; /* of scatter_place() */
	unsigned bits;
};

/** What is known of the whole page before its blocks are described. In the arena. */
struct page_facts {
	const struct blocks *blocks;
	struct paths paths;            /* by the tags and classes from the root */
	struct paths shapes;           /* by those of the container and its parent */
	uint32_t best;                 /* container with the greatest weight */
	uint32_t span_start, span_end; /* blocks of the densest stretch */
	uint32_t title;                /* block that holds the headline; len: none */
	uint32_t chars, paragraph_chars, longest;
	const uint32_t *before;  /* by block: characters before it */
	const uint32_t *heading; /* by block: the last heading before it; len: none */
	const uint32_t *repeat;  /* by container: the one around it with most twins; 0: none */
};

/** O(blocks + containers). False: the arena's ceiling. */
bool page_facts_read(struct arena *arena, const struct blocks *blocks, struct page_facts *facts);

/** The sums of all blocks with the path, or the shape, of this container. */
const struct path_sum *page_facts_path(const struct page_facts *facts, uint32_t container);
const struct path_sum *page_facts_shape(const struct page_facts *facts, uint32_t container);

#endif
