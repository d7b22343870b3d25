#ifndef CORE_HTML_H
#define CORE_HTML_H

#include "arena.h"
#include "extract.h"
#include "span.h"

#include <lexbor/html/html.h>
#include <stdint.h>

/**
 * A stretch of the page that became part of a text node. A text node's `user` points to its first
 * piece (NULL: not known); a node that was written in several stretches has them in order.
 * A <script>'s `user` points to its content if no text node was made of it: see html_script().
 */
struct html_piece {
	uint32_t start_byte, end_byte; /* in the page as given */
	uint32_t data_len;             /* bytes of the node's text that it became, at most */
	struct html_piece *next;
};

/** A page as a tree. Give it back with html_free(). */
struct html_page {
	lxb_html_document_t *document; /* NULL: no memory */
	struct span html;              /* as given: it must live as long as the page */
	size_t text_bytes;             /* the sum of all text tokens */
	size_t nodes;                  /* tags, texts, attributes, and elements opened again */
	size_t memory_bytes;           /* of the tree and what is made of its texts, roughly */
	bool has_noscript;             /* it has a <noscript> */
	uint64_t steps; /* open and formatting elements and attributes, summed over the tokens */
	bool partial;   /* a limit stopped the reading: the tree holds what came before */
	bool expired;   /* the limit was the time */
};

/**
 * Parse `html` (valid UTF-8, at most 4 GiB) by the HTML standard, but within `limits`.
 *
 * The standard's algorithm is quadratic or worse in open elements, in formatting elements that are
 * opened again, in attributes and in distinct names. So each token is checked before the tree
 * builder gets it, and reading stops at the first one over a bound. Never recurses. The pieces
 * of text live in `arena`; its `failed` is also set when the tree had no memory.
 *
 * A third of a page's bytes are scripts and styles. Nobody reads the styles, and nearly all scripts
 * are read where they are in the page (html_script()), so neither becomes a part of the tree. The
 * same holds for attributes that nobody asks for: html.c lists those that are kept.
 */
void html_parse(struct arena *arena, struct span html, const struct extract_limits *limits,
		struct html_page *out);

void html_free(struct html_page *page);

/**
 * The content of a <script>, empty when it has none. It is as in the page, line ends included; only
 * a script that holds "<!--" or a NUL is as the tokenizer made it, and in the tree.
 */
struct span html_script(const struct html_page *page, const lxb_dom_node_t *script);

/**
 * The value of the attribute `name` (lower case). Empty, with `at` NULL, if there is none, and for
 * all names that html.c does not list.
 */
struct span html_attribute(const lxb_dom_element_t *element, struct span name);

/** Does any tag of the page have the attribute `name` (lower case)? */
bool html_has_attribute(const struct html_page *page, struct span name);

/** Is it one of h1 to h6? */
static inline bool html_is_heading(lxb_tag_id_t tag)
{
	return tag >= LXB_TAG_H1 && tag <= LXB_TAG_H6;
}

/** The node after `node` in document order within `root`, entering its children when `enter`. */
lxb_dom_node_t *html_next(const lxb_dom_node_t *root, lxb_dom_node_t *node, bool enter);

#endif
