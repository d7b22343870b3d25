#include "formtable.h"

/* At most a quarter of the slots is taken, because a collision costs a mispredicted branch. Half as
 * many slots made tokenizing 6% slower. */
enum { PAGE_BYTES = 4096, SLOTS_EACH = 4 };

bool formtable_init(struct arena *arena, struct formtable *table, size_t expected)
{
	unsigned bits = scatter_bits(SLOTS_EACH * expected);
	size_t slots = (size_t)1 << bits;
	*table = (struct formtable){.bits = bits, .room = slots / SLOTS_EACH};
	table->slot = arena_zalloc(arena, slots, sizeof *table->slot);
	table->entry = arena_alloc(arena, table->room + 1, sizeof *table->entry);
	if (table->slot == NULL || table->entry == NULL)
		return false;
	table->factor = scatter_factor(table->slot);
	table->entry[0] = (struct form_entry){.term = FORM_NO_TERM};
	return true;
}

static uint32_t free_slot_of(const struct formtable *table, const char *form, uint32_t len,
			     uint64_t hash)
{
	uint32_t at = formtable_place(table, form, len, hash);
	while (table->slot[at] != 0)
		at = formtable_next(table, at);
	return at;
}

static bool grow(struct arena *arena, struct formtable *table)
{
	size_t slots = (size_t)1 << table->bits, room = table->room;
	uint32_t *slot = arena_grow(arena, table->slot, slots, 2 * slots, sizeof *slot);
	if (slot == NULL)
		return false;
	table->slot = slot; /* still valid if the entries cannot grow */
	struct form_entry *entry =
		arena_grow(arena, table->entry, room + 1, 2 * room + 1, sizeof *entry);
	if (entry == NULL)
		return false;
	memset(slot, 0, 2 * slots * sizeof *slot);
	table->entry = entry;
	table->bits++;
	table->room *= 2;
	for (size_t i = 1; i <= table->len; i++) {
		uint64_t hash = form_hash(entry[i].at, entry[i].len);
		slot[free_slot_of(table, entry[i].at, entry[i].len, hash)] = (uint32_t)i;
	}
	return true;
}

static bool new_page(struct arena *arena, struct formtable *table)
{
	table->page = arena_alloc(arena, PAGE_BYTES, 1);
	table->page_end = table->page == NULL ? NULL : table->page + PAGE_BYTES;
	return table->page != NULL;
}

struct form_entry *formtable_add_any(struct arena *arena, struct formtable *table, const char *form,
				     uint32_t len, uint64_t hash, uint32_t free_slot)
{
	size_t padded_len = (len + 15u) & ~15u;
	if (padded_len > (size_t)(table->page_end - table->page) && !new_page(arena, table))
		return NULL;
	if (table->len == table->room) {
		if (!grow(arena, table))
			return NULL;
		free_slot = free_slot_of(table, form, len, hash);
	}
	struct form_entry *entry = formtable_fill(table, form, len, free_slot);
	if (len > 16) {
		memcpy(table->page, form + 16, padded_len - 16);
		table->page += padded_len - 16;
	}
	return entry;
}
