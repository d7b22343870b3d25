#include "check.h"

#include "core/dates.h"

static const struct {
	const char *text;
	bool month_first;
	const char *date; /* NULL: none */
} cases[] = {
	{"2024-03-12", false, "2024-03-12"},
	{"2024-03-12T08:30:00Z", false, "2024-03-12T08:30:00Z"},
	{"2024-03-12T08:30:00.123+01:00", false, "2024-03-12T08:30:00+01:00"},
	{"2024-03-12 08:30:05 -0330", false, "2024-03-12T08:30:05-03:30"},
	{"2024-03-12T08:30", false, "2024-03-12"},
	{"20240312", false, "2024-03-12"},
	{"2024/3/2", false, "2024-03-02"},
	{"1710232200", false, "2024-03-12T08:30:00Z"},
	{"1710232200000", false, "2024-03-12T08:30:00Z"},
	{"12.3.2024", false, "2024-03-12"},
	{"Stand: 12. 03. 2024, 8:30 Uhr", false, "2024-03-12"},
	{"03/12/2024", true, "2024-03-12"},
	{"03/12/2024", false, "2024-12-03"},
	{"03/25/2024", false, "2024-03-25"},
	{"12/03/24", false, "2024-03-12"},
	{"March 12, 2024", false, "2024-03-12"},
	{"Published: Mar. 12th, 2024 at 8:30 am", false, "2024-03-12"},
	{"12 March 2024", false, "2024-03-12"},
	{"the 12th of March, 2024", false, "2024-03-12"},
	{"Tue, 12 Mar 2024 08:30:00 GMT", false, "2024-03-12T08:30:00Z"},
	{"Dienstag, 12. M\xC3\xA4rz 2024", false, "2024-03-12"},
	{"12 de marzo de 2024", false, "2024-03-12"},
	{"le 1er ao\xC3\xBBt 2024", false, "2024-08-01"},
	{"12 \xD0\xBC\xD0\xB0\xD1\x80\xD1\x82\xD0\xB0 2024 \xD0\xB3.", false, "2024-03-12"},
	{"2024\xE5\xB9\xB4"
	 "3\xE6\x9C\x88"
	 "12\xE6\x97\xA5",
	 false, "2024-03-12"},
	{"2024\xEB\x85\x84 3\xEC\x9B\x94 12\xEC\x9D\xBC", false, "2024-03-12"},
	{"30 نوفمبر 2026", false, "2026-11-30"},
	{"الإثنين، 30 أغسطس 2026 - 10:15 ص", false, "2026-08-30"},
	{"٣٠ تشرين الثاني ٢٠٢٦", false, "2026-11-30"},
	{"30 בנובמבר 2026", false, "2026-11-30"},
	{"30 नवंबर 2026", false, "2026-11-30"},
	{"30 พ.ย. 2569", false, "2026-11-30"},
	{"30 พฤศจิกายน 2569", false, "2026-11-30"},
	{"30 tháng 11, 2026", false, "2026-11-30"},
	{"ngày 3 tháng 1 năm 2026", false, "2026-01-03"},
	{"30 tháng 13, 2026", false, NULL},
	{"30 Agustus 2026", false, "2026-08-30"},
	{"30 ноември 2026 г.", false, "2026-11-30"},
	{"30 Νοεμβρίου 2026", false, "2026-11-30"},
	{"3 Μαΐου 2026", false, "2026-05-03"},
	{"2026. november 30. 09:15", false, "2026-11-30"},
	{"2026. szeptember 3.", false, "2026-09-03"},
	{"2026. 11. 30.", false, "2026-11-30"},
	{"2026 m. lapkričio 30 d.", false, "2026-11-30"},
	{"2024 Jun 30", false, "2024-06-30"},
	{"2019 may 15 people", false, NULL},
	{"3 maart 2026", false, "2026-03-03"},
	{"30. marraskuuta 2026", false, "2026-11-30"},
	{"3. července 2026", false, "2026-07-03"},
	{"3. června 2026", false, "2026-06-03"},
	{"30 noiembrie 2026", false, "2026-11-30"},
	{"令和8年11月30日", false, "2026-11-30"},
	{"中華民國115年11月30日", false, "2026-11-30"},
	{"8年11月30日", false, NULL},
	{"２０２６年１１月３０日", false, "2026-11-30"},
	{"12.16.2025", false, "2025-12-16"},
	{"16.13.2025", false, NULL},
	{"", false, NULL},
	{"March", false, NULL},
	{"2024-13-12", false, NULL},
	{"30.2.2024", false, NULL},
	{"2023-02-29", false, NULL},
	{"29 February 2024", false, "2024-02-29"},
	{"31 April 2024", false, NULL},
	{"1234567890123456", false, NULL},
	{"call 030 123 45", false, NULL},
	{"12 marbles in 2024", false, NULL},
	{"page 3 of 12", false, NULL},
};

static void dates_are_read(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[DATE_MAX] = "";
		bool found = date_read(span_of(cases[i].text), cases[i].month_first, out);
		CHECK(cases[i].text, found == (cases[i].date != NULL));
		if (found)
			CHECK_SPAN(cases[i].text, span_of(out), span_of(cases[i].date));
	}
}

static void urls_hold_dates(void **state)
{
	char out[DATE_MAX];
	assert_true(date_read_url(SPAN("https://a.example/2024/03/12/title"), out));
	assert_string_equal(out, "2024-03-12");
	assert_true(date_read_url(SPAN("https://a.example/news/2024-03-12-title.html"), out));
	assert_false(date_read_url(SPAN("https://a.example/2024/title"), out));
	assert_false(date_read_url(SPAN("https://a.example/20240312345/x"), out));
	assert_false(date_read_url(SPAN(""), out));
}

static void any_text_is_safe(void **state)
{
	static const char alphabet[] = "0123456789 ./-:TzaprmarJuly,de+";
	unsigned seed = 3;
	for (int round = 0; round < 20000; round++) {
		char text[40], out[DATE_MAX];
		size_t len = (size_t)round % sizeof(text);
		for (size_t i = 0; i < len; i++) {
			seed = seed * 1103515245 + 12345;
			text[i] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		}
		if (date_read((struct span){text, len}, round & 1, out))
			assert_true(strlen(out) == 10 || strlen(out) == 20 || strlen(out) == 25);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_are_read),
		cmocka_unit_test(urls_hold_dates),
		cmocka_unit_test(any_text_is_safe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
