#include "segment_rules.h"

#include "ascii.h"
#include "hash.h"

enum { LABEL_BYTES = 64, NAME_WORDS = 4, INITIALS = 3 };

static char byte_at(const struct segmenter *g, size_t at)
{
	return at < g->text.len ? g->text.at[at] : '\0';
}

static size_t skip(const struct segmenter *g, size_t at, const char *set)
{
	while (ascii_is_in(byte_at(g, at), set))
		at++;
	return at;
}

/* "9:05" or "14.30" at `at`; "3.12" is a section. */
static bool is_clock(const struct segmenter *g, size_t at)
{
	size_t hour = at;
	while (hour - at < 3 && ascii_is_digit(byte_at(g, hour)))
		hour++;
	bool colon = byte_at(g, hour) == ':' && (hour - at == 1 || hour - at == 2);
	bool stop = byte_at(g, hour) == '.' && hour - at == 2;
	return (colon || stop) && ascii_is_digit(byte_at(g, hour + 1)) &&
	       ascii_is_digit(byte_at(g, hour + 2)) && !ascii_is_digit(byte_at(g, hour + 3));
}

/* The end of a time at `at`, alone or with a date: "[10:02 AM]", "12.03.25, 18:01". `at` if there
 * is none. */
static size_t stamp_end(const struct segmenter *g, size_t at)
{
	size_t end = at + ascii_is_in(byte_at(g, at), "[("), first = end;
	bool clock = false;
	for (; ascii_is_in(byte_at(g, end), "0123456789:./-, TZAPM"); end++)
		clock |= (end == first || !ascii_is_digit(byte_at(g, end - 1))) && is_clock(g, end);
	if (!clock || !ascii_is_digit(byte_at(g, first)))
		return at;
	while (!ascii_is_alnum(byte_at(g, end - 1)))
		end--;
	if (first == at)
		return end;
	return ascii_is_in(byte_at(g, end), "])") ? end + 1 : at;
}

/* The end of a word of a name, or `at`. */
static size_t name_word_end(const struct segmenter *g, size_t at)
{
	size_t end = at;
	while (end - at <= LABEL_BYTES) {
		struct glyph glyph = glyph_at(g->text, end);
		bool initial = glyph.c == '.' && end > at && end - at <= INITIALS;
		if (!glyph_is_alnum(glyph.kind) && !initial && glyph.c != 0x2019 &&
		    !(end > at && ascii_is_in(byte_at(g, end), "-'_&@/")))
			break;
		end += glyph.len;
	}
	return end;
}

/* The end of "Anna", "Dr. Petra Holm", "SPEAKER 1", or `at`. A name has no function word ("We found
 * this: ..." is a sentence), unless all words have capitals: "Le Monde". */
static size_t name_end(const struct segmenter *g, size_t at)
{
	size_t end = at, words = 0;
	bool function = false, capitals = true;
	while (words < NAME_WORDS) {
		size_t start = words == 0 ? at : end + 1, next = name_word_end(g, start);
		if (next == start)
			break;
		struct word word = word_after(g, start);
		function |= word.chars > 1 && (word.classes & (WORD_FUNCTION | WORD_STARTER));
		capitals &= word.first == GLYPH_UPPER;
		end = next;
		words++;
		if (byte_at(g, end) != ' ')
			break;
	}
	return function && (!capitals || words == 1) ? at : end;
}

/* The end of the colon at `at`, or 0. Before a quotation mark the colon belongs to words that
 * announce speech: `Mayor Holt: "We …"`, 他说：“… */
static size_t colon_end(const struct segmenter *g, size_t at)
{
	struct glyph colon = glyph_at(g->text, at);
	if (colon.c != ':' && colon.c != 0xFF1A)
		return 0;
	size_t end = skip(g, at + colon.len, "*_"), text = end;
	struct glyph next = glyph_at(g->text, end);
	if (colon.c == ':' && next.kind != GLYPH_SPACE)
		return 0;
	for (; next.kind == GLYPH_SPACE; next = glyph_at(g->text, text))
		text += next.len;
	return next.kind == GLYPH_QUOTE || next.c == 0x300C || next.c == 0x300E ||
			       next.kind == GLYPH_NEWLINE || next.kind == GLYPH_END
		       ? 0
		       : end;
}

/* Read what identifies a name, without its numbers. A year belongs to what is said: "March 2021:
 * …". */
static void read_name(const struct segmenter *g, size_t at, size_t end, struct label *label)
{
	size_t letters = 0, digits = 0;
	label->key = FNV_START;
	for (; at < end; at++) {
		bool digit = ascii_is_digit(g->text.at[at]);
		digits = digit ? digits + 1 : 0;
		label->dated |= digits > 2;
		if (digit)
			continue;
		label->key = fnv(label->key, (uint8_t)g->text.at[at]);
		letters += ((unsigned char)g->text.at[at] & 0xC0) != 0x80;
	}
	label->brief = letters <= 2;
	label->named = letters > 0;
}

struct label label_read(const struct segmenter *g, size_t at)
{
	size_t start = skip(g, at, "*_"), time = stamp_end(g, start), name = time;
	struct label label = {.stamped = time > start};
	if (label.stamped) {
		name = skip(g, name, " -<");
		if (glyph_at(g->text, name).kind == GLYPH_DASH)
			name = skip(g, name + glyph_at(g->text, name).len, " ");
	}
	size_t end = name_end(g, name), behind = skip(g, end, " ");
	size_t role = stamp_end(g, behind);
	read_name(g, name, end, &label);
	label.stamped |= role > behind;
	bool nick = label.stamped && end > name && byte_at(g, end) == '>';
	end = skip(g, role > behind ? role : end, "*_");
	if (!nick && glyph_at(g->text, end).kind == GLYPH_SPACE) /* as French has it */
		end += glyph_at(g->text, end).len;
	end = nick ? end + 1 : colon_end(g, end);
	if (end == 0 && time > start + 2 && ascii_is_in(byte_at(g, time - 1), "])"))
		end = time; /* "[10:02]" alone is enough */
	if (end <= start || end - at > LABEL_BYTES ||
	    (!label.stamped && (!label.named || label.dated)))
		return (struct label){0};
	struct glyph next = glyph_at(g->text, end), after = glyph_at(g->text, end + next.len);
	/* A combining mark belongs to the space before it. */
	bool apart =
		next.kind == GLYPH_SPACE && after.kind != GLYPH_EXTEND && !glyph_is_gap(after.kind);
	bool joined = glyph_is_alnum(next.kind) && next.kind != GLYPH_EXTEND;
	label.len = apart || joined ? end - at : 0;
	return label;
}

/* Most lines have no colon where a label would. */
static bool may_be_label(const struct segmenter *g, size_t at)
{
	size_t left = at < g->text.len ? g->text.len - at : 0,
	       len = left < LABEL_BYTES ? left : LABEL_BYTES;
	const char *text = g->text.at + at, *end = text + len, *wide = text;
	if (memchr(text, ':', len) != NULL)
		return true;
	for (; (wide = memchr(wide, 0x9A, (size_t)(end - wide))) != NULL; wide++)
		if (wide - text >= 2 && memcmp(wide - 2, "\xEF\xBC\x9A", 3) == 0) /* U+FF1A */
			return true;
	return false;
}

/* All times have the same key. */
static uint32_t key_of(const struct label *label)
{
	return label->stamped ? 1 : label->key;
}

/* Does the line at `at` end with a stop? */
static bool line_is_stopped(const struct segmenter *g, size_t at)
{
	const char *newline = memchr(g->text.at + at, '\n', g->text.len - at);
	size_t end = newline == NULL ? g->text.len : (size_t)(newline - g->text.at);
	while (end > at) {
		struct glyph glyph = glyph_before(g->text, end);
		if (glyph.kind != GLYPH_SPACE && glyph.kind != GLYPH_NEWLINE &&
		    glyph.kind != GLYPH_QUOTE && glyph.kind != GLYPH_CLOSE)
			return glyph.kind == GLYPH_FULL_STOP || glyph.kind == GLYPH_STRONG ||
			       glyph.kind == GLYPH_ELLIPSIS;
		end -= glyph.len;
	}
	return false;
}

/* Names with colons are speakers if a quarter of the lines have repeated ones before whole
 * sentences; elsewhere they belong to the text after them ("Benefits: …", "Pro tip: …"). */
void label_learn(struct segmenter *g)
{
	uint32_t seen[256] = {0};
	size_t lines = 0, said = 0;
	for (size_t line = 0, next; line < g->text.len; line = next) {
		const char *newline = memchr(g->text.at + line, '\n', g->text.len - line);
		next = newline == NULL ? g->text.len : (size_t)(newline - g->text.at) + 1;
		if (next == g->text.len && line == 0)
			return; /* one line */
		size_t at = skip(g, line, " \t\r");
		lines += at < g->text.len && g->text.at[at] != '\n';
		struct label label = may_be_label(g, at) ? label_read(g, at) : (struct label){0};
		if (label.len == 0)
			continue;
		uint32_t key = key_of(&label);
		unsigned slot = key >> 8 & 255;
		bool again = seen[slot] == key;
		said += again && line_is_stopped(g, at) ? 1 + (g->labels[slot] != key) : 0;
		if (again)
			g->labels[slot] = key;
		seen[slot] = key;
		g->labelled |= again;
	}
	g->dialogue = said * 4 >= lines;
}

struct label label_at(const struct segmenter *g, size_t at)
{
	struct label none = {0}, label = none;
	if (g->labelled && may_be_label(g, at))
		label = label_read(g, at);
	uint32_t key = key_of(&label);
	bool speaks = label.stamped || label.brief || g->dialogue;
	return label.len > 0 && speaks && g->labels[key >> 8 & 255] == key ? label : none;
}
