#include "segment_rules.h"

#include "ascii.h"
#include "utf8.h"

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

/* Does "(1)", "(iv)" or "b)" end at `end`? It numbers what follows. */
static bool is_enumerator(const struct segmenter *g, size_t end)
{
	size_t at = end - 1, least = end - g->start > 5 ? end - 5 : g->start;
	while (at > least &&
	       (ascii_is_lower(g->text.at[at - 1]) || ascii_is_digit(g->text.at[at - 1])))
		at--;
	struct glyph before = glyph_before(g->text, at);
	return end - at <= 4 && at < end - 1 && (before.c == '(' || glyph_is_gap(before.kind));
}

/* "the radio's", after which something must follow, or Dutch "'t" and "'s" by themselves. */
static bool is_possessive(const struct segmenter *g, size_t end)
{
	if (end < g->start + 2 || (g->text.at[end - 1] != 's' && g->text.at[end - 1] != 't'))
		return false;
	uint32_t mark = glyph_before(g->text, end - 1).c;
	return mark == '\'' || mark == 0x2019;
}

/* Does the capital after `space` begin a sentence, after a heading that lost its line? It must
 * belong to a word that begins sentences ("Il", "When") and goes on in lower case, after a word
 * that needs nothing after it; or follow a headline in capitals. */
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
	if (!word_may_start(g, space + 1))
		return false;
	/* Check what follows before looking into the lists: many names fail here. */
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

/* Korean verbs end a sentence by their last syllables, with or without a stop. */
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
	       kind != GLYPH_EXTEND && /* not one that combines with the space */
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
	PHRASES_REST_BYTES = 75, /* left in the line: less is the end of this sentence */
	PHRASES_LOOK_BACK = 300,
};

enum { THANTHAKHAT = 0xE4C }; /* marks a silent letter: most such words are foreign names */

static bool is_thai(uint32_t c)
{
	return c >= 0xE01 && c <= 0xE4F;
}

/* Is the last quotation mark or bracket before `at`, within some distance, an opening one? */
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

/* Thai has no stops, and spaces between phrases as well as sentences: a space counts as an end if
 * enough text precedes and follows it and what follows is no continuation. Right half the time. */
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

bool space_ends(struct segmenter *g, size_t at, size_t *end)
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
