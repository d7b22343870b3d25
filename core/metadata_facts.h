#ifndef CORE_METADATA_FACTS_H
#define CORE_METADATA_FACTS_H

#include "arena.h"
#include "headline.h"
#include "metadata.h"
#include "span.h"

/** What metadata's own parts share: the facts while they are gathered, and how texts are read. */

enum {
	FACTS_MAX_TEXT_BYTES = 600, /* of a heading, a byline … */
	FACTS_MAX_TEXT_NODES = 200,
	FACTS_MAX_LOOKS = 100000, /* nodes of bylines and dates on a page: they may be nested */
};

/** Where a fact comes from; the first that says something is believed. */
enum { FROM_JSON, FROM_PROPERTY, FROM_META, FROM_MARKUP, FROM_CLASS, FROM_LAST, SOURCES };

/** All that the page says, by where it says it. */
struct facts {
	struct arena *arena;
	const struct html_page *page;
	struct headline_clues clues;
	struct span titles[SOURCES], byline[SOURCES], site_name[SOURCES], description[SOURCES];
	struct span published[SOURCES], modified[SOURCES], language[SOURCES];
	struct span canonical[SOURCES], image[SOURCES];
	struct span page_title;
	struct span person; /* the first in JSON-LD: nearly always the author of whom it gives only
			       an @id */
	struct span last_text; /* seen in the document */
	int visible_date; /* what the text calls the date in published[FROM_LAST]; 0: it gave none
			   */
	struct span lead; /* after "By" or "Author:" in any element */
	lxb_dom_node_t *byline_node[SOURCES]; /* of whom the byline is so far */
	size_t side_by_side[SOURCES];         /* elements that named somebody in it */
	size_t byline_meta;                   /* which name of <meta>, + 1 */
	bool data_is_author; /* "twitter:label1" says that "twitter:data1" is who wrote it */
	size_t json_blocks, looks;
	bool settled;         /* who and when are known, whatever the body says */
	bool json_is_article; /* the JSON facts come from an article and not from a mere page */
};

/** The first value stays. */
static inline void facts_set(struct span *slot, struct span value)
{
	if (slot->len == 0)
		*slot = value;
}

/** `len` without a character that was cut at the end. */
size_t facts_whole_characters(const char *text, size_t len);

/** White space collapsed and trimmed, a no-break space counting as one, at most `max` bytes. */
struct span facts_collapse(struct arena *arena, struct span text, size_t max);

/** The same for a text that may be escaped once too often: "Q&amp;amp;A". */
struct span facts_plain(struct arena *arena, struct span text, size_t max);

/**
 * The text below `root`, collapsed; with `breaks` the texts of different elements are separated by
 * a BYLINE_BREAK, unless they are inline and a space is there. At most FACTS_MAX_TEXT_NODES nodes
 * and FACTS_MAX_TEXT_BYTES.
 */
struct span facts_text_below(struct arena *arena, lxb_dom_node_t *root, bool breaks);

/** The same without breaks. */
struct span facts_text_of(struct arena *arena, lxb_dom_node_t *root);

/** Is a text node white space? */
bool facts_is_blank(const lxb_dom_node_t *text);

/** Does an element begin and end lines? Of those that bylines stand in. */
bool facts_is_block(const lxb_dom_node_t *node);

/** Read one script of JSON-LD; ignored if it is past the bounds. */
void facts_read_json(struct facts *facts, struct span text);

/** Read what an element says by its name and attributes. Called for each in document order. */
void facts_read_element(struct facts *facts, lxb_dom_node_t *node);

/** Append `name` to the names that the source gave so far, unless it is among them. */
void facts_add_name(struct facts *facts, size_t source, struct span name);

/** Read the name in an element that markup calls a byline. There may be several side by side; those
 * where readers comment are ignored. */
void facts_read_byline(struct facts *facts, lxb_dom_node_t *node, size_t source);

/** Does a <div> that is named after the author hold no more than a name? It may tell all about him,
 * or be a heading. */
bool facts_is_name_alone(struct facts *facts, lxb_dom_node_t *div);

/** Read "By" and a name in the text of `node` or after it, where no markup says so. `text` is that
 * text without white space around it. */
void facts_read_lead(struct facts *facts, lxb_dom_node_t *node, struct span text);

/** Read a byline or date that only the text gives. Called for each text in document order. */
void facts_read_text(struct facts *facts, lxb_dom_node_t *node);

#endif
