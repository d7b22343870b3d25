#include "fragment.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Browsers themselves quote up to 300 characters whole and name longer passages by their ends. */
#define MAX_WHOLE_BYTES 300
#define RANGE_WORDS 5
#define MAX_RANGE_WORDS 12
#define CONTEXT_WORDS 4

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

/* End of the `words`-th word from `at`, not beyond `end`. */
static size_t words_forward(struct span text, size_t at, size_t end, unsigned words)
{
	for (unsigned i = 0; i < words && at < end; i++) {
		while (at < end && is_space(text.at[at]))
			at++;
		while (at < end && !is_space(text.at[at]))
			at++;
	}
	return at;
}

/* Start of the `words`-th word back from `at`, not before `start`. */
static size_t words_back(struct span text, size_t at, size_t start, unsigned words)
{
	for (unsigned i = 0; i < words && at > start; i++) {
		while (at > start && is_space(text.at[at - 1]))
			at--;
		while (at > start && !is_space(text.at[at - 1]))
			at--;
	}
	return at;
}

/* Does text[from, to) stand nowhere in text[low, from)? */
static bool is_first(struct span text, size_t low, size_t from, size_t to)
{
	const char *found = memmem(text.at + low, to - low, text.at + from, to - from);
	return found == text.at + from;
}

struct writer {
	char *at;
	size_t len, room;
};

/* Percent-encode; '-', ',' and '&' have a meaning in the directive. White space becomes one space.
 */
static void write_encoded(struct writer *w, struct span part)
{
	static const char hex[] = "0123456789ABCDEF";
	for (size_t i = 0; i < part.len; i++) {
		unsigned char c = (unsigned char)part.at[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '~';
		if (is_space((char)c)) {
			if (i > 0 && is_space(part.at[i - 1]))
				continue;
			c = ' ';
		}
		if (w->len + 3 > w->room)
			return;
		if (plain) {
			w->at[w->len++] = (char)c;
			continue;
		}
		w->at[w->len++] = '%';
		w->at[w->len++] = hex[c >> 4];
		w->at[w->len++] = hex[c & 15];
	}
}

static void write_literal(struct writer *w, const char *literal)
{
	size_t len = strlen(literal);
	if (w->len + len > w->room)
		return;
	memcpy(w->at + w->len, literal, len);
	w->len += len;
}

static size_t paragraph_start(struct span text, size_t at)
{
	while (at > 0 && text.at[at - 1] != '\n')
		at--;
	return at;
}

static size_t paragraph_end(struct span text, size_t at)
{
	const char *found = at < text.len ? memchr(text.at + at, '\n', text.len - at) : NULL;
	return found == NULL ? text.len : (size_t)(found - text.at);
}

struct span fragment_make(struct arena *arena, struct span text, size_t start_byte, size_t end_byte)
{
	size_t head_end = end_byte, tail = end_byte;   /* the whole passage … */
	if (end_byte - start_byte > MAX_WHOLE_BYTES) { /* … or its first and last words */
		unsigned words = RANGE_WORDS;
		do
			head_end = words_forward(text, start_byte, end_byte, words);
		while (words++ < MAX_RANGE_WORDS && !is_first(text, 0, start_byte, head_end));
		words = RANGE_WORDS;
		do
			tail = words_back(text, end_byte, head_end, words);
		while (words++ < MAX_RANGE_WORDS && !is_first(text, head_end, tail, end_byte));
		while (tail < end_byte && is_space(text.at[tail]))
			tail++;
		if (head_end >= tail || tail - head_end < 2)
			head_end = tail =
				end_byte; /* a few very long words: nothing between the ends */
	}

	size_t before = start_byte, after = end_byte;
	if (!is_first(text, 0, start_byte, head_end)) {
		/* Words of another paragraph may have pictures between them and ours on the page.
		 */
		before = words_back(text, start_byte, paragraph_start(text, start_byte),
				    CONTEXT_WORDS);
		after = words_forward(text, end_byte, paragraph_end(text, end_byte), CONTEXT_WORDS);
		if (before == start_byte && after == end_byte)
			before = words_back(text, start_byte, 0, CONTEXT_WORDS);
	}
	size_t before_end = start_byte, after_start = end_byte;
	while (before_end > before && is_space(text.at[before_end - 1]))
		before_end--;
	while (after_start < after && is_space(text.at[after_start]))
		after_start++;

	size_t quoted = (before_end - before) + (after - after_start) + (head_end - start_byte) +
			(end_byte - tail);
	struct writer w = {.room = 3 * quoted + 32};
	w.at = arena_alloc(arena, w.room, 1);
	if (w.at == NULL)
		return (struct span){0};
	write_literal(&w, "#:~:text=");
	if (before_end > before) {
		write_encoded(&w, span_slice(text, before, before_end));
		write_literal(&w, "-,");
	}
	write_encoded(&w, span_slice(text, start_byte, head_end));
	if (tail < end_byte) {
		write_literal(&w, ",");
		write_encoded(&w, span_slice(text, tail, end_byte));
	}
	if (after > after_start) {
		write_literal(&w, ",-");
		write_encoded(&w, span_slice(text, after_start, after));
	}
	return (struct span){w.at, w.len};
}
