/* The first byte chooses the language (0xFF: let it be found), the rest is the text. */
#include "fuzz.h"

#include "core/language.h"
#include "core/utf8.h"
#include "tests/segment_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct span text = {(const char *)data + 1, size - 1};
	text.len = utf8_check(text);
	const struct language *language =
		data[0] == 0xFF ? language_detect(text) : language_at(data[0] % language_count());
	struct arena arena;
	struct sentences sentences;
	arena_init(&arena, (size_t)64 << 20);
	segment_text(&arena, text, language, &sentences);
	const char *fault = arena.failed ? NULL : segment_fault(text, &sentences);
	if (fault != NULL) {
		fprintf(stderr, "not so: %s (%s)\n", fault, language->tag);
		abort();
	}
	arena_free(&arena);
	return 0;
}
