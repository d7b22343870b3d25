#include "html.h"

#include "ascii.h"

#include <lexbor/dom/interfaces/attr.h>
#include <lexbor/dom/interfaces/character_data.h>
#include <lexbor/dom/interfaces/element.h>
#include <lexbor/html/tokenizer/state_rawtext.h>
#include <lexbor/html/tokenizer/state_script.h>

enum {
	CHUNK_BYTES = 4096,
	MAX_DEPTH = 512,
	MAX_ATTRIBUTES = 1000,
	MAX_NODES = 1000000,
	MAX_FORMATTING = 100,  /* elements that every new paragraph opens again */
	KEPT_ATTRIBUTES = 256, /* of past tags, after which all of them are freed */
	MAX_NAMES =
		20000, /* distinct names of elements or attributes, with which hash chains grow */
	TOKENS_A_LOOK = 1024, /* between two looks at the clock */
	MAX_MEMORY_BYTES = 64 << 20,
	PIECE_BYTES = 128,   /* that a stretch of text takes outside the tree besides its length */
	TEXT_COPIES = 2,     /* and its length so many times: in its block and in the article */
	NODE_BYTES = 128,    /* that an element may take outside the tree, */
	MOST_NODES = 100000, /* for at most so many elements */
	MAX_STEPS = 1 << 30, /* searches of the open elements: tokens times depth */
};

/* One parse. Our callback calls the tree builder's own. */
struct reader {
	struct arena *arena;
	struct extract_limits limits;
	struct html_page *page;
	lxb_html_tree_t *tree;
	const lexbor_mem_t *nodes, *text; /* where the tree and its texts live */
	lxb_html_tokenizer_token_f build;
	void *build_context;
	struct lexbor_mem_chunk *seen_nodes, *seen_text; /* counted so far */
	struct html_piece *waiting, *waiting_last;       /* text inside a table, not placed yet */
	lxb_dom_node_t *last_node; /* the text node that last got a piece, and that piece */
	struct html_piece *last_piece;
	size_t tokens;
	lxb_html_tokenizer_state_f raw_state; /* the tokenizer's own for a script or style */
	const lxb_char_t *raw_end;            /* where its content ends */
};

static size_t memory_of(const lexbor_mem_t *mem, struct lexbor_mem_chunk **seen)
{
	if (mem->chunk == *seen)
		return 0;
	size_t bytes = 0;
	for (const struct lexbor_mem_chunk *c = mem->chunk; c != NULL && c != *seen; c = c->prev)
		bytes += c->size;
	*seen = mem->chunk;
	return bytes;
}

/* Does the tree builder, the extraction of text or that of metadata use this attribute? */
static bool is_asked_for(const lxb_dom_attr_data_t *name)
{
	static const bool asked[LXB_DOM_ATTR__LAST_ENTRY] = {
		[LXB_DOM_ATTR_CLASS] = true,    [LXB_DOM_ATTR_ID] = true,
		[LXB_DOM_ATTR_HREF] = true,     [LXB_DOM_ATTR_STYLE] = true,
		[LXB_DOM_ATTR_TYPE] = true,     [LXB_DOM_ATTR_CONTENT] = true,
		[LXB_DOM_ATTR_TITLE] = true,    [LXB_DOM_ATTR_HTTP_EQUIV] = true,
		[LXB_DOM_ATTR_COLOR] = true,    [LXB_DOM_ATTR_FACE] = true,
		[LXB_DOM_ATTR_SIZE] = true,     [LXB_DOM_ATTR_SELECTED] = true,
		[LXB_DOM_ATTR_MULTIPLE] = true,
	};
	if (name == NULL)
		return true;
	if (name->attr_id < LXB_DOM_ATTR__LAST_ENTRY)
		return asked[name->attr_id];
	const void *at = lexbor_hash_entry_str(&name->entry);
	switch (name->entry.length) {
	case 3:
		return memcmp(at, "rel", 3) == 0;
	case 4:
		return memcmp(at, "name", 4) == 0 || memcmp(at, "lang", 4) == 0 ||
		       memcmp(at, "role", 4) == 0;
	case 6:
		return memcmp(at, "hidden", 6) == 0;
	case 7:
		return memcmp(at, "pubdate", 7) == 0;
	case 8:
		return memcmp(at, "itemprop", 8) == 0 || memcmp(at, "itemtype", 8) == 0 ||
		       memcmp(at, "property", 8) == 0 || memcmp(at, "datetime", 8) == 0 ||
		       memcmp(at, "encoding", 8) == 0;
	case 11:
		return memcmp(at, "aria-hidden", 11) == 0;
	default:
		return false;
	}
}

/* Formatting elements. The standard reopens at most three that are equal in all their attributes,
 * so these must be kept. Not links, because one ends the other. */
static bool may_be_opened_again(lxb_tag_id_t tag)
{
	static const bool formatting[LXB_TAG__LAST_ENTRY] = {
		[LXB_TAG_B] = true,      [LXB_TAG_BIG] = true,  [LXB_TAG_CODE] = true,
		[LXB_TAG_EM] = true,     [LXB_TAG_FONT] = true, [LXB_TAG_I] = true,
		[LXB_TAG_NOBR] = true,   [LXB_TAG_S] = true,    [LXB_TAG_SMALL] = true,
		[LXB_TAG_STRIKE] = true, [LXB_TAG_TT] = true,   [LXB_TAG_STRONG] = true,
		[LXB_TAG_U] = true,
	};
	return tag < LXB_TAG__LAST_ENTRY && formatting[tag];
}

/* Remove the attributes that nobody asks for; returns how many the tag had. */
static size_t strip_attributes(lxb_html_token_t *token)
{
	size_t attributes = 0;
	if (token->attr_first == NULL)
		return 0;
	bool keep = token->tag_id <= LXB_TAG__EM_DOCTYPE || may_be_opened_again(token->tag_id);
	for (lxb_html_token_attr_t *a = token->attr_first, *next; a != NULL; a = next) {
		next = a->next;
		attributes++;
		if (!keep && !is_asked_for(a->name))
			lxb_html_token_attr_remove(token, a);
	}
	return attributes;
}

/* Is there memory for the token? The tree may take half. The tree, what is made outside it, the
 * coming text and the tokenizer's room for it may take eleven sixteenths. The rest is for old and
 * new copies while something grows. */
static bool has_memory(const struct reader *reader, const lxb_html_tokenizer_t *tokenizer,
		       const lxb_html_token_t *token)
{
	const struct html_page *page = reader->page;
	size_t max = reader->limits.max_memory_bytes, tree = page->memory_bytes;
	size_t text =
		token->tag_id != LXB_TAG__TEXT ? 0 : (size_t)(token->text_end - token->text_start);
	size_t room = (size_t)(tokenizer->end - tokenizer->start);
	size_t nodes = page->nodes < MOST_NODES ? page->nodes : MOST_NODES;
	size_t outside = nodes * NODE_BYTES + TEXT_COPIES * (page->text_bytes + text);
	return tree <= max / 2 && tree + room + text + outside <= max / 16 * 11;
}

static bool within_limits(struct reader *reader, const lxb_html_tokenizer_t *tokenizer,
			  const lxb_html_token_t *token, size_t attributes)
{
	struct html_page *page = reader->page;
	page->memory_bytes += memory_of(reader->nodes, &reader->seen_nodes);
	page->memory_bytes += memory_of(reader->text, &reader->seen_text);
	size_t depth = lexbor_array_length(reader->tree->open_elements);
	size_t formatting = lexbor_array_length(reader->tree->active_formatting);
	page->nodes += 1 + attributes;
	page->steps += depth + formatting + attributes;
	if (++reader->tokens % TOKENS_A_LOOK == 0 && reader->limits.expired != NULL)
		page->expired = reader->limits.expired(reader->limits.expired_arg);
	return !page->expired && attributes <= reader->limits.max_attributes &&
	       depth <= reader->limits.max_depth && formatting <= MAX_FORMATTING &&
	       page->nodes <= reader->limits.max_nodes && page->steps <= MAX_STEPS &&
	       has_memory(reader, tokenizer, token);
}

static struct html_piece *make_piece(struct reader *reader, const lxb_html_token_t *token)
{
	const char *begin = (const char *)token->begin, *end = (const char *)token->end;
	const struct span *html = &reader->page->html;
	const char *from = html->at, *to = html->at + html->len;
	if (begin < from || end > to || begin >= end)
		return NULL;
	struct html_piece *piece = arena_alloc(reader->arena, 1, sizeof(*piece));
	reader->page->memory_bytes += PIECE_BYTES;
	if (piece != NULL)
		*piece = (struct html_piece){(uint32_t)(begin - from), (uint32_t)(end - from),
					     (uint32_t)(token->text_end - token->text_start), NULL};
	return piece;
}

/* Pieces `first` to `last` became text at the end of `node`. */
static void attach(struct reader *reader, lxb_dom_node_t *node, struct html_piece *first,
		   struct html_piece *last)
{
	if (node == NULL || node->type != LXB_DOM_NODE_TYPE_TEXT)
		return;
	if (node->user == NULL)
		node->user = first;
	else if (node == reader->last_node)
		reader->last_piece->next = first;
	else
		return; /* rare: text continued after other nodes; its place is unknown */
	reader->last_node = node;
	reader->last_piece = last;
}

static lxb_dom_node_t *open_table(const struct reader *reader)
{
	const lexbor_array_t *open = reader->tree->open_elements;
	for (size_t i = lexbor_array_length((lexbor_array_t *)open); i-- > 0;) {
		lxb_dom_node_t *node = open->list[i];
		if (node->local_name == LXB_TAG_TABLE)
			return node;
	}
	return NULL;
}

/* The tree builder moves text between a table's rows before the table once the next tag is
 * known. */
static void place_waiting(struct reader *reader, lxb_dom_node_t *table)
{
	if (table != NULL)
		attach(reader, table->prev, reader->waiting, reader->waiting_last);
	reader->waiting = reader->waiting_last = NULL;
}

/*
 * The first "</name" at or after `at` whose name ends there; the page's end if there is none. NULL
 * if a "<!--" comes first, after which it may be no end tag ("script data escaped state").
 */
static const char *find_end_tag(struct span html, const char *at, struct span name)
{
	const char *end = html.at + html.len;
	while ((at = memchr(at, '<', (size_t)(end - at))) != NULL) {
		if ((size_t)(end - at) < name.len + 3)
			break;
		if (memcmp(at, "<!--", 4) == 0)
			return NULL;
		char behind = at[2 + name.len];
		if (at[1] == '/' && ascii_same(at + 2, name.at, name.len) &&
		    ((ascii_is_space(behind) && behind != '\v') || behind == '/' || behind == '>'))
			return at;
		at++;
	}
	return end;
}

/* Tokenizer states that skip the content of a script or style in one step, because only its end
 * matters. */
static const lxb_char_t *in_raw(lxb_html_tokenizer_t *tokenizer, const lxb_char_t *data,
				const lxb_char_t *end)
{
	const struct reader *reader = tokenizer->callback_token_ctx;
	if (!tokenizer->is_eof && data < reader->raw_end)
		return end < reader->raw_end ? end : reader->raw_end;
	tokenizer->state = reader->raw_state;
	return data;
}

static const lxb_char_t *before_raw(lxb_html_tokenizer_t *tokenizer, const lxb_char_t *data,
				    const lxb_char_t *end)
{
	struct reader *reader = tokenizer->callback_token_ctx;
	tokenizer->state = reader->raw_state;
	if (tokenizer->is_eof)
		return data;
	bool script = reader->raw_state == lxb_html_tokenizer_state_script_data_before;
	struct span html = reader->page->html;
	const char *start = (const char *)data, *from = html.at;
	const char *behind = find_end_tag(html, start, script ? SPAN("script") : SPAN("style"));
	/* Leave it to the tokenizer; NULs, too, which it replaces by a character that JSON may
	 * hold. */
	if (behind == NULL || (script && memchr(start, '\0', (size_t)(behind - start)) != NULL))
		return data;
	struct html_piece *piece = script ? arena_alloc(reader->arena, 1, sizeof(*piece)) : NULL;
	if (piece != NULL) {
		*piece = (struct html_piece){(uint32_t)(start - from), (uint32_t)(behind - from),
					     (uint32_t)(behind - start), NULL};
		lxb_html_tree_current_node(reader->tree)->user = piece;
	}
	reader->raw_end = (const lxb_char_t *)behind;
	tokenizer->state = in_raw;
	return in_raw(tokenizer, data, end);
}

/* If the tree builder has set the tokenizer to the content of a script or style, read it
 * ourselves. */
static void catch_raw(struct reader *reader, lxb_html_tokenizer_t *tokenizer, lxb_tag_id_t tag)
{
	bool script = tokenizer->state == lxb_html_tokenizer_state_script_data_before;
	bool style =
		tag == LXB_TAG_STYLE && tokenizer->state == lxb_html_tokenizer_state_rawtext_before;
	if (script || style) {
		reader->raw_state = tokenizer->state;
		tokenizer->state = before_raw;
	}
}

static lxb_html_token_t *on_token(lxb_html_tokenizer_t *tokenizer, lxb_html_token_t *token,
				  void *context)
{
	struct reader *reader = context;
	if (!within_limits(reader, tokenizer, token, strip_attributes(token))) {
		reader->page->partial = true;
		tokenizer->status = LXB_STATUS_STOPPED;
		return NULL;
	}
	struct html_piece *piece = NULL;
	lxb_dom_node_t *table = NULL;
	if (token->tag_id == LXB_TAG__TEXT) {
		reader->page->text_bytes += (size_t)(token->text_end - token->text_start);
		piece = make_piece(reader, token);
	} else if (reader->waiting != NULL) {
		table = open_table(reader);
	}
	reader->page->has_noscript |= token->tag_id == LXB_TAG_NOSCRIPT;
	lxb_html_token_t *next = reader->build(tokenizer, token, reader->build_context);
	if (token->tag_id == LXB_TAG_SCRIPT || token->tag_id == LXB_TAG_STYLE)
		catch_raw(reader, tokenizer, token->tag_id);
	/* The elements have their own copies; without this, those of all the page's tags would be
	 * kept and counted as one tag's. */
	if (lexbor_dobject_allocated(tokenizer->dobj_token_attr) > KEPT_ATTRIBUTES)
		lexbor_dobject_clean(tokenizer->dobj_token_attr);
	if (piece != NULL) {
		lxb_dom_node_t *current = lxb_html_tree_current_node(reader->tree);
		bool pending = reader->tree->mode == lxb_html_tree_insertion_mode_in_table_text;
		if (!pending) {
			attach(reader, current == NULL ? NULL : current->last_child, piece, piece);
		} else if (reader->waiting == NULL) {
			reader->waiting = reader->waiting_last = piece;
		} else {
			reader->waiting_last->next = piece;
			reader->waiting_last = piece;
		}
	} else if (reader->waiting != NULL) {
		place_waiting(reader, table);
	}
	return next;
}

/* Checked between chunks: what grows inside one token, before the callback sees it. */
static bool tokenizer_within_limits(const struct reader *reader, lxb_html_tokenizer_t *tokenizer)
{
	const lxb_dom_document_t *document = lxb_dom_interface_document(reader->page->document);
	return lexbor_dobject_allocated(tokenizer->dobj_token_attr) <=
		       reader->limits.max_attributes + CHUNK_BYTES &&
	       lexbor_dobject_allocated(document->tags->entries) <= MAX_NAMES &&
	       lexbor_dobject_allocated(document->attrs->entries) <= MAX_NAMES;
}

/* If false, lexbor has stopped: at a limit of ours, or for lack of memory. */
static bool goes_on(struct reader *reader, lxb_status_t status)
{
	reader->arena->failed |= status == LXB_STATUS_ERROR_MEMORY_ALLOCATION;
	return status == LXB_STATUS_OK;
}

static void read_chunks(struct reader *reader)
{
	struct html_page *page = reader->page;
	lxb_html_document_t *document = page->document;
	if (lxb_html_document_parse_chunk_begin(document) != LXB_STATUS_OK) {
		reader->arena->failed = true;
		return;
	}
	lxb_html_parser_t *parser = document->dom_document.parser;
	lxb_html_tokenizer_t *tokenizer = lxb_html_parser_tokenizer(parser);
	reader->tree = lxb_html_parser_tree(parser);
	reader->nodes = document->dom_document.mraw->mem;
	reader->text = document->dom_document.text->mem;
	reader->build = tokenizer->callback_token_done;
	reader->build_context = tokenizer->callback_token_ctx;
	lxb_html_tokenizer_callback_token_done_set(tokenizer, on_token, reader);
	/* Drop the document's reactions to changes: at each new option of a <select> it looks
	 * through all of them, which is quadratic, to mark the one shown. Nobody asks for that. */
	lxb_dom_document_mutation_erase(lxb_dom_interface_document(document));
	/* Looking for duplicates is quadratic, and a look-up finds the first of two anyway. */
	lxb_html_tokenizer_keep_duplicate_set(tokenizer, true);
	for (size_t at = 0; at < page->html.len && !page->partial; at += CHUNK_BYTES) {
		size_t len = page->html.len - at;
		if (len > CHUNK_BYTES)
			len = CHUNK_BYTES;
		const lxb_char_t *chunk = (const lxb_char_t *)page->html.at + at;
		if (!goes_on(reader, lxb_html_document_parse_chunk(document, chunk, len)) ||
		    !tokenizer_within_limits(reader, tokenizer))
			page->partial = true;
		/* Nobody reads the errors, and a page can be made of nothing else. */
		if (tokenizer->parse_errors != NULL)
			lexbor_array_obj_clean(tokenizer->parse_errors);
		if (reader->tree->parse_errors != NULL)
			lexbor_array_obj_clean(reader->tree->parse_errors);
	}
	if (!page->partial && !goes_on(reader, lxb_html_document_parse_chunk_end(document)))
		page->partial = true;
}

void html_parse(struct arena *arena, struct span html, const struct extract_limits *limits,
		struct html_page *out)
{
	*out = (struct html_page){.document = lxb_html_document_create(), .html = html};
	if (out->document == NULL)
		return;
	struct reader reader = {.arena = arena, .page = out};
	if (limits != NULL)
		reader.limits = *limits;
	struct extract_limits *l = &reader.limits;
	l->max_memory_bytes = l->max_memory_bytes == 0 ? MAX_MEMORY_BYTES : l->max_memory_bytes;
	l->max_depth = l->max_depth == 0 ? MAX_DEPTH : l->max_depth;
	l->max_attributes = l->max_attributes == 0 ? MAX_ATTRIBUTES : l->max_attributes;
	l->max_nodes = l->max_nodes == 0 ? MAX_NODES : l->max_nodes;
	read_chunks(&reader);
}

void html_free(struct html_page *page)
{
	if (page->document != NULL)
		lxb_html_document_destroy(page->document);
	page->document = NULL;
}

struct span html_script(const struct html_page *page, const lxb_dom_node_t *script)
{
	const struct html_piece *piece = script->user;
	if (piece != NULL)
		return span_slice(page->html, piece->start_byte, piece->end_byte);
	const lxb_dom_node_t *content = script->first_child;
	if (content == NULL || content->type != LXB_DOM_NODE_TYPE_TEXT)
		return (struct span){NULL, 0};
	const lexbor_str_t *data = &((const lxb_dom_character_data_t *)content)->data;
	return (struct span){(const char *)data->data, data->length};
}

struct span html_attribute(const lxb_dom_element_t *element, struct span name)
{
	for (const lxb_dom_attr_t *a = element->first_attr; a != NULL; a = a->next) {
		size_t len = 0;
		const lxb_char_t *at = lxb_dom_attr_local_name((lxb_dom_attr_t *)a, &len);
		if (len == name.len && memcmp(at, name.at, len) == 0)
			return a->value == NULL ? SPAN("")
						: (struct span){(const char *)a->value->data,
								a->value->length};
	}
	return (struct span){NULL, 0};
}

bool html_has_attribute(const struct html_page *page, struct span name)
{
	lexbor_hash_t *names = lxb_dom_interface_document(page->document)->attrs;
	return lxb_dom_attr_data_by_local_name(names, (const lxb_char_t *)name.at, name.len) !=
	       NULL;
}

lxb_dom_node_t *html_next(const lxb_dom_node_t *root, lxb_dom_node_t *node, bool enter)
{
	if (enter && node->first_child != NULL)
		return node->first_child;
	while (node != root && node->next == NULL)
		node = node->parent;
	return node == root ? NULL : node->next;
}
