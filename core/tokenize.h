#ifndef CORE_TOKENIZE_H
#define CORE_TOKENIZE_H

#include "arena.h"
#include "language.h"
#include "segment.h"
#include "span.h"
#include "stem.h"

#include <stdint.h>

/** One word where it stands in the text, or one pair of characters in scripts without spaces. */
struct token {
	uint32_t start_byte, end_byte;
	uint32_t term; /* index into terms.distinct; same stem, same term */
};

/** Flags of a distinct term; those from TERM_PRONOUN on are explained in core/data/stopwords. */
enum {
	TERM_STOP = 1,   /* a function word: carries no topic */
	TERM_NUMBER = 2, /* begins with a digit */
	TERM_PRONOUN = 4,
	TERM_CONNECTIVE = 8,
	TERM_SELF = 16,
	TERM_YOU = 32,
	TERM_REPORT = 64,
	TERM_CLAIM = 128,
};

/** One distinct stem, with its counts over the whole text. */
struct term {
	struct span stem;        /* case-folded and stemmed; in the arena */
	uint32_t count;          /* tokens with it */
	uint32_t last_sentence;  /* the last sentence with it */
	uint32_t sentence_count; /* sentences with it (document frequency inside the text) */
	uint8_t flags;
};

/** The tokens of all sentences, sentence by sentence, and their distinct terms. */
struct terms {
	struct token *token;
	size_t token_count;
	uint32_t *first; /* sentence i has the tokens [first[i], first[i + 1]) */
	uint32_t *words; /* sentence i has words[i] words, as word_count counts them */
	struct term *distinct;
	size_t distinct_count;
	size_t word_count; /* for people: don't and long-term are one, a Han or Kana character is
			      one */
	const struct term_index *index; /* for terms_match() */
};

/**
 * Cut each sentence into terms: Unicode case folding, canonical composition, Snowball stems (once
 * for each distinct word; not for function words), function and cue words marked. In scripts
 * without spaces, each pair of neighbouring characters is a term, and a function word if one of the
 * two is.
 *
 * `stems` is the caller's; NULL makes a new one for this call, which costs a malloc and is cold.
 * Everything else lives in `arena`. O(text.len). Fails only for lack of memory: then counts are 0
 * and arena->failed is set. A word's first FORM_MAX_BYTES bytes distinguish it.
 */
void tokenize_sentences(struct arena *arena, struct stems *stems, struct span text,
			const struct sentences *sentences, const struct language *language,
			struct terms *out);

/** What a headline or a query has in common with the text. */
struct term_match {
	uint32_t *term; /* distinct content terms of the text that occur in it, in its order */
	size_t len;
	size_t missing; /* content tokens that the text does not have */
};

/**
 * Look `phrase` up in a tokenized text. With `kin`, words that the text does not have, or the first
 * few of them, also find what looks like another form of them (see kin.h): each costs O(distinct
 * forms), of which the first 65,536 are looked at. Lives in `arena`. Fails for memory only: then
 * `len` is 0.
 */
void terms_match(struct arena *arena, struct stems *stems, const struct terms *terms,
		 const struct language *language, struct span phrase, bool kin,
		 struct term_match *out);

#endif
