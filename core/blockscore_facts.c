#include "blockscore_facts.h"

#include "hash.h"
#include "page_words_table.h"
#include "scatter.h"

#include <math.h>

static struct path_sum *find_path(const struct paths *paths, uint64_t key)
{
	size_t at = scatter_place(key, paths->factor, paths->bits),
	       mask = ((size_t)1 << paths->bits) - 1;
	while (paths->at[at].blocks > 0 && paths->at[at].key != key)
		at = (at + 1) & mask;
	paths->at[at].key = key;
	return &paths->at[at];
}

static uint64_t path_key(const struct blocks *blocks, uint32_t container)
{
	return blocks->containers[container].path;
}

static uint64_t shape_key(const struct blocks *blocks, uint32_t container)
{
	const struct container *c = &blocks->containers[container];
	return hash_append(blocks->containers[c->parent].shape, c->shape);
}

static bool make_paths(struct arena *arena, size_t blocks, struct paths *paths)
{
	paths->bits = scatter_bits(2 * blocks);
	paths->at = arena_zalloc(arena, (size_t)1 << paths->bits, sizeof(*paths->at));
	paths->factor = scatter_factor(paths->at);
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

/* For each container the one around it with most twins: an entry of a list, a card, a comment. */
static uint32_t *find_repeats(struct arena *arena, const struct blocks *blocks)
{
	uint32_t *repeat = arena_zalloc(arena, blocks->container_count + 1, sizeof(*repeat));
	for (uint32_t i = 1; repeat != NULL && i < blocks->container_count; i++) {
		const struct container *c = &blocks->containers[i];
		repeat[i] = repeat[c->parent];
		uint32_t best = repeat[i] == 0 ? 1 : blocks->containers[repeat[i]].twins;
		if (c->blocks > 1 && c->twins > best)
			repeat[i] = i;
	}
	return repeat;
}

static uint32_t *find_headings(struct arena *arena, const struct blocks *blocks)
{
	uint32_t *heading = arena_alloc(arena, blocks->len + 1, sizeof(*heading));
	uint32_t last = (uint32_t)blocks->len;
	for (uint32_t i = 0; heading != NULL && i < blocks->len; i++) {
		const struct block *b = &blocks->at[i];
		heading[i] = last;
		bool bold = b->words <= 12 && b->bold_chars * 5 > b->chars * 4;
		if (bold || html_is_heading(blocks->containers[b->container].tag))
			last = i;
	}
	return heading;
}

bool page_facts_read(struct arena *arena, const struct blocks *blocks, struct page_facts *facts)
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
	facts->repeat = find_repeats(arena, blocks);
	facts->heading = find_headings(arena, blocks);
	return !arena->failed;
}

const struct path_sum *page_facts_path(const struct page_facts *facts, uint32_t container)
{
	return find_path(&facts->paths, path_key(facts->blocks, container));
}

const struct path_sum *page_facts_shape(const struct page_facts *facts, uint32_t container)
{
	return find_path(&facts->shapes, shape_key(facts->blocks, container));
}
