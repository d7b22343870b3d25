/* What a URL really points to, however it is written. */
#include "tests/check.h"

#include "server/url.h"

struct good {
	const char *text, *want, *host;
	unsigned port;
	bool literal;
};

static void check_good(const struct good *c, const struct url *base)
{
	struct url url;
	if (!url_parse(span_of(c->text), base, &url))
		fail_msg("%s is refused", c->text);
	CHECK_SPAN(c->text, span_of(url.text), span_of(c->want));
	CHECK_SPAN(c->text, span_of(url.host), span_of(c->host));
	CHECK_SIZE(c->text, url.port, c->port);
	CHECK_SIZE(c->text, url.literal, c->literal);
	url_free(&url);
}

static void test_plain(void **state)
{
	static const struct good cases[] = {
		{"http://example.org", "http://example.org/", "example.org", 80, false},
		{"https://example.org/a/b?c=d#e", "https://example.org/a/b?c=d", "example.org", 443,
		 false},
		{"HTTPS://Example.ORG:443/", "https://example.org/", "example.org", 443, false},
		{"http://example.org:8080/x", "http://example.org:8080/x", "example.org", 8080,
		 false},
		{"http://example.org:65535/", "http://example.org:65535/", "example.org", 65535,
		 false},
		{"http://example.org:/", "http://example.org/", "example.org", 80, false},
		{"http://example.org./x", "http://example.org/x", "example.org", 80, false},
		{"  http://example.org/  ", "http://example.org/", "example.org", 80, false},
		{"http://example.org/a b", "http://example.org/a%20b", "example.org", 80, false},
		{"http://example.org/\xC3\xA9?\xC3\xA9", "http://example.org/%C3%A9?%C3%A9",
		 "example.org", 80, false},
		{"http://example.org/a%\xC3\xA9%zz% b?%\xC3\xA9",
		 "http://example.org/a%%C3%A9%zz%%20b?%%C3%A9", "example.org", 80, false},
		{"http://example.org/a/../b/./c/%2e%2e/d", "http://example.org/b/d", "example.org",
		 80, false},
		{"http://my_host-1.example/", "http://my_host-1.example/", "my_host-1.example", 80,
		 false},
		{"http://m\xC3\xBCnchen.example/", "http://xn--mnchen-3ya.example/",
		 "xn--mnchen-3ya.example", 80, false},
		{"http://\xD0\xBF\xD1\x80\xD0\xB8\xD0\xBC\xD0\xB5\xD1\x80.example/",
		 "http://xn--e1afmkfd.example/", "xn--e1afmkfd.example", 80, false},
		{"http:\\\\example.org\\a", "http://example.org/a", "example.org", 80, false},
		{"http:example.org", "http://example.org/", "example.org", 80, false},
		{"http:////example.org/", "http://example.org/", "example.org", 80, false},
		{"http://%65xample.org/", "http://example.org/", "example.org", 80, false},
		{"http://example.org/@user", "http://example.org/@user", "example.org", 80, false},
		{"http://example.org/?u=http://a:b@c/", "http://example.org/?u=http://a:b@c/",
		 "example.org", 80, false},
		{"http://127.0.0.1\\@example.org/", "http://127.0.0.1/@example.org/", "127.0.0.1",
		 80, true},
		{"http://8.8.8.8/", "http://8.8.8.8/", "8.8.8.8", 80, true},
		{"http://[2001:DB8::0:1]:8080/", "http://[2001:db8::1]:8080/", "2001:db8::1", 8080,
		 true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_good(&cases[i], NULL);
}

/* Every spelling of a local address becomes that address: the guard then sees it. */
static void test_disguised(void **state)
{
	static const struct {
		const char *host, *want;
	} cases[] = {
		{"127.0.0.1", "127.0.0.1"},
		{"127.0.0.1.", "127.0.0.1"},
		{"127.1", "127.0.0.1"},
		{"127.0.1", "127.0.0.1"},
		{"2130706433", "127.0.0.1"},
		{"0x7f000001", "127.0.0.1"},
		{"0X7F000001", "127.0.0.1"},
		{"0x7f.1", "127.0.0.1"},
		{"0x7f.0x0.0x0.0x1", "127.0.0.1"},
		{"0177.0.0.1", "127.0.0.1"},
		{"0177.1", "127.0.0.1"},
		{"017700000001", "127.0.0.1"},
		{"0177.0x0.0.1", "127.0.0.1"},
		{"00000177.0.0.1", "127.0.0.1"},
		{"127.0.0.01", "127.0.0.1"},
		{"127.0x000000000001", "127.0.0.1"},
		{"0", "0.0.0.0"},
		{"0x", "0.0.0.0"},
		{"0.0.0.0", "0.0.0.0"},
		{"%31%32%37.0.0.1", "127.0.0.1"},
		{"127%2E0%2e0%2E1", "127.0.0.1"},
		/* full-width digits and stops */
		{"\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1", "127.0.0.1"},
		{"127\xE3\x80\x82"
		 "0\xE3\x80\x82"
		 "0\xE3\x80\x82"
		 "1",
		 "127.0.0.1"},
		{"127\xEF\xBC\x8E"
		 "1",
		 "127.0.0.1"},
		/* circled and mathematical digits */
		{"\xE2\x91\xA0\xE2\x91\xA1\xE2\x91\xA6.0.0.1", "127.0.0.1"},
		{"\xF0\x9D\x9F\x8F\xF0\x9D\x9F\x90\xF0\x9D\x9F\x95.1", "127.0.0.1"},
		{"[::1]", "::1"},
		{"[0:0:0:0:0:0:0:1]", "::1"},
		{"[::]", "::"},
		{"[::127.0.0.1]", "::127.0.0.1"},
		{"[::ffff:127.0.0.1]", "::ffff:127.0.0.1"},
		{"[::ffff:7f00:1]", "::ffff:127.0.0.1"},
		{"[64:ff9b::7f00:1]", "64:ff9b::7f00:1"},
		/* look-alikes of localhost, which is then looked up like any name */
		{"LOCALHOST", "localhost"},
		{"localhost.", "localhost"},
		{"%6cocalhost", "localhost"},
		{"\xEF\xBD\x8Cocalhost", "localhost"}, /* full-width l */
		{"\xE2\x93\x9B\xE2\x93\x9E\xE2\x93\x92\xE2\x93\x90\xE2\x93\x9B\xE2\x93\x97\xE2\x93"
		 "\x9E\xE2\x93\xA2\xE2\x93\xA3",
		 "localhost"},                      /* circled */
		{"loca\xC2\xADlhost", "localhost"}, /* soft hyphen */
		{"lo\xE2\x80\x8B"
		 "calhost",
		 "localhost"},                     /* zero-width space */
		{"localho\xC5\xBFt", "localhost"}, /* long s */
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[256];
		struct url url;
		snprintf(text, sizeof text, "http://%s/x", cases[i].host);
		if (!url_parse(span_of(text), NULL, &url))
			fail_msg("%s is refused", text);
		CHECK_SPAN(text, span_of(url.host), span_of(cases[i].want));
		CHECK(text, url.literal == (strcmp(cases[i].want, "localhost") != 0));
		url_free(&url);
	}
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"example.org",
		"//example.org/",
		"/path",
		"?q",
		"#f",
		"http:",
		"http://",
		"http:///",
		"https://?x",
		"http://#",
		"http://:80/",
		"ftp://example.org/",
		"file:///etc/passwd",
		"file://localhost/etc/passwd",
		"gopher://127.0.0.1:6379/_x",
		"dict://127.0.0.1/",
		"ldap://127.0.0.1/",
		"ws://example.org/",
		"wss://example.org/",
		"data:text/html,x",
		"javascript:alert(1)",
		"blob:http://example.org/x",
		"view-source:http://example.org/",
		"jar:http://example.org!/",
		"smb://example.org/",
		"about:blank",
		"mailto:a@example.org",
		"urn:x",
		"unix:/run/docker.sock",
		/* credentials */
		"http://user@example.org/",
		"http://user:pass@example.org/",
		"http://:pass@example.org/",
		"http://example.org@127.0.0.1/",
		"http://a:b@c:d@example.org/",
		"http://example.org%40@127.0.0.1/",
		/* control characters, anywhere */
		"http://exa\tmple.org/",
		"http://example.org/\r\nHost: x",
		"http://example.org/a\nb",
		"\nhttp://example.org/",
		"http://example.org/\x01",
		"http://example.org/\x7F",
		"http:/\t/example.org/",
		/* not UTF-8 */
		"http://example.org/\xFF",
		"http://\xC0\xAF/",
		"http://example.org/\xED\xA0\x80",
		/* ports */
		"http://example.org:0/",
		"http://example.org:65536/",
		"http://example.org:-1/",
		"http://example.org:80a/",
		"http://example.org:8 0/",
		"http://example.org:80:80/",
		"http://example.org:0x50/",
		/* hosts that are neither a name nor an address */
		"http://exa mple.org/",
		"http://exa%20mple.org/",
		"http://exa%00mple.org/",
		"http://a%2fb/",
		"http://a%40b/",
		"http://a%3ab/",
		"http://a%25b/",
		"http://a<b/",
		"http://a|b/",
		"http://a^b/",
		"http://a..b/",
		"http://.a/",
		"http://a../",
		"http://./",
		"http://../",
		"http://a*b/",
		"http://a,b/",
		"http://a!b/",
		"http://a;b/",
		"http://a'b/",
		"http://a\"b/",
		"http://a(b)/",
		"http://a{b}/",
		"http://a`b/",
		"http://a~b/",
		"http://a+b/",
		"http://a=b/",
		"http://a&b/",
		"http://$a/",
		"http://256.256.256.256/",
		"http://1.2.3.4.5/",
		"http://127.0.0.256/",
		"http://4294967296/",
		"http://0x100000000/",
		"http://08.0.0.1/",
		"http://1.2.3.08/",
		"http://1.2.3.4x.5/",
		"http://127.0.0.1.example.0x1/",
		"http://099/",
		"http://[::1/",
		"http://::1/",
		"http://[::1]x/",
		"http://[1]/",
		"http://[::1%25lo]/",
		"http://[::1%lo]/",
		"http://[fe80::1%25eth0]/",
		"http://[fe80::1%eth0]/",
		"http://[::127.0.0]/",
		"http://[::ffff:0x7f.1]/",
		"http://[::ffff:127.1]/",
		"http://[::1].example.org/",
		"http://[v1.x]/",
		"http://[127.0.0.1]/",
		"http://[]/",
		"http://[:]/",
		"http://[:::1]/",
		"http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example/",
		"http://xn--/",
		"http://xn--a/",
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct url url;
		if (url_parse(span_of(texts[i]), NULL, &url))
			fail_msg("%s is taken as %s", texts[i], url.text);
		CHECK(texts[i], url.text == NULL);
	}
	struct url url;
	assert_false(url_parse((struct span){"http://a.example/\0b", 19}, NULL, &url));
}

static void test_relative(void **state)
{
	static const struct good cases[] = {
		{"b", "https://example.org:8443/x/b", "example.org", 8443, false},
		{"/b?c", "https://example.org:8443/b?c", "example.org", 8443, false},
		{"?c", "https://example.org:8443/x/y?c", "example.org", 8443, false},
		{"../../../b", "https://example.org:8443/b", "example.org", 8443, false},
		{"//other.example/b", "https://other.example/b", "other.example", 443, false},
		{"\\\\other.example\\b", "https://other.example/b", "other.example", 443, false},
		{"http://other.example", "http://other.example/", "other.example", 80, false},
		{"https:b", "https://example.org:8443/x/b", "example.org", 8443, false},
		{"http:b", "http://b/", "b", 80, false},
		{"#f", "https://example.org:8443/x/y?q", "example.org", 8443, false},
		{"//0x7f.1", "https://127.0.0.1/", "127.0.0.1", 443, true},
	};
	static const char *const refused[] = {
		"",      "file:///x", "javascript:x", "//", "//user@other.example/", "//exa mple/",
		"/a\tb", "http:///",  "//[::1%25lo]/"};
	struct url base, url;
	assert_true(url_parse(SPAN("https://example.org:8443/x/y?q"), NULL, &base));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_good(&cases[i], &base);
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		if (url_parse(span_of(refused[i]), &base, &url))
			fail_msg("%s is taken as %s", refused[i], url.text);
	url_free(&base);
}

/* Empty segments are segments: dot segments and encoded bytes do not remove them. */
static void test_empty_segments(void **state)
{
	static const struct {
		const char *base, *text, *want;
	} cases[] = {
		{NULL, "http://h/%5Ea^b", "http://h/%5Ea%5Eb"},
		{NULL, "http://h//a]b", "http://h//a]b"},
		{NULL, "http://h//a b", "http://h//a%20b"},
		{NULL, "http://h//\xC3\xA9//\xC3\xA9", "http://h//%C3%A9//%C3%A9"},
		{NULL, "http://h//./a", "http://h//a"},
		{NULL, "http://h/a//./b", "http://h/a//b"},
		{NULL, "http://h/a//.", "http://h/a//"},
		{NULL, "http://h/a//..", "http://h/a/"},
		{NULL, "http://h//../a", "http://h/a"},
		{NULL, "http://h/a/../..//b", "http://h//b"},
		{NULL, "http://h///%2E%2e/b/.", "http://h//b/"},
		{NULL, "http://h/.../.a", "http://h/.../.a"},
		{NULL, "http://h\\\\a\\.\\b", "http://h//a/b"},
		{NULL, "http:h//a", "http://h//a"},
		{"http:h://base", "a]:b", "http://h//a]:b"},
		{"http:h://base", "1:b", "http://h//1:b"},
		{"http:h://base", "..", "http://h/"},
		{"http:h://base", "/./", "http://h/"},
		{"http:h://base", "/.//", "http://h//"},
		{"http:h://base", "?q", "http://h//base?q"},
		{"http:h://base", "HTTP:?q", "http://h//base?q"},
		{"http:h://base", "http:/a", "http://h/a"},
		{"http:h://base", "http:\\\\a", "http://a/"},
		{"http:h://base", "https:/a//b", "https://a//b"},
		{"http:h://base", "  ///a//b  ", "http://a//b"},
		{"http://h/?a/b", "c", "http://h/c"},
		{"http://h/?a/b?", " ", "http://h/?a/b?"},
		{"http://h/?a/b?", "?", "http://h/"},
		{"http://h/?a/b?", "/#?c", "http://h/"},
		{NULL, "http://h/a/%?c/$?c", "http://h/a/%?c/$?c"},
		{NULL, "http://h/.??[", "http://h/??["},
		{NULL, "http://h?'\"<>`{}^ \xC3\xA9%#'", "http://h/?%27%22%3C%3E`{}^%20%C3%A9%"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct url base = {0}, url, again;
		if (cases[i].base != NULL)
			assert_true(url_parse(span_of(cases[i].base), NULL, &base));
		assert_true(
			url_parse(span_of(cases[i].text), base.text == NULL ? NULL : &base, &url));
		CHECK_SPAN(cases[i].text, span_of(url.text), span_of(cases[i].want));
		assert_true(url_parse(span_of(url.text), NULL, &again));
		CHECK_SPAN(cases[i].want, span_of(again.text), span_of(url.text));
		url_free(&again);
		url_free(&url);
		url_free(&base);
	}
}

static void test_hosts(void **state)
{
	static const struct {
		const char *patterns, *host;
		bool match;
	} cases[] = {
		{"*", "anything.example", true},
		{"*", "10.0.0.1", true},
		{"example.org", "example.org", true},
		{"Example.ORG", "example.org", true},
		{"example.org", "www.example.org", false},
		{"example.org", "example.org.evil", false},
		{"example.org", "notexample.org", false},
		{"example.org", "example.or", false},
		{"*.example.org", "www.example.org", true},
		{"*.example.org", "a.b.example.org", true},
		{"*.example.org", "example.org", false},
		{"*.example.org", "notexample.org", false},
		{"*.example.org", ".example.org", false},
		{"*.example.org", "www.example.org.evil", false},
		{"a.example, b.example", "b.example", true},
		{"a.example , *.b.example", "x.b.example", true},
		{"a.example,b.example", "c.example", false},
		{"", "a.example", false},
		{"127.0.0.1,::1", "::1", true},
		{"127.0.0.1", "127.0.0.11", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		CHECK(cases[i].patterns,
		      url_hosts_match(cases[i].patterns, cases[i].host) == cases[i].match);

	static const struct {
		const char *patterns;
		size_t fault; /* SIZE_MAX: fine */
	} lists[] = {
		{"*", SIZE_MAX},
		{"example.org", SIZE_MAX},
		{"*.example.org", SIZE_MAX},
		{"a, *.b ,c.d", SIZE_MAX},
		{"::1,127.0.0.1", SIZE_MAX},
		{"Example.ORG", SIZE_MAX},
		{"", SIZE_MAX},
		{" ", 0},
		{"a,", 2},
		{",a", 0},
		{"a,,b", 2},
		{"*.", 0},
		{"*a.b", 0},
		{"a.*.b", 0},
		{"**", 0},
		{"http://a", 0},
		{"a:80", 0},
		{"a/b", 0},
		{"a b", 0},
		{"a,b..c", 2},
		{"[::1]", 0},
		{".a", 0},
		{"*.*", 0},
		{"*,a", 0},
		{"a, *", 2},
		{"*,*", 0},
	};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		size_t fault = SIZE_MAX;
		if (url_hosts_check(lists[i].patterns, &fault))
			fault = SIZE_MAX;
		CHECK_SIZE(lists[i].patterns, fault, lists[i].fault);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),          cmocka_unit_test(test_disguised),
		cmocka_unit_test(test_refused),        cmocka_unit_test(test_relative),
		cmocka_unit_test(test_empty_segments), cmocka_unit_test(test_hosts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
