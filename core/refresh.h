#ifndef CORE_REFRESH_H
#define CORE_REFRESH_H

#include "html.h"
#include "span.h"

/**
 * Where `<meta http-equiv="refresh">` and HTTP's Refresh send the reader before a page could be
 * read: within ten seconds. "You will be taken there in five seconds" is said of pages that moved;
 * those that reload themselves for their readers do it after half a minute and more.
 *
 * `content` is what either says ("0; url=/new", read as browsers do by the HTML standard's "shared
 * declarative refresh steps"; without a time it is at once). True with the `*url` inside it, which
 * may be relative; false, and nothing changed, where it leads nowhere else, or later.
 * O(content.len).
 */
bool refresh_read(struct span content, struct span *url);

/**
 * The same of the page's first <meta> of that kind, wherever it stands; with `noscript` also of
 * those that a page has for browsers without scripts. `*url` lives as long as the page. O(nodes).
 */
bool refresh_find(const struct html_page *page, bool noscript, struct span *url);

#endif
