#include "blocks_sum.h"

#include "hash.h"
#include "scatter.h"

/* How many children of one shape a container has, keyed by both. */
struct twins {
	uint64_t key;
	uint32_t count;
};

static bool count_twins(struct arena *arena, struct blocks *out)
{
	unsigned bits = scatter_bits(2 * out->container_count);
	size_t mask = ((size_t)1 << bits) - 1;
	struct twins *table = arena_zalloc(arena, mask + 1, sizeof(*table));
	uint64_t factor = scatter_factor(table);
	uint32_t *found = arena_alloc(arena, out->container_count + 1, sizeof(*found));
	if (table == NULL || found == NULL)
		return false;
	for (size_t i = 0; i < out->container_count; i++) {
		struct container *c = &out->containers[i];
		uint64_t key = hash_append(c->shape, c->parent);
		size_t at = scatter_place(key, factor, bits);
		while (table[at].count > 0 && table[at].key != key)
			at = (at + 1) & mask;
		table[at].key = key;
		c->rank = table[at].count++;
		found[i] = (uint32_t)at;
	}
	for (size_t i = 0; i < out->container_count; i++)
		out->containers[i].twins = table[found[i]].count;
	return true;
}

static bool count_copies(struct arena *arena, struct blocks *out)
{
	unsigned bits = scatter_bits(2 * out->len);
	size_t mask = ((size_t)1 << bits) - 1;
	uint32_t *table =
		arena_zalloc(arena, mask + 1, sizeof(*table)); /* index + 1 of the first */
	uint64_t factor = scatter_factor(table);
	if (table == NULL)
		return false;
	for (uint32_t i = 0; i < out->len; i++) {
		size_t at = scatter_place(out->at[i].hash, factor, bits);
		while (table[at] != 0 && out->at[table[at] - 1].hash != out->at[i].hash)
			at = (at + 1) & mask;
		if (table[at] == 0)
			table[at] = i + 1;
		out->at[i].first_copy = table[at] - 1;
		out->at[out->at[i].first_copy].copies++;
	}
	for (uint32_t i = 0; i < out->len; i++)
		out->at[i].copies = out->at[out->at[i].first_copy].copies;
	return true;
}

/* Sums over containers, from the innermost outwards. */
static void sum_containers(struct blocks *out)
{
	for (size_t i = 0; i < out->len; i++) {
		const struct block *b = &out->at[i];
		struct container *c = &out->containers[b->container];
		c->chars += b->chars;
		c->link_chars += b->link_chars;
		c->blocks++;
		bool paragraph = b->chars >= 80 && b->link_chars * 3 < b->chars && b->stops > 0;
		if (!paragraph)
			continue;
		c->paragraph_chars += b->chars;
		float weight = 1 + (float)b->commas + (b->chars > 300 ? 3 : (float)b->chars / 100);
		struct container *parent = &out->containers[c->parent];
		bool leaf = c->tag != LXB_TAG_DIV && c->tag != LXB_TAG_TD &&
			    c->tag != LXB_TAG_SECTION && c->tag != LXB_TAG_ARTICLE;
		if (!leaf)
			c->weight += weight;
		parent->weight += leaf ? weight : weight / 2;
		out->containers[parent->parent].weight += leaf ? weight / 2 : weight / 3;
	}
	for (size_t i = out->container_count; i-- > 1;) {
		const struct container *c = &out->containers[i];
		struct container *parent = &out->containers[c->parent];
		parent->chars += c->chars;
		parent->link_chars += c->link_chars;
		parent->blocks += c->blocks;
		parent->paragraph_chars += c->paragraph_chars;
	}
}

void blocks_sum(struct arena *arena, struct blocks *out)
{
	if (count_twins(arena, out) && count_copies(arena, out))
		sum_containers(out);
}
