#ifndef CORE_FEATURE_H
#define CORE_FEATURE_H

#include "arena.h"
#include "score.h"

/**
 * What the scorer knows of a sentence. A feature is in [0, 1] unless its comment says otherwise;
 * `_Z` are standard scores over the text's prose, cut at ±3. Positions count prose only, so that a
 * heading, a caption or a button before the first sentence does not move it; what is not prose has
 * 0 there. Where paragraphs begin is not used: measurements showed that it adds nothing, and one
 * site breaks after every sentence, the next after ten, a third not at all.
 */
enum feature {
	/* Where it stands: Edmundson 1969, "New methods in automatic extracting". */
	FEATURE_POSITION, /* 1 / (1 + position) */
	FEATURE_DEPTH,    /* position / number of sentences */
	FEATURE_RANK,     /* log2(1 + position) / 8: above 1 after 255 sentences */
	FEATURE_FIRST,
	FEATURE_SECOND,
	FEATURE_THIRD,
	FEATURE_ENDING, /* 1 / (1 + sentences after it) */
	FEATURE_AFTER_HEADING,
	/* How long it is, in words. */
	FEATURE_LENGTH, /* log2(1 + words) / 6: above 1 from 64 words on */
	FEATURE_LENGTH_Z,
	FEATURE_SHORT,     /* falls to 0 at 8 words */
	FEATURE_LONG,      /* rises from 25 words on, to 2 at 75 */
	FEATURE_CONTENT,   /* share of content words */
	FEATURE_WORD_SIZE, /* mean bytes of a content word / 16: rare words are long */
	/* How central: Radev et al. 2004 (centroid), Zheng & Lapata 2019 (PacSum: what follows and
	 * what precedes are counted separately), Erkan & Radev 2004 (LexRank), Nenkova &
	 * Vanderwende 2005 (SumBasic). */
	FEATURE_CENTROID,
	FEATURE_CENTROID_Z,
	FEATURE_FORWARD,  /* mean similarity to the others, times 4: the part of those after it */
	FEATURE_BACKWARD, /* and of those before it; both are 0 … 4 */
	FEATURE_RANDOM_WALK,
	FEATURE_TOPIC, /* mean log2 of its terms' counts / 4 */
	FEATURE_TOPIC_Z,
	FEATURE_COVER, /* share of the text's repeated content */
	FEATURE_COVER_Z,
	/* What is new in it: Carbonell & Goldstein 1998 applied to the order of reading. */
	FEATURE_SEEN,   /* similarity to all before it together */
	FEATURE_ECHOED, /* and to all after it */
	FEATURE_NEW,    /* share of its terms that occur here first */
	FEATURE_LAUNCH, /* of those, how many come back */
	FEATURE_RETURN, /* share of its terms that come back later */
	/* What the headline and the opening say: Edmundson 1969. */
	FEATURE_LEAD,        /* similarity to the first sentence; the first itself has 0 */
	FEATURE_LEAD_SHARE,  /* share of it that the first three say */
	FEATURE_TITLE_COVER, /* share of the headline that it says */
	FEATURE_TITLE_SHARE, /* share of it that the headline says */
	/* Surface: names, numbers, quotation, openings that refer to something else, cue words. */
	FEATURE_NUMBERS,
	FEATURE_NAMES,
	FEATURE_QUOTE,
	FEATURE_QUESTION,
	FEATURE_EXCLAMATION,
	FEATURE_BRACKET,
	FEATURE_COMMAS,
	FEATURE_COLON,
	FEATURE_OPENS_PRONOUN,
	FEATURE_OPENS_CONNECTIVE,
	FEATURE_OPENS_SELF,
	FEATURE_OPENS_QUOTE,
	FEATURE_OPENS_LOWER,
	FEATURE_SELF,
	FEATURE_YOU,
	FEATURE_REPORT,
	FEATURE_CLAIM,
	FEATURE_SELF_CLAIM, /* "we show" */
	FEATURE_PRONOUNS,
	FEATURE_NO_STOP, /* no mark at the end */
	FEATURE_LIST_ITEM,
	FEATURE_NEXT_PRONOUN, /* the next one opens with a pronoun, perhaps for something in this
				 one */
	FEATURE_AFTER_QUESTION,
	FEATURE_COUNT
};

/** The length of a sentence's row: a multiple of eight, for code that takes eight at a time; the
 * places after the features are 0. */
enum { FEATURE_ROW = (FEATURE_COUNT + 7) / 8 * 8 };

/** What the scorer knows of the text as a whole: is it news, an abstract, an essay, a manual? */
enum document_feature {
	DOCUMENT_SENTENCES, /* log2 / 8: above 1 from 257 on */
	DOCUMENT_LENGTH,    /* the mean FEATURE_LENGTH */
	DOCUMENT_SELF,      /* shares of sentences with … */
	DOCUMENT_YOU,
	DOCUMENT_REPORT,
	DOCUMENT_CLAIM,
	DOCUMENT_QUOTE,
	DOCUMENT_QUESTION,
	DOCUMENT_NO_PROSE,
	DOCUMENT_NAMES, /* means over sentences */
	DOCUMENT_NUMBERS,
	DOCUMENT_REPEATS,      /* share of content tokens whose term comes twice */
	DOCUMENT_LEAD_CENTRAL, /* the first sentence's CENTROID_Z / 3 (from -1), LAUNCH,
				  TITLE_COVER: a pyramid? */
	DOCUMENT_LEAD_LAUNCH,
	DOCUMENT_LEAD_TITLE,
	DOCUMENT_TITLE,  /* there is one */
	DOCUMENT_SPACED, /* words stand apart by spaces */
	DOCUMENT_ASKED,  /* 1 / sentences asked for; 1/3 when that is open. 2/3 from four on:
			    references of 50 words teach that three should be brief, and nobody who
			    asks for seven wants that */
	DOCUMENT_COUNT
};

/** Features of all sentences, row by row, and of the document. */
struct features {
	float (*at)[FEATURE_ROW];
	float document[DOCUMENT_COUNT];
	uint32_t *content; /* content words of each sentence */
	bool *quotes;      /* it holds a quotation mark */
	size_t len;
};

/**
 * Compute them. Everything lives in `arena`. O(tokens): what a sentence shares with many others is
 * the product of its vector with the sum of theirs, so no pair of sentences is compared.
 * Deterministic: fixed order, no libm but sqrt. Fails only for lack of memory: then out->len is 0
 * and arena->failed is set.
 */
void feature_compute(struct arena *arena, const struct score_input *input, struct features *out);

#endif
