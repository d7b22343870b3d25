#include "check.h"

#include "server/cors.h"

static void origins_match_exactly(void **state)
{
	static const char list[] = "https://news.example, http://localhost:3000";
	static const char *const yes[] = {"https://news.example", "http://localhost:3000",
					  "HTTPS://news.example"};
	static const char *const no[] = {"",
					 "null",
					 "https://news.example:443",
					 "http://news.example",
					 "https://news.example.evil.example",
					 "https://sub.news.example",
					 "https://news.exampl",
					 "http://localhost:300"};
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		CHECK(yes[i], cors_allows(list, yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		CHECK(no[i], !cors_allows(list, no[i]));
		CHECK(no[i], !cors_allows("", no[i]));
		CHECK(no[i], cors_allows("*", no[i]));
	}
}

static void lists_are_checked(void **state)
{
	static const char *const good[] = {"",
					   "*",
					   "https://a.example",
					   "http://a:1 , https://b",
					   "https://News.Example:8443",
					   "http://a:443, https://a:80",
					   "http://[::1], http://[::1]:3000",
					   "https://xn--zeitung-9za.example,"};
	static const struct {
		const char *list, *why; /* must be part of the reason */
	} bad[] = {
		{"a.example", "begins with"},
		{"*.a.example", "begins with"},
		{"ftp://a", "begins with"},
		{"https://a,,https://b", "begins with"},
		{"https://", "host is missing"},
		{"https://:8080", "host is missing"},
		{"https://a, https://b/", "without a slash"},
		{"https://a/news", "without a slash"},
		{"https://a b", "ASCII"},
		{"https://n\xC3\xA9ws.example", "xn--"},
		{"https://user@a", "names of users"},
		{"https://*.a.example", "stands alone"},
		{"https://a, *", "stands alone"},
		{"*, https://a", "stands alone"},
		{"https://a:443", "leave out 443"},
		{"http://a:80", "leave out 443"},
		{"http://[::1]:80", "leave out 443"},
		{"https://a:", "a port is a number"},
		{"https://a:0443", "a port is a number"},
		{"https://a:70000", "a port is a number"},
		{"https://a:b", "a port is a number"},
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK(good[i], cors_fault(good[i]) == NULL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *why = cors_fault(bad[i].list);
		CHECK(bad[i].list, why != NULL && strstr(why, bad[i].why) != NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(origins_match_exactly),
		cmocka_unit_test(lists_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
