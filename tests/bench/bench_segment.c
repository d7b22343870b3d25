/* How fast is segmenting, beside ICU's sentence iterator on the same text in the same run?
 *
 * usage: bench_segment [FILE [LANGUAGE]]
 *
 * FILE is plain UTF-8 text, repeated to 10 MB; without it, the inputs of tests/cases/segment are
 * taken. Prints megabytes of UTF-8 a second for both (the best round of each), and nanoseconds a
 * byte of ours in parts of 1 KB to 10 MB, which must not grow with the size. ICU works on UTF-16:
 * its time is given with the text's conversion from UTF-8, which the service would need, and
 * without. */
#include "core/arena.h"
#include "core/language.h"
#include "core/segment.h"
#include "core/utf8.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifdef HAVE_ICU
#include <unicode/ubrk.h>
#include <unicode/ustring.h>
#endif

enum { TEXT_BYTES = 10 * 1000 * 1000, ROUNDS = 7 };

static double now(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static size_t append_file(char *text, size_t len, const char *path)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return len;
	len += fread(text + len, 1, TEXT_BYTES - len, file);
	fclose(file);
	return len;
}

/* A prefix of whole characters, at most `len` bytes. */
static struct span prefix(struct span text, size_t len)
{
	if (len >= text.len)
		return text;
	while (len > 0 && ((unsigned char)text.at[len] & 0xC0) == 0x80)
		len--;
	return (struct span){text.at, len};
}

static struct span read_text(int argc, char **argv)
{
	char *text = malloc(TEXT_BYTES);
	size_t len = 0;
	if (text == NULL)
		exit(EXIT_FAILURE);
	if (argc > 1) {
		len = append_file(text, 0, argv[1]);
	} else {
		const char *tests = getenv("PRECIS_TESTS");
		char pattern[4096];
		glob_t found;
		snprintf(pattern, sizeof(pattern), "%s/cases/segment/*/input",
			 tests == NULL ? "tests" : tests);
		if (glob(pattern, 0, NULL, &found) == 0)
			for (size_t i = 0; i < found.gl_pathc; i++)
				len = append_file(text, len, found.gl_pathv[i]);
		globfree(&found);
	}
	if (len == 0) {
		fprintf(stderr, "bench_segment: no text\n");
		exit(EXIT_FAILURE);
	}
	for (size_t more; len < TEXT_BYTES; len += more) {
		more = len < TEXT_BYTES - len ? len : TEXT_BYTES - len;
		memcpy(text + len, text, more);
	}
	struct span whole = {text, len};
	while (utf8_check(whole) < whole.len)
		whole.len = utf8_check(whole);
	return whole;
}

/* Seconds to segment `text` in parts of `len` bytes. Each part is new: a processor's predictors
 * learn one short text that is repeated. */
static double time_ours(struct span text, size_t len, const struct language *language,
			size_t *sentences)
{
	struct arena arena;
	*sentences = 0;
	arena_init(&arena, (size_t)4 << 30);
	double start = now();
	for (struct span left = text; left.len > 0;) {
		struct span part = prefix(left, len);
		struct sentences out;
		segment_text(&arena, part, language, &out);
		*sentences += out.len;
		arena_reset(&arena);
		left = span_slice(left, part.len, left.len);
	}
	double took = now() - start;
	arena_free(&arena);
	return took;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

#ifdef HAVE_ICU
/* Run both in turn, so that other load on the machine affects both. */
static void beside_icu(struct span text, const struct language *language)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t units = 0;
	size_t sentences = 0, icu_sentences = 0;
	double ours = 1e9, icu = 1e9, icu_utf8 = 1e9, megabytes = (double)text.len / 1e6;
	UChar *wide = malloc(sizeof(*wide) * (text.len + 1));
	if (wide == NULL)
		exit(EXIT_FAILURE);
	u_strFromUTF8(wide, (int32_t)text.len + 1, &units, text.at, (int32_t)text.len, &status);
	UBreakIterator *iterator = ubrk_open(UBRK_SENTENCE, language->tag, wide, units, &status);
	for (int round = 0; round < ROUNDS && U_SUCCESS(status); round++) {
		ours = least(ours, time_ours(text, text.len, language, &sentences));
		icu_sentences = 0;
		ubrk_setText(iterator, wide, units, &status);
		double start = now();
		u_strFromUTF8(wide, (int32_t)text.len + 1, &units, text.at, (int32_t)text.len,
			      &status);
		double converted = now();
		for (int32_t at = ubrk_first(iterator); at != UBRK_DONE; at = ubrk_next(iterator))
			icu_sentences++;
		icu = least(icu, now() - converted);
		icu_utf8 = least(icu_utf8, now() - start);
	}
	ubrk_close(iterator);
	free(wide);
	printf("ours              %7.1f MB/s  %zu sentences\n", megabytes / ours, sentences);
	printf("icu, from UTF-8   %7.1f MB/s  %zu sentences  ratio %.2f\n", megabytes / icu_utf8,
	       icu_sentences, icu_utf8 / ours);
	printf("icu, UTF-16 ready %7.1f MB/s  ratio %.2f\n", megabytes / icu, icu / ours);
}
#endif

int main(int argc, char **argv)
{
	struct span text = read_text(argc, argv);
	const struct language *language =
		argc > 2 ? language_from_tag(span_of(argv[2])) : language_detect(text);
	printf("%zu bytes, language %s\n", text.len, language->tag);
#ifdef HAVE_ICU
	beside_icu(text, language);
#endif
	for (size_t len = 1000; len <= TEXT_BYTES; len *= 10) {
		size_t sentences;
		double seconds = 1e9;
		for (int round = 0; round < ROUNDS; round++)
			seconds = least(seconds, time_ours(text, len, language, &sentences));
		printf("%8zu bytes  %6.3f ns a byte\n", len, 1e9 * seconds / (double)text.len);
	}
	free((void *)text.at);
	return EXIT_SUCCESS;
}
