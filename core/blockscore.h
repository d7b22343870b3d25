#ifndef CORE_BLOCKSCORE_H
#define CORE_BLOCKSCORE_H

#include "arena.h"
#include "blocks.h"

enum { BLOCK_FEATURES = 232 }; /* numbers that describe a block; the last may be unused */

/**
 * The features of all blocks of a page, a row of BLOCK_FEATURES floats each: what
 * tests/quality/train_extract.py learns from. In the arena; NULL at its ceiling.
 * O(blocks * depth).
 */
float *blockscore_features(struct arena *arena, const struct blocks *blocks);

/**
 * How likely each block is part of the article, as log odds: boosted trees over the features
 * (Friedman, "Greedy function approximation: a gradient boosting machine", 2001). In the arena;
 * NULL at its ceiling. The trees are in core/data/block_trees.txt, made by
 * tests/quality/train_extract.py.
 */
float *blockscore_run(struct arena *arena, const struct blocks *blocks);

#endif
