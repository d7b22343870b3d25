#include "segment.h"

#include "ascii.h"
#include "segment_rules.h"
#include "utf8.h"
#include "vector.h"

static size_t trim_end(const struct segmenter *g, size_t end)
{
	while (end > g->start) {
		struct glyph glyph = glyph_before(g->text, end);
		if (glyph.kind != GLYPH_SPACE && glyph.kind != GLYPH_NEWLINE)
			break;
		end -= glyph.len;
	}
	return end;
}

enum { DATELINE_LINES = 6, HEADING_WIDTH = 120 };

/* After very many sentences small ones are joined: see segment.h. */
static bool join_small(struct sentences *out, size_t end)
{
	if (out->len < SENTENCES_MANY)
		return false;
	struct sentence *last = &out->at[out->len - 1];
	if (end - last->start_byte > SENTENCE_JOINED_BYTES)
		return false;
	last->end_byte = (uint32_t)end;
	last->kind = SENTENCE_PROSE;
	return true;
}

static void add(struct segmenter *g, size_t end, enum sentence_kind kind)
{
	if (join_small(g->out, end))
		return;
	if (!arena_reserve(g->arena, &g->out->at, g->out->len, &g->capacity, sizeof(*g->out->at)))
		return;
	g->out->at[g->out->len++] = (struct sentence){.start_byte = (uint32_t)g->start,
						      .end_byte = (uint32_t)end,
						      .paragraph = g->paragraph,
						      .kind = kind};
}

static void emit(struct segmenter *g, size_t end, bool line_last, bool stopped)
{
	end = trim_end(g, end);
	if (g->start >= end)
		return;
	enum sentence_kind kind = SENTENCE_PROSE;
	if (g->answered)
		kind = SENTENCE_ANSWERED;
	else if (g->marker.style != MARKER_NONE && (g->line_first || g->marker.form != '-'))
		kind = SENTENCE_LIST_ITEM;
	else if (g->line_first && line_last && !stopped &&
		 utf8_width(span_slice(g->text, g->start, end)) < HEADING_WIDTH)
		kind = SENTENCE_HEADING;
	add(g, end, kind);
}

/* Make the label or dateline of `len` bytes at `at` a sentence; returns where its text begins. */
static size_t set_apart(struct segmenter *g, size_t at, size_t len, bool dateline)
{
	size_t before = g->out->len;
	g->start = at;
	add(g, at + len, SENTENCE_LABEL);
	if (g->out->len > before)
		g->out->at[before].dateline = dateline;
	return line_skip_space(g, at + len);
}

/* Skip the dateline at `at`, if there is one. Only the text's first lines, and the first ones after
 * another dateline, may have one. */
static size_t skip_dateline(struct segmenter *g, size_t at)
{
	if (g->lines == DATELINE_LINES)
		return at;
	g->lines++;
	size_t len = dateline_len(g, at);
	if (len == 0)
		return at;
	g->lines = 0;
	g->line_first = false;
	return set_apart(g, at, len, true);
}

/* Skip the label or dateline that a line begins with. After a time, what is said may have no
 * stop. */
static size_t begin_line(struct segmenter *g, size_t at)
{
	g->answered = glyph_at(g->text, at).c == '>';
	struct label label = label_at(g, at);
	if (label.len == 0)
		return skip_dateline(g, at);
	g->line_first = !label.stamped;
	return set_apart(g, at, label.len, false);
}

/* Skip a dateline inside a line, where lines were joined: only in a script without capitals can it
 * be told from a sentence. */
static size_t begin_inside(struct segmenter *g, size_t at)
{
	size_t len = dateline_caseless_len(g, at);
	return len > 0 ? set_apart(g, at, len, true) : at;
}

/* The next sentence begins at the first visible character from `at` on. */
static size_t begin(struct segmenter *g, size_t at)
{
	for (;;) {
		struct glyph glyph = glyph_at(g->text, at);
		if (glyph.kind == GLYPH_NEWLINE) {
			g->line_first = true;
			g->line_start = at + glyph.len;
		} else if (glyph.kind != GLYPH_SPACE) {
			break;
		}
		at += glyph.len;
	}
	at = g->line_first ? begin_line(g, at) : begin_inside(g, at);
	g->start = at;
	g->marker = marker_read(g, at);
	if (g->marker.style == MARKER_BULLET) { /* "• 9. Ninth" */
		struct marker inner = marker_read(g, line_skip_space(g, at + g->marker.len));
		if (inner.style != MARKER_NONE && inner.style != MARKER_BULLET)
			return line_skip_space(g, at + g->marker.len) + inner.len;
	}
	return at + g->marker.len;
}

static bool is_stopped(const struct segmenter *g, size_t end)
{
	struct glyph last = glyph_before(g->text, end);
	return last.kind == GLYPH_FULL_STOP || last.kind == GLYPH_STRONG ||
	       last.kind == GLYPH_ELLIPSIS;
}

/* The newline at `at` ends its paragraph, and the sentence with it. */
static size_t end_line(struct segmenter *g, size_t at)
{
	emit(g, at, true, is_stopped(g, trim_end(g, at)));
	g->paragraph++;
	g->quoted = false;
	g->line_first = true;
	return begin(g, at);
}

static size_t at_newline(struct segmenter *g, size_t at)
{
	if (line_ends(g, at))
		return end_line(g, at);
	struct glyph newline = glyph_at(g->text, at);
	bool pair = newline.c == '\r' && glyph_at(g->text, at + 1).c == '\n';
	g->line_start = at + newline.len + pair;
	return g->line_start;
}

/* End the sentence after its stop. */
static size_t end_sentence(struct segmenter *g, size_t end)
{
	emit(g, end, false, true);
	g->line_first = false;
	return begin(g, end);
}

/* No listed abbreviation has so many ASCII letters, or so many bytes of other letters. */
enum { LONG_WORD_LETTERS = 8, LONG_WORD_BYTES = 20 };

static bool is_long_word(const struct segmenter *g, size_t end)
{
	const unsigned char *s = (const unsigned char *)g->text.at;
	size_t i = end, least = end - g->start < LONG_WORD_BYTES ? g->start : end - LONG_WORD_BYTES;
	while (i > least && ascii_is_lower((char)s[i - 1]))
		i--;
	if (end - i >= LONG_WORD_LETTERS)
		return true;
	/* C2 and E2 begin no letters, but spaces, quotes and signs. */
	while (i > least && (ascii_is_lower((char)s[i - 1]) ||
			     (s[i - 1] >= 0x80 && s[i - 1] != 0xC2 && s[i - 1] != 0xE2)))
		i--;
	return end - i >= LONG_WORD_BYTES;
}

/* Is the word before `end` one that no rule about full stops concerns? A short cut to what
 * stop_ends() would find. */
static bool is_plain_word(const struct segmenter *g, size_t end)
{
	struct word word = word_before(g, end);
	return word.chars > 2 && !word.digits && !word.dotted && !word.all_upper &&
	       !(word.classes & ~(unsigned)WORD_ORDINARY) && !word_is_learned(g, &word) &&
	       glyph_before(g->text, word.at).c != '(';
}

/* Does the sentence end after the stop at `at` and its quotation mark, judged by what follows and
 * the word before? stop_read() and stop_ends() say the same, except where a long word has stops of
 * another script. */
static bool is_plain_end(const struct segmenter *g, size_t at, size_t end)
{
	struct glyph stop = glyph_at(g->text, at), next = glyph_at(g->text, end);
	bool apart = next.c == ' ', strong = stop.kind == GLYPH_STRONG;
	if (apart)
		next = glyph_at(g->text, end + 1);
	if (stop.len > 1) /* of another script */
		return strong && next.kind == GLYPH_LETTER && end == at + stop.len;
	if (!apart || next.kind != GLYPH_UPPER || (stop.c != '.' && !strong))
		return false;
	return strong || end > at + 1 || is_long_word(g, at) || is_plain_word(g, at);
}

/* Handle a stop, the easy cases first: most end their sentence before a space and a capital, or are
 * at the end of a line, which then ends it. */
static size_t at_stop(struct segmenter *g, size_t at)
{
	size_t end = at + glyph_at(g->text, at).len;
	bool quoted = glyph_at(g->text, end).c == '"';
	end += quoted;
	if (is_plain_end(g, at, end)) {
		g->quoted &= !quoted;
		return end_sentence(g, end);
	}
	if (glyph_at(g->text, end).c == '\n' && line_ends(g, end))
		return end;
	struct stop stop = stop_read(g, at);
	return stop_ends(g, &stop) ? end_sentence(g, stop.close) : stop.close;
}

static size_t at_space(struct segmenter *g, size_t at)
{
	size_t end = at;
	if (!space_ends(g, at, &end))
		return at + 1;
	emit(g, end, false, false);
	g->line_first = false;
	return begin(g, end);
}

/* Lists and word endings require a look at each word. */
static bool wants_each_word(const struct segmenter *g)
{
	return g->marker.style != MARKER_NONE ||
	       (g->language->properties & (LANGUAGE_ENDINGS | LANGUAGE_PHRASES)) != 0;
}

/* Handle a capital after a space: the sentence would end at the space. */
static size_t at_capital(struct segmenter *g, size_t at)
{
	if (at <= g->start || g->text.at[at - 1] != ' ')
		return at + 1;
	/* A noun or name after a word: a short cut to what capital_begins() would find. */
	if (ascii_is_lower(g->text.at[at - 2]) && !wants_each_word(g) && !word_may_start(g, at))
		return at + 1;
	size_t next = at_space(g, at - 1);
	return next > at ? next : at + 1;
}

/* Does the semicolon end a sentence before a capital? Not in "&amp;", nor between names with
 * numbers: "Ann Reed (1928) ; Tom Hale (1921)". */
static bool semicolon_ends(const struct segmenter *g, size_t at, size_t next)
{
	struct glyph last = glyph_before(g->text, at);
	if (last.kind == GLYPH_SPACE) {
		at -= last.len;
		last = glyph_before(g->text, at);
	}
	struct word word = word_after(g, next);
	bool listed = (last.kind == GLYPH_DIGIT || last.kind == GLYPH_CLOSE) &&
		      !(word.classes & (WORD_FUNCTION | WORD_STARTER));
	return !listed && glyph_before(g->text, word_before(g, at).at).c != '&' &&
	       glyph_at(g->text, word.end).kind == GLYPH_SPACE;
}

/* Colons and semicolons end sentences in some languages, when a capital or speech follows. */
static bool clause_ends(struct segmenter *g, size_t at)
{
	unsigned properties = g->language->properties;
	bool colon = g->text.at[at] == ':';
	if (glyph_at(g->text, at + 1).kind != GLYPH_SPACE)
		return false;
	struct next next = stop_look_ahead(g, at + 1);
	if (next.first != GLYPH_UPPER)
		return false;
	if (colon && (next.kind == GLYPH_OPEN || next.kind == GLYPH_QUOTE))
		return properties & LANGUAGE_SPEECH;
	if (colon)
		return (properties & LANGUAGE_COLON_CAPITAL) && next.kind == GLYPH_UPPER;
	return (properties & LANGUAGE_CLAUSES) && next.kind == GLYPH_UPPER &&
	       semicolon_ends(g, at, next.at);
}

/* An emoticon ends a sentence like a stop, before a capital. */
static bool emoticon_ends(struct segmenter *g, size_t at, size_t *end)
{
	size_t len = stop_emoticon_len(g, at);
	if (len == 0 || at == g->start)
		return false;
	*end = stop_trailers_end(g, at + len);
	struct next next = stop_look_ahead(g, *end);
	return next.kind == GLYPH_UPPER && glyph_is_gap(glyph_at(g->text, *end).kind);
}

static size_t at_mark(struct segmenter *g, size_t at)
{
	size_t end = at + 1;
	if (!emoticon_ends(g, at, &end) && !clause_ends(g, at))
		return end; /* after all that was looked at: a row of emoji is read once */
	return end_sentence(g, end);
}

static void at_quote(struct segmenter *g, size_t at)
{
	bool before = at == 0 || glyph_is_gap(glyph_before(g->text, at).kind),
	     after = glyph_is_gap(glyph_at(g->text, at + 1).kind);
	g->quoted = before == after ? !g->quoted : before;
}

/* The scan looks at blocks of bytes with vector comparisons and stops only where something may end:
 * at some 4 bytes in 100. */
enum { BLOCK_BYTES = 64 };
typedef signed char truth __attribute__((vector_size(VECTOR_BYTES))); /* -1 or 0 */

/* May characters that begin with these two bytes be a stop, a line end or an emoji? */
static inline truth lead_matters(vector first, vector second)
{
	return ((first == 0xC2) & (second == 0x85)) |                      /* next line */
	       ((first == 0xD6) & (second == 0x89)) |                      /* Armenian */
	       ((first == 0xD8) & (second == 0x9F)) |                      /* Arabic */
	       ((first == 0xDB) & (second == 0x94)) |                      /* Urdu */
	       ((first == 0xDC) & (second <= 0x82)) |                      /* Syriac */
	       ((first == 0xE0) & (second == 0xA5)) |                      /* Indic: the dandas */
	       ((first == 0xE1) & ((second == 0x81) | (second == 0x8D) |   /* Myanmar, Ethiopic, */
				   (second == 0x9F) | (second == 0xA0))) | /* Khmer, Mongolian */
	       (first == 0xE2) |                                           /* general punctuation */
	       ((first == 0xE3) & (second == 0x80)) |                      /* CJK, but not kana */
	       ((first == 0xEF) & (((second & 0xFE) == 0xBC) | (second == 0xB9))) | /* wide forms */
	       ((first == 0xF0) & (second == 0x9F));                                /* emoji */
}

/* May non-ASCII characters that begin with these two bytes be upper case? */
static inline truth may_be_capital(vector first, vector second)
{
	return (first - 0xC3 < 0xD0 - 0xC3) | ((first == 0xD0) & (second < 0xB0)) |
	       (first - 0xD2 < 0xD6 - 0xD2) | (first == 0xE1);
}

/* Bit k is set when the scan must stop at s[k]; s[-1] and s[VECTOR_BYTES] are read as well. `space`
 * is one more byte to stop at, or one that no text has. */
static inline uint64_t vector_mask(const unsigned char *s, unsigned char space)
{
	vector c = vector_load(s), behind = vector_load(s + 1);
	truth word = vector_load(s - 1) == ' ';
	truth hit = (c == '.') | (c == '!') | (c == '?') | (c == ':') | (c == ';') | (c == '"') |
		    (c - '\n' <= 3) | (c == space) | (word & (c - 'A' <= 'Z' - 'A'));
	if (vector_signs(c) != 0) {
		hit |= word & may_be_capital(c, behind);
		truth rare = (c >= 0xD6) | (c == 0xC2); /* the letters of Europe are not */
		if (vector_signs((vector)rare) != 0)
			hit |= lead_matters(c, behind);
	}
	return vector_signs((vector)hit);
}

static uint64_t block_mask(const unsigned char *s, unsigned char space)
{
	uint64_t mask = 0;
	for (unsigned k = 0; k < BLOCK_BYTES; k += VECTOR_BYTES)
		mask |= vector_mask(s + k, space) << k;
	return mask;
}

/* The mask of the block at `base`, even at the text's beginning or end. */
static uint64_t wake_mask(const struct segmenter *g, size_t base, bool each_word)
{
	const unsigned char *s = (const unsigned char *)g->text.at;
	unsigned char space = each_word ? ' ' : 0xFF, edge[BLOCK_BYTES + 2] = {0};
	if (base > 0 && base + BLOCK_BYTES < g->text.len)
		return block_mask(s + base, space);
	size_t before = base > 0, left = g->text.len - base;
	memcpy(edge + 1 - before, s + base - before,
	       before + (left < BLOCK_BYTES + 1 ? left : BLOCK_BYTES + 1));
	return block_mask(edge + 1, space);
}

static size_t at_wide(struct segmenter *g, size_t at)
{
	struct glyph glyph = glyph_at(g->text, at);
	if (glyph.kind == GLYPH_NEWLINE)
		return at_newline(g, at);
	if (stop_is(g, &glyph))
		return at_stop(g, at);
	if (glyph.kind == GLYPH_UPPER)
		return at_capital(g, at);
	return glyph.c >= 0x2600 && glyph.kind == GLYPH_OTHER ? at_mark(g, at) : at + glyph.len;
}

/* Look at the character at `at`; returns where to go on after it. */
static size_t at_byte(struct segmenter *g, size_t at)
{
	switch (g->text.at[at]) {
	case '.':
	case '!':
	case '?':
		return at_stop(g, at);
	case '\n':
	case '\v':
	case '\f':
	case '\r':
		return at_newline(g, at);
	case ':':
	case ';':
		return g->language->properties & (LANGUAGE_COLON | LANGUAGE_QUESTION)
			       ? at_wide(g, at)
			       : at_mark(g, at);
	case '"':
		at_quote(g, at);
		return at + 1;
	case ' ':
		return at_space(g, at);
	default:
		return (g->text.at[at] & 0x80) != 0 ? at_wide(g, at) : at_capital(g, at);
	}
}

static void scan(struct segmenter *g)
{
	size_t i = begin(g, 0), len = g->text.len;
	for (size_t base = i; base < len;) {
		bool each_word = wants_each_word(g);
		uint64_t mask = wake_mask(g, base, each_word);
		while (mask != 0 && each_word == wants_each_word(g)) {
			size_t at = base + (size_t)__builtin_ctzll(mask);
			mask &= mask - 1;
			if (at >= i && at < len)
				i = at_byte(g, at);
		}
		if (mask == 0 && i < base + BLOCK_BYTES)
			i = base + BLOCK_BYTES;
		base = i;
	}
	size_t end = trim_end(g, len);
	emit(g, end, true, is_stopped(g, end));
}

void segment_text(struct arena *arena, struct span text, const struct language *language,
		  struct sentences *out)
{
	struct segmenter g = {.text = text,
			      .language = language,
			      .arena = arena,
			      .out = out,
			      .newline_at = SIZE_MAX,
			      .line_first = true};
	g.capacity = 16 + text.len / 96;
	*out = (struct sentences){arena_alloc(arena, g.capacity, sizeof(struct sentence)), 0};
	if (out->at != NULL && text.len > 0) {
		g.width = line_width(&g);
		word_learn(&g);
		label_learn(&g);
		scan(&g);
	}
	if (arena->failed)
		*out = (struct sentences){NULL, 0};
}
