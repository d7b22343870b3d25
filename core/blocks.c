#include "blocks.h"

#include "ascii.h"
#include "blocks_measure.h"
#include "blocks_sum.h"
#include "blocks_words.h"
#include "hash.h"
#include "page_words_table.h"
#include "vector.h"

#include <lexbor/dom/interfaces/character_data.h>
#include <lexbor/dom/interfaces/element.h>

enum {
	MAX_CLASS_BYTES = 400, /* of a class attribute that determine an element's shape */
	MAX_TITLE_WORDS = 64,
	MAX_DESCRIPTION_WORDS = 96,
	CELL_NODES = 60, /* looked at to distinguish a row of data from a page's layout */
	CELL_CHARS = 160,
	MAX_BLOCKS = 10000,
	MAX_CONTAINERS = 100000,
	CLASSES_KEPT = 64, /* by their length and three of their bytes */
};

enum element_kind {
	KIND_INLINE,
	KIND_BLOCK,
	KIND_SKIP, /* with all its content */
	KIND_BREAK,
	KIND_LINK,
	KIND_BOLD,
	KIND_CELL, /* a block in a layout, a word in a row of data */
	KIND_ROW,
	KIND_ABOVE, /* shown above a word, not part of its sentence: a reading, or by its class a
		       popup */
};

static const uint8_t kinds[LXB_TAG__LAST_ENTRY] = {
	[LXB_TAG_A] = KIND_LINK,           [LXB_TAG_ADDRESS] = KIND_BLOCK,
	[LXB_TAG_ARTICLE] = KIND_BLOCK,    [LXB_TAG_ASIDE] = KIND_BLOCK,
	[LXB_TAG_AUDIO] = KIND_SKIP,       [LXB_TAG_B] = KIND_BOLD,
	[LXB_TAG_BLOCKQUOTE] = KIND_BLOCK, [LXB_TAG_BODY] = KIND_BLOCK,
	[LXB_TAG_BR] = KIND_BREAK,         [LXB_TAG_BUTTON] = KIND_SKIP,
	[LXB_TAG_CANVAS] = KIND_SKIP,      [LXB_TAG_CAPTION] = KIND_BLOCK,
	[LXB_TAG_CENTER] = KIND_BLOCK,     [LXB_TAG_DATALIST] = KIND_SKIP,
	[LXB_TAG_DD] = KIND_BLOCK,         [LXB_TAG_DETAILS] = KIND_BLOCK,
	[LXB_TAG_DIALOG] = KIND_BLOCK,     [LXB_TAG_DIR] = KIND_BLOCK,
	[LXB_TAG_DIV] = KIND_BLOCK,        [LXB_TAG_DL] = KIND_BLOCK,
	[LXB_TAG_DT] = KIND_BLOCK,         [LXB_TAG_EMBED] = KIND_SKIP,
	[LXB_TAG_FIELDSET] = KIND_BLOCK,   [LXB_TAG_FIGCAPTION] = KIND_BLOCK,
	[LXB_TAG_FIGURE] = KIND_BLOCK,     [LXB_TAG_FOOTER] = KIND_BLOCK,
	[LXB_TAG_FORM] = KIND_BLOCK,       [LXB_TAG_H1] = KIND_BLOCK,
	[LXB_TAG_H2] = KIND_BLOCK,         [LXB_TAG_H3] = KIND_BLOCK,
	[LXB_TAG_H4] = KIND_BLOCK,         [LXB_TAG_H5] = KIND_BLOCK,
	[LXB_TAG_H6] = KIND_BLOCK,         [LXB_TAG_HEAD] = KIND_SKIP,
	[LXB_TAG_HEADER] = KIND_BLOCK,     [LXB_TAG_HGROUP] = KIND_BLOCK,
	[LXB_TAG_HR] = KIND_BLOCK,         [LXB_TAG_HTML] = KIND_BLOCK,
	[LXB_TAG_IFRAME] = KIND_SKIP,      [LXB_TAG_INPUT] = KIND_SKIP,
	[LXB_TAG_LEGEND] = KIND_BLOCK,     [LXB_TAG_LI] = KIND_BLOCK,
	[LXB_TAG_MAIN] = KIND_BLOCK,       [LXB_TAG_MENU] = KIND_BLOCK,
	[LXB_TAG_METER] = KIND_SKIP,       [LXB_TAG_NAV] = KIND_BLOCK,
	[LXB_TAG_NOEMBED] = KIND_SKIP,     [LXB_TAG_NOSCRIPT] = KIND_SKIP,
	[LXB_TAG_OBJECT] = KIND_SKIP,      [LXB_TAG_OL] = KIND_BLOCK,
	[LXB_TAG_OPTION] = KIND_SKIP,      [LXB_TAG_P] = KIND_BLOCK,
	[LXB_TAG_PRE] = KIND_BLOCK,        [LXB_TAG_PROGRESS] = KIND_SKIP,
	[LXB_TAG_RP] = KIND_ABOVE,         [LXB_TAG_RT] = KIND_ABOVE,
	[LXB_TAG_RTC] = KIND_ABOVE,        [LXB_TAG_SCRIPT] = KIND_SKIP,
	[LXB_TAG_SEARCH] = KIND_BLOCK,     [LXB_TAG_SECTION] = KIND_BLOCK,
	[LXB_TAG_SELECT] = KIND_SKIP,      [LXB_TAG_STRONG] = KIND_BOLD,
	[LXB_TAG_STYLE] = KIND_SKIP,       [LXB_TAG_SUMMARY] = KIND_BLOCK,
	[LXB_TAG_SVG] = KIND_SKIP,         [LXB_TAG_TABLE] = KIND_BLOCK,
	[LXB_TAG_TBODY] = KIND_BLOCK,      [LXB_TAG_TD] = KIND_CELL,
	[LXB_TAG_TEMPLATE] = KIND_SKIP,    [LXB_TAG_TEXTAREA] = KIND_SKIP,
	[LXB_TAG_TFOOT] = KIND_BLOCK,      [LXB_TAG_TH] = KIND_CELL,
	[LXB_TAG_THEAD] = KIND_BLOCK,      [LXB_TAG_TITLE] = KIND_SKIP,
	[LXB_TAG_TR] = KIND_ROW,           [LXB_TAG_UL] = KIND_BLOCK,
	[LXB_TAG_VIDEO] = KIND_SKIP,
};

/* What a class attribute says. Pages repeat the same few, so recent ones are cached. */
struct class_facts {
	struct span name;
	uint64_t hash; /* without its digits, because rows of things are numbered */
	uint32_t groups;
};

/* The walk over the tree. */
struct walk {
	struct arena *arena;
	const struct html_page *page;
	struct blocks *out;
	size_t text_room, block_room, container_room, item_room;
	uint32_t container; /* the one we are in */
	uint32_t links;     /* link elements we are in */
	uint32_t bold;
	const lxb_dom_node_t *data_row; /* a row whose cells are words; NULL: none */
	struct said said;
	struct block open; /* the block being written */
	bool is_open, pending_space, pending_line;
	bool after_break;
	bool noscript; /* read what browsers hide when scripts run */
	struct class_facts classes[CLASSES_KEPT];
};

static struct span value_of(const lxb_dom_attr_t *attribute)
{
	if (attribute == NULL || attribute->value == NULL)
		return (struct span){NULL, 0};
	return (struct span){(const char *)attribute->value->data, attribute->value->length};
}

static bool attribute_is(const lxb_dom_attr_t *attribute, struct span name)
{
	size_t len = 0;
	const lxb_char_t *at = lxb_dom_attr_local_name((lxb_dom_attr_t *)attribute, &len);
	return len == name.len && memcmp(at, name.at, len) == 0;
}

/* What attributes other than class and id say. */
static void read_attributes(const lxb_dom_element_t *element, struct container *c,
			    struct declared *declared)
{
	for (const lxb_dom_attr_t *a = element->first_attr; a != NULL; a = a->next) {
		if (a == element->attr_class || a == element->attr_id)
			continue;
		struct span value = value_of(a);
		if (attribute_is(a, SPAN("style"))) {
			if (span_contains(value, SPAN("display:none")) ||
			    span_contains(value, SPAN("display: none")) ||
			    span_contains(value, SPAN("visibility:hidden"))) {
				c->places |= PLACE_HIDDEN;
				c->unseen = true;
			}
		} else if (attribute_is(a, SPAN("itemprop"))) {
			c->groups |= blocks_name_groups(value);
			if (span_contains(value, SPAN("articleBody")) ||
			    span_contains(value, SPAN("reviewBody")))
				c->places |= PLACE_BODY_PROPERTY;
		} else if (attribute_is(a, SPAN("itemtype"))) {
			declared_read_itemtype(value, declared);
		} else if (attribute_is(a, SPAN("role"))) {
			c->groups |= blocks_name_groups(value);
		} else if (attribute_is(a, SPAN("hidden"))) {
			c->places |= PLACE_HIDDEN;
			c->unseen |= !span_equal(value, SPAN("until-found"));
		} else if (attribute_is(a, SPAN("aria-hidden"))) {
			if (span_equal(value, SPAN("true")))
				c->places |= PLACE_HIDDEN;
		}
	}
}

static uint32_t places_of(lxb_tag_id_t tag)
{
	switch (tag) {
	case LXB_TAG_ARTICLE:
		return PLACE_ARTICLE;
	case LXB_TAG_MAIN:
		return PLACE_MAIN;
	case LXB_TAG_NAV:
		return PLACE_NAV;
	case LXB_TAG_HEADER:
		return PLACE_HEADER;
	case LXB_TAG_FOOTER:
		return PLACE_FOOTER;
	case LXB_TAG_ASIDE:
		return PLACE_ASIDE;
	case LXB_TAG_FORM:
		return PLACE_FORM;
	case LXB_TAG_UL:
	case LXB_TAG_OL:
		return PLACE_LIST;
	case LXB_TAG_TABLE:
		return PLACE_TABLE;
	case LXB_TAG_BLOCKQUOTE:
		return PLACE_QUOTE;
	case LXB_TAG_FIGURE:
		return PLACE_FIGURE;
	case LXB_TAG_SECTION:
		return PLACE_SECTION;
	case LXB_TAG_DETAILS:
	case LXB_TAG_DIALOG:
		return PLACE_DETAILS;
	default:
		return 0;
	}
}

static const uint32_t aside_groups = 1u << WORD_SHARE | 1u << WORD_RELATED | 1u << WORD_SIDEBAR |
				     1u << WORD_NAV | 1u << WORD_FOOTER | 1u << WORD_PROMO |
				     1u << WORD_NEWSLETTER | 1u << WORD_DIALOG | 1u << WORD_AUTHOR;
static const uint32_t text_groups = 1u << WORD_ARTICLE | 1u << WORD_CONTENT | 1u << WORD_POST |
				    1u << WORD_TEXT | 1u << WORD_MAIN;

static uint8_t count_one(uint8_t count, bool more)
{
	return (uint8_t)(count + (more && count < UINT8_MAX));
}

/* Count what the names of the containers around it say. */
static void count_groups(struct container *c, const struct container *parent, uint32_t index)
{
	bool comment = c->groups >> WORD_COMMENT & 1;
	c->comments = count_one(parent->comments, comment);
	c->asides = count_one(parent->asides, (c->groups & aside_groups) != 0);
	c->texts = count_one(parent->texts, (c->groups & text_groups) != 0);
	c->comment = parent->comment != 0 ? parent->comment : comment ? index : 0;
}

static struct class_facts *class_facts(struct walk *walk, struct span name)
{
	const uint8_t *at = (const uint8_t *)name.at;
	size_t slot = 0; /* no class at all */
	if (name.len > 0)
		slot = name.len + 3u * at[0] + 5u * at[name.len / 2] + 7u * at[name.len - 1];
	struct class_facts *facts = &walk->classes[slot % CLASSES_KEPT];
	if (span_equal(facts->name, name))
		return facts;
	*facts = (struct class_facts){.name = name, .groups = blocks_name_groups(name)};
	for (size_t i = 0; i < name.len && i < MAX_CLASS_BYTES; i++) {
		if (at[i] < '0' || at[i] > '9')
			facts->hash = (facts->hash ^ at[i]) * FNV_PRIME_64;
	}
	return facts;
}

static bool enter_container(struct walk *walk, lxb_dom_node_t *node)
{
	struct blocks *out = walk->out;
	out->partial |= out->container_count >= MAX_CONTAINERS;
	if (out->partial || !arena_reserve(walk->arena, &out->containers, out->container_count,
					   &walk->container_room, sizeof(*out->containers)))
		return false;
	uint32_t index = (uint32_t)out->container_count++;
	struct container *c = &out->containers[index];
	const struct container *parent = &out->containers[walk->container];
	*c = (struct container){
		.node = node, .parent = walk->container, .tag = (uint16_t)node->local_name};
	const lxb_dom_element_t *element = (const lxb_dom_element_t *)node;
	c->places = places_of(node->local_name);
	const struct class_facts *class = class_facts(walk, value_of(element->attr_class));
	c->shape = hash_append(class->hash, node->local_name);
	/* The body's classes describe the page, not a part of it. */
	if (node->local_name != LXB_TAG_BODY) {
		c->groups = class->groups | blocks_name_groups(value_of(element->attr_id));
		c->unseen = c->groups >> WORD_NOTICE & 1;
		read_attributes(element, c, &out->declared);
	}
	/* A quoted post carries its network's name but is not a share button. */
	if (node->local_name == LXB_TAG_BLOCKQUOTE)
		c->groups &= ~(1u << WORD_SHARE);
	c->near_groups = c->all_groups = c->groups;
	c->path = c->shape;
	if (index > 0) {
		c->near_groups |= parent->groups;
		c->all_groups |= parent->all_groups;
		c->places |= parent->places;
		c->unseen |= parent->unseen;
		c->depth = parent->depth + 1;
		count_groups(c, parent, index);
		c->path = hash_append(parent->path, c->shape);
	}
	walk->container = index;
	return true;
}

static void add_byte(struct walk *walk, char byte)
{
	walk->out->text[walk->out->text_len++] = byte;
}

static bool make_text_room(struct walk *walk, size_t more)
{
	struct blocks *out = walk->out;
	return arena_reserve(walk->arena, &out->text, out->text_len + more - 1, &walk->text_room,
			     1);
}

/* Length of the non-ASCII white space at `at`; `*drop`: it is invisible. */
static size_t space_len(const uint8_t *at, const uint8_t *end, bool *drop)
{
	*drop = false;
	if (*at < 0xC2)
		return 0;
	if (end - at >= 2 && at[0] == 0xC2 && (at[1] == 0xA0 || at[1] == 0xAD)) {
		*drop = at[1] == 0xAD;
		return 2;
	}
	if (end - at >= 3 && at[0] == 0xE2 && at[1] == 0x80 && at[2] >= 0x80 && at[2] <= 0x8B) {
		*drop = at[2] == 0x8B;
		return 3;
	}
	if (end - at >= 3 && at[0] == 0xE2 && at[1] == 0x81 && at[2] == 0x9F)
		return 3;
	if (end - at >= 3 && at[0] == 0xEF && at[1] == 0xBB && at[2] == 0xBF) {
		*drop = true;
		return 3;
	}
	return 0;
}

static bool open_block(struct walk *walk)
{
	struct blocks *out = walk->out;
	out->partial |= out->len >= MAX_BLOCKS;
	if (out->partial ||
	    !arena_reserve(walk->arena, &out->at, out->len, &walk->block_room, sizeof(*out->at)))
		return false;
	walk->open = (struct block){.text_byte = (uint32_t)out->text_len,
				    .item = (uint32_t)out->item_count,
				    .container = walk->container,
				    .links = walk->links > 0,
				    .after_break = walk->after_break};
	walk->after_break = false;
	walk->is_open = true;
	return true;
}

static bool add_item(struct walk *walk, lxb_dom_node_t *node)
{
	struct blocks *out = walk->out;
	if (!arena_reserve(walk->arena, &out->items, out->item_count, &walk->item_room,
			   sizeof(*out->items)))
		return false;
	out->items[out->item_count++] = (struct text_item){node, (uint32_t)out->text_len};
	return true;
}

/* Length of a run of ASCII words with single spaces between them, which is copied as it is. */
static size_t plain_len(const uint8_t *at, const uint8_t *end, size_t *spaces)
{
	const uint8_t *start = at;
	*spaces = 0;
	for (; end - at > VECTOR_BYTES; at += VECTOR_BYTES) {
		vector c = vector_load(at), behind = vector_load(at + 1),
		       space = (vector)(c == ' ');
		vector other = (vector)((c < ' ') | (c >= 0x80)) |
			       (space & (vector)((behind <= ' ') | (behind >= 0x80)));
		if (vector_signs(other) != 0)
			break;
		*spaces += (size_t)__builtin_popcount(vector_signs(space));
	}
	for (; at < end; at++) {
		if (*at > ' ' && *at < 0x80)
			continue;
		if (*at != ' ' || at == start || at + 1 == end || at[1] <= ' ' || at[1] >= 0x80)
			break;
		++*spaces;
	}
	return (size_t)(at - start);
}

static void add_text(struct walk *walk, lxb_dom_node_t *node)
{
	const lexbor_str_t *data = &((lxb_dom_character_data_t *)node)->data;
	const uint8_t *at = data->data, *end = at + data->length;
	bool lines = walk->out->containers[walk->container].tag == LXB_TAG_PRE;
	if (!make_text_room(walk, data->length + 4 + VECTOR_BYTES))
		return;
	bool started = false, drop;
	uint32_t chars = 0;
	while (at < end) {
		if (ascii_is_space((char)*at)) { /* pages are full of long runs */
			walk->pending_space = true;
			for (; at < end && ascii_is_space((char)*at); at++)
				walk->pending_line |= lines && *at == '\n' && walk->is_open;
			continue;
		}
		size_t space = space_len(at, end, &drop);
		if (space > 0) {
			walk->pending_space |= !drop;
			at += space;
			continue;
		}
		if (!walk->is_open && !open_block(walk))
			return;
		bool first = walk->out->text_len == walk->open.text_byte;
		if (!first && (walk->pending_line || walk->pending_space))
			add_byte(walk, walk->pending_line ? '\n' : ' ');
		walk->pending_line = walk->pending_space = false;
		if (!started && !add_item(walk, node))
			return;
		started = true;
		size_t spaces;
		size_t plain = plain_len(at, end, &spaces);
		if (plain == 0) {
			chars += (*at & 0xC0) != 0x80;
			chars += *at >= 0xE3 && *at <= 0xED;
			add_byte(walk, (char)*at++);
			continue;
		}
		memcpy(walk->out->text + walk->out->text_len, at, plain);
		walk->out->text_len += plain;
		chars += (uint32_t)(plain - spaces);
		at += plain;
	}
	walk->open.link_chars += walk->links > 0 ? chars : 0;
	walk->open.bold_chars += walk->bold > 0 ? chars : 0;
}

static void close_block(struct walk *walk)
{
	walk->pending_space = walk->pending_line = false;
	if (!walk->is_open)
		return;
	struct blocks *out = walk->out;
	struct block *b = &walk->open;
	walk->is_open = false;
	b->text_len = (uint32_t)(out->text_len - b->text_byte);
	b->items = (uint32_t)(out->item_count - b->item);
	struct span text = {out->text + b->text_byte, b->text_len};
	blocks_measure(b, text, &walk->said);
	out->at[out->len++] = *b;
}

/* Does a row hold short cells of plain text? Then it is one block; else each cell is a container.
 */
static bool is_data_row(const lxb_dom_node_t *row)
{
	size_t nodes = 0, cells = 0, chars = 0;
	lxb_dom_node_t *node = (lxb_dom_node_t *)row;
	while ((node = html_next(row, node, true)) != NULL) {
		uint8_t kind = node->local_name < LXB_TAG__LAST_ENTRY ? kinds[node->local_name] : 0;
		if (node->type == LXB_DOM_NODE_TYPE_TEXT)
			chars += ((lxb_dom_character_data_t *)node)->data.length;
		else if (node->local_name == LXB_TAG_P || kind == KIND_CELL || kind == KIND_BREAK)
			cells += kind == KIND_CELL;
		else if (kind == KIND_BLOCK)
			return false;
		if (++nodes > CELL_NODES || chars > (cells + 1) * CELL_CHARS)
			return false;
	}
	return cells > 1;
}

static void on_break(struct walk *walk)
{
	/* Two of them with nothing but white space between separate paragraphs. */
	if (walk->pending_line)
		close_block(walk);
	else
		walk->pending_line = walk->is_open;
}

static uint8_t kind_of(const struct walk *walk, const lxb_dom_node_t *node)
{
	if (node->local_name == LXB_TAG_NOSCRIPT && walk->noscript)
		return KIND_BLOCK;
	if (node->type != LXB_DOM_NODE_TYPE_ELEMENT)
		return KIND_INLINE;
	return node->local_name < LXB_TAG__LAST_ENTRY ? kinds[node->local_name] : KIND_INLINE;
}

static bool is_blank(const lxb_dom_node_t *text)
{
	const lexbor_str_t *data = &((const lxb_dom_character_data_t *)text)->data;
	size_t at = 0;
	while (at < data->length && ascii_is_space((char)data->data[at]))
		at++;
	return at == data->length;
}

/* Does anything precede `node` inside its parent? */
static bool has_before(const lxb_dom_node_t *node)
{
	for (node = node->prev; node != NULL; node = node->prev) {
		if (node->type == LXB_DOM_NODE_TYPE_ELEMENT ||
		    (node->type == LXB_DOM_NODE_TYPE_TEXT && !is_blank(node)))
			return true;
	}
	return false;
}

/*
 * An element named like a popup inside another named so, within text and after the word that it
 * explains. At least one of them is inline, so that no part of a page is taken for a popup; and it
 * is not a link, which is what is pressed, not what pops up.
 */
static bool is_popup(struct walk *walk, const lxb_dom_node_t *node, uint8_t kind)
{
	const lxb_dom_node_t *parent = node->parent;
	if (!walk->is_open || node->type != LXB_DOM_NODE_TYPE_ELEMENT || parent == NULL ||
	    parent->type != LXB_DOM_NODE_TYPE_ELEMENT)
		return false;
	struct span name = value_of(((const lxb_dom_element_t *)node)->attr_class);
	struct span outer = value_of(((const lxb_dom_element_t *)parent)->attr_class);
	if (name.len == 0 || outer.len == 0 || name.len > MAX_CLASS_BYTES ||
	    outer.len > MAX_CLASS_BYTES) /* this comparison is repeated for each child */
		return false;
	bool blocks = kind == KIND_BLOCK && kind_of(walk, parent) == KIND_BLOCK;
	return !blocks && class_facts(walk, outer)->groups >> WORD_POPUP & 1 &&
	       class_facts(walk, name)->groups >> WORD_POPUP & 1 && has_before(node) &&
	       html_attribute((const lxb_dom_element_t *)node, SPAN("href")).len == 0;
}

static bool is_container(const struct walk *walk, uint8_t kind, const lxb_dom_node_t *node)
{
	if (kind == KIND_CELL || (kind == KIND_BLOCK && node->local_name == LXB_TAG_P))
		return walk->data_row == NULL;
	return kind == KIND_BLOCK || kind == KIND_ROW;
}

static void enter(struct walk *walk, lxb_dom_node_t *node, uint8_t kind)
{
	switch (kind) {
	case KIND_BREAK:
		on_break(walk);
		break;
	case KIND_LINK:
		walk->links++;
		if (walk->is_open)
			walk->open.links++;
		break;
	case KIND_BOLD:
		walk->bold++;
		break;
	case KIND_ROW:
		if (walk->data_row == NULL && is_data_row(node))
			walk->data_row = node;
		break;
	case KIND_CELL:
		walk->pending_space = true;
		break;
	default:
		break;
	}
	if (node->local_name == LXB_TAG_HR)
		walk->after_break = true;
	node->user = NULL;
	if (walk->data_row != NULL && node->local_name == LXB_TAG_P)
		walk->pending_space = true;
	if (walk->out->container_count == 0 || is_container(walk, kind, node)) {
		close_block(walk);
		if (enter_container(walk, node))
			node->user = walk; /* marks the elements that leave() leaves */
	}
}

static void leave(struct walk *walk, lxb_dom_node_t *node, uint8_t kind)
{
	if (kind == KIND_LINK)
		walk->links--;
	if (kind == KIND_BOLD)
		walk->bold--;
	if (kind == KIND_CELL)
		walk->pending_space = true;
	if (node == walk->data_row)
		walk->data_row = NULL;
	if (node->user == NULL)
		return;
	close_block(walk);
	struct container *c = &walk->out->containers[walk->container];
	c->end = (uint32_t)walk->out->container_count;
	walk->container = c->parent;
	node->user = NULL;
}

static void skip(struct walk *walk, const lxb_dom_node_t *node)
{
	walk->pending_space = true;
	if (node->local_name == LXB_TAG_SCRIPT)
		declared_read_script(walk->page, (const lxb_dom_element_t *)node,
				     &walk->out->declared);
}

static void walk_tree(struct walk *walk, lxb_dom_node_t *root)
{
	lxb_dom_node_t *node = root;
	while (node != NULL && !walk->arena->failed && !walk->out->partial) {
		uint8_t kind = kind_of(walk, node);
		if (is_popup(walk, node, kind))
			kind = KIND_ABOVE;
		if (node->type == LXB_DOM_NODE_TYPE_TEXT)
			add_text(walk, node);
		else if (kind == KIND_SKIP)
			skip(walk, node);
		else if (node->type == LXB_DOM_NODE_TYPE_ELEMENT && kind != KIND_ABOVE)
			enter(walk, node, kind);
		bool entered = kind != KIND_SKIP && kind != KIND_ABOVE;
		if (node->first_child != NULL && entered) {
			node = node->first_child;
			continue;
		}
		for (;; entered = true) {
			if (node->type == LXB_DOM_NODE_TYPE_ELEMENT && entered)
				leave(walk, node, kind_of(walk, node));
			if (node == root || node->next != NULL)
				break;
			node = node->parent;
		}
		node = node == root ? NULL : node->next;
	}
	close_block(walk);
	/* If reading stopped early, some are still open. */
	for (uint32_t c = walk->container; walk->out->container_count > 0 && c > 0;
	     c = walk->out->containers[c].parent)
		walk->out->containers[c].end = (uint32_t)walk->out->container_count;
	if (walk->out->container_count > 0)
		walk->out->containers[0].end = (uint32_t)walk->out->container_count;
}

static void read_head(struct walk *walk, const struct html_page *page)
{
	struct blocks *out = walk->out;
	size_t len = 0;
	const lxb_char_t *at = lxb_html_document_title(page->document, &len);
	struct span title = {(const char *)at, len};
	out->title_words = blocks_say(&walk->said, title, MAX_TITLE_WORDS, SAID_IN_TITLE);
	declared_read_head(page, &out->declared);
	out->described_words = blocks_say(&walk->said, out->declared.description,
					  MAX_DESCRIPTION_WORDS, SAID_IN_DESCRIPTION);
}

void blocks_read(struct arena *arena, const struct html_page *page, bool noscript,
		 struct blocks *out)
{
	*out = (struct blocks){0};
	struct walk walk = {.arena = arena, .page = page, .out = out, .noscript = noscript};
	lxb_dom_node_t *root =
		lxb_dom_interface_node(lxb_html_document_body_element(page->document));
	if (root == NULL)
		root = lxb_dom_interface_node(
			lxb_dom_document_element(lxb_dom_interface_document(page->document)));
	if (root == NULL)
		return;
	walk.text_room = page->text_bytes + 1024;
	out->text = arena_alloc(arena, walk.text_room, 1);
	/* Moving them as they grow would make reading a page 2% slower. */
	walk.container_room = page->nodes < MAX_CONTAINERS ? page->nodes + 1 : MAX_CONTAINERS;
	out->containers = arena_alloc(arena, walk.container_room, sizeof(*out->containers));
	if (out->text == NULL || out->containers == NULL)
		return;
	read_head(&walk, page);
	walk_tree(&walk, root);
	if (!arena->failed)
		blocks_sum(arena, out);
}
