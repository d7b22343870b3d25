#include "formtable.h"

enum { PAGE_BYTES = 4096 };

bool formtable_init(struct arena *arena, struct formtable *table, size_t expected)
{
	unsigned bits = scatter_bits(2 * expected);
	size_t slots = (size_t)1 << bits;
	*table = (struct formtable){.bits = bits, .room = slots / 2};
	table->slot = arena_zalloc(arena, slots, sizeof *table->slot);
	table->entry = arena_alloc(arena, table->room, sizeof *table->entry);
	if (table->slot == NULL || table->entry == NULL)
		return false;
	table->factor = scatter_factor(table->slot);
	table->entry[0] = (struct form_entry){.term = FORM_NO_TERM};
	return true;
}

static uint32_t free_slot_of(const struct formtable *table, uint64_t hash)
{
	uint32_t at = formtable_place(table, hash);
	while (table->slot[at].number != 0)
		at = formtable_next(table, at);
	return at;
}

static struct form_slot slot_of(uint64_t hash, size_t number)
{
	return (struct form_slot){(uint32_t)number, (uint32_t)(hash >> 32)};
}

static bool grow(struct arena *arena, struct formtable *table)
{
	struct formtable bigger;
	if (!formtable_init(arena, &bigger, table->room * 2))
		return false;
	bigger.len = table->len;
	bigger.page = table->page;
	bigger.page_end = table->page_end;
	memcpy(bigger.entry, table->entry, table->len * sizeof *table->entry);
	for (size_t i = 0; i < table->len; i++) {
		uint64_t hash = form_hash(table->entry[i].at, table->entry[i].len);
		bigger.slot[free_slot_of(&bigger, hash)] = slot_of(hash, i + 1);
	}
	*table = bigger;
	return true;
}

static bool new_page(struct arena *arena, struct formtable *table)
{
	table->page = arena_alloc(arena, PAGE_BYTES, 1);
	table->page_end = table->page == NULL ? NULL : table->page + PAGE_BYTES;
	return table->page != NULL;
}

struct form_entry *formtable_add(struct arena *arena, struct formtable *table,
				 const struct form *form, uint64_t hash, uint32_t free_slot)
{
	size_t padded_len = (form->len + 15u) & ~15u;
	if (padded_len > (size_t)(table->page_end - table->page) && !new_page(arena, table))
		return NULL;
	if (table->len == table->room) {
		if (!grow(arena, table))
			return NULL;
		free_slot = free_slot_of(table, hash);
	}
	struct form_entry *entry = &table->entry[table->len++];
	*entry = (struct form_entry){form_load(form->bytes), form_load(form->bytes + 8),
				     table->page, form->len, FORM_NO_TERM};
	table->slot[free_slot] = slot_of(hash, table->len);
	memcpy(table->page, form->bytes, 16); /* one step mostly */
	for (size_t i = 16; i < padded_len; i += 16)
		memcpy(table->page + i, form->bytes + i, 16);
	table->page += padded_len;
	return entry;
}
