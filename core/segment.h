#ifndef CORE_SEGMENT_H
#define CORE_SEGMENT_H

#include "arena.h"
#include "language.h"
#include "span.h"

#include <stdint.h>

/** From so many sentences on neighbours are joined while they have no more bytes together. */
enum { SENTENCES_MANY = 1 << 19, SENTENCE_JOINED_BYTES = 128 };

/** What a sentence looks like from outside; the ranker uses it, the answer does not show it. */
enum sentence_kind {
	SENTENCE_PROSE,
	SENTENCE_HEADING,   /* a short line of its own without a final stop */
	SENTENCE_LIST_ITEM, /* begins with a list marker */
	SENTENCE_ANSWERED,  /* on a line of the mail that is answered: "> …" */
	SENTENCE_LABEL,     /* who speaks, where or when, before the text of its line */
};

/** One sentence: the bytes [start_byte, end_byte) of the text given to segment_text(). */
struct sentence {
	uint32_t start_byte, end_byte;
	uint32_t paragraph; /* 0-based; a blank line (or, in one-line-a-paragraph text, a newline)
			       starts one */
	enum sentence_kind kind;
	bool dateline; /* of a label: where and when, not who speaks */
};

struct sentences {
	struct sentence *at;
	size_t len;
};

/**
 * Split `text` into sentences: in order, never overlapping, trimmed of white space, covering every
 * visible character, never cutting a grapheme.
 *
 * No text of 10 MB that people write has SENTENCES_MANY of them; of "1. 2. 3. " or one-word lines
 * it has millions, and each costs the ranker 300 bytes. So what follows them comes in larger
 * pieces, also across paragraphs: a job of them stays within some 30 bytes a byte of text. (Nothing
 * but words that differ takes 40, or 55 where each is a pair of characters.)
 *
 * `text` must be valid UTF-8 (utf8_check) of less than 4 GiB. The array lives in `arena`.
 * O(text.len). Text with at least one visible character gives at least one sentence.
 * Cannot fail except for memory: then `out->len` is 0 and `arena->failed` is set.
 */
void segment_text(struct arena *arena, struct span text, const struct language *language,
		  struct sentences *out);

#endif
