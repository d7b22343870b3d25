/* One clue per line: 't' a title, 's' the site's name, a digit a heading of that level. */
#include "fuzz.h"

#include "core/headline.h"
#include "core/utf8.h"

static bool is_part(struct span part, struct span whole)
{
	return whole.len >= part.len &&
	       (part.len == 0 ||
		(part.at >= whole.at && part.at + part.len <= whole.at + whole.len));
}

static void add(struct headline_clues *clues, char kind, struct span text)
{
	if (kind == 't' && clues->title_count < HEADLINE_MAX_TITLES)
		clues->titles[clues->title_count++] = text;
	if (kind == 's')
		clues->site_name = text;
	if (kind >= '1' && kind <= '6' && clues->heading_count < HEADLINE_MAX_HEADINGS) {
		clues->headings[clues->heading_count].text = text;
		clues->headings[clues->heading_count++].level = (unsigned)(kind - '0');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct headline_clues clues = {0};
	while (input.len > 0) {
		struct span line = input_line(&input);
		line.len = utf8_check(line);
		if (line.len > 1)
			add(&clues, line.at[0], span_slice(line, 1, line.len));
	}
	struct arena arena;
	arena_init(&arena, (size_t)16 << 20);
	struct span headline = headline_choose(&arena, &clues);
	bool found = headline.len == 0;
	for (size_t i = 0; i < clues.title_count; i++)
		found |= is_part(headline, clues.titles[i]);
	for (size_t i = 0; i < clues.heading_count; i++)
		found |= is_part(headline, clues.headings[i].text);
	HOLDS(found && utf8_check(headline) == headline.len);
	arena_free(&arena);
	return 0;
}
