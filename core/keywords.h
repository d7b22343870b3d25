#ifndef CORE_KEYWORDS_H
#define CORE_KEYWORDS_H

#include "arena.h"
#include "score.h"
#include "span.h"

#include <stdint.h>

/** One to three neighbouring words that the text is about (the last one may be a number: "Harbour
 * 3"), or a name of up to five words; in the form that is most frequent in its first 32 places. */
struct keyword {
	struct span text;      /* points into the text */
	float score;           /* 0 … 1, the best has 1 */
	struct text_range *at; /* its places in the text: rising, not overlapping */
	size_t count;
};

struct keywords {
	struct keyword *at; /* best first */
	size_t len;
};

/**
 * The `max` best key phrases of the first 100,000 tokens, of which no two share a word. Weighed
 * after YAKE (Campos et al. 2020, "YAKE! Keyword extraction from single documents using multiple
 * local features"), RAKE (Rose et al. 2010, "Automatic keyword extraction from individual
 * documents") and C-value (Frantzi et al. 2000, "Automatic recognition of multi-word terms"), and
 * by the title's words; figures are in tests/quality/README.md. Everything lives in `arena`. O(max)
 * times those tokens. Fails for memory only: then out->len is 0 and arena->failed is set.
 */
void keywords_find(struct arena *arena, const struct score_input *input,
		   const struct scores *scores, size_t max, struct keywords *out);

#endif
