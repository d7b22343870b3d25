#ifndef CORE_BLOCKCHOICE_H
#define CORE_BLOCKCHOICE_H

#include "arena.h"
#include "blocks.h"

/** Characters of the blocks whose score is above `threshold`. O(blocks). */
size_t blockchoice_chars(const struct blocks *blocks, const float *score, float threshold);

/**
 * Which blocks are the article's text, judged by their log odds: a flag for each block, in the
 * arena; NULL at its ceiling. On a page that calls itself an article, the same text is chosen only
 * once, and not in one piece if it is chosen as paragraphs too; in forums and lists, repeated text
 * is chosen each time. O(blocks), and O(text) for blocks that hold a quarter of it.
 */
bool *blockchoice_run(struct arena *arena, const struct blocks *blocks, const float *score);

#endif
