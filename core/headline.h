#ifndef CORE_HEADLINE_H
#define CORE_HEADLINE_H

#include "arena.h"
#include "span.h"

enum { HEADLINE_MAX_TITLES = 4, HEADLINE_MAX_HEADINGS = 24 };

/** What could be, or hold, the headline of a page. White space is collapsed. */
struct headline_clues {
	struct span titles[HEADLINE_MAX_TITLES]; /* the page's own, most trusted first */
	size_t title_count;
	struct {
		struct span text;
		unsigned level;            /* 1: <h1> */
	} headings[HEADLINE_MAX_HEADINGS]; /* in document order */
	size_t heading_count;
	struct span site_name;
};

/**
 * The headline: the heading that agrees best with one of the titles, or else the first title
 * without the site's name. The result is a part of the clues, or empty. Titles also name the site,
 * and headings also hold kickers and mastheads; what both say is the headline. Scratch memory comes
 * from `arena`.
 */
struct span headline_choose(struct arena *arena, const struct headline_clues *clues);

#endif
