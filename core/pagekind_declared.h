#ifndef CORE_PAGEKIND_DECLARED_H
#define CORE_PAGEKIND_DECLARED_H

#include "html.h"
#include "span.h"

#include <stdint.h>

/** What a page says of itself to search engines and social networks. */
enum declared_kind {
	DECLARED_OG_ARTICLE = 1 << 0, /* Open Graph's og:type */
	DECLARED_OG_WEBSITE = 1 << 1,
	DECLARED_OG_OTHER = 1 << 2,
	DECLARED_ARTICLE = 1 << 3, /* types of schema.org, as JSON-LD or microdata */
	DECLARED_PRODUCT = 1 << 4,
	DECLARED_LISTING = 1 << 5,
	DECLARED_FORUM = 1 << 6,
	DECLARED_BUSINESS = 1 << 7,
	DECLARED_WEB_PAGE = 1 << 8,
	DECLARED_PUBLISHED = 1 << 9, /* a date of publication */
	DECLARED_VIEWPORT = 1 << 10, /* made for telephones too: not a page of the first decades */
	DECLARED_COUNT = 11,
};

struct declared {
	uint32_t kinds;
	struct span description;    /* og:description or description; in the page's tree */
	bool addressed;             /* the page gives its canonical URL; else the next are 0 */
	uint32_t path_depth;        /* parts of the URL's path: 0 is the site's front page */
	uint32_t slug_len, hyphens; /* of its last part */
};

/** Does the page call itself an article, to networks or search engines? */
bool declares_article(const struct declared *declared);

/** Read the head of `page`. O(head). */
void declared_read_head(const struct html_page *page, struct declared *out);

/** Read a script of JSON-LD, or skip one of another type. O(script). */
void declared_read_script(const struct html_page *page, const lxb_dom_element_t *script,
			  struct declared *out);

/** Read an itemtype attribute. O(value). */
void declared_read_itemtype(struct span value, struct declared *out);

#endif
