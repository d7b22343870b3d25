#ifndef TESTS_CORE_SELECT_CHECK_H
#define TESTS_CORE_SELECT_CHECK_H

#include "tests/check.h"
#include "tests/core/sample.h"

#include "core/summary.h"

/** What the tests of choosing share. */

static inline struct span sentence_text(const struct summary *summary, struct span text, size_t i)
{
	const struct sentence *s = &summary->sentences.at[i];
	return span_slice(text, s->start_byte, s->end_byte);
}

static inline struct summary make(struct arena *arena, struct summary_input input,
				  struct select_options select)
{
	struct summary_options options = {.select = select};
	struct summary summary;
	arena_reset(arena);
	CHECK("made", summary_make(arena, &input, &options, &summary) == SUMMARY_OK);
	return summary;
}

static inline bool holds(struct span text, const char *words)
{
	return memmem(text.at, text.len, words, strlen(words)) != NULL;
}

static inline bool is_chosen(const struct summary *summary, size_t i)
{
	for (size_t k = 0; k < summary->selection.len; k++)
		if (summary->selection.at[k] == i)
			return true;
	return false;
}

static inline bool chosen(const struct summary *summary, struct span text, const char *words)
{
	for (size_t i = 0; i < summary->selection.len; i++)
		if (holds(sentence_text(summary, text, summary->selection.at[i]), words))
			return true;
	return false;
}

static inline uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

/* Sentences of 4 to 23 made-up words out of 2,000, a blank line behind every `per_paragraph`-th. */
static inline struct span invent(char *room, size_t size, unsigned sentences,
				 unsigned per_paragraph)
{
	static const char *const syllables[] = {"ba",  "ke", "lim", "dor", "sa", "ti", "mun",
						"gre", "vo", "pal", "nu",  "se", "ruk"};
	size_t at = 0;
	uint32_t state = sentences;
	for (unsigned i = 0; i < sentences; i++) {
		unsigned words = 4 + next_random(&state) % 20;
		for (unsigned k = 0; k < words; k++) {
			uint32_t word = next_random(&state) % 2000 + 200;
			at += (size_t)snprintf(room + at, size - at, "%s", k > 0 ? " " : "");
			size_t start = at;
			for (; word > 0; word /= 13)
				at += (size_t)snprintf(room + at, size - at, "%s",
						       syllables[word % 13]);
			if (k == 0)
				room[start] = (char)(room[start] - 'a' + 'A');
		}
		at += (size_t)snprintf(room + at, size - at, "%c%s",
				       i % 5 == 2   ? '?'
				       : i % 7 == 3 ? '!'
						    : '.',
				       (i + 1) % per_paragraph == 0 ? "\n\n" : " ");
	}
	return (struct span){room, at};
}

#endif
