#include "check.h"

#include "server/fragment.h"

static const struct {
	const char *name, *text, *sentence, *fragment;
	size_t nth; /* which occurrence of the sentence */
} cases[] = {
	{"whole", "First one. Second one.", "Second one.", "#:~:text=Second%20one.", 0},
	{"marks of the directive", "Half-baked, A & B.", "Half-baked, A & B.",
	 "#:~:text=Half%2Dbaked%2C%20A%20%26%20B.", 0},
	{"other scripts", "caf\xC3\xA9.", "caf\xC3\xA9.", "#:~:text=caf%C3%A9.", 0},
	{"repeated: with what stands around",
	 "He said yes. He left. She said: yes. He left. End of it.", "He left.",
	 "#:~:text=left.%20She%20said%3A%20yes.-,He%20left.,-End%20of%20it.", 1},
	{"first of two needs no context", "Yes. No. Yes.", "Yes.", "#:~:text=Yes.", 0},
	{"repeated, alone in its paragraph", "Go.\n\nWait a moment here.\n\nGo.", "Go.",
	 "#:~:text=Wait%20a%20moment%20here.-,Go.", 1},
	{"words around it are repeated, too",
	 "A b c d e. He left. F g h i j. B c d e. He left. F g h i k.", "He left.",
	 "#:~:text=g%20h%20i%20j.%20B%20c%20d%20e.-,He%20left.,-F%20g%20h%20i%20k.", 1},
	{"browsers see no case", "That day he left. He left.", "He left.",
	 "#:~:text=That%20day%20he%20left.-,He%20left.", 0},
	{"browsers see no white space", "A.  He\nleft. A. B. He left.", "He left.",
	 "#:~:text=left.%20A.%20B.-,He%20left.", 0},
	{"only the next paragraph's words", "Go.\n\nYes.\n\nNo.\n\nGo.\n\nAh.", "Go.",
	 "#:~:text=No.-,Go.,-Ah.", 1},
	{"second of four", "Go.\n\nGo.\n\nGo.\n\nGo.", "Go.", "#:~:text=Go.-,Go.,-Go.", 1},
	{"third of four: no context tells it", "Go.\n\nGo.\n\nGo.\n\nGo.", "Go.", "", 2},
	{"white space", "One\ntwo  three.", "One\ntwo  three.", "#:~:text=One%20two%20three.", 0},
};

static struct span make(struct arena *arena, const char *text, size_t start, size_t end)
{
	struct fragment_page page;
	fragment_page_init(&page, arena, span_of(text));
	return fragment_make(arena, &page, start, end);
}

static void passages_are_named(void **state)
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *at = strstr(cases[i].text, cases[i].sentence);
		for (size_t n = 0; n < cases[i].nth; n++)
			at = strstr(at + 1, cases[i].sentence);
		size_t start = (size_t)(at - cases[i].text);
		CHECK_SPAN(cases[i].name,
			   make(&arena, cases[i].text, start, start + strlen(cases[i].sentence)),
			   span_of(cases[i].fragment));
	}
	arena_free(&arena);
}

static void long_passages_are_named_by_their_ends(void **state)
{
	char text[2000] = "";
	for (int i = 0; i < 100; i++)
		sprintf(text + strlen(text), "word%d ", i);
	strcpy(text + strlen(text) - 1, ".");
	struct arena arena;
	arena_init(&arena, 1 << 20);
	CHECK_SPAN("ends", make(&arena, text, 0, strlen(text)),
		   SPAN("#:~:text=word0%20word1%20word2%20word3%20word4,"
			"word95%20word96%20word97%20word98%20word99."));
	/* Few but endless words: there is nothing between the ends. */
	memset(text, 'x', 900);
	text[450] = ' ';
	text[900] = '\0';
	struct span fragment = make(&arena, text, 0, 900);
	assert_int_equal(fragment.len, strlen("#:~:text=") + 899 + 3);
	arena_free(&arena);
}

/* 40 numbered words from `from` on, as a sentence. */
static void add_words(char *text, int from)
{
	for (int i = from; i < from + 40; i++)
		sprintf(text + strlen(text), "word%06d%s", i, i == from + 39 ? ". " : " ");
}

static void ends_that_stand_earlier_get_context(void **state)
{
	char text[4000] = "One. ";
	add_words(text, 0);
	strcat(text, "Two. ");
	size_t start = strlen(text);
	add_words(text, 0);
	size_t end = strlen(text) - 1;
	struct arena arena;
	arena_init(&arena, 1 << 20);
	struct span fragment = make(&arena, text, start, end);
	CHECK("prefix", fragment.len > 0 && memmem(fragment.at, fragment.len, "Two.-,word", 10));
	arena_free(&arena);
}

/* A page of a megabyte made to be slow took six seconds, one of ten a minute. */
static void a_page_is_searched_so_much_and_no_more(void **state)
{
	enum { TWINS = 100, TWIN_BYTES = 420, FILLING = 4 << 20 };
	size_t len = FILLING, made = 0;
	char *text = malloc(FILLING + 2 * TWINS * TWIN_BYTES);
	memset(text, 'a', len);
	for (size_t i = 0; i < 2 * TWINS; i++) {
		memset(text + len, 'a', TWIN_BYTES);
		for (size_t j = 9; j < TWIN_BYTES; j += 10)
			text[len + j] = ' ';
		sprintf(text + len, "B%03zu", i / 2);
		text[len + 4] = 'a';
		memcpy(text + len + TWIN_BYTES - 4, ".\n\n", 3);
		len += TWIN_BYTES;
	}
	struct arena arena;
	struct fragment_page page;
	arena_init(&arena, 64 << 20);
	fragment_page_init(&page, &arena, (struct span){text, len});
	size_t before = page.to_search;
	for (size_t i = 0; i < 2 * TWINS; i++) {
		size_t start = FILLING + i * TWIN_BYTES;
		made += fragment_make(&arena, &page, start, start + TWIN_BYTES - 3).len > 0;
	}
	assert_in_range(made, 1, 2 * TWINS - 1);
	assert_true(page.to_search < FILLING + 2 * TWINS * TWIN_BYTES);
	assert_true(page.to_search < before && !arena.failed);
	arena_free(&arena);
	free(text);
}

/* A hundred links into 128 KB without spaces, with repeated sentences, were 33 MB. */
static void a_link_quotes_no_page(void **state)
{
	enum { SENTENCES = 4000, SENTENCE_BYTES = 9, LONG_BYTES = 9000 };
	size_t len = SENTENCES * SENTENCE_BYTES, most = strlen("#:~:text=-,,,-") + 3 * 4096;
	char *text = malloc(len + LONG_BYTES);
	for (size_t at = 0; at < len; at += SENTENCE_BYTES)
		memcpy(text + at, at % 2 == 0 ? "\u662F\u7684\u3002" : "\u4E0D\u662F\u3002",
		       SENTENCE_BYTES);
	for (size_t at = len; at < len + LONG_BYTES; at += 3)
		memcpy(text + at, "\u5927", 3);
	struct arena arena;
	struct fragment_page page;
	arena_init(&arena, 64 << 20);
	fragment_page_init(&page, &arena, (struct span){text, len + LONG_BYTES});
	CHECK_SPAN("first", fragment_make(&arena, &page, 0, SENTENCE_BYTES),
		   SPAN("#:~:text=%E6%98%AF%E7%9A%84%E3%80%82"));
	for (size_t at = 0; at < len; at += SENTENCE_BYTES)
		assert_in_range(fragment_make(&arena, &page, at, at + SENTENCE_BYTES).len, 0, most);
	CHECK_SPAN("long", fragment_make(&arena, &page, len, len + LONG_BYTES), SPAN(""));
	assert_false(arena.failed);
	arena_free(&arena);
	free(text);
}

static void without_memory_there_is_none(void **state)
{
	struct arena arena;
	char text[4000] = "";
	add_words(text, 0);
	for (size_t max = 0; max < 4096; max += 64) {
		arena_init(&arena, max);
		struct span fragment = make(&arena, text, 0, strlen(text) - 1);
		CHECK("one or none", arena.failed == (fragment.len == 0));
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passages_are_named),
		cmocka_unit_test(long_passages_are_named_by_their_ends),
		cmocka_unit_test(ends_that_stand_earlier_get_context),
		cmocka_unit_test(a_page_is_searched_so_much_and_no_more),
		cmocka_unit_test(a_link_quotes_no_page),
		cmocka_unit_test(without_memory_there_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
