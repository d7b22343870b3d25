#ifndef CORE_BLOCKS_H
#define CORE_BLOCKS_H

#include "arena.h"
#include "html.h"
#include "pagekind_declared.h"
#include "span.h"

#include <stdint.h>

/** Where in the page something is, judged by its own element and all those around it. */
enum block_place {
	PLACE_ARTICLE = 1 << 0,
	PLACE_MAIN = 1 << 1,
	PLACE_BODY_PROPERTY = 1 << 2, /* itemprop articleBody and its like */
	PLACE_NAV = 1 << 3,
	PLACE_HEADER = 1 << 4,
	PLACE_FOOTER = 1 << 5,
	PLACE_ASIDE = 1 << 6,
	PLACE_FORM = 1 << 7,
	PLACE_LIST = 1 << 8,
	PLACE_TABLE = 1 << 9,
	PLACE_QUOTE = 1 << 10,
	PLACE_FIGURE = 1 << 11,
	PLACE_SECTION = 1 << 12,
	PLACE_HIDDEN = 1 << 13,
	PLACE_DETAILS = 1 << 14,
	PLACE_COUNT = 15,
};

/** A block-level element, in document order: the parent comes before its children. */
struct container {
	const lxb_dom_node_t *node;
	uint32_t parent;      /* the first is its own */
	uint32_t end;         /* containers [own index, end) are inside it */
	uint32_t groups;      /* 1 << WORD_...: what its class, id, role and itemprop say */
	uint32_t near_groups; /* its own and its parent's */
	uint32_t all_groups;  /* its own and those of all around it */
	uint32_t places;
	uint64_t path;  /* hash of the tags and classes from the root */
	uint64_t shape; /* hash of its tag and class */
	uint32_t chars, link_chars, blocks, paragraph_chars;
	uint32_t twins,
		rank; /* siblings with its tag and class, itself included; how many precede it */
	uint16_t tag, depth;
	uint8_t comments, asides, texts; /* how many are named so, of it and those around it */
	uint32_t comment;                /* the outermost of those for comments; 0: none */
	bool unseen;  /* it or one around it is not displayed, as long as no script changes that */
	float weight; /* readability's: text of paragraphs inside, from its children and theirs */
};

/** A piece of a text node in the flat text. */
struct text_item {
	lxb_dom_node_t *node;
	uint32_t text_byte;
};

/** A paragraph, heading, list item, row of cells or other text without a break in it. */
struct block {
	uint32_t text_byte, text_len; /* in `text` of struct blocks */
	uint32_t item, items;
	uint32_t container;
	uint32_t chars, link_chars, bold_chars; /* code points; East Asian ones count twice */
	uint32_t words, capitals, digits, commas, stops, links;
	uint32_t phrases;    /* 1 << PHRASE_... */
	uint32_t shared;     /* words that the page's title has too */
	uint32_t described;  /* words that the page's description has too */
	uint32_t uppers;     /* letters in upper case */
	uint32_t prices;     /* signs of a currency */
	uint32_t hash;       /* of the text */
	uint32_t copies;     /* blocks with the same text, by its hash; itself included */
	uint32_t first_copy; /* the first of them */
	bool ends_with_stop, ends_with_ellipsis, starts_with_capital, starts_with_dash;
	bool after_break; /* after a horizontal rule */
};

/** A page as a row of blocks. All arrays live in the arena. */
struct blocks {
	char *text; /* the flat text: white space collapsed, no blank at a block's ends; <br> and
		       lines of <pre> are line feeds */
	size_t text_len;
	struct block *at;
	size_t len;
	struct container *containers;
	size_t container_count;
	struct text_item *items;
	size_t item_count;
	size_t title_words, described_words;
	struct declared declared;
	bool partial; /* there are more blocks than are read: the rest is left out */
};

/**
 * Cut the tree of `page` into blocks. Overwrites `node->user` of all elements except scripts.
 * `noscript`: with the text in <noscript> elements.
 * O(nodes + text + blocks * depth). On failure arena->failed is set.
 */
void blocks_read(struct arena *arena, const struct html_page *page, bool noscript,
		 struct blocks *out);

#endif
