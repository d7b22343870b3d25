#include "segment_rules.h"

#include "ascii.h"
#include "vector.h"

enum { LINE_MAX_CHARS = 250, WRAP_MIN_CHARS = 30 };

/* The first visible character after the newline at `at`, or text.len; `*blank`: a blank line or the
 * text's end lies between. "\r\n" is one newline. */
static size_t next_line(const struct segmenter *g, size_t at, bool *blank)
{
	unsigned newlines = 0;
	for (;;) {
		struct glyph glyph = glyph_at(g->text, at);
		if (glyph.kind == GLYPH_NEWLINE) {
			newlines += glyph.c == '\n' || glyph.c == 0x85 ||
				    (glyph.c == '\r' && glyph_at(g->text, at + 1).c != '\n');
			newlines += glyph.c == '\f' || glyph.c == '\v' || glyph.c == 0x2028 ||
						    glyph.c == 0x2029
					    ? 2
					    : 0;
		} else if (glyph.kind != GLYPH_SPACE) {
			break;
		}
		at += glyph.len;
	}
	*blank = newlines > 1 || at == g->text.len;
	return at;
}

static size_t count_chars(const char *at, size_t len)
{
	size_t i = 0, chars;
	while (i + VECTOR_BYTES <= len && vector_signs(vector_load(at + i)) == 0)
		i += VECTOR_BYTES;
	for (chars = i; i < len; i++)
		chars += ((unsigned char)at[i] & 0xC0) != 0x80;
	return chars;
}

static size_t word_chars(const struct segmenter *g, size_t at)
{
	size_t chars = 0;
	while (chars < LINE_MAX_CHARS) {
		struct glyph glyph = glyph_at(g->text, at);
		if (glyph.kind == GLYPH_SPACE || glyph.kind == GLYPH_NEWLINE ||
		    glyph.kind == GLYPH_END)
			break;
		chars++;
		at += glyph.len;
		if (!g->language->spaced)
			break;
	}
	return chars;
}

/* How long the lines of a text are. */
struct measure {
	unsigned lengths[LINE_MAX_CHARS + 1]; /* lines of so many characters */
	unsigned needed[LINE_MAX_CHARS + 1];  /* … with the next line's first word appended */
	size_t lines;                         /* all of them */
	size_t followed;                      /* by a line that is not blank */
	size_t unfinished;                    /* of those, ending in the middle of a sentence */
};

static void measure_line(const struct segmenter *g, struct measure *measure, size_t start,
			 size_t stop, size_t next)
{
	while (stop > start && (g->text.at[stop - 1] == ' ' || g->text.at[stop - 1] == '\r'))
		stop--;
	if (stop == start)
		return;
	size_t len = stop - start, chars = len > 4 * LINE_MAX_CHARS
						   ? LINE_MAX_CHARS
						   : count_chars(g->text.at + start, len);
	measure->lengths[chars < LINE_MAX_CHARS ? chars : LINE_MAX_CHARS]++;
	measure->lines++;
	if (next == g->text.len)
		return;
	size_t need = chars + g->language->spaced + word_chars(g, next);
	measure->needed[need < LINE_MAX_CHARS ? need : LINE_MAX_CHARS]++;
	measure->followed++;
	enum glyph_kind last = glyph_before(g->text, stop).kind;
	measure->unfinished += glyph_is_alnum(last) || last == GLYPH_COMMA || last == GLYPH_DASH;
}

/* In wrapped text few lines have room for the next line's first word, and most stop in the middle
 * of a sentence. */
size_t line_width(const struct segmenter *g)
{
	if (memchr(g->text.at, '\n', g->text.len) == NULL)
		return 0;
	struct measure measure = {0};
	const char *text = g->text.at, *end = text + g->text.len, *newline;
	size_t line = 0;
	while ((newline = memchr(text + line, '\n', (size_t)(end - text) - line)) != NULL) {
		bool blank;
		size_t stop = (size_t)(newline - text), next = next_line(g, stop, &blank);
		measure_line(g, &measure, line, stop, blank ? g->text.len : next);
		line = blank ? next : stop + 1;
	}
	if (measure.followed == 0 || measure.unfinished * 2 < measure.followed)
		return 0;
	measure_line(g, &measure, line, g->text.len, g->text.len);
	/* At most one line in sixteen is longer than the width. */
	size_t width = LINE_MAX_CHARS, longer = measure.lengths[width], full = 0;
	while (width > 1 && (longer + measure.lengths[width - 1]) * 16 <= measure.lines)
		longer += measure.lengths[--width];
	width--;
	for (size_t i = width + 1; i <= LINE_MAX_CHARS; i++)
		full += measure.needed[i];
	/* One or two lines are enough proof only if they have a usual width. */
	bool few = measure.followed < 3;
	if (width < (few ? 60 : WRAP_MIN_CHARS) || width >= (few ? 81 : LINE_MAX_CHARS))
		return 0;
	return full * 4 >= measure.followed * 3 ? width : 0;
}

static unsigned roman_value(struct span roman)
{
	static const unsigned char worth[128] = {['i'] = 1, ['v'] = 5, ['x'] = 10};
	unsigned value = 0;
	for (size_t i = 0; i < roman.len; i++) {
		unsigned now = worth[(roman.at[i] | 0x20) & 0x7F];
		unsigned next = i + 1 < roman.len ? worth[(roman.at[i + 1] | 0x20) & 0x7F] : 0;
		if (now == 0)
			return 0;
		value = now < next ? value - now : value + now;
	}
	return value;
}

/* The number, letter or Roman number at `at`, and its bytes; style MARKER_NONE: none. A single
 * letter "i" is a Roman number. */
static struct marker read_value(const struct segmenter *g, size_t at)
{
	struct marker marker = {.style = MARKER_NUMBER};
	const char *s = g->text.at;
	size_t i = at;
	for (; i < g->text.len && i - at < 3 && ascii_is_digit(s[i]); i++)
		marker.value = marker.value * 10 + (unsigned)(s[i] - '0');
	if (i == at) {
		while (i < g->text.len && i - at < 5 && ascii_is_letter(s[i]))
			i++;
		marker.value = roman_value(span_slice(g->text, at, i));
		marker.style = MARKER_ROMAN;
		if (i == at + 1 && marker.value != 1) {
			marker.value = (unsigned)(s[at] | 0x20) - 'a' + 1;
			marker.style = MARKER_LETTER;
		}
	}
	marker.len = i - at;
	return marker.value > 0 ? marker : (struct marker){0};
}

struct marker marker_read(const struct segmenter *g, size_t at)
{
	struct marker none = {0};
	struct glyph glyph = glyph_at(g->text, at);
	const char *s = g->text.at;
	/* Nearly every sentence begins with a plain word. */
	if (glyph_is_cased(glyph.kind) &&
	    (glyph.c >= 0x80 || at + 1 >= g->text.len || !ascii_is_in(s[at + 1], ".)ivxIVX")))
		return none;
	if (glyph.kind == GLYPH_BULLET || glyph.kind == GLYPH_DASH) {
		bool apart = glyph_is_gap(glyph_at(g->text, at + glyph.len).kind);
		if (!apart && (glyph.kind == GLYPH_DASH || glyph.c == '*'))
			return none;
		return (struct marker){MARKER_BULLET, glyph.c, 0, glyph.len};
	}
	bool enclosed = glyph.c == '(';
	struct marker marker = read_value(g, at + enclosed);
	size_t end = at + enclosed + marker.len;
	if (marker.len == 0 || end == g->text.len || (s[end] != '.' && s[end] != ')') ||
	    (enclosed && s[end] == '.'))
		return none;
	bool both = s[end] == '.' && end + 1 < g->text.len && s[end + 1] == ')';
	marker.form = enclosed ? '(' : both ? ':' : (uint32_t)s[end];
	end += both ? 2 : 1;
	marker.len = end - at;
	return glyph_at(g->text, end).kind == GLYPH_SPACE ? marker : none;
}

static bool is_list_marker(const struct segmenter *g, size_t at)
{
	return marker_read(g, at).style != MARKER_NONE;
}

/* Is `next` the item after `item`? The letters c. and i. are Roman numbers as well. */
bool marker_follows(const struct marker *next, const struct marker *item)
{
	return next->style == item->style && next->form == item->form &&
	       next->value == item->value + (item->style != MARKER_BULLET);
}

/* Does a sentence clearly go on from a line that ends at `stop` to one that begins at `next`? */
static bool goes_on(const struct segmenter *g, size_t stop, size_t next)
{
	enum glyph_kind last = glyph_before(g->text, stop).kind;
	if (!glyph_is_alnum(last) && last != GLYPH_COMMA && last != GLYPH_DASH)
		return false;
	return glyph_at(g->text, next).kind == GLYPH_LOWER ||
	       (word_before(g, stop).classes & WORD_FUNCTION);
}

/* Does it even go on with a small word, or after a comma or hyphen? */
static bool surely_goes_on(const struct segmenter *g, size_t stop, size_t next)
{
	return glyph_at(g->text, next).kind == GLYPH_LOWER &&
	       (ascii_is_in(g->text.at[stop - 1], ",-") ||
		(word_after(g, next).classes & WORD_FUNCTION));
}

/* Does the newline at `at` end a sentence? */
bool line_ends(struct segmenter *g, size_t at)
{
	if (g->newline_at == at)
		return g->newline_breaks;
	bool blank;
	size_t next = next_line(g, at, &blank), stop = at;
	while (stop > g->line_start &&
	       (g->text.at[stop - 1] == ' ' || g->text.at[stop - 1] == '\r'))
		stop--;
	g->newline_at = at;
	g->newline_breaks = true;
	if (blank || is_list_marker(g, next) || label_at(g, next).len > 0 ||
	    stop - g->line_start > 4 * LINE_MAX_CHARS)
		return true;
	size_t chars = count_chars(g->text.at + g->line_start, stop - g->line_start);
	bool wrapped = g->width > 0;
	g->newline_breaks =
		chars < (surely_goes_on(g, stop, next) ? 30 : 50) || !goes_on(g, stop, next);
	if (wrapped && chars + g->language->spaced + word_chars(g, next) > g->width)
		g->newline_breaks = false;
	return g->newline_breaks;
}

size_t line_skip_space(struct segmenter *g, size_t at)
{
	for (;;) {
		struct glyph glyph = glyph_at(g->text, at);
		if (glyph.kind == GLYPH_NEWLINE ? line_ends(g, at) : glyph.kind != GLYPH_SPACE)
			return at;
		at += glyph.len;
	}
}
