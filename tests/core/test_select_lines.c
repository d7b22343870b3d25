#include "tests/core/select_check.h"

#include "core/marks.h"

/* What is chosen last: lines of the page, kinds to avoid, speakers, quoted mail. */

struct page {
	const char *name, *language, *text;
	const char *never[8]; /* not chosen while a sentence of the article remains */
	size_t sentences;     /* of the article */
};

/* Lines of the page around an article, in six languages. */
static const struct page pages[] = {
	{"English",
	 "en",
	 "Ferry returns to the northern islands\n\n"
	 "By Ann Example and Tom Sample\n\n"
	 "Photo: Ann Example/Reuters\n\n"
	 "Monday, 3 May 2021\n\n"
	 "The ferry to the northern islands will sail again from Monday after a winter of repairs. "
	 "It carries forty cars and two hundred passengers on each of its three daily trips.\n\n"
	 "Read also: The island without cars\n\n"
	 "The shipping company spent eleven million crowns on new engines and a lower ramp. "
	 "Islanders had relied on fishing boats for their bread and post since November.\n\n"
	 "Why it took so long\n\n"
	 "Spare parts for the old engines had to be cast anew in a foundry abroad.\n\n"
	 "Subscribe to our newsletter\n\nShare this article\n",
	 {"Ferry returns", "By Ann", "Photo:", "3 May", "Read also", "Why it took", "Subscribe",
	  "Share this"},
	 5},
	{"German",
	 "de",
	 "F\xC3\xA4hre f\xC3\xA4hrt wieder zu den Inseln\n\n"
	 "Von Anna Beispiel\n\n"
	 "Foto: Anna Beispiel/dpa\n\n"
	 "Montag, 3. Mai 2021\n\n"
	 "Die F\xC3\xA4hre zu den n\xC3\xB6rdlichen Inseln f\xC3\xA4hrt nach einem Winter voller "
	 "Reparaturen ab Montag wieder. "
	 "Die Reederei gab elf Millionen Kronen f\xC3\xBCr neue Motoren und eine flachere Rampe "
	 "aus.\n\n"
	 "Lesen Sie auch: Die Insel ohne Autos\n\n"
	 "Seit November brachten Fischerboote den Bewohnern der Inseln Brot und Post. "
	 "Ersatzteile f\xC3\xBCr die alten Motoren mussten im Ausland neu gegossen werden.\n\n"
	 "Newsletter abonnieren\n\nArtikel teilen\n",
	 {"wieder zu den Inseln", "Von Anna", "Foto:", "3. Mai", "Lesen Sie", "abonnieren",
	  "teilen"},
	 4},
	{"French",
	 "fr",
	 "Le bac reprend la mer vers les \xC3\xAEles\n\n"
	 "Par Anne Exemple\n\n"
	 "Cr\xC3\xA9"
	 "dit photo : Anne Exemple/AFP\n\n"
	 "Lundi 3 mai 2021\n\n"
	 "Le bac des \xC3\xAEles du nord reprendra la mer lundi apr\xC3\xA8s un hiver de "
	 "r\xC3\xA9parations. "
	 "La compagnie a d\xC3\xA9pens\xC3\xA9 onze millions de couronnes pour de nouveaux moteurs "
	 "et une rampe plus basse.\n\n"
	 "\xC3\x80 lire aussi : L'\xC3\xAEle sans voitures\n\n"
	 "Depuis novembre, des bateaux de p\xC3\xAA"
	 "che apportaient le pain et le courrier aux "
	 "habitants. "
	 "Les pi\xC3\xA8"
	 "ces des anciens moteurs ont d\xC3\xBB \xC3\xAAtre refondues \xC3\xA0 "
	 "l'\xC3\xA9tranger.\n\n"
	 "Partager cet article\n\nAbonnez-vous \xC3\xA0 notre lettre\n",
	 {"reprend la mer", "Par Anne", "dit photo", "3 mai", "lire aussi", "Partager",
	  "Abonnez-vous"},
	 4},
	{"Spanish",
	 "es",
	 "El transbordador vuelve a las islas\n\n"
	 "Por Ana Ejemplo\n\n"
	 "Foto: Ana Ejemplo/EFE\n\n"
	 "Lunes, 3 de mayo de 2021\n\n"
	 "El transbordador de las islas del norte volver\xC3\xA1 a navegar el lunes tras un "
	 "invierno de reparaciones. "
	 "La naviera gast\xC3\xB3 once millones de coronas en motores nuevos y una rampa "
	 "m\xC3\xA1s "
	 "baja.\n\n"
	 "Lea tambi\xC3\xA9n: La isla sin coches\n\n"
	 "Desde noviembre los barcos de pesca llevaban el pan y el correo a los vecinos de las "
	 "islas. "
	 "Las piezas de los motores viejos tuvieron que fundirse de nuevo en el extranjero.\n\n"
	 "Compartir\n\nSuscr\xC3\xAD"
	 "bete a nuestro bolet\xC3\xADn\n",
	 {"vuelve a las islas", "Por Ana", "Foto:", "3 de mayo", "Lea tambi", "Compartir",
	  "Suscr\xC3\xAD"},
	 4},
	{"Vietnamese",
	 "vi",
	 "Ph\xC3\xA0 tr\xE1\xBB\x9F l\xE1\xBA\xA1i c\xC3\xA1"
	 "c \xC4\x91\xE1\xBA\xA3o\n\n"
	 "\xE1\xBA\xA2nh: Lan Anh\n\n"
	 "Chuy\xE1\xBA\xBFn ph\xC3\xA0 ra c\xC3\xA1"
	 "c \xC4\x91\xE1\xBA\xA3o ph\xC3\xAD"
	 "a "
	 "b\xE1\xBA\xAF"
	 "c s\xE1\xBA\xBD ch\xE1\xBA\xA1y l\xE1\xBA\xA1i t\xE1\xBB\xAB "
	 "th\xE1\xBB\xA9 hai sau m\xE1\xBB\x99t m\xC3\xB9"
	 "a \xC4\x91\xC3\xB4ng s\xE1\xBB\xAD"
	 "a ch\xE1\xBB\xAF"
	 "a. "
	 "C\xC3\xB4ng ty v\xE1\xBA\xADn t\xE1\xBA\xA3i \xC4\x91\xC3\xA3 chi m\xC6\xB0\xE1\xBB\x9Di "
	 "m\xE1\xBB\x99t tri\xE1\xBB\x87u cho \xC4\x91\xE1\xBB\x99ng c\xC6\xA1 m\xE1\xBB\x9Bi "
	 "v\xC3\xA0 c\xE1\xBA\xA7u d\xE1\xBA\xABn th\xE1\xBA\xA5p h\xC6\xA1n.\n\n"
	 "Xem th\xC3\xAAm: H\xC3\xB2n \xC4\x91\xE1\xBA\xA3o kh\xC3\xB4ng xe\n\n"
	 "T\xE1\xBB\xAB th\xC3\xA1ng m\xC6\xB0\xE1\xBB\x9Di m\xE1\xBB\x99t, thuy\xE1\xBB\x81n "
	 "\xC4\x91\xC3\xA1nh c\xC3\xA1 ch\xE1\xBB\x9F b\xC3\xA1nh m\xC3\xAC v\xC3\xA0 th\xC6\xB0 "
	 "cho ng\xC6\xB0\xE1\xBB\x9Di d\xC3\xA2n tr\xC3\xAAn \xC4\x91\xE1\xBA\xA3"
	 "o.\n",
	 {"Ph\xC3\xA0 tr\xE1\xBB\x9F", "\xE1\xBA\xA2nh:", "Xem th"},
	 3},
	{"Chinese",
	 "zh",
	 "\xE6\xB8\xA1\xE8\xBD\xAE\xE9\x87\x8D\xE8\xBF\x94\xE5\x8C\x97\xE6\x96\xB9\xE7\xBE\xA4\xE5"
	 "\xB2"
	 "\x9B\n\n" /* a heading */
	 "\xE5\x9B\xBE\xE7\x89\x87\xE6\x9D\xA5\xE6\xBA\x90\xEF\xBC\x9A\xE6\x96\xB0\xE5\x8D\x8E\xE7"
	 "\xA4"
	 "\xBE\n\n" /* picture source: */
	 "\xE7\xBB\x8F\xE8\xBF\x87\xE4\xB8\x80\xE4\xB8\xAA\xE5\x86\xAC\xE5\xA4\xA9\xE7\x9A\x84\xE7"
	 "\xBB"
	 "\xB4\xE4\xBF\xAE\xEF\xBC\x8C\xE9\x80\x9A\xE5\xBE\x80\xE5\x8C\x97\xE6\x96\xB9\xE7\xBE\xA4"
	 "\xE5"
	 "\xB2\x9B\xE7\x9A\x84\xE6\xB8\xA1\xE8\xBD\xAE\xE5\xB0\x86\xE4\xBA\x8E\xE5\x91\xA8\xE4\xB8"
	 "\x80"
	 "\xE6\x81\xA2\xE5\xA4\x8D\xE8\x88\xAA\xE8\xA1\x8C\xE3\x80\x82"
	 "\xE8\x88\xAA\xE8\xBF\x90\xE5\x85\xAC\xE5\x8F\xB8\xE8\x8A\xB1\xE8\xB4\xB9\xE5\x8D\x81\xE4"
	 "\xB8"
	 "\x80\xE7\x99\xBE\xE4\xB8\x87\xE5\x85\x83\xE8\xB4\xAD\xE7\xBD\xAE\xE4\xBA\x86\xE6\x96\xB0"
	 "\xE7"
	 "\x9A\x84\xE5\x8F\x91\xE5\x8A\xA8\xE6\x9C\xBA\xE3\x80\x82\n\n"
	 "\xE7\x9B\xB8\xE5\x85\xB3\xE9\x98\x85\xE8\xAF\xBB\n\n" /* related reading */
	 "\xE5\x8D\x81\xE4\xB8\x80\xE6\x9C\x88\xE4\xBB\xA5\xE6\x9D\xA5\xEF\xBC\x8C\xE6\xB8\x94\xE8"
	 "\x88"
	 "\xB9\xE4\xB8\x80\xE7\x9B\xB4\xE4\xB8\xBA\xE5\xB2\x9B\xE4\xB8\x8A\xE5\xB1\x85\xE6\xB0\x91"
	 "\xE8"
	 "\xBF\x90\xE9\x80\x81\xE9\x9D\xA2\xE5\x8C\x85\xE5\x92\x8C\xE9\x82\xAE\xE4\xBB\xB6\xE3\x80"
	 "\x82"
	 "\n",
	 {"\xE6\xB8\xA1\xE8\xBD\xAE\xE9\x87\x8D\xE8\xBF\x94", "\xE5\x9B\xBE\xE7\x89\x87",
	  "\xE7\x9B\xB8\xE5\x85\xB3"},
	 3},
};

static void test_lines_of_the_page(void **state)
{
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t p = 0; p < sizeof pages / sizeof *pages; p++) {
		const struct page *page = &pages[p];
		struct summary_input input = {.text = span_of(page->text),
					      .language =
						      language_from_tag(span_of(page->language))};
		struct select_options all = {.max_sentences = page->sentences};
		struct select_options words = {.max_words = 10000};
		struct summary s = make(&arena, input, all);
		CHECK_SIZE(page->name, s.selection.len, page->sentences);
		for (size_t i = 0; i < 8 && page->never[i] != NULL; i++)
			CHECK(page->never[i], !chosen(&s, input.text, page->never[i]));
		s = make(&arena, input, words);
		for (size_t i = 0; i < 8 && page->never[i] != NULL; i++)
			CHECK(page->never[i], !chosen(&s, input.text, page->never[i]));
	}
	arena_free(&arena);
}

static void test_list_markers(void **state)
{
	static const char text[] =
		"How to plant a quince\n\n1.\n\nDig a hole that is twice as wide "
		"as the roots.\n\n2.\n\nSet the tree a hand above the soil and "
		"fill the hole with earth.\n\na)\n\nWater it well in its first "
		"two summers, even when it rains.\n\n*\n";
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(text)};
	struct summary s = make(&arena, input, (struct select_options){.max_sentences = 3});
	CHECK("dig", chosen(&s, input.text, "Dig a hole"));
	CHECK("set", chosen(&s, input.text, "Set the tree"));
	CHECK("water", chosen(&s, input.text, "Water it"));
	arena_free(&arena);
}

/* Headings and outcries are "others" as well. */
static void test_avoid_beside_lines(void **state)
{
	static const char page[] =
		"Harbour bridge\n\nWhy did the harbour bridge close so suddenly on Monday morning "
		"in the city?\n\nBridges";
	static const char prose[] = "Why did the harbour bridge close so suddenly in the city? "
				    "It did. No one was injured.";
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary s =
		make(&arena, (struct summary_input){.text = SPAN(page)},
		     (struct select_options){.max_sentences = 1, .avoid = AVOID_QUESTIONS});
	CHECK("no question", !chosen(&s, SPAN(page), "Why did"));
	s = make(&arena, (struct summary_input){.text = SPAN(prose)},
		 (struct select_options){.max_words = 20, .avoid = AVOID_QUESTIONS});
	CHECK("nor with a budget", !chosen(&s, SPAN(prose), "Why did"));
	arena_free(&arena);
}

/* "Never while others remain": an avoided sentence stands only beside all the others. */
static void test_avoid_only_when_nothing_else(void **state)
{
	static char room[1 << 16];
	struct arena arena;
	arena_init(&arena, (size_t)1 << 26);
	struct summary_input input = {.text = invent(room, sizeof room, 40, 5)};
	static const struct {
		unsigned avoid;
		char mark;
	} kinds[] = {{AVOID_QUESTIONS, '?'}, {AVOID_EXCLAMATIONS, '!'}};
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (size_t bound = 1; bound < 80; bound++) {
			struct select_options select = {.avoid = kinds[k].avoid};
			if (bound <= 40)
				select.max_sentences = bound;
			else
				select.max_words = 11 * (bound - 40);
			struct summary s = make(&arena, input, select);
			size_t avoided = 0, others = 0, left = 0;
			for (size_t i = 0; i < s.sentences.len; i++) {
				struct span text = sentence_text(&s, input.text, i);
				if (marks_final(text) == kinds[k].mark)
					avoided += is_chosen(&s, i);
				else if (is_chosen(&s, i))
					others++;
				else
					left++;
			}
			CHECK("others", others > 0);
			CHECK("none while others remain", avoided == 0 || left == 0);
		}
	arena_free(&arena);
}

static void test_avoid_quotes(void **state)
{
	static const char text[] =
		"The bakery on the square has closed after ninety years. \"We are tired,\" said "
		"the baker. \xC2\xAB On ferme \xC2\xBB, said his wife. The oven was sold to a "
		"museum in the capital. He called it \xE2\x80\x9C"
		"a sad day\xE2\x80\x9D.";
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(text)};
	struct select_options select = {.max_sentences = 2, .avoid = AVOID_QUOTES};
	struct summary s = make(&arena, input, select);
	CHECK("one", chosen(&s, input.text, "has closed"));
	CHECK("two", chosen(&s, input.text, "museum"));
	arena_free(&arena);
}

/* Speakers and the mail that is answered are not what is said. */
static void test_speakers_and_answered(void **state)
{
	static const char *const texts[] = {
		"[10:02] anna: The boiler in the old house failed on Sunday night.\n"
		"[10:03] tom: Was it the pump or the burner this time?\n"
		"[10:05] anna: The pump must be replaced and the part comes on Thursday.\n"
		"[10:06] tom: I rent four electric heaters for the upper floors until then.\n",
		"The pump must be replaced and the part comes on Thursday.\n"
		"I rent four electric heaters for the upper floors until then.\n"
		"> The boiler failed on Sunday night. Please send me the report of the pump.\n"
		"> The warranty of the boiler and of the pump ends in April.\n"};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < 2; i++) {
		struct span text = span_of(texts[i]);
		struct summary s = make(&arena, (struct summary_input){.text = text},
					(struct select_options){.max_sentences = 2});
		CHECK_SIZE(texts[i], s.selection.len, 2);
		CHECK("label", !chosen(&s, text, "anna:") && !chosen(&s, text, "tom:"));
		CHECK("answered", !chosen(&s, text, "April") && !chosen(&s, text, "report"));
	}
	arena_free(&arena);
}

/* Counts and shares are of what is said: labels come last, and an exact count has none of them
 * before a question that stands alone. */
static void test_labels_come_last(void **state)
{
	struct span text = SPAN("Q: How long will the bridge be closed?\n"
				"A: The bridge will be closed for six weeks in the summer.\n"
				"Q: Who pays for the repairs?\n"
				"A: The state pays for two thirds of the costs.\n");
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t count = 1; count <= 4; count++) {
		struct summary s = make(&arena, (struct summary_input){.text = text},
					(struct select_options){.max_sentences = count});
		CHECK_SIZE("count", s.selection.len, count);
		for (size_t i = 0; i < count; i++)
			CHECK("said", s.sentences.at[s.selection.at[i]].kind != SENTENCE_LABEL);
	}
	struct summary_input input = {.text = text};
	struct select_options all = {.max_sentences = 8}, half = {.ratio = 0.5, .at_most = true},
			      whole = {.ratio = 1, .at_most = true},
			      answers = {.max_words = 30, .avoid = AVOID_QUESTIONS};
	CHECK_SIZE("all", make(&arena, input, all).selection.len, 8);
	CHECK_SIZE("half", make(&arena, input, half).selection.len, 2);
	CHECK_SIZE("whole", make(&arena, input, whole).selection.len, 8);
	CHECK_SIZE("answers", make(&arena, input, answers).selection.len, 2);
	arena_free(&arena);
}

/* A dateline adds nothing to the text, however much is asked for. */
static void test_datelines_are_left_out(void **state)
{
	static const struct {
		const char *name, *language, *text;
	} cases[] = {
		{"agency", "en",
		 "OSTRAND, Lengen (AP) — The harbour bridge of Ostrand was closed on Monday. "
		 "Ferries carry the islanders until the winter."},
		{"date", "de",
		 "Ostrand, 3. Mai 2024 – Die Brücke am Hafen wurde am Montag gesperrt. "
		 "Fähren bringen die Leute bis zum Winter auf die Insel."},
		{"no capitals", "fa",
		 "تهران - ایرنا: پل بندر روز دوشنبه به دلیل ترک بسته شد. "
		 "قایق‌ها تا زمستان مردم را به جزیره "
		 "می‌برند."},
	};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct summary_input input = {
			.text = span_of(cases[i].text),
			.language = language_from_tag(span_of(cases[i].language))};
		struct select_options many = {.max_sentences = 5}, all = {.ratio = 1},
				      words = {.max_words = 100}, three = {.max_sentences = 3};
		const struct select_options options[] = {many, all, words, three};
		for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
			struct summary s = make(&arena, input, options[k]);
			CHECK_SIZE(cases[i].name, s.sentences.len, 3);
			CHECK(cases[i].name, s.sentences.at[0].dateline);
			CHECK_SIZE(cases[i].name, s.selection.len, 2);
			CHECK(cases[i].name, !is_chosen(&s, 0));
		}
	}
	arena_free(&arena);
}

/* The numbers of subtitles and the programs in Markdown are not what is said. */
static void test_numbers_and_programs(void **state)
{
	static const struct {
		const char *text, *said, *unsaid[2];
	} cases[] = {
		{"1\n00:00:01,000 --> 00:00:04,000\nThe bridge is closed.\n\n"
		 "2\n00:00:05,000 --> 00:00:07,000\nFerries run every ten minutes.\n",
		 "bridge",
		 {"00:00:01", "00:00:05"}},
		{"The service is installed with the tool of the system.\n\n"
		 "```\napt install orrin. Then it runs by itself on the port that it was given.\n"
		 "orrin --port 80\n```\n\n"
		 "It listens on port 80 and answers every question that is asked.",
		 "listens",
		 {"orrin", "```"}},
		{"A fence that nothing closes:\n\n```\n"
		 "The bridge of Orrin was closed on Monday after a crack was found in it.",
		 "crack",
		 {NULL}},
	};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span text = span_of(cases[i].text);
		struct summary s = make(&arena, (struct summary_input){.text = text},
					(struct select_options){.max_sentences = 2});
		CHECK(cases[i].text, chosen(&s, text, cases[i].said));
		for (size_t k = 0; k < 2 && cases[i].unsaid[k] != NULL; k++)
			CHECK(cases[i].text, !chosen(&s, text, cases[i].unsaid[k]));
	}
	arena_free(&arena);
}

/* A few words before a forwarded mail are not all there is to read. */
static void test_passed_on(void **state)
{
	struct span text = SPAN(
		"Hello Tom,\n\nI thought that you might find this interesting for our work.\n\n"
		"> Dear all,\n"
		"> The town council decided on Monday to close the old bridge for two years.\n"
		"> Can we meet on Tuesday?\n"
		"> Engineers found that the pillars had been damaged by the flood of 2021.\n"
		"> Best regards\n\nAnna\n");
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = text};
	struct summary s =
		make(&arena, input, (struct select_options){.max_sentences = 5, .at_most = true});
	CHECK_SIZE("sentences", s.selection.len, 3);
	CHECK("own", chosen(&s, text, "interesting"));
	CHECK("passed on", chosen(&s, text, "council") && chosen(&s, text, "pillars"));
	s = make(&arena, input, (struct select_options){.max_sentences = 1, .at_most = true});
	CHECK("own alone", chosen(&s, text, "interesting"));
	arena_free(&arena);
}

/* Who wrote or sent a text, and what an interviewer asks, are lines of the page: chosen only when
 * nothing else is left. */
static void test_imprint_and_questions(void **state)
{
	static const struct {
		const char *name, *language, *text;
		const char *never[4];
		size_t others; /* sentences beside those and headings */
		const char *wanted;
	} cases[] = {
		{"press release",
		 "en",
		 "Acme Ferries today opened a line between the northern islands and the harbour. "
		 "The ships run on batteries that are charged at night.\n\n"
		 "The line cost ninety million crowns, of which the islands paid a third.\n\n"
		 "About Acme Ferries\n"
		 "Acme Ferries is a leading operator of ferries in northern waters. The company "
		 "employs 320 people and runs fourteen ships.\n\n"
		 "Forward-Looking Statements\n"
		 "Such words as expects and plans point to risks of the company and its ships.\n",
		 {"leading operator", "employs 320", "Such words"},
		 3,
		 NULL},
		{"a section about no name",
		 "en",
		 "The islands voted on Sunday for a bridge that costs ninety million crowns.\n\n"
		 "About half of the islanders took part in the vote, more than ever.\n\n"
		 "About time\n"
		 "Islanders have waited for the bridge since the ferry sank in the storm of "
		 "1962.\n",
		 {NULL},
		 3,
		 "Islanders have waited"},
		{"sections about something else",
		 "en",
		 "The islands voted on Sunday for a bridge that costs ninety million crowns.\n\n"
		 "Press office under fire\n"
		 "Islanders complained that it had answered none of their questions.\n\n"
		 "About 400 residents\n"
		 "About 400 residents had not been able to vote because of the storm.\n",
		 {NULL},
		 3,
		 "Islanders complained"},
		{"author",
		 "en",
		 "The islands voted on Sunday for a bridge that costs ninety million crowns. "
		 "The bridge is to be built within four years of the vote.\n\n"
		 "A ferry takes two hours and does not sail in the storms of winter.\n\n"
		 "Jane Doe is a staff writer at the Harbour News, where she covers the islands. "
		 "She lives by the harbour with two dogs and a boat.\n",
		 {"staff writer", "two dogs"},
		 3,
		 NULL},
		{"a reporter who is in the news",
		 "en",
		 "Two prisoners came home on Friday after months of talks between the islands. "
		 "Evan Marsh had been arrested on a quay two years ago.\n\n"
		 "The talks took place in the harbour of a third country.\n\n"
		 "Evan Marsh is a reporter for the Harbour News who denied all of the charges.\n",
		 {NULL},
		 4,
		 "denied all"},
		{"author in Russian",
		 "ru",
		 "Острова проголосовали в воскресенье за мост, который стоит девяносто миллионов. "
		 "Строить его будут четыре года.\n\n"
		 "Паром идёт два часа и не ходит зимой во время штормов.\n\n"
		 "Об авторе: Анна Соколова — корреспондент отдела экономики. Пишет об островах с "
		 "2012 года.\n",
		 {"Соколова", "Пишет"},
		 3,
		 NULL},
		{"fields of a recipe",
		 "en",
		 "Prep time: 20 min. Cook time: 1 hr 15 min. Nutrition per serving: 520 kcal, 38 g "
		 "fat, "
		 "44 g protein.\n\n"
		 "The trick is to rub butter under the skin, which keeps the meat moist. "
		 "My grandmother made this chicken every Sunday after the ferry had left.\n\n"
		 "Ingredients: 1 chicken, 2 lemons, 75 g butter, 6 sprigs of thyme.\n\n"
		 "Verdict: A slow, beautiful meal that rewards patience.\n",
		 {"time:", "Nutrition", "Ingredients"},
		 3,
		 "Verdict"},
		{"fields of a film in German",
		 "de",
		 "Regie: Marta Olsen. Mit: Ida Berg, Tom Harding. Laufzeit: 112 Minuten.\n\n"
		 "Der zweite Film der Regisseurin erzählt leise von der Trauer auf einer Insel. "
		 "Eine Tochter kehrt zurück und findet den Leuchtturm dunkel.\n",
		 {"Regie:", "Mit:", "Laufzeit"},
		 2,
		 NULL},
		{"one such sentence",
		 "en",
		 "The winner: butter, salt, patience. The trick is to rub it under the skin. "
		 "It keeps the meat moist for an hour in the oven.\n\n"
		 "My grandmother\n",
		 {"My grandmother"},
		 3,
		 "The winner"},
		{"such sentences here and there",
		 "en",
		 "The result: chaos at three airports. Thousands of travellers slept on the "
		 "floor.\n\n"
		 "The cost: 40 million crowns. The government said that it would pay a part.\n\n"
		 "The problem: software built 30 years ago. Engineers had warned of it for long.\n",
		 {NULL},
		 6,
		 "The cost"},
		{"interview",
		 "en",
		 "**You grew up on the northern islands. How did that shape you?**\n"
		 "It taught me to wait for the ferry and to read on the quay.\n\n"
		 "**Your new novel is about the storm of 1962. Why now?**\n"
		 "Because the bridge will make people forget what the storm took.\n\n"
		 "**The islanders speak of nothing else. Was it hard to make them talk?**\n"
		 "I sat in the harbour for a month before the first fisherman spoke.\n",
		 {"You grew up", "Your new novel", "The islanders speak", "?"},
		 3,
		 NULL},
	};
	struct arena arena;
	(void)state;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct summary_input input = {
			.text = span_of(cases[i].text),
			.language = language_from_tag(span_of(cases[i].language))};
		struct select_options select = {.max_sentences = 20, .at_most = true};
		struct summary summary = make(&arena, input, select);
		CHECK_SIZE(cases[i].name, summary.selection.len, cases[i].others);
		for (size_t k = 0; k < COUNT(cases[i].never) && cases[i].never[k] != NULL; k++)
			CHECK(cases[i].name, !chosen(&summary, input.text, cases[i].never[k]));
		CHECK(cases[i].name,
		      cases[i].wanted == NULL || chosen(&summary, input.text, cases[i].wanted));
	}
	arena_free(&arena);
}

/* A size is not filled up with outcries, as a count is. */
static void test_outcries_fill_no_size(void **state)
{
	struct arena arena;
	(void)state;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {
		.text = SPAN("The pump of the machine stopped in the middle of the washing. "
			     "A coin had blocked the wheel behind its cover for a week. "
			     "It took five minutes to take it out with a pair of tongs. "
			     "The machine has washed every day since Monday. Thanks guys!!")};
	struct select_options select = {.max_sentences = 5};
	struct summary summary = make(&arena, input, select);
	CHECK("a count", chosen(&summary, input.text, "Thanks guys"));
	select.at_most = true;
	summary = make(&arena, input, select);
	CHECK("a size", !chosen(&summary, input.text, "Thanks guys"));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_of_the_page),
		cmocka_unit_test(test_list_markers),
		cmocka_unit_test(test_avoid_beside_lines),
		cmocka_unit_test(test_avoid_only_when_nothing_else),
		cmocka_unit_test(test_avoid_quotes),
		cmocka_unit_test(test_speakers_and_answered),
		cmocka_unit_test(test_labels_come_last),
		cmocka_unit_test(test_datelines_are_left_out),
		cmocka_unit_test(test_numbers_and_programs),
		cmocka_unit_test(test_passed_on),
		cmocka_unit_test(test_imprint_and_questions),
		cmocka_unit_test(test_outcries_fill_no_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
