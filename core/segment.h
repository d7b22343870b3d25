#ifndef CORE_SEGMENT_H
#define CORE_SEGMENT_H

#include "arena.h"
#include "language.h"
#include "span.h"

#include <stdint.h>

/** After SENTENCES_MANY, neighbours are joined while they have at most SENTENCE_JOINED_BYTES. */
enum { SENTENCES_MANY = 1 << 19, SENTENCE_JOINED_BYTES = 128 };

/** What a sentence looks like from outside; the ranker uses it, the answer does not show it. */
enum sentence_kind {
	SENTENCE_PROSE,
	SENTENCE_HEADING,   /* a short line of its own without a final stop */
	SENTENCE_LIST_ITEM, /* begins with a list marker */
	SENTENCE_ANSWERED,  /* on a line of the mail that is answered: "> …" */
	SENTENCE_LABEL,     /* says who speaks, where or when, before the text of its line */
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
 * No text of 10 MB that people write has SENTENCES_MANY sentences; but one of "1. 2. 3. " or of
 * one-word lines has millions, and each costs the ranker 300 bytes. So the text after that many is
 * cut into larger pieces, also across paragraphs: then a job takes at most some 30 bytes per byte
 * of such text. (Text of nothing but different words takes 40, or 55 if each is a pair of
 * characters.)
 *
 * `text` must be valid UTF-8 (utf8_check) of less than 4 GiB. The array lives in `arena`.
 * O(text.len). Text with at least one visible character gives at least one sentence.
 * Cannot fail except for memory: then `out->len` is 0 and `arena->failed` is set.
 */
void segment_text(struct arena *arena, struct span text, const struct language *language,
		  struct sentences *out);

#endif
