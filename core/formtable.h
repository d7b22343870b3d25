#ifndef CORE_FORMTABLE_H
#define CORE_FORMTABLE_H

#include "arena.h"
#include "form.h"
#include "scatter.h"

#include <stdint.h>

/** A distinct form. Its first sixteen bytes are stored here, so that most can be compared without
 * following `at`. */
struct form_entry {
	uint64_t first, second;
	const char *at; /* all of them, zero-padded to whole steps; never moves */
	uint32_t len;
	uint32_t term; /* the caller's; FORM_NO_TERM when new */
};

enum { FORM_NO_TERM = UINT32_MAX };

/**
 * The distinct forms of a text. Everything lives in an arena; strings in pages. Grows by copying,
 * so that pointers to entries hold until the next formtable_add().
 */
struct formtable {
	uint32_t *slot;           /* open addressing: an entry's number, or 0 */
	struct form_entry *entry; /* numbered from 1; number 0 is no form's */
	uint64_t factor;          /* of scatter_place() */
	unsigned bits;            /* there are 2^bits slots */
	size_t len, room;
	char *page, *page_end;
};

/** Make a table for about `expected` forms. False for lack of memory. */
bool formtable_init(struct arena *arena, struct formtable *table, size_t expected);

/** The slot where a form is looked for first, and the one after a slot. Forms could be chosen so
 * that all have the same hash; so the slot is computed from their bytes and a factor that nobody
 * outside knows. For forms of up to sixteen bytes the first eight are enough: two forms with the
 * same hash differ in them. */
static inline uint32_t formtable_place(const struct formtable *table, const char *form,
				       uint32_t len, uint64_t hash)
{
	hash ^= form_load(form) * table->factor;
	if (len > 16)
		for (uint32_t at = 8; at < len; at += 8)
			hash = (hash ^ form_load(form + at)) * table->factor;
	return (uint32_t)scatter_place(hash, table->factor, table->bits);
}

static inline uint32_t formtable_next(const struct formtable *table, uint32_t at)
{
	return (at + 1) & ((1u << table->bits) - 1);
}

/**
 * The entry of a form of `len` bytes, zero-padded to whole steps of sixteen; or NULL and the free
 * slot where it belongs. `hash` is form_hash() of it. O(1) unless hashes collide.
 */
static inline struct form_entry *formtable_find(const struct formtable *table, const char *form,
						uint32_t len, uint64_t hash, uint32_t *free_slot)
{
	uint64_t first = form_load(form), second = form_load(form + 8);
	uint32_t at = formtable_place(table, form, len, hash);
	for (; table->slot[at] != 0; at = formtable_next(table, at)) {
		struct form_entry *entry = &table->entry[table->slot[at]];
		if (entry->first == first && entry->second == second && entry->len == len &&
		    (len <= 16 || memcmp(entry->at + 16, form + 16, len - 16) == 0))
			return entry;
	}
	*free_slot = at;
	return NULL;
}

/** The rest of formtable_add(), for a long form or when more room is needed. */
struct form_entry *formtable_add_any(struct arena *arena, struct formtable *table, const char *form,
				     uint32_t len, uint64_t hash, uint32_t free_slot);

/** Fill the next entry; table and page must have room. */
static inline struct form_entry *formtable_fill(struct formtable *table, const char *form,
						uint32_t len, uint32_t free_slot)
{
	struct form_entry *entry = &table->entry[++table->len];
	*entry = (struct form_entry){form_load(form), form_load(form + 8), table->page, len,
				     FORM_NO_TERM};
	table->slot[free_slot] = (uint32_t)table->len;
	memcpy(table->page, form, 16);
	table->page += 16;
	return entry;
}

/** Add what formtable_find() did not find, at the free slot that it found. NULL for lack of memory.
 */
static inline struct form_entry *formtable_add(struct arena *arena, struct formtable *table,
					       const char *form, uint32_t len, uint64_t hash,
					       uint32_t free_slot)
{
	if (len > 16 || table->page_end - table->page < 16 || table->len == table->room)
		return formtable_add_any(arena, table, form, len, hash, free_slot);
	return formtable_fill(table, form, len, free_slot);
}

#endif
