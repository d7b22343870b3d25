#include "pagekind_declared.h"

static const struct {
	char name[24];
	uint32_t kind;
} types[] = {
	{"Article", DECLARED_ARTICLE},
	{"NewsArticle", DECLARED_ARTICLE},
	{"ReportageNewsArticle", DECLARED_ARTICLE},
	{"AnalysisNewsArticle", DECLARED_ARTICLE},
	{"OpinionNewsArticle", DECLARED_ARTICLE},
	{"BlogPosting", DECLARED_ARTICLE},
	{"TechArticle", DECLARED_ARTICLE},
	{"ScholarlyArticle", DECLARED_ARTICLE},
	{"Report", DECLARED_ARTICLE},
	{"Product", DECLARED_PRODUCT},
	{"ProductGroup", DECLARED_PRODUCT},
	{"SoftwareApplication", DECLARED_PRODUCT},
	{"VideoGame", DECLARED_PRODUCT},
	{"ItemList", DECLARED_LISTING},
	{"CollectionPage", DECLARED_LISTING},
	{"SearchResultsPage", DECLARED_LISTING},
	{"OfferCatalog", DECLARED_LISTING},
	{"Blog", DECLARED_LISTING},
	{"DiscussionForumPosting", DECLARED_FORUM},
	{"QAPage", DECLARED_FORUM},
	{"Question", DECLARED_FORUM},
	{"LocalBusiness", DECLARED_BUSINESS},
	{"ProfessionalService", DECLARED_BUSINESS},
	{"Service", DECLARED_BUSINESS},
	{"FAQPage", DECLARED_BUSINESS},
	{"Restaurant", DECLARED_BUSINESS},
	{"Hotel", DECLARED_BUSINESS},
	{"WebPage", DECLARED_WEB_PAGE},
};

static uint32_t kind_of_type(struct span name)
{
	for (size_t i = 0; i < COUNT(types); i++) {
		if (span_equal(name, span_of(types[i].name)))
			return types[i].kind;
	}
	return 0;
}

void declared_read_itemtype(struct span value, struct declared *out)
{
	size_t start = value.len;
	while (start > 0 && value.at[start - 1] != '/')
		start--;
	out->kinds |= kind_of_type(span_slice(value, start, value.len));
}

/* Read the string, or the strings in brackets, after "@type" at `at`. Returns where it stopped, so
 * that nothing is read twice. */
static size_t read_types(struct span script, size_t at, struct declared *out)
{
	bool list = false;
	for (; at < script.len; at++) {
		char c = script.at[at];
		if (c == '[')
			list = true;
		if (c == ']' || c == '}' || c == '{')
			return at;
		if (c != '"')
			continue;
		const char *end = memchr(script.at + at + 1, '"', script.len - at - 1);
		if (end == NULL)
			return script.len;
		out->kinds |= kind_of_type(span_slice(script, at + 1, (size_t)(end - script.at)));
		at = (size_t)(end - script.at);
		if (!list)
			return at + 1;
	}
	return at;
}

void declared_read_script(const struct html_page *page, const lxb_dom_element_t *script,
			  struct declared *out)
{
	if (!span_equal(html_attribute(script, SPAN("type")), SPAN("application/ld+json")))
		return;
	struct span text = html_script(page, &script->node);
	const struct span key = SPAN("\"@type\"");
	for (size_t at = 0; at < text.len;) {
		const char *found = memmem(text.at + at, text.len - at, key.at, key.len);
		if (found == NULL)
			break;
		at = read_types(text, (size_t)(found - text.at) + key.len, out);
	}
}

static void read_address(struct span url, struct declared *out)
{
	const char *scheme = url.len == 0 ? NULL : memmem(url.at, url.len, "//", 2);
	size_t at = scheme == NULL ? 0 : (size_t)(scheme - url.at) + 2;
	while (scheme != NULL && at < url.len && url.at[at] != '/')
		at++;
	out->addressed = true;
	out->path_depth = out->slug_len = out->hyphens = 0;
	bool open = false;
	for (; at < url.len && url.at[at] != '?' && url.at[at] != '#'; at++) {
		if (url.at[at] == '/') {
			open = false;
			continue;
		}
		if (!open) {
			open = true;
			out->path_depth++;
			out->slug_len = out->hyphens = 0;
		}
		out->slug_len++;
		out->hyphens += url.at[at] == '-' || url.at[at] == '_';
	}
}

static void read_meta(const lxb_dom_element_t *meta, struct declared *out)
{
	struct span name = html_attribute(meta, SPAN("property"));
	struct span value = html_attribute(meta, SPAN("content"));
	if (name.len == 0)
		name = html_attribute(meta, SPAN("name"));
	if (span_equal(name, SPAN("og:type")))
		out->kinds |= span_equal(value, SPAN("article"))   ? DECLARED_OG_ARTICLE
			      : span_equal(value, SPAN("website")) ? DECLARED_OG_WEBSITE
								   : DECLARED_OG_OTHER;
	else if (span_equal(name, SPAN("article:published_time")))
		out->kinds |= DECLARED_PUBLISHED;
	else if (span_equal(name, SPAN("viewport")))
		out->kinds |= DECLARED_VIEWPORT;
	else if (span_equal(name, SPAN("og:url")) && !out->addressed)
		read_address(value, out);
	else if (span_equal(name, SPAN("description")) && out->description.len == 0)
		out->description = value;
	else if (span_equal(name, SPAN("og:description")) && value.len > 0)
		out->description = value;
}

void declared_read_head(const struct html_page *page, struct declared *out)
{
	const lxb_dom_node_t *head =
		lxb_dom_interface_node(lxb_html_document_head_element(page->document));
	*out = (struct declared){0};
	for (const lxb_dom_node_t *node = head == NULL ? NULL : head->first_child; node != NULL;
	     node = node->next) {
		const lxb_dom_element_t *element = (const lxb_dom_element_t *)node;
		if (node->type != LXB_DOM_NODE_TYPE_ELEMENT)
			continue;
		if (node->local_name == LXB_TAG_META)
			read_meta(element, out);
		else if (node->local_name == LXB_TAG_SCRIPT)
			declared_read_script(page, element, out);
		else if (node->local_name == LXB_TAG_LINK &&
			 span_equal(html_attribute(element, SPAN("rel")), SPAN("canonical")))
			read_address(html_attribute(element, SPAN("href")), out);
	}
}

bool declares_article(const struct declared *declared)
{
	const uint32_t kinds = DECLARED_OG_ARTICLE | DECLARED_ARTICLE | DECLARED_PUBLISHED;
	return (declared->kinds & kinds) != 0;
}
