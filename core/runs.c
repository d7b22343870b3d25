#include "runs.h"

#include "ascii.h"
#include "html.h"

#include <lexbor/dom/interfaces/character_data.h>

enum {
	MAX_RUNS =
		1 << 19, /* every other byte a character reference: 1 MB of text, 16 MB of runs */
};

/* A reference may be as long as what it stands for without being verbatim. */
static bool is_verbatim(const struct runs *to, const struct extract_run *run)
{
	return run->text_len == run->html_len &&
	       (run->html_len == 1 || to->html.at[run->html_byte] != '&');
}

bool runs_add(struct runs *to, struct extract_run run)
{
	if (to->len > 0) {
		struct extract_run *last = &to->at[to->len - 1];
		if (is_verbatim(to, last) && is_verbatim(to, &run) &&
		    last->text_byte + last->text_len == run.text_byte &&
		    last->html_byte + last->html_len == run.html_byte) {
			last->text_len += run.text_len;
			last->html_len += run.html_len;
			return true;
		}
	}
	to->full |= to->len == MAX_RUNS;
	if (to->full)
		return false;
	if (!arena_reserve(to->arena, &to->at, to->len, &to->room, sizeof(run)))
		return false;
	to->at[to->len++] = run;
	return true;
}

static size_t character_len(const uint8_t *at, const uint8_t *end)
{
	size_t len = *at < 0x80 ? 1 : *at < 0xE0 ? 2 : *at < 0xF0 ? 3 : 4;
	return len <= (size_t)(end - at) ? len : (size_t)(end - at);
}

/* A place in a text node's data and the place in the page that it came from. */
struct aligner {
	const uint8_t *data, *data_end;
	const uint8_t *html, *html_end;
};

/* Bytes of "&#38;" or "&#x26;": at least one digit, and the semicolon may be missing. */
static size_t numeric_reference_len(const struct aligner *a)
{
	const uint8_t *at = a->html + 2;
	bool hexadecimal = at < a->html_end && (*at | 0x20) == 'x';
	at += hexadecimal;
	const uint8_t *digits = at;
	while (at < a->html_end && ascii_digit((char)*at) < (hexadecimal ? 16 : 10))
		at++;
	if (at == digits)
		return 0;
	return (size_t)(at - a->html) + (at < a->html_end && *at == ';');
}

/* Bytes of the character reference at a.html, 0 when it is a plain ampersand. */
static size_t reference_len(const struct aligner *a)
{
	const uint8_t *name = a->html + 1, *at = name;
	if (name < a->html_end && *name == '#')
		return numeric_reference_len(a);
	while (at < a->html_end && ascii_is_alnum((char)*at) && at - name < 40)
		at++;
	if (at == name)
		return 0;
	size_t letters = (size_t)(at - name);
	bool ends = at < a->html_end && *at == ';';
	bool ampersand =
		letters >= 3 && (memcmp(name, "amp", 3) == 0 || memcmp(name, "AMP", 3) == 0);
	if (*a->data == '&' && !ampersand)
		return 0;
	/* One of the old names without its semicolon, all for characters below U+0100: the letters
	 * after it are in the data, too. */
	const uint8_t *next = a->data + character_len(a->data, a->data_end);
	for (size_t len = letters <= 6 ? letters - 1 : 6; len >= 2 && *a->data < 0xC4; len--) {
		size_t rest = letters - len + ends;
		if (rest <= (size_t)(a->data_end - next) && memcmp(name + len, next, rest) == 0)
			return len + 1;
	}
	return letters + 1 + ends;
}

/* Some names stand for two code points, the second being one of these. Returns its length in the
 * data after the first; 0 if there is none, or if it has its own place in the page. */
static size_t second_len(const struct aligner *a, size_t data_len, size_t html_len)
{
	static const char *const seconds[] = {"\u0338", "\u20D2", "\u20E5", "\uFE00",
					      "\u200A", "\u0333", "\u0331", "j"};
	const uint8_t *next = a->data + data_len, *html = a->html + html_len;
	size_t html_left = (size_t)(a->html_end - html);
	for (size_t i = 0; i < COUNT(seconds); i++) {
		size_t len = strlen(seconds[i]);
		if (len > (size_t)(a->data_end - next) || memcmp(next, seconds[i], len) != 0)
			continue;
		bool own = (html_left >= len && memcmp(html, seconds[i], len) == 0) ||
			   (html_left >= 2 && memcmp(html, "&#", 2) == 0);
		return own ? 0 : len;
	}
	return 0;
}

/* Bytes of the page that the tokenizer drops within text: NULs, and "</>". */
static size_t dropped_len(const struct aligner *a)
{
	size_t html_left = (size_t)(a->html_end - a->html),
	       data_left = (size_t)(a->data_end - a->data);
	if (html_left == 0 || data_left == 0)
		return 0;
	if (*a->html == '\0')
		return *a->data != '\0' && *a->data != 0xEF;
	bool tag = html_left >= 3 && memcmp(a->html, "</>", 3) == 0;
	return tag && !(data_left >= 3 && memcmp(a->data, "</>", 3) == 0) ? 3 : 0;
}

/* Make one step: how many bytes of data came from how many of the page. False at the end. */
static bool align_step(struct aligner *a, size_t *data_len, size_t *html_len)
{
	for (size_t dropped; (dropped = dropped_len(a)) > 0;)
		a->html += dropped;
	if (a->html >= a->html_end || a->data >= a->data_end)
		return false;
	*data_len = character_len(a->data, a->data_end);
	*html_len = 1;
	if (*a->html == '&') {
		size_t reference = reference_len(a);
		*html_len = reference == 0 ? 1 : reference;
		if (reference > 0)
			*data_len += second_len(a, *data_len, reference);
	} else if (*a->html == '\r') {
		*html_len = 1 + (a->html + 1 < a->html_end && a->html[1] == '\n');
	} else if (*a->html != '\0') {
		*html_len = character_len(a->html, a->html_end);
	}
	return true;
}

/* The pieces of one node, one after another, in step with its data. */
struct source {
	struct aligner at;
	const struct html_piece *piece;
	struct span html;
};

static void open_piece(struct source *source)
{
	const uint8_t *html = (const uint8_t *)source->html.at;
	source->at.html = html + source->piece->start_byte;
	source->at.html_end = html + source->piece->end_byte;
	/* A piece may have lost its leading white space to the tree builder. */
	const uint8_t *data = source->at.data;
	while (!ascii_is_space((char)*data) && source->at.html < source->at.html_end &&
	       (ascii_is_space((char)*source->at.html) || *source->at.html == '\0'))
		source->at.html++;
}

/* Are the bytes the same, or does the page have a reference? Otherwise the place is unknown. */
static bool agrees(const struct aligner *a, size_t data_len, size_t html_len)
{
	return (*a->html == '&' && html_len > 1) || *a->html == '\0' ||
	       (data_len == html_len && memcmp(a->html, a->data, data_len) == 0);
}

static bool next_character(struct source *source, size_t *data_len, size_t *html_len)
{
	while (source->piece != NULL && source->at.data < source->at.data_end) {
		if (align_step(&source->at, data_len, html_len))
			return true;
		source->piece = source->piece->next;
		if (source->piece != NULL)
			open_piece(source);
	}
	return false;
}

/* Does any of the eight bytes equal `byte`? Mycroft's test for a zero byte. */
static uint64_t has_byte(uint64_t word, uint8_t byte)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t zero = word ^ ones * byte;
	return (zero - ones) & ~zero & ones * 0x80;
}

/* How many bytes from here on, of whole characters, are the same in the flat text, the node and the
 * page: nearly all. */
static size_t verbatim_len(const struct aligner *a, const uint8_t *flat, size_t flat_len)
{
	size_t len = (size_t)(a->data_end - a->data), html_len = (size_t)(a->html_end - a->html);
	len = len < flat_len ? len : flat_len;
	len = len < html_len ? len : html_len;
	size_t n = 0;
	for (uint64_t word, data, text; n + 8 <= len; n += 8) {
		memcpy(&word, a->html + n, 8);
		memcpy(&data, a->data + n, 8);
		memcpy(&text, flat + n, 8);
		if (word != data || word != text ||
		    (has_byte(word, '&') | has_byte(word, '\r') | has_byte(word, '\0')) != 0)
			break;
	}
	while (n < len && a->html[n] == a->data[n] && a->html[n] == flat[n] && a->html[n] != '&' &&
	       a->html[n] != '\r' && a->html[n] != '\0')
		n++;
	while (n > 0 && a->data + n < a->data_end && (a->data[n] & 0xC0) == 0x80)
		n--;
	return n;
}

bool runs_add_node(struct runs *to, const lxb_dom_node_t *node, struct span flat, uint32_t out)
{
	const lexbor_str_t *data = &((const lxb_dom_character_data_t *)node)->data;
	struct source source = {.at = {.data = data->data, .data_end = data->data + data->length},
				.piece = node->user,
				.html = to->html};
	if (source.piece == NULL || data->length == 0)
		return true;
	open_piece(&source);
	const uint8_t *at = (const uint8_t *)flat.at, *end = at + flat.len;
	const uint8_t *html = (const uint8_t *)to->html.at;
	while (at < end) {
		size_t data_len = verbatim_len(&source.at, at, (size_t)(end - at)),
		       html_len = data_len;
		bool verbatim = data_len > 0, same = verbatim;
		if (!verbatim) {
			if (!next_character(&source, &data_len, &html_len))
				break;
			bool blank = *at == ' ' || *at == '\n';
			if (blank && *source.at.data != *at) {
				at++;
				out++;
				continue; /* collapsed white space; look at the next character */
			}
			same = data_len <= (size_t)(end - at) &&
			       memcmp(at, source.at.data, data_len) == 0;
		}
		if (verbatim || (same && agrees(&source.at, data_len, html_len))) {
			struct extract_run run = {out, (uint32_t)data_len,
						  (uint32_t)(source.at.html - html),
						  (uint32_t)html_len};
			if (!runs_add(to, run))
				return false;
		}
		if (same) {
			at += data_len;
			out += (uint32_t)data_len;
		}
		source.at.data += data_len;
		source.at.html += html_len;
	}
	return true;
}
