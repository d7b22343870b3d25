#include "metadata_facts.h"

#include "ascii.h"
#include "blocks_words.h"
#include "byline.h"
#include "html.h"
#include "page_words_table.h"

#include <lexbor/dom/interfaces/character_data.h>

/* The authors that elements and texts of the body name. */

void facts_add_name(struct facts *facts, size_t source, struct span name)
{
	struct span *slot = &facts->byline[source];
	size_t len = slot->len + 2 + name.len;
	if (slot->len > 0 && (span_contains(*slot, name) || len > BYLINE_MAX_BYTES))
		return;
	char *joined = slot->len == 0 ? NULL : arena_alloc(facts->arena, len, 1);
	if (joined == NULL) {
		facts_set(slot, name);
		return;
	}
	memcpy(joined, slot->at, slot->len);
	memcpy(joined + slot->len, ", ", 2);
	memcpy(joined + slot->len + 2, name.at, name.len);
	*slot = (struct span){joined, len};
}

/* Does the text before an element say that it names somebody else: an editor, a photographer? */
static bool is_helper(const lxb_dom_node_t *node)
{
	static const char *const words[] = {"review", "edit",      "check",
					    "photo",  "illustrat", "foto"};
	const lxb_dom_node_t *before = node->prev != NULL ? node->prev : node->parent->prev;
	if (before == NULL || before->type != LXB_DOM_NODE_TYPE_TEXT)
		return false;
	const lexbor_str_t *data = &lxb_dom_interface_character_data(before)->data;
	struct span text = {(const char *)data->data, data->length};
	return text.len < BYLINE_MAX_BYTES && ascii_contains_any(text, words, COUNT(words));
}

/* Are the elements of one kind and side by side, perhaps each in a parent with little more text?
 * Then they name several authors, not those of several comments. */
static bool are_siblings(struct facts *facts, const lxb_dom_node_t *a, const lxb_dom_node_t *b)
{
	const size_t most_around = 80;
	if (a == NULL || a->local_name != b->local_name || a->local_name == LXB_TAG_DIV ||
	    a->parent == NULL || b->parent == NULL || is_helper(b))
		return false;
	if (a->parent == b->parent)
		return true;
	if (a->parent->parent != b->parent->parent ||
	    a->parent->local_name != b->parent->local_name)
		return false;
	facts->looks += FACTS_MAX_TEXT_NODES / 4;
	struct arena_mark mark = arena_mark(facts->arena);
	size_t around = facts_text_of(facts->arena, b->parent).len;
	arena_rewind(facts->arena, mark);
	return around <= most_around;
}

/* A label in a form or a table. */
static bool is_label(const lxb_dom_node_t *node)
{
	switch (node->local_name) {
	case LXB_TAG_BUTTON:
	case LXB_TAG_LABEL:
	case LXB_TAG_OPTION:
	case LXB_TAG_TH:
		return true;
	default:
		return false;
	}
}

/* Is an element among readers' comments, in something to choose or fill in, or in the page's
 * footer, judged by its names and those of the elements around it? Names of <body> describe the
 * page and those of a whole entry its rubrics ("category-comment"): they do not count. With
 * `menus`, menus count, too; not for markup, which names authors in some. */
static bool is_of_others(struct facts *facts, const lxb_dom_node_t *node, bool menus)
{
	const int most_around = 16;
	const uint32_t entry = 1u << WORD_ARTICLE | 1u << WORD_CONTENT | 1u << WORD_POST;
	facts->looks += FACTS_MAX_TEXT_NODES / 4;
	for (int up = 0; up < most_around && node != NULL && node->local_name != LXB_TAG_BODY &&
			 node->type == LXB_DOM_NODE_TYPE_ELEMENT;
	     up++, node = node->parent) {
		const lxb_dom_element_t *element = (const lxb_dom_element_t *)node;
		uint32_t groups = blocks_name_groups(html_attribute(element, SPAN("class"))) |
				  blocks_name_groups(html_attribute(element, SPAN("id")));
		if (groups >> WORD_COMMENT & 1 && !(groups >> WORD_CONTENT & 1))
			return true;
		if (is_label(node) || (menus && node->local_name == LXB_TAG_NAV) ||
		    (node->local_name == LXB_TAG_FOOTER && !(groups & entry)))
			return true;
	}
	return false;
}

/* More than these are commenters or the columns of a paper: then nobody is named. */
enum { MOST_SIDE_BY_SIDE = 4 };

void facts_read_byline(struct facts *facts, lxb_dom_node_t *node, size_t source)
{
	if (facts->looks > FACTS_MAX_LOOKS || facts->side_by_side[source] > MOST_SIDE_BY_SIDE ||
	    (facts->byline[source].len > 0 &&
	     !are_siblings(facts, facts->byline_node[source], node)))
		return;
	facts->looks += FACTS_MAX_TEXT_NODES / 4;
	struct arena_mark mark = arena_mark(facts->arena);
	struct span bare = byline_bare(facts_text_below(facts->arena, node, true));
	bool sure = source != FROM_LAST || byline_looks_written(bare) ||
		    (bare.len > 0 && memchr(bare.at, ' ', bare.len) == NULL);
	if (bare.len >= 3 && byline_may_be_name(bare) && sure &&
	    !is_of_others(facts, node, false)) {
		/* A name may be there twice, beside a picture and in the line. */
		facts->side_by_side[source] += !span_contains(facts->byline[source], bare);
		facts_add_name(facts, source, bare);
		facts->byline_node[source] = node;
		if (facts->side_by_side[source] > MOST_SIDE_BY_SIDE)
			facts->byline[source] = (struct span){0};
	} else {
		arena_rewind(facts->arena, mark);
	}
}

bool facts_is_name_alone(struct facts *facts, lxb_dom_node_t *div)
{
	const size_t most = 50;
	if (facts->looks > FACTS_MAX_LOOKS)
		return false;
	facts->looks += FACTS_MAX_TEXT_NODES / 4;
	struct arena_mark mark = arena_mark(facts->arena);
	struct span text = facts_text_below(facts->arena, div, true), bare = byline_bare(text);
	bool alone = text.len <= most && bare.len > 0 && memchr(bare.at, ' ', bare.len) != NULL &&
		     !ascii_contains(bare, SPAN("author"));
	arena_rewind(facts->arena, mark);
	return alone;
}

/* What begins and ends lines around bylines. */
static bool is_box(const lxb_dom_node_t *node)
{
	switch (node->local_name) {
	case LXB_TAG_ADDRESS:
	case LXB_TAG_ARTICLE:
	case LXB_TAG_BODY:
	case LXB_TAG_BR:
	case LXB_TAG_HEADER:
	case LXB_TAG_MAIN:
	case LXB_TAG_NAV:
	case LXB_TAG_SECTION:
		return true;
	default:
		return facts_is_block(node);
	}
}

/* Is there only white space before `node` among its siblings, or only elements if `only_text`, up
 * to what ends a line? */
static bool is_first(const lxb_dom_node_t *node, bool only_text)
{
	const int most_looked_at = 16;
	const lxb_dom_node_t *before = node->prev;
	for (int i = 0; i < most_looked_at && before != NULL; i++, before = before->prev) {
		bool is_element = before->type == LXB_DOM_NODE_TYPE_ELEMENT;
		if (is_element && is_box(before))
			return true;
		if ((is_element && !only_text) ||
		    (before->type == LXB_DOM_NODE_TYPE_TEXT && !facts_is_blank(before)))
			return false;
	}
	return before == NULL;
}

/* Does the text begin a line, or at least an element without a text right before it? */
static bool begins(struct facts *facts, const lxb_dom_node_t *node, enum byline_lead lead)
{
	const int most_around = 4;
	const size_t longest = lead == BYLINE_LINE ? 100 : 200; /* other letters have more bytes */
	if (lead == BYLINE_LEAD)
		return true;
	for (int up = 0; up < most_around && node->parent != NULL; up++, node = node->parent) {
		if (!is_first(node, lead == BYLINE_PART))
			return false;
		if (is_box(node->parent)) {
			facts->looks += FACTS_MAX_TEXT_NODES / 4;
			struct arena_mark mark = arena_mark(facts->arena);
			size_t len = facts_text_of(facts->arena, node->parent).len;
			arena_rewind(facts->arena, mark);
			return len <= longest;
		}
	}
	return true;
}

void facts_read_lead(struct facts *facts, lxb_dom_node_t *node, struct span text)
{
	if (facts->lead.len > 0 || text.len < 2 || text.len > BYLINE_MAX_BYTES ||
	    facts->looks > FACTS_MAX_LOOKS || !byline_may_lead(text))
		return;
	struct arena_mark mark = arena_mark(facts->arena);
	text = byline_from_label(facts_collapse(facts->arena, text, BYLINE_MAX_BYTES));
	struct span name = byline_signed(text);
	enum byline_lead lead =
		name.len > 0 ? BYLINE_LEAD : byline_lead(text, facts->language[FROM_PROPERTY]);
	if (lead == BYLINE_NO_LEAD || is_of_others(facts, node->parent, true) ||
	    !begins(facts, node, lead)) {
		arena_rewind(facts->arena, mark);
		return;
	}
	struct span own = name.len > 0 ? name : byline_bare(text);
	if (byline_may_be_name(own) && byline_looks_written(own)) {
		facts->lead = own;
		return;
	}
	lxb_dom_node_t *element = node->parent;
	for (int up = 0; up < 3 && element != NULL; up++, element = element->parent) {
		facts->looks += FACTS_MAX_TEXT_NODES / 4;
		struct span line = facts_text_below(facts->arena, element, true);
		const char *label =
			line.len == 0 ? NULL : memmem(line.at, line.len, text.at, text.len);
		if (label != NULL)
			line = span_slice(line, (size_t)(label - line.at), line.len);
		struct span bare = byline_bare(line);
		if (line.len > text.len + 3 && byline_may_be_name(bare) &&
		    byline_looks_written(bare)) {
			facts->lead = bare;
			return;
		}
		if (line.len > text.len + 3)
			break;
	}
	arena_rewind(facts->arena, mark);
}
