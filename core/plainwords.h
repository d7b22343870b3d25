#ifndef CORE_PLAINWORDS_H
#define CORE_PLAINWORDS_H

#include "form.h"
#include "span.h"

/** A word of one to fifteen ASCII letters: most words of most texts in Latin script. */
struct plain_word {
	_Alignas(16) char bytes[16]; /* in lower case, zero-padded */
	uint64_t hash;               /* form_hash() of them */
	uint32_t start, end;         /* bytes of the text */
};

/** How many are found at once. */
enum { PLAINWORDS_MAX = 32 };

/**
 * Find the plain words of `text` from `*at` on, in order, up to PLAINWORDS_MAX of them, and move
 * `*at` past what was looked at. Stops at `end`, or at anything else: a digit, a character that is
 * not ASCII, a longer word, or letters followed by one of these. A word across `end` is cut there.
 * `*at` must not be inside a word. O(bytes).
 */
unsigned plainwords_find(struct span text, size_t *at, size_t end,
			 struct plain_word out[PLAINWORDS_MAX]);

#endif
