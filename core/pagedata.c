#include "pagedata.h"

#include "utf8.h"

#include <lexbor/dom/interfaces/character_data.h>

/* Keys whose value is the article's text, in the vocabularies in use. */
static const struct span body_keys[] = {
	{"\"articleBody\"", 13}, {"\"article_body\"", 14}, {"\"bodyText\"", 10},
	{"\"contentHtml\"", 13}, {"\"body_html\"", 11},
};

enum { LEAST_BYTES = 200 };

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static uint32_t read_hex(struct span from, size_t at)
{
	uint32_t value = 0;
	for (size_t i = at; i < at + 4; i++) {
		char c = i < from.len ? from.at[i] : '0';
		uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
				 : (c | 0x20) >= 'a' && (c | 0x20) <= 'f'
					 ? (uint32_t)((c | 0x20) - 'a' + 10)
					 : 0;
		value = value << 4 | digit;
	}
	return value;
}

/* The escape at `*at`, just behind its backslash; moves `*at` behind it. */
static uint32_t read_escape(struct span from, size_t *at)
{
	char c = from.at[(*at)++];
	switch (c) {
	case 'n':
	case 'r':
		return '\n';
	case 't':
	case 'b':
	case 'f':
		return ' ';
	case 'u':
		break;
	default:
		return (uint8_t)c;
	}
	uint32_t value = read_hex(from, *at);
	*at += 4;
	bool pair = (value & 0xFC00) == 0xD800 && *at + 6 <= from.len && from.at[*at] == '\\' &&
		    from.at[*at + 1] == 'u';
	if (pair) {
		uint32_t low = read_hex(from, *at + 2);
		*at += 6;
		value = 0x10000 + ((value & 0x3FF) << 10 | (low & 0x3FF));
	}
	return value == 0 || (value & 0xFFFFF800) == 0xD800 || value > 0x10FFFF ? 0xFFFD : value;
}

/* Text being written: blanks are one space, line feeds and tags of blocks a blank line. */
struct writer {
	char *at;
	size_t len;
	bool space, line;
	enum {
		TAG_NONE,
		TAG_NAME,
		TAG_REST
	} tag; /* its first letter says whether it parts blocks */
};

static void write_character(struct writer *w, uint32_t c)
{
	if (c == '<') {
		w->tag = TAG_NAME;
		return;
	}
	if (w->tag != TAG_NONE) {
		w->line |= w->tag == TAG_NAME && (c == 'p' || c == 'h' || c == 'l' || c == 'd');
		w->tag = c == '>' ? TAG_NONE : w->tag == TAG_NAME && c == '/' ? TAG_NAME : TAG_REST;
		return;
	}
	if (c == '\n' || c == ' ') {
		w->line |= c == '\n';
		w->space = true;
		return;
	}
	if (w->len > 0 && w->line) {
		w->at[w->len++] = '\n';
		w->at[w->len++] = '\n';
	} else if (w->len > 0 && w->space) {
		w->at[w->len++] = ' ';
	}
	w->space = w->line = false;
	w->len += utf8_encode(c, w->at + w->len);
}

/* A JSON string whose first byte, behind the quote, is at `at`; its end, or script.len. */
static size_t string_end(struct span script, size_t at)
{
	while (at < script.len && script.at[at] != '"')
		at += 1 + (script.at[at] == '\\');
	return at < script.len ? at : script.len;
}

static struct span decode(struct arena *arena, struct span string)
{
	/* It grows at most where a raw line feed becomes two, before a character. */
	struct writer w = {.at = arena_alloc(arena, string.len + string.len / 2 + 8, 1)};
	for (size_t at = 0; w.at != NULL && at < string.len;) {
		uint32_t c;
		if (string.at[at] == '\\' && at + 1 < string.len) {
			at++;
			c = read_escape(string, &at);
		} else {
			at += utf8_decode(string, at, &c);
		}
		write_character(&w, c);
	}
	return (struct span){w.at, w.at == NULL ? 0 : w.len};
}

/* The longest value of one of the keys in a script. */
static struct span find_body(struct span script)
{
	struct span best = {NULL, 0};
	for (size_t k = 0; k < sizeof(body_keys) / sizeof(body_keys[0]); k++) {
		size_t at = 0;
		const char *found;
		while (at < script.len &&
		       (found = memmem(script.at + at, script.len - at, body_keys[k].at,
				       body_keys[k].len)) != NULL) {
			at = (size_t)(found - script.at) + body_keys[k].len;
			while (at < script.len && (is_blank(script.at[at]) || script.at[at] == ':'))
				at++;
			if (at >= script.len || script.at[at] != '"')
				continue;
			size_t end = string_end(script, at + 1);
			if (end - at - 1 > best.len)
				best = span_slice(script, at + 1, end);
			at = end;
		}
	}
	return best;
}

/* The next script of the page behind `node`; `*text` is its content. */
static lxb_dom_node_t *next_script(const lxb_dom_node_t *root, lxb_dom_node_t *node,
				   struct span *text)
{
	while ((node = html_next(root, node, true)) != NULL) {
		const lxb_dom_node_t *content = node->first_child;
		if (node->local_name != LXB_TAG_SCRIPT || content == NULL ||
		    content->type != LXB_DOM_NODE_TYPE_TEXT)
			continue;
		const lexbor_str_t *data = &((const lxb_dom_character_data_t *)content)->data;
		*text = (struct span){(const char *)data->data, data->length};
		return node;
	}
	return NULL;
}

void pagedata_read(struct arena *arena, struct span html, const struct html_page *page,
		   struct pagedata_text *out)
{
	*out = (struct pagedata_text){0};
	const lxb_dom_node_t *root = lxb_dom_interface_node(page->document);
	lxb_dom_node_t *node = (lxb_dom_node_t *)root;
	struct span script, best = {NULL, 0};
	while ((node = next_script(root, node, &script)) != NULL) {
		struct span body = find_body(script);
		if (body.len <= best.len)
			continue;
		best = body;
		const struct html_piece *piece = node->first_child->user;
		out->html_byte = piece == NULL ? 0 : piece->start_byte;
		out->html_len = piece == NULL ? 0 : piece->end_byte - piece->start_byte;
		const char *same = piece == NULL ? NULL
						 : memmem(html.at + piece->start_byte,
							  out->html_len, body.at, body.len);
		if (same != NULL) {
			out->html_byte = (uint32_t)(same - html.at);
			out->html_len = (uint32_t)body.len;
		}
	}
	if (best.len >= LEAST_BYTES)
		out->text = decode(arena, best);
}

bool pagedata_paid(const struct html_page *page)
{
	const lxb_dom_node_t *root = lxb_dom_interface_node(page->document);
	lxb_dom_node_t *node = (lxb_dom_node_t *)root;
	const struct span key = SPAN("\"isAccessibleForFree\"");
	struct span script;
	while ((node = next_script(root, node, &script)) != NULL) {
		const char *found = memmem(script.at, script.len, key.at, key.len);
		if (found == NULL)
			continue;
		size_t at = (size_t)(found - script.at) + key.len;
		while (at < script.len &&
		       (is_blank(script.at[at]) || strchr(":\"", script.at[at]) != NULL))
			at++;
		const lxb_char_t *value = (const lxb_char_t *)script.at + at;
		if (at + 5 <= script.len &&
		    lexbor_str_data_ncasecmp(value, (const lxb_char_t *)"false", 5))
			return true;
	}
	return false;
}
