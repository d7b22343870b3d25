#include "blocklists.h"

#include "ascii.h"
#include "html.h"
#include "page_words_table.h"

enum {
	LIST_DEPTH = 4,       /* elements between a block and the list that it is part of */
	DEFINITION_DEPTH = 6, /* the same of definitions, which have longer texts */
	LINK_DEPTH = 4,       /* and between a text and its link */
	STATEMENT_WORDS = 6,  /* of an item that may be a sentence, at least */
	NEAR_BLOCKS = 2,      /* from a list to the article's text, its heading aside */
	HEADING_WORDS = 8,    /* of a list's heading, at most */
	COMPARED_ITEMS = 100, /* of a page, at most, with so many of its headings */
	COMPARED_HEADINGS = 100,
	COMPARED_BYTES = 300, /* of a heading */
};

static const uint32_t foreign_places =
	PLACE_NAV | PLACE_HEADER | PLACE_FOOTER | PLACE_ASIDE | PLACE_FORM | PLACE_HIDDEN;
static const uint32_t foreign_names = 1u << WORD_NAV | 1u << WORD_SHARE | 1u << WORD_RELATED |
				      1u << WORD_TAGS | 1u << WORD_FOOTER | 1u << WORD_COMMENT;
static const uint32_t foreign_phrases = 1u << PHRASE_SHARE | 1u << PHRASE_MORE |
					1u << PHRASE_SUBSCRIBE | 1u << PHRASE_COMMENT |
					1u << PHRASE_AUTHOR | 1u << PHRASE_TAGS | 1u << PHRASE_ADS |
					1u << PHRASE_HOME | 1u << PHRASE_NEVER;

/* The blocks [first, end) are those of a list; `at` is its container. */
struct list {
	uint32_t at, first, end;
};

static const struct container *container_of(const struct blocks *blocks, uint32_t i)
{
	return &blocks->containers[blocks->at[i].container];
}

/* The list with its container at `at` that block `i` begins; with 0, the block alone. */
static struct list list_at(const struct blocks *blocks, uint32_t at, uint32_t i)
{
	struct list list = {at, i, i + 1};
	while (at > 0 && list.end < blocks->len && blocks->at[list.end].container >= at &&
	       blocks->at[list.end].container < blocks->containers[at].end)
		list.end++;
	return list;
}

/* The nearest element around block `i` that has one of two tags; 0: none near enough. */
static uint32_t around(const struct blocks *blocks, uint32_t i, unsigned depth, lxb_tag_id_t one,
		       lxb_tag_id_t other)
{
	uint32_t c = blocks->at[i].container;
	for (unsigned up = 0; up < depth && c > 0; up++, c = blocks->containers[c].parent)
		if (blocks->containers[c].tag == one || blocks->containers[c].tag == other)
			return c;
	return 0;
}

static struct list list_from(const struct blocks *blocks, uint32_t i)
{
	return list_at(blocks, around(blocks, i, LIST_DEPTH, LXB_TAG_UL, LXB_TAG_OL), i);
}

static struct list definitions_from(const struct blocks *blocks, uint32_t i)
{
	return list_at(blocks, around(blocks, i, DEFINITION_DEPTH, LXB_TAG_DL, LXB_TAG_DL), i);
}

/* Does the block stand beside the list: in its parent, or in an element of its own there? */
static bool is_beside(const struct blocks *blocks, const struct list *list, uint32_t i)
{
	uint32_t c = blocks->at[i].container, parent = blocks->containers[list->at].parent;
	return c == parent || blocks->containers[c].parent == parent;
}

/*
 * Terms without what they mean are of no use, nor the other way round: of a list of definitions all
 * is taken if most of it is, or if it follows a paragraph of the article beside it. The trees see
 * single blocks, and most of these are too short to look like an article's.
 */
static void complete_definitions(const struct blocks *blocks, bool *chosen)
{
	struct list list;
	for (uint32_t i = 0; i < blocks->len; i = list.end) {
		size_t chars = 0, taken = 0, links = 0;
		list = definitions_from(blocks, i);
		if (list.at == 0)
			continue;
		for (uint32_t k = list.first; k < list.end; k++) {
			const struct block *b = &blocks->at[k];
			chars += b->chars;
			links += b->link_chars;
			taken += chosen[k] ? b->chars : 0;
		}
		bool follows = i > 0 && chosen[i - 1] && is_beside(blocks, &list, i - 1);
		if (links * 4 < chars && (taken * 2 > chars || follows))
			memset(chosen + i, true, (list.end - i) * sizeof *chosen);
	}
}

/* Is block `i` all of one of the list's items, and as long as a statement? */
static bool may_state(const struct blocks *blocks, const struct list *list, uint32_t i)
{
	const struct container *c = container_of(blocks, i);
	if (c->tag != LXB_TAG_LI)
		c = &blocks->containers[c->parent];
	struct span text = {blocks->text + blocks->at[i].text_byte, blocks->at[i].text_len};
	return c->tag == LXB_TAG_LI && c->parent == list->at && c->blocks == 1 &&
	       blocks->at[i].words >= STATEMENT_WORDS && !span_ends(text, SPAN("?"));
}

/* Is the block a link to a place on the same page, and nothing else? */
static bool leads_within(const struct blocks *blocks, const struct block *b)
{
	if (b->link_chars * 4 <= b->chars * 3) /* spaces are not counted in links */
		return false;
	const lxb_dom_node_t *node = blocks->items[b->item].node->parent;
	for (unsigned up = 0; up < LINK_DEPTH && node != NULL; up++, node = node->parent) {
		if (node->type == LXB_DOM_NODE_TYPE_ELEMENT && node->local_name == LXB_TAG_A)
			return span_begins(
				html_attribute((const lxb_dom_element_t *)node, SPAN("href")),
				SPAN("#"));
	}
	return false;
}

/* Do the block and a heading say the same, or one of them more? */
static bool repeats_heading(const struct blocks *blocks, uint32_t i)
{
	const struct block *b = &blocks->at[i];
	struct span text = {blocks->text + b->text_byte, b->text_len};
	unsigned headings = 0;
	for (uint32_t h = 0; h < blocks->len && headings < COMPARED_HEADINGS; h++) {
		const struct block *other = &blocks->at[h];
		if (!html_is_heading(container_of(blocks, h)->tag) ||
		    other->text_len > COMPARED_BYTES || other->words < 2)
			continue;
		headings++;
		struct span said = {blocks->text + other->text_byte, other->text_len};
		if (span_contains(said, text) || span_contains(text, said))
			return true;
	}
	return false;
}

static bool is_near_text(const struct blocks *blocks, const struct list *list, const bool *chosen)
{
	for (uint32_t n = 0; n <= NEAR_BLOCKS; n++) {
		if ((list->first > n && chosen[list->first - 1 - n]) ||
		    (list->end + n < blocks->len && chosen[list->end + n]))
			return true;
	}
	return false;
}

static bool is_foreign(const struct blocks *blocks, uint32_t i)
{
	const struct container *c = container_of(blocks, i);
	return c->unseen || (c->places & foreign_places) || (c->all_groups & foreign_names);
}

/* Choose the list's items if they are key points: links to their places on the page, whose words
 * are not those of headings, as a table of contents has them. */
static void add_key_points(const struct blocks *blocks, const struct list *list, bool *chosen,
			   unsigned *compared)
{
	uint32_t points = 0, len = list->end - list->first;
	for (uint32_t i = list->first; i < list->end; i++)
		points += may_state(blocks, list, i) && leads_within(blocks, &blocks->at[i]);
	if (points < 2 || points * 2 < len || *compared + points > COMPARED_ITEMS ||
	    is_foreign(blocks, list->first) || !is_near_text(blocks, list, chosen))
		return;
	for (uint32_t i = list->first; i < list->end; i++)
		if (repeats_heading(blocks, i))
			points--;
	*compared += len;
	if (points * 2 > len)
		memset(chosen + list->first, true, len * sizeof *chosen);
}

/* Is block `i` a heading beside the list? */
static bool heads(const struct blocks *blocks, const struct list *list, uint32_t i)
{
	const struct block *b = &blocks->at[i];
	bool bold = b->bold_chars * 5 > b->chars * 4;
	return (html_is_heading(container_of(blocks, i)->tag) || bold) &&
	       is_beside(blocks, list, i) && b->words > 0 && b->words <= HEADING_WORDS &&
	       b->link_chars == 0 && !(b->phrases & foreign_phrases) && !is_foreign(blocks, i);
}

void blocklists_complete(const struct blocks *blocks, bool *chosen)
{
	unsigned compared = 0;
	struct list list;
	complete_definitions(blocks, chosen);
	for (uint32_t i = 0; i < blocks->len; i = list.end) {
		list = list_from(blocks, i);
		uint32_t taken = 0;
		if (list.at == 0)
			continue;
		add_key_points(blocks, &list, chosen, &compared);
		for (uint32_t k = list.first; k < list.end; k++)
			taken += chosen[k];
		if (i > 0 && taken >= 2 && taken * 2 > list.end - list.first &&
		    heads(blocks, &list, i - 1))
			chosen[i - 1] = true;
	}
}

void blocklists_find_items(const struct blocks *blocks, const bool *chosen, bool *item)
{
	struct list list;
	for (uint32_t i = 0; i < blocks->len; i = list.end) {
		list = list_from(blocks, i);
		uint32_t taken = 0, states = 0, numbers = 0;
		for (uint32_t k = list.first; k < list.end && list.at > 0; k++) {
			const struct block *b = &blocks->at[k];
			bool leads_away = b->link_chars * 2 > b->chars && !leads_within(blocks, b);
			item[k] = chosen[k] && !leads_away && may_state(blocks, &list, k);
			taken += chosen[k];
			states += item[k];
			numbers += chosen[k] && ascii_is_digit(blocks->text[b->text_byte]);
		}
		/* What mostly begins with numbers is ingredients or results. */
		if (states < 2 || states * 2 < taken || numbers * 2 > taken)
			memset(item + i, false, (list.end - i) * sizeof *item);
	}
}
