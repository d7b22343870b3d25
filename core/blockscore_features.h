#ifndef CORE_BLOCKSCORE_FEATURES_H
#define CORE_BLOCKSCORE_FEATURES_H

#include "blockscore_facts.h"

enum { PAGE_FEATURES = 29 };

/** What is known of a page before its blocks are described one by one. */
struct described_page {
	struct page_facts facts;
	float columns[PAGE_FEATURES]; /* the same in the row of every block */
};

/** O(blocks + containers). False: the arena's ceiling. `blocks` must outlive `out`. */
bool blockscore_describe_page(struct arena *arena, const struct blocks *blocks,
			      struct described_page *out);

/** The features of one block: BLOCK_FEATURES floats at `at`, the unused ones left. O(depth). */
void blockscore_describe(const struct described_page *page, uint32_t i, float *at);

#endif
