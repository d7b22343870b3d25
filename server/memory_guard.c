#include "memory_guard.h"

#include <dlfcn.h>
#include <lexbor/core/base.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* A header in front of lexbor's bytes, aligned like them. All blocks of a guard form a ring;
 * without a guard, each is a ring of its own. */
struct block {
	_Alignas(max_align_t) struct block *before;
	struct block *behind;
};

struct guard {
	struct block all; /* the ring's start: no block itself */
	jmp_buf way_out;
};

static _Thread_local struct guard *guard;

static struct block *block_of(void *bytes)
{
	return (struct block *)bytes - 1;
}

static void unlink_block(struct block *block)
{
	block->before->behind = block->behind;
	block->behind->before = block->before;
}

/* Returns the bytes of a block that malloc has just given. If it gave none, this does not return
 * to lexbor. */
static void *link_block(struct block *block)
{
	if (guard == NULL) {
		if (block == NULL)
			return NULL;
		block->before = block->behind = block;
		return block + 1;
	}
	if (block == NULL)
		longjmp(guard->way_out, 1);
	block->before = &guard->all;
	block->behind = guard->all.behind;
	block->behind->before = block;
	guard->all.behind = block;
	return block + 1;
}

static void *guarded_malloc(size_t size)
{
	bool fits = size <= PTRDIFF_MAX - sizeof(struct block);
	return link_block(fits ? malloc(sizeof(struct block) + size) : NULL);
}

static void *guarded_calloc(size_t count, size_t size)
{
	size_t bytes;
	bool fits = !__builtin_mul_overflow(count, size, &bytes) &&
		    bytes <= PTRDIFF_MAX - sizeof(struct block);
	return link_block(fits ? calloc(1, sizeof(struct block) + bytes) : NULL);
}

static void *guarded_realloc(void *bytes, size_t size)
{
	if (bytes == NULL)
		return guarded_malloc(size);
	if (size > PTRDIFF_MAX - sizeof(struct block))
		return link_block(NULL);
	struct block *old = block_of(bytes);
	unlink_block(old);
	struct block *grown = realloc(old, sizeof(struct block) + size);
	if (grown == NULL)
		link_block(old); /* it still exists, and will be freed with the others */
	return link_block(grown);
}

static void guarded_free(void *bytes)
{
	if (bytes == NULL)
		return;
	unlink_block(block_of(bytes));
	free(block_of(bytes));
}

/* C++'s operator new calls this, to get room, before it would throw. */
static void on_new_failed(void)
{
	if (guard != NULL)
		longjmp(guard->way_out, 1);
	abort();
}

void memory_guard_prepare(void)
{
	/* std::set_new_handler under its linker name; present only if a C++ library is. */
	typedef void handler(void);
	handler *(*set_handler)(handler *) =
		(handler * (*)(handler *)) dlsym(RTLD_DEFAULT, "_ZSt15set_new_handlerPFvvE");
	if (set_handler != NULL)
		set_handler(on_new_failed);
	lexbor_memory_setup(guarded_malloc, guarded_realloc, guarded_calloc, guarded_free);
}

bool memory_guard(void (*work)(void *), void *arg)
{
	struct guard here;
	here.all.before = here.all.behind = &here.all;
	guard = &here;
	volatile bool done = false;
	if (setjmp(here.way_out) == 0) {
		work(arg);
		done = true;
	}
	guard = NULL;
	while (here.all.behind != &here.all)
		guarded_free(here.all.behind + 1);
	return done;
}
