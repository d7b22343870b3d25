/* The short cuts for the commonest characters agree with the tables of Unicode. */
#include "tests/check.h"

#include "core/letters.h"
#include "core/vector.h"

#include <utf8proc.h>

static void test_fold_usual(void **state)
{
	unsigned usual = 0;
	for (uint32_t c = 0x80; c < 0xE000; c += c == 0xD7FF ? 0x801 : 1) {
		uint32_t folded = letters_fold_usual(c);
		if (folded == 0)
			continue;
		struct form full = {.len = 0}, quick = {.len = 0};
		char name[16];
		sprintf(name, "U+%04X", (unsigned)c);
		letters_put_folded(&full, c);
		letters_put(&quick, folded);
		CHECK_SPAN(name, ((struct span){quick.bytes, quick.len}),
			   ((struct span){full.bytes, full.len}));
		CHECK(name, letters_make_word(c) && !letters_is_mark(c) &&
				    !letters_is_unspaced(c) && !letters_is_invisible(c));
		usual++;
	}
	CHECK("thousands of Hangul syllables and some letters", usual > 11172 + 300);
}

static void test_plain_unspaced(void **state)
{
	for (uint32_t c = 0x80; c < 0xD800; c++) {
		if (!letters_is_plain_unspaced(c))
			continue;
		char name[16];
		sprintf(name, "U+%04X", (unsigned)c);
		CHECK(name, letters_is_unspaced(c) && letters_make_word(c));
		int category = utf8proc_get_property((utf8proc_int32_t)c)->category;
		CHECK(name, category == UTF8PROC_CATEGORY_LO || category == UTF8PROC_CATEGORY_LM);
	}
}

/* Each byte at each place, before and after letters. */
static void test_vector_twins(void **state)
{
	for (unsigned byte = 0; byte < 256; byte++)
		for (unsigned at = 0; at < VECTOR_BYTES; at++) {
			char text[VECTOR_BYTES], name[32];
			memset(text, 'q', sizeof text);
			text[at] = (char)byte;
			vector bytes = vector_load(text);
			unsigned lower = byte | 0x20;
			unsigned want = lower >= 'a' && lower <= 'z' ? VECTOR_BYTES : at;
			sprintf(name, "byte %02X at %u", byte, at);
			CHECK_SIZE(name, vector_letters(bytes | 0x20), want);
			vector is_byte = (vector)(bytes != 'q');
			CHECK_SIZE(name, vector_zeros(is_byte), byte == 'q' ? VECTOR_BYTES : at);
			bytes = vector_first(bytes, at);
			for (unsigned i = 0; i < VECTOR_BYTES; i++)
				CHECK_SIZE(name, bytes[i], i < at ? 'q' : 0);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fold_usual),
		cmocka_unit_test(test_plain_unspaced),
		cmocka_unit_test(test_vector_twins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
