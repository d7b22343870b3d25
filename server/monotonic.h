#ifndef SERVER_MONOTONIC_H
#define SERVER_MONOTONIC_H

#include <stdint.h>
#include <time.h>

/** Nanoseconds of a clock that is never set: for deadlines and durations. */
static inline uint64_t monotonic_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#define NS_PER_MS UINT64_C(1000000)

#endif
