#include "tests/check.h"

#include "core/arena.h"
#include "core/extract.h"
#include "core/html.h"
#include "core/pagekind_declared.h"

static const size_t plenty_bytes = (size_t)64 << 20;
static const struct span nothing = {NULL, 0};

static const struct {
	const char *name, *head;
	uint32_t kinds;
	bool article;
} declarations[] = {
	{"nothing", "", 0, false},
	{"og:type article", "<meta property=og:type content=article>", DECLARED_OG_ARTICLE, true},
	{"og:type website", "<meta property=og:type content=website>", DECLARED_OG_WEBSITE, false},
	{"og:type product", "<meta property=og:type content=product>", DECLARED_OG_OTHER, false},
	{"date", "<meta property=article:published_time content=2026-01-02>", DECLARED_PUBLISHED,
	 true},
	{"JSON-LD", "<script type=application/ld+json>{\"@type\": \"NewsArticle\"}</script>",
	 DECLARED_ARTICLE, true},
	{"JSON-LD, list",
	 "<script type=application/ld+json>{\"@type\":[\"Thing\",\"ItemList\"]}</script>",
	 DECLARED_LISTING, false},
	{"JSON-LD, two",
	 "<script "
	 "type=application/ld+json>[{\"@type\":\"Product\"},{\"@type\":\"QAPage\"}]</script>",
	 DECLARED_PRODUCT | DECLARED_FORUM, false},
	{"JSON-LD, cut off", "<script type=application/ld+json>{\"@type\": \"NewsArt</script>", 0,
	 false},
	{"an address that is missing", "<link rel=canonical>", 0, false},
	{"another script", "<script>{\"@type\": \"NewsArticle\"}</script>", 0, false},
};

static void test_declared(void **state)
{
	for (size_t i = 0; i < sizeof(declarations) / sizeof(declarations[0]); i++) {
		const char *name = declarations[i].name;
		struct arena arena;
		struct html_page page;
		struct declared declared;
		arena_init(&arena, plenty_bytes);
		html_parse(&arena, span_of(declarations[i].head), NULL, &page);
		declared_read_head(&page, &declared);
		CHECK_SIZE(name, declared.kinds, declarations[i].kinds);
		CHECK(name, declares_article(&declared) == declarations[i].article);
		html_free(&page);
		arena_free(&arena);
	}
}

static const struct {
	const char *url;
	uint32_t depth, slug_len, hyphens;
} addresses[] = {
	{"https://example.org/", 0, 0, 0},
	{"https://example.org", 0, 0, 0},
	{"https://example.org/news/", 1, 4, 0},
	{"https://example.org/2026/01/a-short-walk?from=mail#top", 3, 12, 2},
	{"/local/path", 2, 4, 0},
};

static void test_address(void **state)
{
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		char head[256];
		snprintf(head, sizeof(head), "<link rel=canonical href='%s'>", addresses[i].url);
		struct arena arena;
		struct html_page page;
		struct declared declared;
		arena_init(&arena, plenty_bytes);
		html_parse(&arena, span_of(head), NULL, &page);
		declared_read_head(&page, &declared);
		CHECK(addresses[i].url, declared.addressed);
		CHECK_SIZE(addresses[i].url, declared.path_depth, addresses[i].depth);
		CHECK_SIZE(addresses[i].url, declared.slug_len, addresses[i].slug_len);
		CHECK_SIZE(addresses[i].url, declared.hyphens, addresses[i].hyphens);
		html_free(&page);
		arena_free(&arena);
	}
}

#define SENTENCES                                                                                  \
	"The river rose by a metre in one night, and the lower road was closed before dawn. "      \
	"Nobody "                                                                                  \
	"was hurt, but the ferry stays in harbour until the water falls again."

/* `unit` twelve times, with a number where it says %d, between `head` and the end. */
static struct span make_page(const char *head, const char *unit, char *room, size_t size)
{
	size_t len = (size_t)snprintf(room, size, "%s", head);
	for (int i = 1; i <= 12; i++) {
		len += (size_t)snprintf(room + len, size - len, unit, i, i);
	}
	return (struct span){room, len};
}

static const struct {
	const char *name, *head, *unit, *seen;
} kinds[] = {
	{"index with long teasers",
	 "<title>The Ferry Post</title><meta property=og:type content=website><body><h1>News</h1>",
	 "<div class=card><h2><a href=/story/%d>The river and the %d ferries of the north</a></h2>"
	 "<p>" SENTENCES "</p></div>",
	 "a list of links to other pages"},
	{"the same, called an article",
	 "<title>The Ferry Post</title><meta property=og:type content=article><body><h1>News</h1>",
	 "<div class=card><h2><a href=/story/%d>The river and the %d ferries of the north</a></h2>"
	 "<p>" SENTENCES "</p></div>",
	 NULL},
	{"a manual whose headings link to themselves",
	 "<title>The manual</title><meta property=og:type content=website><body><h1>Manual</h1>",
	 "<section><h2><a href=#part-%d>How to row the %d boats of the north</a></h2><p>" SENTENCES
	 "</p></section>",
	 NULL},
	{"a manual in plain words",
	 "<title>The manual</title><meta property=og:type content=website><body><h1>Manual</h1>",
	 "<section id=part%d><h2>How to row the %d boats of the north</h2><p>" SENTENCES
	 "</p></section>",
	 NULL},
	{"moved",
	 "<title>Redirecting</title><meta http-equiv=Refresh content='0; URL=/new'>"
	 "<h1>Redirecting</h1><p>Click <a href=/new>here</a> if you are not taken there at once.",
	 "", "a page that only leads to another one"},
	{"moved, with a script for it",
	 "<title>Redirecting</title><script>location='/new'</script>"
	 "<meta http-equiv=refresh content='url=/new'><p>You should have been redirected.",
	 "", "a page that only leads to another one"},
	{"moved, and nothing else to see",
	 "<meta http-equiv=refresh content='0; url=/new'><script>location='/new'</script>", "",
	 "a page that only leads to another one"},
	{"the same where there are no scripts",
	 "<head><noscript><meta http-equiv=refresh content='0; url=/new'></noscript>"
	 "<title>/new</title></head><script>location='/new'</script>",
	 "", "a page that only leads to another one"},
	{"not there, and led away",
	 "<title>Page not found</title><meta http-equiv=refresh content='5; url=/'>"
	 "<h1>Page not found</h1><p>We bring you to our home page.",
	 "", "an error page"},
	{"moved where there are no scripts",
	 "<title>The river</title><noscript><meta http-equiv=refresh content='0; url=/plain'>"
	 "</noscript><h1>The river</h1><p>" SENTENCES,
	 "", NULL},
	{"not there", "<title>Page not found</title><h1>Page not found</h1><p>We looked for it.",
	 "", "an error page"},
	{"not there, by its heading",
	 "<title>The Ferry Post</title><h2>Page not found</h2><p>We looked for it.", "",
	 "an error page"},
	{"news of what is not there",
	 "<title>Page not found: how a book lost its end</title><h1>Page not found</h1>",
	 "<p id=p%d>The ferry %d waits. " SENTENCES, NULL},
	{"what a search found",
	 "<title>Search results for ferry</title><h1>Ferry</h1><p>The ferry waits in the harbour.",
	 "", "a page of search results"},
	{"what a search found, by its heading",
	 "<title>The Ferry Post</title><h2>Search results</h2><p>The ferry waits.", "",
	 "a page of search results"},
	{"news of a search",
	 "<title>Search results for the lost ferry are in</title><h1>The lost ferry</h1>",
	 "<p id=p%d>The ferry %d waits. " SENTENCES, NULL},
	{"a password is asked for",
	 "<title>Log in</title><h1>Log in</h1><form><label>Name<input></label>"
	 "<input type=password></form>",
	 "", "a login page"},
	{"news with a form to log in",
	 "<title>Log in to the river</title><form><input type=password></form><h1>Log in</h1>",
	 "<p id=p%d>The ferry %d waits. " SENTENCES, NULL},
	{"scripts are asked for",
	 "<title>The river</title><noscript>Please enable JavaScript to read this page.</noscript>",
	 "", "a page that asks for a browser with scripts"},
	{"nothing to read", "<title>The river</title><nav><a href=/>Home</a></nav>", "",
	 "a page without text of its own"},
	{"a file of JSON as browsers show it",
	 "<meta name=color-scheme content='light dark'><body><pre>{\"title\":\"The "
	 "river\",\"text\":"
	 "\"" SENTENCES "\"}</pre><div class=json-formatter-container></div>",
	 "", "data for programs"},
	{"the same, laid out for readers",
	 "<pre><div>[\n  {\n    \"text\": \"" SENTENCES "\"\n  }\n]</div></pre>", "",
	 "data for programs"},
	{"an article in brackets",
	 "<title>The river</title><p>[The river rose.] It was \"fine\": " SENTENCES " [End]", "",
	 NULL},
	{"news that load themselves anew",
	 "<title>The river</title><meta http-equiv=refresh content='300; url=/news'>"
	 "<h1>The river</h1><p>" SENTENCES,
	 "", NULL},
	{"an article that leads on when it has been read",
	 "<title>The river</title><meta http-equiv=refresh content='9; url=/news'>"
	 "<h1>The river</h1>",
	 "<p id=p%d>The ferry %d waits. " SENTENCES, NULL},
};

static void test_kinds(void **state)
{
	static char room[1 << 14];
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct span html = make_page(kinds[i].head, kinds[i].unit, room, sizeof(room));
		struct arena arena;
		struct article article;
		arena_init(&arena, plenty_bytes);
		enum extract_status status =
			extract_article(&arena, html, nothing, false, NULL, &article);
		CHECK(kinds[i].name,
		      status == (kinds[i].seen == NULL ? EXTRACT_OK : EXTRACT_NO_ARTICLE));
		if (kinds[i].seen != NULL)
			assert_string_equal(article.seen, kinds[i].seen);
		arena_free(&arena);
	}
}

static const struct {
	const char *name, *html, *leads_to;
	bool little;
} ways[] = {
	{"from the page", "<meta http-equiv=refresh content='0; url=new?a#b'>",
	 "https://example.org/a/new?a#b", true},
	{"from its base",
	 "<base target=_top><base href=/c/><base href=/d/>"
	 "<meta http-equiv=refresh content='0; url=new'>",
	 "https://example.org/c/new", true},
	{"from a base elsewhere",
	 "<base href=//example.com><meta http-equiv=refresh content='0; url=new'>",
	 "https://example.com/new", true},
	{"from a base that is none",
	 "<base href=data:x><base href=/c/><meta http-equiv=refresh content='0; url=new'>",
	 "https://example.org/a/new", true},
	{"to a mail", "<meta http-equiv=refresh content='0; url=mailto:a@example.org'>", "", true},
	{"to a script", "<meta http-equiv=refresh content='0; url=javascript:alert(1)'>", "", true},
	{"nowhere", "<p>The ferry waits in the harbour of the old town.", "", true},
	{"an article", "<p>" SENTENCES SENTENCES SENTENCES "<p>" SENTENCES SENTENCES SENTENCES, "",
	 false},
	{"not there", "<title>404</title><meta http-equiv=refresh content='0; url=/'><p>Sorry.", "",
	 false},
};

static void test_leads_to(void **state)
{
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct arena arena;
		struct article article;
		arena_init(&arena, plenty_bytes);
		extract_article(&arena, span_of(ways[i].html), SPAN("https://example.org/a/b"),
				false, NULL, &article);
		CHECK(ways[i].name, span_equal(article.leads_to, span_of(ways[i].leads_to)));
		CHECK(ways[i].name, article.little == ways[i].little);
		/* A page that was sent as an article leads nowhere. */
		extract_article(&arena, span_of(ways[i].html), SPAN("https://example.org/a/b"),
				true, NULL, &article);
		CHECK(ways[i].name, article.leads_to.len == 0 && !article.little);
		arena_free(&arena);
	}
}

static const struct {
	const char *name, *text;
	bool partial;
} teasers[] = {
	{"whole", "<p>" SENTENCES "</p><p>" SENTENCES "</p>", false},
	{"breaks off", "<p>" SENTENCES "</p><p>" SENTENCES " And when the council met …</p>", true},
	{"three dots", "<p>" SENTENCES "</p><p>" SENTENCES " And when the council met...</p>",
	 true},
	{"behind a paywall",
	 "<p>" SENTENCES "</p><p>" SENTENCES
	 "</p><div class=paywall><h3>Subscribe to continue reading</h3></div>",
	 true},
	{"in its data",
	 "<p>" SENTENCES "</p><p>" SENTENCES
	 "</p><script type=application/ld+json>{\"isAccessibleForFree\": \"False\"}</script>",
	 true},
};

static void test_partial(void **state)
{
	for (size_t i = 0; i < sizeof(teasers) / sizeof(teasers[0]); i++) {
		char html[2048];
		snprintf(html, sizeof(html),
			 "<title>The river</title><body><article><h1>The river</h1>%s</article>",
			 teasers[i].text);
		struct arena arena;
		struct article article;
		arena_init(&arena, plenty_bytes);
		CHECK(teasers[i].name, extract_article(&arena, span_of(html), nothing, false, NULL,
						       &article) == EXTRACT_OK);
		CHECK(teasers[i].name, article.partial == teasers[i].partial);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_declared), cmocka_unit_test(test_address),
		cmocka_unit_test(test_kinds),    cmocka_unit_test(test_leads_to),
		cmocka_unit_test(test_partial),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
