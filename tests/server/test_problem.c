#include "check.h"

#include "server/problem.h"

#include <jansson.h>

static void every_problem_has_its_own_code(void **state)
{
	for (enum problem a = PROBLEM_NONE; a < PROBLEM_COUNT; a++) {
		assert_non_null(problem_code(a));
		assert_in_range(problem_status(a), 200, 599);
		for (enum problem b = a + 1; b < PROBLEM_COUNT; b++)
			CHECK(problem_code(a), strcmp(problem_code(a), problem_code(b)) != 0);
	}
}

static void only_temporary_refusals_say_when_to_retry(void **state)
{
	for (enum problem p = PROBLEM_NONE; p < PROBLEM_COUNT; p++)
		CHECK(problem_code(p),
		      (problem_retry_after_s(p) > 0) ==
			      (problem_status(p) == 503 || problem_status(p) == 429));
}

static json_t *rendered(const struct problem_report *report)
{
	size_t len;
	char *text = problem_render(report, "id-1", &len);
	assert_non_null(text);
	assert_int_equal(strlen(text), len);
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	free(text);
	return json;
}

static void a_report_has_all_its_members(void **state)
{
	struct problem_report report;
	problem_set_field(&report, PROBLEM_OUT_OF_RANGE, "max_words", "It is %d.", 0);
	report.has_limit = 1;
	report.limit = 10;
	report.actual = 11;
	json_t *json = rendered(&report);
	assert_int_equal(json_integer_value(json_object_get(json, "status")), 422);
	assert_string_equal(json_string_value(json_object_get(json, "code")), "out_of_range");
	assert_string_equal(json_string_value(json_object_get(json, "pointer")), "/max_words");
	assert_string_equal(json_string_value(json_object_get(json, "detail")), "It is 0.");
	assert_int_equal(json_integer_value(json_object_get(json, "limit")), 10);
	assert_int_equal(json_integer_value(json_object_get(json, "actual")), 11);
	assert_string_equal(json_string_value(json_object_get(json, "request_id")), "id-1");
	json_decref(json);
}

static void hostile_names_stay_valid(void **state)
{
	static const struct {
		const char *name, *pointer;
	} cases[] = {
		{NULL, ""},
		{"", "/"},
		{"a/b~c", "/a~1b~0c"},
		{"\"\n", "/\"\n"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct problem_report report;
		problem_set_field(&report, PROBLEM_UNKNOWN_FIELD, cases[i].name, "A field.");
		json_t *json = rendered(&report);
		assert_string_equal(json_string_value(json_object_get(json, "pointer")),
				    cases[i].pointer);
		json_decref(json);
	}
}

static void long_details_are_cut_between_characters(void **state)
{
	char name[1000];
	for (size_t shift = 0; shift < 4; shift++) {
		memset(name, 'a', shift);
		for (size_t i = shift; i + 4 < sizeof(name); i += 4)
			memcpy(name + i, "\xF0\x9F\x98\x80", 5);
		struct problem_report report;
		problem_set_field(&report, PROBLEM_UNKNOWN_FIELD, name, "%s", name);
		json_t *json = rendered(&report); /* jansson refuses a half character */
		assert_null(json_object_get(json, "pointer")); /* if cut, it points elsewhere */
		json_decref(json);
	}
}

/* "%.60s" counts bytes. */
static void a_precision_cuts_between_characters(void **state)
{
	struct problem_report report;
	problem_set(&report, PROBLEM_UNKNOWN_FIELD, "\"%.2s\" and \"%.5s\".", "a\xC3\xBC",
		    "\xE2\x82\xAC\xE2\x82\xAC");
	CHECK_SPAN("precision", span_of(report.detail), SPAN("\"a\" and \"\xE2\x82\xAC\"."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_problem_has_its_own_code),
		cmocka_unit_test(only_temporary_refusals_say_when_to_retry),
		cmocka_unit_test(a_report_has_all_its_members),
		cmocka_unit_test(hostile_names_stay_valid),
		cmocka_unit_test(long_details_are_cut_between_characters),
		cmocka_unit_test(a_precision_cuts_between_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
