#ifndef CORE_BLOCKS_SUM_H
#define CORE_BLOCKS_SUM_H

#include "blocks.h"

/**
 * What needs the whole page: containers' sums, twins, and blocks' copies. O(blocks + containers).
 * On failure arena->failed is set.
 */
void blocks_sum(struct arena *arena, struct blocks *out);

#endif
