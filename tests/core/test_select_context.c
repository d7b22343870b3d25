#include "tests/core/select_check.h"

/* Sentences chosen for something else: a query, the sentence before, the other half of a
 * quotation. */

/* A query makes the same text give what it asks for. */
static void test_query_moves_the_choice(void **state)
{
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	static const char *const queries[][2] = {{"steel tower voters", "a third of the voters"},
						 {"fishermen's catch", "spring catch"},
						 {"history 1887 ships", "built in 1887"},
						 {"cost in crowns", "million crowns"}};
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
		struct summary_input input = {.text = SPAN(sample_article),
					      .query = span_of(queries[i][0])};
		struct summary s = make(&arena, input, (struct select_options){.max_sentences = 2});
		CHECK(queries[i][0], chosen(&s, input.text, queries[i][1]));
	}
	arena_free(&arena);
}

/* A sentence that answers is chosen although it points back, or is brief, if no other answers. */
static void test_query_is_answered(void **state)
{
	static const struct {
		const char *language, *text, *query, *answer;
	} cases[] = {
		{"it",
		 "Il consiglio comunale di Pontasole ha approvato ieri il restauro del teatro. Il "
		 "tetto del teatro era crollato nel 2014 sotto il peso della neve. Grazie a una "
		 "copertura provvisoria il teatro era stato messo in sicurezza. Per questo gli "
		 "affreschi si sono salvati. Il sindaco ha chiesto aiuto alle imprese della "
		 "provincia per pagare i lavori del teatro.",
		 "affreschi", "si sono salvati"},
		{"ru",
		 "Городской совет Лугова утвердил план ремонта старого моста. Движение по мосту "
		 "закроют в апреле, а ремонт обойдётся городу в триста миллионов рублей. Кроме "
		 "того, откроют переправу. Жители левого берега недовольны ремонтом моста и "
		 "закрытием движения в апреле.",
		 "переправа", "откроют переправу"},
		{"en",
		 "The town council of Ostrand has decided to repair the old bridge over the sound. "
		 "The bridge will be closed from April, and the repair costs three million crowns. "
		 "Cyclists may cross. The people on the left bank are not pleased with the repair "
		 "of the bridge and the long way to the hospital.",
		 "cyclist", "Cyclists may"},
	};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t count = 1; count <= 3; count++) {
			struct summary_input input = {
				.text = span_of(cases[i].text),
				.query = span_of(cases[i].query),
				.language = language_from_tag(span_of(cases[i].language))};
			struct summary s = make(&arena, input,
						(struct select_options){.max_sentences = count});
			CHECK(cases[i].answer, chosen(&s, input.text, cases[i].answer));
		}
	arena_free(&arena);
}

/* The query spells words as the text does not: without accents, with umlauts as two letters, in
 * another case, or as a part of a compound. */
static void test_query_in_another_spelling(void **state)
{
	static const char german[] =
		"Der Stadtrat hat am Montag den neuen Haushalt nach langer Debatte beschlossen. "
		"Ingenieure fanden einen Riss in einem Pfeiler der Hafenbrücke. Die Grundschüler "
		"pflanzten vierzig Apfelbäume. Die Müllgebühren steigen im nächsten Jahr um zehn "
		"Prozent.";
	static const char french[] =
		"Le conseil municipal a approuvé lundi le nouveau budget après un long débat. Le "
		"musée d'art moderne a acheté deux tableaux. Les élèves de l'école ont planté "
		"quarante pommiers. L'œuvre du sculpteur sera exposée dans la ville voisine.";
	static const char turkish[] =
		"Belediye meclisi pazartesi günü yeni bütçeyi onayladı. Işıklar köprüde yeniden "
		"yandı. Öğrenciler okul bahçesine elma ağacı dikti. Yüzme şampiyonasını bir takım "
		"kazandı.";
	static const struct {
		const char *language, *text, *query, *answer;
	} cases[] = {
		{"de", german, "Bruecke", "Hafenbrücke"},
		{"de", german, "Brücken", "Hafenbrücke"},
		{"de", german, "Bäume", "Apfelbäume"},
		{"de", german, "Müll", "Müllgebühren"},
		{"de", german, "MUELLGEBUEHREN", "Müllgebühren"},
		{"fr", french, "musee", "musée"},
		{"fr", french, "eleves", "élèves"},
		{"fr", french, "oeuvre", "œuvre"},
		{"tr", turkish, "IŞIK", "Işıklar"},
		{"tr", turkish, "ÖĞRENCİLER", "Öğrenciler"},
		{"tr", turkish, "yuzme", "Yüzme"},
	};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct summary_input input = {
			.text = span_of(cases[i].text),
			.query = span_of(cases[i].query),
			.language = language_from_tag(span_of(cases[i].language))};
		struct summary s = make(&arena, input, (struct select_options){.max_sentences = 1});
		CHECK(cases[i].query, chosen(&s, input.text, cases[i].answer));
	}
	arena_free(&arena);
}

/* A sentence that points back is chosen with the one that it points to, or gives way to another. */
static void test_dangling_openings(void **state)
{
	static const struct {
		const char *language, *text, *dangling, *antecedent;
	} cases[] = {
		{"en",
		 "The glass factory of Ostrand was founded by two brothers in 1824. It employed "
		 "nine "
		 "hundred people and shipped bottles to every port of the northern sea. A fire "
		 "destroyed the glass furnaces and the bottle store in 1911. The brothers' heirs "
		 "sold the land to the railway company two years later.",
		 "It employed", "was founded"},
		{"fr",
		 "La verrerie d'Ostrand fut fond\xC3\xA9"
		 "e par deux fr\xC3\xA8res en 1824. Elle "
		 "employait neuf cents personnes et exp\xC3\xA9"
		 "diait des bouteilles dans tous les "
		 "ports de la mer du Nord. Un incendie d\xC3\xA9truisit les fours de la verrerie "
		 "et "
		 "l'entrep\xC3\xB4t en 1911. Les h\xC3\xA9ritiers vendirent le terrain \xC3\xA0 la "
		 "compagnie du chemin de fer.",
		 "Elle employait", "fut fond"},
		{"de",
		 "Die Glash\xC3\xBCtte von Ostrand wurde 1824 von zwei Br\xC3\xBC"
		 "dern "
		 "gegr\xC3\xBCndet. Sie besch\xC3\xA4"
		 "ftigte neunhundert Menschen und lieferte "
		 "Flaschen in alle H\xC3\xA4"
		 "fen der Nordsee. Ein Brand zerst\xC3\xB6rte 1911 die "
		 "\xC3\x96"
		 "fen der Glash\xC3\xBCtte und das Lager. Die Erben verkauften das Land an "
		 "die Eisenbahngesellschaft.",
		 "Sie besch", "wurde 1824"},
		/* Marks before the first word hide nothing. */
		{"it",
		 "La vetreria di Ostrand fu fondata da due fratelli nel 1824. \"A tal proposito la "
		 "vetreria impiegava novecento persone e spediva bottiglie in tutti i porti del "
		 "mare del Nord\", disse lo storico. Un incendio distrusse i forni della vetreria "
		 "e "
		 "il magazzino nel 1911. Gli eredi vendettero il terreno alla ferrovia.",
		 "A tal proposito", "fu fondata"},
		/* By far the best sentence; a summary of one has no room for who they are. */
		{"en",
		 "Karl Brandt, Tomas Lind and Ivo Hansen were on their way to work. They jumped "
		 "into the cold harbour of Ostrand to free a man from a sinking car and helped the "
		 "crew of an ambulance to bring him round. Mr Lind, 23, said: \"I'm just glad that "
		 "he has another chance.\" The victim was in a stable condition, police said. A "
		 "horn had alerted the men to the car in the harbour, said Mr Brandt. The man was "
		 "held by his belt.",
		 "They jumped", "Karl Brandt, Tomas"},
	};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t count = 1; count <= 3; count++) {
			struct summary_input input = {
				.text = span_of(cases[i].text),
				.language = language_from_tag(span_of(cases[i].language))};
			struct summary s = make(&arena, input,
						(struct select_options){.max_sentences = count});
			CHECK_SIZE("count", s.selection.len, count);
			CHECK(cases[i].dangling,
			      !chosen(&s, input.text, cases[i].dangling) ||
				      chosen(&s, input.text, cases[i].antecedent));
		}
	arena_free(&arena);
}

/* "He had worked ..." is the ranker's favourite in the sample article. */
static void test_no_place_for_antecedent(void **state)
{
	char path[4096], text[8192];
	snprintf(path, sizeof path, "%s/../deploy/sample-article.txt", getenv("PRECIS_TESTS"));
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	struct span article = {text, fread(text, 1, sizeof text, file)};
	fclose(file);
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t count = 2; count <= 12; count++) {
		struct summary s =
			make(&arena,
			     (struct summary_input){.text = article,
						    .language = language_from_tag(SPAN("en"))},
			     (struct select_options){.max_sentences = count});
		CHECK_SIZE("count", s.selection.len, count);
		CHECK("He had worked", !chosen(&s, article, "He had worked") ||
					       chosen(&s, article, "Piet Vos wept"));
	}
	arena_free(&arena);
}

/* A quotation of two sentences is chosen whole or not at all, while there are others. */
static void test_half_quotations(void **state)
{
	static const char text[] =
		"The harbour bridge of Ostrand was closed on Monday after engineers had found a "
		"crack in a pier. \"Lorries of forty tonnes cross it every morning on their way to "
		"the quarry. Nobody at the council wanted to hear of repairs,\" said the engineer "
		"Mara Lund. Ferries will run every ten minutes until spring. The work will cost "
		"four million crowns. Shops on the island fear for the weeks before the winter "
		"holidays. A second crossing was planned in the last century and never built. "
		"Members will meet on Thursday to vote on the money.";
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	unsigned whole = 0;
	for (size_t count = 1; count <= 6; count++) {
		struct summary s = make(&arena, (struct summary_input){.text = SPAN(text)},
					(struct select_options){.max_sentences = count});
		bool first = chosen(&s, SPAN(text), "forty tonnes");
		CHECK("both or none", first == chosen(&s, SPAN(text), "Nobody at the council"));
		whole += first;
	}
	CHECK("it comes at all", whole > 0);
	arena_free(&arena);
}

/* In the middle of a quotation nothing shows that it is one: callers that avoid quotations do not
 * get it, and others get it with its speaker. */
static void test_middle_of_quotation(void **state)
{
	static const char *const texts[] = {
		"\"We have waited for long enough. The money for the bridge is there and the "
		"county "
		"will pay for all of it. Nobody loses a place,\" said Holt. The council met about "
		"the bridge of Ostrand on Monday. The vote on the money was put off until spring.",
		"„Wir haben lange genug gewartet. Das Geld für die Brücke ist da und der Kreis "
		"wird "
		"alles bezahlen. Niemand verliert seine Stelle“, sagte Holt. Der Rat tagte am "
		"Montag "
		"über die Brücke. Die Abstimmung wurde auf das Frühjahr verschoben."};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct summary_input input = {.text = span_of(texts[i])};
		struct summary s =
			make(&arena, input,
			     (struct select_options){.max_sentences = 2, .avoid = AVOID_QUOTES});
		CHECK_SIZE(texts[i], s.selection.len, 2);
		CHECK_SIZE(texts[i], s.selection.at[0], 3);
		s = make(&arena, input, (struct select_options){.max_sentences = 3});
		CHECK(texts[i], s.selection.at[0] != 1 || s.selection.at[1] == 2);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query_moves_the_choice),
		cmocka_unit_test(test_query_is_answered),
		cmocka_unit_test(test_query_in_another_spelling),
		cmocka_unit_test(test_dangling_openings),
		cmocka_unit_test(test_no_place_for_antecedent),
		cmocka_unit_test(test_half_quotations),
		cmocka_unit_test(test_middle_of_quotation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
