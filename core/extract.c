#include "extract.h"

#include "ascii.h"
#include "blockchoice.h"
#include "blocks.h"
#include "blockscore.h"
#include "html.h"
#include "metadata.h"
#include "page_words_table.h"
#include "pagedata.h"
#include "pagekind.h"
#include "utf8.h"

#include <lexbor/dom/interfaces/character_data.h>

enum {
	FEW_CHARS = 400,    /* less than this: the page's data is asked */
	PAID_CHARS = 2000,  /* less than this may be a teaser */
	PAYWALL_BLOCKS = 4, /* behind the text, in which a paywall is looked for */
	MAX_RUNS =
		1 << 19, /* every other byte a character reference: 1 MB of text, 16 MB of runs */
};

/* Chosen blocks joined by blank lines, with room for the runs. */
struct builder {
	struct arena *arena;
	struct span html;
	const struct blocks *blocks;
	char *text;
	size_t len;
	struct extract_run *runs;
	size_t run_count, run_room;
	bool full; /* no more runs: what comes behind is left out */
};

/* Not so of a reference as long as what it stands for. */
static bool is_verbatim(const struct builder *to, const struct extract_run *run)
{
	return run->text_len == run->html_len &&
	       (run->html_len == 1 || to->html.at[run->html_byte] != '&');
}

/* False: no room, and the text ends here. */
static bool add_run(struct builder *to, struct extract_run run)
{
	if (to->run_count > 0) {
		struct extract_run *last = &to->runs[to->run_count - 1];
		if (is_verbatim(to, last) && is_verbatim(to, &run) &&
		    last->text_byte + last->text_len == run.text_byte &&
		    last->html_byte + last->html_len == run.html_byte) {
			last->text_len += run.text_len;
			last->html_len += run.html_len;
			return true;
		}
	}
	to->full |= to->run_count == MAX_RUNS;
	if (to->full)
		return false;
	if (!arena_reserve(to->arena, &to->runs, to->run_count, &to->run_room, sizeof(run)))
		return false;
	to->runs[to->run_count++] = run;
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
	/* One of the old names without its semicolon, all of them for characters below U+0100:
	 * letters that go on in the data. */
	const uint8_t *next = a->data + character_len(a->data, a->data_end);
	for (size_t len = letters <= 6 ? letters - 1 : 6; len >= 2 && *a->data < 0xC4; len--) {
		size_t rest = letters - len + ends;
		if (rest <= (size_t)(a->data_end - next) && memcmp(name + len, next, rest) == 0)
			return len + 1;
	}
	return letters + 1 + ends;
}

/* Some names stand for two code points, the second one of these: how long it is, in the data behind
 * the first one's; 0 where there is none, or where it has a place of its own in the page. */
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

/* Bytes of the page that the tokenizer drops inside of text: NULs, and "</>". */
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

/* One step: how many bytes of data came from how many of the page. False at the end. */
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

/* The pieces of one node, one behind the other, in step with its data. */
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

/* The same bytes, or a reference in the page; anything else is a place that is not known. */
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

/* Bytes from here on, of whole characters, that are the same in the flat text, in the node and in
 * the page: nearly all. */
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

/* Runs of the part of the flat text [at, end) that `node` wrote; it stands at `out` in the answer.
 */
static bool add_node_runs(struct builder *to, lxb_dom_node_t *node, uint32_t at, uint32_t end,
			  uint32_t out)
{
	const lexbor_str_t *data = &((lxb_dom_character_data_t *)node)->data;
	struct source source = {.at = {.data = data->data, .data_end = data->data + data->length},
				.piece = node->user,
				.html = to->html};
	if (source.piece == NULL || data->length == 0)
		return true;
	open_piece(&source);
	const uint8_t *flat = (const uint8_t *)to->blocks->text;
	const uint8_t *html = (const uint8_t *)to->html.at;
	while (at < end) {
		size_t data_len = verbatim_len(&source.at, flat + at, end - at),
		       html_len = data_len;
		bool verbatim = data_len > 0, same = verbatim;
		if (!verbatim) {
			if (!next_character(&source, &data_len, &html_len))
				break;
			bool blank = flat[at] == ' ' || flat[at] == '\n';
			if (blank && *source.at.data != flat[at]) {
				at++;
				out++;
				continue; /* white space that was collapsed, at the character behind
					   */
			}
			same = at + data_len <= end &&
			       memcmp(flat + at, source.at.data, data_len) == 0;
		}
		if (verbatim || (same && agrees(&source.at, data_len, html_len))) {
			struct extract_run run = {out, (uint32_t)data_len,
						  (uint32_t)(source.at.html - html),
						  (uint32_t)html_len};
			if (!add_run(to, run))
				return false;
		}
		if (same) {
			at += (uint32_t)data_len;
			out += (uint32_t)data_len;
		}
		source.at.data += data_len;
		source.at.html += html_len;
	}
	return true;
}

static void cut_behind_runs(struct builder *to)
{
	if (!to->full)
		return;
	const struct extract_run *last = &to->runs[to->run_count - 1];
	to->len = last->text_byte + last->text_len;
	while (to->len > 0 && ascii_is_space(to->text[to->len - 1]))
		to->len--;
}

static bool add_block(struct builder *to, const struct block *b)
{
	const struct blocks *blocks = to->blocks;
	if (to->len > 0) {
		to->text[to->len++] = '\n';
		to->text[to->len++] = '\n';
	}
	memcpy(to->text + to->len, blocks->text + b->text_byte, b->text_len);
	for (uint32_t i = 0; i < b->items; i++) {
		const struct text_item *item = &blocks->items[b->item + i];
		uint32_t end = i + 1 < b->items ? item[1].text_byte : b->text_byte + b->text_len;
		uint32_t out = (uint32_t)to->len + item->text_byte - b->text_byte;
		if (!add_node_runs(to, item->node, item->text_byte, end, out)) {
			cut_behind_runs(to);
			return false;
		}
	}
	to->len += b->text_len;
	return true;
}

/* As much of it as there is room for. */
static void build_text(struct builder *to, const bool *chosen)
{
	to->text = arena_alloc(to->arena, to->blocks->text_len + 2 * to->blocks->len + 1, 1);
	if (to->text == NULL || chosen == NULL)
		return;
	for (size_t i = 0; i < to->blocks->len; i++) {
		if (chosen[i] && !add_block(to, &to->blocks->at[i]))
			return;
	}
}

/* Text that stands only in the page's data, when that is much more than what is shown. */
static bool use_data(struct builder *to, const struct html_page *page, size_t shown_chars)
{
	struct pagedata_text data;
	pagedata_read(to->arena, page, &data);
	if (data.text.len < 2 * shown_chars || data.text.len == 0)
		return false;
	to->text = (char *)data.text.at;
	to->len = data.text.len;
	to->run_count = 0;
	if (data.html_len == 0)
		return true;
	struct extract_run run = {0, (uint32_t)data.text.len, data.html_byte, data.html_len};
	/* Decoded, and as long as before by chance: with what stands before it, it is longer. */
	if (run.text_len == run.html_len &&
	    memcmp(to->text, to->html.at + run.html_byte, run.text_len) != 0) {
		run.html_byte--;
		run.html_len++;
	}
	return add_run(to, run);
}

static enum extract_status no_article(struct article *out, const char *seen)
{
	out->seen = seen;
	return EXTRACT_NO_ARTICLE;
}

/* A page's blocks and what was found of them. */
struct reading {
	struct blocks blocks;
	const float *score; /* NULL: no blocks, or no memory */
	size_t chars;       /* of the blocks that are likely the article's */
};

static void read_blocks(struct arena *arena, const struct html_page *page, bool noscript,
			struct reading *out)
{
	*out = (struct reading){0};
	blocks_read(arena, page, noscript, &out->blocks);
	if (!arena->failed && out->blocks.len > 0)
		out->score = blockscore_run(arena, &out->blocks);
	if (out->score != NULL)
		out->chars = blockchoice_chars(&out->blocks, out->score, 0);
}

/* Does the text break off, or does the page say behind it that the rest is not for everybody? */
static bool is_teaser(const struct blocks *blocks, const float *score)
{
	size_t last = blocks->len;
	for (size_t i = 0; score != NULL && i < blocks->len; i++)
		last = score[i] > 0 ? i : last;
	if (last == blocks->len)
		return false;
	if (blocks->at[last].ends_with_ellipsis)
		return true;
	for (size_t i = last; i < blocks->len && i <= last + PAYWALL_BLOCKS; i++) {
		if (blocks->at[i].phrases >> PHRASE_PAYWALL & 1)
			return true;
	}
	return false;
}

/* What relative URLs of the page are relative to: its <base>, where it has one. */
static struct span base_of(struct arena *arena, const struct html_page *page, struct span base_url)
{
	const lxb_dom_node_t *head =
		lxb_dom_interface_node(lxb_html_document_head_element(page->document));
	for (const lxb_dom_node_t *node = head == NULL ? NULL : head->first_child; node != NULL;
	     node = node->next) {
		if (node->type != LXB_DOM_NODE_TYPE_ELEMENT || node->local_name != LXB_TAG_BASE)
			continue;
		struct span href = html_attribute((const lxb_dom_element_t *)node, SPAN("href"));
		if (href.at == NULL)
			continue;
		struct span base = metadata_resolve(arena, href, base_url);
		return base.len > 0 ? base : base_url; /* the first counts */
	}
	return base_url;
}

/* What the page is where it is no article, or NULL. */
static const char *not_article(struct arena *arena, const struct html_page *page,
			       struct span base_url, const struct reading *reading,
			       struct article *out)
{
	struct pagekind kind;
	const char *seen = pagekind_not_article(page, &reading->blocks, reading->score, &kind);
	out->little = kind.little;
	if (kind.leads_to.len > 0)
		out->leads_to =
			metadata_resolve(arena, kind.leads_to, base_of(arena, page, base_url));
	return seen;
}

static enum extract_status read_page(struct builder *to, const struct html_page *page,
				     struct span base_url, bool given, struct reading *reading,
				     struct article *out)
{
	struct arena *arena = to->arena;
	struct arena_mark mark = arena_mark(arena);
	read_blocks(arena, page, false, reading);
	size_t chars = reading->chars;
	if (chars < FEW_CHARS && page->has_noscript) {
		/* One at a time, because two readings take twice the memory. */
		arena_rewind(arena, mark);
		read_blocks(arena, page, true, reading);
		if (reading->chars <= 2 * chars) {
			arena_rewind(arena, mark);
			read_blocks(arena, page, false, reading);
		}
	}
	const struct blocks *blocks = &reading->blocks;
	const float *score = reading->score;
	to->blocks = blocks;
	out->partial |= blocks->partial;
	bool from_data = reading->chars < FEW_CHARS && use_data(to, page, reading->chars);
	const char *seen = NULL;
	if (!from_data && !arena->failed && !given)
		seen = not_article(arena, page, base_url, reading, out);
	if (seen != NULL)
		return no_article(out, seen);
	if (!from_data && score != NULL) {
		bool *chosen = blockchoice_run(arena, blocks, score);
		build_text(to, chosen);
		if (to->len == 0 && given && chosen != NULL) {
			memset(chosen, true, blocks->len);
			build_text(to, chosen);
		}
	}
	out->partial |= to->full;
	if (reading->chars < PAID_CHARS)
		out->partial |= pagedata_paid(page) || (!from_data && is_teaser(blocks, score));
	if (arena->failed)
		return EXTRACT_NO_MEMORY;
	out->text = (struct span){to->text, to->len};
	out->runs = to->runs;
	out->run_count = to->run_count;
	return to->len > 0 ? EXTRACT_OK : no_article(out, "a page without an article's text");
}

enum extract_status extract_article(struct arena *arena, struct span html, struct span base_url,
				    bool given, const struct extract_limits *limits,
				    struct article *out)
{
	*out = (struct article){0};
	struct html_page page;
	html_parse(arena, html, limits, &page);
	enum extract_status status = EXTRACT_NO_MEMORY;
	struct builder to = {.arena = arena, .html = html};
	struct reading reading;
	if (page.expired)
		status = EXTRACT_EXPIRED;
	else if (page.document != NULL && !arena->failed)
		status = read_page(&to, &page, base_url, given, &reading, out);
	if (status == EXTRACT_OK)
		metadata_read(arena, &page, base_url, out);
	if (arena->failed)
		status = EXTRACT_NO_MEMORY;
	out->partial |= page.partial;
	html_free(&page);
	return status;
}

/* The last run that begins at or before `text_byte`; run_count must not be 0. */
static size_t find_run(const struct article *article, uint32_t text_byte)
{
	size_t low = 0, high = article->run_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (article->runs[middle].text_byte <= text_byte)
			low = middle;
		else
			high = middle;
	}
	return low;
}

bool extract_html_range(const struct article *article, uint32_t start_byte, uint32_t end_byte,
			uint32_t *html_start_byte, uint32_t *html_end_byte)
{
	if (article->run_count == 0 || start_byte >= end_byte)
		return false;
	const struct extract_run *first = &article->runs[find_run(article, start_byte)];
	const struct extract_run *last = &article->runs[find_run(article, end_byte - 1)];
	uint32_t inside = start_byte - first->text_byte, behind = end_byte - last->text_byte;
	if (start_byte < first->text_byte || inside >= first->text_len || behind > last->text_len)
		return false;
	if (first->text_len != first->html_len)
		inside = 0;
	if (last->text_len != last->html_len)
		behind = last->html_len;
	*html_start_byte = first->html_byte + inside;
	*html_end_byte = last->html_byte + behind;
	return *html_start_byte < *html_end_byte;
}
