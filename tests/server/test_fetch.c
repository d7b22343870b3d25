/* What downloads from a loopback origin return, and that nothing forbidden is dialled. */
#include "tests/server/fetch_check.h"

#include <dlfcn.h>
#include <netdb.h>

static struct addrinfo crowd[1000];

/* Replaces the C library's: a name with more addresses than there is room for. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		struct addrinfo **out)
{
	typedef int look_up(const char *, const char *, const struct addrinfo *,
			    struct addrinfo **);
	static struct sockaddr_in public = {.sin_family = AF_INET};
	if (strcmp(host, "crowd.example") != 0)
		return ((look_up *)dlsym(RTLD_NEXT, "getaddrinfo"))(host, service, hints, out);
	public.sin_addr.s_addr = htonl(0x08080808);
	for (size_t i = 0; i < sizeof crowd / sizeof crowd[0]; i++)
		crowd[i] = (struct addrinfo){.ai_family = AF_INET,
					     .ai_addr = (struct sockaddr *)&public,
					     .ai_addrlen = sizeof public,
					     .ai_next = i > 0 ? &crowd[i - 1] : NULL};
	*out = &crowd[sizeof crowd / sizeof crowd[0] - 1];
	return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
	typedef void give_back(struct addrinfo *);
	if (list < crowd || list >= crowd + sizeof crowd / sizeof crowd[0])
		((give_back *)dlsym(RTLD_NEXT, "freeaddrinfo"))(list);
}

static void test_answers(void **state)
{
	static const struct {
		const char *path;
		enum fetch_status status;
		int http_status;
		const char *body;
	} cases[] = {
		{"/page", FETCH_OK, 200, "hello"},
		{"/kept", FETCH_OK, 200, "hello"},
		{"/untyped", FETCH_OK, 200, "hello"},
		{"/untyped-pdf", FETCH_NOT_HTML, 200, NULL},
		{"/untyped-binary", FETCH_NOT_HTML, 200, NULL},
		{"/untyped-utf16", FETCH_OK, 200, "\xFE\xFF\x05\xD0\x05\xD1"},
		{"/xhtml", FETCH_OK, 200, "ok"},
		{"/plain", FETCH_OK, 200, "ok"},
		{"/until-close", FETCH_OK, 200, "until close"},
		{"/chunked", FETCH_OK, 200, "abcde"},
		{"/empty", FETCH_OK, 200, ""},
		{"/early-hints", FETCH_OK, 200, "ok"},
		{"/rss", FETCH_NOT_HTML, 200, NULL},
		{"/docx", FETCH_NOT_HTML, 200, NULL},
		{"/pdf", FETCH_NOT_HTML, 200, NULL},
		{"/json", FETCH_NOT_HTML, 200, NULL},
		{"/xml", FETCH_NOT_HTML, 200, NULL},
		{"/404", FETCH_STATUS, 404, NULL},
		{"/403", FETCH_STATUS, 403, NULL},
		{"/401", FETCH_STATUS, 401, NULL},
		{"/407", FETCH_STATUS, 407, NULL},
		{"/500", FETCH_STATUS, 500, NULL},
		{"/204", FETCH_STATUS, 204, NULL},
		{"/206", FETCH_STATUS, 206, NULL},
		{"/304", FETCH_STATUS, 304, NULL},
		{"/300", FETCH_STATUS, 300, NULL},
		{"/999", FETCH_STATUS, 999, NULL},
		{"/too-large", FETCH_TOO_LARGE, 200, NULL},
		{"/endless", FETCH_TOO_LARGE, 200, NULL},
		{"/endless-head", FETCH_TOO_LARGE, 0, NULL},
		{"/cut", FETCH_UNREACHABLE, 200, NULL},
		{"/cut-chunk", FETCH_UNREACHABLE, 200, NULL},
		{"/bad-chunk", FETCH_UNREACHABLE, 200, NULL},
		{"/nothing", FETCH_UNREACHABLE, 0, NULL},
		{"/http09", FETCH_UNREACHABLE, 0, NULL},
		{"/garbage", FETCH_UNREACHABLE, 0, NULL},
		{"/minus", FETCH_UNREACHABLE, 0, NULL},
		{"/not-gzip", FETCH_UNREACHABLE, 200, NULL},
		{"/zstd", FETCH_UNREACHABLE, 200, NULL},
		{"/zstd-second", FETCH_UNREACHABLE, 200, NULL},
		{"/te-gzip", FETCH_UNREACHABLE, 0, NULL},
		{"/to-page", FETCH_OK, 200, "hello"},
		{"/to-flood", FETCH_OK, 200, "hello"},
		{"/to-absolute", FETCH_OK, 200, "hello"},
		{"/307", FETCH_OK, 200, "hello"},
		{"/308", FETCH_OK, 200, "hello"},
		{"/loop", FETCH_STATUS, 302, NULL},
		{"/nowhere", FETCH_STATUS, 302, NULL},
		{"/to-ftp", FETCH_REFUSED, 302, NULL},
		{"/to-file", FETCH_REFUSED, 302, NULL},
		{"/to-user", FETCH_REFUSED, 302, NULL},
		{"/to-private", FETCH_REFUSED, 302, NULL},
		{"/to-metadata", FETCH_REFUSED, 302, NULL},
		{"/to-mixed", FETCH_REFUSED, 302, NULL},
		{"/to-https", FETCH_UNREACHABLE, 0, NULL},
	};
	struct origin origin;
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	struct budget budget = {.max_bytes = 64 << 20};
	size_t kept = 0;
	options.budget = &budget;
	struct fetcher *fetcher = fetcher_new(&options);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char url[128];
		struct wait wait;
		snprintf(url, sizeof url, "http://127.0.0.1:%u%s", origin.port, cases[i].path);
		struct fetch_result result = fetch(fetcher, url, &wait);
		if (result.status != cases[i].status)
			fail_msg("%s: status %d (%s), want %d", cases[i].path, result.status,
				 result.why, cases[i].status);
		if (cases[i].http_status != 0)
			CHECK_SIZE(cases[i].path, (size_t)result.http_status,
				   (size_t)cases[i].http_status);
		CHECK(cases[i].path, (result.body == NULL) == (cases[i].body == NULL));
		CHECK(cases[i].path, (result.why[0] == '\0') == (result.status == FETCH_OK));
		if (result.body != NULL) {
			CHECK_SPAN(cases[i].path, span_of(result.body), span_of(cases[i].body));
			CHECK_SIZE(cases[i].path, result.body_len, strlen(cases[i].body));
			CHECK(cases[i].path, result.body_room > result.body_len);
			kept += result.body_room;
		}
		free(result.body);
	}
	assert_int_equal(budget.used_bytes, kept);
	budget_give(&budget, kept);
	fetcher_free(fetcher);
	origin_stop(&origin);
}

static void test_details(void **state)
{
	struct origin origin;
	char url[128], want[128];
	struct wait wait;
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	/* The environment must not matter. */
	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	setenv("all_proxy", "http://127.0.0.1:1/", 1);
	struct fetcher *fetcher = fetcher_new(&options);

	snprintf(url, sizeof url, "http://One.example:%u/to-page", origin.port);
	snprintf(want, sizeof want, "http://one.example:%u/page?a", origin.port);
	struct fetch_result result = fetch(fetcher, url, &wait);
	assert_int_equal(result.status, FETCH_OK);
	assert_string_equal(wait.url, want);
	assert_string_equal(result.content_type, "text/html");
	assert_string_equal(result.charset, "utf-8");
	assert_int_equal(result.redirects, 1);
	assert_true(result.elapsed_us > 0);
	free(result.body);
	snprintf(want, sizeof want, "Host: one.example:%u\r\n", origin.port);
	pthread_mutex_lock(&origin.lock);
	assert_non_null(strstr(origin.last_head, want));
	assert_null(strstr(origin.last_head, "Cookie"));
	assert_null(strstr(origin.last_head, "Authorization"));
	assert_null(strstr(origin.last_head, "Referer"));
	pthread_mutex_unlock(&origin.lock);

	snprintf(url, sizeof url, "http://one.example:%u/plain", origin.port);
	result = fetch(fetcher, url, &wait);
	assert_string_equal(result.content_type, "text/plain");
	assert_string_equal(result.charset, "koi8-r");
	free(result.body);

	/* The next address is tried when the first does not answer. */
	snprintf(url, sizeof url, "http://dead.example:%u/page", origin.port);
	result = fetch(fetcher, url, &wait);
	assert_int_equal(result.status, FETCH_OK);
	free(result.body);

	fetcher_free(fetcher);
	origin_stop(&origin);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
}

/* No answer of this table may lead to a connection. */
static void test_refused(void **state)
{
	static const char *const hosts[] = {
		"127.0.0.1",
		"127.1",
		"2130706433",
		"0x7f000001",
		"0177.0.0.1",
		"0x7f.1",
		"0",
		"0.0.0.0",
		"127.0.0.1.",
		"localhost",
		"LOCALHOST",
		"localhost.",
		"%6cocalhost",
		"127%2e0.0.1",
		"\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1",
		("127\xE3\x80\x82"
		 "1"),
		"[::1]",
		"[::]",
		"[::ffff:127.0.0.1]",
		"[::127.0.0.1]",
		"[::ffff:0:127.0.0.1]",
		"[64:ff9b::127.0.0.1]",
		"[64:ff9b:1::7f00:1]",
		"[2002:7f00:1::]",
		"[2001:0:7f00:1::]",
		"[fe80::1]",
		"[::1%25lo]",
		"user@127.0.0.1",
		"user:pass@one.example",
		"one.example\\@127.0.0.1",
		"one.example",
		"mixed.example",
		"private.example",
		"many.example",
		"rebind.example",
		"one.example%00",
		"127.0.0.1\t",
		"127.0.0.1\r\nHost:x",
		"localho\xC5\xBFt",
		"169.254.169.254",
		"168.63.129.16",
	};
	struct origin origin, origin6;
	origin_start(&origin, "127.0.0.1");
	origin_start(&origin6, "::1");
	struct fetch_options options = {
		.resolve = resolve, .timeout_ms = 60000, .max_redirects = 3};
	struct fetcher *fetcher = fetcher_new(&options);
	for (size_t i = 0; i < 2 * sizeof hosts / sizeof hosts[0]; i++) {
		char url[256];
		struct wait wait;
		snprintf(url, sizeof url, "http://%s:%u/page", hosts[i / 2],
			 i % 2 == 0 ? origin.port : origin6.port);
		struct fetch_result result = fetch(fetcher, url, &wait);
		CHECK(url, result.status == FETCH_REFUSED);
		CHECK(url, result.http_status == 0);
	}
	fetcher_free(fetcher);
	assert_int_equal(origin.connections, 0);
	assert_int_equal(origin6.connections, 0);
	origin_stop(&origin);
	origin_stop(&origin6);
}

/* Names whose every answer must be good, on a listener that would answer. */
static void test_names(void **state)
{
	static const struct {
		const char *host;
		enum fetch_status status;
	} cases[] = {
		{"mixed.example", FETCH_REFUSED},    {"mixed6.example", FETCH_REFUSED},
		{"private.example", FETCH_REFUSED},  {"many.example", FETCH_REFUSED},
		{"none.example", FETCH_UNREACHABLE}, {"broken.example", FETCH_UNREACHABLE},
	};
	struct origin origin;
	char url[128];
	struct wait wait;
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	struct fetcher *fetcher = fetcher_new(&options);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(url, sizeof url, "http://%s:%u/page", cases[i].host, origin.port);
		CHECK(url, fetch(fetcher, url, &wait).status == cases[i].status);
	}
	assert_int_equal(origin.connections, 0);

	/* The name is looked up once per hop, and the addresses dialled are those judged; the
	 * next download looks it up again, although a connection to the first address is still
	 * open. */
	rebind_calls = 0;
	snprintf(url, sizeof url, "http://rebind.example:%u/kept", origin.port);
	struct fetch_result result = fetch(fetcher, url, &wait);
	assert_int_equal(result.status, FETCH_OK);
	assert_int_equal(rebind_calls, 1);
	free(result.body);
	assert_int_equal(fetch(fetcher, url, &wait).status, FETCH_REFUSED);
	assert_int_equal(origin.connections, 1);

	/* Nobody listens: only after a kept connection is another try made. */
	struct origin gone;
	origin_start(&gone, "127.0.0.1");
	origin_stop(&gone);
	rebind_calls = 0;
	snprintf(url, sizeof url, "http://rebind.example:%u/page", gone.port);
	assert_int_equal(fetch(fetcher, url, &wait).status, FETCH_UNREACHABLE);
	assert_int_equal(rebind_calls, 1);
	fetcher_free(fetcher);
	origin_stop(&origin);
}

static void test_allowed_hosts(void **state)
{
	struct origin origin;
	char url[128];
	struct wait wait;
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	options.allow_hosts = "one.example, *.two.example";
	struct fetcher *fetcher = fetcher_new(&options);
	snprintf(url, sizeof url, "http://one.example:%u/page", origin.port);
	struct fetch_result result = fetch(fetcher, url, &wait);
	assert_int_equal(result.status, FETCH_OK);
	free(result.body);
	assert_int_equal(origin.connections, 1);
	snprintf(url, sizeof url, "http://localhost:%u/page", origin.port);
	assert_int_equal(fetch(fetcher, url, &wait).status, FETCH_REFUSED);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/page", origin.port);
	assert_int_equal(fetch(fetcher, url, &wait).status, FETCH_REFUSED);
	assert_int_equal(origin.connections, 1);
	/* a redirect leads out of the list */
	snprintf(url, sizeof url, "http://one.example:%u/to-absolute", origin.port);
	assert_int_equal(fetch(fetcher, url, &wait).status, FETCH_REFUSED);
	assert_int_equal(origin.connections, 2);
	fetcher_free(fetcher);

	options.allow_hosts = "http://one.example";
	assert_null(fetcher_new(&options));
	origin_stop(&origin);
}

static void test_own_listener(void **state)
{
	struct origin origin;
	char url[128];
	struct wait wait;
	struct sockaddr_storage own[2];
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	address_parse("127.0.0.1", origin.port, &own[0]);
	address_parse("0.0.0.0", origin.port, &own[1]);
	options.own_len = 1;
	static const char *const hosts[] = {"127.0.0.1", "one.example", "0.0.0.0", "127.8.8.8"};
	for (size_t i = 0; i < 2; i++) {
		options.own = &own[i];
		struct fetcher *fetcher = fetcher_new(&options);
		for (size_t k = 0; k < (i == 0 ? 3 : 4); k++) {
			snprintf(url, sizeof url, "http://%s:%u/page", hosts[k], origin.port);
			CHECK(url, fetch(fetcher, url, &wait).status == FETCH_REFUSED);
		}
		fetcher_free(fetcher);
	}
	assert_int_equal(origin.connections, 0);
	origin_stop(&origin);
}

/* A name server may return any number of addresses: those without room are not written, and the
 * name is refused, since one of them might be private. */
static void test_crowded_name(void **state)
{
	struct fetch_options options = local_options();
	struct wait wait;
	options.resolve = NULL;
	struct fetcher *fetcher = fetcher_new(&options);
	struct fetch_result result = fetch(fetcher, "http://crowd.example/", &wait);
	assert_int_equal(result.status, FETCH_REFUSED);
	assert_string_equal(result.why, "host has too many addresses");
	fetcher_free(fetcher);
}

static void test_long_url(void **state)
{
	static char url[FETCH_URL_MAX + 32];
	struct wait wait;
	struct fetch_options options = local_options();
	struct fetcher *fetcher = fetcher_new(&options);
	memset(url, 'a', sizeof url - 1);
	memcpy(url, "http://none.example/", 20);
	assert_int_equal(fetch(fetcher, url, &wait).status, FETCH_REFUSED);
	url[FETCH_URL_MAX] = '\0';
	assert_int_equal(fetch(fetcher, url, &wait).status, FETCH_UNREACHABLE);
	fetcher_free(fetcher);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),       cmocka_unit_test(test_details),
		cmocka_unit_test(test_refused),       cmocka_unit_test(test_names),
		cmocka_unit_test(test_allowed_hosts), cmocka_unit_test(test_own_listener),
		cmocka_unit_test(test_crowded_name),  cmocka_unit_test(test_long_url),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
