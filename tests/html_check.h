#ifndef TESTS_HTML_CHECK_H
#define TESTS_HTML_CHECK_H

#include "core/html.h"

#include <lexbor/dom/interfaces/character_data.h>
#include <stdlib.h>

/* Bytes gathered: line feeds as the tokenizer makes them, and no NULs, which it drops or replaces.
 */
struct gathered {
	char *at;
	size_t len;
};

static inline void gather(struct gathered *to, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\0')
			continue;
		if (text.len - i >= 3 && memcmp(text.at + i, "\xEF\xBF\xBD", 3) == 0) {
			i += 2;
			continue;
		}
		if (text.at[i] == '\r' && i + 1 < text.len && text.at[i + 1] == '\n')
			continue;
		to->at[to->len++] = text.at[i] == '\r' ? '\n' : text.at[i];
	}
}

/* The texts of the tree but those of styles, with the scripts' by html_script() where `page` is
 * given; in document order, elements' names between. */
static inline void gather_tree(struct gathered *to, lxb_html_document_t *document,
			       const struct html_page *page)
{
	lxb_dom_node_t *root = lxb_dom_interface_node(document);
	for (lxb_dom_node_t *node = root; node != NULL; node = html_next(root, node, true)) {
		const lxb_dom_node_t *in = node->parent;
		bool raw = in != NULL && in->ns == LXB_NS_HTML &&
			   (in->local_name == LXB_TAG_STYLE ||
			    (in->local_name == LXB_TAG_SCRIPT && page != NULL));
		if (node->type == LXB_DOM_NODE_TYPE_TEXT && !raw) {
			const lexbor_str_t *data = &((lxb_dom_character_data_t *)node)->data;
			gather(to, (struct span){(const char *)data->data, data->length});
		} else if (node->type == LXB_DOM_NODE_TYPE_ELEMENT) {
			lxb_tag_id_t tag = node->local_name; /* of other names an address */
			to->at[to->len++] =
				(char)('A' + (tag < LXB_TAG__LAST_ENTRY ? tag % 26 : 26));
			if (page != NULL && node->ns == LXB_NS_HTML &&
			    node->local_name == LXB_TAG_SCRIPT)
				gather(to, html_script(page, node));
		}
	}
}

/* Is the tree that html_parse() makes of a page within its limits lexbor's own, but for scripts,
 * styles and attributes? NULL, or what is not so. */
static inline const char *html_fault(struct span html)
{
	const char *fault = NULL;
	struct arena arena;
	struct html_page page;
	lxb_html_document_t *document = lxb_html_document_create();
	arena_init(&arena, (size_t)64 << 20);
	html_parse(&arena, html, NULL, &page);
	if (!page.partial && document != NULL &&
	    lxb_html_document_parse(document, (const lxb_char_t *)html.at, html.len) ==
		    LXB_STATUS_OK) {
		size_t room = 64 * html.len + 4096;
		struct gathered ours = {malloc(room), 0}, theirs = {malloc(room), 0};
		if (ours.at != NULL && theirs.at != NULL) {
			gather_tree(&ours, page.document, &page);
			gather_tree(&theirs, document, NULL);
			if (!span_equal((struct span){ours.at, ours.len},
					(struct span){theirs.at, theirs.len}))
				fault = "the tree is the standard's";
		}
		free(ours.at);
		free(theirs.at);
	}
	lxb_html_document_destroy(document);
	html_free(&page);
	arena_free(&arena);
	return fault;
}

#endif
