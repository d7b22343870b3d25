/* The output is the same as jansson's dump of the same values. */
#include "tests/check.h"

#include "server/json_out.h"

#include <jansson.h>

static void check_dump(const char *name, struct json_out *out, json_t *want)
{
	char *dumped = json_dumps(want, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
	CHECK(name, dumped != NULL && !out->failed);
	CHECK_SPAN(name, ((struct span){out->at, out->len}), span_of(dumped));
	free(dumped);
	free(out->at);
	json_decref(want);
}

/* Each character that is escaped, and some that are not, at each position around a vector's
 * length. */
static void test_strings(void **state)
{
	static const char *const special[] = {"\"", "\\", "/", "\x7F", "é", "\xF0\x9F\x98\x80"};
	for (unsigned c = 1; c < 0x20 + sizeof special / sizeof *special; c++)
		for (size_t before = 0; before < 40; before++) {
			char text[80], name[40], byte[2] = {(char)c};
			sprintf(text, "%.*s%s%s", (int)before,
				"the quick brown fox jumps over the lazy dog",
				c < 0x20 ? byte : special[c - 0x20], "behind it all");
			sprintf(name, "character %u behind %zu", c, before);
			struct json_out out = {.at = NULL};
			json_out_string(&out, span_of(text));
			check_dump(name, &out, json_string(text));
		}
	struct json_out out = {.at = NULL};
	json_out_string(&out, (struct span){NULL, 0});
	check_dump("empty", &out, json_string(""));
}

static void test_numbers(void **state)
{
	for (unsigned i = 0; i <= 10000; i++) {
		char name[16];
		struct json_out out = {.at = NULL};
		sprintf(name, "%u/10000", i);
		json_out_share(&out, i / 10000.0);
		check_dump(name, &out, json_real(i / 10000.0));
	}
	static const struct {
		double number;
		const char *want;
	} rounded[] = {
		{0.00004, "0.0"}, {0.00005, "0.0001"}, {0.99994, "0.9999"}, {0.99996, "1.0"}};
	for (size_t i = 0; i < sizeof rounded / sizeof *rounded; i++) {
		struct json_out out = {.at = NULL};
		json_out_share(&out, rounded[i].number);
		CHECK_SPAN("rounded", ((struct span){out.at, out.len}), span_of(rounded[i].want));
		free(out.at);
	}
	static const uint64_t integers[] = {0, 9, 10, 4294967296u, INT64_MAX};
	for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
		struct json_out out = {.at = NULL};
		json_out_integer(&out, integers[i]);
		check_dump("integer", &out, json_integer((json_int_t)integers[i]));
	}
}

static void test_max(void **state)
{
	for (size_t max = 1; max <= 5000; max++) {
		struct json_out out = {.max = max};
		json_out_begin(&out, '[');
		for (size_t i = 0; i < 499; i++)
			json_out_string(&out, span_of("aaaaaa"));
		json_out_end(&out, ']'); /* 499 * 9 + 1 bytes */
		CHECK("within", out.room <= max && out.len <= out.room);
		CHECK("whole or failed", out.failed == (max < 499 * 9 + 1));
		CHECK("all", out.failed || out.len == 499 * 9 + 1);
		free(out.at);
	}
}

static void test_nesting(void **state)
{
	struct json_out out = {.at = NULL};
	json_out_begin(&out, '{');
	json_out_key(&out, "none");
	json_out_begin(&out, '[');
	json_out_end(&out, ']');
	json_out_key(&out, "pairs");
	json_out_begin(&out, '[');
	for (unsigned i = 0; i < 1000; i++) { /* grows more than once */
		json_out_begin(&out, '[');
		json_out_integer(&out, i);
		json_out_bool(&out, i % 2 == 0);
		json_out_end(&out, ']');
	}
	json_out_end(&out, ']');
	json_out_key(&out, "last");
	json_out_begin(&out, '{');
	json_out_end(&out, '}');
	json_out_end(&out, '}');
	json_t *pairs = json_array();
	for (int i = 0; i < 1000; i++)
		json_array_append_new(pairs, json_pack("[i,b]", i, i % 2 == 0));
	check_dump("nested", &out, json_pack("{s:[],s:o,s:{}}", "none", "pairs", pairs, "last"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_max),
		cmocka_unit_test(test_nesting),
	};
	json_object_seed(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
