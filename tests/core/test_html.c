#include "tests/check.h"

#include "tests/html_check.h"

enum { HOSTILE_BYTES = 1 << 20 };

/* `%d` becomes a rising number, so that names and values differ. */
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

/* A small ceiling still reads a small page, and stops a large one. */
static void test_small_ceiling(void **state)
{
	const struct extract_limits limits = {.max_memory_bytes = (size_t)1 << 20};
	struct span small = SPAN("<p>some text</p>"), large = repeat("", "<p>some text</p>\n");
	struct arena arena;
	struct html_page page;
	arena_init(&arena, (size_t)64 << 20);
	html_parse(&arena, small, &limits, &page);
	assert_false(page.partial);
	assert_int_equal(page.text_bytes, strlen("some text"));
	html_free(&page);
	html_parse(&arena, large, &limits, &page);
	assert_true(page.partial);
	assert_true(page.memory_bytes > (size_t)1 << 18 && page.memory_bytes < (size_t)1 << 20);
	html_free(&page);
	arena_free(&arena);
	free((char *)large.at);
}

/* Every text node knows where it was in the page, even across chunks and when moved out of
 * tables. */
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
	struct span html = SPAN("<p data-x=1 REL=1 CLASS=a class=b>x");
	struct arena arena;
	struct html_page page;
	arena_init(&arena, (size_t)1 << 20);
	html_parse(&arena, html, NULL, &page);
	lxb_dom_node_t *body =
		lxb_dom_interface_node(lxb_html_document_body_element(page.document));
	const lxb_dom_element_t *p = (const lxb_dom_element_t *)body->first_child;
	CHECK_SPAN("first of two", html_attribute(p, SPAN("class")), SPAN("a"));
	CHECK_SPAN("asked for", html_attribute(p, SPAN("rel")), SPAN("1"));
	CHECK_SPAN("not asked for", html_attribute(p, SPAN("data-x")), SPAN(""));
	CHECK_SPAN("none", html_attribute(p, SPAN("id")), SPAN(""));
	CHECK("in the page", html_has_attribute(&page, SPAN("rel")));
	CHECK("not in the page", !html_has_attribute(&page, SPAN("itemprop")));
	html_free(&page);
	arena_free(&arena);
}

/* The limit applies to each tag's attributes, not to a page's. */
static void test_attributes_of_many_tags(void **state)
{
	/* Ten thousand tags; with less text in each, their memory would be the limit. */
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

/* We find the ends of scripts and styles ourselves; the tokenizer's own way is the model. */
static const struct {
	const char *name, *html;
} raws[] = {
	{"plain", "<script>a < b</script>x<style>p > a { }</style>y"},
	{"empty", "<script></script><style></style><script src=x></script>x"},
	{"upper case", "<SCRIPT>a</ScRiPt>x<STYLE>b</sTyLe>y"},
	{"end tags with more", "<script>a</script\n>x<script>b</script/>y<style>c</style x=1>z"},
	{"other end tags", "<script>a</scripts></style></ script>b</script>x"},
	{"vertical tab", "<script>a</script\v>b</script>x"},
	{"escaped", "<script>a<!-- <script>b</script>c --> d</script>x"},
	{"escaped and open", "<script>a<!-- <script>b</script>c</script>x"},
	{"comment in a style", "<style><!-- p { } --></style>x"},
	{"a script in a style", "<style><script></script></style>x"},
	{"never closed", "<p>x<script>a</scrip"},
	{"a style never closed", "<p>x<style>a</styl"},
	{"closed at the end", "<p>x<script>a</script"},
	{"in foreign elements", "<svg><script>a<b></script><style>c<i></style></svg>x"},
	{"in tables", "<table><script>a<td></script><tr><td>x<style><td></style>y</table>"},
	{"in select and template",
	 "<select><script>a</script></select><template><script>b</script>"},
	{"line feeds", "<script>a\r\nb\rc</script>x"},
	{"in the head", "<head><title>t</title><script>a</script><style>b</style></head>x"},
	{"text areas", "<textarea><script>a</script></textarea><title><style></title>x"},
	{"formatting", "<p><b x=1><b x=2><b x=3><b x=4><b x=5>x<p>y<a y=1>z<a y=2>w"},
};

static void test_raw(void **state)
{
	for (size_t i = 0; i < sizeof(raws) / sizeof(raws[0]); i++) {
		/* At every place around the end of a chunk. */
		for (size_t before = 4096 - 60; before < 4096 + 4; before++) {
			char html[6000];
			memset(html, 'm', before);
			strcpy(html + before, raws[i].html);
			const char *fault = html_fault(span_of(html));
			if (fault != NULL)
				fail_msg("%s, %zu before: not so: %s", raws[i].name, before, fault);
		}
	}
}

static void test_script(void **state)
{
	struct span html = SPAN("<script type=x>a &amp; b</script><script><!-- c --></script>"
				"<script>d\0e</script>");
	struct arena arena;
	struct html_page page;
	arena_init(&arena, (size_t)1 << 20);
	html_parse(&arena, html, NULL, &page);
	const lxb_dom_node_t *script =
		lxb_dom_interface_node(lxb_html_document_head_element(page.document))->first_child;
	struct span content = html_script(&page, script);
	CHECK_SPAN("as in the page", content, SPAN("a &amp; b"));
	assert_ptr_equal(content.at, html.at + strlen("<script type=x>"));
	assert_null(script->first_child);
	CHECK_SPAN("by the tokenizer", html_script(&page, script->next), SPAN("<!-- c -->"));
	CHECK_SPAN("without NULs", html_script(&page, script->next->next), SPAN("d\uFFFDe"));
	html_free(&page);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_small_ceiling),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_attributes_of_many_tags),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_script),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
