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
	static const char *const good[] = {"", "*", "https://a.example", "http://a:1 , https://b"};
	static const char *const bad[] = {"a.example", "https://",    "https://a/",
					  "ftp://a",   "https://a b", "*.a.example"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK(good[i], cors_check(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(bad[i], !cors_check(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(origins_match_exactly),
		cmocka_unit_test(lists_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
