#include "tests/check.h"

#include "core/plainwords.h"

#include <stdlib.h>

static bool is_letter(char c)
{
	return (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool is_mark(char c)
{
	return (unsigned char)c < 0x80 && !is_letter(c) && !(c >= '0' && c <= '9');
}

/* The contract, letter by letter: the next plain word before `end`, or false where they stop. */
static bool next_word(struct span text, size_t *at, size_t end, size_t *start)
{
	while (*at < end && is_mark(text.at[*at]))
		(*at)++;
	size_t i = *start = *at;
	while (i < end && is_letter(text.at[i]))
		i++;
	if (i == *start || i - *start > 15 || (i < end && !is_mark(text.at[i])))
		return false;
	*at = i;
	return true;
}

static void check_word(const struct plain_word *word, struct span text, size_t start, size_t end)
{
	struct form form = {.len = (uint32_t)(end - start)};
	for (size_t i = start; i < end; i++)
		form.bytes[i - start] = (char)(text.at[i] | 0x20);
	assert_int_equal(word->start, start);
	assert_int_equal(word->end, end);
	assert_memory_equal(word->bytes, form.bytes, sizeof word->bytes);
	CHECK("hash", word->hash == form_hash(form.bytes, form.len));
}

/* All words from `at` to `end`, as far as they go; in as many calls as it takes. */
static void check_text(struct span text, size_t at, size_t end)
{
	struct plain_word word[PLAINWORDS_MAX];
	size_t expected = at, start;
	unsigned count;
	do {
		count = plainwords_find(text, &at, end, word);
		for (unsigned i = 0; i < count; i++) {
			CHECK("a word", next_word(text, &expected, end, &start));
			check_word(&word[i], text, start, expected);
		}
		CHECK("goes on behind them", at >= expected && at <= end);
	} while (count == PLAINWORDS_MAX);
	CHECK("no more", !next_word(text, &expected, end, &start));
	/* Only marks may be skipped. */
	CHECK("stops before what is no mark", at <= start);
}

/* Texts of words of all lengths, occasionally with something that stops them, at every distance
 * from the end of the text and of the stretch. */
static void test_like_letter_by_letter(void **state)
{
	static const char marks[] = "    ,.'-\"(\n";
	static const char *const stops[] = {"7", "\xC3\xA9", "\xE2\x80\x99", "abcdefghijklmnop"};
	uint32_t random = 1;
	for (unsigned round = 0; round < 20000; round++) {
		char bytes[400];
		size_t len = 0, most = round % 300;
		while (len < most) {
			random = random * 1664525u + 1013904223u;
			unsigned letters = random >> 28;
			for (unsigned i = 0; i < letters; i++)
				bytes[len++] =
					(char)((random >> i & 32) + 'A' + (random >> 8) % 26);
			const char *stop =
				(random >> 16) % 50 == 0 ? stops[(random >> 22) % 4] : "";
			memcpy(bytes + len, stop, strlen(stop));
			len += strlen(stop);
			bytes[len++] = marks[(random >> 18) % (sizeof marks - 1)];
		}
		/* On the heap, so that a sanitizer sees reads past the end. */
		char *text = malloc(len);
		assert_non_null(text);
		memcpy(text, bytes, len);
		check_text((struct span){text, len}, 0, len);
		check_text((struct span){text, len}, 0, len - len / 4);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_like_letter_by_letter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
