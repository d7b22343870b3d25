#include "check.h"

#include "server/redis_url.h"

/* Compare in a function of its own: if inlined, the table confuses gcc 12's -Warray-bounds. */
static void check_same(const char *name, const struct redis_address *got,
		       const struct redis_address *want)
{
	CHECK(name, got->tls == want->tls);
	assert_string_equal(got->path, want->path);
	assert_string_equal(got->host, want->host);
	assert_string_equal(got->user, want->user);
	assert_string_equal(got->password, want->password);
	CHECK_SIZE(name, got->port, want->port);
	CHECK_SIZE(name, got->database, want->database);
}

static void every_part_is_read(void **state)
{
	static const struct {
		const char *text;
		struct redis_address want;
		const char *shown;
	} cases[] = {
		{"redis://cache", {.host = "cache", .port = 6379}, "redis://cache:6379/0"},
		{"redis://cache/", {.host = "cache", .port = 6379}, NULL},
		{"rediss://cache.example.org:6380/3",
		 {.tls = true, .host = "cache.example.org", .port = 6380, .database = 3},
		 "rediss://cache.example.org:6380/3"},
		{"redis://127.0.0.1:1/1000000",
		 {.host = "127.0.0.1", .port = 1, .database = 1000000},
		 "redis://127.0.0.1:1/1000000"},
		{"redis://[::1]", {.host = "::1", .port = 6379}, "redis://[::1]:6379/0"},
		{"redis://[2001:db8::7]:65535/9",
		 {.host = "2001:db8::7", .port = 65535, .database = 9},
		 "redis://[2001:db8::7]:65535/9"},
		{"redis://:word@cache",
		 {.host = "cache", .port = 6379, .password = "word"},
		 "redis://***@cache:6379/0"},
		{"redis://reader:p%40ss%3a%2Fw%C3%B6rd@cache:7000",
		 {.host = "cache", .port = 7000, .user = "reader", .password = "p@ss:/w\xc3\xb6rd"},
		 "redis://***@cache:7000/0"},
		{"redis://a:b@c:d@cache",
		 {.host = "cache", .port = 6379, .user = "a", .password = "b@c:d"},
		 NULL},
		{"unix:///run/redis.sock",
		 {.path = "/run/redis.sock"},
		 "unix:///run/redis.sock?db=0"},
		{"redis+unix://me:word@/run/a%20b?db=4",
		 {.path = "/run/a b", .user = "me", .password = "word", .database = 4},
		 "unix://***@/run/a b?db=4"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *name = cases[i].text;
		struct redis_address got;
		char shown[REDIS_URL_SHOWN_MAX];
		CHECK(name, redis_url_parse(name, &got));
		check_same(name, &got, &cases[i].want);
		if (cases[i].shown != NULL)
			CHECK_SPAN(name, span_of(redis_url_show(&got, shown)),
				   span_of(cases[i].shown));
	}
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"cache",
		"cache:6379",
		"http://cache",
		"REDIS://cache",
		"redis:/cache",
		"redis://",
		"redis:///0",
		"redis://:6379",
		/* ports and databases */
		"redis://cache:",
		"redis://cache:0",
		"redis://cache:65536",
		"redis://cache:+1",
		"redis://cache:99999999999999999999",
		"redis://cache/a",
		"redis://cache/-1",
		"redis://cache/1000001",
		"redis://cache/1/2",
		"redis://cache/1?x=1",
		"redis://cache?db=1",
		"redis://cache#1",
		/* hosts */
		"redis://ca che",
		"redis://ca%63he",
		"redis://[::1",
		"redis://[]",
		"redis://[::1]x",
		"redis://::1",
		/* who logs in */
		"redis://word@cache",
		"redis://@cache",
		"redis://me:@cache",
		"redis://:@cache",
		"redis://:a%0@cache",
		"redis://:a%zz@cache",
		"redis://:a%00b@cache",
		"redis://a/b:c@cache",
		/* sockets */
		"unix://",
		"unix://run/redis.sock",
		"unix://me:word@",
		"unix:///a?database=1",
		"unix:///a?db=",
		"unix:///a?db=x",
		"unix:///a%00b",
		"unix://x@/a",
		"unix://?db=1",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct redis_address got;
		CHECK(cases[i], !redis_url_parse(cases[i], &got));
	}
}

/* Is a URL of `before`, `len` times the letter a, and `after` an address? */
static bool parses(const char *before, size_t len, const char *after)
{
	char text[1024];
	struct redis_address got;
	memset(text, 'a', sizeof(text));
	memcpy(text, before, strlen(before));
	strcpy(text + strlen(before) + len, after);
	return redis_url_parse(text, &got);
}

static void lengths_are_bounded(void **state)
{
	assert_true(parses("redis://", REDIS_HOST_MAX, ":1/1"));
	assert_false(parses("redis://", REDIS_HOST_MAX + 1, ":1/1"));
	assert_true(parses("redis://:", REDIS_PASSWORD_MAX, "@b"));
	assert_false(parses("redis://:", REDIS_PASSWORD_MAX + 1, "@b"));
	assert_true(parses("redis://", REDIS_NAME_MAX, ":b@c"));
	assert_false(parses("redis://", REDIS_NAME_MAX + 1, ":b@c"));
	assert_true(parses("unix:///", REDIS_PATH_MAX - 1, ""));
	assert_false(parses("unix:///", REDIS_PATH_MAX, ""));
}

static void the_longest_address_is_shown_whole(void **state)
{
	struct redis_address address = {
		.tls = true, .port = 65535, .database = 1000000, .password = "word"};
	char shown[REDIS_URL_SHOWN_MAX];
	memset(address.host, ':', REDIS_HOST_MAX);
	redis_url_show(&address, shown);
	assert_string_equal(shown + strlen(shown) - strlen("]:65535/1000000"), "]:65535/1000000");
	assert_null(strstr(shown, "word"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_is_read),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(lengths_are_bounded),
		cmocka_unit_test(the_longest_address_is_shown_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
