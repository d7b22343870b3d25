#include "extract.h"

#include "metadata.h"

#include <lexbor/dom/interfaces/character_data.h>
#include <lexbor/html/html.h>

/* First version: the text of paragraphs, headings and list items in document order. */

static bool is_block(lxb_tag_id_t tag)
{
	return tag == LXB_TAG_P || tag == LXB_TAG_LI || tag == LXB_TAG_BLOCKQUOTE ||
	       (tag >= LXB_TAG_H1 && tag <= LXB_TAG_H6);
}

static bool is_skipped(lxb_tag_id_t tag)
{
	return tag == LXB_TAG_SCRIPT || tag == LXB_TAG_STYLE || tag == LXB_TAG_NAV ||
	       tag == LXB_TAG_HEADER || tag == LXB_TAG_FOOTER || tag == LXB_TAG_ASIDE ||
	       tag == LXB_TAG_BUTTON || tag == LXB_TAG_NOSCRIPT || tag == LXB_TAG_TEMPLATE;
}

static size_t add_text(char *out, size_t n, const lxb_char_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool space = at[i] == ' ' || (at[i] >= '\t' && at[i] <= '\r');
		if (!space)
			out[n++] = (char)at[i];
		else if (n > 0 && out[n - 1] != ' ' && out[n - 1] != '\n')
			out[n++] = ' ';
	}
	return n;
}

static size_t end_block(char *out, size_t n)
{
	while (n > 0 && out[n - 1] == ' ')
		n--;
	if (n > 0 && out[n - 1] != '\n') {
		out[n++] = '\n';
		out[n++] = '\n';
	}
	return n;
}

enum extract_status extract_article(struct arena *arena, struct span html, struct span base_url,
				    bool given, const struct extract_limits *limits,
				    struct article *out)
{
	(void)given;
	(void)limits;
	*out = (struct article){0};
	char *text = arena_alloc(arena, html.len * 2 + 4, 1);
	lxb_html_document_t *document = lxb_html_document_create();
	if (text == NULL || document == NULL ||
	    lxb_html_document_parse(document, (const lxb_char_t *)html.at, html.len) != LXB_STATUS_OK) {
		lxb_html_document_destroy(document);
		return EXTRACT_NO_MEMORY;
	}
	size_t n = 0, blocks = 0;
	lxb_dom_node_t *root = lxb_dom_interface_node(lxb_html_document_body_element(document));
	for (lxb_dom_node_t *node = root; node != NULL;) {
		bool skip = is_skipped(node->local_name);
		blocks += is_block(node->local_name);
		if (node->type == LXB_DOM_NODE_TYPE_TEXT && blocks > 0) {
			lexbor_str_t *data = &lxb_dom_interface_character_data(node)->data;
			n = add_text(text, n, data->data, data->length);
		}
		if (node->first_child != NULL && !skip) {
			node = node->first_child;
			continue;
		}
		for (;;) {
			if (is_block(node->local_name)) {
				blocks--;
				n = end_block(text, n);
			}
			if (node == root || node->next != NULL)
				break;
			node = node->parent;
		}
		node = node == root ? NULL : node->next;
	}
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	struct metadata metadata;
	metadata_read(arena, document, base_url, &metadata);
	out->title = metadata.title;
	out->byline = metadata.byline;
	out->site_name = metadata.site_name;
	out->description = metadata.description;
	out->published = metadata.published;
	out->modified = metadata.modified;
	out->language = metadata.language;
	out->canonical_url = metadata.canonical_url;
	out->image_url = metadata.image_url;
	out->text = (struct span){text, n};
	lxb_html_document_destroy(document);
	out->seen = "a page without text";
	return n == 0 ? EXTRACT_NO_ARTICLE : EXTRACT_OK;
}

void extract_html_range(const struct article *article, uint32_t start_byte, uint32_t end_byte,
			uint32_t *html_start_byte, uint32_t *html_end_byte)
{
	(void)article;
	*html_start_byte = start_byte;
	*html_end_byte = end_byte;
}
