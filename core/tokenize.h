#ifndef CORE_TOKENIZE_H
#define CORE_TOKENIZE_H

#include "arena.h"
#include "language.h"
#include "segment.h"
#include "span.h"

#include <stdint.h>

/** One word where it stands in the text, or one character bigram in scripts without spaces. */
struct token {
	uint32_t start_byte, end_byte;
	uint32_t term; /* index into terms.distinct; same stem, same term */
};

/** Flags of a distinct term. */
enum {
	TERM_STOP = 1,    /* a function word: carries no topic */
	TERM_NUMBER = 2,  /* begins with a digit */
};

/** One distinct stem, with its counts over the whole text. */
struct term {
	struct span stem;        /* case-folded and stemmed; in the arena */
	uint32_t count;          /* tokens with it */
	uint32_t sentence_count; /* sentences with it (document frequency inside the text) */
	uint8_t flags;
};

/** The tokens of all sentences, sentence by sentence, and the distinct terms they are of. */
struct terms {
	struct token *token;
	size_t token_count;
	uint32_t *first;         /* sentence i has the tokens [first[i], first[i + 1]) */
	struct term *distinct;
	size_t distinct_count;
	size_t word_count;       /* words of the text, for people: a Han or Kana character counts as one */
};

/**
 * Cut each sentence into terms: Unicode case folding, Snowball stems, stop words marked;
 * character bigrams where words have no spaces between them.
 *
 * Everything lives in `arena`. O(text.len). For memory only: then counts are 0, arena->failed set.
 */
void tokenize_sentences(struct arena *arena, struct span text, const struct sentences *sentences,
			const struct language *language, struct terms *out);

#endif
