#ifndef CORE_RUNS_H
#define CORE_RUNS_H

#include "arena.h"
#include "extract.h"
#include "span.h"

#include <lexbor/dom/interfaces/node.h>

/** Where each stretch of an article's text stood in its page, rising by the text's bytes. */
struct runs {
	struct arena *arena;
	struct span html;
	struct extract_run *at; /* in the arena */
	size_t len, room;
	bool full; /* no more of them: what comes behind is left out */
};

/** One more, joined to the last where both are verbatim and meet. False: no room, and the text ends
 * at the last one. O(1). */
bool runs_add(struct runs *to, struct extract_run run);

/**
 * The runs of `flat`, which is what became of the text node `node` or of its beginning: its
 * characters with white space collapsed; it stands at byte `out` of the article's text. The node's
 * data are aligned with the pieces of the page (html.h) that it was written in, character by
 * character, for references and line ends are longer there. What cannot be aligned has no run.
 * False as of runs_add(). O(flat + pieces).
 */
bool runs_add_node(struct runs *to, const lxb_dom_node_t *node, struct span flat, uint32_t out);

#endif
