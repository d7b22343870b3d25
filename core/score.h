#ifndef CORE_SCORE_H
#define CORE_SCORE_H

#include "arena.h"
#include "language.h"
#include "segment.h"
#include "span.h"
#include "tokenize.h"

/** How much each sentence deserves a place in the summary. */
struct scores {
	float *at;    /* one per sentence, 0 … 1: the best has 1; comparable within one text */
	float *merit; /* the same on the scale of the model, for select_sentences() */
	float *query; /* how much each says about the query, 0: nothing, 1: most; NULL: none does */
	/* Counted on the way, for select_sentences(). */
	uint32_t *content; /* content words of each */
	bool *quotes;      /* it holds a quotation mark */
	size_t len;
};

/** What scoring looks at. */
struct score_input {
	struct span text, title, query; /* title and query may be empty */
	struct stems *stems;            /* the caller's; NULL: made where needed */
	const struct language *language;
	const struct sentences *sentences;
	const struct terms *terms;
	size_t asked; /* sentences that the summary shall have; 0: not known */
};

/** The text of sentence `i`. */
static inline struct span score_text(const struct score_input *input, size_t i)
{
	const struct sentence *sentence = &input->sentences->at[i];
	return span_slice(input->text, sentence->start_byte, sentence->end_byte);
}

/**
 * Score every sentence by a small network over the features of feature.h (core/data/ranker.h, made
 * by tests/quality/train, which explains what it learns from), and by what a query asks for.
 * Lines of the page get 0.
 *
 * Deterministic on every machine: floats in fixed order, no libm but sqrt, no fast-math. Linear in
 * the tokens. Fails only for lack of memory: then out->len is 0 and arena->failed is set.
 */
void score_sentences(struct arena *arena, const struct score_input *input, struct scores *out);

#endif
