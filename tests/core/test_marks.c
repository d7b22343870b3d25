#include "tests/check.h"

#include "core/marks.h"

static void test_final(void **state)
{
	static const struct {
		const char *text;
		char mark;
	} cases[] = {
		{"", 0},
		{"The bridge is closed.", '.'},
		{"The bridge is closed", 0},
		{"Is it closed?", '?'},
		{"Closed!", '!'},
		{"Closed?!", '!'},
		{"What they say:", ':'},
		{"\"Is it closed?\"", '?'},
		{"(It is closed.)", '.'},
		{"(\"It is!\")  ", '!'},
		{"„Sie ist zu.“", '.'},
		{"« Il est fermé ! »", '!'},
		{"桥关了。", '.'},
		{"「桥关了吗？」", '?'},
		{"هل أغلق الجسر؟", '?'},
		{"पुल बंद है।", '.'},
		{"\"\"", 0},
		{".", '.'},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK(cases[i].text, marks_final(span_of(cases[i].text)) == cases[i].mark);
}

static void test_quotes(void **state)
{
	static const char *const with[] = {"\"No,\" she said.", "„Nein“", "«Non»", "“No”",
					   "「不」"};
	static const char *const without[] = {"", "No.", "Tom's", "Tom’s", "5' tall", "‘No’"};
	for (size_t i = 0; i < sizeof with / sizeof *with; i++)
		CHECK(with[i], marks_quote(span_of(with[i])));
	for (size_t i = 0; i < sizeof without / sizeof *without; i++)
		CHECK(without[i], !marks_quote(span_of(without[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_final),
		cmocka_unit_test(test_quotes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
