#include "tests/check.h"

#include "core/stopwords.h"
#include "core/tokenize.h"

static void test_flags(void **state)
{
	static const struct {
		const char *tag, *word;
		unsigned flags; /* all that are asked for, and at least one */
	} cases[] = {
		{"en", "the", TERM_STOP},
		{"en", "they", TERM_PRONOUN | TERM_STOP},
		{"en", "however", TERM_CONNECTIVE},
		{"en", "bridge", 0},
		{"fr", "donc", TERM_CONNECTIVE},
		{"ru", "однако", TERM_CONNECTIVE},
		{"tlh", "the", 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct form form = {.len = (uint32_t)strlen(cases[i].word)};
		memcpy(form.bytes, cases[i].word, form.len);
		form_finish(&form);
		const struct language *language = language_from_tag(span_of(cases[i].tag));
		unsigned flags = stopwords_flags(stopwords_of(language), &form,
						 form_hash(form.bytes, form.len));
		CHECK(cases[i].word, (flags & cases[i].flags) == cases[i].flags);
		CHECK(cases[i].word, cases[i].flags != 0 || flags == 0);
	}
}

static void test_openings(void **state)
{
	static const struct {
		const char *tag, *sentence;
		bool backward;
	} cases[] = {
		{"fr", "En effet, le pont est fermé.", true},
		{"fr", "En effeuillant la marguerite, il rit.", false},
		{"fr", "Le pont est en effet fermé.", false},
		{"fr", "En effet", false}, /* nothing after it */
		{"es", "A él se sumará otra prueba.", true},
		{"ru", "Кроме того, мост закрыт.", true},
		{"ru", "Там стоит старый мост.", true},
		{"ru", "Таможня стоит у моста.", false}, /* the word goes on, beyond ASCII */
		{"de", "Dort steht eine Brücke.", true},
		{"de", "Dortmund baut eine Brücke.", false},
		{"de", "So wurde die Brücke gesperrt.", true},
		{"de", "So lange die Brücke steht, fährt der Bus.", false},
		{"it", "A tal proposito si discute del ponte.", true},
		{"it", "A tale altezza il ponte oscilla.", false},
		{"pt", "Por esse motivo, a ponte fechou.", true},
		{"pl", "Mimo to most jest zamknięty.", true},
		{"pl", "Tamten most jest zamknięty.", false},
		{"ar", "ولذلك أغلق الجسر.", true},
		{"ar", "وبالتالي، أغلق الجسر.", true},
		{"ja", "しかし橋は閉まった。", true},
		{"ja", "橋は閉まった。", false},
		{"vi", "Tuy nhiên, cây cầu đã đóng.", true},
		{"zh", "它可能是一座桥。", true},
		{"zh", "桥关了。", false},
		{"en", "In addition, the bridge is closed.", true},
		{"en", "In addition to the bridge the quay is closed.", false},
		{"en", "In this view, the bridge is a wall.", true},
		{"en", "In this viewing room hangs a bridge.", false},
		{"en", "On this basis the bridge was built.", true},
		{"en", "For these reasons, the bridge is closed.", true},
		{"en", "In most cases, the bridge is open.", true},
		{"en", "To do so, a bridge is needed.", false}, /* as papers say of themselves */
		{"de", "In solchen Fällen wird die Brücke gesperrt.", true},
		{"de", "Unter diesen Umständen wird die Brücke gesperrt.", true},
		{"fr", "Dans ces conditions, le pont ferme.", true},
		{"es", "En esos casos se cierra el puente.", true},
		{"pt", "Nessas condições, a ponte fecha.", true},
		{"it", "In questi casi il ponte chiude.", true},
		{"nl", "Op basis daarvan sluit de brug.", true},
		{"ru", "На этом основании мост закрыли.", true},
		{"zh", "在这种情况下，桥关了。", true},
		/* Openings that point forward: the bridge, the fire; and words that only begin with
		 * the same characters: Yemen, a stork. */
		{"en", "As a result, the bridge is closed.", true},
		{"en", "As a result of the storm the bridge is closed.", false},
		{"it", "In seguito, il ponte è stato chiuso.", true},
		{"it", "In seguito a un incendio il ponte è chiuso.", false},
		{"pt", "Na sequência, a ponte fechou.", true},
		{"pt", "Na sequência do incêndio, a ponte fechou.", false},
		{"pt", "Em consequência das chuvas, a ponte fechou.", false},
		{"fr", "En parallèle, le pont est fermé.", true},
		{"fr", "En parallèle du pont, le quai est fermé.", false},
		{"sv", "I stället blir det en färja.", true},
		{"sv", "I stället för en bro blir det en färja.", false},
		{"sv", "Istället för en bro blir det en färja.", false},
		{"de", "Zusätzlich wird der Kai gesperrt.", true},
		{"de", "Zusätzlich zur Brücke wird der Kai gesperrt.", false},
		{"zh", "也有人走桥。", true},
		{"zh", "也门的桥关了。", false},
		{"ja", "こうした橋は多い。", true},
		{"ja", "こうのとりが橋に来た。", false},
		{"de", "En effet, die Brücke ist gesperrt.", false},
		{"tlh", "En effet, le pont est fermé.", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct language *language = language_from_tag(span_of(cases[i].tag));
		CHECK(cases[i].sentence,
		      stopwords_open_backward(stopwords_of(language), span_of(cases[i].sentence)) ==
			      cases[i].backward);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_openings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
