/* The first byte: bit 0, a caller sent the page as an article; bit 1, small limits. */
#include "fuzz.h"

#include "tests/extract_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct span html = {(const char *)data + 1, size - 1};
	html.len = utf8_check(html);
	const struct extract_limits small = {.max_depth = 8, .max_attributes = 3, .max_nodes = 60};
	struct arena arena;
	struct article article;
	arena_init(&arena, (size_t)64 << 20);
	enum extract_status status =
		extract_article(&arena, html, (struct span){NULL, 0}, data[0] & 1,
				data[0] & 2 ? &small : NULL, &article);
	const char *fault = status == EXTRACT_OK ? extract_fault(html, &article) : NULL;
	if (status == EXTRACT_OK && article.text.len == 0)
		fault = "an article has text";
	if (status == EXTRACT_NO_ARTICLE && article.seen == NULL)
		fault = "a page without an article is something else";
	if (fault != NULL) {
		fprintf(stderr, "not so: %s\n", fault);
		abort();
	}
	arena_free(&arena);
	return 0;
}
