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
	static const char *const with[] = {"\"No,\" she said.",
					   "„Nein“",
					   "«Non»",
					   "“No”",
					   "「不」",
					   "‘We were poor,’ she said.",
					   "'It is late,' she said.",
					   "She said: ‚Nein.‘",
					   "— Je ne sais pas, dit-elle.",
					   "–Nie wiem."};
	static const char *const without[] = {"",
					      "No.",
					      "Tom's",
					      "Tom’s",
					      "5' tall",
					      "‘No’",
					      "Rock 'n' roll, and the players' game.",
					      "The ‘new’ bridge – it was closed.",
					      "- an item"};
	for (size_t i = 0; i < sizeof with / sizeof *with; i++)
		CHECK(with[i], marks_quote(span_of(with[i])));
	for (size_t i = 0; i < sizeof without / sizeof *without; i++)
		CHECK(without[i], !marks_quote(span_of(without[i])));
}

static void test_half_quotes(void **state)
{
	static const struct {
		const char *text;
		unsigned halves;
	} cases[] = {
		{"", 0},
		{"No mark at all stands in this sentence.", 0},
		{"\"No,\" she said.", 0},
		{"\"We knew he was after a new challenge.", QUOTE_GOES_ON},
		{"It is late,\" she said.", QUOTE_FROM_BEFORE},
		{"And so on,\" she said, \"for ever.", QUOTE_FROM_BEFORE | QUOTE_GOES_ON},
		{"She said (\"no\") and left.", 0},
		{"“Rudy is an extraordinary man.", QUOTE_GOES_ON},
		{"He is,” they said.", QUOTE_FROM_BEFORE},
		{"„Das ist alles“, sagte er.", 0},
		{"„Das ist alles.", QUOTE_GOES_ON},
		{"Das war es“, sagte er.", QUOTE_FROM_BEFORE},
		{"»Das ist alles«, sagte er.", 0},
		{"»Das ist alles.", QUOTE_GOES_ON},
		{"« Il part », dit-elle.", 0},
		{"«\u00a0Il part\u00a0», dit-elle.", 0},
		{"« Il part.", QUOTE_GOES_ON},
		{"Il part », dit-elle.", QUOTE_FROM_BEFORE},
		{"”Han går”, sade hon.", 0},
		{"”Han går.", QUOTE_GOES_ON},
		{"他说：“桥关了。", QUOTE_GOES_ON},
		{"他说“桥关了”。", 0},
		{"他说\"桥关了\"。", 0},
		{"「橋は閉じた。", QUOTE_GOES_ON},
		{"橋は閉じた」と言った。", QUOTE_FROM_BEFORE},
		{"\" Israel từng đề nghị \" .", 0},
		{"A 25\" screen costs more.", 0},
		{"The \"25\" is closed.", 0},
		{"צה\"ל סגר את הגשר.", 0},
		{"Tom's bridge isn’t closed.", 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK(cases[i].text, marks_half_quotes(span_of(cases[i].text)) == cases[i].halves);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_final),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_half_quotes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
