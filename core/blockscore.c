#include "blockscore.h"

#include "block_trees_table.h"
#include "blockscore_features.h"
#include "page_words_table.h"

enum { NEVER_WORDS = 8 }; /* of a block that only says "read more" and the like, at most */

static const float NEVER = -100;

/* Most of a page is plainly not the article: what is left of the trees would say no more. */
enum { EARLY_TREES = 40 };
static const float early_score = -2.6f, early_factor = 1.8f;

/*
 * TREES_ABREAST trees at a time, each TREES_DEPTH steps without a branch: a leaf leads to itself.
 * Asking at each node whether it is a leaf costs more, because no processor can guess the answer.
 */
static float add_trees(const float *features, size_t tree, float sum)
{
	const struct tree_node *node[TREES_ABREAST];
	for (size_t i = 0; i < TREES_ABREAST; i++)
		node[i] = &tree_nodes[tree_starts[tree + i]];
	for (int step = 0; step < TREES_DEPTH; step++) {
		for (size_t i = 0; i < TREES_ABREAST; i++) {
			bool right = !(features[node[i]->feature] < node[i]->threshold);
			node[i] += node[i]->child + right;
		}
	}
	for (size_t i = 0; i < TREES_ABREAST; i++)
		sum += tree_values[node[i] - tree_nodes];
	return sum;
}

static float run_trees(const float *features)
{
	float sum = trees_base;
	for (size_t tree = 0; tree < TREES; tree += TREES_ABREAST) {
		if (tree == EARLY_TREES && sum < early_score)
			return sum * early_factor;
		sum = add_trees(features, tree, sum);
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
	struct described_page page;
	float row[BLOCK_FEATURES] = {0}; /* one for all: it stays in the nearest cache */
	float *score = arena_alloc(arena, blocks->len + 1, sizeof(*score));
	if (score == NULL || !blockscore_describe_page(arena, blocks, &page))
		return NULL;
	for (uint32_t i = 0; i < blocks->len; i++) {
		score[i] = NEVER;
		if (is_never(blocks, &blocks->at[i]))
			continue;
		blockscore_describe(&page, i, row);
		score[i] = run_trees(row);
	}
	return score;
}
