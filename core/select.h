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
 * Choose sentences by merit within the bounds, one after the other: each loses by the content that
 * it shares with those chosen before it (maximal marginal relevance, Carbonell & Goldstein 1998),
 * by an opening that points back to a sentence which is not chosen, and by having too few words to
 * say something; one that points back and is chosen in spite of that brings the other forward, and
 * waits when it would leave no place for it. Near-repeats, and lines that are no sentences of the
 * article (captions, bylines, navigation), wait until no others remain, sentences of a kind to
 * avoid longer still, labels longest; datelines are no part of any answer.
 *
 * Where `at_most` is set those lines and labels come only beside no prose at all, except whole
 * sentences of a mail that is answered, and where the bound takes in the whole of a text: of three
 * sentences at most, or by a share of all.
 *
 * A budget of words or characters is kept wherever a statement fits into it that need not wait so,
 * though it be of few words; where none does, the best of them goes over it, rather than leave the
 * answer to a caption. It is spent on neither of these, nor on saying the same again, nor on
 * outcries ("Why?") unless a query asks for them; and where a better sentence was too long, not on
 * filling it up with what does not stand alone: what hangs in the air, has few words, asks, or has
 * no stop where most sentences have one. A text of at most three sentences that fits is given
 * whole, unless a kind is to be avoided.
 *
 * O(tokens + n log n) for a fixed number of sentences.
 * The array lives in `arena`. For memory only: then out->len is 0 and arena->failed is set.
 */
void select_sentences(struct arena *arena, const struct score_input *input,
		      const struct scores *scores, const struct select_options *options,
		      struct selection *out);

#endif
