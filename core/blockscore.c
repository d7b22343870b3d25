#include "blockscore.h"

#include "block_trees_table.h"
#include "page_words_table.h"

#include <math.h>

enum {
	NEIGHBOURS = 2,
	NEVER_WORDS = 8, /* of a block that only says "read more" and the like, at most */
	CLIMB = 24,      /* steps up the tree to the densest container */
	PATH_SLOTS_MIN = 64,
};

static const float NEVER = -100;

/* What blocks with the same tags and classes around them have in common. */
struct path_sum {
	uint32_t key, blocks, chars, link_chars, stops;
	float score, weight;
};

struct paths {
	struct path_sum *at;
	uint32_t mask;
};

/* What is known of the whole page before its blocks are described. */
struct page_facts {
	const struct blocks *blocks;
	struct paths paths, shapes;
	uint32_t best;                 /* container with the greatest weight */
	uint32_t span_start, span_end; /* blocks of the densest stretch */
	uint32_t title;                /* block that holds the headline; len: none */
	uint32_t chars, paragraph_chars, longest;
	const uint32_t *before; /* characters before each block */
};

static struct path_sum *find_path(const struct paths *paths, uint32_t key)
{
	uint32_t at = (key * 2654435761u) >> 7 & paths->mask;
	while (paths->at[at].blocks > 0 && paths->at[at].key != key)
		at = (at + 1) & paths->mask;
	paths->at[at].key = key;
	return &paths->at[at];
}

static uint32_t path_key(const struct blocks *blocks, uint32_t container)
{
	return blocks->containers[container].path;
}

static uint32_t shape_key(const struct blocks *blocks, uint32_t container)
{
	const struct container *c = &blocks->containers[container];
	return c->shape * 31 + blocks->containers[c->parent].shape;
}

static bool make_paths(struct arena *arena, size_t blocks, struct paths *paths)
{
	uint32_t slots = PATH_SLOTS_MIN;
	while (slots < 2 * blocks)
		slots *= 2;
	paths->at = arena_zalloc(arena, slots, sizeof(*paths->at));
	paths->mask = slots - 1;
	return paths->at != NULL;
}

static void add_to_path(struct path_sum *sum, const struct block *b)
{
	sum->blocks++;
	sum->chars += b->chars;
	sum->link_chars += b->link_chars;
	sum->stops += b->stops;
}

static float weight_of(const struct container *c)
{
	float density = c->chars == 0 ? 0 : (float)c->link_chars / (float)c->chars;
	float factor = 1;
	const uint32_t good = 1u << WORD_ARTICLE | 1u << WORD_CONTENT | 1u << WORD_POST;
	const uint32_t bad = 1u << WORD_COMMENT | 1u << WORD_SIDEBAR | 1u << WORD_FOOTER |
			     1u << WORD_RELATED | 1u << WORD_DIALOG;
	if (c->groups & good)
		factor *= 1.25f;
	if (c->all_groups & bad)
		factor *= 0.6f;
	return c->weight * (1 - density) * factor;
}

/* The stretch of blocks with the greatest sum of text over links and breaks (Kadane). */
static void find_span(struct page_facts *facts)
{
	const struct blocks *blocks = facts->blocks;
	float sum = 0, best = 0;
	uint32_t start = 0;
	for (uint32_t i = 0; i < blocks->len; i++) {
		const struct block *b = &blocks->at[i];
		sum += (float)b->chars - 2.5f * (float)b->link_chars - 40;
		if (sum <= 0) {
			sum = 0;
			start = i + 1;
		} else if (sum > best) {
			best = sum;
			facts->span_start = start;
			facts->span_end = i + 1;
		}
	}
}

static uint32_t find_title(const struct blocks *blocks)
{
	uint32_t found = (uint32_t)blocks->len;
	float best = 0.5f;
	for (uint32_t i = 0; i < blocks->len; i++) {
		const struct block *b = &blocks->at[i];
		uint16_t tag = blocks->containers[b->container].tag;
		if (b->words > 40 || b->words == 0 || b->shared == 0)
			continue;
		float match = (float)b->shared / (float)b->words;
		match *= blocks->title_words < 3 ? 1 : fminf(1, (float)b->shared / 3);
		match += tag == LXB_TAG_H1 ? 0.6f : tag == LXB_TAG_H2 ? 0.3f : 0;
		match -= b->link_chars * 2 > b->chars ? 0.3f : 0;
		if (match > best) {
			best = match;
			found = i;
		}
	}
	return found;
}

static bool read_facts(struct arena *arena, const struct blocks *blocks, struct page_facts *facts)
{
	*facts = (struct page_facts){.blocks = blocks};
	uint32_t *before = arena_alloc(arena, blocks->len + 1, sizeof(*before));
	if (before == NULL || !make_paths(arena, blocks->len, &facts->paths) ||
	    !make_paths(arena, blocks->len, &facts->shapes))
		return false;
	for (size_t i = 0; i < blocks->len; i++) {
		const struct block *b = &blocks->at[i];
		before[i] = facts->chars;
		facts->chars += b->chars;
		if (b->link_chars * 3 < b->chars && b->chars > facts->longest)
			facts->longest = b->chars;
		add_to_path(find_path(&facts->paths, path_key(blocks, b->container)), b);
		add_to_path(find_path(&facts->shapes, shape_key(blocks, b->container)), b);
	}
	before[blocks->len] = facts->chars;
	facts->before = before;
	facts->paragraph_chars = blocks->containers[0].paragraph_chars;
	float best = 0;
	for (uint32_t i = 0; i < blocks->container_count; i++) {
		float weight = weight_of(&blocks->containers[i]);
		if (weight > best) {
			best = weight;
			facts->best = i;
		}
	}
	find_span(facts);
	facts->title = find_title(blocks);
	return true;
}

/* A row being filled, column by column. */
struct row {
	float *at;
	size_t len;
};

static void put(struct row *row, float value)
{
	row->at[row->len++] = value;
}

static void put_bits(struct row *row, uint32_t bits, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		put(row, (float)(bits >> i & 1));
}

static float ratio(uint32_t part, uint32_t whole)
{
	return whole == 0 ? 0 : (float)part / (float)whole;
}

/* Long lengths differ by their order of size; log2 in whole and linear parts, alike everywhere. */
static float size(uint32_t n)
{
	if (n == 0)
		return 0;
	unsigned log = 31 - (unsigned)__builtin_clz(n);
	return (float)log + (float)(n - (1u << log)) / (float)(1u << log) + 1;
}

static uint8_t tag_class(uint16_t tag)
{
	switch (tag) {
	case LXB_TAG_P:
		return 1;
	case LXB_TAG_LI:
		return 2;
	case LXB_TAG_H1:
		return 3;
	case LXB_TAG_H2:
		return 4;
	case LXB_TAG_H3:
		return 5;
	case LXB_TAG_H4:
		return 6;
	case LXB_TAG_H5:
	case LXB_TAG_H6:
		return 7;
	case LXB_TAG_BLOCKQUOTE:
		return 8;
	case LXB_TAG_PRE:
		return 9;
	case LXB_TAG_TD:
	case LXB_TAG_TH:
		return 10;
	case LXB_TAG_TR:
		return 11;
	case LXB_TAG_FIGCAPTION:
	case LXB_TAG_CAPTION:
		return 12;
	case LXB_TAG_DT:
	case LXB_TAG_DD:
		return 13;
	case LXB_TAG_SECTION:
	case LXB_TAG_ARTICLE:
	case LXB_TAG_MAIN:
		return 14;
	case LXB_TAG_BODY:
		return 15;
	case LXB_TAG_DIV:
		return 16;
	default:
		return 17;
	}
}

static void put_shape(struct row *row, const struct blocks *blocks, const struct block *b)
{
	const struct container *c = &blocks->containers[b->container];
	uint8_t tag = tag_class(c->tag);
	put(row, (float)tag);
	put(row, (float)(tag >= 3 && tag <= 7));
	put(row, size(b->chars));
	put(row, (float)b->words);
	put(row, ratio(b->link_chars, b->chars));
	put(row, ratio(b->bold_chars, b->chars));
	put(row, (float)b->links);
	put(row, ratio(b->capitals, b->words));
	put(row, ratio(b->digits, b->chars));
	put(row, ratio(b->commas, b->words));
	put(row, ratio(b->stops, b->words));
	put(row, (float)b->stops);
	put(row, (float)b->ends_with_stop);
	put(row, (float)b->starts_with_capital);
	put(row, ratio(b->chars, b->words));
	put(row, ratio(b->shared, b->words));
	put(row, (float)b->shared);
	put(row, (float)b->after_break);
}

static void put_path(struct row *row, const struct path_sum *sum, const struct page_facts *facts)
{
	put(row, size(sum->blocks));
	put(row, size(sum->chars));
	put(row, ratio(sum->chars, sum->blocks));
	put(row, ratio(sum->link_chars, sum->chars));
	put(row, ratio(sum->chars, facts->chars));
	put(row, ratio(sum->stops, sum->blocks));
}

static void put_container(struct row *row, const struct container *c,
			  const struct page_facts *facts)
{
	put(row, size(c->chars));
	put(row, ratio(c->link_chars, c->chars));
	put(row, size(c->blocks));
	put(row, ratio(c->paragraph_chars, c->chars));
	put(row, ratio(c->paragraph_chars, facts->paragraph_chars));
}

/* Steps from the block's container up to one that holds the densest container. */
static float steps_to_best(const struct page_facts *facts, uint32_t container)
{
	const struct container *all = facts->blocks->containers;
	for (int steps = 0; steps < CLIMB; steps++) {
		const struct container *c = &all[container];
		if (container <= facts->best && facts->best < c->end)
			return (float)steps;
		container = c->parent;
	}
	return CLIMB;
}

static float distance(uint32_t from, uint32_t to)
{
	return from >= to ? size(from - to) : -size(to - from);
}

static void put_position(struct row *row, const struct page_facts *facts, uint32_t i)
{
	const struct blocks *blocks = facts->blocks;
	const struct block *b = &blocks->at[i];
	const struct container *best = &blocks->containers[facts->best];
	const struct container *c = &blocks->containers[b->container];
	put(row, ratio(i, (uint32_t)blocks->len));
	put(row, ratio(facts->before[i], facts->chars));
	put(row, size((uint32_t)blocks->len));
	put(row, size(facts->chars));
	put(row, size(facts->paragraph_chars));
	put(row, ratio(b->chars, facts->longest));
	put(row, (float)c->depth);
	put(row, (float)c->depth - (float)best->depth);
	put(row, (float)(b->container >= facts->best && b->container < best->end));
	put(row, steps_to_best(facts, b->container));
	put(row, (float)(i >= facts->span_start && i < facts->span_end));
	put(row, distance(i, facts->span_start));
	put(row, distance(i, facts->span_end));
	bool titled = facts->title < blocks->len;
	put(row, titled ? distance(i, facts->title) : 40);
	put(row, titled ? distance(facts->before[i], facts->before[facts->title]) : 40);
	put(row, (float)(titled && i == facts->title));
	put(row, titled ? distance(facts->title, facts->span_start) : 40);
	put(row, ratio(best->paragraph_chars, facts->paragraph_chars));
}

static void put_neighbour(struct row *row, const struct page_facts *facts, uint32_t i, int step)
{
	const struct blocks *blocks = facts->blocks;
	int64_t at = (int64_t)i + step;
	if (at < 0 || at >= (int64_t)blocks->len) {
		for (int n = 0; n < 7; n++)
			put(row, -1);
		return;
	}
	const struct block *b = &blocks->at[i], *other = &blocks->at[at];
	const struct container *c = &blocks->containers[b->container];
	const struct container *o = &blocks->containers[other->container];
	put(row, size(other->chars));
	put(row, ratio(other->link_chars, other->chars));
	put(row, (float)other->stops);
	put(row, (float)tag_class(o->tag));
	put(row, (float)(b->container == other->container ? 2 : c->parent == o->parent));
	put(row, (float)(c->path == o->path));
	put(row, (float)(other->phrases != 0));
}

static void describe(const struct page_facts *facts, uint32_t i, float *at)
{
	const struct blocks *blocks = facts->blocks;
	const struct block *b = &blocks->at[i];
	const struct container *c = &blocks->containers[b->container];
	const struct container *parent = &blocks->containers[c->parent];
	struct row row = {at, 0};
	put_shape(&row, blocks, b);
	put_bits(&row, b->phrases, PHRASE_NEVER); /* the groups before it */
	put_bits(&row, c->places, PLACE_COUNT);
	put_bits(&row, c->near_groups, WORD_GROUPS);
	put_bits(&row, c->all_groups, WORD_GROUPS);
	put_path(&row, find_path(&facts->paths, path_key(blocks, b->container)), facts);
	put_path(&row, find_path(&facts->shapes, shape_key(blocks, b->container)), facts);
	put_container(&row, parent, facts);
	put_container(&row, &blocks->containers[parent->parent], facts);
	put_position(&row, facts, i);
	for (int step = 1; step <= NEIGHBOURS; step++) {
		put_neighbour(&row, facts, i, -step);
		put_neighbour(&row, facts, i, step);
	}
}

float *blockscore_features(struct arena *arena, const struct blocks *blocks)
{
	float *features = arena_zalloc(arena, blocks->len + 1, BLOCK_FEATURES * sizeof(float));
	struct page_facts facts;
	if (features == NULL || !read_facts(arena, blocks, &facts))
		return NULL;
	for (uint32_t i = 0; i < blocks->len; i++)
		describe(&facts, i, features + (size_t)i * BLOCK_FEATURES);
	return features;
}

/* Log odds bent into (-1, 1), by arithmetic that is the same on every machine. */
static float bend(float score)
{
	return score / (2 + fabsf(score));
}

enum { WINDOW_NEAR = 4, WINDOW_WIDE = 8 };

/* What the first pass said of the whole page. */
struct opinion {
	struct paths paths, shapes;
	float *containers, *weights; /* sums by container */
	uint32_t first, last, chars; /* of the blocks that are likely the article's */
	float greatest;
};

static bool read_opinion(struct arena *arena, const struct blocks *blocks, const float *score,
			 struct opinion *o)
{
	*o = (struct opinion){.first = (uint32_t)blocks->len, .greatest = -1};
	o->containers = arena_zalloc(arena, blocks->container_count, sizeof(float));
	o->weights = arena_zalloc(arena, blocks->container_count, sizeof(float));
	if (o->containers == NULL || o->weights == NULL ||
	    !make_paths(arena, blocks->len, &o->paths) ||
	    !make_paths(arena, blocks->len, &o->shapes))
		return false;
	for (uint32_t i = 0; i < blocks->len; i++) {
		const struct block *b = &blocks->at[i];
		float s = bend(score[i]), weight = (float)b->words + 1;
		struct path_sum *sums[] = {find_path(&o->paths, path_key(blocks, b->container)),
					   find_path(&o->shapes, shape_key(blocks, b->container))};
		for (size_t k = 0; k < 2; k++) {
			sums[k]->blocks++;
			sums[k]->score += s * weight;
			sums[k]->weight += weight;
		}
		o->containers[b->container] += s * weight;
		o->weights[b->container] += weight;
		if (s > o->greatest)
			o->greatest = s;
		if (score[i] > 0) {
			o->first = o->first == blocks->len ? i : o->first;
			o->last = i;
			o->chars += b->chars;
		}
	}
	for (size_t i = blocks->container_count; i-- > 1;) {
		uint32_t parent = blocks->containers[i].parent;
		o->containers[parent] += o->containers[i];
		o->weights[parent] += o->weights[i];
	}
	return true;
}

static void put_window(struct row *row, const struct blocks *blocks, const float *score, uint32_t i)
{
	for (int step = 1; step <= WINDOW_NEAR; step++) {
		put(row, (int64_t)i - step < 0 ? -1 : bend(score[i - (uint32_t)step]));
		put(row, i + (uint32_t)step >= blocks->len ? -1 : bend(score[i + (uint32_t)step]));
	}
	float before = 0, before_weight = 1, after = 0, after_weight = 1;
	for (uint32_t step = 1; step <= WINDOW_WIDE; step++) {
		if (i >= step) {
			float weight = (float)blocks->at[i - step].words + 1;
			before += bend(score[i - step]) * weight;
			before_weight += weight;
		}
		if (i + step < blocks->len) {
			float weight = (float)blocks->at[i + step].words + 1;
			after += bend(score[i + step]) * weight;
			after_weight += weight;
		}
	}
	put(row, before / before_weight);
	put(row, after / after_weight);
}

/* The mean of the others: a block's own score must not speak twice. */
static float mean_without(float sum, float weight, float own, float own_weight)
{
	return (sum - own * own_weight) / (weight - own_weight + 1);
}

void blockscore_context(struct arena *arena, const struct blocks *blocks, const float *score,
			float *features)
{
	struct opinion o;
	if (!read_opinion(arena, blocks, score, &o))
		return;
	for (uint32_t i = 0; i < blocks->len; i++) {
		const struct block *b = &blocks->at[i];
		struct row row = {features + (size_t)i * BLOCK_FEATURES + BLOCK_FEATURES_FIRST, 0};
		float s = bend(score[i]), weight = (float)b->words + 1;
		uint32_t parent = blocks->containers[b->container].parent;
		uint32_t grand = blocks->containers[parent].parent;
		const struct path_sum *path = find_path(&o.paths, path_key(blocks, b->container));
		const struct path_sum *shape =
			find_path(&o.shapes, shape_key(blocks, b->container));
		put(&row, s);
		put_window(&row, blocks, score, i);
		put(&row, mean_without(path->score, path->weight, s, weight));
		put(&row, mean_without(shape->score, shape->weight, s, weight));
		put(&row, mean_without(o.containers[parent], o.weights[parent], s, weight));
		put(&row, mean_without(o.containers[grand], o.weights[grand], s, weight));
		put(&row, o.first == blocks->len ? 40 : distance(i, o.first));
		put(&row, o.first == blocks->len ? 40 : distance(i, o.last));
		put(&row, size(o.chars));
		put(&row, o.greatest);
		put(&row, ratio(b->chars, o.chars));
		put(&row, size(o.last - o.first));
	}
}

enum { EARLY_TREES = 32 };
static const float early_score = -2.6f, early_factor = 1.8f;
static const float sure_score = -4; /* below it the second pass is not asked */

static float run_trees(const struct tree_model *model, const float *features)
{
	float sum = model->base;
	for (uint32_t tree = model->first; tree < model->last; tree++) {
		/* Most of a page is plainly not the article: what is left would say no more. */
		if (tree - model->first == EARLY_TREES && sum < early_score)
			return sum * early_factor;
		const struct tree_node *node = &tree_nodes[tree_starts[tree]];
		while (node->feature != LEAF)
			node += node->child + !(features[node->feature] < node->threshold);
		sum += node->threshold;
	}
	return sum;
}

/* Buttons and their like, among them the one that asks for a summary: no text, wherever they are.
 */
static bool is_never(const struct block *b)
{
	return b->phrases >> PHRASE_NEVER & 1 && b->words <= NEVER_WORDS;
}

float *blockscore_run(struct arena *arena, const struct blocks *blocks)
{
	float *features = blockscore_features(arena, blocks);
	float *first = arena_alloc(arena, blocks->len + 1, sizeof(*first));
	float *second = arena_alloc(arena, blocks->len + 1, sizeof(*second));
	if (features == NULL || first == NULL || second == NULL)
		return NULL;
	for (size_t i = 0; i < blocks->len; i++)
		first[i] = run_trees(&tree_models[0], features + i * BLOCK_FEATURES);
	blockscore_context(arena, blocks, first, features);
	for (size_t i = 0; i < blocks->len; i++)
		second[i] = is_never(&blocks->at[i]) ? NEVER
			    : first[i] < sure_score
				    ? first[i]
				    : run_trees(&tree_models[1], features + i * BLOCK_FEATURES);
	return arena->failed ? NULL : second;
}
