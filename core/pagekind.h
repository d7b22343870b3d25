#ifndef CORE_PAGEKIND_H
#define CORE_PAGEKIND_H

#include "blocks.h"
#include "html.h"
#include "span.h"

/** What may be known of a page besides what it is. */
struct pagekind {
	bool little; /* hardly any text, and nothing says why: it may only lead elsewhere */
	struct span leads_to; /* where to (refresh.h); lives as long as the page */
};

/**
 * What a page is when it is no article: an index, a search, a login, an error page, a wall for
 * browsers without scripts, data; in words for people (constant). NULL: it may well be an article.
 *
 * `score` are the blocks' log odds. It is cautious on purpose: a short article is an article, so
 * any answer but NULL needs a page with hardly a paragraph of its own. O(blocks + nodes).
 */
const char *pagekind_not_article(const struct html_page *page, const struct blocks *blocks,
				 const float *score, struct pagekind *out);

#endif
