#ifndef CORE_METADATA_H
#define CORE_METADATA_H

#include "arena.h"
#include "html.h"
#include "span.h"

/** What a page says of its article. Spans live in the arena; empty where the page is silent. */
struct metadata {
	struct span title; /* the headline, without the site's name */
	struct span byline, site_name, description;
	struct span published, modified;      /* RFC 3339: a date, or a date with time and offset */
	struct span language;                 /* BCP 47 tag */
	struct span canonical_url, image_url; /* http(s) URLs, resolved against `base_url` */
};

/**
 * Read JSON-LD (schema.org), Open Graph, Twitter, Dublin Core and other <meta>, microdata, rel and
 * class names, <time>, headings and the URL's own date; where they differ, the first in that order
 * that can be true wins, but JSON-LD's description, image, site and language come with or behind
 * the <meta>s': they are often those of the site. The title is the heading that the page's titles
 * agree on (headline.h).
 *
 * One walk over the tree, without recursion; bounded JSON. Cannot fail except for memory
 * (arena->failed): then some spans are empty.
 */
void metadata_read(struct arena *arena, const struct html_page *page, struct span base_url,
		   struct metadata *out);

#endif
