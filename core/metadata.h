#ifndef CORE_METADATA_H
#define CORE_METADATA_H

#include "arena.h"
#include "extract.h"
#include "html.h"
#include "span.h"

/**
 * What the page says of its article, put into `out`: all its spans but the text.
 *
 * It reads JSON-LD (schema.org), Open Graph, Twitter, Dublin Core and other <meta>, microdata,
 * dates in RDFa, rel and class names, <time>, headings and the URL's own date; where they differ,
 * the first in that order that can be true wins, but JSON-LD's description, image, site and
 * language rank with or after those of <meta>: they are often those of the site. The title is the
 * heading that the page's titles agree on (headline.h). URLs are resolved against `base_url`.
 *
 * One walk over the tree, without recursion; bounded JSON. Cannot fail except for memory
 * (arena->failed): then some spans are empty.
 */
void metadata_read(struct arena *arena, const struct html_page *page, struct span base_url,
		   struct article *out);

/**
 * `url` as browsers resolve it against `base_url`, in `arena`. Empty if the result is no http(s)
 * URL, if `url` is longer than any real URL, or without memory.
 */
struct span metadata_resolve(struct arena *arena, struct span url, struct span base_url);

#endif
