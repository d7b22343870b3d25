#include "check.h"

#include "server/cacheable.h"

static const struct {
	const char *body;
	bool cacheable;
} bodies[] = {
	{"", false},
	{"{\"text\":\"a\"}", true},
	{"{\"text\":\"a\",\"cache\":true}", true},
	{"{\"text\":\"a\", \"cache\" :\n true}", true},
	{"{\"text\":\"a\",\"cache\":false}", false},
	{"{\"cache\":  false,\"text\":\"a\"}", false},
	{"{\"cache\":tru", false},
	{"{\"text\":\"the \\\"cache\\\" of arms\"}", true},
};

static void bodies_are_looked_at(void **state)
{
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		CHECK(bodies[i].body, cacheable_body(bodies[i].body, strlen(bodies[i].body)) ==
					      bodies[i].cacheable);
}

static void queries_are_looked_at(void **state)
{
	static const char plain[] = "url\0http://a/", yes[] = "cache\0true\0url\0b",
			  no[] = "url\0b\0cache\0false", value[] = "url\0cache";
	assert_true(cacheable_query(plain, sizeof(plain)));
	assert_true(cacheable_query(yes, sizeof(yes)));
	assert_false(cacheable_query(no, sizeof(no)));
	assert_true(cacheable_query(value, sizeof(value)));
	assert_false(cacheable_query("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_are_looked_at),
		cmocka_unit_test(queries_are_looked_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
