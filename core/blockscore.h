#ifndef CORE_BLOCKSCORE_H
#define CORE_BLOCKSCORE_H

#include "arena.h"
#include "blocks.h"

/** Numbers that describe a block for the scorer; the trainer reads them in this order. */
enum {
	BLOCK_FEATURES_FIRST = 170, /* of the first pass, unused ones zero */
	BLOCK_FEATURES_SECOND = 24, /* the second pass adds what the first said of the neighbours */
	BLOCK_FEATURES = BLOCK_FEATURES_FIRST + BLOCK_FEATURES_SECOND,
};

/**
 * The features of all blocks of a page, a row of BLOCK_FEATURES floats each; the second pass's
 * columns are zero. In the arena; NULL at its ceiling. O(blocks * depth).
 */
float *blockscore_features(struct arena *arena, const struct blocks *blocks);

/** Fill the columns of the second pass from the first one's scores (log odds). O(blocks). */
void blockscore_context(struct arena *arena, const struct blocks *blocks, const float *score,
			float *features);

/**
 * How likely each block is part of the article, as log odds: boosted trees over the features, twice
 * (the second pass sees what the first said of the blocks around). In the arena; NULL at its
 * ceiling. The trees are in core/data/block_trees.txt, made by tests/quality/train_extract.py.
 */
float *blockscore_run(struct arena *arena, const struct blocks *blocks);

#endif
