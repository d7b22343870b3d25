#include "tests/check.h"

#include "core/language.h"

static void test_table(void **state)
{
	assert_true(language_count() > 30);
	for (size_t i = 0; i < language_count(); i++) {
		const struct language *language = language_at(i);
		CHECK_SIZE(language->tag, language->index, i);
		if (i != LANGUAGE_UND)
			CHECK(language->tag, language_from_tag(span_of(language->tag)) == language);
	}
	assert_string_equal(language_at(LANGUAGE_UND)->tag, "und");
	assert_true(language_from_tag(SPAN("en"))->spaced);
	assert_false(language_from_tag(SPAN("zh"))->spaced);
}

static void test_tags(void **state)
{
	static const struct {
		const char *tag, *want; /* NULL: malformed */
	} cases[] = {
		{"en", "en"},        {"EN", "en"},
		{"pt-BR", "pt"},     {"zh-Hant-TW", "zh"},
		{"no", "nb"},        {"nn-NO", "nb"},
		{"iw", "he"},        {"de-1996", "de"},
		{"sr-Latn", "sr"},   {"en-a-bbb-x-a", "en"},
		{"und", "und"},      {"tlh", "und"},
		{"abcdefgh", "und"}, {"", NULL},
		{"e", NULL},         {"en-", NULL},
		{"-en", NULL},       {"en--US", NULL},
		{"1a", NULL},        {"en-toolongsubtag", NULL},
		{"abcdefghi", NULL}, {"e n", NULL},
		{"\xC3\xA9n", NULL}, {"en\n", NULL},
		{"x-mine", "und"},   {"i-klingon", "und"},
		{"x", NULL},         {"x-", NULL},
		{"a-mine", NULL},    {"I", NULL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct language *got = language_from_tag(span_of(cases[i].tag));
		CHECK(cases[i].tag, (got == NULL) == (cases[i].want == NULL));
		CHECK(cases[i].tag, got == NULL || strcmp(got->tag, cases[i].want) == 0);
	}
}

static void test_detection(void **state)
{
	static const struct {
		const char *want, *text;
	} cases[] = {
		{"und", ""},
		{"und", "123 + 456 = ?"},
		{"und", "Xqzt bfgrl"},
		{"en", "The ferry will leave at noon, and it is not known when it will be back."},
		{"de", "Die Fähre legt um zwölf Uhr ab, und niemand weiß, wann sie zurückkommt."},
		{"fr",
		 "Le bac part à midi et personne ne sait quand il sera de retour dans le port."},
		{"es", "El barco sale a mediodía y nadie sabe cuándo va a volver al puerto."},
		{"it", "Il traghetto parte a mezzogiorno e nessuno sa quando tornerà nel porto "
		       "della città."},
		{"pt",
		 "O barco sai ao meio-dia e ninguém sabe quando ele vai voltar para o porto."},
		{"nl",
		 "De veerboot vertrekt om twaalf uur en niemand weet wanneer hij terug zal zijn."},
		{"sv",
		 "Färjan går klockan tolv och ingen vet när den kommer tillbaka till hamnen."},
		{"da", "Færgen sejler klokken tolv, og ingen ved, hvornår den kommer tilbage til "
		       "havnen igen."},
		{"nb",
		 "Fergen går klokken tolv, og ingen vet når den kommer tilbake til havnen igjen."},
		{"fi",
		 "Lautta lähtee kahdeltatoista, eikä kukaan tiedä, milloin se palaa satamaan."},
		{"pl", "Prom odpływa w południe i nikt nie wie, kiedy wróci do portu."},
		{"cs", "Trajekt vyplouvá v poledne a nikdo neví, kdy se vrátí do přístavu."},
		{"hu", "A komp délben indul, és senki sem tudja, mikor tér vissza a kikötőbe."},
		{"ro", "Feribotul pleacă la prânz și nimeni nu știe când se va întoarce în port."},
		{"tr", "Vapur öğlen kalkıyor ve limana ne zaman döneceğini kimse bilmiyor."},
		{"id",
		 "Kapal itu berangkat pada siang hari dan tidak ada yang tahu kapan akan kembali."},
		{"vi", "Chuyến phà rời bến lúc trưa và không ai biết khi nào nó trở lại."},
		{"ru", "Паром уходит в полдень, и никто не знает, когда он вернётся."},
		{"uk", "Пором відпливає опівдні, і ніхто не знає, коли він повернеться."},
		{"bg", "Фериботът тръгва по обяд и никой не знае кога ще се върне."},
		{"el", "Το πλοίο φεύγει το μεσημέρι και κανείς δεν ξέρει πότε θα γυρίσει."},
		{"hy", "Նավը մեկնում է կեսօրին, և ոչ ոք չգիտի, թե երբ կվերադառնա:"},
		{"he", "המעבורת יוצאת בצהריים ואיש אינו יודע מתי תחזור."},
		{"ar", "تغادر العبارة عند الظهر ولا أحد يعرف متى ستعود إلى الميناء."},
		{"fa",
		 "کشتی ظهر حرکت می‌کند و هیچ کس نمی‌داند که "
		 "کی "
		 "برمی‌گردد."},
		{"ur", "کشتی دوپہر کو روانہ ہوتی ہے اور کسی کو نہیں معلوم کہ وہ کب واپس آئے گی۔"},
		{"hi", "नाव दोपहर को निकलती है और किसी को नहीं पता कि वह कब लौटेगी।"},
		{"ko", "배는 정오에 떠나고 언제 돌아올지 아무도 모른다."},
		{"ja", "船は正午に出るが、いつ戻るのかは誰も知らない。"},
		{"zh", "船中午开，没有人知道什么时候回来。"},
		{"th", "เรือออกตอนเที่ยงและไม่มีใครรู้ว่าจะกลับมาเมื่อไร"},
		/* Text that several languages would write alike is in the one that most people
		 * write. */
		{"en", "Hi there."},
		{"en", "The server is down"},
		{"nl", "De brug is gesloten."},
		{"es", "La Sra. López vive en la Av. Juárez No. 5."},
		/* One sentence, close languages: the commonest words and letters decide. */
		{"fr", "Le ministre veut reporter le plan."},
		{"pt", "O deputado se aproximou."},
		{"en", "No comment."},
		{"en", "People were angry."},
		{"sk", "Minister povedal, že peniaze už nie sú."},
		{"sk", "Ľudia čakali na autobus v daždi."},
		{"cs", "Ceny potravin opět rostly."},
		{"sl", "Minister je povedal, da denarja ni več."},
		{"hr", "Ljudi su čekali autobus po kiši."},
		{"sr", "Министар је рекао да новца више нема."},
		{"mk", "Училиштето ги отвора вратите во септември."},
		{"be", "Цэны на харчаванне зноў выраслі."},
		{"da", "Jeg ved ikke, om jeg er ved at kede mig."},
		{"ca", "Els preus dels aliments tornen a pujar."},
		{"gl", "O ministro dixo que xa non hai cartos."},
		{"mr", "पोलिस अपघाताच्या साक्षीदारांचा शोध घेत आहेत."},
		{"ne", "पुल महिनाको अन्त्यसम्म बन्द रहनेछ।"},
		/* Japanese with few kana. */
		{"ja", "日本貝類学会役員、東京貝類同好会名誉会長を務めた。"},
		{"zh", "日本贝类学会理事、东京贝类爱好者协会名誉会长。"},
		/* Words that say nothing about a text, but whose endings show its language. */
		{"en", "Making, using, looking, thinking"},
		{"es", "Información, situación, opción"},
		{"it", "Possibilità, opportunità"},
		{"pl", "Możliwość, ilość"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_SPAN(cases[i].text, span_of(language_detect(span_of(cases[i].text))->tag),
			   span_of(cases[i].want));
}

/* A preface in another language, even one long enough to be certain of that language. */
static void test_preface(void **state)
{
	static const char
		preface[] =
			"This page was kept by a library when it was made, so that it can be read "
			"by those who come to it from the places that link to it. If you are the "
			"one who wrote it and do not want it to be here, you can tell us and we "
			"will take it away. We hope that this is of use to you and to all of the "
			"people who will have to find out what was said, and by whom, and when it "
			"was said. There is more of this in the other rooms of the house, which "
			"are open to all of you.\n\n",
		body[] =
			"Das Schiff fährt am Mittag ab, und niemand weiß, wann es zurückkommt. Auf "
			"der Insel warten die Leute, weil sie nicht ohne Brot sein wollen. ";
	char text[8192];
	size_t len = sizeof(preface) - 1;
	assert_true(len > 400);
	memcpy(text, preface, len);
	CHECK_SPAN("the preface alone", span_of(language_detect((struct span){text, len})->tag),
		   SPAN("en"));
	for (unsigned i = 0; i < 20; i++, len += sizeof(body) - 1)
		memcpy(text + len, body, sizeof(body) - 1);
	CHECK_SPAN("with the article", span_of(language_detect((struct span){text, len})->tag),
		   SPAN("de"));
}

static void test_words(void **state)
{
	const struct language *en = language_from_tag(SPAN("en")),
			      *de = language_from_tag(SPAN("de"));
	assert_true(language_word(en, SPAN("dr")) & WORD_TITLE);
	assert_true(language_word(de, SPAN("z.b")) & WORD_TITLE);
	assert_true(language_word(de, SPAN("mai")) & WORD_MONTH);
	assert_int_equal(language_word(en, SPAN("z.b")), 0);
	assert_int_equal(language_word(en, SPAN("")), 0);
	assert_int_equal(language_word(en, SPAN("a word far longer than any that the lists hold")),
			 0);
}

/* Words that begin sentences pass, whatever follows their letters; few others do. */
static void test_may_start(void **state)
{
	static const struct {
		const char *tag, *word;
	} starters[] = {{"en", "the"},     {"en", "however"}, {"en", "when"}, {"de", "der"},
			{"de", "nachdem"}, {"fr", "il"},      {"fr", "elle"}, {"es", "pero"}};
	for (size_t i = 0; i < sizeof(starters) / sizeof(starters[0]); i++) {
		const struct language *language = language_from_tag(span_of(starters[i].tag));
		struct span word = span_of(starters[i].word);
		assert_true(language_word(language, word) & WORD_STARTER);
		assert_true(language_may_start(language, (unsigned char)word.at[0],
					       (unsigned char)word.at[1], (unsigned)word.len));
	}
	for (size_t i = 0; i < language_count(); i++) {
		unsigned let = 0, asked = 0;
		for (unsigned char first = 'a'; first <= 'z'; first++)
			for (unsigned char second = 'a'; second <= 'z'; second++)
				for (unsigned letters = 2; letters <= 16; letters++, asked++)
					let += language_may_start(language_at(i), first, second,
								  letters);
		CHECK(language_at(i)->tag, let < asked / 5);
	}
}

/* A declaration stands unless the text contradicts it. */
static void test_belief(void **state)
{
	static const char german[] =
		"Die Brücke von Ostrand ist seit Montag gesperrt, weil die Ingenieure einen Riss "
		"in "
		"einem der Pfeiler gefunden haben. Wer auf die Insel will, muss mit der Fähre "
		"fahren, und das kostet nichts, bis die Arbeit getan ist.";
	static const char english[] =
		"The bridge of Ostrand has been closed since Monday, because the engineers found a "
		"crack in one of the piers. Who wants to go to the island must take the ferry, and "
		"that costs nothing until the work is done.";
	static const struct {
		const char *said, *text, *want;
	} cases[] = {
		{"en", english, "en"},
		{"de", german, "de"},
		{"en", german, "de"},
		{"de", english, "en"},
		{"und", german, "de"},
		{"nb", "Broen er stengt.", "nb"}, /* it might be Danish */
		{"en", "Ostrand 12 34", "en"},
		{"ja", "漢字", "ja"}, /* declared for the same script */
		{"en", "Мост в Остранде закрыт.", "ru"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK_SPAN(cases[i].text,
			   span_of(language_believe(language_from_tag(span_of(cases[i].said)),
						    span_of(cases[i].text))
					   ->tag),
			   span_of(cases[i].want));
	CHECK_SPAN("nothing said", span_of(language_believe(NULL, SPAN(german))->tag), SPAN("de"));

	/* A long English preface does not make a page declared German an English one. */
	char page[16384];
	size_t len = 0;
	for (unsigned i = 0; i < 60; i++)
		len += (size_t)snprintf(page + len, sizeof page - len, "%s\n\n",
					len < 3500 ? english : german);
	CHECK_SPAN("with a preface",
		   span_of(language_believe(language_from_tag(SPAN("de")), (struct span){page, len})
				   ->tag),
		   SPAN("de"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),     cmocka_unit_test(test_tags),
		cmocka_unit_test(test_detection), cmocka_unit_test(test_words),
		cmocka_unit_test(test_preface),   cmocka_unit_test(test_may_start),
		cmocka_unit_test(test_belief),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
