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

enum { DATELINE_LINES = 6 };

/* Behind very many sentences small ones are joined: see segment.h. */
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
	else if (g->line_first && line_last && !stopped && end - g->start < 120)
		kind = SENTENCE_HEADING;
	add(g, end, kind);
}

/* The label or dateline of `len` bytes at `at`; returns where its text begins. */
static size_t set_apart(struct segmenter *g, size_t at, size_t len, bool dateline)
{
	size_t before = g->out->len;
	g->start = at;
	add(g, at + len, SENTENCE_LABEL);
	if (g->out->len > before)
		g->out->at[before].dateline = dateline;
	return line_skip_space(g, at + len);
}

/* Behind the dateline at `at`, if there is one: in one of the text's first lines, or in one of
 * those behind another. */
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

/* Behind what its line begins with besides list markers. Behind a time what is said may have no
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

/* Behind a dateline where lines were run together: only a script without capitals has one that is
 * told from any sentence. */
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

/* Behind a stop. */
static size_t end_sentence(struct segmenter *g, size_t end)
{
	emit(g, end, false, true);
	g->line_first = false;
	return begin(g, end);
}

/* No abbreviation of the lists has so many ASCII letters, or so many bytes of other letters. */
enum { LONG_WORD_LETTERS = 8, LONG_WORD_BYTES = 20 };

static bool is_long_word(const struct segmenter *g, size_t end)
{
	const unsigned char *s = (const unsigned char *)g->text.at;
	size_t i = end, least = end - g->start < LONG_WORD_BYTES ? g->start : end - LONG_WORD_BYTES;
	while (i > least && ascii_is_lower((char)s[i - 1]))
		i--;
	if (end - i >= LONG_WORD_LETTERS)
		return true;
	/* C2 and E2 lead no letters but spaces, quotes and signs. */
	while (i > least && (ascii_is_lower((char)s[i - 1]) ||
			     (s[i - 1] >= 0x80 && s[i - 1] != 0xC2 && s[i - 1] != 0xE2)))
		i--;
	return end - i >= LONG_WORD_BYTES;
}

/* A word that no rule about full stops is about: what stop_ends() would find behind all its
 * questions. */
static bool is_plain_word(const struct segmenter *g, size_t end)
{
	struct word word = word_before(g, end);
	return word.chars > 2 && !word.digits && !word.dotted && !word.all_upper &&
	       !(word.classes & ~(unsigned)WORD_ORDINARY) && !word_is_learned(g, &word) &&
	       glyph_before(g->text, word.at).c != '(';
}

/* Does the sentence end behind the stop at `at`, and the quotation mark on it, for what follows,
 * and the word before? What stop_read() and stop_ends() find as well, but where a long word holds
 * stops of another script. */
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

/* A stop, at first at a glance: most end their sentence before a space and a capital, or stand at
 * the end of a line, which ends it then. */
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

/* Is all of the sentence before `end` in capitals, two words or one long one? A headline. */
static bool is_capitals(const struct segmenter *g, size_t end)
{
	size_t letters = 0, words = 1, at = g->start + g->marker.len;
	if (end - g->start > 200)
		return false;
	while (at < end) {
		struct glyph glyph = glyph_at(g->text, at);
		if (glyph.kind == GLYPH_LOWER || glyph.kind == GLYPH_LETTER ||
		    glyph.kind == GLYPH_DIGIT)
			return false;
		letters += glyph.kind == GLYPH_UPPER;
		words += glyph.c == ' ';
		at += glyph.len;
	}
	return letters >= (words > 1 ? 8 : 7);
}

/* Does "(1)", "(iv)" or "b)" end at `end`? It counts what follows. */
static bool is_enumerator(const struct segmenter *g, size_t end)
{
	size_t at = end - 1, least = end - g->start > 5 ? end - 5 : g->start;
	while (at > least &&
	       (ascii_is_lower(g->text.at[at - 1]) || ascii_is_digit(g->text.at[at - 1])))
		at--;
	struct glyph before = glyph_before(g->text, at);
	return end - at <= 4 && at < end - 1 && (before.c == '(' || glyph_is_gap(before.kind));
}

/* May the word at `at` be one of the lists that begins sentences? Most capitals are nouns or names,
 * which a look at their first letters tells: a third of the time of German. */
static bool may_start(const struct segmenter *g, size_t at)
{
	if (at + VECTOR_BYTES > g->text.len)
		return true;
	vector lower = vector_load(g->text.at + at) | 0x20;
	unsigned letters = vector_letters(lower);
	/* CC and CD lead accents that stand behind their letter. */
	bool accented = letters < VECTOR_BYTES && (g->text.at[at + letters] & 0xFE) == 0xCC;
	return letters < 2 || accented ||
	       language_may_start(g->language, lower[0], lower[1], letters);
}

/* "the radio's", behind which something must follow. */
static bool is_possessive(const struct segmenter *g, size_t end)
{
	if (end < g->start + 2 || g->text.at[end - 1] != 's')
		return false;
	uint32_t mark = glyph_before(g->text, end - 1).c;
	return mark == '\'' || mark == 0x2019;
}

/* A heading that lost its line: a capitalized word that begins sentences ("Il", "When"), in the
 * middle of a line, behind a word that wants nothing after it and goes on in lower case. */
static bool capital_begins(struct segmenter *g, size_t space)
{
	enum glyph_kind last = glyph_before(g->text, space).kind;
	if ((g->language->properties & LANGUAGE_SYLLABLES) ||
	    (!glyph_is_alnum(last) && last != GLYPH_CLOSE))
		return false;
	bool small = last == GLYPH_LOWER || last == GLYPH_LETTER || last == GLYPH_DIGIT;
	if (!small && glyph_at(g->text, g->start).kind == GLYPH_UPPER && is_capitals(g, space) &&
	    !word_after(g, space + 1).all_upper)
		return true;
	if (!may_start(g, space + 1))
		return false;
	/* What follows is looked at before the lists: many names fail here. */
	size_t end = word_end(g, space + 1), after = end;
	if (end - space > 4 && glyph_at(g->text, end).c == ',')
		after++;
	if (glyph_at(g->text, after).c != ' ' || glyph_at(g->text, after + 1).kind != GLYPH_LOWER)
		return false;
	struct word word = word_between(g, space + 1, end);
	if (!(word.classes & WORD_STARTER) || (word.classes & (WORD_CAPITAL | WORD_CALENDAR)) ||
	    (word.all_upper && word.chars > 1) || word_is_roman(&word))
		return false;
	if (last == GLYPH_CLOSE)
		return !is_enumerator(g, space);
	return !(word_before(g, space).classes & WORD_FUNCTION) && !is_possessive(g, space);
}

static bool is_hangul(uint32_t c)
{
	return c >= 0xAC00 && c <= 0xD7A3;
}

/* The class of the longest listed ending of the Hangul before `end`: up to three syllables, or the
 * final consonant before the last syllable ("ᆻ다" of 했다 and 있다). */
static unsigned hangul_ending(const struct segmenter *g, size_t end)
{
	size_t at[4] = {end}, syllables = 0;
	uint32_t before_last = 0;
	while (syllables < 3) {
		struct glyph glyph = glyph_before(g->text, at[syllables]);
		if (at[syllables] == g->start || !is_hangul(glyph.c))
			break;
		if (syllables == 1)
			before_last = glyph.c;
		at[syllables + 1] = at[syllables] - glyph.len;
		syllables++;
	}
	unsigned classes = 0;
	for (size_t i = syllables; i > 0 && classes == 0; i--) {
		classes = language_word(g->language, span_slice(g->text, at[i], end));
		if (classes == 0 && i == 2 && (before_last - 0xAC00) % 28 != 0) {
			char form[8];
			size_t len = utf8_encode(0x11A7 + (before_last - 0xAC00) % 28, form);
			memcpy(form + len, g->text.at + at[1], 3);
			classes = language_word(g->language, (struct span){form, len + 3});
		}
	}
	return classes;
}

/* Korean verbs carry their sentence-ending in their last syllables, with or without a stop. */
static bool ending_ends(struct segmenter *g, size_t space, size_t *end)
{
	size_t word = space;
	while (word > g->start && ascii_is_in(g->text.at[word - 1], "~^;"))
		word--;
	if (word == g->start || !is_hangul(glyph_before(g->text, word).c) ||
	    !(hangul_ending(g, word) & WORD_ENDING))
		return false;
	*end = stop_trailers_end(g, space);
	size_t next = line_skip_space(g, *end);
	enum glyph_kind kind = glyph_at(g->text, next).kind;
	return (glyph_is_alnum(kind) || kind == GLYPH_QUOTE || kind == GLYPH_OPEN) &&
	       kind != GLYPH_EXTEND && /* one that combines with the space */
	       !(word_after(g, next).classes & WORD_INNER);
}

/* Items of a list that runs on in one line: "1) Milk 2) Bread", "• Milk • Bread". */
static bool item_begins(const struct segmenter *g, size_t at)
{
	if (at <= g->start + g->marker.len + 1)
		return false;
	struct marker next = marker_read(g, at);
	if (next.style == MARKER_BULLET &&
	    (next.form < 0x80 || glyph_kind_of(next.form) != GLYPH_BULLET))
		return false;
	return next.style != MARKER_NONE && marker_follows(&next, &g->marker);
}

enum {
	PHRASES_MIN_BYTES = 180, /* 60 letters: shorter sentences are rarer than pauses */
	STARTED_MIN_BYTES = 90,  /* 30 letters, before a word that begins sentences */
	PHRASES_REST_BYTES = 75, /* what is left of the line: less is the end of this sentence */
	PHRASES_LOOK_BACK = 300,
};

enum { THANTHAKHAT = 0xE4C }; /* over a silent letter: most such words are foreign names */

static bool is_thai(uint32_t c)
{
	return c >= 0xE01 && c <= 0xE4F;
}

/* Is the last quotation mark or bracket before `at`, as far as is looked, an opening one? */
static bool is_enclosed(const struct segmenter *g, size_t at)
{
	for (size_t looked = 0; at > g->start && looked < PHRASES_LOOK_BACK;) {
		struct glyph glyph = glyph_before(g->text, at);
		if (glyph.c == 0x201C || glyph.kind == GLYPH_OPEN)
			return true;
		if (glyph.c == 0x201D || glyph.kind == GLYPH_CLOSE)
			return false;
		at -= glyph.len;
		looked += glyph.len;
	}
	return false;
}

/* The classes of the words that may begin at `at`, in a run of letters without spaces. */
static unsigned beginning_classes(const struct segmenter *g, size_t at)
{
	unsigned classes = 0;
	for (size_t end = at; end < g->text.len && end - at < LANGUAGE_WORD_BYTES;) {
		struct glyph glyph = glyph_at(g->text, end);
		if (!is_thai(glyph.c))
			break;
		end += glyph.len;
		classes |= language_word(g->language, span_slice(g->text, at, end));
	}
	return classes;
}

/* Thai has spaces between phrases and sentences alike, and no stops: a space is taken for an end
 * when enough stands before and behind it and what follows does not carry on. Right half the time.
 */
static bool phrases_end(const struct segmenter *g, size_t space)
{
	size_t next = space + 1, before = space - g->start;
	struct glyph first = glyph_at(g->text, next), last = glyph_before(g->text, space);
	if (before < STARTED_MIN_BYTES || g->text.len - next < PHRASES_REST_BYTES ||
	    (!is_thai(last.c) && last.kind != GLYPH_DIGIT) || !is_thai(first.c) ||
	    first.kind == GLYPH_EXTEND ||
	    memchr(g->text.at + next, '\n', PHRASES_REST_BYTES) != NULL)
		return false;
	unsigned classes = beginning_classes(g, next);
	if (classes & WORD_INNER)
		return false;
	bool name = last.c == THANTHAKHAT || last.kind == GLYPH_DIGIT;
	return ((classes & WORD_STARTER) || (before >= PHRASES_MIN_BYTES && !name)) &&
	       !is_enclosed(g, space);
}

static bool space_ends(struct segmenter *g, size_t at, size_t *end)
{
	if (g->language->properties & LANGUAGE_PHRASES)
		return phrases_end(g, at);
	if (g->marker.style != MARKER_NONE && item_begins(g, at + 1))
		return true;
	if (g->language->properties & LANGUAGE_ENDINGS)
		return ending_ends(g, at, end);
	return at > g->start + g->marker.len && glyph_at(g->text, at + 1).kind == GLYPH_UPPER &&
	       capital_begins(g, at);
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

/* Lists and word endings want a look at each word. */
static bool wants_each_word(const struct segmenter *g)
{
	return g->marker.style != MARKER_NONE ||
	       (g->language->properties & (LANGUAGE_ENDINGS | LANGUAGE_PHRASES)) != 0;
}

/* A capital behind a space: the space is where the sentence would end. */
static size_t at_capital(struct segmenter *g, size_t at)
{
	if (at <= g->start || g->text.at[at - 1] != ' ')
		return at + 1;
	/* A noun or name behind a word: what capital_begins() would find, at a glance. */
	if (ascii_is_lower(g->text.at[at - 2]) && !wants_each_word(g) && !may_start(g, at))
		return at + 1;
	size_t next = at_space(g, at - 1);
	return next > at ? next : at + 1;
}

/* A semicolon before a capital, but not that of "&amp;", nor one between names with their numbers:
 * "Ann Reed (1928) ; Tom Hale (1921)". */
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
		return end; /* behind all that was looked at: a row of emoji is read once */
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

/* Have characters that begin with these two bytes a chance to be upper case? Not ASCII. */
static inline truth may_be_capital(vector first, vector second)
{
	return (first - 0xC3 < 0xD0 - 0xC3) | ((first == 0xD0) & (second < 0xB0)) |
	       (first - 0xD2 < 0xD6 - 0xD2) | (first == 0xE1);
}

/* Bit k is set when the scan must stop at s[k]; s[-1] and s[VECTOR_BYTES] are read as well.
 * `space` is a byte to stop at besides, or one that no text has. */
static inline uint64_t vector_mask(const unsigned char *s, unsigned char space)
{
	vector c = vector_load(s), behind = vector_load(s + 1);
	truth word = vector_load(s - 1) == ' ';
	truth hit = (c == '.') | (c == '!') | (c == '?') | (c == ':') | (c == ';') | (c == '"') |
		    (c - '\n' <= 3) | (c == space) | (word & (c - 'A' <= 'Z' - 'A'));
	if (vector_signs(c) != 0) {
		hit |= word & may_be_capital(c, behind);
		truth rare = (c >= 0xD6) | (c == 0xC2); /* not so the letters of Europe */
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

/* The mask of the block at `base`, also where it lies at the text's beginning or end. */
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

/* Look at what stands at `at`; returns where to go on, behind it. */
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
