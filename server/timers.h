#ifndef SERVER_TIMERS_H
#define SERVER_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * What is to be called at some time, in a binary heap: adding and taking cost O(log n), the next is
 * known at once. For one thread. All zeros: none; who owns one frees it with timers_free().
 */
struct timers {
	struct timer *heap; /* the next one first */
	size_t count, room;
};

/** False, and nothing changed, without memory. Those that are due at the same time are called in no
 *  order that is promised. */
bool timers_add(struct timers *timers, uint64_t due_ns, void (*fire)(void *arg), void *arg);

/** Call all that are due by `until_ns`, the earliest first; what they add is called as well where
 *  it is due. */
void timers_fire(struct timers *timers, uint64_t until_ns);

/** When the next is due; UINT64_MAX where there is none. */
uint64_t timers_next_ns(const struct timers *timers);

/** Forget all without calling them. */
void timers_free(struct timers *timers);

#endif
