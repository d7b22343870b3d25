#include "headline.h"

#include "hash.h"
#include "utf8.h"

#include <stdint.h>
#include <utf8proc.h>

#define MAX_WORDS 64
/* How well a heading must agree with a title to be believed; found on pages with known titles. */
#define ENOUGH 0.5

/* A text prepared for comparing: its word characters in lower case, and a hash of each word. */
struct folded {
	struct span key;
	uint32_t words[MAX_WORDS];
	size_t word_count;
};

static bool is_word_character(uint32_t c)
{
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
	return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO) || c == '_';
}

static void fold(struct arena *arena, struct span text, struct folded *out)
{
	/* Lower case can be longer: U+0130 has 2 bytes, its lower case 3. */
	char *key = arena_alloc(arena, text.len + 1, 2);
	size_t n = 0;
	bool in_word = false;
	uint32_t ignored, *word = &ignored;
	*out = (struct folded){0};
	if (key == NULL)
		return;
	for (size_t at = 0; at < text.len;) {
		uint32_t c;
		at += utf8_decode(text, at, &c);
		if (!is_word_character(c)) {
			in_word = false;
			continue;
		}
		if (!in_word) {
			word = out->word_count < MAX_WORDS ? &out->words[out->word_count++]
							   : &ignored;
			*word = FNV_START;
		}
		in_word = true;
		size_t start = n;
		n += utf8_encode((uint32_t)utf8proc_tolower((utf8proc_int32_t)c), key + n);
		for (size_t i = start; i < n; i++)
			*word = fnv(*word, (uint8_t)key[i]);
	}
	out->key = (struct span){key, n};
}

static size_t common_words(const struct folded *a, const struct folded *b)
{
	uint64_t taken = 0; /* words of b already paired */
	size_t common = 0;
	for (size_t i = 0; i < a->word_count; i++) {
		for (size_t k = 0; k < b->word_count; k++) {
			if (a->words[i] == b->words[k] && !(taken >> k & 1)) {
				taken |= UINT64_C(1) << k;
				common++;
				break;
			}
		}
	}
	return common;
}

/* 0 … 1. A heading that the title contains whole is worth more than one that shares words with it.
 * Below <h1> it may be the name of a rubric, which titles contain too, so it must be a good part of
 * the title. */
static double agreement(const struct folded *heading, unsigned level, const struct folded *title)
{
	if (heading->word_count == 0 || title->word_count == 0)
		return 0;
	double common = (double)common_words(heading, title);
	double of_heading = common / (double)heading->word_count;
	double of_title = common / (double)title->word_count;
	if (of_heading == 1 || span_contains(title->key, heading->key))
		return level == 1 ? 0.45 + 0.55 * of_title : 0.3 + 0.7 * of_title;
	return (of_heading + of_title) / 2;
}

/* ---- site names at the ends of titles ------------------------------------------------------ */

enum { MAX_PARTS = 12 };

/* Parts of a title between separators such as " | " and " - "; returns how many. */
static size_t split(struct span title, struct span parts[MAX_PARTS])
{
	static const char *const marks[] = {
		"|",        "-",        "\xE2\x80\x93", "\xE2\x80\x94", "\xC2\xB7", "\xE2\x80\xA2",
		"\xC2\xBB", "\xC2\xAB", "\xE2\x80\xBA", "::",           "/",        "~"};
	size_t count = 0, start = 0;
	for (size_t at = 1; at + 2 < title.len && count + 1 < MAX_PARTS; at++) {
		if (title.at[at - 1] != ' ')
			continue;
		for (size_t i = 0; i < COUNT(marks); i++) {
			size_t len = strlen(marks[i]);
			if (at + len < title.len && memcmp(title.at + at, marks[i], len) == 0 &&
			    title.at[at + len] == ' ') {
				parts[count++] = span_slice(title, start, at - 1);
				start = at + len + 1;
				at = start;
				break;
			}
		}
	}
	parts[count++] = span_slice(title, start, title.len);
	return count;
}

static bool names_site(struct arena *arena, struct span part, const struct folded *site)
{
	struct folded folded;
	fold(arena, part, &folded);
	if (folded.key.len == 0)
		return true;
	return site->key.len > 0 &&
	       (span_contains(site->key, folded.key) ||
		(span_contains(folded.key, site->key) && folded.word_count <= 4));
}

static struct span without_site(struct arena *arena, struct span title, const struct folded *site)
{
	struct span parts[MAX_PARTS];
	size_t first = 0, last = split(title, parts) - 1, count = last + 1;
	while (last > first && names_site(arena, parts[last], site))
		last--;
	while (last > first && names_site(arena, parts[first], site))
		first++;
	if (count > 1 && last - first + 1 == count) {
		/* No known name: take a short last part after a longer rest for one. */
		struct folded end, rest;
		fold(arena, parts[last], &end);
		fold(arena, span_slice(title, 0, (size_t)(parts[last].at - title.at)), &rest);
		if (end.word_count <= 4 && rest.word_count >= 3)
			last--;
	}
	size_t start = (size_t)(parts[first].at - title.at);
	size_t stop = (size_t)(parts[last].at + parts[last].len - title.at);
	return span_slice(title, start, stop);
}

/* ---- the choice ----------------------------------------------------------------------------- */

static double judge(const struct folded *heading, unsigned level, size_t place,
		    const struct folded *titles, size_t title_count, const struct folded *site)
{
	double best = 0;
	for (size_t i = 0; i < title_count; i++) {
		double one = agreement(heading, level, &titles[i]);
		best = one > best ? one : best;
	}
	if (site->key.len > 0 && span_equal(heading->key, site->key))
		best -= 0.6;
	if (heading->word_count < 2)
		best -= 0.3;
	return best + (level == 1 ? 0.1 : 0) - 0.01 * (double)place;
}

/* The page's only <h1>, if it is long enough to be a headline: then the titles reword it for shops
 * and search engines. SIZE_MAX if there is none. */
static size_t only_h1(struct arena *arena, const struct headline_clues *clues,
		      const struct folded *site)
{
	size_t found = SIZE_MAX;
	for (size_t i = 0; i < clues->heading_count; i++) {
		if (clues->headings[i].level != 1)
			continue;
		if (found != SIZE_MAX &&
		    !span_equal(clues->headings[found].text, clues->headings[i].text))
			return SIZE_MAX;
		found = i;
	}
	struct folded heading;
	if (found == SIZE_MAX)
		return found;
	fold(arena, clues->headings[found].text, &heading);
	bool is_long = heading.word_count >= 3 || (heading.word_count > 0 && heading.key.len >= 24);
	return is_long && !span_contains(site->key, heading.key) ? found : SIZE_MAX;
}

/* The heading that agrees best with the titles, if one agrees well enough; else SIZE_MAX. */
static size_t best_heading(struct arena *arena, const struct headline_clues *clues,
			   const struct folded *titles, const struct folded *site)
{
	size_t places[7] = {0}, best = SIZE_MAX;
	double best_value = ENOUGH;
	for (size_t i = 0; i < clues->heading_count; i++) {
		unsigned level = clues->headings[i].level;
		struct folded heading;
		fold(arena, clues->headings[i].text, &heading);
		if (heading.key.len == 0)
			continue;
		double value = judge(&heading, level, places[level < 6 ? level : 6]++, titles,
				     clues->title_count, site);
		if (value > best_value) {
			best_value = value;
			best = i;
		}
	}
	return best;
}

/* The headline of a heading "Kicker Headline", if a title has the headline alone. */
static struct span without_kicker(struct arena *arena, struct span heading,
				  const struct headline_clues *clues, const struct folded *site)
{
	struct folded whole, folded;
	fold(arena, heading, &whole);
	for (size_t i = 0; i < clues->title_count; i++) {
		struct span bare = without_site(arena, clues->titles[i], site);
		fold(arena, bare, &folded);
		if (folded.word_count >= 3 && folded.key.len < whole.key.len &&
		    span_ends(whole.key, folded.key))
			return bare;
	}
	return heading;
}

struct span headline_choose(struct arena *arena, const struct headline_clues *clues)
{
	struct folded titles[HEADLINE_MAX_TITLES], site;
	fold(arena, clues->site_name, &site);
	for (size_t i = 0; i < clues->title_count; i++)
		fold(arena, clues->titles[i], &titles[i]);
	size_t best = best_heading(arena, clues, titles, &site);
	if (best == SIZE_MAX)
		best = only_h1(arena, clues, &site);
	if (best != SIZE_MAX)
		return without_kicker(arena, clues->headings[best].text, clues, &site);
	if (clues->title_count > 0)
		return without_site(arena, clues->titles[0], &site);
	return clues->heading_count > 0 ? clues->headings[0].text : (struct span){0};
}
