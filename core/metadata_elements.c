#include "metadata_facts.h"

#include "ascii.h"
#include "byline.h"
#include "dates.h"
#include "html.h"
#include "vector.h"

#include <lexbor/dom/interfaces/attr.h>
#include <lexbor/dom/interfaces/character_data.h>

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
	{"citation_author", FACT_BYLINE, FROM_PROPERTY},
	{"shareaholic:article_author_name", FACT_BYLINE, FROM_META},
	{"cxenseparse:author", FACT_BYLINE, FROM_META},
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
	{"cxenseparse:recs:publishtime", FACT_PUBLISHED, FROM_META},
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
	facts_set(&slots[fact][source], value);
}

static bool says_author(struct span label)
{
	static const char *const labels[] = {"written by",      "verfasst von", "geschrieben von",
					     "crit par",        "escrito por",  "scritto da",
					     "geschreven door", "autor",        "author"};
	return ascii_contains_any(label, labels, COUNT(labels));
}

/* There may be a <meta> for each author. */
static void read_person(struct facts *facts, size_t meta, struct span value)
{
	size_t source = meta_names[meta].source;
	if (value.len == 0 || value.at[0] == '@' || !byline_may_be_name(byline_bare(value)))
		return;
	if (facts->byline[source].len > 0 && facts->byline_meta != meta + 1)
		return;
	facts->byline_meta = meta + 1;
	facts_add_name(facts, source, byline_bare(value));
}

static void read_meta(struct facts *facts, lxb_dom_element_t *element)
{
	static const struct span keys[] = {
		{"property", 8}, {"name", 4}, {"itemprop", 8}, {"http-equiv", 10}};
	struct span content = html_attribute(element, SPAN("content"));
	for (size_t k = 0; k < COUNT(keys) && content.len > 0; k++) {
		struct span name = html_attribute(element, keys[k]);
		if (ascii_equal(name, SPAN("twitter:label1")))
			facts->data_is_author = says_author(content);
		for (size_t i = 0; i < COUNT(meta_names) && name.len > 0; i++) {
			if (!ascii_equal(name, span_of(meta_names[i].name)))
				continue;
			struct span value =
				facts_plain(facts->arena, content, FACTS_MAX_TEXT_BYTES * 4);
			bool person = meta_names[i].fact == FACT_BYLINE;
			if (person && ascii_equal(name, SPAN("twitter:data1")) &&
			    !facts->data_is_author)
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
	struct span rel = html_attribute(element, SPAN("rel")),
		    href = html_attribute(element, SPAN("href"));
	if (ascii_equal(rel, SPAN("canonical")))
		state(facts, FACT_CANONICAL, FROM_PROPERTY,
		      facts_collapse(facts->arena, href, 4096));
	else if (ascii_equal(rel, SPAN("image_src")))
		state(facts, FACT_IMAGE, FROM_CLASS, facts_collapse(facts->arena, href, 4096));
}

/* A date in an attribute or in the text. */
static void read_time(struct facts *facts, lxb_dom_element_t *element, lxb_dom_node_t *node,
		      enum fact fact, size_t source)
{
	char date[DATE_MAX];
	struct span value = html_attribute(element, SPAN("datetime"));
	if (value.len == 0)
		value = html_attribute(element, SPAN("content"));
	if (value.len == 0)
		value = html_attribute(element, SPAN("title"));
	if (facts->looks > FACTS_MAX_LOOKS)
		return;
	facts->looks += FACTS_MAX_TEXT_NODES / 4;
	struct arena_mark mark = arena_mark(facts->arena);
	if (!date_read(value, false, date)) {
		facts->looks += FACTS_MAX_TEXT_NODES / 4;
		value = facts_text_of(facts->arena, node);
	}
	if (value.len < 100 && date_read(value, false, date))
		state(facts, fact, source,
		      facts_collapse(facts->arena, value, FACTS_MAX_TEXT_BYTES));
	else
		arena_rewind(facts->arena, mark);
}

/* "/", "https://paper.example" or "https://paper.example/". */
static bool is_front_page(struct span href)
{
	const char *host = href.len == 0 ? NULL : memmem(href.at, href.len, "//", 2);
	size_t at = host == NULL ? 0 : (size_t)(host - href.at) + 2;
	while (host != NULL && at < href.len && href.at[at] != '/')
		at++;
	return (host != NULL && at == href.len) || (href.len == at + 1 && href.at[at] == '/');
}

/* A heading that links to the site's front page is the site's name: headlines do not link there. */
static bool is_masthead(lxb_dom_node_t *heading)
{
	const int most_looked_at = 8;
	lxb_dom_node_t *node = heading;
	if (node->parent != NULL && node->parent->local_name == LXB_TAG_A)
		node = node->parent;
	for (int i = 0; i < most_looked_at && node != NULL; i++) {
		if (node->local_name == LXB_TAG_A) {
			const lxb_dom_element_t *link = (const lxb_dom_element_t *)node;
			return ascii_equal(html_attribute(link, SPAN("rel")), SPAN("home")) ||
			       is_front_page(html_attribute(link, SPAN("href")));
		}
		node = html_next(heading, node, true);
	}
	return false;
}

static void read_heading(struct facts *facts, lxb_dom_node_t *node, unsigned level)
{
	struct headline_clues *clues = &facts->clues;
	if (clues->heading_count == HEADLINE_MAX_HEADINGS || is_masthead(node))
		return;
	struct arena_mark mark = arena_mark(facts->arena);
	struct span text = facts_text_of(facts->arena, node);
	if (text.len == 0 || text.len >= FACTS_MAX_TEXT_BYTES) {
		arena_rewind(facts->arena, mark); /* each element around it would keep it, too */
		return;
	}
	clues->headings[clues->heading_count].text = text;
	clues->headings[clues->heading_count++].level = level;
}

struct roles {
	struct span itemprop, property, rel, class, id, href;
};

/* One pass over the attributes: looking up each by name would cost more than all the rest. */
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
			else if (len == 8 && memcmp(name, "property", 8) == 0)
				slot = &roles.property;
		}
		if (slot != NULL)
			*slot = (struct span){(const char *)attr->value->data, attr->value->length};
	}
	return roles;
}

/* Parts of words by which attribute values name roles; searched in one pass, because nearly all
 * values contain none. */
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

/* A bit for each of sixteen places where the two bytes may begin a part. */
static unsigned places_of_parts(const char *at)
{
	vector first = vector_load(at) | 0x20, second = vector_load(at + 1) | 0x20;
	return vector_signs(
		(vector)(((first == 'b') & (second == 'y')) | ((first == 'p') & (second == 'u')) |
			 ((second == 'a') & (first == 'd')) | ((second == 'u') & (first == 'a'))));
}

static unsigned parts_of(struct span value)
{
	unsigned parts = 0;
	size_t at = 0;
	for (; at + VECTOR_BYTES + 1 <= value.len; at += VECTOR_BYTES)
		for (unsigned left = places_of_parts(value.at + at); left != 0; left &= left - 1) {
			size_t place = at + (unsigned)__builtin_ctz(left);
			parts |= part_at(value.at + place, value.len - place);
		}
	for (; at + 3 <= value.len; at++)
		parts |= part_at(value.at + at, value.len - at);
	return parts;
}

/* Called for every link: go from slash to slash, which the library finds faster than any letter. */
static bool is_authors_page(struct span href)
{
	const char *query = href.len == 0 ? NULL : memchr(href.at, '?', href.len);
	if (query != NULL && ascii_contains(href, SPAN("?author=")))
		return true;
	while (href.len > 0) {
		const char *slash = memchr(href.at, '/', href.len);
		if (slash == NULL)
			return false;
		href = span_slice(href, (size_t)(slash - href.at) + 1, href.len);
		if (href.len == 0 || (href.at[0] | 0x20) != 'a')
			continue;
		if (ascii_begins(href, SPAN("author/")) || ascii_begins(href, SPAN("authors/")) ||
		    ascii_begins(href, SPAN("autor/")) || ascii_begins(href, SPAN("auteur/")))
			return true;
	}
	return false;
}

static bool names_author(struct span class)
{
	return ascii_contains(class, SPAN("author-name")) ||
	       ascii_contains(class, SPAN("author__name")) ||
	       ascii_contains(class, SPAN("author_name")) || ascii_equal(class, SPAN("author")) ||
	       ascii_contains(class, SPAN("author vcard")) ||
	       ascii_contains(class, SPAN("vcard author"));
}

static bool is_date(struct span class)
{
	return ascii_contains(class, SPAN("entry-date")) ||
	       ascii_contains(class, SPAN("pubdate")) || ascii_contains(class, SPAN("post-date")) ||
	       ascii_contains(class, SPAN("article-date")) ||
	       ascii_contains(class, SPAN("dateline")) ||
	       ascii_contains(class, SPAN("date-posted")) || ascii_equal(class, SPAN("date")) ||
	       ascii_equal(class, SPAN("datum"));
}

/* RDFa as Drupal writes it; there may be more than one term. */
static bool is_creation(struct span property)
{
	return ascii_contains(property, SPAN("dc:created")) ||
	       ascii_contains(property, SPAN("schema:dateCreated")) ||
	       ascii_contains(property, SPAN("schema:datePublished"));
}

/* Microdata, RDFa, rel and class names. */
static void read_roles(struct facts *facts, lxb_dom_element_t *element, lxb_dom_node_t *node)
{
	struct roles roles = roles_of(element);
	struct span itemprop = roles.itemprop, rel = roles.rel, class = roles.class;
	if (ascii_equal(itemprop, SPAN("author")) || ascii_equal(rel, SPAN("author")))
		facts_read_byline(facts, node, FROM_MARKUP);
	else if (node->local_name == LXB_TAG_A && is_authors_page(roles.href))
		facts_read_byline(facts, node, FROM_LAST);
	else if (ascii_equal(itemprop, SPAN("datePublished")))
		read_time(facts, element, node, FACT_PUBLISHED, FROM_PROPERTY);
	else if (ascii_equal(itemprop, SPAN("dateModified")))
		read_time(facts, element, node, FACT_MODIFIED, FROM_PROPERTY);
	else if (roles.property.len > 0 && is_creation(roles.property))
		read_time(facts, element, node, FACT_PUBLISHED, FROM_MARKUP);

	unsigned parts = parts_of(class);
	if ((parts & PART_BYLINE) || (parts_of(roles.id) & PART_BYLINE) ||
	    ((parts & PART_AUTHOR) && names_author(class)))
		facts_read_byline(facts, node, FROM_CLASS);
	else if ((parts & PART_AUTHOR) && ascii_contains(class, SPAN("author")) &&
		 (node->local_name != LXB_TAG_DIV || facts_is_name_alone(facts, node)) &&
		 node->local_name != LXB_TAG_SECTION && node->local_name != LXB_TAG_ARTICLE &&
		 node->local_name != LXB_TAG_BODY)
		facts_read_byline(facts, node, FROM_LAST);
	if ((parts & PART_PUBLISHED) || ((parts & PART_DATE) && is_date(class)))
		read_time(facts, element, node, FACT_PUBLISHED, FROM_CLASS);
}

void facts_read_element(struct facts *facts, lxb_dom_node_t *node)
{
	lxb_dom_element_t *element = lxb_dom_interface_element(node);
	switch (node->local_name) {
	case LXB_TAG_HTML:
		state(facts, FACT_LANGUAGE, FROM_PROPERTY,
		      facts_collapse(facts->arena, html_attribute(element, SPAN("lang")), 64));
		return;
	case LXB_TAG_META:
		read_meta(facts, element);
		return;
	case LXB_TAG_LINK:
		read_link(facts, element);
		return;
	case LXB_TAG_TITLE:
		if (node->ns == LXB_NS_HTML)
			facts_set(&facts->page_title,
				  facts_plain(facts->arena, facts_text_of(facts->arena, node),
					      FACTS_MAX_TEXT_BYTES));
		return;
	case LXB_TAG_SCRIPT:
		if (ascii_contains(html_attribute(element, SPAN("type")), SPAN("ld+json")))
			facts_read_json(facts, html_script(facts->page, node));
		return;
	case LXB_TAG_H1:
		read_heading(facts, node, 1);
		break;
	case LXB_TAG_H2:
		read_heading(facts, node, 2);
		break;
	default:
		break;
	}
	if (facts->settled)
		return;
	if (node->local_name == LXB_TAG_TIME)
		read_time(facts, element, node, FACT_PUBLISHED,
			  html_attribute(element, SPAN("pubdate")).at != NULL ? FROM_MARKUP
									      : FROM_CLASS);
	if (node->local_name == LXB_TAG_ADDRESS)
		facts_read_byline(facts, node, FROM_LAST);
	if (element->first_attr != NULL)
		read_roles(facts, element, node);
}

/* In any digits or eras that date_read() knows. */
static bool may_hold_year(struct span text)
{
	static const struct span others[] = {{"٢٠", 4},   {"۲۰", 4},  {"२०", 6},   {"২০", 6},
					     {"２０", 6}, {"๒๕", 6},  {"令和", 6}, {"平成", 6},
					     {"民國", 6}, {"民国", 6}};
	bool thai = false;
	for (size_t i = 0; i + 2 <= text.len; i++) {
		unsigned char byte = (unsigned char)text.at[i];
		if ((byte == '2' && text.at[i + 1] == '0') ||
		    (byte == '1' && text.at[i + 1] == '9'))
			return true;
		thai |= byte == 0xE0 && (unsigned char)text.at[i + 1] == 0xB8;
		for (size_t k = 0; k < COUNT(others) && byte >= 0xD9; k++)
			if (span_begins(span_slice(text, i, text.len), others[k]))
				return true;
	}
	/* Thai years are written with 543 years more. */
	return thai && span_contains(text, SPAN(" 25"));
}

/* A quotation, such as a post of a social network, has a date of its own. */
static bool is_quoted(const lxb_dom_node_t *node)
{
	const int most_around = 8;
	for (int up = 0; up < most_around && node != NULL; up++, node = node->parent)
		if (node->local_name == LXB_TAG_BLOCKQUOTE)
			return true;
	return false;
}

/* What a text calls a date. One that is said to be that of publishing is believed wherever it
 * stands; else the first is, because later ones are those of other articles. */
enum { DATE_UNCALLED = 1, DATE_PUBLISHED };

/* Where `text` says that a date of publishing follows; SIZE_MAX where it does not. */
static size_t says_published(struct span text)
{
	static const char *const words[] = {
		"published",    "veröffentlicht", "publié le",    "publicado",   "pubblicato",
		"gepubliceerd", "publicerad",     "opublikowano", "опубликован", "تاريخ النشر",
		"公開",         "发布",           "發布",         "입력",        "등록"};
	for (size_t i = 0; i < COUNT(words); i++) {
		size_t at = ascii_find(text, span_of(words[i]));
		if (at != SIZE_MAX)
			return at;
	}
	return SIZE_MAX;
}

/* "The war began on 3 May 2011.": a date that a sentence tells of something else. Short ones may
 * still be datelines, and "5 p.m." ends no sentence. */
static bool is_statement(struct span text)
{
	const size_t dateline_spaces = 4;
	size_t spaces = 0;
	for (size_t i = 0; i < text.len; i++)
		spaces += text.at[i] == ' ';
	return spaces > dateline_spaces && span_ends(text, SPAN(".")) &&
	       !span_ends(text, SPAN("m."));
}

/* A short text of its own that holds a whole date: if nothing else gives the date, readers go by
 * it. `before` is the text before it. */
static void read_visible_date(struct facts *facts, lxb_dom_node_t *node, struct span text,
			      struct span before)
{
	static const char *const corrected[] = {"amended", "corrected", "correction"};
	const size_t longest_label = 40;
	char found[DATE_MAX];
	lxb_tag_id_t parent = node->parent->local_name;
	bool given = facts->published[FROM_LAST].len > 0 && facts->visible_date == 0;
	if (given || facts->visible_date == DATE_PUBLISHED || text.len < 8 || text.len > 100 ||
	    parent == LXB_TAG_SCRIPT || parent == LXB_TAG_STYLE || parent == LXB_TAG_TITLE ||
	    parent == LXB_TAG_OPTION || !may_hold_year(text) ||
	    span_contains(text, SPAN("\xC2\xA9")) || facts->looks > FACTS_MAX_LOOKS)
		return;
	facts->looks += FACTS_MAX_TEXT_NODES / 4;
	/* "Updated 4 February 2026, first published 3 February 2026" */
	if (!date_read(text, false, found))
		return;
	size_t published = says_published(text);
	int called = DATE_PUBLISHED;
	if (published != SIZE_MAX && date_read(span_slice(text, published, text.len), false, found))
		text = span_slice(text, published, text.len);
	else if (text.len > 80)
		return;
	else if (published != SIZE_MAX || before.len > longest_label ||
		 says_published(before) == SIZE_MAX)
		called = DATE_UNCALLED;
	if (called <= facts->visible_date || (called == DATE_UNCALLED && is_statement(text)) ||
	    ascii_contains_any(text, corrected, COUNT(corrected)) || is_quoted(node))
		return;
	facts->visible_date = called;
	facts->published[FROM_LAST] = facts_collapse(facts->arena, text, FACTS_MAX_TEXT_BYTES);
}

void facts_read_text(struct facts *facts, lxb_dom_node_t *node)
{
	const lexbor_str_t *data = &lxb_dom_interface_character_data(node)->data;
	struct span text = {(const char *)data->data, data->length};
	/* Between tags there is mostly just white space. */
	size_t start = 0;
	while (start < text.len && ascii_is_space(text.at[start]))
		start++;
	while (text.len > start && ascii_is_space(text.at[text.len - 1]))
		text.len--;
	text = span_slice(text, start, text.len);
	if (text.len == 0)
		return;
	read_visible_date(facts, node, text, facts->last_text);
	facts->last_text = text;
	facts_read_lead(facts, node, text);
}
