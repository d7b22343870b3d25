#include "pagedata.h"

#include "ascii.h"
#include "utf8.h"

#include <lexbor/dom/interfaces/character_data.h>

/* Keys whose value is the article's text, in the vocabularies in use. */
static const struct span body_keys[] = {
	{"\"articleBody\"", 13}, {"\"article_body\"", 14}, {"\"bodyText\"", 10},
	{"\"contentHtml\"", 13}, {"\"body_html\"", 11},
};

enum { LEAST_BYTES = 200 };

/* The number of four hexadecimal digits; false where there are fewer. */
static bool read_hex(struct span from, size_t at, uint32_t *value)
{
	*value = 0;
	for (size_t i = at; i < at + 4; i++) {
		unsigned digit = i < from.len ? ascii_digit(from.at[i]) : 16;
		if (digit == 16)
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

/* Decode the escape at `*at`, just after its backslash; moves `*at` past it. */
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
	default: {
		uint32_t whole;
		*at += utf8_decode(from, *at - 1, &whole) - 1;
		return whole;
	}
	}
	uint32_t value, low;
	if (!read_hex(from, *at, &value))
		return 0xFFFD;
	*at += 4;
	if ((value & 0xFC00) == 0xD800 && *at + 6 <= from.len && from.at[*at] == '\\' &&
	    from.at[*at + 1] == 'u' && read_hex(from, *at + 2, &low) && (low & 0xFC00) == 0xDC00) {
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
	} tag; /* its first letter says whether it separates blocks */
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
	if (c == '\n' || c == '\r' || c == ' ') {
		w->line |= c != ' ';
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

/* The end of the JSON string whose first byte, after the quote, is at `at`; else script.len. */
static size_t string_end(struct span script, size_t at)
{
	while (at < script.len && script.at[at] != '"')
		at += 1 + (script.at[at] == '\\');
	return at < script.len ? at : script.len;
}

/* Latin-1's upper half by its names, from U+00A0 on. */
static const char latin_names[96][7] = {
	"nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",
	"copy",   "ordf",   "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn",
	"sup2",   "sup3",   "acute",  "micro",  "para",   "middot", "cedil",  "sup1",   "ordm",
	"raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde",
	"Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave",
	"Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde",
	"Ouml",   "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",
	"szlig",  "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil",
	"egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",   "eth",
	"ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave",
	"uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};

static const struct {
	char name[7];
	uint16_t codepoint;
} other_names[] = {{"amp", '&'},      {"quot", '"'},     {"apos", '\''},    {"lt", '<'},
		   {"gt", '>'},       {"ndash", 0x2013}, {"mdash", 0x2014}, {"hellip", 0x2026},
		   {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"sbquo", 0x201A}, {"ldquo", 0x201C},
		   {"rdquo", 0x201D}, {"bdquo", 0x201E}, {"bull", 0x2022},  {"euro", 0x20AC},
		   {"trade", 0x2122}};

/* The code point of a named reference; 0: unknown. */
static uint32_t named_codepoint(struct span name)
{
	for (size_t i = 0; i < COUNT(other_names); i++)
		if (span_equal(name, span_of(other_names[i].name)))
			return other_names[i].codepoint;
	for (size_t i = 0; i < COUNT(latin_names); i++)
		if (span_equal(name, span_of(latin_names[i])))
			return 0xA0 + (uint32_t)i;
	return 0;
}

/* Length of the character reference at the ampersand `text.at[at]`, with its code point; 0 if there
 * is none. */
static size_t read_reference(struct span text, size_t at, uint32_t *codepoint)
{
	const size_t longest = 10; /* "&#x10FFFF;" */
	struct span rest = span_slice(text, at, text.len);
	const char *end = memchr(rest.at, ';', rest.len < longest ? rest.len : longest);
	*codepoint = 0;
	if (end == NULL)
		return 0;
	size_t len = (size_t)(end - rest.at);
	if (rest.at[1] != '#') {
		*codepoint = named_codepoint(span_slice(rest, 1, len));
		return *codepoint == 0 ? 0 : len + 1;
	}
	bool hexadecimal = ascii_lower(rest.at[2]) == 'x';
	unsigned base = hexadecimal ? 16 : 10;
	for (size_t i = 2 + hexadecimal; i < len; i++) {
		unsigned digit = ascii_digit(rest.at[i]);
		if (digit >= base)
			return 0;
		*codepoint = *codepoint * base + digit;
	}
	bool scalar = *codepoint >= 0x20 && *codepoint <= 0x10FFFF &&
		      (*codepoint < 0xD800 || *codepoint > 0xDFFF);
	return scalar ? len + 1 : 0;
}

size_t pagedata_resolve(char *text, size_t len)
{
	size_t n = 0;
	for (size_t at = 0; at < len;) {
		uint32_t codepoint;
		size_t taken = text[at] != '&'
				       ? 0
				       : read_reference((struct span){text, len}, at, &codepoint);
		if (taken == 0)
			text[n++] = text[at++];
		else if (codepoint != 0xAD)
			n += utf8_encode(codepoint == 0xA0 ? ' ' : codepoint, text + n);
		at += taken;
	}
	return n;
}

static void write_string(struct writer *w, struct span string)
{
	for (size_t at = 0; at < string.len;) {
		uint32_t c;
		if (string.at[at] == '\\' && at + 1 < string.len) {
			at++;
			c = read_escape(string, &at);
		} else {
			at += utf8_decode(string, at, &c);
		}
		write_character(w, c);
	}
}

static struct span decode(struct arena *arena, struct span string)
{
	/* The worst growth: a raw line feed before each character becomes two. */
	struct writer w = {.at = arena_alloc(arena, string.len + string.len / 2 + 8, 1)};
	if (w.at != NULL)
		write_string(&w, string);
	return (struct span){w.at, w.at == NULL ? 0 : pagedata_resolve(w.at, w.len)};
}

/* The longest value of one of the keys in a script. */
static struct span find_body(struct span script)
{
	struct span best = {NULL, 0};
	for (size_t k = 0; k < COUNT(body_keys); k++) {
		size_t at = 0;
		const char *found;
		while (at < script.len &&
		       (found = memmem(script.at + at, script.len - at, body_keys[k].at,
				       body_keys[k].len)) != NULL) {
			at = (size_t)(found - script.at) + body_keys[k].len;
			while (at < script.len &&
			       (ascii_is_space(script.at[at]) || script.at[at] == ':'))
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

/* ---- prose in state ------------------------------------------------------------------------- */

/* How state names a text, or a paragraph of it. */
static const char *const prose_keys[] = {"text",        "content",   "html",     "body",
					 "value",       "children",  "rendered", "bodyhtml",
					 "markdown",    "paragraph", "copy",     "insert",
					 "contentbody", "fulltext",  "data"};

enum {
	LEAST_PROSE = 60,    /* bytes of a string that may be a paragraph */
	LEAST_SPACES = 12,   /* a space in so many bytes at least */
	MOST_BETWEEN = 1500, /* bytes between paragraphs of one text */
};

static bool is_prose(struct span string)
{
	size_t spaces = 0;
	for (size_t i = 0; i < string.len; i++)
		spaces += string.at[i] == ' ';
	return string.len >= LEAST_PROSE && spaces * LEAST_SPACES >= string.len &&
	       !span_contains(string, SPAN("function("));
}

/* Is the string whose quote is at `at` the value of one of the keys, quoted or not? */
static bool has_prose_key(struct span script, size_t at)
{
	while (at > 0 && ascii_is_space(script.at[at - 1]))
		at--;
	if (at == 0 || script.at[--at] != ':')
		return false;
	while (at > 0 && (ascii_is_space(script.at[at - 1]) || script.at[at - 1] == '"'))
		at--;
	size_t end = at;
	while (at > 0 && (ascii_is_letter(script.at[at - 1]) || script.at[at - 1] == '_'))
		at--;
	for (size_t i = 0; i < COUNT(prose_keys); i++)
		if (strlen(prose_keys[i]) == end - at &&
		    ascii_same(prose_keys[i], script.at + at, end - at))
			return true;
	return false;
}

/* From the first quote to the last of the longest run of prose. */
static struct span find_prose(struct span script)
{
	struct span best = {NULL, 0}, run = {NULL, 0};
	size_t best_prose = 0, prose = 0;
	for (size_t at = 0; at < script.len;) {
		const char *quote = memchr(script.at + at, '"', script.len - at);
		if (quote == NULL)
			break;
		at = (size_t)(quote - script.at) + 1;
		size_t end = string_end(script, at);
		struct span string = span_slice(script, at, end);
		if (is_prose(string) && has_prose_key(script, at - 1)) {
			if (run.at == NULL || quote - (run.at + run.len) > MOST_BETWEEN) {
				run = (struct span){quote, 0};
				prose = 0;
			}
			run.len = (size_t)(string.at + string.len - run.at) + (end < script.len);
			prose += string.len;
			if (prose > best_prose) {
				best_prose = prose;
				best = run;
			}
		}
		at = end + 1;
	}
	return best;
}

/* The strings of prose in a run from find_prose(), each at least a paragraph of its own. */
static struct span decode_prose(struct arena *arena, struct span run)
{
	struct writer w = {.at = arena_alloc(arena, run.len + run.len / 2 + 8, 1)};
	for (size_t at = 0; w.at != NULL && at < run.len;) {
		const char *quote = memchr(run.at + at, '"', run.len - at);
		if (quote == NULL)
			break;
		at = (size_t)(quote - run.at) + 1;
		size_t end = string_end(run, at);
		struct span string = span_slice(run, at, end);
		bool key = at == 1 || has_prose_key(run, at - 1); /* the first key is cut off */
		if (key && is_prose(string)) {
			write_string(&w, string);
			write_character(&w, '\n');
		}
		at = end + 1;
	}
	return (struct span){w.at, w.at == NULL ? 0 : pagedata_resolve(w.at, w.len)};
}

/* Data for the page's own scripts: JSON, or an assignment to a global. */
static bool is_state(const lxb_dom_node_t *script, struct span text)
{
	struct span type = html_attribute((const lxb_dom_element_t *)script, SPAN("type"));
	struct span head = {text.at, text.len < 200 ? text.len : 200};
	return span_equal(type, SPAN("application/json")) || span_contains(head, SPAN("window.__"));
}

/* The page's next script after `node`; `*text` is its content. */
static lxb_dom_node_t *next_script(const struct html_page *page, lxb_dom_node_t *node,
				   struct span *text)
{
	const lxb_dom_node_t *root = lxb_dom_interface_node(page->document);
	while ((node = html_next(root, node, true)) != NULL) {
		if (node->local_name != LXB_TAG_SCRIPT)
			continue;
		*text = html_script(page, node);
		if (text->len > 0)
			return node;
	}
	return NULL;
}

/* Where `part` of a script is in the page: exactly if the page has it verbatim, else the whole
 * script. */
static void locate(struct span html, const lxb_dom_node_t *script, struct span part,
		   struct pagedata_text *out)
{
	const struct html_piece *piece = script->user;
	if (piece == NULL)
		piece = script->first_child->user;
	out->html_byte = piece == NULL ? 0 : piece->start_byte;
	out->html_len = piece == NULL ? 0 : piece->end_byte - piece->start_byte;
	const char *same = piece == NULL ? NULL
					 : memmem(html.at + piece->start_byte, out->html_len,
						  part.at, part.len);
	if (same != NULL) {
		out->html_byte = (uint32_t)(same - html.at);
		out->html_len = (uint32_t)part.len;
	}
}

void pagedata_read(struct arena *arena, const struct html_page *page, struct pagedata_text *out)
{
	*out = (struct pagedata_text){0};
	lxb_dom_node_t *node = lxb_dom_interface_node(page->document);
	const lxb_dom_node_t *best_in = NULL, *prose_in = NULL;
	struct span script, best = {NULL, 0}, prose = {NULL, 0};
	while ((node = next_script(page, node, &script)) != NULL) {
		struct span body = find_body(script);
		if (body.len > best.len)
			best = body, best_in = node;
		struct span run = is_state(node, script) ? find_prose(script) : (struct span){0};
		if (run.len > prose.len)
			prose = run, prose_in = node;
	}
	if (best.len >= LEAST_BYTES) {
		locate(page->html, best_in, best, out);
		out->text = decode(arena, best);
	} else if (prose.len >= LEAST_BYTES) {
		locate(page->html, prose_in, prose, out);
		out->text = decode_prose(arena, prose);
	}
}

bool pagedata_paid(const struct html_page *page)
{
	lxb_dom_node_t *node = lxb_dom_interface_node(page->document);
	const struct span key = SPAN("\"isAccessibleForFree\"");
	struct span script;
	while ((node = next_script(page, node, &script)) != NULL) {
		const char *found = memmem(script.at, script.len, key.at, key.len);
		if (found == NULL)
			continue;
		size_t at = (size_t)(found - script.at) + key.len;
		while (at < script.len &&
		       (ascii_is_space(script.at[at]) || ascii_is_in(script.at[at], ":\"")))
			at++;
		if (ascii_begins(span_slice(script, at, script.len), SPAN("false")))
			return true;
	}
	return false;
}
