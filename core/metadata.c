#include "metadata.h"

#include "ascii.h"
#include "byline.h"
#include "dates.h"
#include "html.h"
#include "metadata_facts.h"

#include <lexbor/url/url.h>

enum { MAX_URL_BYTES = 8192 }; /* real URLs are shorter */

static struct span first(const struct span from[SOURCES])
{
	for (size_t i = 0; i < SOURCES; i++)
		if (from[i].len > 0)
			return from[i];
	return (struct span){0};
}

static struct span date(struct arena *arena, const struct span from[SOURCES], bool month_first)
{
	char text[DATE_MAX];
	for (size_t i = 0; i < SOURCES; i++)
		if (from[i].len > 0 && date_read(from[i], month_first, text))
			return facts_collapse(arena, span_of(text), DATE_MAX);
	return (struct span){0};
}

/* An account is the author only if no person is named, and the site only if nobody else is. A first
 * name is completed by a source that has the full name. A name that only a text gives counts less
 * than an account that markup calls the author. */
static struct span byline(const struct facts *facts, struct span site_name)
{
	struct span best[BYLINE_SITE + 1] = {0};
	struct span from[SOURCES + 2];
	memcpy(from, facts->byline, sizeof(facts->byline));
	from[SOURCES] = facts->person;
	from[SOURCES + 1] = facts->lead;
	bool called = false;
	for (size_t i = 0; i < COUNT(from); i++) {
		struct span one = byline_bare(from[i]);
		if (!byline_may_be_name(one) || (i > SOURCES && called))
			continue;
		struct span *slot = &best[byline_kind(one, site_name)];
		if (byline_is_first_name(*slot, one))
			*slot = one;
		facts_set(slot, one);
		called |= i < FROM_LAST && best[BYLINE_ACCOUNT].len > 0;
	}
	return best[BYLINE_NAME].len > 0      ? best[BYLINE_NAME]
	       : best[BYLINE_ACCOUNT].len > 0 ? best[BYLINE_ACCOUNT]
					      : best[BYLINE_SITE];
}

static bool is_dated(const struct span from[SOURCES])
{
	char text[DATE_MAX];
	return date_read(from[FROM_JSON], false, text) ||
	       date_read(from[FROM_PROPERTY], false, text);
}

/*
 * Does the head settle author and dates, whatever the body's classes, microdata and texts say? Many
 * pages' heads do, and looking at every element of the body costs more than all else here. Whether
 * a name is a person's depends on the site's name, so that must be settled, too.
 */
static bool is_settled(const struct facts *facts)
{
	struct span site = facts->site_name[FROM_PROPERTY];
	bool modified =
		is_dated(facts->modified) || !html_has_attribute(facts->page, SPAN("itemprop"));
	if (!modified || !is_dated(facts->published) || site.len == 0)
		return false;
	for (size_t i = FROM_JSON; i <= FROM_META; i++) {
		struct span one = byline_bare(facts->byline[i]);
		if (byline_may_be_name(one) && byline_kind(one, site) == BYLINE_NAME)
			return memchr(one.at, ' ', one.len) != NULL; /* else completed later */
	}
	return false;
}

/* "en_US" -> "en-US". */
static struct span tag(struct arena *arena, struct span language)
{
	struct span out = facts_collapse(arena, language, 64);
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

struct span metadata_resolve(struct arena *arena, struct span url, struct span base_url)
{
	lxb_url_parser_t parser;
	lxb_url_t *base = NULL, *whole = NULL;
	struct url_text text = {.arena = arena};
	if (url.len == 0 || url.len > MAX_URL_BYTES ||
	    lxb_url_parser_init(&parser, NULL) != LXB_STATUS_OK)
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

void metadata_read(struct arena *arena, const struct html_page *page, struct span base_url,
		   struct article *out)
{
	struct facts *facts = arena_zalloc(arena, 1, sizeof(*facts));
	if (facts == NULL)
		return;
	facts->arena = arena;
	facts->page = page;
	lxb_dom_node_t *root = lxb_dom_interface_node(page->document);
	for (lxb_dom_node_t *node = root; node != NULL; node = html_next(root, node, true)) {
		if (node->local_name == LXB_TAG_BODY && !facts->settled)
			facts->settled = is_settled(facts);
		if (node->type == LXB_DOM_NODE_TYPE_ELEMENT)
			facts_read_element(facts, node);
		else if (node->type == LXB_DOM_NODE_TYPE_TEXT && !facts->settled)
			facts_read_text(facts, node);
	}

	out->site_name = first(facts->site_name);
	out->language = tag(arena, first(facts->language));
	out->description = first(facts->description);
	bool month_first = ascii_begins(out->language, SPAN("en-us"));
	struct span url = base_url.len > 0 ? base_url : first(facts->canonical);
	char in_url[DATE_MAX];
	if (date_read_url(url, in_url) || date_read_url(first(facts->canonical), in_url))
		facts_set(&facts->published[FROM_LAST],
			  facts_collapse(arena, span_of(in_url), DATE_MAX));
	out->published = date(arena, facts->published, month_first);
	out->modified = date(arena, facts->modified, month_first);
	out->byline = byline(facts, out->site_name);
	out->canonical_url = metadata_resolve(arena, first(facts->canonical), base_url);
	out->image_url = metadata_resolve(arena, first(facts->image), base_url);

	struct headline_clues *clues = &facts->clues;
	const struct span titles[] = {facts->titles[FROM_JSON], facts->titles[FROM_PROPERTY],
				      facts->titles[FROM_META], facts->page_title};
	clues->site_name = out->site_name;
	for (size_t i = 0; i < HEADLINE_MAX_TITLES; i++)
		if (titles[i].len > 0)
			clues->titles[clues->title_count++] = titles[i];
	out->title = headline_choose(arena, clues);
}
