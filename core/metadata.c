#include "metadata.h"

#include "ascii.h"
#include "byline.h"
#include "dates.h"
#include "headline.h"
#include "pagedata.h"
#include "utf8.h"

#include <jansson.h>
#include <limits.h>
#include <lexbor/dom/interfaces/attr.h>
#include <lexbor/dom/interfaces/character_data.h>
#include <lexbor/url/url.h>

#define MAX_TEXT_BYTES 600 /* of a heading, a byline … */
#define MAX_TEXT_NODES 200
#define MAX_JSON_BYTES ((size_t)1024 * 1024)
#define MAX_JSON_BLOCKS 16
#define MAX_JSON_VALUES 512 /* objects and arrays looked into */
#define MAX_JSON_OPENERS                                                                           \
	20000            /* objects and arrays at all: each takes a hundred times its two bytes */
#define MAX_LOOKS 100000 /* nodes of bylines and dates on a page: they may be nested */

/* Where a fact comes from; the first that says something is believed. */
enum { FROM_JSON, FROM_PROPERTY, FROM_META, FROM_MARKUP, FROM_CLASS, FROM_LAST, SOURCES };

struct facts {
	struct arena *arena;
	struct metadata *out;
	struct headline_clues clues;
	struct span titles[SOURCES], byline[SOURCES], site_name[SOURCES], description[SOURCES];
	struct span published[SOURCES], modified[SOURCES], language[SOURCES];
	struct span canonical[SOURCES], image[SOURCES];
	struct span page_title;
	struct span
		person;   /* the first in JSON-LD: whom an author's mere @id names, nearly always */
	struct span lead; /* after "By" or "Author:" in any element */
	lxb_dom_node_t *byline_node[SOURCES]; /* of whom the byline is so far */
	size_t byline_meta;                   /* which name of <meta>, + 1 */
	bool data_is_author; /* "twitter:label1" says that "twitter:data1" is who wrote it */
	size_t json_blocks, looks;
	bool json_is_article; /* the JSON facts come from an article and not from a mere page */
};

static void set(struct span *slot, struct span value)
{
	if (slot->len == 0)
		*slot = value;
}

static struct span first(const struct span from[SOURCES])
{
	for (size_t i = 0; i < SOURCES; i++)
		if (from[i].len > 0)
			return from[i];
	return (struct span){0};
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool same(struct span a, const char *b)
{
	return a.len == strlen(b) && ascii_same(a.at, b, a.len);
}

/* `part` is in lower case. */
static bool has_part(struct span whole, const char *part)
{
	size_t len = strlen(part);
	for (size_t i = 0; i + len <= whole.len; i++)
		if (ascii_lower(whole.at[i]) == part[0] && ascii_same(whole.at + i, part, len))
			return true;
	return false;
}

/* `part` is in one case only. */
static bool has_bytes(struct span whole, struct span part)
{
	return whole.at != NULL && memmem(whole.at, whole.len, part.at, part.len) != NULL;
}

/* `len` without a character that was cut at the end. */
static size_t whole_characters(const char *text, size_t len)
{
	size_t back = 0;
	while (back < 3 && back < len && ((unsigned char)text[len - 1 - back] & 0xC0) == 0x80)
		back++;
	if (back == len)
		return len;
	unsigned char lead = (unsigned char)text[len - 1 - back];
	size_t follow = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
	return follow > back ? len - 1 - back : len;
}

/* White space collapsed and trimmed, a no-break space counting as one, at most `max` bytes. */
static struct span collapse(struct arena *arena, struct span text, size_t max)
{
	char *out = arena_alloc(arena, (text.len < max ? text.len : max) + 1, 1);
	size_t n = 0;
	for (size_t i = 0; out != NULL && i < text.len && n < max; i++) {
		bool wide = i + 1 < text.len && memcmp(text.at + i, "\xC2\xA0", 2) == 0;
		if (!wide && !is_space(text.at[i]))
			out[n++] = text.at[i];
		else if (n > 0 && out[n - 1] != ' ')
			out[n++] = ' ';
		i += wide;
	}
	n = whole_characters(out, n);
	while (n > 0 && out[n - 1] == ' ')
		n--;
	return (struct span){out, out == NULL ? 0 : n};
}

static bool is_blank(struct span text)
{
	size_t i = 0;
	while (i < text.len && is_space(text.at[i]))
		i++;
	return i == text.len;
}

static struct span attribute(lxb_dom_element_t *element, const char *name)
{
	size_t len = 0;
	const lxb_char_t *value = lxb_dom_element_get_attribute(element, (const lxb_char_t *)name,
								strlen(name), &len);
	return (struct span){(const char *)value, value == NULL ? 0 : len};
}

/* The next node in document order within `root`. */
static lxb_dom_node_t *next_node(const lxb_dom_node_t *root, lxb_dom_node_t *node, bool enter)
{
	if (enter && node->first_child != NULL)
		return node->first_child;
	while (node != root && node->next == NULL)
		node = node->parent;
	return node == root ? NULL : node->next;
}

static bool is_block(const lxb_dom_node_t *node)
{
	switch (node->local_name) {
	case LXB_TAG_DIV:
	case LXB_TAG_P:
	case LXB_TAG_LI:
	case LXB_TAG_UL:
	case LXB_TAG_TD:
	case LXB_TAG_TIME:
	case LXB_TAG_H1:
	case LXB_TAG_H2:
	case LXB_TAG_H3:
	case LXB_TAG_H4:
	case LXB_TAG_H5:
	case LXB_TAG_H6:
		return true;
	default:
		return false;
	}
}

/* Is there nothing but the tags between two texts that make them parts of one word, or is there the
 * end of a block? */
static bool are_apart(const lxb_dom_node_t *last, const lxb_dom_node_t *node, char before,
		      char after)
{
	if (last == NULL || last->parent == node->parent)
		return false;
	return is_block(last->parent) || is_block(node->parent) ||
	       (!is_space(before) && !is_space(after) && strchr(",.;:'-)", after) == NULL);
}

/* The text below `root`, collapsed; with `breaks` a BYLINE_BREAK stands between what different
 * elements hold, unless they are inline and a space is there. */
static struct span text_below(struct arena *arena, lxb_dom_node_t *root, bool breaks)
{
	char raw[MAX_TEXT_BYTES * 2];
	size_t n = 0, seen = 0;
	const size_t longest_break = sizeof(BYLINE_BREAK) - 1;
	const lxb_dom_node_t *last = NULL;
	for (lxb_dom_node_t *node = root;
	     node != NULL && n + longest_break < sizeof(raw) && seen++ < MAX_TEXT_NODES;) {
		bool skip = node->local_name == LXB_TAG_SCRIPT || node->local_name == LXB_TAG_STYLE;
		if (node->type == LXB_DOM_NODE_TYPE_TEXT) {
			const lexbor_str_t *data = &lxb_dom_interface_character_data(node)->data;
			struct span text = {(const char *)data->data, data->length};
			if (breaks && text.len > 0 &&
			    are_apart(last, node, n == 0 ? ' ' : raw[n - 1], text.at[0])) {
				memcpy(raw + n, BYLINE_BREAK, longest_break);
				n += longest_break;
			}
			size_t len = text.len < sizeof(raw) - n ? text.len : sizeof(raw) - n;
			if (len > 0)
				memcpy(raw + n, text.at, len);
			n += len;
			if (!is_blank(text))
				last = node;
		} else if (n > 0 && node->local_name == LXB_TAG_BR) {
			raw[n++] = breaks ? '|' : ' ';
		}
		node = next_node(root, node, !skip);
	}
	return collapse(arena, (struct span){raw, n}, MAX_TEXT_BYTES);
}

static struct span text_of(struct arena *arena, lxb_dom_node_t *root)
{
	return text_below(arena, root, false);
}

/* ---- JSON-LD -------------------------------------------------------------------------------- */

static struct span json_text(struct arena *arena, const json_t *value)
{
	if (!json_is_string(value))
		return (struct span){0};
	struct span text = {json_string_value(value), json_string_length(value)};
	if (text.len > MAX_TEXT_BYTES * 4)
		text.len = whole_characters(text.at, MAX_TEXT_BYTES * 4);
	if (text.len == 0 || memchr(text.at, '&', text.len) == NULL)
		return collapse(arena, text, MAX_TEXT_BYTES);
	char plain[MAX_TEXT_BYTES * 4 + 4];
	size_t n = 0;
	for (size_t at = 0; at < text.len;) {
		uint32_t codepoint;
		size_t len = text.at[at] == '&' ? pagedata_reference(text, at, &codepoint) : 0;
		if (len == 0)
			plain[n++] = text.at[at++];
		else
			n += utf8_encode(codepoint, plain + n); /* never longer than it was */
		at += len;
	}
	return collapse(arena, (struct span){plain, n}, MAX_TEXT_BYTES);
}

static bool type_has(const json_t *object, const char *part)
{
	const json_t *type = json_object_get(object, "@type");
	if (json_is_array(type))
		type = json_array_get(type, 0);
	return json_is_string(type) && has_part(span_of(json_string_value(type)), part);
}

static bool is_article_type(const json_t *object)
{
	return type_has(object, "article") || type_has(object, "posting") ||
	       type_has(object, "report");
}

/* A name, or the names of several, from a string, an object or an array of them. */
static struct span json_names(struct arena *arena, const json_t *value)
{
	char names[MAX_TEXT_BYTES];
	size_t n = 0, count = json_is_array(value) ? json_array_size(value) : 1;
	for (size_t i = 0; i < count && i < 8; i++) {
		const json_t *one = json_is_array(value) ? json_array_get(value, i) : value;
		if (json_is_object(one))
			one = json_object_get(one, "name");
		if (json_is_array(one))
			one = json_array_get(one, 0);
		struct span name = json_text(arena, one);
		if (name.len == 0 || n + name.len + 2 > sizeof(names))
			continue;
		if (n > 0) {
			memcpy(names + n, ", ", 2);
			n += 2;
		}
		memcpy(names + n, name.at, name.len);
		n += name.len;
	}
	return collapse(arena, (struct span){names, n}, MAX_TEXT_BYTES);
}

static struct span json_image(struct arena *arena, const json_t *value)
{
	if (json_is_array(value))
		value = json_array_get(value, 0);
	if (json_is_object(value))
		value = json_object_get(value, "url");
	return json_text(arena, value);
}

/* What an article says is better than what a mere page says, and takes its place. */
static void read_article_object(struct facts *facts, const json_t *object)
{
	struct arena *arena = facts->arena;
	const json_t *body = json_object_get(object, "articleBody");
	if (facts->json_is_article && body == NULL)
		return; /* the first article of the page is the page's */
	facts->json_is_article = true;
	set(&facts->titles[FROM_JSON], json_text(arena, json_object_get(object, "headline")));
	set(&facts->byline[FROM_JSON], json_names(arena, json_object_get(object, "author")));
	set(&facts->published[FROM_JSON],
	    json_text(arena, json_object_get(object, "datePublished")));
	set(&facts->modified[FROM_JSON], json_text(arena, json_object_get(object, "dateModified")));
	set(&facts->description[FROM_MARKUP],
	    json_text(arena, json_object_get(object, "description")));
	set(&facts->image[FROM_META], json_image(arena, json_object_get(object, "image")));
	set(&facts->site_name[FROM_META], json_names(arena, json_object_get(object, "publisher")));
	set(&facts->language[FROM_META], json_text(arena, json_object_get(object, "inLanguage")));
}

static void read_other_object(struct facts *facts, const json_t *object)
{
	struct arena *arena = facts->arena;
	if (type_has(object, "website") || type_has(object, "organization"))
		set(&facts->site_name[FROM_LAST],
		    json_text(arena, json_object_get(object, "name")));
	if (type_has(object, "person"))
		set(&facts->person, json_text(arena, json_object_get(object, "name")));
	if (type_has(object, "webpage") || type_has(object, "recipe") ||
	    type_has(object, "creativework"))
		set(&facts->byline[FROM_META],
		    json_names(arena, json_object_get(object, "author")));
	if (type_has(object, "recipe"))
		set(&facts->published[FROM_META],
		    json_text(arena, json_object_get(object, "datePublished")));
	if (!type_has(object, "webpage"))
		return;
	set(&facts->published[FROM_LAST],
	    json_text(arena, json_object_get(object, "datePublished")));
	set(&facts->modified[FROM_LAST], json_text(arena, json_object_get(object, "dateModified")));
}

static bool is_bounded(struct span text)
{
	size_t openers = 0;
	for (size_t i = 0; i < text.len; i++)
		openers += text.at[i] == '{' || text.at[i] == '[';
	return text.len <= MAX_JSON_BYTES && openers <= MAX_JSON_OPENERS;
}

/* All objects of the document, with an explicit stack. */
static void read_json(struct facts *facts, struct span text)
{
	const json_t *stack[MAX_JSON_VALUES];
	size_t depth = 0, seen = 0, i;
	if (!is_bounded(text) || facts->json_blocks++ >= MAX_JSON_BLOCKS)
		return;
	json_t *root = json_loadb(text.at, text.len, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
	if (root != NULL)
		stack[depth++] = root;
	while (depth > 0 && seen++ < MAX_JSON_VALUES) {
		const json_t *value = stack[--depth], *child;
		const char *name;
		if (json_is_array(value)) {
			for (i = json_array_size(value); i-- > 0 && depth < MAX_JSON_VALUES;)
				stack[depth++] = json_array_get(value, i);
		} else if (json_is_object(value)) {
			if (is_article_type(value))
				read_article_object(facts, value);
			else
				read_other_object(facts, value);
			json_object_foreach((json_t *)(size_t)value, name, child)
			{
				bool graph = strcmp(name, "@graph") == 0 ||
					     strcmp(name, "mainEntity") == 0 ||
					     strcmp(name, "mainEntityOfPage") == 0;
				if (graph && depth < MAX_JSON_VALUES)
					stack[depth++] = child;
			}
		}
	}
	json_decref(root);
}

/* ---- elements ------------------------------------------------------------------------------- */

/* Which fact a <meta> of this name states. */
enum fact {
	FACT_TITLE,
	FACT_BYLINE,
	FACT_SITE,
	FACT_DESCRIPTION,
	FACT_PUBLISHED,
	FACT_MODIFIED,
	FACT_LANGUAGE,
	FACT_CANONICAL,
	FACT_IMAGE
};

static const struct {
	const char *name;
	enum fact fact;
	unsigned char source;
} meta_names[] = {
	{"og:title", FACT_TITLE, FROM_PROPERTY},
	{"twitter:title", FACT_TITLE, FROM_META},
	{"parsely-title", FACT_TITLE, FROM_META},
	{"sailthru.title", FACT_TITLE, FROM_META},
	{"dc.title", FACT_TITLE, FROM_META},
	{"headline", FACT_TITLE, FROM_META},
	{"author", FACT_BYLINE, FROM_PROPERTY},
	{"parsely-author", FACT_BYLINE, FROM_PROPERTY},
	{"sailthru.author", FACT_BYLINE, FROM_PROPERTY},
	{"byl", FACT_BYLINE, FROM_PROPERTY},
	{"article:author", FACT_BYLINE, FROM_META},
	{"article:author_name", FACT_BYLINE, FROM_PROPERTY},
	{"og:article:author", FACT_BYLINE, FROM_META},
	{"dc.creator", FACT_BYLINE, FROM_META},
	{"dcterms.creator", FACT_BYLINE, FROM_META},
	{"citation_author", FACT_BYLINE, FROM_META},
	{"shareaholic:article_author_name", FACT_BYLINE, FROM_META},
	{"twitter:data1", FACT_BYLINE, FROM_META},
	{"twitter:creator", FACT_BYLINE, FROM_LAST},
	{"og:site_name", FACT_SITE, FROM_PROPERTY},
	{"application-name", FACT_SITE, FROM_MARKUP},
	{"publisher", FACT_SITE, FROM_CLASS},
	{"dc.publisher", FACT_SITE, FROM_CLASS},
	{"og:description", FACT_DESCRIPTION, FROM_PROPERTY},
	{"description", FACT_DESCRIPTION, FROM_META},
	{"twitter:description", FACT_DESCRIPTION, FROM_CLASS},
	{"article:published_time", FACT_PUBLISHED, FROM_PROPERTY},
	{"og:article:published_time", FACT_PUBLISHED, FROM_PROPERTY},
	{"datepublished", FACT_PUBLISHED, FROM_PROPERTY},
	{"parsely-pub-date", FACT_PUBLISHED, FROM_META},
	{"sailthru.date", FACT_PUBLISHED, FROM_META},
	{"dc.date.issued", FACT_PUBLISHED, FROM_META},
	{"dcterms.created", FACT_PUBLISHED, FROM_META},
	{"dc.date", FACT_PUBLISHED, FROM_META},
	{"dcterms.date", FACT_PUBLISHED, FROM_META},
	{"citation_publication_date", FACT_PUBLISHED, FROM_META},
	{"pubdate", FACT_PUBLISHED, FROM_META},
	{"publish-date", FACT_PUBLISHED, FROM_META},
	{"publication_date", FACT_PUBLISHED, FROM_META},
	{"article.published", FACT_PUBLISHED, FROM_META},
	{"published-date", FACT_PUBLISHED, FROM_META},
	{"published_on", FACT_PUBLISHED, FROM_META},
	{"date", FACT_PUBLISHED, FROM_META},
	{"article:modified_time", FACT_MODIFIED, FROM_PROPERTY},
	{"og:updated_time", FACT_MODIFIED, FROM_META},
	{"datemodified", FACT_MODIFIED, FROM_PROPERTY},
	{"last-modified", FACT_MODIFIED, FROM_META},
	{"dcterms.modified", FACT_MODIFIED, FROM_META},
	{"content-language", FACT_LANGUAGE, FROM_MARKUP},
	{"og:locale", FACT_LANGUAGE, FROM_CLASS},
	{"dc.language", FACT_LANGUAGE, FROM_CLASS},
	{"og:url", FACT_CANONICAL, FROM_META},
	{"og:image", FACT_IMAGE, FROM_PROPERTY},
	{"og:image:url", FACT_IMAGE, FROM_PROPERTY},
	{"twitter:image", FACT_IMAGE, FROM_MARKUP},
};

static void state(struct facts *facts, enum fact fact, size_t source, struct span value)
{
	struct span *const slots[] = {
		[FACT_TITLE] = facts->titles,        [FACT_BYLINE] = facts->byline,
		[FACT_SITE] = facts->site_name,      [FACT_DESCRIPTION] = facts->description,
		[FACT_PUBLISHED] = facts->published, [FACT_MODIFIED] = facts->modified,
		[FACT_LANGUAGE] = facts->language,   [FACT_CANONICAL] = facts->canonical,
		[FACT_IMAGE] = facts->image};
	set(&slots[fact][source], value);
}

static bool says_author(struct span label)
{
	static const char *const labels[] = {"written by",      "verfasst von", "geschrieben von",
					     "crit par",        "escrito por",  "scritto da",
					     "geschreven door", "autor",        "author"};
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (has_part(label, labels[i]))
			return true;
	return false;
}

/* `name` after the names that the slot has, unless it is among them. */
static void add_name(struct facts *facts, size_t source, struct span name)
{
	struct span *slot = &facts->byline[source];
	size_t len = slot->len + 2 + name.len;
	if (slot->len > 0 && (has_bytes(*slot, name) || len > BYLINE_MAX_BYTES))
		return;
	char *joined = slot->len == 0 ? NULL : arena_alloc(facts->arena, len, 1);
	if (joined == NULL) {
		set(slot, name);
		return;
	}
	memcpy(joined, slot->at, slot->len);
	memcpy(joined + slot->len, ", ", 2);
	memcpy(joined + slot->len + 2, name.at, name.len);
	*slot = (struct span){joined, len};
}

/* A <meta> may stand once for each author. */
static void read_person(struct facts *facts, size_t meta, struct span value)
{
	size_t source = meta_names[meta].source;
	if (value.len == 0 || value.at[0] == '@' || !byline_may_be_name(byline_bare(value)))
		return;
	if (facts->byline[source].len > 0 && facts->byline_meta != meta + 1)
		return;
	facts->byline_meta = meta + 1;
	add_name(facts, source, byline_bare(value));
}

static void read_meta(struct facts *facts, lxb_dom_element_t *element)
{
	static const char *const keys[] = {"property", "name", "itemprop", "http-equiv"};
	struct span content = attribute(element, "content");
	for (size_t k = 0; k < 4 && content.len > 0; k++) {
		struct span name = attribute(element, keys[k]);
		if (same(name, "twitter:label1"))
			facts->data_is_author = says_author(content);
		for (size_t i = 0; i < sizeof(meta_names) / sizeof(meta_names[0]) && name.len > 0;
		     i++) {
			if (!same(name, meta_names[i].name))
				continue;
			struct span value = collapse(facts->arena, content, MAX_TEXT_BYTES * 4);
			bool person = meta_names[i].fact == FACT_BYLINE;
			if (person && same(name, "twitter:data1") && !facts->data_is_author)
				return;
			if (person)
				read_person(facts, i, value);
			else
				state(facts, meta_names[i].fact, meta_names[i].source, value);
			return;
		}
	}
}

static void read_link(struct facts *facts, lxb_dom_element_t *element)
{
	struct span rel = attribute(element, "rel"), href = attribute(element, "href");
	if (same(rel, "canonical"))
		state(facts, FACT_CANONICAL, FROM_PROPERTY, collapse(facts->arena, href, 4096));
	else if (same(rel, "image_src"))
		state(facts, FACT_IMAGE, FROM_CLASS, collapse(facts->arena, href, 4096));
}

/* A date in an attribute or in the text. */
static void read_time(struct facts *facts, lxb_dom_element_t *element, lxb_dom_node_t *node,
		      enum fact fact, size_t source)
{
	char date[DATE_MAX];
	struct span value = attribute(element, "datetime");
	if (value.len == 0)
		value = attribute(element, "content");
	if (value.len == 0)
		value = attribute(element, "title");
	if (facts->looks > MAX_LOOKS)
		return;
	facts->looks += MAX_TEXT_NODES / 4;
	struct arena_mark mark = arena_mark(facts->arena);
	if (!date_read(value, false, date)) {
		facts->looks += MAX_TEXT_NODES / 4;
		value = text_of(facts->arena, node);
	}
	if (value.len < 100 && date_read(value, false, date))
		state(facts, fact, source, collapse(facts->arena, value, MAX_TEXT_BYTES));
	else
		arena_rewind(facts->arena, mark);
}

static void read_heading(struct facts *facts, lxb_dom_node_t *node, unsigned level)
{
	struct headline_clues *clues = &facts->clues;
	if (clues->heading_count == HEADLINE_MAX_HEADINGS)
		return;
	struct span text = text_of(facts->arena, node);
	if (text.len == 0 || text.len >= MAX_TEXT_BYTES)
		return;
	clues->headings[clues->heading_count].text = text;
	clues->headings[clues->heading_count++].level = level;
}

/* Does the text before an element say that it names somebody else: who edited, who took the
 * picture? */
static bool is_helper(const lxb_dom_node_t *node)
{
	static const char *const words[] = {"review", "edit",      "check",
					    "photo",  "illustrat", "foto"};
	const lxb_dom_node_t *before = node->prev != NULL ? node->prev : node->parent->prev;
	if (before == NULL || before->type != LXB_DOM_NODE_TYPE_TEXT)
		return false;
	const lexbor_str_t *data = &lxb_dom_interface_character_data(before)->data;
	struct span text = {(const char *)data->data, data->length};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (text.len < BYLINE_MAX_BYTES && has_part(text, words[i]))
			return true;
	return false;
}

/* Elements of one kind side by side, perhaps each in an element that holds little more: several
 * authors, and not those of several comments. */
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
	facts->looks += MAX_TEXT_NODES / 4;
	struct arena_mark mark = arena_mark(facts->arena);
	size_t around = text_of(facts->arena, b->parent).len;
	arena_rewind(facts->arena, mark);
	return around <= most_around;
}

static void read_byline(struct facts *facts, lxb_dom_node_t *node, size_t source)
{
	if (facts->looks > MAX_LOOKS || (facts->byline[source].len > 0 &&
					 !are_siblings(facts, facts->byline_node[source], node)))
		return;
	facts->looks += MAX_TEXT_NODES / 4;
	struct arena_mark mark = arena_mark(facts->arena);
	struct span bare = byline_bare(text_below(facts->arena, node, true));
	bool sure = source != FROM_LAST || byline_looks_written(bare) ||
		    (bare.len > 0 && memchr(bare.at, ' ', bare.len) == NULL);
	if (bare.len >= 3 && byline_may_be_name(bare) && sure) {
		add_name(facts, source, bare);
		facts->byline_node[source] = node;
	} else {
		arena_rewind(facts->arena, mark);
	}
}

struct roles {
	struct span itemprop, rel, class, id, href;
};

/* One pass over the attributes: looking each up by its name would cost more than the rest. */
static struct roles roles_of(lxb_dom_element_t *element)
{
	struct roles roles = {0};
	for (lxb_dom_attr_t *attr = element->first_attr; attr != NULL; attr = attr->next) {
		struct span *slot = NULL;
		size_t len = 0;
		if (attr->value == NULL)
			continue;
		if (attr->node.local_name == LXB_DOM_ATTR_CLASS) {
			slot = &roles.class;
		} else if (attr->node.local_name == LXB_DOM_ATTR_ID) {
			slot = &roles.id;
		} else if (attr->node.local_name == LXB_DOM_ATTR_HREF) {
			slot = &roles.href;
		} else if (attr->node.local_name >= LXB_DOM_ATTR__LAST_ENTRY) {
			const lxb_char_t *name = lxb_dom_attr_local_name(attr, &len);
			if (len == 3 && memcmp(name, "rel", 3) == 0)
				slot = &roles.rel;
			else if (len == 8 && memcmp(name, "itemprop", 8) == 0)
				slot = &roles.itemprop;
		}
		if (slot != NULL)
			*slot = (struct span){(const char *)attr->value->data, attr->value->length};
	}
	return roles;
}

/* What attribute values tell of roles by, as parts of words; found in one pass, because nearly all
 * values hold none of them. */
enum {
	PART_BYLINE = 1,
	PART_AUTHOR = 2, /* in any of the spellings of authors' pages */
	PART_PUBLISHED = 4,
	PART_DATE = 8,
};

static unsigned part_at(const char *at, size_t left)
{
	switch (ascii_lower(*at)) {
	case 'b':
		return left >= 6 && ascii_same(at, "byline", 6) ? PART_BYLINE : 0;
	case 'a':
		return left >= 3 && ascii_same(at, "aut", 3) ? PART_AUTHOR : 0;
	case 'p':
		return left >= 9 && ascii_same(at, "published", 9) ? PART_PUBLISHED : 0;
	case 'd':
		return left >= 3 && ascii_same(at, "dat", 3) ? PART_DATE : 0;
	default:
		return 0;
	}
}

static unsigned parts_of(struct span value)
{
	static const bool begins_part[UCHAR_MAX + 1] = {
		['a'] = true, ['A'] = true, ['b'] = true, ['B'] = true,
		['d'] = true, ['D'] = true, ['p'] = true, ['P'] = true};
	unsigned parts = 0;
	for (size_t i = 0; i + 3 <= value.len; i++) {
		if (begins_part[(unsigned char)value.at[i]])
			parts |= part_at(value.at + i, value.len - i);
	}
	return parts;
}

static bool begins(struct span text, const char *with)
{
	size_t len = strlen(with);
	return text.len >= len && ascii_same(text.at, with, len);
}

/* Every link is asked: from slash to slash, which the library finds faster than any letter. */
static bool is_authors_page(struct span href)
{
	const char *query = href.len == 0 ? NULL : memchr(href.at, '?', href.len);
	if (query != NULL && has_part(href, "?author="))
		return true;
	while (href.len > 0) {
		const char *slash = memchr(href.at, '/', href.len);
		if (slash == NULL)
			return false;
		href = span_slice(href, (size_t)(slash - href.at) + 1, href.len);
		if (href.len == 0 || (href.at[0] | 0x20) != 'a')
			continue;
		if (begins(href, "author/") || begins(href, "authors/") || begins(href, "autor/") ||
		    begins(href, "auteur/"))
			return true;
	}
	return false;
}

static bool names_author(struct span class)
{
	return has_part(class, "author-name") || has_part(class, "author__name") ||
	       has_part(class, "author_name") || same(class, "author");
}

static bool is_date(struct span class)
{
	return has_part(class, "entry-date") || has_part(class, "pubdate") ||
	       has_part(class, "post-date") || has_part(class, "article-date") ||
	       has_part(class, "dateline") || has_part(class, "date-posted") ||
	       same(class, "date") || same(class, "datum");
}

/* Microdata, rel and class names. */
static void read_roles(struct facts *facts, lxb_dom_element_t *element, lxb_dom_node_t *node)
{
	struct roles roles = roles_of(element);
	struct span itemprop = roles.itemprop, rel = roles.rel, class = roles.class;
	if (same(itemprop, "author") || same(rel, "author"))
		read_byline(facts, node, FROM_MARKUP);
	else if (node->local_name == LXB_TAG_A && is_authors_page(roles.href))
		read_byline(facts, node, FROM_LAST);
	else if (same(itemprop, "datePublished"))
		read_time(facts, element, node, FACT_PUBLISHED, FROM_PROPERTY);
	else if (same(itemprop, "dateModified"))
		read_time(facts, element, node, FACT_MODIFIED, FROM_PROPERTY);

	unsigned parts = parts_of(class);
	if ((parts & PART_BYLINE) || (parts_of(roles.id) & PART_BYLINE) ||
	    ((parts & PART_AUTHOR) && names_author(class)))
		read_byline(facts, node, FROM_CLASS);
	else if ((parts & PART_AUTHOR) && has_part(class, "author") &&
		 node->local_name != LXB_TAG_DIV && node->local_name != LXB_TAG_SECTION &&
		 node->local_name != LXB_TAG_ARTICLE && node->local_name != LXB_TAG_BODY)
		read_byline(facts, node, FROM_LAST);
	if ((parts & PART_PUBLISHED) || ((parts & PART_DATE) && is_date(class)))
		read_time(facts, element, node, FACT_PUBLISHED, FROM_CLASS);
}

static void read_element(struct facts *facts, lxb_dom_node_t *node)
{
	lxb_dom_element_t *element = lxb_dom_interface_element(node);
	switch (node->local_name) {
	case LXB_TAG_HTML:
		state(facts, FACT_LANGUAGE, FROM_PROPERTY,
		      collapse(facts->arena, attribute(element, "lang"), 64));
		return;
	case LXB_TAG_META:
		read_meta(facts, element);
		return;
	case LXB_TAG_LINK:
		read_link(facts, element);
		return;
	case LXB_TAG_TITLE:
		if (node->ns == LXB_NS_HTML)
			set(&facts->page_title, text_of(facts->arena, node));
		return;
	case LXB_TAG_SCRIPT:
		if (has_part(attribute(element, "type"), "ld+json") && node->first_child != NULL &&
		    node->first_child->type == LXB_DOM_NODE_TYPE_TEXT) {
			const lexbor_str_t *data =
				&lxb_dom_interface_character_data(node->first_child)->data;
			read_json(facts, (struct span){(const char *)data->data, data->length});
		}
		return;
	case LXB_TAG_H1:
		read_heading(facts, node, 1);
		break;
	case LXB_TAG_H2:
		read_heading(facts, node, 2);
		break;
	case LXB_TAG_TIME:
		read_time(facts, element, node, FACT_PUBLISHED,
			  attribute(element, "pubdate").at != NULL ? FROM_MARKUP : FROM_CLASS);
		break;
	default:
		break;
	}
	if (node->local_name == LXB_TAG_ADDRESS)
		read_byline(facts, node, FROM_LAST);
	if (element->first_attr != NULL)
		read_roles(facts, element, node);
}

/* "By" and a name, in the text or in the next element, where no markup says so. */
static void read_lead(struct facts *facts, lxb_dom_node_t *node, struct span text)
{
	if (facts->lead.len > 0 || text.len < 2 || text.len > BYLINE_MAX_BYTES ||
	    facts->looks > MAX_LOOKS || !byline_is_lead(text))
		return;
	struct span own = byline_bare(text);
	if (byline_may_be_name(own) && byline_looks_written(own)) {
		facts->lead = collapse(facts->arena, own, BYLINE_MAX_BYTES);
		return;
	}
	struct arena_mark mark = arena_mark(facts->arena);
	lxb_dom_node_t *element = node->parent;
	for (int up = 0; up < 3 && element != NULL; up++, element = element->parent) {
		facts->looks += MAX_TEXT_NODES / 4;
		struct span line = text_below(facts->arena, element, true);
		struct span bare = byline_bare(line);
		if (line.len > text.len + 3 && line.len <= 2 * BYLINE_MAX_BYTES &&
		    byline_may_be_name(bare) && byline_looks_written(bare)) {
			facts->lead = bare;
			return;
		}
		if (line.len > text.len + 3)
			break;
	}
	arena_rewind(facts->arena, mark);
}

/* A short text of its own with a whole date in it, the first on the page: where nothing else says
 * when, that is what readers go by. */
static void read_visible_date(struct facts *facts, lxb_dom_node_t *node, struct span text)
{
	char found[DATE_MAX];
	lxb_tag_id_t parent = node->parent->local_name;
	if (facts->published[FROM_LAST].len > 0 || text.len < 8 || text.len > 80 ||
	    parent == LXB_TAG_SCRIPT || parent == LXB_TAG_STYLE || parent == LXB_TAG_TITLE ||
	    parent == LXB_TAG_OPTION ||
	    (!has_bytes(text, SPAN("20")) && !has_bytes(text, SPAN("19"))) ||
	    has_bytes(text, SPAN("\xC2\xA9")) || facts->looks > MAX_LOOKS)
		return;
	facts->looks += MAX_TEXT_NODES / 4;
	if (!date_read(text, false, found))
		return;
	state(facts, FACT_PUBLISHED, FROM_LAST, collapse(facts->arena, text, MAX_TEXT_BYTES));
}

static void read_text(struct facts *facts, lxb_dom_node_t *node)
{
	const lexbor_str_t *data = &lxb_dom_interface_character_data(node)->data;
	struct span text = {(const char *)data->data, data->length};
	/* Between tags there is mostly white space alone. */
	size_t start = 0;
	while (start < text.len && is_space(text.at[start]))
		start++;
	while (text.len > start && is_space(text.at[text.len - 1]))
		text.len--;
	text = span_slice(text, start, text.len);
	if (text.len == 0)
		return;
	read_visible_date(facts, node, text);
	read_lead(facts, node, text);
}

/* ---- the conclusions ------------------------------------------------------------------------ */

static struct span date(struct arena *arena, const struct span from[SOURCES], bool month_first)
{
	char text[DATE_MAX];
	for (size_t i = 0; i < SOURCES; i++)
		if (from[i].len > 0 && date_read(from[i], month_first, text))
			return collapse(arena, span_of(text), DATE_MAX);
	return (struct span){0};
}

/* An account is who wrote it only where nobody is named, and the site itself only where nobody else
 * is; a first name is completed by who names it whole. */
static struct span byline(const struct facts *facts, struct span site_name)
{
	struct span best[BYLINE_SITE + 1] = {0};
	for (size_t i = 0; i < SOURCES + 2; i++) {
		struct span one = byline_bare(i < SOURCES    ? facts->byline[i]
					      : i == SOURCES ? facts->person
							     : facts->lead);
		if (!byline_may_be_name(one))
			continue;
		struct span *slot = &best[byline_kind(one, site_name)];
		if (byline_is_first_name(*slot, one))
			*slot = one;
		set(slot, one);
	}
	return best[BYLINE_NAME].len > 0      ? best[BYLINE_NAME]
	       : best[BYLINE_ACCOUNT].len > 0 ? best[BYLINE_ACCOUNT]
					      : best[BYLINE_SITE];
}

/* "en_US" -> "en-US". */
static struct span tag(struct arena *arena, struct span language)
{
	struct span out = collapse(arena, language, 64);
	for (size_t i = 0; i < out.len; i++)
		if (out.at[i] == '_')
			((char *)(size_t)out.at)[i] = '-';
	return out;
}

struct url_text {
	struct arena *arena;
	char *at;
	size_t len;
};

static lxb_status_t gather(const lxb_char_t *data, size_t len, void *arg)
{
	struct url_text *text = arg;
	char *grown = arena_grow(text->arena, text->at, text->len, text->len + len, 1);
	if (grown == NULL)
		return LXB_STATUS_ERROR_MEMORY_ALLOCATION;
	memcpy(grown + text->len, data, len);
	text->at = grown;
	text->len += len;
	return LXB_STATUS_OK;
}

/* Resolved as browsers do; empty where the result is no http(s) URL. */
static struct span resolve(struct arena *arena, struct span url, struct span base_url)
{
	lxb_url_parser_t parser;
	lxb_url_t *base = NULL, *whole = NULL;
	struct url_text text = {.arena = arena};
	if (url.len == 0 || lxb_url_parser_init(&parser, NULL) != LXB_STATUS_OK)
		return (struct span){0};
	if (base_url.len > 0) {
		base = lxb_url_parse(&parser, NULL, (const lxb_char_t *)base_url.at, base_url.len);
		lxb_url_parser_clean(&parser);
	}
	whole = lxb_url_parse(&parser, base, (const lxb_char_t *)url.at, url.len);
	if (whole != NULL && (whole->scheme.type == LXB_URL_SCHEMEL_TYPE_HTTP ||
			      whole->scheme.type == LXB_URL_SCHEMEL_TYPE_HTTPS))
		lxb_url_serialize(whole, gather, &text, false);
	lxb_url_parser_memory_destroy(&parser);
	lxb_url_parser_destroy(&parser, false);
	return (struct span){text.at, text.len};
}

void metadata_read(struct arena *arena, lxb_html_document_t *document, struct span base_url,
		   struct metadata *out)
{
	*out = (struct metadata){0};
	struct facts *facts = arena_zalloc(arena, 1, sizeof(*facts));
	if (facts == NULL)
		return;
	facts->arena = arena;
	facts->out = out;
	lxb_dom_node_t *root = lxb_dom_interface_node(document);
	for (lxb_dom_node_t *node = root; node != NULL; node = next_node(root, node, true)) {
		if (node->type == LXB_DOM_NODE_TYPE_ELEMENT)
			read_element(facts, node);
		else if (node->type == LXB_DOM_NODE_TYPE_TEXT)
			read_text(facts, node);
	}

	out->site_name = first(facts->site_name);
	out->language = tag(arena, first(facts->language));
	out->description = first(facts->description);
	bool month_first = out->language.len >= 5 && ascii_same(out->language.at, "en-us", 5);
	struct span url = base_url.len > 0 ? base_url : first(facts->canonical);
	char in_url[DATE_MAX];
	if (date_read_url(url, in_url) || date_read_url(first(facts->canonical), in_url))
		set(&facts->published[FROM_LAST], collapse(arena, span_of(in_url), DATE_MAX));
	out->published = date(arena, facts->published, month_first);
	out->modified = date(arena, facts->modified, month_first);
	out->byline = byline(facts, out->site_name);
	out->canonical_url = resolve(arena, first(facts->canonical), base_url);
	out->image_url = resolve(arena, first(facts->image), base_url);

	struct headline_clues *clues = &facts->clues;
	const struct span titles[] = {facts->titles[FROM_JSON], facts->titles[FROM_PROPERTY],
				      facts->titles[FROM_META], facts->page_title};
	clues->site_name = out->site_name;
	for (size_t i = 0; i < HEADLINE_MAX_TITLES; i++)
		if (titles[i].len > 0)
			clues->titles[clues->title_count++] = titles[i];
	out->title = headline_choose(arena, clues);
}
