#include "tests/check.h"

#include "core/tokenize.h"

/* The text is one sentence; each token is followed by |, stop words are in brackets. */
struct tokenize_case {
	const char *name, *language, *text, *expected;
	size_t words;
};

static void tokenize(struct arena *arena, struct stems *stems, const char *tag, struct span text,
		     struct terms *terms)
{
	static struct sentence sentence;
	struct sentences sentences = {&sentence, 1};
	sentence = (struct sentence){.end_byte = (uint32_t)text.len};
	tokenize_sentences(arena, stems, text, &sentences, language_from_tag(span_of(tag)), terms);
}

static void write_tokens(const struct terms *terms, char *out)
{
	for (size_t k = 0; k < terms->token_count; k++) {
		const struct term *term = &terms->distinct[terms->token[k].term];
		const char *form = term->flags & TERM_STOP ? "[%.*s]" : "%.*s|";
		out += sprintf(out, form, (int)term->stem.len, term->stem.at);
	}
	*out = '\0';
}

static void test_tokens(void **state)
{
	static const struct tokenize_case cases[] = {
		{"English", "en", "The cats were running, and RUN again.",
		 "[the]cat|[were]run|[and]run|[again]", 7},
		{"apostrophes", "en", "Don't say it\xE2\x80\x99s Tom's.",
		 "[don][t][say][it][s]tom|[s]", 4},
		{"no word in an emoji", "en",
		 "I \xE2\x9D\xA4\xEF\xB8\x8F cats "
		 "\xF0\x9F\x8F\xB3\xEF\xB8\x8F\xE2\x80\x8D\xF0\x9F\x8C\x88",
		 "[i]cat|", 2},
		{"hyphen counts once", "en", "a long-term plan", "[a]long|term|plan|", 3},
		{"numbers", "en", "In 2,500.75 of 3.5 cases", "[in]2,500.75|[of]3.5|case|", 5},
		{"sixteen letters and more", "en", "abcdefghijklmnop abcdefghijklmnopq abcdefgh",
		 "abcdefghijklmnop|abcdefghijklmnopq|abcdefgh|", 3},
		{"letters and digits", "en", "covid19 b2b 4x4", "covid19|b2b|4x4|", 3},
		{"French elision", "fr",
		 "L'\xC3\xA9"
		 "cole d'\xC3\x89"
		 "cosse",
		 "[l]\xC3\xA9"
		 "col|[d]\xC3\xA9"
		 "coss|",
		 2},
		{"German sharp s", "de",
		 "STRASSE und Stra\xC3\x9F"
		 "e",
		 "strass|[und]strass|", 3},
		{"accents apart", "fr", "e\xCC\x81te\xCC\x81 \xC3\xA9t\xC3\xA9",
		 "[\xC3\xA9t\xC3\xA9][\xC3\xA9t\xC3\xA9]", 2},
		{"Russian case", "ru",
		 "\xD0\x9A\xD0\x9D\xD0\x98\xD0\x93\xD0\x90 "
		 "\xD0\xBA\xD0\xBD\xD0\xB8\xD0\xB3\xD0\xB8",
		 "\xD0\xBA\xD0\xBD\xD0\xB8\xD0\xB3|\xD0\xBA\xD0\xBD\xD0\xB8\xD0\xB3|", 2},
		{"no stemmer: six letters", "pl",
		 "wiadomo\xC5\x9B\xC4\x87 wiadomo\xC5\x9B"
		 "ci",
		 "wiadom|wiadom|", 2},
		{"Korean particles", "ko",
		 "\xEC\xA0\x95\xEB\xB6\x80\xEB\x8A\x94 \xEC\xA0\x95\xEB\xB6\x80\xEA\xB0\x80",
		 "\xEC\xA0\x95\xEB\xB6\x80|\xEC\xA0\x95\xEB\xB6\x80|", 2},
		{"Hangul apart", "ko",
		 "\u110c\u1165\u11bc\u1107\u116e\u1102\u1173\u11ab \uc815\ubd80\uac00",
		 "\uc815\ubd80|\uc815\ubd80|", 2},
		{"Chinese pairs", "zh", "\xE7\xBB\x8F\xE6\xB5\x8E\xE5\x8F\x91",
		 "\xE7\xBB\x8F\xE6\xB5\x8E|\xE6\xB5\x8E\xE5\x8F\x91|", 3},
		{"Chinese function character", "zh", "\xE4\xBB\x96\xE7\x9A\x84\xE4\xB9\xA6",
		 "[\xE4\xBB\x96\xE7\x9A\x84][\xE7\x9A\x84\xE4\xB9\xA6]", 3},
		{"one character alone", "ja", "\xE6\x9C\xAC", "\xE6\x9C\xAC|", 1},
		{"scripts mixed", "zh",
		 "Linux\xE7\xB3\xBB\xE7\xBB\x9F"
		 "5",
		 "linux|\xE7\xB3\xBB\xE7\xBB\x9F|5|", 4},
		{"soft hyphen", "en", "sum\xC2\xADmary", "summari|", 1},
		{"no words", "en", " \xE2\x80\x94 !? \xF0\x9F\x98\x80", "", 0},
	};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct stems *stems = stems_new();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char written[400];
		struct terms terms;
		tokenize(&arena, stems, cases[i].language, span_of(cases[i].text), &terms);
		write_tokens(&terms, written);
		CHECK_SPAN(cases[i].name, span_of(written), span_of(cases[i].expected));
		CHECK_SIZE(cases[i].name, terms.word_count, cases[i].words);
		arena_reset(&arena);
	}
	stems_free(stems);
	arena_free(&arena);
}

static void test_counts(void **state)
{
	struct span text = SPAN("Dogs bark. A dog barks at dogs. Cats sleep.");
	struct sentence at[] = {{.start_byte = 0, .end_byte = 10},
				{.start_byte = 11, .end_byte = 31},
				{.start_byte = 32, .end_byte = 43}};
	struct sentences sentences = {at, 3};
	struct arena arena;
	struct terms terms;
	arena_init(&arena, (size_t)1 << 24);
	tokenize_sentences(&arena, NULL, text, &sentences, language_from_tag(SPAN("en")), &terms);
	CHECK_SIZE("tokens", terms.token_count, 9);
	CHECK_SIZE("second sentence", terms.first[1], 2);
	CHECK_SIZE("end", terms.first[3], 9);
	CHECK_SIZE("words", terms.words[1], 5);
	const struct term *dog = &terms.distinct[terms.token[0].term];
	CHECK_SPAN("stem", dog->stem, SPAN("dog"));
	CHECK_SIZE("count", dog->count, 3);
	CHECK_SIZE("sentences", dog->sentence_count, 2);
	CHECK_SIZE("last", dog->last_sentence, 1);
	arena_free(&arena);
}

static void test_match(void **state)
{
	struct arena arena;
	struct terms terms;
	struct term_match match;
	arena_init(&arena, (size_t)1 << 24);
	tokenize(&arena, NULL, "en", SPAN("The council approved new bridges over the river."),
		 &terms);
	terms_match(&arena, NULL, &terms, language_from_tag(SPAN("en")),
		    SPAN("The bridge and the RIVERS of the bridge: zebra"), false, &match);
	CHECK_SIZE("in the text", match.len, 2);
	CHECK_SIZE("not in it", match.missing, 1);
	CHECK_SPAN("first", terms.distinct[match.term[0]].stem, SPAN("bridg"));
	arena_free(&arena);
}

/* Other forms of a word, which the stemmer does not unite or which have no stemmer. */
static void test_match_kin(void **state)
{
	static const struct {
		const char *language, *text, *query;
		size_t matches;
	} cases[] = {
		{"ru", "Летом паромы ходят каждый час.", "паром", 1},
		{"pl", "Latem promy kursują co godzinę.", "prom", 1},
		{"pl", "Bilet kosztuje dwa złote.", "koszt biletu", 2},
		{"uk", "Влітку пороми ходять щогодини.", "порому", 1},
		{"vi", "Khoản tiền ấy là chính.", "khoảng chín", 0},
		{"pl", "Latem promocja trwa krótko.", "prom", 0},
		{"pl", "Latem promy kursują co godzinę.", "pro", 0},
		{"en", "The police were at the station of the county.", "policy", 0},
		{"en", "The planets and the statics of 20234 houses.", "plant station 2023", 0},
	};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct span query = span_of(cases[i].query);
		const struct language *language = language_from_tag(span_of(cases[i].language));
		struct terms terms;
		struct term_match match, same;
		arena_reset(&arena);
		tokenize(&arena, NULL, cases[i].language, span_of(cases[i].text), &terms);
		terms_match(&arena, NULL, &terms, language, query, true, &match);
		CHECK_SIZE(cases[i].query, match.len, cases[i].matches);
		terms_match(&arena, NULL, &terms, language, query, false, &same);
		CHECK_SIZE(cases[i].query, same.len, 0);
		CHECK(cases[i].query, match.len + match.missing >= 1);
	}
	arena_free(&arena);
}

/* A word longer than any buffer, and more distinct words than the first tables hold. */
static void test_large(void **state)
{
	size_t room = 1 << 20, len = 0;
	char *text = malloc(room);
	assert_non_null(text);
	memset(text, 'a', 100000);
	len = 100000;
	for (unsigned i = 0; i < 60000; i++)
		len += (size_t)sprintf(text + len, " w%ux", i);
	struct arena arena;
	struct terms terms;
	arena_init(&arena, (size_t)1 << 28);
	tokenize(&arena, NULL, "und", (struct span){text, len}, &terms);
	CHECK_SIZE("tokens", terms.token_count, 60001);
	CHECK_SIZE("distinct", terms.distinct_count, 60001);
	CHECK_SIZE("long word kept whole", terms.token[0].end_byte, 100000);
	CHECK_SIZE("and its stem short", terms.distinct[0].stem.len, FORM_MAX_BYTES);
	arena_free(&arena);
	free(text);
}

static void test_no_memory(void **state)
{
	struct arena arena;
	for (size_t ceiling = 0; ceiling < 60000; ceiling += 700) {
		struct terms terms;
		arena_init(&arena, ceiling);
		tokenize(&arena, NULL, "en", SPAN("Some words of no great interest to anybody."),
			 &terms);
		CHECK("empty or whole", terms.token_count == (arena.failed ? 0 : 8));
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens), cmocka_unit_test(test_counts),
		cmocka_unit_test(test_match),  cmocka_unit_test(test_match_kin),
		cmocka_unit_test(test_large),  cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
