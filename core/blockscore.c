#include "blockscore.h"

#include "block_trees_table.h"
#include "page_words_table.h"

enum { NEVER_WORDS = 8 }; /* of a block that only says "read more" and the like, at most */

static const float NEVER = -100;

/* Most of a page is plainly not the article: what is left of the trees would say no more. */
enum { EARLY_TREES = 40 };
static const float early_score = -2.6f, early_factor = 1.8f;

static float run_trees(const float *features)
{
	float sum = trees_base;
	for (size_t tree = 0; tree < TREES; tree++) {
		if (tree == EARLY_TREES && sum < early_score)
			return sum * early_factor;
		const struct tree_node *node = &tree_nodes[tree_starts[tree]];
		while (node->feature != LEAF)
			node += node->child + !(features[node->feature] < node->threshold);
		sum += node->threshold;
	}
	return sum;
}

/*
 * Buttons and their like, among them the one that asks for a summary: no text, wherever they are.
 * Nor are links alone in an <aside>: they lead away, however much like the article they sound.
 */
static bool is_never(const struct blocks *blocks, const struct block *b)
{
	bool aside = (blocks->containers[b->container].places & PLACE_ASIDE) != 0;
	bool linked = b->link_chars * 4 > b->chars * 3;
	return (b->phrases >> PHRASE_NEVER & 1 && b->words <= NEVER_WORDS) || (aside && linked);
}

float *blockscore_run(struct arena *arena, const struct blocks *blocks)
{
	float *features = blockscore_features(arena, blocks);
	float *score = arena_alloc(arena, blocks->len + 1, sizeof(*score));
	if (features == NULL || score == NULL)
		return NULL;
	for (size_t i = 0; i < blocks->len; i++)
		score[i] = is_never(blocks, &blocks->at[i])
				   ? NEVER
				   : run_trees(features + i * BLOCK_FEATURES);
	return score;
}
