#ifndef SERVER_TIMERS_H
#define SERVER_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Functions to call at given times, in a binary heap: adding and taking cost O(log n); the next one
 * is known at once. For one thread. A zeroed struct is empty; its owner frees it with
 * timers_free().
 */
struct timers {
	struct timer *heap; /* the next one first */
	size_t count, room;
};

/** Without memory, false, with nothing changed. Calls due at the same time come in any order. */
bool timers_add(struct timers *timers, uint64_t due_ns, void (*fire)(void *arg), void *arg);

/** Call all functions due by `until_ns`, the earliest first, including any that they add. */
void timers_fire(struct timers *timers, uint64_t until_ns);

/** When the next is due; UINT64_MAX if there is none. */
uint64_t timers_next_ns(const struct timers *timers);

/** Forget all without calling them. */
void timers_free(struct timers *timers);

#endif
