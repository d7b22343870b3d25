/* The first line is the charset that a header declares, the rest is the page. */
#include "fuzz.h"

#include "core/charset.h"
#include "core/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct span declared = input_line(&input), bytes = input_rest(&input);
	const char *name = NULL;
	struct arena arena;
	arena_init(&arena, (size_t)16 << 20);
	struct span text = charset_to_utf8(&arena, bytes, declared, &name);
	HOLDS(utf8_check(text) == text.len);
	HOLDS(arena.failed || name != NULL);
	HOLDS(text.len < 3 || memcmp(text.at, "\xEF\xBB\xBF", 3) != 0 || bytes.len > 3);
	arena_free(&arena);
	return 0;
}
