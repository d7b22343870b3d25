#include "tests/check.h"

#include "core/kin.h"

static void test_other_forms(void **state)
{
	static const struct {
		const char *language, *form, *stem; /* asked for */
		const char *other, *other_stem;     /* in the text */
		bool kin;
	} cases[] = {
		{"fr", "musee", "muse", "musée", "mus", true},
		{"fr", "eleve", "elev", "élèves", "élev", true},
		{"fr", "oeuvre", "oeuvr", "œuvre", "œuvr", true},
		{"fr", "pont", "pont", "ponts", "ponts", false}, /* there is a stemmer */
		{"pl", "lodka", "lodka", "łódka", "łódka", true},
		{"pl", "prom", "prom", "promy", "promy", true},
		{"pl", "rok", "rok", "roku", "roku", false}, /* too short */
		{"tr", "işik", "işik", "ışıklar", "ışık", true},
		{"ru", "елка", "елк", "ёлками", "ёлк", true},
		{"ar", "مُتْحَف", "مُتْحَف", "متحف", "متحف", true},
		{"hi", "खरीदे", "खरीद", "ख़रीदे", "ख़रीद", true},
		{"hi", "पल", "पल", "पुल", "पुल", false},
		{"ja", "かく", "かく", "がく", "がく", false},
		{"ja", "ﾌﾞﾘ", "ﾌﾞﾘ", "ブリ", "ブリ", true},
		{"en", "ｐｏｒｔ", "ｐｏｒｔ", "port", "port", true},
		{"ko", "간", "간", "각", "각", false},
		{"vi", "tang", "tang", "tàng", "tàng", true},
		{"vi", "tang", "tang", "tans", "tans", false},
		{"de", "bruecke", "brueck", "hafenbrücke", "hafenbruck", true},
		{"de", "gemaelde", "gemaeld", "gemälde", "gemald", true},
		{"de", "müll", "mull", "müllgebühren", "mullgebuhr", true},
		{"de", "brücke", "bruck", "brückner", "bruckn", false}, /* too little is left */
		{"de", "ort", "ort", "sportplatz", "sportplatz", false},
		{"da", "aarhus", "aarhus", "århus", "århus", true},
		{"nl", "boek", "boek", "bokken", "bok", false}, /* "oe" is no umlaut */
		{"nl", "brug", "brug", "ophaalbrug", "ophaalbrug", true},
		{"fi", "silta", "sil", "siltapilarista", "siltapilari", true},
		{"ko", "미술관", "미술관", "현대미술관은", "현대미술관", true},
		{"en", "port", "port", "portfolio", "portfolio", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct kin kin;
		kin_init(&kin, language_from_tag(span_of(cases[i].language)),
			 span_of(cases[i].form), span_of(cases[i].stem));
		CHECK(cases[i].other, kin_is(&kin, span_of(cases[i].other),
					     span_of(cases[i].other_stem)) == cases[i].kin);
	}
}

/* Forms are cut at 64 bytes, and one letter may become three. */
static void test_long_words(void **state)
{
	char word[FORM_MAX_BYTES];
	struct span long_word = {word, sizeof word};
	for (size_t i = 0; i < sizeof word; i += 2)
		memcpy(word + i, "æ", 2);
	struct kin kin;
	kin_init(&kin, language_from_tag(SPAN("da")), long_word, long_word);
	CHECK("itself", kin_is(&kin, long_word, long_word));
	CHECK("not a short one", !kin_is(&kin, SPAN("æ"), SPAN("æ")));
	CHECK("nor nothing", !kin_is(&kin, SPAN(""), SPAN("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_forms),
		cmocka_unit_test(test_long_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
