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
	bool full; /* no room for more: what comes after is left out */
};

/** Add one, joined to the last if both are verbatim and adjacent. False: no room, and the text ends
 * at the last one. O(1). */
bool runs_add(struct runs *to, struct extract_run run);

/**
 * Add the runs of `flat`: the characters of the text node `node`, or of its beginning, with white
 * space collapsed; it is at byte `out` of the article's text. The node's data are aligned with its
 * pieces of the page (html.h) character by character, because references and line ends are longer
 * there. What cannot be aligned has no run. False as for runs_add(). O(flat + pieces).
 */
bool runs_add_node(struct runs *to, const lxb_dom_node_t *node, struct span flat, uint32_t out);

#endif
