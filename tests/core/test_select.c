#include "tests/check.h"
#include "tests/core/sample.h"

#include "core/marks.h"
#include "core/summary.h"
#include "core/utf8.h"

#include <stdlib.h>

/* What choosing promises of any text, tried on texts of every shape. */

static struct span sentence_text(const struct summary *summary, struct span text, size_t i)
{
	const struct sentence *s = &summary->sentences.at[i];
	return span_slice(text, s->start_byte, s->end_byte);
}

static struct summary make(struct arena *arena, struct summary_input input,
			   struct select_options select)
{
	struct summary_options options = {.select = select};
	struct summary summary;
	arena_reset(arena);
	CHECK("made", summary_make(arena, &input, &options, &summary) == SUMMARY_OK);
	return summary;
}

static bool holds(struct span text, const char *words)
{
	return memmem(text.at, text.len, words, strlen(words)) != NULL;
}

static bool is_chosen(const struct summary *summary, size_t i)
{
	for (size_t k = 0; k < summary->selection.len; k++)
		if (summary->selection.at[k] == i)
			return true;
	return false;
}

static bool chosen(const struct summary *summary, struct span text, const char *words)
{
	for (size_t i = 0; i < summary->selection.len; i++)
		if (holds(sentence_text(summary, text, summary->selection.at[i]), words))
			return true;
	return false;
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

/* Sentences of 4 to 23 made-up words out of 2,000, a blank line behind every `per_paragraph`-th. */
static struct span invent(char *room, size_t size, unsigned sentences, unsigned per_paragraph)
{
	static const char *const syllables[] = {"ba",  "ke", "lim", "dor", "sa", "ti", "mun",
						"gre", "vo", "pal", "nu",  "se", "ruk"};
	size_t at = 0;
	uint32_t state = sentences;
	for (unsigned i = 0; i < sentences; i++) {
		unsigned words = 4 + next_random(&state) % 20;
		for (unsigned k = 0; k < words; k++) {
			uint32_t word = next_random(&state) % 2000 + 200;
			at += (size_t)snprintf(room + at, size - at, "%s", k > 0 ? " " : "");
			size_t start = at;
			for (; word > 0; word /= 13)
				at += (size_t)snprintf(room + at, size - at, "%s",
						       syllables[word % 13]);
			if (k == 0)
				room[start] = (char)(room[start] - 'a' + 'A');
		}
		at += (size_t)snprintf(room + at, size - at, "%c%s",
				       i % 5 == 2   ? '?'
				       : i % 7 == 3 ? '!'
						    : '.',
				       (i + 1) % per_paragraph == 0 ? "\n\n" : " ");
	}
	return (struct span){room, at};
}

static size_t words_of(const struct summary *s)
{
	size_t sum = 0;
	for (size_t i = 0; i < s->selection.len; i++)
		sum += s->terms.words[s->selection.at[i]];
	return sum;
}

static size_t chars_of(const struct summary *s, struct span text)
{
	size_t sum = s->selection.len - 1;
	for (size_t i = 0; i < s->selection.len; i++)
		sum += utf8_length(sentence_text(s, text, s->selection.at[i]), OFFSET_CODEPOINT);
	return sum;
}

static bool within(const struct select_options *select, size_t words, size_t chars)
{
	return (select->max_words == 0 || words <= select->max_words) &&
	       (select->max_chars == 0 || chars <= select->max_chars);
}

/* Never above a bound unless every sentence by itself is, and none left out that would still have
 * fitted and says something by itself. */
static void check_bounds(const char *name, struct summary_input input, struct select_options select)
{
	struct arena arena;
	arena_init(&arena, (size_t)1 << 26);
	struct summary s = make(&arena, input, select);
	size_t words = words_of(&s), chars = chars_of(&s, input.text);
	bool full = s.selection.len == s.sentences.len;
	CHECK(name, s.selection.len > 0);
	for (size_t i = 1; i < s.selection.len; i++)
		CHECK(name, s.selection.at[i - 1] < s.selection.at[i]);
	if (select.max_sentences > 0) {
		CHECK(name, s.selection.len <= select.max_sentences);
		full |= s.selection.len == select.max_sentences;
	}
	if (select.ratio > 0) {
		size_t most = (size_t)(select.ratio * (double)s.sentences.len + 0.5);
		CHECK(name, s.selection.len <= (most > 0 ? most : 1));
		full |= s.selection.len >= most;
	}
	bool one_fits = false;
	for (size_t i = 0; i < s.sentences.len; i++) {
		struct span text = sentence_text(&s, input.text, i);
		size_t more = utf8_length(text, OFFSET_CODEPOINT);
		one_fits |= within(&select, s.terms.words[i], more);
		bool full_sentence = s.terms.words[i] >= 6 && marks_final(text) != '?';
		CHECK(name, full || is_chosen(&s, i) || !full_sentence ||
				    !within(&select, words + s.terms.words[i], chars + 1 + more));
	}
	CHECK(name, within(&select, words, chars) || (!one_fits && s.selection.len == 1));
	arena_free(&arena);
}

static void test_bounds_are_kept_and_used(void **state)
{
	static char room[1 << 16];
	struct summary_input input = {.text = invent(room, sizeof room, 60, 4)};
	for (size_t count = 1; count <= 64; count += 3)
		check_bounds("sentences", input, (struct select_options){.max_sentences = count});
	for (double ratio = 0.01; ratio <= 1; ratio += 0.09)
		check_bounds("ratio", input, (struct select_options){.ratio = ratio});
	for (size_t words = 1; words < 700; words += 37)
		check_bounds("words", input, (struct select_options){.max_words = words});
	for (size_t chars = 1; chars < 4000; chars += 173)
		check_bounds("characters", input, (struct select_options){.max_chars = chars});
	for (size_t words = 10; words < 300; words += 50)
		check_bounds("the tightest", input,
			     (struct select_options){.max_sentences = words / 12,
						     .ratio = 0.2,
						     .max_words = words,
						     .max_chars = 6 * words});
}

/* A sentence that fits comes before a better one that does not; where none fits, one is given. */
static void test_budget_before_merit(void **state)
{
	static const char text[] =
		"The harbour bridge was closed on Monday after engineers had found a crack in a "
		"pier of it. Ferries will run every ten minutes on the river.";
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(text)};
	struct summary s = make(&arena, input, (struct select_options){.max_words = 12});
	CHECK("fits", s.selection.len == 1 && chosen(&s, input.text, "Ferries"));
	s = make(&arena, input, (struct select_options){.max_chars = 60});
	CHECK("fits", s.selection.len == 1 && chosen(&s, input.text, "Ferries"));
	s = make(&arena, input, (struct select_options){.max_words = 5});
	CHECK_SIZE("one all the same", s.selection.len, 1);
	/* Of few words, but it says something; an outcry does not. */
	input.text = SPAN("The harbour bridge was closed on Monday after engineers had found a "
			  "crack in a pier of it. Why? Nobody had seen it. Ferries will run every "
			  "ten minutes on the river until the end of the year. Sad!");
	s = make(&arena, input, (struct select_options){.max_words = 6});
	CHECK("a brief one", s.selection.len == 1 && chosen(&s, input.text, "Nobody"));
	s = make(&arena, input, (struct select_options){.max_words = 3});
	CHECK("no outcry", s.selection.len == 1 && !chosen(&s, input.text, "Sad") &&
				   !chosen(&s, input.text, "Why"));
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

/* The same sentence is never chosen twice while another is there. */
static void test_no_sentence_twice(void **state)
{
	static char room[1 << 16];
	struct arena arena;
	arena_init(&arena, (size_t)1 << 26);
	struct span text = invent(room, sizeof room / 4, 12, 3);
	char *twice = malloc(3 * text.len);
	for (size_t k = 0; k < 3; k++)
		memcpy(twice + k * text.len, text.at, text.len);
	struct summary_input input = {.text = {twice, 3 * text.len}};
	for (size_t count = 1; count <= 6; count++) {
		struct summary s =
			make(&arena, input, (struct select_options){.max_sentences = count});
		CHECK_SIZE("exact", s.selection.len, count);
		for (size_t i = 0; i < count; i++)
			for (size_t k = 0; k < i; k++)
				CHECK("not twice",
				      !span_equal(
					      sentence_text(&s, input.text, s.selection.at[i]),
					      sentence_text(&s, input.text, s.selection.at[k])));
	}
	free(twice);
	arena_free(&arena);
}

static void test_all_alike(void **state)
{
	static char room[1 << 16];
	static const char sentence[] = "The river rose by two metres in one night. ";
	struct arena arena;
	arena_init(&arena, (size_t)1 << 26);
	size_t len = 0;
	for (; len + sizeof sentence < sizeof room; len += sizeof sentence - 1)
		memcpy(room + len, sentence, sizeof sentence - 1);
	struct summary_input input = {.text = {room, len}};
	struct summary s = make(&arena, input, (struct select_options){.max_sentences = 4});
	CHECK_SIZE("a count is a count", s.selection.len, 4);
	s = make(&arena, input, (struct select_options){.max_words = 100});
	CHECK_SIZE("a budget is not filled with repeats", s.selection.len, 1);
	arena_free(&arena);
}

static void test_one_sentence(void **state)
{
	static const char *const texts[] = {"It rained.", "Read also: rain",         "1.", "?",
					    "Rain",       "\xE9\x9B\xA8\xE3\x80\x82"};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		static const struct select_options bounds[] = {
			{.max_sentences = 3},
			{.ratio = 0.01},
			{.max_words = 1},
			{.max_chars = 1},
			{.max_sentences = 1, .avoid = AVOID_QUESTIONS}};
		for (size_t k = 0; k < sizeof bounds / sizeof *bounds; k++) {
			struct summary s =
				make(&arena, (struct summary_input){.text = span_of(texts[i])},
				     bounds[k]);
			CHECK_SIZE(texts[i], s.selection.len, 1);
		}
	}
	arena_free(&arena);
}

static void test_nothing_visible(void **state)
{
	/* The last is a soft hyphen, a Hangul filler and blank Braille. */
	static const char *const texts[] = {
		"",         " \n\t ",   "\xE2\x80\x8B\n",
		"\xC2\xA0", "\x01\x7F", "\xC2\xAD\xE3\x85\xA4 \xE2\xA0\x80"};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct summary_input input = {.text = span_of(texts[i])};
		struct summary_options options = {.select.max_sentences = 3};
		struct summary s;
		CHECK(texts[i], summary_make(&arena, &input, &options, &s) == SUMMARY_EMPTY);
	}
	arena_free(&arena);
}

static void test_hundred_thousand_sentences(void **state)
{
	enum { SENTENCES = 100000, ROOM = 16 << 20 };
	char *room = malloc(ROOM);
	struct arena arena;
	arena_init(&arena, (size_t)1 << 30);
	struct summary_input input = {.text = invent(room, ROOM, SENTENCES, 7)};
	struct summary s = make(&arena, input, (struct select_options){.max_sentences = 100});
	CHECK_SIZE("all found", s.sentences.len, SENTENCES);
	CHECK_SIZE("a hundred", s.selection.len, 100);
	s = make(&arena, input, (struct select_options){.ratio = 0.5});
	CHECK_SIZE("half", s.selection.len, SENTENCES / 2);
	s = make(&arena, input, (struct select_options){.max_chars = 1000000});
	CHECK("nearly all characters used",
	      chars_of(&s, input.text) <= 1000000 && chars_of(&s, input.text) > 999900);
	arena_free(&arena);
	free(room);
}

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

/* With a query the same text gives what the query asks for. */
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

/* What answers comes although it points back, or is brief, when nothing else does. */
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

/* The query leaves accents out, writes umlauts as two letters or in another case, or asks for a
 * part of a compound: what the text does not have as it is written. */
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

/* A sentence that points back comes with the one that it points to, or gives way to another. */
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
		/* What stands before the first word hides nothing. */
		{"it",
		 "La vetreria di Ostrand fu fondata da due fratelli nel 1824. \"A tal proposito la "
		 "vetreria impiegava novecento persone e spediva bottiglie in tutti i porti del "
		 "mare del Nord\", disse lo storico. Un incendio distrusse i forni della vetreria "
		 "e "
		 "il magazzino nel 1911. Gli eredi vendettero il terreno alla ferrovia.",
		 "A tal proposito", "fu fondata"},
		/* What it likes best by far; one sentence has no room for who they are. */
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

/* However many are asked for, an outcry is none of them while sentences remain, and a budget goes
 * without, but a query that asks for one gets it. */
static void test_outcries(void **state)
{
	static const char text[] =
		"The ferry between Ostrand and the island of Hallo stopped on Monday for the first "
		"time in ninety years. Why? The company that runs it could not pay for diesel any "
		"more, its manager Ida Holm told the town council. Sad! Four hundred people on the "
		"island depend on the boat for school, work and medicine. No ferry. No doctor. Ms "
		"Holm said that the price of fuel had doubled within a year while fares stayed the "
		"same. What now? The council will decide on Thursday whether the town pays half of "
		"the bill until the summer. Fishermen have offered to carry pupils in their own "
		"boats for nothing. Good people! The mayor called the offer generous but said that "
		"the boats had no licence for passengers. Nobody laughed. A new electric ferry was "
		"ordered two years ago and will not be ready before next spring.";
	static const char *const outcries[] = {"Why?",           "Sad!",      "No ferry.",
					       "No doctor.",     "What now?", "Good people!",
					       "Nobody laughed."};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(text),
				      .language = language_from_tag(SPAN("en"))};
	for (size_t count = 1; count <= 8; count++) {
		struct summary s =
			make(&arena, input, (struct select_options){.max_sentences = count});
		CHECK_SIZE("count", s.selection.len, count);
		for (size_t i = 0; i < sizeof outcries / sizeof *outcries; i++)
			CHECK(outcries[i], !chosen(&s, input.text, outcries[i]));
	}
	static const struct select_options budgets[] = {
		{.max_words = 60}, {.max_words = 200}, {.max_chars = 300}, {.max_chars = 2000}};
	for (size_t b = 0; b < sizeof budgets / sizeof *budgets; b++) {
		input.query = SPAN("");
		struct summary s = make(&arena, input, budgets[b]);
		for (size_t i = 0; i < sizeof outcries / sizeof *outcries; i++)
			CHECK(outcries[i], !chosen(&s, input.text, outcries[i]));
		input.query = SPAN("doctor");
		s = make(&arena, input, budgets[b]);
		CHECK("asked for", chosen(&s, input.text, "No doctor."));
		CHECK("nobody asked", !chosen(&s, input.text, "Why?"));
	}
	arena_free(&arena);
}

/* What is left of a budget is not filled up with a line that has no stop where sentences have one.
 */
static void test_lines_fill_no_budget(void **state)
{
	static const char text[] =
		"The ferry between Ostrand and the island of Hallo stopped on Monday for the first "
		"time in ninety years, because its company could not pay for diesel. Four hundred "
		"people on the island of Hallo depend on the ferry of Ostrand for school, for work "
		"and for medicine, the council of the island says. A new electric ferry for the "
		"island was ordered two years ago by the council of Ostrand and will not be ready "
		"before next spring.\n\n"
		"1. Bread rolls and where to buy them early\n\n"
		"2. Seven cheap shops for winter coats and boots\n";
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(text),
				      .language = language_from_tag(SPAN("en"))};
	for (size_t words = 32; words <= 50; words++) {
		struct summary s = make(&arena, input, (struct select_options){.max_words = words});
		CHECK("one", !chosen(&s, input.text, "Bread rolls"));
		CHECK("another", !chosen(&s, input.text, "Seven cheap"));
	}
	arena_free(&arena);
}

/* The sample article's "He had worked ..." is what the ranker likes best of it. */
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

/* A quotation of two sentences comes whole or not at all, while there are others. */
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

/* Who speaks, and the mail that is answered, are not what is said. */
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

/* What is only a size is not filled up with a mail's greetings, however large; a count is, and
 * lines come where nothing else is. */
static void test_at_most(void **state)
{
	struct span text = SPAN("Dear all,\n\nThe movers come on the 14th of June at eight in the "
				"morning.\n\nOn Thursday evening every desk should be packed "
				"and labelled.\n\nMany thanks,\n\nMaria\n");
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = text};
	struct select_options size = {.max_sentences = 4, .at_most = true}, count = size;
	count.at_most = false;
	CHECK_SIZE("count", make(&arena, input, count).selection.len, 4);
	for (size.max_sentences = 2; size.max_sentences <= 7; size.max_sentences++)
		CHECK_SIZE("size", make(&arena, input, size).selection.len, 2);
	input.text = SPAN("Bridges\n\nFerries\n\nWho pays\n\nHarbours\n\nPiers");
	size.max_sentences = 3;
	CHECK_SIZE("lines alone", make(&arena, input, size).selection.len, 3);
	/* What is to be avoided comes all the same when no other prose remains. */
	input.text = SPAN("The movers\n\nThe movers come on the 14th of June at eight.\n\n"
			  "\"They have never been late,\" said the head of the office.\n\nMaria");
	size.max_sentences = 2;
	size.avoid = AVOID_QUOTES;
	struct summary avoiding = make(&arena, input, size);
	CHECK_SIZE("avoiding", avoiding.selection.len, 2);
	CHECK_SIZE("the quote", avoiding.selection.at[1], 2);
	arena_free(&arena);
}

/* Nothing is left out of three sentences that a bound takes in, be it a size or a budget. */
static void test_short_texts_are_whole(void **state)
{
	static const char text[] = "Bridge closed\n\nThe bridge closed on Monday after a crack was "
				   "found in one of its piers. Why?";
	static const struct select_options bounds[] = {{.max_sentences = 3, .at_most = true},
						       {.max_words = 18},
						       {.max_chars = 91},
						       {.max_words = 1000, .max_chars = 1000}};
	struct arena arena;
	arena_init(&arena, (size_t)1 << 24);
	struct summary_input input = {.text = SPAN(text)};
	for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
		CHECK_SIZE("whole", make(&arena, input, bounds[i]).selection.len, 3);
	struct summary s = make(&arena, input, (struct select_options){.max_words = 17});
	CHECK("a word less", s.selection.len == 1 && chosen(&s, input.text, "The bridge"));
	s = make(&arena, input, (struct select_options){.max_chars = 90});
	CHECK("a character less", s.selection.len == 1 && chosen(&s, input.text, "The bridge"));
	s = make(&arena, input,
		 (struct select_options){.max_words = 1000, .avoid = AVOID_QUESTIONS});
	CHECK("avoided", s.selection.len == 1 && chosen(&s, input.text, "The bridge"));
	arena_free(&arena);
}

/* A count and a share are of what is said: labels come last, and an exact count has none of them
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

/* A word before the mail that is passed on is not all that there is to read. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels_come_last),
		cmocka_unit_test(test_passed_on),
		cmocka_unit_test(test_at_most),
		cmocka_unit_test(test_short_texts_are_whole),
		cmocka_unit_test(test_speakers_and_answered),
		cmocka_unit_test(test_bounds_are_kept_and_used),
		cmocka_unit_test(test_budget_before_merit),
		cmocka_unit_test(test_avoid_only_when_nothing_else),
		cmocka_unit_test(test_avoid_beside_lines),
		cmocka_unit_test(test_avoid_quotes),
		cmocka_unit_test(test_no_sentence_twice),
		cmocka_unit_test(test_all_alike),
		cmocka_unit_test(test_one_sentence),
		cmocka_unit_test(test_nothing_visible),
		cmocka_unit_test(test_hundred_thousand_sentences),
		cmocka_unit_test(test_lines_of_the_page),
		cmocka_unit_test(test_list_markers),
		cmocka_unit_test(test_query_moves_the_choice),
		cmocka_unit_test(test_query_is_answered),
		cmocka_unit_test(test_query_in_another_spelling),
		cmocka_unit_test(test_dangling_openings),
		cmocka_unit_test(test_outcries),
		cmocka_unit_test(test_lines_fill_no_budget),
		cmocka_unit_test(test_no_place_for_antecedent),
		cmocka_unit_test(test_half_quotations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
