#ifndef SERVER_FRAGMENT_H
#define SERVER_FRAGMENT_H

#include "core/arena.h"
#include "core/span.h"

#include <stddef.h>

/** A page's text, prepared for finding passages that a browser takes for equal; lives in an
 *  arena. */
struct fragment_page {
	struct span text;
	/* The text without white space and with ASCII letters in lower case, and the position
	 * there of each MARK_BYTES-th byte of the text; NULL if memory ran out. */
	char *folded;
	size_t *marks;
	size_t to_search; /* bytes that may still be searched, for all fragments together */
};

/** `text` is borrowed. Without memory `arena->failed` is set, and no fragment is made. O(text.len).
 */
void fragment_page_init(struct fragment_page *page, struct arena *arena, struct span text);

/**
 * The text fragment ("#:~:text=…", WICG URL Fragment Text Directives) that takes a browser to the
 * bytes [start_byte, end_byte) of the page's text.
 *
 * A long passage is named by its first and last words. If these also occur earlier in the text,
 * more words are added until they do not, then the words before and after it as prefix and suffix,
 * until no earlier place reads like that. The result lives in `arena`. It is empty if up to 32
 * words on each side, from the same paragraph or the next, are not enough; if more than 4 KB would
 * have to be quoted (percent-encoded: 12 KB); if memory ran out; or if earlier fragments have used
 * up the searching allowed for one page. O(text.len).
 */
struct span fragment_make(struct arena *arena, struct fragment_page *page, size_t start_byte,
			  size_t end_byte);

#endif
