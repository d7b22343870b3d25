#include "tests/check.h"
#include "tests/core/sample.h"

#include "core/summary.h"

static void find(struct arena *arena, const char *language, struct span text, size_t max,
		 struct summary *out)
{
	struct summary_input input = {.text = text,
				      .language = language_from_tag(span_of(language))};
	struct summary_options options = {.select.max_sentences = 3, .max_keywords = max};
	arena_reset(arena);
	CHECK(language, summary_make(arena, &input, &options, out) == SUMMARY_OK);
}

/* Folded as the tokens are, near enough for Latin letters without accents. */
static bool same_folded(struct span a, struct span b)
{
	return a.len == b.len && strncasecmp(a.at, b.at, a.len) == 0;
}

static bool has(const struct keywords *keywords, const char *word)
{
	for (size_t i = 0; i < keywords->len; i++)
		if (same_folded(keywords->at[i].text, span_of(word)))
			return true;
	return false;
}

/* What is true of the keywords of any text. */
static void check_promises(const char *name, struct span text, size_t max,
			   const struct keywords *keywords)
{
	CHECK(name, keywords->len <= max);
	for (size_t i = 0; i < keywords->len; i++) {
		const struct keyword *k = &keywords->at[i];
		CHECK(name, i == 0 ? k->score == 1 : k->score <= keywords->at[i - 1].score);
		CHECK(name, k->score >= 0 && k->count > 0 && k->text.len > 0);
		bool shown = false;
		for (size_t j = 0; j < k->count; j++) {
			CHECK(name, k->at[j].start_byte < k->at[j].end_byte);
			CHECK(name, k->at[j].end_byte <= text.len);
			CHECK(name, j == 0 || k->at[j].start_byte >= k->at[j - 1].end_byte);
			shown |= span_equal(
				k->text, span_slice(text, k->at[j].start_byte, k->at[j].end_byte));
		}
		CHECK("shown in a form that the text has", shown);
		for (size_t j = 0; j < i; j++)
			CHECK("no phrase twice", !same_folded(k->text, keywords->at[j].text));
	}
}

struct article {
	const char *language, *text;
	const char *among[4];  /* keywords that it must have */
	const char *absent[8]; /* and some that would say nothing */
};

static const struct article articles[] = {
	{"en",
	 "Ostrand reopened its tide mill on Monday after two years of repairs. The tide mill had "
	 "stood still since a storm last year. On Monday the council said that the tide mill will "
	 "grind oats for the bakers of Ostrand. Next week the council will vote on a second tide "
	 "mill. Every year some nine thousand visitors come to see Ostrand, and next week they may "
	 "see it grind. In February next year the bakers of Ostrand will elect a miller. The "
	 "miller "
	 "will be paid from February next year on.",
	 {"tide mill", "Ostrand"},
	 {"Monday", "next week", "year", "last year", "February next year", "Ostrand reopened",
	  "the", "said"}},
	{"de",
	 "Die Gezeitenm\xC3\xBChle in Ostrand mahlt seit Montag wieder Hafer. Am Montag kamen "
	 "vierhundert Besucher zur Gezeitenm\xC3\xBChle. Im n\xC3\xA4"
	 "chsten Jahr will der Stadtrat "
	 "den Hafen von Ostrand erweitern. Der Stadtrat hat der Gezeitenm\xC3\xBChle im letzten "
	 "Jahr "
	 "zwei Millionen Kronen bewilligt. Die B\xC3\xA4"
	 "cker von Ostrand freuen sich auf den Hafer "
	 "im n\xC3\xA4"
	 "chsten Jahr.",
	 {"Ostrand", "Stadtrat"},
	 {"Montag", "Jahr", "letzten Jahr", "die", "im"}},
	{"fr",
	 "Le moulin d'Ostrand tourne de nouveau depuis lundi. Le conseil municipal d'Ostrand avait "
	 "vot\xC3\xA9 les travaux l'ann\xC3\xA9"
	 "e derni\xC3\xA8re. Lundi, le conseil municipal a "
	 "promis un second moulin. L'ann\xC3\xA9"
	 "e prochaine, les boulangers recevront la farine du "
	 "moulin. Le conseil municipal votera chaque ann\xC3\xA9"
	 "e le prix de la farine.",
	 {"conseil municipal", "moulin"},
	 {"lundi",
	  "ann\xC3\xA9"
	  "e",
	  "le", "de"}},
	{"es",
	 "El molino de mareas de Ostrand volvi\xC3\xB3 a girar el lunes. El ayuntamiento de "
	 "Ostrand "
	 "pag\xC3\xB3 las obras del molino el a\xC3\xB1o pasado. El lunes los panaderos recibieron "
	 "harina del molino. El ayuntamiento decidir\xC3\xA1 cada a\xC3\xB1o el precio de la "
	 "harina.",
	 {"molino", "Ostrand"},
	 {"lunes", "a\xC3\xB1o", "a\xC3\xB1o pasado", "el"}},
	/* The tide mill turns again; the city council paid; bakers get flour from the tide mill. */
	{"zh",
	 "\xE6\xBD\xAE\xE6\xB1\x90\xE7\xA3\xA8\xE5\x9D\x8A\xE5\x86\x8D\xE6\xAC\xA1\xE8\xBD\xAC\xE5"
	 "\x8A"
	 "\xA8\xE3\x80\x82\xE5\xB8\x82\xE8\xAE\xAE\xE4\xBC\x9A\xE4\xB8\xBA\xE6\xBD\xAE\xE6\xB1\x90"
	 "\xE7"
	 "\xA3\xA8\xE5\x9D\x8A\xE4\xBB\x98\xE6\xAC\xBE\xE3\x80\x82\xE9\x9D\xA2\xE5\x8C\x85\xE5\xB8"
	 "\x88"
	 "\xE4\xBB\x8E\xE6\xBD\xAE\xE6\xB1\x90\xE7\xA3\xA8\xE5\x9D\x8A\xE5\xBE\x97\xE5\x88\xB0\xE9"
	 "\x9D"
	 "\xA2\xE7\xB2\x89\xE3\x80\x82",
	 {"\xE6\xBD\xAE\xE6\xB1\x90\xE7\xA3\xA8\xE5\x9D\x8A"},
	 {"\xE7\x9A\x84"}},
};

static void test_articles(void **state)
{
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof articles / sizeof *articles; i++) {
		const struct article *article = &articles[i];
		struct summary s;
		for (size_t max = 1; max <= 20; max += 9) {
			find(&arena, article->language, span_of(article->text), max, &s);
			check_promises(article->language, span_of(article->text), max, &s.keywords);
		}
		for (size_t k = 0; k < 4 && article->among[k] != NULL; k++)
			CHECK(article->among[k], has(&s.keywords, article->among[k]));
		for (size_t k = 0; k < 8 && article->absent[k] != NULL; k++)
			CHECK(article->absent[k], !has(&s.keywords, article->absent[k]));
	}
	arena_free(&arena);
}

/* Asking for more appends phrases: none gives way to one that is not shown itself. */
static void test_fewer_are_the_first(void **state)
{
	static const char text[] =
		"Salt harbour and harbour lights and lights festival. The salt harbour has harbour "
		"lights. Harbour lights make the lights festival. The lights festival is new. "
		"Every "
		"lights festival ends. Nobody left the lights festival. One lights festival a "
		"year.";
	struct arena arena, other;
	struct summary all, s;
	arena_init(&arena, (size_t)1 << 24);
	arena_init(&other, (size_t)1 << 24);
	find(&arena, "en", SPAN(text), 40, &all);
	CHECK("lights festival", has(&all.keywords, "lights festival"));
	CHECK("salt harbour", has(&all.keywords, "salt harbour"));
	for (size_t max = 1; max < all.keywords.len; max++) {
		find(&other, "en", SPAN(text), max, &s);
		CHECK_SIZE("as many as asked for", s.keywords.len, max);
		for (size_t i = 0; i < max; i++)
			CHECK_SPAN("the same", s.keywords.at[i].text, all.keywords.at[i].text);
	}
	arena_free(&arena);
	arena_free(&other);
}

/* A day that is part of a name stays in it. */
static void test_days_in_names(void **state)
{
	static const char text[] =
		"The Sunday Herald has been sold. Its readers learned of it in the Sunday Herald. "
		"The new owner of the Sunday Herald promised to keep its printers.";
	struct arena arena;
	struct summary s;
	arena_init(&arena, (size_t)1 << 24);
	find(&arena, "en", SPAN(text), 5, &s);
	CHECK("the newspaper", has(&s.keywords, "Sunday Herald"));
	arena_free(&arena);
}

/* Pieces of addresses, and short forms of days and months, are none. */
static void test_addresses(void **state)
{
	struct span text =
		SPAN("From: office@harbour.example on Mon, 3 Mar 2025. The ferry of Vellmar is "
		     "late (see https://vellmar.example/timetable?ferry=2 and "
		     "www.harbour.example). The ferry sails again on 4 Mar. Anna Holt wrote on "
		     "Mon. that the ferry is repaired.");
	static const char *const absent[] = {"office",    "harbour", "https", "www",
					     "timetable", "Mar",     "Mon",   "example"};
	struct arena arena;
	struct summary summary;
	arena_init(&arena, (size_t)1 << 24);
	find(&arena, "en", text, 20, &summary);
	CHECK("ferry", has(&summary.keywords, "ferry"));
	CHECK("name", has(&summary.keywords, "Anna Holt"));
	for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
		CHECK(absent[i], !has(&summary.keywords, absent[i]));
	arena_free(&arena);
}

static void test_little_to_say(void **state)
{
	static const char *const texts[] = {".",
					    "a",
					    "the of and",
					    "1 2 3 4",
					    "\xF0\x9F\x98\x80",
					    "Ostrand",
					    "Monday. Monday. Monday."};
	struct arena arena;
	struct summary s;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		find(&arena, "en", span_of(texts[i]), 5, &s);
		check_promises(texts[i], span_of(texts[i]), 5, &s.keywords);
		CHECK_SIZE(texts[i], s.keywords.len, strcmp(texts[i], "Ostrand") == 0);
	}
	arena_free(&arena);
}

/* More words than are looked at, in many sentences or one: the subject is still found, each place
 * once. */
static void test_long_text(void **state)
{
	enum { COPIES = 12000 };
	static const struct span lines[] = {
		{"The tide mill of Ostrand grinds oats when the tide turns. ", 58},
		{"The tide mill of Ostrand grinds oats when the tide turns, ", 58},
	};
	for (size_t k = 0; k < sizeof lines / sizeof *lines; k++) {
		struct span line = lines[k];
		char *text = malloc(COPIES * line.len);
		assert_non_null(text);
		for (size_t i = 0; i < COPIES; i++)
			memcpy(text + i * line.len, line.at, line.len);
		struct arena arena;
		struct summary s;
		arena_init(&arena, (size_t)1 << 28);
		struct span all = {text, COPIES * line.len};
		find(&arena, "en", all, 5, &s);
		check_promises(line.at, all, 5, &s.keywords);
		CHECK(line.at, s.keywords.len > 0 && s.keywords.at[0].count > 7000);
		arena_free(&arena);
		free(text);
	}
}

static void test_same_again(void **state)
{
	struct arena arena, other;
	struct summary a, b;
	arena_init(&arena, (size_t)1 << 24);
	arena_init(&other, (size_t)1 << 25);
	find(&arena, "en", SPAN(sample_article), 10, &a);
	find(&other, "fr", span_of(articles[2].text), 10, &b);
	find(&other, "en", SPAN(sample_article), 10, &b);
	CHECK_SIZE("as many", b.keywords.len, a.keywords.len);
	for (size_t i = 0; i < a.keywords.len; i++) {
		CHECK_SPAN("the same", b.keywords.at[i].text, a.keywords.at[i].text);
		CHECK("as good", b.keywords.at[i].score == a.keywords.at[i].score);
		CHECK_SIZE("as often", b.keywords.at[i].count, a.keywords.at[i].count);
	}
	arena_free(&arena);
	arena_free(&other);
}

/* Two capitals are a name; two small letters, or one character of any script, say too little. */
static void test_short_words(void **state)
{
	static const char english[] =
		"The EU wants a new bridge. Boats of the EU go to the new bridge. "
		"An ox crosses the new bridge. The ox of the EU is old.";
	static const char korean[] = "항구 를 새로 짓는다 고 한다. 시장 은 항구 가 좋다 고 말했다. "
				     "항구 는 크다 고 한다.";
	struct arena arena;
	struct summary out;
	arena_init(&arena, (size_t)1 << 24);
	find(&arena, "en", SPAN(english), 10, &out);
	CHECK("EU", has(&out.keywords, "EU"));
	CHECK("ox", !has(&out.keywords, "ox"));
	find(&arena, "ko", SPAN(korean), 10, &out);
	CHECK("항구", has(&out.keywords, "항구"));
	CHECK("고", !has(&out.keywords, "고"));
	arena_free(&arena);
}

/* A German phrase ends with a noun, and may consist of nouns only. */
static void test_nouns(void **state)
{
	static const char german[] = "Die Gemeinde plant eine neue Brücke. Leider warnte die "
				     "Gemeinde davor, dass Pfeiler "
				     "fehlen. Viele leben von der neuen Brücke, und das Leben am "
				     "Fluss wird teuer. Leider "
				     "plant die Gemeinde langsam. Fischer leben am Fluss. Gemeinde "
				     "und gemeinde.example sind zweierlei.";
	static const char small[] = "die gemeinde plant eine brücke. die gemeinde plant langsam.";
	struct arena arena;
	struct summary out;
	arena_init(&arena, (size_t)1 << 24);
	find(&arena, "de", SPAN(german), 20, &out);
	CHECK("Gemeinde", has(&out.keywords, "Gemeinde"));
	CHECK("neue Brücke",
	      has(&out.keywords, "neuen Brücke") || has(&out.keywords, "neue Brücke"));
	for (size_t i = 0; i < out.keywords.len; i++)
		if (span_equal(out.keywords.at[i].text, SPAN("Gemeinde")))
			CHECK_SIZE("also where a sentence begins", out.keywords.at[i].count, 4);
	CHECK("plant", !has(&out.keywords, "plant") && !has(&out.keywords, "Gemeinde plant"));
	for (size_t i = 0; i < out.keywords.len; i++)
		if (span_equal(out.keywords.at[i].text, SPAN("Leben")))
			CHECK_SIZE("the noun alone", out.keywords.at[i].count, 1);
	find(&arena, "de", SPAN(small), 20, &out);
	CHECK("a text without capitals", has(&out.keywords, "gemeinde plant"));
	arena_free(&arena);
}

/* A word found in texts about anything is no keyword by itself, but may be part of a phrase, or a
 * name. */
static void test_vague_words(void **state)
{
	static const struct {
		const char *language, *text, *has[3], *has_not[3];
	} cases[] = {
		{"en",
		 "The new ferry started in May, and people like the new ferry. It is a good way to "
		 "the island, people say, and a good way for bicycles. The ferry started well.",
		 {"new ferry", "island"},
		 {"people", "started", "good"}},
		{"en",
		 "The midfielder Best won the match, and only Best was cheered. They thanked Best.",
		 {"Best"},
		 {NULL}},
		{"de",
		 "Die Fähre ist ein gutes Beispiel. Menschen aus Lengen loben die Fähre, und viele "
		 "Menschen sehen in der Fähre ein Beispiel.",
		 {"Fähre", "Lengen"},
		 {"Beispiel"}},
		{"ru",
		 "Таким образом, мост закрыли. Паром ходит до моста, и таким образом люди попадают "
		 "на остров. Таким образом мост больше не нужен.",
		 {"мост"},
		 {"Таким образом", "образом"}},
		{"ru",
		 "Мир подписан. Обе стороны хотели мира, и мир нужен всем, говорит посол.",
		 {"Мир"},
		 {NULL}},
		{"fr",
		 "Le bac du port est un exemple. Chaque personne prend le bac, et une personne sur "
		 "deux cite le bac en exemple.",
		 {"bac"},
		 {"exemple", "personne"}},
	};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct summary out;
		find(&arena, cases[i].language, span_of(cases[i].text), 20, &out);
		for (size_t k = 0; k < 3 && cases[i].has[k] != NULL; k++)
			CHECK(cases[i].has[k], has(&out.keywords, cases[i].has[k]));
		for (size_t k = 0; k < 3 && cases[i].has_not[k] != NULL; k++)
			CHECK(cases[i].has_not[k], !has(&out.keywords, cases[i].has_not[k]));
	}
	arena_free(&arena);
}

/* Places where a word is written differently do not displace those where it is written as shown. */
static void test_all_places(void **state)
{
	static const char text[] = "A ferry of NZ is new. The page of nz is old, but the ferry "
				   "from NZ is new. The harbour of NZ has no such ferry.";
	struct arena arena;
	struct summary out;
	arena_init(&arena, (size_t)1 << 24);
	find(&arena, "en", SPAN(text), 20, &out);
	CHECK("NZ", has(&out.keywords, "NZ"));
	for (size_t i = 0; i < out.keywords.len; i++)
		for (size_t k = 0; k < out.keywords.at[i].count; k++)
			CHECK("not the small one", out.keywords.at[i].at[k].start_byte !=
							   (size_t)(strstr(text, "nz") - text));
	arena_free(&arena);
}

/* A phrase has the places where it was counted, and no others: "eu" is too short to be one. */
static void test_places(void **state)
{
	static const char text[] = "The EU wants a bridge. The address ends in eu or in net. "
				   "Boats of the EU go to the bridge. The EU pays for it. "
				   "It is a bridge EU boats know.";
	struct arena arena;
	struct summary out;
	arena_init(&arena, (size_t)1 << 24);
	find(&arena, "en", SPAN(text), 10, &out);
	for (size_t i = 0; i < out.keywords.len; i++) {
		const struct keyword *k = &out.keywords.at[i];
		if (!same_folded(k->text, SPAN("EU")))
			continue;
		CHECK_SIZE("places of EU", k->count, 4);
		for (size_t j = 0; j < k->count; j++)
			CHECK_SPAN("EU",
				   span_slice(SPAN(text), k->at[j].start_byte, k->at[j].end_byte),
				   SPAN("EU"));
	}
	CHECK("EU", has(&out.keywords, "EU"));
	arena_free(&arena);
}

/* Words of scripts without spaces are whole, and Korean ones lack their particles. */
static void test_whole_words(void **state)
{
	static const struct {
		const char *language, *text, *has[4], *has_not[4];
	} cases[] = {
		{"ja",
		 "セキュリティの会社が新しいプロテクションを発表した。セキュリティは大切だ。"
		 "プロテクションは安い。会社はセキュリティを売る。プロテクションも売る。",
		 {"セキュリティ", "プロテクション"},
		 {"セキュリ", "プロテク", "クション"}},
		{"zh",
		 "笔记本电脑很贵。我买了笔记本电脑。笔记本电脑坏了。店主修好了笔记本电脑。",
		 {"笔记本电脑"},
		 {"笔记本电", "记本电脑"}},
		{"ko",
		 "삼성전자가 새로운 특허를 출원했다. 특허는 화면을 접는다고 한다. 같은 특허를 어제 "
		 "삼성전자는 공개했다고 밝혔다. 애플도 다른 특허를 출원했다.",
		 {"특허", "삼성전자"},
		 {"특허를", "삼성전자가", "출원했다", "공개했다고"}},
		/* Particles of foreign words; verbs before nouns. */
		{"ko",
		 "NASA는 새로운 로켓을 공개했다. NASA의 로켓은 강력한 엔진을 쓴다. 강력한 "
		 "로켓이다.",
		 {"NASA", "로켓"},
		 {"NASA는", "NASA의", "강력한", "새로운"}},
		/* An adjective is none without its noun, a participle used like a noun is. */
		{"ru",
		 "Местные бюджеты растут. Доходы местных бюджетов зависят от налоговых доходов. "
		 "Расходы местных бюджетов тоже растут, а налоговых доходов мало. Сбор данных "
		 "идёт. "
		 "Мест для больных нет.",
		 {"местных бюджетов", "больных"},
		 {"местных", "налоговых"}},
		/* Where something is, and which; what stands together once. */
		{"zh",
		 "该项目的系统中有文件。系统中没有旧文件。该项目很大，系统中有新文件。",
		 {"文件"},
		 {"该项目", "没有旧"}},
		{"ar",
		 "افتتحت الوزارة محطة الميناء يوم الاثنين. تعمل محطة الميناء يوم الاثنين.",
		 {"محطة الميناء"},
		 {"يوم", "يوم الاثنين", "الاثنين"}},
	};
	struct arena arena;
	struct summary s;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct span text = span_of(cases[i].text);
		find(&arena, cases[i].language, text, 10, &s);
		check_promises(cases[i].language, text, 10, &s.keywords);
		for (size_t k = 0; k < 4 && cases[i].has[k] != NULL; k++)
			CHECK(cases[i].has[k], has(&s.keywords, cases[i].has[k]));
		for (size_t k = 0; k < 4 && cases[i].has_not[k] != NULL; k++)
			CHECK(cases[i].has_not[k], !has(&s.keywords, cases[i].has_not[k]));
	}
	arena_free(&arena);
}

/* Words that end alike are found by that end, but stay different words. */
static void test_words_that_end_alike(void **state)
{
	struct span text = SPAN("アフリカの港で新しい橋が完成した。アメリカの会社が橋を作った。"
				"町はパプリカも売る。");
	struct arena arena;
	struct summary s;
	arena_init(&arena, (size_t)1 << 24);
	find(&arena, "ja", text, 10, &s);
	check_promises("ja", text, 10, &s.keywords);
	CHECK("both", has(&s.keywords, "アフリカ") && has(&s.keywords, "アメリカ"));
	for (size_t i = 0; i < s.keywords.len; i++)
		for (size_t j = 0; j < s.keywords.at[i].count; j++) {
			const struct text_range *at = &s.keywords.at[i].at[j];
			CHECK_SPAN("form", span_slice(text, at->start_byte, at->end_byte),
				   s.keywords.at[i].text);
		}
	arena_free(&arena);
}

static bool is_first(const struct keywords *keywords, const char *word)
{
	return keywords->len > 0 && same_folded(keywords->at[0].text, span_of(word));
}

/* A reader finds a thing by its name, and a name once. */
static void test_names(void **state)
{
	static const char text[] =
		"The port of Ostrand moves to Harbour 3 this spring. Charles Orrin said so today, "
		"and Orrin should know. Work at Harbour 3 begins in May 10 or so. Orrin wants "
		"the cranes at Harbour 3, and a ship can use the cranes. The Northern Trade "
		"Board has to agree.";
	struct arena arena;
	struct summary s;
	arena_init(&arena, (size_t)1 << 24);
	find(&arena, "en", SPAN(text), 20, &s);
	CHECK("with its number", has(&s.keywords, "Harbour 3"));
	CHECK("surname", has(&s.keywords, "Orrin"));
	CHECK("not its rest", !has(&s.keywords, "Charles"));
	CHECK("whole", has(&s.keywords, "Northern Trade Board"));
	CHECK("a day", !has(&s.keywords, "May 10"));
	arena_free(&arena);
}

/* The author and whom to follow are not what an article is about. */
static void test_lines_of_the_page(void **state)
{
	static const char text[] =
		"Orrin closes its bridge\n\nBy Jane Doe, staff writer\n\n"
		"The bridge of Orrin was closed on Monday after engineers had found a crack in it. "
		"The ferries of Orrin will run every ten minutes until the bridge is open "
		"again.\n\n"
		"Follow us on Twitter and Facebook.\n";
	static const char *const absent[] = {"Jane Doe", "Doe", "Jane", "Twitter", "Facebook"};
	struct arena arena;
	struct summary s;
	arena_init(&arena, (size_t)1 << 24);
	find(&arena, "en", SPAN(text), 20, &s);
	CHECK("the place", is_first(&s.keywords, "bridge") || is_first(&s.keywords, "Orrin"));
	for (size_t i = 0; i < COUNT(absent); i++)
		CHECK(absent[i], !has(&s.keywords, absent[i]));
	arena_free(&arena);
}

static bool shows(const struct keywords *keywords, const char *form)
{
	for (size_t i = 0; i < keywords->len; i++)
		if (span_equal(keywords->at[i].text, span_of(form)))
			return true;
	return false;
}

/* A name of more words than a phrase is shown whole, up to five words; but not with words that
 * merely happen to be beside it, and no word twice. */
static void test_long_names(void **state)
{
	static const struct {
		const char *text, *shown, *absent;
	} cases[] = {
		{"The ferry stops at Great Ostrand Sailors Hospital again. Ferries to Great "
		 "Ostrand "
		 "Sailors Hospital are free.",
		 "Great Ostrand Sailors Hospital", "Great Ostrand Sailors"},
		{"The island of La Orrin is closed. On La Orrin no ferry stops, and La Orrin "
		 "waits.",
		 "La Orrin", "Orrin"},
		{"The ferry of Orrin stops. In May Orrin wanted more, and then Orrin paid.",
		 "Orrin", "May Orrin"},
		{"The ferries of Orrin stop. Today Orrin is closed.", "Orrin", "Today Orrin"},
		{"It asks Dr Orrin to come, and Dr Orrin comes.", "Orrin", "Dr Orrin"},
		{"We sail with New South Harbour Old Town Ferry Board Limited. Nobody else sails.",
		 NULL, "New South Harbour Old Town Ferry"},
	};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span text = span_of(cases[i].text);
		struct summary s;
		find(&arena, "en", text, 10, &s);
		check_promises(cases[i].text, text, 10, &s.keywords);
		CHECK(cases[i].text, cases[i].shown == NULL || shows(&s.keywords, cases[i].shown));
		CHECK(cases[i].text, !shows(&s.keywords, cases[i].absent));
	}
	arena_free(&arena);
}

/* What the headline says comes before what is equally frequent. */
static void test_title(void **state)
{
	struct span text = SPAN("Bakers sell bread to everybody. Without bread the smoke is worth "
				"nothing. Where smoke rises the water is warm. Nobody needs water "
				"there. There are bread, smoke and water in Ostrand.");
	static const char *const titles[] = {"Of bread", "Of smoke", "Of water"};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < 3; i++) {
		struct summary_input input = {.text = text,
					      .title = span_of(titles[i]),
					      .language = language_from_tag(SPAN("en"))};
		struct summary_options options = {.select.max_sentences = 1, .max_keywords = 3};
		struct summary s;
		arena_reset(&arena);
		CHECK(titles[i], summary_make(&arena, &input, &options, &s) == SUMMARY_OK);
		CHECK(titles[i], is_first(&s.keywords, titles[i] + 3));
	}
	arena_free(&arena);
}

/* A headline in capitals does not decide how a name is shown if the text writes it differently. */
static void test_shouted(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{"OSTRAND closes its bridge to lorries. The people of Ostrand take the ferries.",
		 "Ostrand"},
		{"NATO closes its bridge to lorries. The people of NATO take the ferries.", "NATO"},
		{"OSTRAND closes its bridge. In OSTRAND, near Ostrand, they take the ferries.",
		 "OSTRAND"},
	};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct summary s;
		find(&arena, "en", span_of(cases[i].text), 10, &s);
		bool shown = false;
		for (size_t k = 0; k < s.keywords.len; k++)
			shown |= span_equal(s.keywords.at[k].text, span_of(cases[i].shown));
		CHECK(cases[i].text, shown);
	}
	arena_free(&arena);
}

/* Where a headline capitalizes each word, a capital makes no word a name: it comes last. */
static void test_headline(void **state)
{
	static const char text[] =
		"The Ferry That Refused to Sink\n\n"
		"Jane Rowe has steered the old ferry since the bridge of Ostrand was closed.\n\n"
		"In Ostrand they say that Rowe knows each of the rocks by its name.";
	struct arena arena;
	struct summary s;
	arena_init(&arena, (size_t)1 << 24);
	find(&arena, "en", span_of(text), 4, &s);
	for (size_t k = 0; k < s.keywords.len; k++)
		CHECK("a verb is no name",
		      !span_equal(s.keywords.at[k].text, SPAN("Refused")) &&
			      !span_equal(s.keywords.at[k].text, SPAN("Sink")));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_articles),
		cmocka_unit_test(test_fewer_are_the_first),
		cmocka_unit_test(test_days_in_names),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_little_to_say),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_same_again),
		cmocka_unit_test(test_short_words),
		cmocka_unit_test(test_nouns),
		cmocka_unit_test(test_all_places),
		cmocka_unit_test(test_vague_words),
		cmocka_unit_test(test_whole_words),
		cmocka_unit_test(test_words_that_end_alike),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_lines_of_the_page),
		cmocka_unit_test(test_title),
		cmocka_unit_test(test_shouted),
		cmocka_unit_test(test_headline),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
