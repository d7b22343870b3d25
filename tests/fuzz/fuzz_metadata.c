/* The first line is the page's URL, the rest the page. */
#include "fuzz.h"

#include "core/dates.h"
#include "core/metadata.h"
#include "core/utf8.h"

static void check(struct span text)
{
	HOLDS(utf8_check(text) == text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct span base_url = input_line(&input), html = input_rest(&input);
	base_url.len = utf8_check(base_url);
	html.len = utf8_check(html);
	struct html_page page;
	struct arena arena;
	struct article metadata = {0};
	arena_init(&arena, (size_t)16 << 20);
	html_parse(&arena, html, NULL, &page);
	HOLDS(page.document != NULL);
	metadata_read(&arena, &page, base_url, &metadata);
	check(metadata.title);
	check(metadata.byline);
	check(metadata.site_name);
	check(metadata.description);
	check(metadata.language);
	check(metadata.canonical_url);
	check(metadata.image_url);
	HOLDS(metadata.published.len <= DATE_MAX && metadata.modified.len <= DATE_MAX);
	html_free(&page);
	arena_free(&arena);
	return 0;
}
