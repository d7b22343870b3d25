#ifndef CORE_SELECT_H
#define CORE_SELECT_H

#include "arena.h"
#include "score.h"
#include "segment.h"
#include "span.h"
#include "tokenize.h"

#include <stdint.h>

/** Sentences never chosen while others remain. */
enum {
	AVOID_QUOTES = 1,
	AVOID_QUESTIONS = 2,
	AVOID_EXCLAMATIONS = 4,
};

/** Bounds; the tightest wins, 0 means no such bound. At least one sentence is always chosen. */
struct select_options {
	size_t max_sentences;
	bool at_most; /* fewer if there is not enough prose */
	double ratio; /* 0 … 1, share of the sentences without labels, rounded to the nearest
			 number, at least one */
	size_t max_words;
	size_t max_chars; /* code points of the chosen sentences, one space between each two */
	unsigned avoid;   /* AVOID_* */
};

/**
 * The number of sentences asked for, as the scorer is told: the count in the options or, for a
 * bound of words or characters, a fair guess of how many fit, at most three, for which the scorer
 * prefers brief ones.
 */
size_t select_asked(const struct select_options *options, const struct sentences *sentences);

/** The chosen sentences: indices into struct sentences, rising. */
struct selection {
	uint32_t *at;
	size_t len;
};

/**
 * Choose sentences by merit within the bounds, one after the other (maximal marginal relevance,
 * Carbonell & Goldstein 1998).
 *
 * A sentence loses merit
 * - for the content that it shares with those chosen before it;
 * - for an opening that points back to a sentence which is not chosen, and for being part of a
 *   quotation whose rest is not chosen. If it is chosen all the same, it brings the other one
 *   forward; it waits if there would be no place for the other one;
 * - for having too few words to say something.
 *
 * These wait until no others remain, in this order: near-repeats; lines that are no sentences of
 * the article (captions, bylines, navigation); sentences of a kind to avoid; labels. Datelines are
 * never part of an answer.
 *
 * - A count that the caller asked for is filled up with them. With `at_most` it is not filled up
 *   with near-repeats, nor, if there is any prose, with outcries ("Why?"), lines and labels, except
 *   whole sentences of a mail that is answered.
 * - A budget of words or characters is spent on none of them, nor on outcries unless a query
 *   asks for them. If a better sentence was too long, it is also not spent on what does not
 *   stand alone: what leans on another sentence, has few words, asks a question, or has no stop
 *   where most sentences have one. If no statement fits, not even a brief one, the best goes over
 *   the budget.
 * - A text of at most three sentences that fits is given whole, unless a kind is to be avoided; so
 *   is any text if a share of all is asked for.
 *
 * O(tokens + n log n) for a fixed number of sentences. The array lives in `arena`. Fails only for
 * lack of memory: then out->len is 0 and arena->failed is set.
 */
void select_sentences(struct arena *arena, const struct score_input *input,
		      const struct scores *scores, const struct select_options *options,
		      struct selection *out);

#endif
