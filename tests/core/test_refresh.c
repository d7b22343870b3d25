#include "tests/check.h"

#include "core/arena.h"
#include "core/refresh.h"

static const struct {
	const char *content, *url; /* NULL: it leads nowhere soon */
} contents[] = {
	{"0; url=/new", "/new"},
	{"0;url=/new", "/new"},
	{"0,url=/new", "/new"},
	{"0 url=/new", "/new"},
	{"0;/new", "/new"},
	{"0 /new", "/new"},
	{" 0 ; URL = '/new' ", "/new"},
	{"0; Url=\"/new\"; more", "/new"},
	{"0; url='/new", "/new"},
	{"0; url=/new?a='b' \n", "/new?a='b'"},
	{"0.5; url=/new", "/new"},
	{"00010; url=/new", "/new"},
	{"url=/new", "/new"},
	{"0; url", "url"},
	{"0; urls/new", "urls/new"},
	{"", NULL},
	{"0", NULL},
	{"0;", NULL},
	{"0; url=", NULL},
	{"0; url=''", NULL},
	{"/new", NULL},
	{"soon; url=/new", NULL},
	{"-1; url=/new", NULL},
	{"1s; url=/new", NULL},
	{"11; url=/new", NULL},
	{"300; url=/news", NULL},
	{"4294967296; url=/news", NULL},
	{"99999999999999999999999; url=/news", NULL},
};

static void test_read(void **state)
{
	for (size_t i = 0; i < COUNT(contents); i++) {
		struct span url = {NULL, 0};
		bool leads = refresh_read(span_of(contents[i].content), &url);
		CHECK(contents[i].content, leads == (contents[i].url != NULL));
		CHECK(contents[i].content, span_equal(url, span_of(contents[i].url)));
	}
}

static const struct {
	const char *name, *html, *url;
	bool noscript;
} pages[] = {
	{"in the head", "<head><meta http-equiv=Refresh content='0; url=/new'>", "/new", false},
	{"in the body", "<p>Moved<meta http-equiv=REFRESH content='0; url=/new'>", "/new", false},
	{"without scripts", "<noscript><meta http-equiv=refresh content='0; url=/new'></noscript>",
	 "/new", true},
	{"references", "<meta http-equiv=refresh content='0; url=/new?a=1&amp;b=2'>",
	 "/new?a=1&b=2", false},
	{"the first counts",
	 "<meta http-equiv=refresh content='300'>"
	 "<meta http-equiv=refresh content='0; url=/new'>",
	 NULL, false},
	{"another kind", "<meta http-equiv=content-type content='0; url=/new'>", NULL, false},
	{"a name", "<meta name=refresh content='0; url=/new'>", NULL, false},
	{"in a script", "<script>'<meta http-equiv=refresh content=\"0; url=/new\">'</script>",
	 NULL, false},
	{"in a comment", "<!-- <meta http-equiv=refresh content='0; url=/new'> -->", NULL, false},
	{"nothing", "", NULL, false},
};

static void test_find(void **state)
{
	for (size_t i = 0; i < COUNT(pages); i++) {
		struct arena arena;
		struct html_page page;
		struct span url = {NULL, 0};
		arena_init(&arena, (size_t)64 << 20);
		html_parse(&arena, span_of(pages[i].html), NULL, &page);
		CHECK(pages[i].name, refresh_find(&page, true, &url) == (pages[i].url != NULL));
		CHECK(pages[i].name, span_equal(url, span_of(pages[i].url)));
		CHECK(pages[i].name, refresh_find(&page, false, &url) ==
					     (pages[i].url != NULL && !pages[i].noscript));
		html_free(&page);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_find),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
