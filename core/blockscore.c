#include "blockscore.h"

#include "block_trees_table.h"
#include "blockscore_features.h"
#include "page_words_table.h"

enum { NEVER_WORDS = 8 }; /* of a block that only says "read more" and the like, at most */

static const float NEVER = -100;

/* Most of a page is plainly not the article: the remaining trees would only say so more strongly,
 * by about `factor`. In cross-validation no block of an article stopped early; six in ten of all
 * blocks do, four of them at the first check. */
static const struct {
	size_t trees;
	float below, factor;
} looks[] = {{16, -1.8f, 2.6f}, {40, -2.2f, 1.43f}};
enum { LOOKS = COUNT(looks) };

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
	size_t tree = 0;
	for (size_t look = 0; look < LOOKS; look++) {
		for (; tree < looks[look].trees && tree < TREES; tree += TREES_ABREAST)
			sum = add_trees(features, tree, sum);
		if (sum < looks[look].below)
			return sum * looks[look].factor;
	}
	for (; tree < TREES; tree += TREES_ABREAST)
		sum = add_trees(features, tree, sum);
	return sum;
}

/* Does it begin like machine-written JSON: a key, and the value right after the colon? */
static bool is_state(struct span text)
{
	if (text.len < 2 || text.at[0] != '{' || text.at[1] != '"')
		return false;
	const char *end = memchr(text.at + 2, '"', text.len - 2);
	const char *behind = text.at + text.len;
	return end != NULL && behind - end > 2 && end[1] == ':' && end[2] != ' ';
}

/*
 * Never article text: buttons and the like, wherever they are, even one that asks for a summary;
 * mere links in an <aside>, which lead away however much they sound like the article; and what a
 * page's scripts left in it for themselves, unless it is shown as code.
 */
static bool is_never(const struct blocks *blocks, const struct block *b)
{
	bool aside = (blocks->containers[b->container].places & PLACE_ASIDE) != 0;
	bool linked = b->link_chars * 4 > b->chars * 3;
	struct span text = {blocks->text + b->text_byte, b->text_len};
	if (is_state(text) && blocks->containers[b->container].tag != LXB_TAG_PRE)
		return true;
	return (b->phrases >> PHRASE_NEVER & 1 && b->words <= NEVER_WORDS) || (aside && linked);
}

float *blockscore_run(struct arena *arena, const struct blocks *blocks)
{
	struct described_page page;
	float row[BLOCK_FEATURES] = {0}; /* reused for all blocks: it stays in the nearest cache */
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
