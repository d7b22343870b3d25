#ifndef SERVER_PACE_H
#define SERVER_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Has a queue been too long for too long, and how long may it then be? After CoDel (RFC 8289): a
 * queue that is long for a moment absorbs a burst; one that stays long only makes everybody wait.
 * Unlike in CoDel, nothing that waits is dropped: once the queue has been too long for an interval,
 * no more is let in than can be served within the target, until an interval has passed in which
 * nobody had to be refused.
 *
 * How fast the queue moves is measured where jobs leave it, so it adapts to the number of workers,
 * the cost of the jobs and whatever else uses the machine. All times are monotonic nanoseconds. Not
 * thread-safe. Each call costs a few additions.
 */
struct pace {
	uint64_t target_ns;      /* what a job may wait; 0: as long as it likes */
	size_t few;              /* so many may always wait */
	uint64_t step_ns;        /* time between two jobs leaving the queue, smoothed */
	uint64_t left_ns;        /* when the last one left, if others waited then, else 0 */
	uint64_t above_since_ns; /* since when all jobs that left had waited too long; 0: the last
				    one had not */
	uint64_t refused_ns;     /* when somebody was last refused */
	bool overloaded;
};

/** How long it takes until the queue counts as overloaded, and until it no longer does. */
#define PACE_INTERVAL_NS UINT64_C(500000000)

/** A job left the queue at `now_ns`; `depth` are still there. */
void pace_left(struct pace *pace, uint64_t now_ns, size_t depth);

/** A job that had joined at the queue's end has waited for `waited_ns`. */
void pace_waited(struct pace *pace, uint64_t now_ns, uint64_t waited_ns);

/** May a job be put behind `depth` others at `now_ns`? This may be earlier than a previous
 *  call's. */
bool pace_allows(struct pace *pace, uint64_t now_ns, size_t depth);

/** How long a job behind `depth` others is expected to wait. */
uint64_t pace_wait_ns(const struct pace *pace, size_t depth);

#endif
