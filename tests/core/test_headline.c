#include "tests/check.h"

#include "core/headline.h"

static struct headline_clues clues_of(const char *title, const char *first, const char *second)
{
	return (struct headline_clues){
		.titles = {span_of(title)},
		.title_count = 1,
		.headings = {{span_of(first), 1}, {span_of(second), 1}},
		.heading_count = 2,
	};
}

static void test_agreement(void **state)
{
	static const struct {
		const char *title, *first, *second, *headline;
	} cases[] = {
		{"Old bridge closed - The Herald", "The Herald", "Old bridge closed",
		 "Old bridge closed"},
		{"Old bridge closed | The Herald", "Sport today", "Weather", "Old bridge closed"},
		{"", "", "", ""},
	};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 20);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct headline_clues clues =
			clues_of(cases[i].title, cases[i].first, cases[i].second);
		clues.site_name = SPAN("The Herald");
		CHECK_SPAN(cases[i].headline, headline_choose(&arena, &clues),
			   span_of(cases[i].headline));
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agreement),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
