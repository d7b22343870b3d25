#ifndef CORE_VECTOR_H
#define CORE_VECTOR_H

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/** Sixteen bytes that are compared at once, by the vector extension of gcc and clang, on any
 * machine. */
enum { VECTOR_BYTES = 16 };
typedef unsigned char vector __attribute__((vector_size(VECTOR_BYTES)));

static inline vector vector_load(const void *at)
{
	vector bytes;
	memcpy(&bytes, at, VECTOR_BYTES);
	return bytes;
}

/** Half of a vector, 0 or 1, as a number: the first byte is its lowest, on any machine. */
static inline uint64_t vector_half(vector bytes, unsigned which)
{
	typedef uint64_t halves __attribute__((vector_size(VECTOR_BYTES)));
	uint64_t half = ((halves)bytes)[which];
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	half = __builtin_bswap64(half);
#endif
	return half;
}

/** The sign bits of sixteen bytes as a number, the first byte's the lowest: on any machine. */
static inline unsigned vector_signs_portable(vector bytes)
{
	uint64_t half[2];
	unsigned signs = 0;
	memcpy(half, &bytes, sizeof half);
	for (unsigned i = 0; i < 2; i++) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		half[i] = __builtin_bswap64(half[i]);
#endif
		/* The highest bit of byte i becomes bit i. */
		uint64_t bits = half[i] >> 7 & 0x0101010101010101u;
		signs |= (unsigned)(bits * 0x0102040810204080u >> 56) << 8 * i;
	}
	return signs;
}

/** The same in one step where the processor has one. */
static inline unsigned vector_signs(vector bytes)
{
#ifdef __SSE2__
	return (unsigned)_mm_movemask_epi8((__m128i)bytes);
#else
	return vector_signs_portable(bytes);
#endif
}

/** How many bytes of a comparison's result are 0, from the first on? */
static inline unsigned vector_zeros(vector truth)
{
	return (unsigned)__builtin_ctz(vector_signs(truth) | 1u << VECTOR_BYTES);
}

/** How many of the bytes are ASCII letters, from the first on? Bit 5 is set in all of them. */
static inline unsigned vector_letters(vector lower)
{
	return vector_zeros((vector)(lower - 'a' >= 26));
}

/** The first `len` bytes of a vector, then zeros. */
static inline vector vector_first(vector bytes, unsigned len)
{
	static const unsigned char keep[2 * VECTOR_BYTES] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
							     0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
							     0xFF, 0xFF, 0xFF, 0xFF};
	vector mask;
	memcpy(&mask, keep + VECTOR_BYTES - len, VECTOR_BYTES);
	return bytes & mask;
}

#endif
