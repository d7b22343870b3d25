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
	bool at_most; /* so many as there is prose */
	double ratio; /* 0 … 1, share of the sentences but labels, rounded to the nearest, at least
			 one */
	size_t max_words;
	size_t max_chars; /* code points of the chosen sentences with one space between two */
	unsigned avoid;   /* AVOID_* */
};

/**
 * What to tell the scorer that a text of these sentences is asked for: the count of sentences; of a
 * bound of words or characters a fair guess of how many fit, at most three, for which the scorer
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
 * - by the content that it shares with those chosen before it;
 * - by an opening that points back to a sentence which is not chosen, or as part of a quotation
 *   whose rest is not. Chosen all the same, it brings the other forward, and it waits when there
 *   would be no place for the other;
 * - by having too few words to say something.
 *
 * These wait until no others remain, in this order: near-repeats; lines that are no sentences of
 * the article (captions, bylines, navigation); sentences of a kind to avoid; labels. Datelines
 * are no part of any answer.
 *
 * - A count that the caller asked for is filled up with them. With `at_most` it is not: neither
 *   with what says the same again, nor with lines and labels beside any prose, except whole
 *   sentences of a mail that is answered.
 * - A budget of words or characters is spent on none of them, nor on outcries ("Why?") unless a
 *   query asks for them. Where a better sentence was too long, it is not spent either on what does
 *   not stand alone: what hangs in the air, has few words, asks, or has no stop where most have
 *   one. Where no statement fits, be it brief, the best one goes over the budget.
 * - A text of at most three sentences that fits is given whole, unless a kind is to be avoided; so
 *   is any by a share of all.
 *
 * O(tokens + n log n) for a fixed number of sentences.
 * The array lives in `arena`. For memory only: then out->len is 0 and arena->failed is set.
 */
void select_sentences(struct arena *arena, const struct score_input *input,
		      const struct scores *scores, const struct select_options *options,
		      struct selection *out);

#endif
