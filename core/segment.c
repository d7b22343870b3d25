#include "segment.h"

#include "glyph.h"
#include "utf8.h"

#include <utf8proc.h>

/* The mark that a list item begins with. */
struct marker {
	enum { MARKER_NONE, MARKER_BULLET, MARKER_NUMBER, MARKER_LETTER, MARKER_ROMAN } style;
	uint32_t form;  /* the bullet; or what stands around the number: '.', ')', '(' or ':' for
			   both */
	unsigned value; /* of the number or letter, from 1 */
	size_t len;     /* bytes, without the space behind it */
};

/* Everything the scan carries along. */
struct segmenter {
	struct span text;
	const struct language *language;
	struct arena *arena;
	struct sentences *out;
	size_t capacity;
	size_t start;      /* of the sentence being read; text.len while there is none */
	size_t line_start; /* of the line being read */
	uint32_t paragraph;
	bool line_first;   /* the sentence begins its line */
	size_t width;      /* hard-wrapped at this many characters; 0: a newline ends a paragraph */
	size_t newline_at; /* the newline looked at last, and the answer */
	bool newline_breaks;
	struct marker marker;  /* that the sentence begins with */
	bool quoted;           /* inside straight double quotes */
	uint32_t learned[256]; /* hashes of words seen with a full stop inside a sentence */
};

/* A word folded to lower case, for the lists. */
struct word {
	char fold[LANGUAGE_WORD_BYTES + 4];
	size_t len;
	size_t at, end; /* bytes of the text */
	size_t chars;
	bool dotted;          /* has full stops inside */
	bool letters, digits; /* has any */
	bool all_upper;
	enum glyph_kind first;
	unsigned classes;
};

static struct word word_before(const struct segmenter *g, size_t end);

/* Lines. */

enum { LINE_MAX_CHARS = 250, WRAP_MIN_CHARS = 30 };

/* After a newline at `at`: where the next line's first visible character stands, or text.len; says
 * whether the line between was blank. "\r\n" is one newline. */
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
	size_t chars = 0;
	for (size_t i = 0; i < len; i++)
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
	unsigned needed[LINE_MAX_CHARS + 1];  /* … with the next line's first word behind them */
	size_t lines;                         /* all of them */
	size_t followed;                      /* by a line that is not blank */
	size_t unfinished;                    /* of those: ending in the middle of a sentence */
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

/* Is the text hard-wrapped, and at what width? In wrapped text hardly any line has room left for
 * the next line's first word, and most lines stop in the middle of a sentence. */
static size_t measure_width(const struct segmenter *g)
{
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
	/* One or two lines are proof enough only where they are of a usual width. */
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

/* The list marker at `at`: a bullet, or a number, letter or small Roman number with a stop or a
 * bracket, and white space behind it. Style MARKER_NONE where there is none. */
static struct marker read_marker(const struct segmenter *g, size_t at)
{
	struct marker none = {0}, marker = {.style = MARKER_NUMBER};
	struct glyph glyph = glyph_at(g->text, at);
	const char *s = g->text.at;
	/* Nearly every sentence begins with a plain word. */
	if (glyph_is_cased(glyph.kind) &&
	    (glyph.c >= 0x80 || at + 1 >= g->text.len || strchr(".)ivxIVX", s[at + 1]) == NULL))
		return none;
	size_t i = at, first;
	if (glyph.kind == GLYPH_BULLET || glyph.kind == GLYPH_DASH) {
		bool apart = glyph_is_gap(glyph_at(g->text, at + glyph.len).kind);
		if (!apart && (glyph.kind == GLYPH_DASH || glyph.c == '*'))
			return none;
		return (struct marker){MARKER_BULLET, glyph.c, 0, glyph.len};
	}
	i += glyph.c == '(';
	for (first = i; i < g->text.len && i - first < 3 && s[i] >= '0' && s[i] <= '9'; i++)
		marker.value = marker.value * 10 + (unsigned)(s[i] - '0');
	if (i == first) {
		while (i < g->text.len && i - first < 5 &&
		       glyph_is_cased(glyph_ascii[s[i] & 0x7F]) && s[i] > 0)
			i++;
		marker.value = roman_value(span_slice(g->text, first, i));
		marker.style = MARKER_ROMAN;
		if (i == first + 1 && (marker.value == 0 || marker.value > 1)) {
			marker.value = (unsigned)(s[first] | 0x20) - 'a' + 1;
			marker.style = MARKER_LETTER;
		}
	}
	if (i == first || i == g->text.len || marker.value == 0 || (s[i] != '.' && s[i] != ')'))
		return none;
	marker.form = (uint32_t)s[i++];
	if (glyph.c == '(') {
		if (marker.form == '.')
			return none;
		marker.form = '(';
	} else if (marker.form == '.' && i < g->text.len && s[i] == ')') {
		marker.form = ':';
		i++;
	}
	marker.len = i - at;
	return glyph_at(g->text, i).kind == GLYPH_SPACE ? marker : none;
}

static bool is_list_marker(const struct segmenter *g, size_t at)
{
	return read_marker(g, at).style != MARKER_NONE;
}

/* Is `next` the item after `item`? The letters c. and i. are Roman numbers as well. */
static bool follows(const struct marker *next, const struct marker *item)
{
	return next->style == item->style && next->form == item->form &&
	       next->value == item->value + (item->style != MARKER_BULLET);
}

/* Between a line that ends at `stop` and one that begins at `next`: does a sentence clearly go on?
 */
static bool goes_on(const struct segmenter *g, size_t stop, size_t next)
{
	enum glyph_kind last = glyph_before(g->text, stop).kind;
	if (!glyph_is_alnum(last) && last != GLYPH_COMMA && last != GLYPH_DASH)
		return false;
	while (glyph_at(g->text, next).kind == GLYPH_QUOTE ||
	       glyph_at(g->text, next).kind == GLYPH_OPEN)
		next += glyph_at(g->text, next).len;
	return glyph_at(g->text, next).kind == GLYPH_LOWER ||
	       (word_before(g, stop).classes & WORD_FUNCTION);
}

/* Does the newline at `at` end a sentence? */
static bool newline_ends(struct segmenter *g, size_t at)
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
	if (blank || is_list_marker(g, next) || stop - g->line_start > 4 * LINE_MAX_CHARS)
		return true;
	size_t chars = count_chars(g->text.at + g->line_start, stop - g->line_start);
	if (g->width > 0) {
		g->newline_breaks = chars + g->language->spaced + word_chars(g, next) <= g->width;
	} else {
		g->newline_breaks = chars < 50 || !goes_on(g, stop, next);
	}
	return g->newline_breaks;
}

/* Skip white space, over newlines that end nothing. Stops at the newline that does. */
static size_t skip_space(struct segmenter *g, size_t at)
{
	for (;;) {
		struct glyph glyph = glyph_at(g->text, at);
		if (glyph.kind == GLYPH_NEWLINE ? newline_ends(g, at) : glyph.kind != GLYPH_SPACE)
			return at;
		at += glyph.len;
	}
}

/* Words. */

/* All but `fold`, whose bytes nobody reads beyond `len`. */
static void init_word(struct word *word, size_t at)
{
	word->at = word->end = at;
	word->len = word->chars = 0;
	word->dotted = word->letters = word->digits = word->all_upper = false;
	word->first = GLYPH_END;
	word->classes = 0;
}

/* What stands inside a word that a full stop may end: e.g, 3,5, don't, S/N, n.º, № and §. */
static bool is_word_char(struct glyph glyph)
{
	if (glyph_is_alnum(glyph.kind))
		return true;
	if (glyph.c < 0x80)
		return glyph.c != 0 && strchr(".'-/,:", (int)glyph.c) != NULL;
	return glyph.c == 0x2019 || glyph.c == 0xBA || glyph.c == 0x2116 || glyph.c == 0xA7;
}

static bool is_small(char c)
{
	return c >= 'a' && c <= 'z';
}

/* Most words: small ASCII letters, perhaps behind a capital. */
static bool fold_plain_word(const struct segmenter *g, struct word *word)
{
	const char *s = g->text.at + word->at;
	size_t len = word->end - word->at;
	if (len == 0 || len > LANGUAGE_WORD_BYTES || !is_small((char)(s[0] | 0x20)) ||
	    (s[0] & 0x80) != 0)
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_small(s[i]))
			return false;
	memcpy(word->fold, s, len);
	word->fold[0] |= 0x20;
	word->len = word->chars = len;
	word->letters = true;
	word->first = is_small(s[0]) ? GLYPH_LOWER : GLYPH_UPPER;
	word->all_upper = len == 1 && word->first == GLYPH_UPPER;
	return true;
}

static void fold_any_word(const struct segmenter *g, struct word *word)
{
	unsigned kinds = 0;
	for (size_t i = word->at; i < word->end;) {
		struct glyph glyph = glyph_at(g->text, i);
		if (word->chars++ == 0)
			word->first = glyph.kind;
		kinds |= 1u << glyph.kind;
		i += glyph.len;
		if (word->len > LANGUAGE_WORD_BYTES)
			continue;
		uint32_t c = glyph.c == 0x2019 ? '\'' : glyph_lower(glyph);
		if (c < 0x80)
			word->fold[word->len++] = (char)c;
		else
			word->len += utf8_encode(c, word->fold + word->len);
	}
	word->dotted = kinds & 1u << GLYPH_FULL_STOP;
	word->digits = kinds & 1u << GLYPH_DIGIT;
	word->letters = kinds & (1u << GLYPH_UPPER | 1u << GLYPH_LOWER | 1u << GLYPH_LETTER);
	word->all_upper = word->letters && !(kinds & 1u << GLYPH_LOWER);
}

static void fold_word(const struct segmenter *g, struct word *word)
{
	if (!fold_plain_word(g, word))
		fold_any_word(g, word);
	word->classes = language_word(g->language, (struct span){word->fold, word->len});
}

/* The word that ends at `end`: back to white space or other punctuation, LANGUAGE_WORD_BYTES at
 * most. */
static struct word word_before(const struct segmenter *g, size_t end)
{
	struct word word;
	init_word(&word, end);
	while (word.at > g->start && end - word.at < LANGUAGE_WORD_BYTES &&
	       is_small(g->text.at[word.at - 1]))
		word.at--;
	while (word.at > g->start && end - word.at < LANGUAGE_WORD_BYTES) {
		struct glyph glyph = glyph_before(g->text, word.at);
		if (!is_word_char(glyph) || (word.at == end && glyph.kind == GLYPH_QUOTE))
			break;
		word.at -= glyph.len;
	}
	/* An elided article is not part of the word: l'Ing. */
	for (size_t i = word.at; i + 4 <= end; i++) {
		size_t len = g->text.at[i] == '\''                      ? 1
			     : memcmp(g->text.at + i, "\u2019", 3) == 0 ? 3
									: 0;
		if (len > 0 && end - i >= len + 3)
			word.at = i + len;
	}
	fold_word(g, &word);
	return word;
}

static size_t word_end(const struct segmenter *g, size_t at)
{
	size_t end = at;
	while (end < g->text.len && end - at < LANGUAGE_WORD_BYTES &&
	       is_small((char)(g->text.at[end] | 0x20)))
		end++;
	while (end - at < LANGUAGE_WORD_BYTES) {
		struct glyph glyph = glyph_at(g->text, end);
		if (!glyph_is_alnum(glyph.kind) && glyph.c != '\'' && glyph.c != 0x2019)
			break;
		end += glyph.len;
	}
	return end;
}

static struct word word_after(const struct segmenter *g, size_t at)
{
	struct word word;
	init_word(&word, at);
	word.end = word_end(g, at);
	fold_word(g, &word);
	return word;
}

static uint32_t hash_word(const struct word *word)
{
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < word->len; i++)
		hash = (hash ^ (unsigned char)word->fold[i]) * 16777619u;
	return hash | 1;
}

/* Punkt's idea (Kiss and Strunk 2006): a short word whose full stop stands before a lower-case
 * letter somewhere in this text is an abbreviation in all of it. */
static void learn_abbreviations(struct segmenter *g)
{
	const char *text = g->text.at, *end = text + g->text.len;
	for (const char *stop = text; (stop = memchr(stop, '.', (size_t)(end - stop))) != NULL;
	     stop++) {
		size_t at = (size_t)(stop - text);
		if (at + 2 >= g->text.len || at == 0 || stop[1] != ' ' ||
		    glyph_at(g->text, at + 2).kind != GLYPH_LOWER ||
		    !glyph_is_cased(glyph_before(g->text, at).kind))
			continue;
		struct word word = word_before(g, at);
		if (word.chars <= 5 && !word.digits && !(word.classes & WORD_FUNCTION)) {
			uint32_t hash = hash_word(&word);
			g->learned[hash >> 8 & 255] = hash;
		}
	}
}

static bool is_learned(const struct segmenter *g, const struct word *word)
{
	uint32_t hash = hash_word(word);
	return g->learned[hash >> 8 & 255] == hash;
}

/* Stops. */

/* What stands after a possible end of sentence. */
struct next {
	size_t at;             /* first visible character */
	enum glyph_kind kind;  /* of it */
	enum glyph_kind first; /* of the first letter or digit, behind quotes and brackets */
	size_t word_at;
};

/* Two commas for the low quotation mark, as Dutch typists wrote it. */
static bool is_low_quote(const struct segmenter *g, size_t at)
{
	return at + 2 < g->text.len && g->text.at[at] == ',' && g->text.at[at + 1] == ',';
}

static struct next look_ahead(struct segmenter *g, size_t at)
{
	struct next next = {.at = skip_space(g, at)};
	struct glyph glyph = glyph_at(g->text, next.at);
	next.kind = is_low_quote(g, next.at) ? GLYPH_OPEN : glyph.kind;
	next.word_at = next.at;
	for (unsigned i = 0; i < 8; i++) {
		if (glyph_is_alnum(glyph.kind) || glyph.kind == GLYPH_NEWLINE ||
		    glyph.kind == GLYPH_END ||
		    (glyph.kind == GLYPH_COMMA && !is_low_quote(g, next.word_at)))
			break;
		if ((glyph.kind == GLYPH_FULL_STOP || glyph.kind == GLYPH_STRONG) &&
		    glyph_is_gap(glyph_at(g->text, next.word_at + glyph.len).kind)) {
			next.kind =
				GLYPH_COMMA; /* a stop of its own: the sentence goes on up to it */
			break;
		}
		if (glyph.kind == GLYPH_SPACE)
			next.word_at = skip_space(g, next.word_at);
		else
			next.word_at += glyph.kind == GLYPH_COMMA ? 2 : glyph.len;
		glyph = glyph_at(g->text, next.word_at);
	}
	next.first = glyph.kind;
	return next;
}

/* In scripts where vowels are letters, a word without one is short for something. */
static bool has_vowel(const struct word *word)
{
	if (word->first == GLYPH_LETTER)
		return true;
	for (size_t i = 0; i < word->len; i++)
		if ((unsigned char)word->fold[i] >= 0x80 || strchr("aeiouy", word->fold[i]) != NULL)
			return true;
	return false;
}

static bool is_roman(const struct word *word)
{
	return word->all_upper && word->len > 0 && strspn(word->fold, "ivxlc") >= word->len;
}

static bool is_ordinal_break(struct segmenter *g, const struct word *word, const struct next *next)
{
	if (next->first == GLYPH_DIGIT)
		return false;
	struct word after = word_after(g, next->word_at);
	if (after.classes & (WORD_MONTH | WORD_ORDINAL_NOUN))
		return false;
	if (!(g->language->properties & LANGUAGE_NOUNS) || word->chars > 2)
		return true;
	return (after.classes & WORD_STARTER) != 0;
}

/* A number before the full stop. */
static bool number_ends(struct segmenter *g, const struct word *word, const struct next *next)
{
	/* "1. First": the stop belongs to the number. */
	size_t before = word->at;
	while (before > g->start && g->text.at[before - 1] == ' ')
		before--;
	bool listed =
		!word->dotted && before > g->start && strchr(":;", g->text.at[before - 1]) != NULL;
	if (before == g->start || listed)
		return false;
	if ((g->language->properties & LANGUAGE_ORDINAL) && !word->dotted)
		return is_ordinal_break(g, word, next);
	return true;
}

static bool is_starter(struct segmenter *g, const struct next *next)
{
	return next->first == GLYPH_UPPER && (word_after(g, next->word_at).classes & WORD_STARTER);
}

/* A unit behind a number, "1986 r." or "5 min.", ends the sentence before a capital; no name
 * follows it as one would follow a title. */
static bool is_unit(const struct segmenter *g, const struct word *unit)
{
	if (unit->at == g->start || (g->language->properties & (LANGUAGE_NOUNS | LANGUAGE_COLON)) ||
	    !(unit->classes & WORD_ABBREVIATION))
		return false;
	struct word amount = word_before(g, unit->at - 1);
	if (amount.len > 0 && amount.fold[amount.len - 1] == '.') /* "5 Mio. km" */
		amount.classes =
			language_word(g->language, (struct span){amount.fold, amount.len - 1});
	return (amount.digits && !amount.letters) || is_roman(&amount) ||
	       (amount.classes & WORD_ABBREVIATION && amount.first == GLYPH_LOWER);
}

/* "z. B." and "т. д." are listed without the space: a short word behind another short one. */
static void add_spaced_part(const struct segmenter *g, struct word *word)
{
	char fold[LANGUAGE_WORD_BYTES];
	if (word->at < g->start + 3 || g->text.at[word->at - 1] != ' ' ||
	    g->text.at[word->at - 2] != '.')
		return;
	struct word part = word_before(g, word->at - 2);
	if (part.chars == 0 || part.chars > 2 || part.len + 1 + word->len > sizeof(fold))
		return;
	memcpy(fold, part.fold, part.len);
	fold[part.len] = '.';
	memcpy(fold + part.len + 1, word->fold, word->len);
	unsigned classes =
		language_word(g->language, (struct span){fold, part.len + 1 + word->len});
	if (classes != 0)
		word->classes = classes;
}

/* Does an abbreviation of these classes stand for a name's part or a unit before `next`? */
static bool abbreviation_ends(struct segmenter *g, const struct word *word, const struct next *next)
{
	if (word->classes & WORD_TITLE)
		return false;
	if (word->classes & WORD_FINAL)
		return next->first != GLYPH_DIGIT;
	if (word->classes & WORD_ABBREVIATION)
		return is_starter(g, next);
	struct word after = word_after(g, next->word_at);
	return !is_roman(&after) && after.chars > 1; /* WORD_NUMBER: "Fig. A", "vol. IV" */
}

/* One full stop at `at`, white space behind it, then a capital, a digit or a letter without case.
 */
static bool full_stop_ends(struct segmenter *g, size_t at, const struct next *next)
{
	struct word word = word_before(g, at);
	if (word.chars == 0)
		return true;
	if (word.chars <= 2)
		add_spaced_part(g, &word);
	if (word.digits && !word.letters)
		return number_ends(g, &word, next);
	if (word.first == GLYPH_LOWER && (word.classes & WORD_PROPER))
		return true;
	bool parenthesis = glyph_before(g->text, word.at).c == '(' && word.first == GLYPH_LOWER &&
			   word.chars <= 5;
	if (parenthesis || (next->first == GLYPH_DIGIT && (word.classes & WORD_NUMBER)))
		return false;
	if (next->first == GLYPH_UPPER && is_unit(g, &word))
		return glyph_at(g->text, word_after(g, next->word_at).end).c != '.';
	bool initial = word.chars == 1 && word.first == GLYPH_UPPER && !(word.classes & WORD_FINAL);
	if (word.classes & (WORD_TITLE | WORD_FINAL | WORD_ABBREVIATION | WORD_NUMBER) && !initial)
		return abbreviation_ends(g, &word, next);
	if (word.chars == 1 && word.first != GLYPH_LETTER)
		return is_starter(g, next) &&
		       (word.first == GLYPH_LOWER ||
			glyph_at(g->text, word_after(g, next->word_at).end).c != '.');
	if ((g->language->properties & LANGUAGE_ORDINAL) && is_roman(&word))
		return is_starter(g, next);
	return !((word.dotted && word.chars <= 7) || is_learned(g, &word)) || is_starter(g, next);
}

/* Careless writers begin sentences in lower case: believe it behind a full word only. */
static bool lower_begins(struct segmenter *g, size_t at)
{
	struct word word = word_before(g, at);
	if (g->language->properties & LANGUAGE_COLON)
		return false;
	if (word.chars == 0)
		return glyph_before(g->text, at).kind == GLYPH_SPACE;
	return word.chars >= 4 && word.letters && !word.digits && !word.dotted && !word.all_upper &&
	       !(word.classes & ~(unsigned)(WORD_FUNCTION | WORD_STARTER)) &&
	       !is_learned(g, &word) && has_vowel(&word);
}

/* A run of stops, and what closes behind it. */
struct stop {
	size_t at, end; /* of the stops */
	size_t close;   /* behind brackets and quotes */
	unsigned dots;
	bool strong, ellipsis;
	bool pause; /* dots in the middle of a sentence */
	bool whole; /* a full stop before dots that begin the next sentence */
};

static bool is_emoji(struct glyph glyph)
{
	return glyph.c >= 0x2600 && glyph.kind == GLYPH_OTHER &&
	       utf8proc_category((int32_t)glyph.c) == UTF8PROC_CATEGORY_SO;
}

/* Length of an emoticon at `at`, such as :-) ;) :D <3 ^^, or of emoji; 0 where there is none. */
static size_t emoticon_len(const struct segmenter *g, size_t at)
{
	struct glyph glyph = glyph_at(g->text, at);
	if (glyph.c < 0x80 && (glyph.c == 0 || strchr(":;=<^x", (int)glyph.c) == NULL))
		return 0;
	const char *s = g->text.at + at;
	size_t left = g->text.len - at, len = 1;
	if (is_emoji(glyph)) {
		for (len = 0; is_emoji(glyph) || glyph.kind == GLYPH_EXTEND;
		     glyph = glyph_at(g->text, at + len))
			len += glyph.len;
		return len;
	}
	if (glyph.c >= 0x3131 && glyph.c <= 0x3163) { /* Korean laughter and tears: ㅋㅋ ㅠㅠ */
		for (len = 0; glyph.c >= 0x3131 && glyph.c <= 0x3163 && len < 30;
		     glyph = glyph_at(g->text, at + len))
			len += glyph.len;
		return glyph_is_gap(glyph.kind) ? len : 0;
	}
	if (left < 2)
		return 0;
	if (strchr(":;=", s[0]) != NULL) {
		len += s[1] == '-' || s[1] == '\'' || s[1] == '^';
		if (len == left || strchr(")(DPpO*|/\\]", s[len]) == NULL)
			return 0;
		char mouth = s[len];
		while (len < left && s[len] == mouth)
			len++;
	} else if ((s[0] == '<' && s[1] == '3') || (s[0] == '^' && s[1] == '^') ||
		   (s[0] == 'x' && s[1] == 'D')) {
		len = 2;
	} else {
		return 0;
	}
	return glyph_is_gap(glyph_at(g->text, at + len).kind) ? len : 0;
}

/* Length of a reference to a footnote, [12] or ¹, at `at`; 0 where there is none. */
static size_t reference_len(const struct segmenter *g, size_t at)
{
	struct glyph glyph = glyph_at(g->text, at);
	size_t end = at + 1;
	if (glyph.c == 0xB9 || glyph.c == 0xB2 || glyph.c == 0xB3 ||
	    (glyph.c >= 0x2070 && glyph.c <= 0x2079))
		return glyph.len;
	if (glyph.c != '[')
		return 0;
	while (end < g->text.len && end - at < 12 &&
	       (glyph_ascii[g->text.at[end] & 0x7F] == GLYPH_DIGIT ||
		strchr(", -", g->text.at[end]) != NULL))
		end++;
	return end > at + 1 && end < g->text.len && g->text.at[end] == ']' ? end + 1 - at : 0;
}

/* Closing quotes that stand apart, as in tokenized text: . " and . '' and . » */
static size_t loose_closer_len(const struct segmenter *g, size_t at)
{
	struct glyph glyph = glyph_at(g->text, at);
	bool pair = glyph.c == '\'' && glyph_at(g->text, at + 1).c == '\'';
	size_t len = pair ? 2 : glyph.len;
	if (!glyph_is_gap(glyph_at(g->text, at + len).kind))
		return 0;
	return pair || (glyph.c == '"' && g->quoted) || glyph.c == 0xBB || glyph.c == 0x201D ? len
											     : 0;
}

/* A curved quote before a letter opens: 。“ in Chinese, while .“ ends a German quotation. */
static bool opens(const struct segmenter *g, size_t at, struct glyph quote)
{
	return (quote.c == 0x201C || quote.c == 0x2018 || quote.c == 0xAB) &&
	       glyph_is_alnum(glyph_at(g->text, at + quote.len).kind);
}

static size_t closers_end(struct segmenter *g, size_t at)
{
	for (;;) {
		struct glyph glyph = glyph_at(g->text, at);
		if (opens(g, at, glyph))
			return at;
		size_t len = glyph.kind == GLYPH_CLOSE || glyph.kind == GLYPH_QUOTE ||
					     glyph.kind == GLYPH_EXTEND
				     ? glyph.len
				     : reference_len(g, at);
		if (glyph.c == '"')
			g->quoted = false;
		if (len == 0)
			return at;
		at += len;
	}
}

/* What belongs to the sentence although white space stands before it. */
static size_t trailers_end(struct segmenter *g, size_t at)
{
	for (;;) {
		size_t next = skip_space(g, at);
		if (next == at + 1 && glyph_is_cased(glyph_at(g->text, next).kind) &&
		    g->text.at[next] != 'x')
			return at;
		size_t len = loose_closer_len(g, next);
		if (len == 0)
			len = emoticon_len(g, next);
		if (len == 0)
			len = reference_len(g, next);
		if (len == 0 || next == g->text.len)
			return at;
		if (g->text.at[next] == '"')
			g->quoted = false;
		at = closers_end(g, next + len);
	}
}

static bool is_stop(const struct segmenter *g, const struct glyph *glyph)
{
	return glyph->kind == GLYPH_FULL_STOP || glyph->kind == GLYPH_STRONG ||
	       glyph->kind == GLYPH_ELLIPSIS ||
	       (glyph->c == ':' && (g->language->properties & LANGUAGE_COLON)) ||
	       (glyph->c == ';' && (g->language->properties & LANGUAGE_QUESTION));
}

/* An ellipsis set with spaces: " . . ." goes on, " . . . ." ends, "end. . . . Next" ends at once.
 */
static size_t spaced_dots_end(struct segmenter *g, size_t at, struct stop *stop)
{
	size_t end = at;
	unsigned more = 0;
	while (end + 1 < g->text.len && g->text.at[end] == ' ' && g->text.at[end + 1] == '.' &&
	       glyph_is_gap(glyph_at(g->text, end + 2).kind)) {
		end += 2;
		more++;
	}
	if (stop->dots != 1 || more < 2)
		return at;
	bool apart = stop->at > 0 && glyph_is_gap(glyph_before(g->text, stop->at).kind);
	if (!apart && more == 3) {
		size_t next = skip_space(g, end);
		stop->whole = glyph_at(g->text, next).kind == GLYPH_UPPER;
		return at;
	}
	stop->dots += more;
	stop->pause = apart && more == 2;
	return end;
}

static struct stop read_stop(struct segmenter *g, size_t at)
{
	struct stop stop = {.at = at};
	for (;;) {
		struct glyph glyph = glyph_at(g->text, at);
		if (!is_stop(g, &glyph) && glyph.kind != GLYPH_EXTEND)
			break;
		stop.dots += glyph.kind == GLYPH_FULL_STOP;
		stop.strong |= glyph.kind == GLYPH_STRONG || glyph.kind == GLYPH_COMMA;
		stop.ellipsis |= glyph.kind == GLYPH_ELLIPSIS;
		at += glyph.len;
	}
	stop.end = at = spaced_dots_end(g, at, &stop);
	at += emoticon_len(g, at);
	stop.close = trailers_end(g, closers_end(g, at));
	return stop;
}

/* No space behind the stop: "world.Today", but neither "example.Org" nor "A.Smith". */
static bool glued_ends(struct segmenter *g, const struct stop *stop)
{
	enum glyph_kind before = glyph_before(g->text, stop->at).kind,
			after = glyph_at(g->text, stop->close).kind;
	if (after == GLYPH_END || after == GLYPH_NEWLINE)
		return false;
	if (stop->strong && (glyph_at(g->text, stop->at).c >= 0x80 || after == GLYPH_LETTER))
		return after != GLYPH_COMMA && after != GLYPH_LOWER;
	if ((before != GLYPH_LOWER && before != GLYPH_DIGIT) || after != GLYPH_UPPER ||
	    stop->dots > 1 || stop->ellipsis)
		return false;
	struct word word = word_before(g, stop->at), next = word_after(g, stop->close);
	struct glyph behind = glyph_at(g->text, next.end);
	bool article = next.chars == 1 && (next.classes & WORD_STARTER) && behind.c == ' ';
	if (word.dotted || word.chars < 2 || (next.chars < 2 && !article) || behind.c == '@' ||
	    behind.c == '/' || behind.c == '_')
		return false;
	if (before == GLYPH_DIGIT)
		return !word.letters && (next.classes & WORD_STARTER);
	if (word.classes & ~(unsigned)(WORD_FUNCTION | WORD_STARTER))
		return false;
	return behind.c != '.' || (next.classes & WORD_TITLE) ||
	       glyph_is_gap(glyph_at(g->text, next.end + 1).kind);
}

/* Does the sentence end behind `stop`? */
static bool stop_ends(struct segmenter *g, const struct stop *stop)
{
	enum glyph_kind behind = glyph_at(g->text, stop->close).kind;
	if (behind != GLYPH_SPACE && behind != GLYPH_NEWLINE)
		return glued_ends(g, stop);
	if (stop->whole)
		return true;
	struct next next = look_ahead(g, stop->close);
	if (stop->pause || next.kind == GLYPH_COMMA || next.kind == GLYPH_NEWLINE ||
	    next.kind == GLYPH_END || next.kind == GLYPH_CLOSE || next.kind == GLYPH_EXTEND)
		return false;
	if (glyph_at(g->text, next.at).c == 0x2116) /* the numero sign counts what came before */
		return false;
	if (next.kind == GLYPH_LOWER) {
		struct marker marker = read_marker(g, next.at);
		if (marker.style != MARKER_NONE && marker.value == 1)
			return true;
	}
	if (next.kind == GLYPH_LOWER && stop->strong && stop->close == stop->end) {
		unsigned classes = word_after(g, next.at).classes;
		return (classes & WORD_STARTER) && !(classes & WORD_INNER);
	}
	if (next.first == GLYPH_LOWER)
		return next.kind != GLYPH_OPEN && next.kind != GLYPH_OTHER && !stop->strong &&
		       !stop->ellipsis && stop->dots == 1 && stop->close == stop->end &&
		       lower_begins(g, stop->at);
	if (stop->strong || stop->ellipsis || stop->dots > 1)
		return true;
	if (stop->close > stop->end)
		return true;
	return full_stop_ends(g, stop->at, &next);
}

/* Sentences. */

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

static void emit(struct segmenter *g, size_t end, bool line_last, bool stopped)
{
	end = trim_end(g, end);
	if (g->start >= end)
		return;
	if (g->out->len == g->capacity) {
		size_t more = g->capacity * 2;
		struct sentence *at =
			arena_grow(g->arena, g->out->at, g->capacity, more, sizeof(*at));
		if (at == NULL)
			return;
		g->out->at = at;
		g->capacity = more;
	}
	enum sentence_kind kind = SENTENCE_PROSE;
	if (g->marker.style != MARKER_NONE && (g->line_first || g->marker.form != '-'))
		kind = SENTENCE_LIST_ITEM;
	else if (g->line_first && line_last && !stopped && end - g->start < 120)
		kind = SENTENCE_HEADING;
	g->out->at[g->out->len++] =
		(struct sentence){(uint32_t)g->start, (uint32_t)end, g->paragraph, kind};
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
	g->start = at;
	g->marker = read_marker(g, at);
	if (g->marker.style == MARKER_BULLET) { /* "• 9. Ninth" */
		struct marker inner = read_marker(g, skip_space(g, at + g->marker.len));
		if (inner.style != MARKER_NONE && inner.style != MARKER_BULLET)
			return skip_space(g, at + g->marker.len) + inner.len;
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
	if (newline_ends(g, at))
		return end_line(g, at);
	g->line_start = at + 1;
	return at + 1;
}

/* No abbreviation of the lists has so many ASCII letters, or so many bytes of other letters. */
enum { LONG_WORD_LETTERS = 8, LONG_WORD_BYTES = 20 };

static bool is_long_word(const struct segmenter *g, size_t end)
{
	const unsigned char *s = (const unsigned char *)g->text.at;
	size_t i = end, least = end - g->start < LONG_WORD_BYTES ? g->start : end - LONG_WORD_BYTES;
	while (i > least && is_small((char)s[i - 1]))
		i--;
	if (end - i >= LONG_WORD_LETTERS)
		return true;
	/* C2 and E2 lead no letters but spaces, quotes and signs. */
	while (i > least && (is_small((char)s[i - 1]) ||
			     (s[i - 1] >= 0x80 && s[i - 1] != 0xC2 && s[i - 1] != 0xE2)))
		i--;
	return end - i >= LONG_WORD_BYTES;
}

/* The common cases, decided at a glance: a long word, a full stop, a space and a capital; and the
 * stops of other scripts before a letter. */
static bool is_plain_stop(const struct segmenter *g, size_t at, size_t *end)
{
	struct glyph stop = glyph_at(g->text, at);
	*end = at + stop.len;
	struct glyph next = glyph_at(g->text, *end);
	bool apart = next.c == ' ';
	if (apart)
		next = glyph_at(g->text, *end + 1);
	if (stop.c == '.')
		return apart && next.kind == GLYPH_UPPER && is_long_word(g, at);
	return stop.kind == GLYPH_STRONG && stop.len > 1 && next.kind == GLYPH_LETTER;
}

static size_t at_stop(struct segmenter *g, size_t at)
{
	size_t end;
	if (is_plain_stop(g, at, &end)) {
		emit(g, end, false, true);
		g->line_first = false;
		return begin(g, end);
	}
	struct stop stop = read_stop(g, at);
	if (!stop_ends(g, &stop))
		return stop.close;
	emit(g, stop.close, false, true);
	g->line_first = false;
	return begin(g, stop.close);
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

/* A heading that lost its line: a capitalized word that begins sentences ("Il", "When"), in the
 * middle of a line, behind a word that wants nothing after it and goes on in lower case. */
static bool capital_begins(struct segmenter *g, size_t space)
{
	enum glyph_kind last = glyph_before(g->text, space).kind;
	if ((g->language->properties & LANGUAGE_SYLLABLES) ||
	    (!glyph_is_alnum(last) && last != GLYPH_CLOSE))
		return false;
	if (glyph_at(g->text, g->start).kind == GLYPH_UPPER && is_capitals(g, space) &&
	    !word_after(g, space + 1).all_upper)
		return true;
	/* What follows is looked at before the lists: most capitals are names, and fail here. */
	size_t end = word_end(g, space + 1), after = end;
	if (end - space > 4 && glyph_at(g->text, end).c == ',')
		after++;
	if (glyph_at(g->text, after).c != ' ' || glyph_at(g->text, after + 1).kind != GLYPH_LOWER)
		return false;
	struct word word = word_after(g, space + 1);
	if (!(word.classes & WORD_STARTER) || (word.classes & WORD_CAPITAL) ||
	    (word.all_upper && word.chars > 1) || is_roman(&word))
		return false;
	return last == GLYPH_CLOSE || !(word_before(g, space).classes & WORD_FUNCTION);
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
	while (word > g->start && strchr("~^;", g->text.at[word - 1]) != NULL)
		word--;
	if (word == g->start || !is_hangul(glyph_before(g->text, word).c) ||
	    !(hangul_ending(g, word) & WORD_ENDING))
		return false;
	*end = trailers_end(g, space);
	size_t next = skip_space(g, *end);
	enum glyph_kind kind = glyph_at(g->text, next).kind;
	return (glyph_is_alnum(kind) || kind == GLYPH_QUOTE || kind == GLYPH_OPEN) &&
	       !(word_after(g, next).classes & WORD_INNER);
}

/* Items of a list that runs on in one line: "1) Milk 2) Bread", "• Milk • Bread". */
static bool item_begins(const struct segmenter *g, size_t at)
{
	if (at <= g->start + g->marker.len + 1)
		return false;
	struct marker next = read_marker(g, at);
	if (next.style == MARKER_BULLET &&
	    (next.form < 0x80 || glyph_kind_of(next.form) != GLYPH_BULLET))
		return false;
	return next.style != MARKER_NONE && follows(&next, &g->marker);
}

static bool space_ends(struct segmenter *g, size_t at, size_t *end)
{
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

/* A capital behind a space: the space is where the sentence would end. */
static size_t at_capital(struct segmenter *g, size_t at)
{
	if (at <= g->start || g->text.at[at - 1] != ' ')
		return at + 1;
	size_t next = at_space(g, at - 1);
	return next > at ? next : at + 1;
}

/* Colons and semicolons end sentences in some languages, when a capital or speech follows. */
static bool clause_ends(struct segmenter *g, size_t at)
{
	unsigned properties = g->language->properties;
	bool colon = g->text.at[at] == ':';
	if (glyph_at(g->text, at + 1).kind != GLYPH_SPACE)
		return false;
	struct next next = look_ahead(g, at + 1);
	if (next.first != GLYPH_UPPER)
		return false;
	if (colon && (next.kind == GLYPH_OPEN || next.kind == GLYPH_QUOTE))
		return properties & LANGUAGE_SPEECH;
	if (colon)
		return (properties & LANGUAGE_COLON_CAPITAL) && next.kind == GLYPH_UPPER;
	return (properties & LANGUAGE_CLAUSES) && next.kind == GLYPH_UPPER &&
	       glyph_at(g->text, word_after(g, next.at).end).kind == GLYPH_SPACE;
}

/* An emoticon ends a sentence like a stop, before a capital. */
static bool emoticon_ends(struct segmenter *g, size_t at, size_t *end)
{
	size_t len = emoticon_len(g, at);
	if (len == 0 || at == g->start)
		return false;
	*end = trailers_end(g, at + len);
	struct next next = look_ahead(g, *end);
	return next.kind == GLYPH_UPPER && glyph_is_gap(glyph_at(g->text, *end).kind);
}

static size_t at_mark(struct segmenter *g, size_t at)
{
	size_t end = at + 1;
	if (!emoticon_ends(g, at, &end) && !clause_ends(g, at))
		return end; /* behind all that was looked at: a row of emoji is read once */
	emit(g, end, false, true);
	g->line_first = false;
	return begin(g, end);
}

static void at_quote(struct segmenter *g, size_t at)
{
	bool before = at == 0 || glyph_is_gap(glyph_before(g->text, at).kind),
	     after = glyph_is_gap(glyph_at(g->text, at + 1).kind);
	g->quoted = before == after ? !g->quoted : before;
}

/* The scan looks at blocks of bytes with vector comparisons (the extension of gcc and clang, for
 * any machine) and stops only where something may end: at some 4 bytes in 100. */
enum { VECTOR_BYTES = 16, BLOCK_BYTES = 64 };
typedef unsigned char vector __attribute__((vector_size(VECTOR_BYTES)));
typedef signed char truth __attribute__((vector_size(VECTOR_BYTES))); /* -1 or 0 */

static inline vector load(const unsigned char *at)
{
	vector bytes;
	memcpy(&bytes, at, sizeof(bytes));
	return bytes;
}

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

/* Have characters that begin with these two bytes a chance to be upper case? */
static inline truth may_be_capital(vector first, vector second)
{
	return (first - 'A' <= 'Z' - 'A') | (first - 0xC3 < 0xD0 - 0xC3) |
	       ((first == 0xD0) & (second < 0xB0)) | (first - 0xD2 < 0xD6 - 0xD2) | (first == 0xE1);
}

/* Bit k is set when the scan must stop at s[k]; s[-1] and s[VECTOR_BYTES] are read as well.
 * `space` is a byte to stop at besides, or one that no text has. */
static inline uint64_t vector_mask(const unsigned char *s, unsigned char space)
{
	vector c = load(s), behind = load(s + 1), before = load(s - 1);
	truth hit = (c == '.') | (c == '!') | (c == '?') | (c == ':') | (c == ';') | (c == '"') |
		    (c - '\n' <= 3) | (c == space) | ((before == ' ') & may_be_capital(c, behind));
	uint64_t half[2], mask = 0;
	memcpy(half, &c, sizeof(half));
	if ((half[0] | half[1]) & 0x8080808080808080u) {
		truth rare = (c >= 0xD6) | (c == 0xC2); /* not so the letters of Europe */
		memcpy(half, &rare, sizeof(half));
		if (half[0] | half[1])
			hit |= lead_matters(c, behind);
	}
	memcpy(half, &hit, sizeof(half));
	for (unsigned i = 0; i < 2; i++) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		half[i] = __builtin_bswap64(half[i]);
#endif
		/* The lowest bit of byte i becomes bit i. */
		mask |= ((half[i] & 0x0101010101010101u) * 0x0102040810204080u >> 56) << 8 * i;
	}
	return mask;
}

static uint64_t block_mask(const unsigned char *s, unsigned char space)
{
	uint64_t mask = 0;
	for (unsigned k = 0; k < BLOCK_BYTES; k += VECTOR_BYTES)
		mask |= vector_mask(s + k, space) << k;
	return mask;
}

/* The mask of the block at `base`, also where it lies at the text's beginning or end. */
static uint64_t mask_at(const struct segmenter *g, size_t base, bool each_word)
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

/* Lists and word endings want a look at each word. */
static bool wants_each_word(const struct segmenter *g)
{
	return g->marker.style != MARKER_NONE || g->language->properties & LANGUAGE_ENDINGS;
}

static size_t at_wide(struct segmenter *g, size_t at)
{
	struct glyph glyph = glyph_at(g->text, at);
	if (glyph.kind == GLYPH_NEWLINE)
		return at_newline(g, at);
	if (is_stop(g, &glyph))
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
		uint64_t mask = mask_at(g, base, each_word);
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
	if (out->at != NULL) {
		g.width = measure_width(&g);
		learn_abbreviations(&g);
		scan(&g);
	}
	if (arena->failed)
		*out = (struct sentences){NULL, 0};
}
