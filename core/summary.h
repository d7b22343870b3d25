#ifndef CORE_SUMMARY_H
#define CORE_SUMMARY_H

#include "arena.h"
#include "keywords.h"
#include "language.h"
#include "score.h"
#include "segment.h"
#include "select.h"
#include "span.h"
#include "tokenize.h"

/** What to summarize. All spans are valid UTF-8 below 4 GiB, borrowed; they outlive the summary. */
struct summary_input {
	struct span text;
	struct span title;              /* empty or blank: none known */
	const struct text_range *items; /* rising: lines known to be list items, without markers */
	size_t item_count;
	struct span query;               /* empty: none */
	const struct language *language; /* NULL: detect */
	struct stems *stems; /* the worker's, kept from job to job; NULL: some 10 us slower */
};

/** How to summarize. A zeroed struct means no bound at all: every sentence is chosen. */
struct summary_options {
	struct select_options select;
	size_t max_keywords; /* 0: none are looked for */
};

/** The answer; everything in it lives in the arena or points into the input. */
struct summary {
	const struct language *language;
	struct sentences sentences; /* all of the text's sentences, in order */
	struct terms terms;
	struct scores scores;       /* of each of them */
	struct selection selection; /* indices of the chosen ones */
	struct keywords keywords;
};

enum summary_status {
	SUMMARY_OK,
	SUMMARY_EMPTY,     /* nothing visible in the text */
	SUMMARY_NO_MEMORY, /* the arena's ceiling was reached */
};

/**
 * The front door: runs the steps segment, tokenize, score, select and keywords.
 *
 * Pure: the same input and options give the same summary on every machine. O(text.len), about
 * 10 ns per byte. On SUMMARY_EMPTY and SUMMARY_NO_MEMORY nothing in `out` may be used but
 * `language`.
 */
enum summary_status summary_make(struct arena *arena, const struct summary_input *input,
				 const struct summary_options *options, struct summary *out);

#endif
