#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stdint.h>

/** FNV-1a, 32 bits, one byte per step. */
enum {
	FNV_START = 2166136261u,
	FNV_PRIME = 16777619u,
};

/** The same with 64 bits. */
#define FNV_PRIME_64 UINT64_C(0x100000001B3)

static inline uint32_t fnv(uint32_t hash, uint8_t byte)
{
	return (hash ^ byte) * FNV_PRIME;
}

/**
 * Continue a hash with one more number, where the order of the numbers counts; such hashes are
 * compared instead of what they stand for. Multiplies by 2^64 over the golden ratio (Knuth, TAOCP
 * 3, 6.4).
 */
static inline uint64_t hash_append(uint64_t hash, uint64_t number)
{
	hash = ((hash << 5 | hash >> 59) ^ number) * 0x9E3779B97F4A7C15u;
	return hash ^ hash >> 32;
}

#endif
