#include "tests/core/select_check.h"

/* Structured abstracts: their results and conclusions come before how these were found. */

struct abstract_case {
	const char *name, *language, *text;
	const char *wanted[2], *never; /* among three sentences */
};

static const struct abstract_case cases[] = {
	{"one paragraph",
	 "en",
	 "Background: Falls are common among old people in towns with steep stairs. "
	 "Methods: We followed 840 people aged 70 or older in six towns between 2015 and 2019. "
	 "They were assigned to lessons of balance or to a leaflet by a program that a second "
	 "team had written. The main measure was the number of falls in each month of a diary. "
	 "Results: People who took lessons fell a third less often than those with a leaflet. "
	 "Their fear of stairs did not change. "
	 "Conclusions: Lessons of balance prevent falls and cost less than the care they save.",
	 {"People who took", "Lessons of balance prevent"},
	 "main measure"},
	{"a label a line",
	 "en",
	 "AIMS\nTo learn whether shade makes cows on hot farms give more milk.\n\n"
	 "MATERIALS AND METHODS\nForty farms in the south planted trees or waited for four years. "
	 "Farmers wrote down the milk of each cow twice a day. Sensors on the fences measured the "
	 "heat of every field.\n\n"
	 "RESULTS\nCows with shade gave two litres more milk on days above thirty degrees.\n\n"
	 "CONCLUSIONS\nTrees on pastures pay for themselves within six summers of that kind.\n",
	 {"Cows with shade", "Trees on pastures"},
	 "Sensors"},
	{"bold labels, French spaces",
	 "fr",
	 "**Contexte :** Le bruit des ports dérange les riverains depuis des années. "
	 "**Méthodes\xC2\xA0:** Des capteurs ont été posés sur 60 immeubles de six ports pendant "
	 "dix semaines. Les mesures ont été relevées chaque heure par deux équipes. "
	 "Les plaintes des habitants ont été comptées par les mairies. "
	 "**Résultats\xC2\xA0:** Le bruit baisse de moitié lorsque les navires sont branchés au "
	 "réseau électrique. "
	 "**Conclusion\xC2\xA0:** Brancher les navires à quai suffit à rendre le sommeil aux "
	 "riverains.",
	 {"Le bruit baisse", "Brancher les navires"},
	 "Les mesures"},
	{"Chinese",
	 "zh",
	 "【背景】城市的老人在冬天常常摔倒。【方法】我们在六个城市观察了八百四十位老人，历时四年。"
	 "老人每天写日记，医生每月检查一次。数据由两个小组分别分析。"
	 "【结果】参加平衡课程的老人摔倒次数减少了三分之一。"
	 "【结论】平衡课程能够预防摔倒，费用低于治疗。",
	 {"摔倒次数减少", "能够预防摔倒"},
	 "分别分析"},
};

static void test_abstracts(void **state)
{
	struct arena arena;
	(void)state;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct abstract_case *c = &cases[i];
		struct summary_input input = {.text = span_of(c->text),
					      .language = language_from_tag(span_of(c->language))};
		struct summary summary =
			make(&arena, input, (struct select_options){.max_sentences = 3});
		for (size_t k = 0; k < COUNT(c->wanted); k++)
			CHECK(c->name, chosen(&summary, input.text, c->wanted[k]));
		CHECK(c->name, !chosen(&summary, input.text, c->never));
	}
	arena_free(&arena);
}

/* One such label makes no abstract, nor methods of which nothing came: then the lead is chosen. */
static void test_others(void **state)
{
	static const struct {
		const char *name, *text, *first;
	} others[] = {
		{"results",
		 "Methods: The police counted cars at six bridges for a month to learn who uses "
		 "them. They stopped one in ten. The count of the police goes on until May. "
		 "Results: Most cars at the bridges were empty vans of the post.",
		 "Results:"},
		{"no results",
		 "Methods: The police counted cars at six bridges for a month to learn who uses "
		 "them. They stopped one in ten. The count of the police goes on until May. "
		 "Surprise: Most cars at the bridges were empty vans of the post.",
		 "Methods:"},
	};
	struct arena arena;
	(void)state;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < COUNT(others); i++) {
		struct summary_input input = {.text = span_of(others[i].text)};
		struct summary summary =
			make(&arena, input, (struct select_options){.max_sentences = 1});
		CHECK(others[i].name, chosen(&summary, input.text, others[i].first));
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_abstracts),
		cmocka_unit_test(test_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
