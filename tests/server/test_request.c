#include "check.h"

#include "server/request.h"

static bool decode(const char *body, struct request *request, struct problem_report *report)
{
	memset(report, 0, sizeof(*report));
	return request_decode(span_of(body), 1000, request, report);
}

static void fields_arrive(void **state)
{
	struct request r;
	struct problem_report report;
	assert_true(decode(
		"{\"text\":\"A \\u00e9.\",\"title\":\"T\",\"language\":\"PT-br\",\"sentences\":2,"
		"\"ratio\":0.5,\"max_words\":9,\"max_chars\":99,\"query\":\"q\",\"order\":"
		"\"score\","
		"\"offset_unit\":\"codepoint\",\"avoid\":[\"quotes\",\"exclamations\"],"
		"\"include\":[\"keywords\",\"text\"],\"cache\":false,\"id\":\"x\"}",
		&r, &report));
	assert_int_equal(r.kind, REQUEST_TEXT);
	CHECK_SPAN("text", r.input, SPAN("A \xC3\xA9."));
	CHECK_SPAN("title", r.title, SPAN("T"));
	CHECK_SPAN("query", r.query, SPAN("q"));
	CHECK_SPAN("id", r.id, SPAN("x"));
	assert_string_equal(r.language->tag, "pt");
	assert_int_equal(r.select.max_sentences, 2);
	assert_true(r.select.ratio == 0.5);
	assert_int_equal(r.select.max_words, 9);
	assert_int_equal(r.select.max_chars, 99);
	assert_int_equal(r.select.avoid, AVOID_QUOTES | AVOID_EXCLAMATIONS);
	assert_int_equal(r.include, INCLUDE_KEYWORDS | INCLUDE_TEXT);
	assert_int_equal(r.order, ORDER_SCORE);
	assert_int_equal(r.offset_unit, OFFSET_CODEPOINT);
	assert_false(r.cache);
	request_release(&r);
}

static void length_holds_only_alone(void **state)
{
	static const struct {
		const char *body;
		size_t sentences;
	} cases[] = {
		{"{\"text\":\"a\"}", 3},
		{"{\"text\":\"a\",\"length\":\"medium\"}", 5},
		{"{\"text\":\"a\",\"length\":\"long\"}", 7},
		{"{\"text\":\"a\",\"length\":\"long\",\"sentences\":1}", 1},
		{"{\"text\":\"a\",\"length\":\"long\",\"max_words\":50}", 0},
		{"{\"text\":\"a\",\"ratio\":1}", 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request r;
		struct problem_report report;
		CHECK(cases[i].body, decode(cases[i].body, &r, &report));
		CHECK_SIZE(cases[i].body, r.select.max_sentences, cases[i].sentences);
		request_release(&r);
	}
}

static const struct {
	const char *body, *code, *pointer; /* pointer NULL: none */
} refused[] = {
	{"", "invalid_json", NULL},
	{"{", "invalid_json", NULL},
	{"{\"text\":\"a\"} x", "invalid_json", NULL},
	{"{\"text\":\"\\ud800\"}", "invalid_json", NULL},
	{"{\"text\":\"\\u0000\"}", "null_character", NULL},
	{"{\"text\":\"\xFF\"}", "invalid_utf8", NULL},
	{"{\"text\":\"a\",\"text\":\"b\"}", "duplicate_key", NULL},
	{"[]", "wrong_type", ""},
	{"\"text\"", "wrong_type", ""},
	{"{}", "missing_input", ""},
	{"{\"text\":\"a\",\"url\":\"http://a\"}", "conflicting_input", "/url"},
	{"{\"text\":\"a\",\"base_url\":\"http://a\"}", "conflicting_input", "/base_url"},
	{"{\"text\":\"a\",\"base_url\":\"\"}", "conflicting_input", "/base_url"},
	{"{\"text\":\"a\",\"\":1}", "unknown_field", "/"},
	{"{\"text\":1}", "wrong_type", "/text"},
	{"{\"text\":null}", "wrong_type", "/text"},
	{"{\"text\":\"a\",\"colour\":1}", "unknown_field", "/colour"},
	{"{\"text\":\"a\",\"sentences\":0}", "out_of_range", "/sentences"},
	{"{\"text\":\"a\",\"sentences\":101}", "out_of_range", "/sentences"},
	{"{\"text\":\"a\",\"sentences\":1.5}", "wrong_type", "/sentences"},
	{"{\"text\":\"a\",\"sentences\":\"3\"}", "wrong_type", "/sentences"},
	{"{\"text\":\"a\",\"sentences\":true}", "wrong_type", "/sentences"},
	{"{\"text\":\"a\",\"ratio\":0}", "out_of_range", "/ratio"},
	{"{\"text\":\"a\",\"ratio\":1.01}", "out_of_range", "/ratio"},
	{"{\"text\":\"a\",\"max_words\":-1}", "out_of_range", "/max_words"},
	{"{\"text\":\"a\",\"max_chars\":1e99}", "out_of_range", "/max_chars"},
	{"{\"text\":\"a\",\"sentences\":1e15}", "out_of_range", "/sentences"},
	{"{\"text\":\"a\",\"sentences\":-1e15}", "out_of_range", "/sentences"},
	{"{\"text\":\"a\",\"sentences\":9223372036854775807}", "out_of_range", "/sentences"},
	/* no type holds these */
	{"{\"text\":\"a\",\"sentences\":99999999999999999999}", "out_of_range", "/sentences"},
	{"{\"sentences\" : -99999999999999999999 , \"text\":\"a\"}", "out_of_range", "/sentences"},
	{"\xEF\xBB\xBF {\"id\":\"{\\\"\",\n\"ratio\":1e309}", "out_of_range", "/ratio"},
	{"{\"avoid\":[{\"a\":[1]}],\"a/b\":-1e309,\"text\":\"a\"}", "out_of_range", "/a~1b"},
	{"{\"avoid\":[1e309],\"ratio\":1}", "out_of_range", NULL},
	{"{\"a\\u0062\":1e309}", "out_of_range", NULL},
	{"{\"0123456789012345678901234567890123456789012345678901234567890123\":1e309}",
	 "out_of_range", NULL},
	{"1e309", "out_of_range", NULL},
	{"[1e309]", "out_of_range", NULL},
	{"{\"text\":\"a\",\"order\":\"random\"}", "invalid_value", "/order"},
	{"{\"text\":\"a\",\"offset_unit\":\"bytes\"}", "invalid_value", "/offset_unit"},
	{"{\"text\":\"a\",\"length\":\"huge\"}", "invalid_value", "/length"},
	{"{\"text\":\"a\",\"language\":\"not a tag\"}", "invalid_value", "/language"},
	{"{\"text\":\"a\",\"avoid\":\"quotes\"}", "wrong_type", "/avoid"},
	{"{\"text\":\"a\",\"avoid\":[\"quotes\",\"verbs\"]}", "invalid_value", "/avoid/1"},
	{"{\"text\":\"a\",\"include\":[1]}", "wrong_type", "/include/0"},
	{"{\"text\":\"a\",\"cache\":1}", "wrong_type", "/cache"},
};

static void faults_are_named(void **state)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct request r;
		struct problem_report report;
		CHECK(refused[i].body, !decode(refused[i].body, &r, &report));
		if (strcmp(problem_code(report.problem), refused[i].code) != 0)
			fail_msg("%s: %s, want %s", refused[i].body, problem_code(report.problem),
				 refused[i].code);
		CHECK(refused[i].body, report.has_pointer == (refused[i].pointer != NULL));
		if (refused[i].pointer != NULL)
			assert_string_equal(report.pointer, refused[i].pointer);
	}
}

static void too_much_text_names_the_limit(void **state)
{
	char body[2000] = "{\"text\":\"", *at = body + strlen(body);
	memset(at, 'a', 1001);
	strcpy(at + 1001, "\"}");
	struct request r;
	struct problem_report report;
	assert_false(decode(body, &r, &report));
	assert_int_equal(report.problem, PROBLEM_TEXT_TOO_LARGE);
	assert_int_equal(report.limit, 1000);
	assert_int_equal(report.actual, 1001);
}

static void unknown_languages_are_detected(void **state)
{
	struct request r;
	struct problem_report report;
	assert_true(decode("{\"text\":\"a\",\"language\":\"tlh\"}", &r, &report));
	assert_null(r.language);
	request_release(&r);
}

static void a_query_string_says_the_same(void **state)
{
	static const char arguments[] = "url\0http://example.org/\0sentences\0"
					"2\0ratio\0.5\0"
					"cache\0false\0avoid\0quotes,questions\0query\0"
					"42";
	static const char good[] = "url\0http://example.org/\0sentences\0"
				   "2\0ratio\0"
				   "0.5\0"
				   "cache\0false\0avoid\0quotes,questions\0query\0"
				   "42";
	struct request r;
	struct problem_report report;
	assert_true(request_decode_query((struct span){good, sizeof(good)}, 1000, &r, &report));
	assert_int_equal(r.kind, REQUEST_URL);
	CHECK_SPAN("url", r.input, SPAN("http://example.org/"));
	assert_int_equal(r.select.max_sentences, 2);
	assert_int_equal(r.select.avoid, AVOID_QUOTES | AVOID_QUESTIONS);
	assert_false(r.cache);
	CHECK_SPAN("query", r.query, SPAN("42"));
	request_release(&r);
	/* ".5" is no JSON number. */
	assert_false(request_decode_query((struct span){arguments, sizeof(arguments)}, 1000, &r,
					  &report));
	assert_string_equal(report.pointer, "/ratio");

	static const char twice[] = "url\0a\0url\0b";
	assert_false(request_decode_query((struct span){twice, sizeof(twice)}, 1000, &r, &report));
	assert_int_equal(report.problem, PROBLEM_DUPLICATE_KEY);
	static const char bad[] = "url\0\xFF";
	assert_false(request_decode_query((struct span){bad, sizeof(bad)}, 1000, &r, &report));
	assert_int_equal(report.problem, PROBLEM_INVALID_UTF8);
	/* The report about it can be sent as JSON. */
	static const char bad_name[] = "na\xEEme\0\xEE";
	assert_false(
		request_decode_query((struct span){bad_name, sizeof(bad_name)}, 1000, &r, &report));
	assert_int_equal(report.problem, PROBLEM_INVALID_UTF8);
	assert_int_equal(utf8_check(span_of(report.detail)), strlen(report.detail));
	assert_int_equal(utf8_check(span_of(report.pointer)), strlen(report.pointer));
	assert_false(request_decode_query((struct span){"", 0}, 1000, &r, &report));
	assert_int_equal(report.problem, PROBLEM_MISSING_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_arrive),
		cmocka_unit_test(length_holds_only_alone),
		cmocka_unit_test(faults_are_named),
		cmocka_unit_test(too_much_text_names_the_limit),
		cmocka_unit_test(unknown_languages_are_detected),
		cmocka_unit_test(a_query_string_says_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
