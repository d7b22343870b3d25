#ifndef CORE_FORM_H
#define CORE_FORM_H

#include <stdint.h>
#include <string.h>

/** How many of a word's first bytes distinguish it. */
enum { FORM_MAX_BYTES = 64 };

/** A case-folded word, followed by zeros up to byte 32 and for at least sixteen bytes: it is hashed
 * and compared in steps of sixteen bytes, of which most words need one. */
struct form {
	_Alignas(16) char bytes[FORM_MAX_BYTES + 32];
	uint32_t len;
};

/** Eight bytes as a number, the same on every machine. */
static inline uint64_t form_load(const char *at)
{
	uint64_t eight;
	memcpy(&eight, at, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	eight = __builtin_bswap64(eight);
#endif
	return eight;
}

/** A hash whose lower and upper halves are both mixed; core/tools/form_hash.py has it too. */
static inline uint64_t form_hash_step(uint64_t hash, uint64_t low, uint64_t high)
{
	hash = (hash ^ low) * 0x9E3779B97F4A7C15u + high * 0xC2B2AE3D27D4EB4Fu;
	return hash ^ hash >> 32;
}

static inline uint64_t form_hash(const char *padded, uint32_t len)
{
	uint64_t hash = 0;
	for (uint32_t at = 0; at < len; at += 16)
		hash = form_hash_step(hash, form_load(padded + at), form_load(padded + at + 8));
	return hash;
}

/** Set the bytes after the word to zero. */
static inline void form_finish(struct form *form)
{
	memset(form->bytes + form->len, 0, 32);
}

#endif
