#include "tests/check.h"

#include "core/extract.h"
#include "core/html.h"

#include <jansson.h>
#include <lexbor/core/base.h>
#include <malloc.h>

/* All the memory that extracting a page takes, counted where it is requested: the tree (lexbor),
 * JSON in the page (jansson), and the arena. */
#if defined(__has_feature) /* clang's spelling of gcc's __SANITIZE_ADDRESS__ */
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
enum { PAGE_BYTES = 1 << 20 }; /* under a sanitizer, memory is not what is tested */
#else
enum { PAGE_BYTES = 10 << 20 }; /* the largest download, as delivered */
#endif
static const size_t ceiling_bytes = (size_t)64 << 20;
static size_t held_bytes, most_bytes; /* by the libraries now; by all at the peak */
static const struct arena *arena_in_use;
static size_t asked, allowed = SIZE_MAX; /* requests for memory so far, and allowed */

static void look(void)
{
	size_t all = held_bytes + (arena_in_use == NULL ? 0 : arena_in_use->used_bytes);
	most_bytes = all > most_bytes ? all : most_bytes;
}

static void *counted(void *at)
{
	held_bytes += at == NULL ? 0 : malloc_usable_size(at);
	look();
	return at;
}

static void *count_malloc(size_t size)
{
	return asked++ < allowed ? counted(malloc(size)) : NULL;
}

static void *count_calloc(size_t count, size_t size)
{
	return asked++ < allowed ? counted(calloc(count, size)) : NULL;
}

static void count_free(void *at)
{
	look(); /* the arena may have grown meanwhile */
	held_bytes -= at == NULL ? 0 : malloc_usable_size(at);
	free(at);
}

/* The old and the new block are both held while one is copied to the other. */
static void *count_realloc(void *at, size_t size)
{
	if (asked++ >= allowed)
		return NULL;
	size_t old_bytes = at == NULL ? 0 : malloc_usable_size(at);
	void *grown = counted(realloc(at, size));
	held_bytes -= grown == NULL ? 0 : old_bytes;
	return grown;
}

#define TEN(text) text text text text text text text text text text
/* More than a headline has. */
#define LONG TEN(TEN("a word "))

/* Each entry fills a page. */
static const struct page {
	const char *name, *before, *unit, *behind;
} pages[] = {
	{"one text", "<p>", "word and more of it, ", ""},
	{"one word", "<p>", "x", ""},
	{"one-letter words", "<p>", "a ", ""},
	{"carriage returns", "<p>", "a\r", ""},
	{"references", "<p>", "&amp;", ""},
	{"references of two characters", "<p>", "&NotEqualTilde;", ""},
	{"ideographs", "<p>", "\u6F22\u5B57", ""},
	{"an attribute", "<p title='", "x", "'>text"},
	{"a comment", "<!--", "x", "--><p>text"},
	{"a script", "<script>", "x", "</script><p>text"},
	{"an article in JSON", "<script type='application/ld+json'>{\"articleBody\":\"", "x",
	 "\"}</script>"},
	{"nested JSON", "<script type='application/ld+json'>", "[{\"a\":", "</script>"},
	{"a title", "<title>", "x ", "</title><p>text"},
	{"paragraphs", "", "<p>word and", ""},
	{"line breaks", "", "<br>x", ""},
	{"comments", "", "<!---->", ""},
	{"boxes", "", "<div>x</div>", ""},
	{"cells", "<table>", "<tr><td>x", ""},
	{"text between rows", "<table>", "x <tr>", ""},
	{"references between rows", "<table>", "x&amp;y <tr>", ""},
	{"carriage returns between rows", "<table>", "x\ry\rz\ra\rb <tr>", ""},
	{"rows, and what browsers without scripts show", "<noscript>x</noscript><table>", "<tr>",
	 ""},
	{"formatting", "", "<p><b id=x>x", ""},
	{"formatting with attributes", "", "<b a=1 b=2 c=3 d=4 e=5 f=6><p>x", ""},
	{"attributes", "", "<p a=1 b=2 c=3 d=4>x", ""},
	{"headings in headings", "", TEN(TEN("<h1><q><h2><q>")) LONG TEN(TEN("</h2></h1>")), ""},
	{"NULs", "<p>", "\1", "text"}, /* \1 becomes a NUL */
};

static struct span fill(const struct page *page)
{
	size_t before = strlen(page->before), unit = strlen(page->unit),
	       behind = strlen(page->behind);
	char *at = malloc(PAGE_BYTES);
	assert_non_null(at);
	memcpy(at, page->before, before);
	size_t len = before;
	for (; len + unit + behind <= PAGE_BYTES; len += unit)
		memcpy(at + len, page->unit, unit);
	memcpy(at + len, page->behind, behind);
	for (size_t i = 0; page->unit[0] == '\1' && i < len; i++)
		at[i] = at[i] == '\1' ? '\0' : at[i];
	return (struct span){at, len + behind};
}

static void check(const char *name, struct span html)
{
	struct arena arena;
	struct article article;
	held_bytes = most_bytes = 0;
	arena_init(&arena, (size_t)512 << 20);
	arena_in_use = &arena;
	extract_article(&arena, html, (struct span){NULL, 0}, true, NULL, &article);
	arena_in_use = NULL;
	if (most_bytes > ceiling_bytes)
		fail_msg("%s: %zu KB", name, most_bytes >> 10);
	CHECK_SIZE(name, held_bytes, 0);
	arena_free(&arena);
}

static void no_page_takes_more_than_64_MB(void **state)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct span html = fill(&pages[i]);
		check(pages[i].name, html);
		free((char *)html.at);
	}
}

/* A text is held three times: in the tree, in its block and in the article. With most of a page in
 * one text, before as many elements as there is memory for, 87 MB were taken. */
static void nor_with_a_long_text_before(void **state)
{
	enum { TEXT_BYTES = PAGE_BYTES / 10 * 9 };
	static const struct page one_text = {"one text", "", "word and more of it, ", ""};
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct span html = fill(&pages[i]), text = fill(&one_text);
		memmove((char *)html.at + TEXT_BYTES, html.at, html.len - TEXT_BYTES);
		memcpy((char *)html.at, text.at, TEXT_BYTES);
		check(pages[i].name, html);
		free((char *)html.at);
		free((char *)text.at);
	}
}

/* JSON is read while the rest is held: the most that is read at all, before what takes most. If it
 * is cut off, it takes as much until the fault is found. */
static void nor_with_json_besides(void **state)
{
	static const struct page parts[] = {
		{"strings in JSON", "<script type='application/ld+json'>[", "\"a\",",
		 "0]</script>"},
		{"objects in JSON", "<script type='application/ld+json'>[", "{\"a\":{}},",
		 "0]</script>"},
	};
	const size_t most = PAGE_BYTES / 2 < 1 << 20 ? PAGE_BYTES / 2 : 1 << 20;
	static const struct page rows = {"rows", "<table>", "x\ry\rz\ra\rb <tr>", ""};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (size_t json_bytes = 1 << 16; json_bytes <= most; json_bytes *= 2) {
			struct span json = fill(&parts[i]), html = fill(&rows);
			size_t behind = strlen(parts[i].behind);
			memcpy((char *)html.at, json.at, json_bytes - behind);
			memcpy((char *)html.at + json_bytes - behind, parts[i].behind, behind);
			memcpy((char *)html.at + json_bytes, rows.before, strlen(rows.before));
			check(parts[i].name, html);
			free((char *)json.at);
			free((char *)html.at);
		}
}

/* If the tree gets no memory, the result says so, and not that the page is short or no article.
 * Refusals before there is a document are not tested: lexbor does not survive them. */
static void refusal_is_told(void **state)
{
#ifdef __SANITIZE_ADDRESS__
	skip(); /* lexbor leaks a parser when memory runs out */
#endif
	static const struct page page = {
		"article", "<title>A walk</title><article>",
		"<p>The river rose by a metre in one night, and the road was closed.</p>", ""};
	struct span html = fill(&page);
	html.len = 100000;
	asked = 0;
	lxb_html_document_destroy(lxb_html_document_create());
	bool whole = false;
	for (size_t first = asked; !whole; first++) {
		struct arena arena;
		struct article article;
		arena_init(&arena, (size_t)64 << 20);
		asked = 0;
		allowed = first;
		enum extract_status status = extract_article(&arena, html, (struct span){NULL, 0},
							     false, NULL, &article);
		allowed = SIZE_MAX;
		whole = status == EXTRACT_OK && !article.partial;
		if (status != EXTRACT_NO_MEMORY && !whole)
			fail_msg("refused at %zu: status %d", first, (int)status);
		arena_free(&arena);
	}
	free((char *)html.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_page_takes_more_than_64_MB),
		cmocka_unit_test(nor_with_a_long_text_before),
		cmocka_unit_test(nor_with_json_besides),
		cmocka_unit_test(refusal_is_told),
	};
	lexbor_memory_setup(count_malloc, count_realloc, count_calloc, count_free);
	json_set_alloc_funcs(count_malloc, count_free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
