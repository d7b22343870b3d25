#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__has_feature) /* clang's spelling of gcc's __SANITIZE_ADDRESS__ */
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)0)
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)0)
#endif

#define ALIGN 16
/* An article of a few kilobytes fits in one block, so the usual job never calls malloc; half a
 * megabyte stays in the L2 cache of a server core. */
#define BLOCK_BYTES ((size_t)512 * 1024)
#define HUGE_PAGE ((size_t)2 * 1024 * 1024)

struct arena_block {
	struct arena_block *older;
	size_t size; /* with this header */
	char *end;
	_Alignas(ALIGN) char bytes[];
};

static size_t round_up(size_t n)
{
	return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

void arena_init(struct arena *arena, size_t ceiling_bytes)
{
	*arena = (struct arena){.ceiling_bytes = ceiling_bytes};
}

/* Asks for huge pages where a large block has room for them: in pages of 4 KB, a text of ten
 * megabytes takes up to twice the time. A hint, which may be declined. */
static void use_huge_pages(const struct arena_block *block)
{
#ifdef MADV_HUGEPAGE
	uintptr_t start = ((uintptr_t)block + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1),
		  end = (uintptr_t)block->end & ~(uintptr_t)(HUGE_PAGE - 1);
	if (start < end)
		(void)madvise((void *)start, end - start, MADV_HUGEPAGE);
#else
	(void)block;
#endif
}

static bool add_block(struct arena *arena, size_t room)
{
	size_t size = sizeof(struct arena_block) + room;
	if (size < room)
		return false;
	if (size < BLOCK_BYTES)
		size = BLOCK_BYTES;
	if (size > arena->ceiling_bytes - arena->used_bytes) {
		/* Use the last stretch below the ceiling, too: a block of just the size needed. */
		size = sizeof(struct arena_block) + room;
		if (size > arena->ceiling_bytes - arena->used_bytes)
			return false;
	}
	struct arena_block *block = malloc(size);
	if (block == NULL)
		return false;
	block->older = arena->blocks;
	block->size = size;
	block->end = (char *)block + size;
	use_huge_pages(block);
	arena->blocks = block;
	arena->used_bytes += size;
	arena->next = block->bytes;
	arena->end = block->end;
	ASAN_POISON_MEMORY_REGION(arena->next, (size_t)(arena->end - arena->next));
	return true;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;
	if (arena->failed || __builtin_mul_overflow(count, size, &bytes) ||
	    bytes > PTRDIFF_MAX / 2) {
		arena->failed = true;
		return NULL;
	}
	bytes = round_up(bytes == 0 ? 1 : bytes);
	if (bytes > (size_t)(arena->end - arena->next) && !add_block(arena, bytes)) {
		arena->failed = true;
		return NULL;
	}
	void *at = arena->next;
	arena->next += bytes;
	ASAN_UNPOISON_MEMORY_REGION(at, count * size);
	return at;
}

void *arena_zalloc(struct arena *arena, size_t count, size_t size)
{
	void *at = arena_alloc(arena, count, size);
	if (at != NULL)
		memset(at, 0, count * size);
	return at;
}

/* The link to the block that holds `array` and nothing else; NULL if it shares its block. */
static struct arena_block **own_block(struct arena *arena, const void *array, size_t bytes)
{
	for (struct arena_block **link = &arena->blocks; *link != NULL; link = &(*link)->older)
		if ((*link)->bytes == array)
			return (*link)->bytes + bytes == (*link)->end ? link : NULL;
	return NULL;
}

/* An array with its own block is large: the system moves its pages instead of copying them. */
static void *grow_block(struct arena *arena, struct arena_block **link, size_t room)
{
	bool newest = link == &arena->blocks;
	size_t old_size = (*link)->size, size = sizeof(struct arena_block) + room;
	if (size < old_size || size - old_size > arena->ceiling_bytes - arena->used_bytes)
		return NULL;
	ASAN_UNPOISON_MEMORY_REGION(*link, old_size);
	struct arena_block *block = realloc(*link, size);
	if (block == NULL)
		return NULL;
	block->size = size;
	block->end = (char *)block + size;
	use_huge_pages(block);
	*link = block;
	arena->used_bytes += size - old_size;
	if (newest)
		arena->next = arena->end = block->end;
	return block->bytes;
}

void *arena_grow(struct arena *arena, void *array, size_t old_count, size_t new_count, size_t size)
{
	size_t old_bytes = round_up(old_count * size == 0 ? 1 : old_count * size), new_bytes;
	if (array != NULL && !arena->failed &&
	    !__builtin_mul_overflow(new_count, size, &new_bytes) && new_bytes < PTRDIFF_MAX / 2) {
		new_bytes = round_up(new_bytes == 0 ? 1 : new_bytes);
		if ((char *)array + old_bytes == arena->next &&
		    new_bytes <= (size_t)(arena->end - (char *)array)) {
			arena->next = (char *)array + new_bytes;
			ASAN_UNPOISON_MEMORY_REGION(array, new_count * size);
			return array;
		}
		struct arena_block **own = own_block(arena, array, old_bytes);
		void *moved = own == NULL ? NULL : grow_block(arena, own, new_bytes);
		if (moved != NULL)
			return moved;
	}
	void *at = arena_alloc(arena, new_count, size);
	if (at != NULL && old_count > 0)
		memcpy(at, array, (old_count < new_count ? old_count : new_count) * size);
	return at;
}

bool arena_make_room(struct arena *arena, void *array, size_t len, size_t *room, size_t size)
{
	void *at;
	memcpy(&at, array, sizeof at); /* whatever the pointer's type */
	size_t more = 2 * *room > len ? 2 * *room : len + 64;
	if ((at = arena_grow(arena, at, *room, more, size)) == NULL)
		return false;
	memcpy(array, &at, sizeof at);
	*room = more;
	return true;
}

char *arena_copy(struct arena *arena, struct span bytes)
{
	char *at = arena_alloc(arena, bytes.len + 1, 1);
	if (at == NULL)
		return NULL;
	if (bytes.len > 0)
		memcpy(at, bytes.at, bytes.len);
	at[bytes.len] = '\0';
	return at;
}

struct arena_mark arena_mark(const struct arena *arena)
{
	return (struct arena_mark){arena->blocks, arena->next};
}

static void drop_newest(struct arena *arena)
{
	struct arena_block *block = arena->blocks;
	arena->blocks = block->older;
	arena->used_bytes -= block->size;
	ASAN_UNPOISON_MEMORY_REGION(block, block->size);
	free(block);
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
	while (arena->blocks != mark.block)
		drop_newest(arena);
	arena->next = mark.next;
	arena->end = arena->blocks == NULL ? NULL : arena->blocks->end;
	if (arena->blocks != NULL)
		ASAN_POISON_MEMORY_REGION(arena->next, (size_t)(arena->end - arena->next));
}

void arena_reset(struct arena *arena)
{
	while (arena->blocks != NULL &&
	       (arena->blocks->older != NULL || arena->blocks->size > BLOCK_BYTES))
		drop_newest(arena);
	arena->failed = false;
	arena->next = arena->blocks == NULL ? NULL : arena->blocks->bytes;
	arena->end = arena->blocks == NULL ? NULL : arena->blocks->end;
	if (arena->blocks != NULL)
		ASAN_POISON_MEMORY_REGION(arena->next, (size_t)(arena->end - arena->next));
}

void arena_free(struct arena *arena)
{
	while (arena->blocks != NULL)
		drop_newest(arena);
	arena_init(arena, arena->ceiling_bytes);
}
