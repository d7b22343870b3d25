#ifndef CORE_SCATTER_H
#define CORE_SCATTER_H

#include <stddef.h>
#include <stdint.h>

/**
 * Slots of hash tables that nobody outside can predict: 300 KB of words chosen to share one slot
 * took 1.6 s instead of 0.06. The factor comes from where the table is in memory, which the system
 * makes random. It never shows in results, because all numbering follows the order of the text.
 */
static inline uint64_t scatter_factor(const void *table)
{
	return (uint64_t)(uintptr_t)table * 0x9E3779B97F4A7C15u | 1;
}

/** The place of a hash in a table of 2^`bits` slots, with `bits` from 1 to 63. */
static inline size_t scatter_place(uint64_t hash, uint64_t factor, unsigned bits)
{
	return (size_t)(hash * factor >> (64 - bits));
}

/** The exponent of the least power of two that is at least `count` slots, and at least 2^8. */
static inline unsigned scatter_bits(size_t count)
{
	unsigned bits = 8;
	while (((size_t)1 << bits) < count && bits < 31)
		bits++;
	return bits;
}

#endif
