#ifndef CORE_BLOCKLISTS_H
#define CORE_BLOCKLISTS_H

#include "blocks.h"

/**
 * Complete the choice of blocks where the article has lists: definitions are taken with their
 * terms; key points that lead to their places on the same page are text and no navigation, unless
 * they merely repeat headings; and a list whose items are chosen keeps its heading. `chosen` has a
 * flag for each block. O(blocks), and O(items * headings) for a bounded number of both.
 */
void blocklists_complete(const struct blocks *blocks, bool *chosen);

/**
 * Set `item` (a flag for each block, all false) for chosen items that may be statements although
 * they have no full stop: at least two in a list, and half of what is chosen of it. O(blocks).
 */
void blocklists_find_items(const struct blocks *blocks, const bool *chosen, bool *item);

#endif
