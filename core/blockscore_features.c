#include "blockscore_features.h"

#include "blockscore.h"
#include "page_words_table.h"

enum {
	NEIGHBOURS = 2,
	CLIMB = 24, /* steps up the tree to the densest container */
};

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
	float *at = row->at + row->len;
	for (unsigned i = 0; i < count; i++)
		at[i] = (float)(bits >> i & 1);
	row->len += count;
}

static float ratio(uint32_t part, uint32_t whole)
{
	return whole == 0 ? 0 : (float)part / (float)whole;
}

/* Long lengths differ by order of magnitude: log2, linear between powers of two, the same on every
 * machine. */
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

/* The features that are the same for all blocks of a page. */
static void describe_page(const struct page_facts *facts, float *at)
{
	const struct blocks *blocks = facts->blocks;
	const struct declared *d = &blocks->declared;
	uint32_t linked = 0, paragraphs = 0, prices = 0, comments = 0, copies = 0, articles = 0;
	uint32_t headings = 0, first_headings = 0, twins = 0, items = 0, short_ones = 0;
	for (size_t i = 0; i < blocks->len; i++) {
		const struct block *b = &blocks->at[i];
		const struct container *c = &blocks->containers[b->container];
		linked += b->link_chars * 5 > b->chars * 4;
		paragraphs += b->chars >= 80 && b->link_chars * 3 < b->chars && b->stops > 0;
		prices += b->prices > 0 && b->digits > 0;
		comments += c->all_groups >> WORD_COMMENT & 1 ? b->chars : 0;
		copies += b->copies > 1;
		headings += html_is_heading(c->tag);
		items += c->tag == LXB_TAG_LI;
		short_ones += b->words <= 4;
		first_headings += c->tag == LXB_TAG_H1;
	}
	for (size_t i = 0; i < blocks->container_count; i++) {
		const struct container *c = &blocks->containers[i];
		articles += c->tag == LXB_TAG_ARTICLE;
		if (c->blocks > 1 && c->chars > 80 && c->twins > twins)
			twins = c->twins;
	}
	struct row row = {at, 0};
	uint32_t len = (uint32_t)blocks->len;
	put_bits(&row, d->kinds, DECLARED_COUNT);
	put(&row, d->addressed ? (float)d->path_depth : -1);
	put(&row, d->addressed ? size(d->slug_len) : -1);
	put(&row, d->addressed ? (float)d->hyphens : -1);
	put(&row, size((uint32_t)blocks->described_words));
	put(&row, ratio(linked, len));
	put(&row, size(paragraphs));
	put(&row, ratio(prices, len));
	put(&row, ratio(comments, facts->chars));
	put(&row, ratio(copies, len));
	put(&row, ratio(headings, len));
	put(&row, ratio(items, len));
	put(&row, ratio(short_ones, len));
	put(&row, (float)first_headings);
	put(&row, size(articles));
	put(&row, size(twins));
	put(&row, ratio(facts->paragraph_chars, facts->chars));
	put(&row, ratio(blocks->containers[facts->best].paragraph_chars, facts->chars));
	put(&row, ratio(facts->chars, len));
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

static void put_text(struct row *row, const struct block *b)
{
	put(row, ratio(b->uppers, b->chars));
	put(row, size(b->copies));
	put(row, (float)b->ends_with_ellipsis);
	put(row, (float)b->starts_with_dash);
	put(row, (float)b->prices);
	put(row, ratio(b->described, b->words));
	put(row, (float)b->described);
}

static void put_repeat(struct row *row, const struct page_facts *facts, uint32_t container)
{
	const struct container *all = facts->blocks->containers;
	const struct container *c = &all[facts->repeat[container]];
	put(row, size(c->twins));
	put(row, size(c->rank));
	put(row, size(c->chars));
	put(row, size(c->blocks));
	put(row, ratio(c->link_chars, c->chars));
	put(row, size(all[container].twins));
	put(row, size(all[container].rank));
}

/* The branch that the block is in, below the container that it shares with the densest one. */
static void put_branch(struct row *row, const struct page_facts *facts, uint32_t container)
{
	const struct container *all = facts->blocks->containers;
	for (uint32_t up = all[container].parent; up != container; up = all[container].parent) {
		if (up <= facts->best && facts->best < all[up].end)
			break;
		container = up;
	}
	put_container(row, &all[container], facts);
	put(row, size(all[container].twins));
}

static void put_names(struct row *row, const struct page_facts *facts, const struct container *c)
{
	const struct container *comment = &facts->blocks->containers[c->comment];
	bool has = c->comment != 0;
	put(row, (float)c->comments);
	put(row, (float)c->asides);
	put(row, (float)c->texts);
	put(row, has ? ratio(comment->chars, facts->chars) : -1);
	put(row, has ? (float)(c->depth - comment->depth) : -1);
	put(row, has ? (float)(c->comment <= facts->best && facts->best < comment->end) : -1);
}

static void put_heading(struct row *row, const struct page_facts *facts, uint32_t i)
{
	const struct blocks *blocks = facts->blocks;
	uint32_t at = facts->heading[i];
	if (at == blocks->len) {
		for (int n = 0; n < 8; n++)
			put(row, -1);
		return;
	}
	const struct block *heading = &blocks->at[at];
	put(row, size(i - at));
	put(row, (float)tag_class(blocks->containers[heading->container].tag));
	put(row, (float)(heading->phrases >> PHRASE_MORE & 1));
	put(row, (float)(heading->phrases >> PHRASE_COMMENT & 1));
	put(row, (float)(heading->phrases >> PHRASE_AUTHOR & 1));
	put(row, (float)(heading->phrases >> PHRASE_SUBSCRIBE & 1));
	put(row, ratio(heading->link_chars, heading->chars));
	put(row, size(heading->shared));
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
	put(row, (float)((other->phrases & ((2u << PHRASE_NEVER) - 1)) != 0));
}

void blockscore_describe(const struct described_page *page, uint32_t i, float *at)
{
	const struct page_facts *facts = &page->facts;
	const struct blocks *blocks = facts->blocks;
	const struct block *b = &blocks->at[i];
	const struct container *c = &blocks->containers[b->container];
	const struct container *parent = &blocks->containers[c->parent];
	struct row row = {at, 0};
	put_shape(&row, blocks, b);
	put_bits(&row, b->phrases, PHRASE_NEVER); /* the groups before it */
	put_bits(&row, c->places, PLACE_COUNT);
	put_bits(&row, c->near_groups, WORD_POPUP); /* the groups before it */
	put_bits(&row, c->all_groups, WORD_POPUP);
	put_path(&row, page_facts_path(facts, b->container), facts);
	put_path(&row, page_facts_shape(facts, b->container), facts);
	put_container(&row, parent, facts);
	put_container(&row, &blocks->containers[parent->parent], facts);
	put_position(&row, facts, i);
	for (int step = 1; step <= NEIGHBOURS; step++) {
		put_neighbour(&row, facts, i, -step);
		put_neighbour(&row, facts, i, step);
	}
	put_text(&row, b);
	put_repeat(&row, facts, b->container);
	put_branch(&row, facts, b->container);
	put_heading(&row, facts, i);
	put_names(&row, facts, c);
	memcpy(row.at + row.len, page->columns, sizeof(page->columns));
}

bool blockscore_describe_page(struct arena *arena, const struct blocks *blocks,
			      struct described_page *out)
{
	if (!page_facts_read(arena, blocks, &out->facts))
		return false;
	describe_page(&out->facts, out->columns);
	return true;
}

float *blockscore_features(struct arena *arena, const struct blocks *blocks)
{
	float *features = arena_zalloc(arena, blocks->len + 1, BLOCK_FEATURES * sizeof(float));
	struct described_page page;
	if (features == NULL || !blockscore_describe_page(arena, blocks, &page))
		return NULL;
	for (uint32_t i = 0; i < blocks->len; i++)
		blockscore_describe(&page, i, features + (size_t)i * BLOCK_FEATURES);
	return features;
}
