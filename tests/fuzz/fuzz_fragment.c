/* The first byte chooses the language that cuts the text into sentences. */
#include "fuzz.h"

#include "core/segment.h"
#include "core/utf8.h"
#include "server/fragment.h"

static void check(struct span fragment)
{
	static const char start[] = "#:~:text=";
	if (fragment.len == 0)
		return; /* no context distinguishes it from an earlier one */
	HOLDS(fragment.len > strlen(start) && memcmp(fragment.at, start, strlen(start)) == 0);
	for (size_t i = strlen(start); i < fragment.len; i++) {
		unsigned char c = (unsigned char)fragment.at[i];
		HOLDS(c > ' ' && c < 0x7F && c != '&' && c != '#' && c != '"' && c != '<');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	const struct language *language = language_at(input_byte(&input) % language_count());
	struct span text = input_rest(&input);
	struct arena arena;
	struct sentences sentences;
	text.len = utf8_check(text);
	arena_init(&arena, (size_t)64 << 20);
	segment_text(&arena, text, language, &sentences);
	struct fragment_page page;
	fragment_page_init(&page, &arena, text);
	for (size_t i = 0; i < sentences.len && i < 16; i++)
		check(fragment_make(&arena, &page, sentences.at[i].start_byte,
				    sentences.at[i].end_byte));
	arena_free(&arena);
	return 0;
}
