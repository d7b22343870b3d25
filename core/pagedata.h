#ifndef CORE_PAGEDATA_H
#define CORE_PAGEDATA_H

#include "arena.h"
#include "html.h"
#include "span.h"

/** Article text that a page holds only as data, and where in the page that stands. */
struct pagedata_text {
	struct span text; /* paragraphs separated by one blank line; in the arena */
	uint32_t html_byte, html_len;
};

/**
 * The longest "articleBody" (or the like) in the page's scripts: JSON-LD, __NEXT_DATA__ and other
 * state. If no script has one: the prose that the state holds under names such as "content", or
 * paragraph by paragraph. Escapes and character references are decoded and markup inside it
 * dropped. Empty when there is none. O(scripts).
 */
void pagedata_read(struct arena *arena, const struct html_page *page, struct pagedata_text *out);

/**
 * Replace character references by what they stand for, in place: some systems escape once more than
 * pages need. Never longer; returns the new length. Only numbers, the names of Latin-1 and a few
 * more; a no-break space becomes a space, and a soft hyphen, which is invisible, is dropped.
 * O(len).
 */
size_t pagedata_resolve(char *text, size_t len);

/** Does the page's data say that the text is not free to read? O(scripts). */
bool pagedata_paid(const struct html_page *page);

#endif
