#include "timers.h"

#include <stdlib.h>

#define ROOM_FIRST 64

struct timer {
	uint64_t due_ns;
	void (*fire)(void *arg);
	void *arg;
};

bool timers_add(struct timers *timers, uint64_t due_ns, void (*fire)(void *arg), void *arg)
{
	if (timers->count == timers->room) {
		size_t room = timers->room == 0 ? ROOM_FIRST : 2 * timers->room;
		struct timer *grown = realloc(timers->heap, room * sizeof(*grown));
		if (grown == NULL)
			return false;
		timers->heap = grown;
		timers->room = room;
	}
	struct timer *heap = timers->heap;
	size_t at = timers->count++;
	for (; at > 0 && heap[(at - 1) / 2].due_ns > due_ns; at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = (struct timer){due_ns, fire, arg};
	return true;
}

static struct timer take_first(struct timers *timers)
{
	struct timer *heap = timers->heap, first = heap[0];
	size_t count = --timers->count, at = 0;
	struct timer moved = heap[count];
	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		child += child + 1 < count && heap[child + 1].due_ns < heap[child].due_ns;
		if (heap[child].due_ns >= moved.due_ns)
			break;
		heap[at] = heap[child];
	}
	heap[at] = moved;
	return first;
}

void timers_fire(struct timers *timers, uint64_t until_ns)
{
	while (timers->count > 0 && timers->heap[0].due_ns <= until_ns) {
		struct timer timer = take_first(timers);
		timer.fire(timer.arg);
	}
}

uint64_t timers_next_ns(const struct timers *timers)
{
	return timers->count > 0 ? timers->heap[0].due_ns : UINT64_MAX;
}

void timers_free(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){0};
}
