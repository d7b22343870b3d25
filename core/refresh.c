#include "refresh.h"

#include "ascii.h"

#include <lexbor/dom/interfaces/element.h>

enum { SOON_SECONDS = 10 };

static struct span behind_spaces(struct span text)
{
	while (text.len > 0 && ascii_is_space(text.at[0]))
		text = span_slice(text, 1, text.len);
	return text;
}

static struct span behind_digits(struct span text, unsigned *number)
{
	*number = 0;
	while (text.len > 0 && ascii_is_digit(text.at[0])) {
		if (*number <= SOON_SECONDS)
			*number = 10 * *number + (unsigned)(text.at[0] - '0');
		text = span_slice(text, 1, text.len);
	}
	return text;
}

/* What "url=" names, or else all of `text`, as in "0; /new". */
static struct span named(struct span text)
{
	if (!ascii_begins(text, SPAN("url")))
		return text;
	struct span rest = behind_spaces(span_slice(text, 3, text.len));
	if (rest.len == 0 || rest.at[0] != '=')
		return text;
	return behind_spaces(span_slice(rest, 1, rest.len));
}

static struct span unquoted(struct span text)
{
	if (text.len == 0 || (text.at[0] != '"' && text.at[0] != '\''))
		return text;
	const char *end = memchr(text.at + 1, text.at[0], text.len - 1);
	return span_slice(text, 1, end == NULL ? text.len : (size_t)(end - text.at));
}

bool refresh_read(struct span content, struct span *url)
{
	unsigned seconds;
	struct span rest = behind_digits(behind_spaces(content), &seconds);
	while (rest.len > 0 && (ascii_is_digit(rest.at[0]) || rest.at[0] == '.'))
		rest = span_slice(rest, 1, rest.len); /* a fraction */
	if (rest.len > 0 && !ascii_is_in(rest.at[0], ";, \t\n\f\r") &&
	    !ascii_begins(rest, SPAN("url")))
		return false;
	rest = behind_spaces(rest);
	if (rest.len > 0 && (rest.at[0] == ';' || rest.at[0] == ','))
		rest = span_slice(rest, 1, rest.len);
	rest = unquoted(named(behind_spaces(rest)));
	while (rest.len > 0 && ascii_is_space(rest.at[rest.len - 1]))
		rest.len--;
	if (seconds > SOON_SECONDS || rest.len == 0)
		return false;
	*url = rest;
	return true;
}

bool refresh_find(const struct html_page *page, bool noscript, struct span *url)
{
	const lxb_dom_node_t *root = lxb_dom_interface_node(page->document);
	lxb_dom_node_t *node = (lxb_dom_node_t *)root;
	while ((node = html_next(root, node, noscript || node->local_name != LXB_TAG_NOSCRIPT)) !=
	       NULL) {
		const lxb_dom_element_t *meta = (const lxb_dom_element_t *)node;
		if (node->type == LXB_DOM_NODE_TYPE_ELEMENT && node->local_name == LXB_TAG_META &&
		    ascii_equal(html_attribute(meta, SPAN("http-equiv")), SPAN("refresh")))
			return refresh_read(html_attribute(meta, SPAN("content")), url);
	}
	return false;
}
