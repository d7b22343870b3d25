#include "tests/check.h"

#include "core/boilerplate.h"

struct line_case {
	const char *language, *text; /* one sentence, on a line of its own */
	bool line;
};

static void test_lines(void **state)
{
	static const struct line_case cases[] = {
		{"en", "No time to read?", true},
		{"en", "Get a summary", true},
		{"en", "Previous Article", true},
		{"en", "Read also: Ten ways to cook rice", true},
		{"en", "READ MORE: What the minister said next", true},
		{"en", "Photo: Jane Doe/AFP", true},
		{"en", "A view of the harbour at dawn (Getty Images)", true},
		{"en", "By Jane Doe and John Roe", true},
		{"en", "\xC2\xA9 2024 The Daily Example", true},
		{"en", "Share", true},
		{"en", "For more information, please visit www.example.com.", true},
		{"en", "Check out our guide to the ten best kayaks.", true},
		{"en", "This post may contain affiliate links.", true},
		{"en",
		 "This article contains affiliate links, and if you buy something through one of "
		 "them the publisher may earn a small commission that costs you nothing at all.",
		 true},
		{"en", "How is a tide mill kept from turning backwards at low water?", true},
		{"en", "How is it kept from turning? By a valve that the tide closes.", false},
		{"en", "12.", true},
		{"en", "15:21 EST, 17 December 2012. |.", true},
		{"de", "Samstag, 12. Dezember 2020, 15:21 Uhr.", true},
		{"en", "By .", true},
		{"en", "She was elected on 12 May 2015.", false},
		{"en", "In 2015, 12 bridges of the town fell.", false},
		{"en", "***", true},
		{"fr",
		 "\xC3\x80 lire aussi : dix id\xC3\xA9"
		 "es pour l'\xC3\xA9t\xC3\xA9",
		 true},
		{"de", "Lesen Sie auch: Was die Ministerin dazu sagt", true},
		{"ru",
		 "\xD0\xA7\xD0\xB8\xD1\x82\xD0\xB0\xD0\xB9\xD1\x82\xD0\xB5 "
		 "\xD1\x82\xD0\xB0\xD0\xBA\xD0\xB6\xD0\xB5: "
		 "\xD0\xBD\xD0\xBE\xD0\xB2\xD0\xBE\xD1\x81\xD1\x82\xD0\xB8",
		 true},
		{"en", "— Jane Doe of the Harbour (@janedoe) March 21, 2020", true},
		/* Whole sentences of a page or a mail. */
		{"en", "This article was updated on Tuesday to correct the name of the bridge.",
		 true},
		{"en",
		 "Editor's note: This story has been changed since it was printed, for the council "
		 "had "
		 "named the wrong bridge in its answer to our questions.",
		 true},
		{"en", "I hope you had a good weekend.", true},
		{"en", "I hope the bridge will be open by the weekend.", false},
		{"en", "Let me know if you have any questions about the bridge.", true},
		{"en", "https://example.org/pictures/bridge.jpg 1024 768 The bridge", true},
		{"de", "Folgt mir auf Instagram, um nichts zu verpassen.", true},
		{"de", "Schreibt es mir gerne in die Kommentare!", true},
		{"de", "Ich bin damit einverstanden, dass mir externe Inhalte angezeigt werden.",
		 true},
		{"de", "Bei Fragen stehe ich gerne zur Verfügung.", true},
		{"de", "Bei Fragen der Statik half ein Büro aus Lengen.", false},
		{"fr", "N'hésitez pas à me contacter si vous avez des questions.", true},
		{"es", "Síguenos en nuestras redes sociales y no te pierdas ninguna noticia.",
		 true},
		{"it", "Iscriviti alla nostra newsletter per restare aggiornato.", true},
		{"it", "Iscriversi alla scuola di ponti costa cento euro.", false},
		{"pt", "Siga nosso canal no WhatsApp e receba as notícias.", true},
		{"pl", "Zapisz się do naszego newslettera i czytaj o mostach.", true},
		{"ru", "Следите за нашими новостями в Telegram-канале.", true},
		{"ar", "تابعونا على فيسبوك لمزيد من الأخبار عن الجسر.", true},
		{"zh", "扫描二维码关注我们的公众号。", true},
		{"ja", "続きを読むには会員登録が必要です。", true},
		{"ru", "С уважением, Иван Петров.", true},
		{"ru", "Этот сайт использует файлы cookie.", true},
		{"de", "Dieser Artikel wurde zuletzt am 3. Mai aktualisiert.", true},
		{"es", "No dudes en contactarnos.", true},
		{"ar", "تابعنا على فيسبوك.", true},
		{"pt", "Fico à disposição.", true},
		{"pl", "Od redakcji: tekst ukazał się we wtorek w wydaniu papierowym gazety.",
		 true},
		/* Goodbyes, and pointers to where to go next. */
		{"en", "Stay tuned for the next part of our tour of the bridges of the north!",
		 true},
		{"en", "\xF0\x9F\x91\x8B Welcome to Bridge Weekly: all that spans a river.", true},
		{"en",
		 "Town Press writers Mara Lund in Ostrand and Jan Kohl in Lengen, and the "
		 "photographer Ida Roe, contributed to this report.",
		 true},
		{"en",
		 "The council, the engineers, the ferrymen of the island and all that was said of "
		 "the crack in the pier since the spring can be found here!",
		 true},
		{"en", "All pictures Lund/Kohl unless otherwise noted.", true},
		{"en", "(Update: The bridge was opened again on Tuesday night, the town says.)",
		 true},
		{"de", "Was die Sperrung der Brücke für Pendler bedeutet, erfahren Sie hier.",
		 true},
		{"de",
		 "Weitere Informationen zu den Fähren werden so bald wie möglich bekannt gegeben.",
		 true},
		{"ja", "橋の歴史については、市の公式サイトをご覧ください。", true},
		{"ja",
		 "（この記事は「港の新聞」２０２４年３月３日号に掲載された記事からの転載です。",
		 true},
		{"ja", "橋は月曜日にひびが見つかったため、市によって閉鎖された。", false},
		{"zh", "想要了解这座桥的更多历史，点击这里。", true},
		{"en", "He wanted to learn more about the bridge before it was closed for good.",
		 false},
		{"en", "She has worked here since the bridge was built, and her father before her.",
		 false},
		{"de", "Die Brücke, die älteste der ganzen Stadt, liegt hier.", false},
		/* Addresses, links in a row, programs. */
		{"en",
		 "If you know more about the crack, or about who knew of it, write to the editors "
		 "at bridge@town-press.example before Friday.",
		 true},
		{"es", "Las cartas se envían al correo electrónico [email\xC2\xA0protected].",
		 true},
		{"en", "The mayor, @mara of the harbour, was not there; the mAP@0.5 rose by 2.",
		 false},
		{"en", "Bridges of the north | Ferries of the north | Roads of the north | Weather",
		 true},
		{"en", "The court heard Lund | Kohl on Monday, as the file has it.", false},
		{"en", "span(id(29), lib.size_t)[4] = 100", true},
		{"en", "for a_pier in span(bridge): if is_new(a_pier): all_piers.append(a_pier)",
		 true},
		{"en", "Errorf(\"no pier in the list: %v\", err) } pier, err := bridge.", true},
		{"en", "Only the towns (n=443, 18 %) and the ferries (n=313) were left out.",
		 false},
		{"en",
		 "It then calls get_pier(), check_pier() and close_bridge() for each of them.",
		 false},
		{"en", "The pier is broken (pier=\"north\") and the bridge is closed (state=0).",
		 false},
		{"zh", "如果 pier_state[0] 没有定义，那么 bridge_state_of_pier 也没有定义。",
		 false},
		{"en", "Ask @mara, or write to bridge@town-press.example before Friday.", true},
		{"en", "The plans are fetched from ssh://git@town-press.example when it starts.",
		 false},
		{"en", "Write the letter to anna@example.com and look whether it has come.", false},
		{"en", "Call the harbour for more info.", true},
		{"en",
		 "The council asked all of the engineers of the three towns on the river for more "
		 "information.",
		 false},
		{"en",
		 "The bridges of the north are closed to lorries of all sizes in winter, unless "
		 "noted.",
		 false},
		{"en", "The towns (Ostrand, Lengen) and the ferries [2] of the island (Holm) met.",
		 false},
		{"en",
		 "Figure 3: The second pier of the harbour bridge of Ostrand, seen from a ferry in "
		 "the spring of the year before the crack was found.",
		 true},
		{"de", "Abb. 2.1: Die Pfeiler der Brücke, von einer der Fähren aus gesehen.", true},
		{"ja", "図2：港の橋の第二の橋脚を、春に渡し船から見たところである。", true},
		{"en", "Figure 3 shows the second pier of the bridge as it is seen from a ferry.",
		 false},
		{"en", "Table 2.5 metres long stood in the hall, and nobody wanted to buy it.",
		 false},
		/* And sentences of articles that begin the same way. */
		{"ru", "С уважением он отзывался о старом сопернике.", false},
		{"ru", "Этот сайт использует миллион человек в день, говорит его создатель.",
		 false},
		{"de",
		 "Dieser Artikel wurde zuletzt mit der Reform des Jahres 1993 vom Parlament "
		 "geändert.",
		 false},
		{"it", "Non esitate a contattare la polizia se avete visto il ragazzo.", false},
		{"es", "No dude en contactar a la policía si ha visto al muchacho.", false},
		{"zh", "关注我们的孩子，就是关注这座桥的未来和整个城市的安全。", false},
		{"zh", "扫描二维码后，市民可以查询每座桥的年龄和检测结果。", false},
		{"ar", "تابعنا على مدى الأيام الماضية أعمال بناء الجسر في العاصمة.", false},
		{"pt", "\"Estou à disposição da Justiça para falar da ponte\", disse o ministro.",
		 false},
		{"it", "Resto a disposizione della magistratura, ha detto ieri il sindaco.", false},
		{"pl", "Od redakcji tygodnika odeszło w tym roku pięciu dziennikarzy.", false},
		{"ko", "구독 신청 건수가 지난해보다 두 배로 늘었다.", false},
		{"de", "Transparenzhinweise fehlen auf den meisten Seiten über die Brücke.", false},
		{"de", "Der Streit um die Brücke verlagerte sich in die Kommentare.", false},
		{"en",
		 "To unsubscribe a number from the alarm, residents must call the county office.",
		 false},
		{"en", "I hope you had a chance to read the report, the minister said.", false},
		{"en", "Do not hesitate to contact the police if you have seen the boy.", false},
		{"en", "Disclosure: It took the company three years to publish the numbers.",
		 false},
		{"en", "The council approved the bridge on Monday.", false},
		{"en", "We asked Jane Doe (@janedoe) about the bridge.", false},
		{"es", "Para guardar el mapa, haz clic en Archivo.", false},
		{"fr", "Pour ouvrir la carte, cliquez sur le pont.", false},
		{"en", "thanks for your quick reply.", true},
		{"de", "Vielen Dank für Ihre Nachricht vom 12. Mai.", true},
		{"es", "Gracias por tu mensaje.", true},
		{"en",
		 "Thanks in advance of the vote went to the engineers, who had worked for a year "
		 "without a fee and without a day of rest.",
		 false},
		{"en", "Shares fell by a tenth after the news.", false},
		{"en", "By Monday the river had fallen by two metres.", false},
		{"en",
		 "Previous articles had claimed that the bridge was safe, which the engineers of "
		 "the "
		 "county denied in a long letter to the editor last week.",
		 false},
		{"en", "Subscribers left in large numbers when the price rose.", false},
		{"fr", "Le conseil a approuv\xC3\xA9 le pont lundi.", false},
	};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sentence sentence = {.end_byte = (uint32_t)strlen(cases[i].text)};
		struct sentences sentences = {&sentence, 1};
		struct terms terms;
		struct score_input input = {.text = span_of(cases[i].text),
					    .language =
						    language_from_tag(span_of(cases[i].language)),
					    .sentences = &sentences,
					    .terms = &terms};
		tokenize_sentences(&arena, NULL, input.text, &sentences, input.language, &terms);
		bool line;
		boilerplate_find(&input, &line);
		CHECK(cases[i].text, line == cases[i].line);
		arena_reset(&arena);
	}
	arena_free(&arena);
}

/* A question on a line of its own is a heading, whichever character ends the line. */
static void test_line_ends(void **state)
{
	static const char question[] =
		"How is a tide mill kept from turning backwards at low water?";
	static const struct {
		const char *before, *behind;
		bool line;
	} cases[] = {{"", "", true},
		     {"\uFEFF", "\nBy a valve.", true},
		     {"A mill.\r", "\rBy a valve.", true},
		     {"A mill.\r\n\t", " \r\nBy a valve.", true},
		     {"A mill.\u2028", "\u00A0\u2028By a valve.", true},
		     {"A mill. ", "\nBy a valve.", false},
		     {"A mill.\n", " By a valve.", false}};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[200];
		sprintf(text, "%s%s%s", cases[i].before, question, cases[i].behind);
		uint32_t start = (uint32_t)strlen(cases[i].before);
		struct sentence sentence = {.start_byte = start,
					    .end_byte = start + (uint32_t)strlen(question)};
		struct sentences sentences = {&sentence, 1};
		struct terms terms;
		struct score_input input = {.text = span_of(text),
					    .language = language_from_tag(SPAN("en")),
					    .sentences = &sentences,
					    .terms = &terms};
		tokenize_sentences(&arena, NULL, input.text, &sentences, input.language, &terms);
		bool line;
		boilerplate_find(&input, &line);
		CHECK(text, line == cases[i].line);
	}
	arena_free(&arena);
}

/* If a program set the stops, the preposition and the names are separate sentences. */
static void test_split_byline(void **state)
{
	static const char text[] = "By . Jane Doe and John Roe . Jane Doe swam. By . She swam.";
	static const struct {
		uint32_t start, end;
		bool line;
	} expected[] = {
		{0, 4, true}, {5, 28, true}, {29, 43, false}, {44, 48, true}, {49, 58, false}};
	enum { COUNT = sizeof expected / sizeof *expected };
	struct sentence at[COUNT] = {{.start_byte = 0}};
	for (size_t i = 0; i < COUNT; i++) {
		at[i].start_byte = expected[i].start;
		at[i].end_byte = expected[i].end;
	}
	struct sentences sentences = {at, COUNT};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct terms terms;
	struct score_input input = {.text = span_of(text),
				    .language = language_from_tag(SPAN("en")),
				    .sentences = &sentences,
				    .terms = &terms};
	tokenize_sentences(&arena, NULL, input.text, &sentences, input.language, &terms);
	bool line[COUNT];
	boilerplate_find(&input, line);
	for (size_t i = 0; i < COUNT; i++)
		CHECK(text + expected[i].start, line[i] == expected[i].line);
	arena_free(&arena);
}

enum { LINES = 4 };

/* Find the lines of a text, segmented as usual; returns how many sentences it has. */
static size_t find_titled(struct arena *arena, const char *language, const char *title,
			  const char *text, bool line[LINES])
{
	struct sentences sentences;
	struct terms terms;
	struct score_input input = {.text = span_of(text),
				    .title = span_of(title),
				    .language = language_from_tag(span_of(language)),
				    .sentences = &sentences,
				    .terms = &terms};
	arena_reset(arena);
	segment_text(arena, input.text, input.language, &sentences);
	tokenize_sentences(arena, NULL, input.text, &sentences, input.language, &terms);
	assert_true(sentences.len <= LINES);
	boilerplate_find(&input, line);
	return sentences.len;
}

static size_t find_lines(struct arena *arena, const char *language, const char *text,
			 bool line[LINES])
{
	return find_titled(arena, language, "", text, line);
}

/* Paragraphs that are headlines although they look like sentences. */
static void test_headlines(void **state)
{
	static const struct {
		const char *text;
		bool line[LINES];
	} cases[] = {
		/* What is in a label. */
		{"READ MORE: Ten ways to cook the rice that is left over, and three to store it.",
		 {true, true}},
		{"OSTRAND (AP) — The latest on the crack in the pier of the harbour bridge.",
		 {true, true}},
		{"[10:02] anna: the first ferry leaves at five in the morning\n"
		 "[10:03] bob: then we have to get up at four on the day of the vote",
		 {true, false, true, false}},
		{"PHOTO: The harbour bridge of Ostrand, with the ferries of the island before it.",
		 {true, true}},
		{"NEW OSTRAND: The ferries of the old town take lorries across the harbour now.",
		 {true, false}},
		/* Two sentences without a full stop. */
		{"Which rope holds best? Here are our three\n\nWe pulled them for a week.",
		 {true, true, false}},
		{"It is old. Here are our three\n\nWe pulled them for a week.",
		 {false, true, false}},
		{"这座桥真是太老了！（记者 张三）\n\nWe pulled them for a week.",
		 {false, true, false}},
		/* A number, but not a list. */
		{"1. Set yourself a goal that you can reach\n\nWe pulled them for a week.",
		 {true, false}},
		{"1. Six ropes of hemp\n2. Three ropes of wire that nobody has used\n\n"
		 "We pulled them for a week.",
		 {true, false, false}},
		/* The page's title. */
		{"the ferries of ostrand will run every ten minutes until the spring\n\n"
		 "We pulled them for a week.",
		 {true, false}},
		{"The ferries of Ostrand will run every ten minutes until the spring.\n\n"
		 "We pulled them for a week.",
		 {false, false}},
	};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool line[LINES];
		size_t len = find_titled(
			&arena, "en",
			"The ferries of Ostrand will run every ten minutes until the spring",
			cases[i].text, line);
		for (size_t k = 0; k < len; k++)
			CHECK(cases[i].text, line[k] == cases[i].line[k]);
	}
	arena_free(&arena);
}

/* A caption before the photographer's name, on the same line, and its copy before that. */
static void test_captions(void **state)
{
	static const struct {
		const char *text;
		bool line[LINES];
	} cases[] = {
		{"The bridge lies under snow.\nThe bridge lies under snow. Photograph: Jan "
		 "Kohl/EPA\n"
		 "The council closed the bridge on Monday.",
		 {true, true, true, false}},
		{"Le pont est sous la neige ce lundi. Crédit photo : Jeanne Dupont", {true, true}},
		{"The council closed the bridge on Monday. It is old. Photo: Jane Doe",
		 {false, false, true}},
		{"The council closed the bridge on Monday. Photo: Jane Doe has been there with her "
		 "camera for us.",
		 {false, true}},
		{"The council closed the bridge on Monday. Read more: Bridges", {false, true}},
		{"Students learn how steel ages over the years. Credits: 6", {false, true}},
		{"It takes pictures where no other phone can. Images: 50 megapixels.",
		 {false, true}},
	};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool line[LINES];
		size_t len = find_lines(&arena, "en", cases[i].text, line);
		for (size_t k = 0; k < len; k++)
			CHECK(cases[i].text, line[k] == cases[i].line[k]);
	}
	arena_free(&arena);
}

/* Lists of names, results and references among sentences, and what looks like them. In another
 * language than the declared one, or in headlines, sentences without function words are as good as
 * any. */
static void test_unlinked(void **state)
{
	static const char english[] = "The council met on Monday to talk about the bridge.\n",
			  german[] = "Der Rat hat am Montag über die neue Brücke gesprochen.\n",
			  swahili[] = "Hata hivyo wapinzani walidai serikali imeshindwa kueleza "
				      "chanzo cha fedha hizo.\n",
			  icelandic[] = "Vinna við fyrsta áfangann hefst næsta vor þegar snjóa "
					"leysir.\n",
			  headline[] = "Fed officials signal slower pace of interest rate cuts.\n";
	static const struct {
		const char *language, *before, *text;
		bool line;
	} cases[] = {
		{"en", english,
		 "Rovers (4-3-3): Okafor; Bell, Sung, Ramos, Kerr; Dunn (Pike 71), Osei, Vial.",
		 true},
		{"en", english,
		 "Klein, B., Wray, M., Mueller, U., Seeley, T., Holt, I., Berg, A., Lund, P., "
		 "Cole, L., Fox, D., Ray, S., Ito, K., Cobb, J., Penn, R., Weiss, V. (2010).",
		 true},
		{"de", german,
		 "Lieferbar: Eiche, Buche, Esche, Ahorn, Kiefer, Fichte, Tanne, Birke.", true},
		{"en", english, "Brücken sind teuer, weil jeder Pfeiler im Wasser stehen muss.",
		 true},
		{"en", english, "Old wooden bridges cost rich towns money.", false},
		{"en", english, "- Old wooden bridges cost rich towns money.", false},
		{"en", english, "- Old wooden bridges, rich towns, money", true},
		{"en", english, "- Old wooden bridges cost the towns money", false},
		{"en", english, "Old wooden bridges cost rich towns money, and the poor have none.",
		 false},
		{"pl", "Rada spotkała się w poniedziałek, aby rozmawiać o moście.\n",
		 "Praktyka akademicka proponuje formalizm zamiast przeżywania tekstu świata.",
		 false},
		{"es", swahili,
		 "Wakulima wa mkoa huo wanasema barabara mbovu zimewazuia kuuza mazao yao sokoni.",
		 false},
		{"da", icelandic,
		 "Sveitarfélögin fá greiddar bætur vegna lands sem tekið verður eignarnámi.",
		 false},
		{"en", headline,
		 "Senate passes landmark climate bill despite fierce Republican opposition.",
		 false},
	};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[500];
		sprintf(text, "%s%s", cases[i].before, cases[i].text);
		bool line[LINES];
		size_t len = find_lines(&arena, cases[i].language, text, line);
		CHECK_SIZE(cases[i].text, len, 2);
		CHECK(cases[i].before, !line[0]);
		CHECK(cases[i].text, line[1] == cases[i].line);
	}
	arena_free(&arena);
}

/* The quoted mail is a line of the page, unless there is nothing else. */
static void test_answered(void **state)
{
	static const struct {
		const char *text;
		bool line[LINES];
	} cases[] = {
		{"I will bring the plans of the bridge on Tuesday.\n"
		 "> Can we meet on Tuesday to talk about the bridge?\n"
		 "> The council wants to see the plans.\n",
		 {false, true, true}},
		{"The new bridge\n\n"
		 "> The council has seen the plans of the new bridge on Tuesday.\n"
		 "> It will cost four million in all.\n",
		 {true, false, false}},
	};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool line[LINES];
		size_t len = find_lines(&arena, "en", cases[i].text, line);
		CHECK_SIZE(cases[i].text, len, 3);
		for (size_t k = 0; k < len; k++)
			CHECK(cases[i].text, line[k] == cases[i].line[k]);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),        cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_split_byline), cmocka_unit_test(test_captions),
		cmocka_unit_test(test_headlines),    cmocka_unit_test(test_unlinked),
		cmocka_unit_test(test_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
