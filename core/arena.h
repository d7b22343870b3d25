#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include "span.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * One job's memory: bump allocation under a ceiling, freed at once. Blocks of megabytes ask the
 * system for huge pages.
 *
 * A worker owns one arena and resets it between jobs; nothing inside is freed piece by piece.
 * It remembers failure: after the first refusal every allocation returns NULL and `failed` stays
 * set until the reset. A step tests the pointers it uses and returns with empty output; only
 * summary.c turns the flag into a status. Not thread-safe: one thread at a time.
 *
 * Invariants: `used_bytes` (sum of the blocks) <= `ceiling_bytes`; next <= end.
 */
struct arena {
	struct arena_block *blocks; /* newest first */
	char *next, *end;           /* free room in the newest block */
	size_t used_bytes;          /* taken from malloc */
	size_t ceiling_bytes;
	bool failed;
};

/** A place in an arena to which scratch memory can be rewound. */
struct arena_mark {
	struct arena_block *block;
	char *next;
};

/** Make an empty arena. Allocates nothing yet. */
void arena_init(struct arena *arena, size_t ceiling_bytes);

/** `count` objects of `size` bytes, aligned to 16, not cleared. NULL on overflow or at the ceiling.
 */
void *arena_alloc(struct arena *arena, size_t count, size_t size);

/** The same, cleared. */
void *arena_zalloc(struct arena *arena, size_t count, size_t size);

/**
 * Grow an array made by arena_alloc() from `old_count` to `new_count` objects: in place if it is
 * the newest allocation; by growing its block if it has one to itself, as large arrays have; else
 * by copying (the old room is lost until the reset). No mark may be set between making the array
 * and growing it. `array` may be NULL with `old_count` 0. On failure returns NULL and the old array
 * is still good.
 */
void *arena_grow(struct arena *arena, void *array, size_t old_count, size_t new_count, size_t size);

/** The rest of arena_reserve(), called if there is no room. */
bool arena_make_room(struct arena *arena, void *array, size_t len, size_t *room, size_t size);

/**
 * Make sure that an array, whose pointer is at `array`, has room for one more than `len` objects.
 * `*room` says for how many it has room, and is doubled when that is too few. False on failure:
 * then nothing changed.
 */
static inline bool arena_reserve(struct arena *arena, void *array, size_t len, size_t *room,
				 size_t size)
{
	return len < *room || arena_make_room(arena, array, len, room, size);
}

/** A NUL-terminated copy of `bytes`, or NULL. */
char *arena_copy(struct arena *arena, struct span bytes);

/** Remember how far the arena is filled: arena_rewind() frees everything allocated afterwards, but
 * leaves `failed` as it is. */
struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

/** Forget everything and clear `failed`. Keeps one small block, so that the next job needs no
 * malloc. */
void arena_reset(struct arena *arena);

/** Give all memory back. The arena may be used again as after arena_init(). */
void arena_free(struct arena *arena);

#endif
