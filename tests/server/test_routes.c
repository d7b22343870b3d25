#include "check.h"

#include "server/routes.h"

static void only_exact_paths_are_served(void **state)
{
	assert_non_null(route_find("/v1/summaries"));
	assert_non_null(route_find("/livez"));
	static const char *const unknown[] = {"",    "/v1/summaries/", "/V1/summaries",
					      "/v1", "/livez?",        "*"};
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		CHECK(unknown[i], route_find(unknown[i]) == NULL);
}

static void absolute_targets_have_the_path_behind_the_host(void **state)
{
	static const struct {
		const char *target, *path;
	} cases[] = {
		{"/livez", "/livez"},
		{"http://a/livez", "/livez"},
		{"HTTPS://news.example:443/v1/summaries", "/v1/summaries"},
		{"http://[::1]:80/livez", "/livez"},
		{"http://a", "/"},
		{"http://a/", "/"},
		{"http://a//livez", "//livez"},
		{"http://a/http://b/livez", "/http://b/livez"},
		{"http:///livez", "http:///livez"},
		{"http://", "http://"},
		{"http://user@a/livez", "http://user@a/livez"},
		{"http://a\\b/livez", "http://a\\b/livez"},
		{"http:/livez", "http:/livez"},
		{"ftp://a/livez", "ftp://a/livez"},
		{"//a/livez", "//a/livez"},
		{"*", "*"},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_SPAN(cases[i].target, span_of(route_path(cases[i].target)),
			   span_of(cases[i].path));
}

static void only_whole_methods_are_allowed(void **state)
{
	const struct route *route = route_find("/v1/summaries");
	static const char *const yes[] = {"GET", "HEAD", "POST", "OPTIONS"};
	static const char *const no[] = {"", "G", "OST", "PUT", "GET,", "get", "HEAD, POST"};
	for (size_t i = 0; i < 4; i++)
		CHECK(yes[i], route_allows(route, yes[i]));
	for (size_t i = 0; i < 6; i++)
		CHECK(no[i], !route_allows(route, no[i]));
	assert_false(route_allows(route_find("/livez"), "POST"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_exact_paths_are_served),
		cmocka_unit_test(absolute_targets_have_the_path_behind_the_host),
		cmocka_unit_test(only_whole_methods_are_allowed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
