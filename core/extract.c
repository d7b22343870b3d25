#include "extract.h"

#include "ascii.h"
#include "blockchoice.h"
#include "blocklists.h"
#include "blocks.h"
#include "blockscore.h"
#include "html.h"
#include "metadata.h"
#include "page_words_table.h"
#include "pagedata.h"
#include "pagekind.h"
#include "runs.h"
#include "utf8.h"

#include <lexbor/dom/interfaces/character_data.h>

enum {
	FEW_CHARS = 400,    /* less than this: the page's data is tried */
	PAID_CHARS = 2000,  /* less than this may be a teaser */
	PAYWALL_BLOCKS = 4, /* after the text, in which a paywall is looked for */
};

/* Chosen blocks joined by blank lines, with room for the runs. */
struct builder {
	struct arena *arena;
	const struct blocks *blocks;
	char *text;
	size_t len;
	struct runs runs;
	struct text_range *items;
	size_t item_count, item_room;
};

static void cut_behind_runs(struct builder *to)
{
	if (!to->runs.full)
		return;
	const struct extract_run *last = &to->runs.at[to->runs.len - 1];
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
		struct span flat = {blocks->text + item->text_byte, end - item->text_byte};
		uint32_t out = (uint32_t)to->len + item->text_byte - b->text_byte;
		if (!runs_add_node(&to->runs, item->node, flat, out)) {
			cut_behind_runs(to);
			return false;
		}
	}
	to->len += b->text_len;
	return true;
}

static void add_item(struct builder *to, uint32_t start, uint32_t end)
{
	if (arena_reserve(to->arena, &to->items, to->item_count, &to->item_room,
			  sizeof(*to->items)))
		to->items[to->item_count++] = (struct text_range){start, end};
}

/* Build as much of it as there is room for. */
static void build_text(struct builder *to, const bool *chosen)
{
	to->text = arena_alloc(to->arena, to->blocks->text_len + 2 * to->blocks->len + 1, 1);
	if (to->text == NULL || chosen == NULL)
		return;
	bool *item = arena_zalloc(to->arena, to->blocks->len + 1, sizeof(*item));
	if (item == NULL)
		return;
	blocklists_find_items(to->blocks, chosen, item);
	for (size_t i = 0; i < to->blocks->len; i++) {
		const struct block *b = &to->blocks->at[i];
		if (!chosen[i])
			continue;
		if (!add_block(to, b))
			return;
		if (item[i] && !b->ends_with_stop)
			add_item(to, (uint32_t)(to->len - b->text_len), (uint32_t)to->len);
	}
}

/* Use text that is only in the page's data, if it is much longer than what is shown. */
static bool use_data(struct builder *to, const struct html_page *page, size_t shown_chars)
{
	struct pagedata_text data;
	pagedata_read(to->arena, page, &data);
	if (data.text.len < 2 * shown_chars || data.text.len == 0)
		return false;
	to->text = (char *)data.text.at;
	to->len = data.text.len;
	to->runs.len = 0;
	if (data.html_len == 0)
		return true;
	struct extract_run run = {0, (uint32_t)data.text.len, data.html_byte, data.html_len};
	/* Decoded, but by chance as long as its source, as only verbatim text is: take in the byte
	 * before. */
	if (run.text_len == run.html_len &&
	    memcmp(to->text, to->runs.html.at + run.html_byte, run.text_len) != 0) {
		run.html_byte--;
		run.html_len++;
	}
	return runs_add(&to->runs, run);
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

/* Does the text break off, or does the page say after it that the rest is not for everybody? */
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

/* What the page's URLs are relative to: its <base>, if it has one. */
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

/* What the page is if it is not an article, or NULL. */
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
	out->partial |= to->runs.full;
	if (reading->chars < PAID_CHARS)
		out->partial |= pagedata_paid(page) || (!from_data && is_teaser(blocks, score));
	if (arena->failed)
		return EXTRACT_NO_MEMORY;
	out->text = (struct span){to->text, to->len};
	out->runs = to->runs.at;
	out->run_count = to->runs.len;
	out->items = to->items;
	out->item_count = to->item_count;
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
	struct builder to = {.arena = arena, .runs = {.arena = arena, .html = html}};
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
