#include "tests/check.h"

#include "core/stem.h"
#include "core/tokenize.h"

#include <dlfcn.h>
#include <libstemmer.h>

static bool memory_lacks;

/* The library's own function, but the test can make it lack memory. */
struct sb_stemmer *sb_stemmer_new(const char *algorithm, const char *encoding)
{
	struct sb_stemmer *(*make)(const char *, const char *);
	*(void **)&make = dlsym(RTLD_NEXT, "sb_stemmer_new");
	return memory_lacks ? NULL : make(algorithm, encoding);
}

static struct span stem(struct stems *stems, const char *tag, const char *word)
{
	const struct language *language = language_from_tag(span_of(tag));
	struct form form = {.len = (uint32_t)strlen(word)};
	memcpy(form.bytes, word, form.len);
	form_finish(&form);
	struct known_form known = stems_know(stems, language, stopwords_of(language), &form,
					     form_hash(form.bytes, form.len));
	return (struct span){known.stem, known.stem_len};
}

static void test_words(void **state)
{
	static const struct {
		const char *tag, *word, *stem;
	} cases[] = {
		{"en", "bridges", "bridg"},
		{"de", "brücken", "bruck"},
		{"ko", "항구에서는", "항구"},
		{"ko", "소금은", "소금"},
		{"ko", "회의", "회의"},      /* only one syllable would be left */
		{"pl", "mostami", "mostam"}, /* without a stemmer: the first letters */
		{"en", "the", "the"},        /* a function word has no stem */
		{"en", "2500", "2500"},
		{"en", "antidisestablishmentarianisms", "antidisestablishmentarian"},
	};
	struct stems *stems = stems_new();
	for (unsigned round = 0; round < 2; round++) /* computed, then remembered */
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
			CHECK_SPAN(cases[i].word, stem(stems, cases[i].tag, cases[i].word),
				   span_of(cases[i].stem));
	CHECK("no failure", !stems->failed);
	stems_free(stems);
}

/* A lack of memory fails its own job, and no later one. */
static void test_no_memory(void **state)
{
	static const char text[] = "The bridges were built.";
	struct sentence sentence = {.end_byte = sizeof text - 1};
	const struct sentences sentences = {&sentence, 1};
	const struct language *english = language_from_tag(SPAN("en"));
	struct stems *stems = stems_new();
	struct arena arena;
	struct terms terms;
	arena_init(&arena, (size_t)1 << 20);
	memory_lacks = true;
	tokenize_sentences(&arena, stems, SPAN(text), &sentences, english, &terms);
	CHECK("the job fails", arena.failed);
	memory_lacks = false;
	arena_reset(&arena);
	tokenize_sentences(&arena, stems, SPAN(text), &sentences, english, &terms);
	CHECK("the next does not", !arena.failed && terms.token_count == 4);
	CHECK_SPAN("nor knows of it", terms.distinct[terms.token[1].term].stem, SPAN("bridg"));
	arena_free(&arena);
	stems_free(stems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
