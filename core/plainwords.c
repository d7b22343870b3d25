#include "plainwords.h"

#include "vector.h"

/* The text is read in blocks of so many bytes with a bit for each letter: words become runs of
 * bits, whatever number of marks and spaces separates them. Going from word to word and looking at
 * what follows each made tokenizing a tenth slower. */
enum { BLOCK_BYTES = 64 };

struct block {
	uint64_t letters; /* a bit for each letter before the limit */
	unsigned limit;   /* the first byte that is neither a letter nor a mark; or BLOCK_BYTES */
};

static inline struct block read_block(const char *at, size_t len)
{
	uint64_t letters = 0, others = 0;
	for (unsigned k = 0; k < BLOCK_BYTES; k += VECTOR_BYTES) {
		vector bytes = vector_load(at + k);
		vector letter = (vector)((bytes | 0x20) - 'a' < 26);
		vector other = bytes | (vector)(bytes - '0' < 10);
		letters |= (uint64_t)vector_signs(letter) << k;
		others |= (uint64_t)vector_signs(other) << k;
	}
	if (len < BLOCK_BYTES) {
		letters &= ((uint64_t)1 << len) - 1;
		others &= ((uint64_t)1 << len) - 1;
	}
	uint64_t first = others & -others;
	return (struct block){letters & (first - 1),
			      others != 0 ? (unsigned)__builtin_ctzll(others) : BLOCK_BYTES};
}

static inline void take_word(const char *at, unsigned len, size_t start, struct plain_word *word)
{
	vector bytes = vector_first(vector_load(at) | 0x20, len);
	memcpy(word->bytes, &bytes, sizeof word->bytes);
	word->hash = form_hash_step(0, vector_half(bytes, 0), vector_half(bytes, 1));
	word->start = (uint32_t)start;
	word->end = (uint32_t)start + len;
}

/* Take the words that end within the block; return where an unfinished one begins, or the limit. */
static inline unsigned take_words(const char *at, size_t base, struct block block,
				  struct plain_word *out, unsigned *count)
{
	for (uint64_t left = block.letters; left != 0;) {
		unsigned start = (unsigned)__builtin_ctzll(left);
		/* The added top bit matters only if the run is longer than any plain word. */
		unsigned len = (unsigned)__builtin_ctzll(~(left >> start) |
							 (uint64_t)1 << (BLOCK_BYTES - 1));
		if (len >= VECTOR_BYTES || start + len >= block.limit || *count == PLAINWORDS_MAX)
			return start;
		take_word(at + start, len, base + start, &out[(*count)++]);
		left &= left + ((uint64_t)1 << start); /* without the lowest run */
	}
	return block.limit;
}

unsigned plainwords_find(struct span text, size_t *at, size_t end,
			 struct plain_word out[PLAINWORDS_MAX])
{
	unsigned count = 0;
	size_t base = *at;
	while (base < end && count < PLAINWORDS_MAX) {
		char edge[BLOCK_BYTES + VECTOR_BYTES];
		const char *bytes = text.at + base;
		if (text.len - base < sizeof edge) {
			memset(edge, 0, sizeof edge);
			bytes = memcpy(edge, bytes, text.len - base);
		}
		struct block block = read_block(bytes, end - base);
		unsigned taken = take_words(bytes, base, block, out, &count);
		base += taken;
		if (taken == 0 || block.limit < BLOCK_BYTES)
			break;
	}
	*at = base < end ? base : end;
	return count;
}
