#include "blocks_sum.h"

/* How many children with this shape a container has. */
struct twins {
	uint32_t parent, shape, count;
};

static bool count_twins(struct arena *arena, struct blocks *out)
{
	uint32_t slots = 64;
	while (slots < 2 * out->container_count)
		slots *= 2;
	struct twins *table = arena_zalloc(arena, slots, sizeof(*table));
	uint32_t *found = arena_alloc(arena, out->container_count + 1, sizeof(*found));
	if (table == NULL || found == NULL)
		return false;
	for (size_t i = 0; i < out->container_count; i++) {
		struct container *c = &out->containers[i];
		uint32_t at = ((c->parent ^ c->shape) * 2654435761u) >> 7 & (slots - 1);
		while (table[at].count > 0 &&
		       (table[at].parent != c->parent || table[at].shape != c->shape))
			at = (at + 1) & (slots - 1);
		table[at].parent = c->parent;
		table[at].shape = c->shape;
		c->rank = table[at].count++;
		found[i] = at;
	}
	for (size_t i = 0; i < out->container_count; i++)
		out->containers[i].twins = table[found[i]].count;
	return true;
}

static bool count_copies(struct arena *arena, struct blocks *out)
{
	uint32_t slots = 64;
	while (slots < 2 * out->len)
		slots *= 2;
	uint32_t *table = arena_zalloc(arena, slots, sizeof(*table)); /* index + 1 of the first */
	if (table == NULL)
		return false;
	for (uint32_t i = 0; i < out->len; i++) {
		uint32_t at = (out->at[i].hash * 2654435761u) >> 7 & (slots - 1);
		while (table[at] != 0 && out->at[table[at] - 1].hash != out->at[i].hash)
			at = (at + 1) & (slots - 1);
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
