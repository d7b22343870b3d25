#include "metadata_facts.h"

#include "ascii.h"
#include "byline.h"
#include "html.h"
#include "pagedata.h"

#include <lexbor/dom/interfaces/character_data.h>

size_t facts_whole_characters(const char *text, size_t len)
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

struct span facts_collapse(struct arena *arena, struct span text, size_t max)
{
	char *out = arena_alloc(arena, (text.len < max ? text.len : max) + 1, 1);
	size_t n = 0;
	for (size_t i = 0; out != NULL && i < text.len && n < max; i++) {
		bool wide = span_begins(span_slice(text, i, text.len), SPAN("\xC2\xA0"));
		if (!wide && !ascii_is_space(text.at[i]))
			out[n++] = text.at[i];
		else if (n > 0 && out[n - 1] != ' ')
			out[n++] = ' ';
		i += wide;
	}
	n = facts_whole_characters(out, n);
	while (n > 0 && out[n - 1] == ' ')
		n--;
	return (struct span){out, out == NULL ? 0 : n};
}

struct span facts_plain(struct arena *arena, struct span text, size_t max)
{
	char plain[FACTS_MAX_TEXT_BYTES * 4];
	if (text.len == 0 || memchr(text.at, '&', text.len) == NULL)
		return facts_collapse(arena, text, max);
	size_t len = text.len < sizeof(plain) ? text.len
					      : facts_whole_characters(text.at, sizeof(plain));
	memcpy(plain, text.at, len);
	return facts_collapse(arena, (struct span){plain, pagedata_resolve(plain, len)}, max);
}

static bool is_blank(struct span text)
{
	size_t i = 0;
	while (i < text.len && ascii_is_space(text.at[i]))
		i++;
	return i == text.len;
}

bool facts_is_blank(const lxb_dom_node_t *text)
{
	const lexbor_str_t *data = &lxb_dom_interface_character_data(text)->data;
	return is_blank((struct span){(const char *)data->data, data->length});
}

bool facts_is_block(const lxb_dom_node_t *node)
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

/* Are two texts in different elements separate? They are if a block ends between them, or if only
 * the tags keep them from being one word. */
static bool are_apart(const lxb_dom_node_t *last, const lxb_dom_node_t *node, char before,
		      char after)
{
	if (last == NULL || last->parent == node->parent)
		return false;
	return facts_is_block(last->parent) || facts_is_block(node->parent) ||
	       (!ascii_is_space(before) && !ascii_is_space(after) &&
		strchr(",.;:'-)", after) == NULL);
}

struct span facts_text_below(struct arena *arena, lxb_dom_node_t *root, bool breaks)
{
	char raw[FACTS_MAX_TEXT_BYTES * 2];
	size_t n = 0, seen = 0;
	const size_t longest_break = sizeof(BYLINE_BREAK) - 1;
	const lxb_dom_node_t *last = NULL;
	for (lxb_dom_node_t *node = root;
	     node != NULL && n + longest_break < sizeof(raw) && seen++ < FACTS_MAX_TEXT_NODES;) {
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
		node = html_next(root, node, !skip);
	}
	return facts_collapse(arena, (struct span){raw, n}, FACTS_MAX_TEXT_BYTES);
}

struct span facts_text_of(struct arena *arena, lxb_dom_node_t *root)
{
	return facts_text_below(arena, root, false);
}
