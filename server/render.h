#ifndef SERVER_RENDER_H
#define SERVER_RENDER_H

#include "core/arena.h"
#include "core/extract.h"
#include "core/summary.h"
#include "request.h"

/** What an answer is made of; everything is borrowed. */
struct render_input {
	const struct request *request;
	struct span text;              /* the text that offsets refer to */
	const struct article *article; /* NULL for plain text */
	struct span url;               /* the page's final URL; empty unless downloaded */
	const struct summary *summary;
};

/**
 * The JSON answer as new (malloc'ed) memory of `*len` bytes, or NULL without memory. The same
 * input gives the same bytes. Scratch memory comes from `arena`. O(text.len).
 */
char *render_answer(struct arena *arena, const struct render_input *input, size_t *len);

#endif
