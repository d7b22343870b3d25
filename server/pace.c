#include "pace.h"

/* A new step has a weight of one in this many. */
#define SMOOTHING 16

void pace_left(struct pace *pace, uint64_t now_ns, size_t depth)
{
	/* If nobody waited, the time since then says nothing about the queue. */
	if (pace->left_ns != 0) {
		uint64_t step = now_ns - pace->left_ns;
		pace->step_ns = pace->step_ns == 0 ? step
						   : pace->step_ns - pace->step_ns / SMOOTHING +
							     step / SMOOTHING;
	}
	pace->left_ns = depth > 0 ? now_ns : 0;
}

void pace_waited(struct pace *pace, uint64_t now_ns, uint64_t waited_ns)
{
	if (pace->target_ns == 0 || waited_ns <= pace->target_ns) {
		pace->above_since_ns = 0;
		return;
	}
	if (pace->above_since_ns == 0)
		pace->above_since_ns = now_ns;
	if (now_ns - pace->above_since_ns >= PACE_INTERVAL_NS) {
		pace->overloaded = true;
		pace->refused_ns = now_ns;
	}
}

uint64_t pace_wait_ns(const struct pace *pace, size_t depth)
{
	return pace->step_ns * depth;
}

bool pace_allows(struct pace *pace, uint64_t now_ns, size_t depth)
{
	/* Threads read the clock before they take the lock, so another may have been refused
	 * since. */
	if (now_ns < pace->refused_ns)
		now_ns = pace->refused_ns;
	if (pace->overloaded && now_ns - pace->refused_ns >= PACE_INTERVAL_NS)
		pace->overloaded = false;
	if (!pace->overloaded || depth <= pace->few || pace_wait_ns(pace, depth) <= pace->target_ns)
		return true;
	pace->refused_ns = now_ns;
	return false;
}
