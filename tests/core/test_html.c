#include "tests/check.h"

#include "core/html.h"

#include <lexbor/dom/interfaces/character_data.h>

enum { HOSTILE_BYTES = 1 << 20 };

/* `%d` becomes a number that rises, so that names and values differ. */
static const struct hostile {
	const char *name, *unit;
	bool stops; /* at a limit, before the end */
} hostile[] = {
	{"misnested formatting", "<p><b id=%d>x", true},
	{"nested elements", "<div>", true},
	{"attributes on one tag", "a%d=1 ", true},
	{"nested lists", "<ul><li>", true},
	{"tables in tables", "<table><tr><td>", true},
	{"huge spans of columns", "<td colspan=9007199254740991>x", true},
	{"comments", "<!-- -->", false},
	{"character references", "&amp;&nbsp;&#x41;&notit;", false},
	{"nothing closed", "<p>a<b>b<i>c<a href=x>", true},
	{"stray end tags", "x</x>", false},
	{"distinct element names", "<a%d></a%d>", true},
	{"distinct attribute names", "<p a%d=1>", true},
	{"formatting opened again", "<font size=%d>x<p>", true},
	{"text out of tables", "<table>x", false},
	{"foreign elements", "<svg><g>", true},
	{"templates", "<template>", true},
	{"many small paragraphs", "<p>x", true},
	{"many line breaks", "<br>x", true},
	{"links in links", "<a>", true},
	{"bold over paragraphs", "<b><p></b>", false},
	{"wrong declarations", "<?x>", false},
	{"less-than signs", "<", false},
};

static struct span repeat(const char *prefix, const char *unit)
{
	char *at = malloc(HOSTILE_BYTES + 256);
	assert_non_null(at);
	size_t len = (size_t)sprintf(at, "%s", prefix);
	for (int i = 0; len < HOSTILE_BYTES; i++) {
		for (const char *u = unit; *u != '\0'; u++) {
			if (u[0] == '%' && u[1] == 'd')
				len += (size_t)sprintf(at + len, "%d", i), u++;
			else
				at[len++] = *u;
		}
	}
	return (struct span){at, len};
}

/* Work and memory are counted, not timed: within the limits for each kind of page. */
static void test_hostile(void **state)
{
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		const struct hostile *h = &hostile[i];
		struct span html =
			repeat(strstr(h->unit, "a%d=1 ") == h->unit ? "<p " : "", h->unit);
		struct arena arena;
		struct html_page page;
		arena_init(&arena, (size_t)64 << 20);
		html_parse(&arena, html, NULL, &page);
		CHECK(h->name, page.document != NULL);
		CHECK(h->name, page.partial == h->stops || page.memory_bytes > (size_t)24 << 20);
		CHECK(h->name, page.memory_bytes <= (size_t)64 << 20);
		CHECK(h->name, page.nodes <= 1000001);
		CHECK(h->name, page.steps <= (uint64_t)HOSTILE_BYTES * 600);
		CHECK(h->name, !arena.failed);
		html_free(&page);
		arena_free(&arena);
		free((char *)html.at);
	}
}

static bool after_some(void *left)
{
	return --*(int *)left < 0;
}

static void test_deadline(void **state)
{
	int left = 3;
	const struct extract_limits limits = {.expired = after_some, .expired_arg = &left};
	struct span html = repeat("", "<p>some text</p>\n");
	struct arena arena;
	struct html_page page;
	arena_init(&arena, (size_t)64 << 20);
	html_parse(&arena, html, &limits, &page);
	assert_true(page.expired);
	assert_true(page.partial);
	assert_true(page.nodes < 5 * 1024);
	html_free(&page);
	arena_free(&arena);
	free((char *)html.at);
}

/* Every text node knows where it stood, also behind the chunks' ends and out of tables. */
static void test_pieces(void **state)
{
	const char *unit = "<p>one &amp; two</p><table>three<tr><td>four</td></tr></table>";
	struct span html = repeat("<title>t</title>", unit);
	html.len = strlen("<title>t</title>") + 600 * strlen(unit);
	struct arena arena;
	struct html_page page;
	arena_init(&arena, (size_t)64 << 20);
	html_parse(&arena, html, NULL, &page);
	lxb_dom_node_t *root =
		lxb_dom_interface_node(lxb_html_document_body_element(page.document));
	size_t found = 0;
	for (lxb_dom_node_t *node = root; node != NULL; node = html_next(root, node, true)) {
		if (node->type != LXB_DOM_NODE_TYPE_TEXT)
			continue;
		const struct html_piece *piece = node->user;
		const lexbor_str_t *data = &((lxb_dom_character_data_t *)node)->data;
		assert_non_null(piece);
		struct span text = {(const char *)data->data, data->length};
		struct span from = span_slice(html, piece->start_byte, piece->end_byte);
		if (memchr(from.at, '&', from.len) == NULL)
			CHECK_SPAN("pieces", from, text);
		found++;
	}
	assert_true(found > 1500);
	html_free(&page);
	arena_free(&arena);
	free((char *)html.at);
}

static void test_attributes(void **state)
{
	struct span html = SPAN("<p data-x=1 CLASS=a class=b>x");
	struct arena arena;
	struct html_page page;
	arena_init(&arena, (size_t)1 << 20);
	html_parse(&arena, html, NULL, &page);
	lxb_dom_node_t *body =
		lxb_dom_interface_node(lxb_html_document_body_element(page.document));
	const lxb_dom_element_t *p = (const lxb_dom_element_t *)body->first_child;
	CHECK_SPAN("first of two", html_attribute(p, SPAN("class")), SPAN("a"));
	CHECK_SPAN("any name", html_attribute(p, SPAN("data-x")), SPAN("1"));
	CHECK_SPAN("none", html_attribute(p, SPAN("id")), SPAN(""));
	html_free(&page);
	arena_free(&arena);
}

/* The limit is one for a tag's, not for a page's. */
static void test_attributes_of_many_tags(void **state)
{
	/* Ten thousand of them; with less text in each their memory would be the limit. */
	static const char tag[] = "<p class=a lang=en>", text[] =
								 "The gulls of the harbour "
								 "slept on the mill, and nobody "
								 "woke them before the ferry came.";
	char unit[sizeof tag + sizeof text];
	sprintf(unit, "%s%s", tag, text);
	struct span html = repeat("", unit);
	struct arena arena;
	struct html_page page;
	arena_init(&arena, (size_t)64 << 20);
	html_parse(&arena, html, NULL, &page);
	CHECK("whole", !page.partial);
	CHECK_SIZE("all text", page.text_bytes, html.len / strlen(unit) * strlen(text));
	html_free(&page);
	arena_free(&arena);
	free((char *)html.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_attributes_of_many_tags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
