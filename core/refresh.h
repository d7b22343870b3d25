#ifndef CORE_REFRESH_H
#define CORE_REFRESH_H

#include "html.h"
#include "span.h"

/**
 * Where `<meta http-equiv="refresh">` or HTTP's Refresh sends readers before they could read the
 * page, that is within ten seconds. Pages that moved say "You will be taken there in five seconds";
 * pages that reload themselves for their readers do so after half a minute or more.
 *
 * `content` is the value of either ("0; url=/new"), read as browsers do by the HTML standard's
 * "shared declarative refresh steps"; without a time it means at once. True, with the `*url` inside
 * it, which may be relative; false, and nothing changed, if it leads nowhere else, or only later.
 * O(content.len).
 */
bool refresh_read(struct span content, struct span *url);

/**
 * The same for the page's first <meta> of that kind, wherever it is; with `noscript` also for those
 * in <noscript>, meant for browsers without scripts. `*url` lives as long as the page. O(nodes).
 */
bool refresh_find(const struct html_page *page, bool noscript, struct span *url);

#endif
