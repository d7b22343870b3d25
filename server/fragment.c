#include "fragment.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Browsers' own links quote up to 300 characters whole and name longer passages by their ends. */
#define MAX_WHOLE_BYTES 300
#define RANGE_WORDS 5
#define MAX_RANGE_WORDS 12
#define CONTEXT_WORDS 4
#define MAX_CONTEXT_WORDS 32
#define MARK_BYTES 1024
/* A second and a half on a page made to be slow. A hundred sentences of a 1 MB book take less
 * than half of it. */
#define MAX_SEARCHED_BYTES ((size_t)128 << 20)
/* If nothing separates words, as in Chinese, a few "words" may be a whole page. */
#define MAX_QUOTED_BYTES 4096

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

void fragment_page_init(struct fragment_page *page, struct arena *arena, struct span text)
{
	*page = (struct fragment_page){.text = text, .to_search = MAX_SEARCHED_BYTES};
	char *folded = arena_alloc(arena, text.len, 1);
	size_t *marks = arena_alloc(arena, text.len / MARK_BYTES + 1, sizeof(*marks)), n = 0;
	if (folded == NULL || marks == NULL)
		return;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (i % MARK_BYTES == 0)
			marks[i / MARK_BYTES] = n;
		if (!is_space(c))
			folded[n++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	if (text.len % MARK_BYTES == 0)
		marks[text.len / MARK_BYTES] = n;
	page->folded = folded;
	page->marks = marks;
}

/* Position in the folded text of byte `at`, or of the first byte after it that is no space. */
static const char *folded(const struct fragment_page *page, size_t at)
{
	size_t n = page->marks[at / MARK_BYTES];
	for (size_t i = at - at % MARK_BYTES; i < at; i++)
		n += !is_space(page->text.at[i]);
	return page->folded + n;
}

/* Does text[from, to) read like nothing earlier in text[low, to)? False also if finding out
 * would take too long. */
static bool is_first(struct fragment_page *page, size_t low, size_t from, size_t to)
{
	const char *first = folded(page, low), *at = folded(page, from), *end = folded(page, to);
	if ((size_t)(end - first) > page->to_search)
		return false;
	const char *found = memmem(first, (size_t)(end - first), at, (size_t)(end - at));
	page->to_search -= (size_t)(found + (end - at) - first);
	return found == at;
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

static size_t line_start(struct span text, size_t at)
{
	const char *found = memrchr(text.at, '\n', at);
	return found == NULL ? 0 : (size_t)(found - text.at) + 1;
}

static size_t line_end(struct span text, size_t at)
{
	const char *found = at < text.len ? memchr(text.at + at, '\n', text.len - at) : NULL;
	return found == NULL ? text.len : (size_t)(found - text.at);
}

static size_t skip_back(struct span text, size_t at, size_t start)
{
	while (at > start && is_space(text.at[at - 1]))
		at--;
	return at;
}

static size_t skip_forward(struct span text, size_t at, size_t end)
{
	while (at < end && is_space(text.at[at]))
		at++;
	return at;
}

/* What a directive quotes: the prefix [before, start); the whole passage, if `tail` is `end`, or
 * its ends [start, head_end) and [tail, end); and the suffix [end, after). */
struct quote {
	size_t before, start, head_end, tail, end, after;
};

static size_t quoted_bytes(const struct quote *q)
{
	return (q->head_end - q->before) + (q->after - q->tail);
}

/* The whole passage, or its first and last words. */
static struct quote quote_passage(struct fragment_page *page, size_t start, size_t end)
{
	struct quote q = {start, start, end, end, end, end};
	if (end - start <= MAX_WHOLE_BYTES)
		return q;
	unsigned words = RANGE_WORDS;
	do
		q.head_end = words_forward(page->text, start, end, words);
	while (words++ < MAX_RANGE_WORDS && !is_first(page, 0, start, q.head_end));
	words = RANGE_WORDS;
	do
		q.tail = words_back(page->text, end, q.head_end, words);
	while (words++ < MAX_RANGE_WORDS && !is_first(page, q.head_end, q.tail, end));
	q.tail = skip_forward(page->text, q.tail, end);
	if (q.head_end >= q.tail || q.tail - q.head_end < 2)
		q.head_end = q.tail = end; /* a few very long words: nothing between the ends */
	return q;
}

/* Is the passage the first that browsers find with this quote? */
static bool is_unique(struct fragment_page *page, const struct quote *q)
{
	if (q->tail == q->end)
		return is_first(page, 0, q->before, q->after);
	/* A suffix only helps to find the last words: browsers find the first words before they
	 * look at it. */
	return is_first(page, 0, q->before, q->head_end) &&
	       is_first(page, q->head_end, q->tail, q->after);
}

/* Take more and more words of text[low, high) around the passage as context, until they are
 * enough; false if they never are. */
static bool add_context(struct fragment_page *page, struct quote *q, size_t low, size_t high)
{
	/* If this cuts a word, that word would make the quote too long anyway. */
	if (q->start - low > MAX_QUOTED_BYTES)
		low = q->start - MAX_QUOTED_BYTES;
	if (high - q->end > MAX_QUOTED_BYTES)
		high = q->end + MAX_QUOTED_BYTES;
	for (unsigned words = CONTEXT_WORDS; words <= MAX_CONTEXT_WORDS; words *= 2) {
		q->before = words_back(page->text, q->start, low, words);
		q->after = words_forward(page->text, q->end, high, words);
		if (quoted_bytes(q) > MAX_QUOTED_BYTES)
			return false;
		if (is_unique(page, q))
			return true;
		if (q->before == low && q->after == high)
			break;
	}
	return false;
}

static bool make_unique(struct fragment_page *page, struct quote *q)
{
	struct span text = page->text;
	size_t low = line_start(text, q->start), high = line_end(text, q->end);
	if (quoted_bytes(q) > MAX_QUOTED_BYTES)
		return false;
	/* Stay in the paragraph: on the page, pictures may separate it from the words of
	 * another. */
	if (is_unique(page, q) || add_context(page, q, low, high))
		return true;
	/* If that is not enough, take words of the next paragraph, but no further, because no
	 * quote crosses its end. */
	size_t last = skip_back(text, q->start, 0), next = skip_forward(text, q->end, text.len);
	if (last < low)
		low = line_start(text, last);
	if (next > high)
		high = line_end(text, next);
	return add_context(page, q, low, high);
}

struct span fragment_make(struct arena *arena, struct fragment_page *page, size_t start_byte,
			  size_t end_byte)
{
	if (page->folded == NULL)
		return (struct span){0};
	struct span text = page->text;
	struct quote q = quote_passage(page, start_byte, end_byte);
	if (!make_unique(page, &q))
		return (struct span){0};
	size_t before_end = skip_back(text, q.start, q.before);
	size_t after_start = skip_forward(text, q.end, q.after);
	size_t quoted = (before_end - q.before) + (q.after - after_start) + (q.head_end - q.start) +
			(q.end - q.tail);
	struct writer w = {.room = 3 * quoted + 32};
	w.at = arena_alloc(arena, w.room, 1);
	if (w.at == NULL)
		return (struct span){0};
	write_literal(&w, "#:~:text=");
	if (before_end > q.before) {
		write_encoded(&w, span_slice(text, q.before, before_end));
		write_literal(&w, "-,");
	}
	write_encoded(&w, span_slice(text, q.start, q.head_end));
	if (q.tail < q.end) {
		write_literal(&w, ",");
		write_encoded(&w, span_slice(text, q.tail, q.end));
	}
	if (q.after > after_start) {
		write_literal(&w, ",-");
		write_encoded(&w, span_slice(text, after_start, q.after));
	}
	return (struct span){w.at, w.len};
}
