#ifndef CORE_EXTRACT_H
#define CORE_EXTRACT_H

#include "arena.h"
#include "span.h"

#include <stdint.h>

/** Bounds on one page. A zero takes the default named beside it. */
struct extract_limits {
	/* 64 MiB. Reading stops, and what was read so far is used, once the tree takes more than
	 * half of it: a single token can take as much again with all the elements that it reopens.
	 * It also stops before the tree and what is made of it take more than 11/16 of it. */
	size_t max_memory_bytes;
	size_t max_depth;        /* 512 open elements */
	size_t max_attributes;   /* 1,000 per tag */
	size_t max_nodes;        /* 1,000,000 tags, texts and attributes per page */
	bool (*expired)(void *); /* polled now and then; true stops the work. NULL: never */
	void *expired_arg;
};

/** `text_len` bytes of article text at `text_byte` came from the HTML at `html_byte`, verbatim or
 * decoded. */
struct extract_run {
	uint32_t text_byte, text_len;
	uint32_t html_byte, html_len; /* lengths differ where a reference, a line's end or a
					 page's data were decoded */
};

/** The article. Spans live in the arena; an empty span means the page does not say. */
struct article {
	struct span text;  /* paragraphs separated by one blank line; valid UTF-8 */
	struct span title; /* the headline, without the site's name */
	struct span byline, site_name, description;
	struct span published, modified;      /* RFC 3339: a date, or a date with time and offset */
	struct span language;                 /* BCP 47 tag that the page declares */
	struct span canonical_url, image_url; /* http(s) */
	bool partial;                         /* a teaser, or a limit stopped the reading */
	struct extract_run *runs;             /* rising by text_byte */
	size_t run_count;
	struct text_range
		*items; /* rising: list items without a full stop that may be statements */
	size_t item_count;
	const char *seen;     /* EXTRACT_NO_ARTICLE: what the page seems to be, for people */
	struct span leads_to; /* EXTRACT_NO_ARTICLE: where the page sends its readers at once
				 (refresh.h); http(s) */
	bool little;          /* hardly any text: no article if HTTP sends readers elsewhere */
};

enum extract_status {
	EXTRACT_OK,
	EXTRACT_NO_ARTICLE, /* index, search, login, error page, or an empty one */
	EXTRACT_EXPIRED,
	EXTRACT_NO_MEMORY,
};

/**
 * The article in an HTML page: its text, and what the page says of it.
 *
 * `html` is valid UTF-8 (charset_to_utf8) below 4 GiB and may be hostile: every limit is enforced,
 * nothing recurses. `base_url` (may be empty) resolves relative URLs. Everything returned lives in
 * `arena`. `given` says that a caller sent this HTML as an article: then a page without a clear
 * article gives all the text it has rather than EXTRACT_NO_ARTICLE.
 */
enum extract_status extract_article(struct arena *arena, struct span html, struct span base_url,
				    bool given, const struct extract_limits *limits,
				    struct article *out);

/** The bytes of the HTML that article text [start_byte, end_byte) came from; that text must begin
 * and end with something visible. False if its beginning or end is in no run, or if the page has
 * them in reverse order: HTML moves what is in a table but in none of its cells. O(log runs). */
bool extract_html_range(const struct article *article, uint32_t start_byte, uint32_t end_byte,
			uint32_t *html_start_byte, uint32_t *html_end_byte);

#endif
