#include "segment_rules.h"

#include "ascii.h"

#include <utf8proc.h>

/* Two commas for the low quotation mark, as Dutch typists wrote it. */
static bool is_low_quote(const struct segmenter *g, size_t at)
{
	return at + 2 < g->text.len && g->text.at[at] == ',' && g->text.at[at + 1] == ',';
}

struct next stop_look_ahead(struct segmenter *g, size_t at)
{
	struct next next = {.at = line_skip_space(g, at)};
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
			next.word_at = line_skip_space(g, next.word_at);
		else
			next.word_at += glyph.kind == GLYPH_COMMA ? 2 : glyph.len;
		glyph = glyph_at(g->text, next.word_at);
	}
	next.first = glyph.kind;
	return next;
}

/* In scripts where vowels are letters, a word without one is an abbreviation. */
static bool has_vowel(const struct word *word)
{
	if (word->first == GLYPH_LETTER)
		return true;
	for (size_t i = 0; i < word->len; i++)
		if ((unsigned char)word->fold[i] >= 0x80 || strchr("aeiouy", word->fold[i]) != NULL)
			return true;
	return false;
}

/* Does the number follow an abbreviation that announces one: "Tab. 2", "S. 30"? Then it counts what
 * comes before it and is no ordinal. */
static bool is_reference(const struct segmenter *g, const struct word *number)
{
	struct glyph space = glyph_before(g->text, number->at);
	size_t stop = number->at - space.len; /* after the stop */
	if (space.kind != GLYPH_SPACE || stop < g->start + 2 || g->text.at[stop - 1] != '.')
		return false;
	struct word word = word_before(g, stop - 1);
	return (word.classes & WORD_NUMBER) && word.first == GLYPH_UPPER;
}

static bool is_ordinal_break(struct segmenter *g, const struct word *word, const struct next *next)
{
	if (next->first == GLYPH_DIGIT)
		return false;
	struct word after = word_after(g, next->word_at);
	if (after.classes & (WORD_MONTH | WORD_ORDINAL_NOUN))
		return false;
	if (!(g->language->properties & LANGUAGE_NOUNS) || word->chars > 2 || is_reference(g, word))
		return true;
	return (after.classes & WORD_STARTER) != 0;
}

/* Does a sentence end with a number before the full stop? */
static bool number_ends(struct segmenter *g, const struct word *word, const struct next *next)
{
	/* "1. First": the stop belongs to the number. */
	size_t before = word->at;
	while (before > g->start && g->text.at[before - 1] == ' ')
		before--;
	bool listed =
		!word->dotted && before > g->start && ascii_is_in(g->text.at[before - 1], ":;");
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

/* A unit after a number, "1986 r." or "5 min.", ends the sentence before a capital: unlike a title,
 * it is not followed by a name. */
static bool is_unit(const struct segmenter *g, const struct word *unit)
{
	if (unit->at == g->start || (g->language->properties & (LANGUAGE_NOUNS | LANGUAGE_COLON)) ||
	    !(unit->classes & WORD_ABBREVIATION) ||
	    (unit->classes & WORD_TITLE && unit->first == GLYPH_UPPER)) /* "in 2019 Ft. Worth" */
		return false;
	struct word amount = word_before(g, unit->at - glyph_before(g->text, unit->at).len);
	if (amount.len > 0 && amount.fold[amount.len - 1] == '.') /* "5 Mio. km" */
		amount.classes =
			language_word(g->language, (struct span){amount.fold, amount.len - 1});
	struct glyph space = glyph_before(g->text, amount.at);
	if ((amount.classes & WORD_TITLE) && amount.at > g->start && space.kind == GLYPH_SPACE)
		amount = word_before(g, amount.at - space.len); /* "5 тыс. чел." */
	return (amount.digits && !amount.letters) || word_is_roman(&amount) ||
	       (amount.classes & WORD_ABBREVIATION && amount.first == GLYPH_LOWER);
}

/* "z. B." and "т. д." are listed without the space: look up a short word together with the short
 * one before it. */
static void add_spaced_part(const struct segmenter *g, struct word *word)
{
	char fold[LANGUAGE_WORD_BYTES];
	struct glyph space = glyph_before(g->text, word->at);
	size_t stop = word->at - space.len; /* after the stop */
	if (space.kind != GLYPH_SPACE || stop < g->start + 2 || g->text.at[stop - 1] != '.')
		return;
	struct word part = word_before(g, stop - 1);
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

/* "Dipl.-Ing." and "Tel.-Nr." are what their last part is. */
static void add_joined_part(const struct segmenter *g, struct word *word)
{
	for (size_t i = word->len; i > 2; i--)
		if (word->fold[i - 1] == '-') {
			if (word->fold[i - 2] == '.' && word->len > i + 1) /* not "J.-P." */
				word->classes = language_word(
					g->language, (struct span){word->fold + i, word->len - i});
			return;
		}
}

/* A letter of a script without capitals that stands alone is an initial, like Hebrew and Persian
 * ones. Syllables of Korean and signs of Chinese may be words. */
static bool is_caseless_initial(const struct segmenter *g, const struct word *word)
{
	unsigned char lead = (unsigned char)g->text.at[word->at];
	return word->chars == 1 && word->first == GLYPH_LETTER &&
	       ((lead >= 0xD6 && lead <= 0xDB) || lead == 0xE0);
}

/* "Bahnhofstr. 12": German writes the name and the abbreviation as one. */
static bool is_street(const struct segmenter *g, const struct word *word)
{
	return (g->language->properties & LANGUAGE_NOUNS) && word->len > 3 &&
	       memcmp(word->fold + word->len - 3, "str", 3) == 0;
}

/* Does a day, a month or a time zone follow: "6 a.m. Tuesday", "9 p.m. EST"? */
static bool is_day_or_zone(struct segmenter *g, const struct next *next)
{
	static const char *const zones[] = {"bst", "cest", "cet", "ct",  "edt", "est",
					    "et",  "gmt",  "ist", "pst", "pt",  "utc"};
	struct word after = word_after(g, next->word_at);
	for (size_t i = 0; after.all_upper && i < COUNT(zones); i++)
		if (span_equal((struct span){after.fold, after.len}, span_of(zones[i])))
			return true;
	return (after.classes & (WORD_CALENDAR | WORD_MONTH)) != 0;
}

/* Does an abbreviation of these classes end the sentence before `next`? */
static bool abbreviation_ends(struct segmenter *g, const struct word *word, const struct next *next)
{
	if (word->classes & WORD_TITLE)
		return false;
	if (word->classes & WORD_FINAL)
		return next->first != GLYPH_DIGIT && !(word->dotted && is_day_or_zone(g, next));
	if (word->classes & WORD_ABBREVIATION)
		return is_starter(g, next);
	struct word after = word_after(g, next->word_at);
	return !word_is_roman(&after) && after.chars > 1; /* WORD_NUMBER: "Fig. A", "vol. IV" */
}

/* Does the full stop at `at` end the sentence, before white space and a capital, a digit or a
 * letter without case? */
static bool full_stop_ends(struct segmenter *g, size_t at, const struct next *next)
{
	struct word word = word_before(g, at);
	if (word.chars == 0)
		return true;
	if (word.chars <= 2)
		add_spaced_part(g, &word);
	if (word.dotted && word.classes == 0)
		add_joined_part(g, &word);
	if (word.digits && !word.letters)
		return number_ends(g, &word, next);
	if (word.first == GLYPH_LOWER && (word.classes & WORD_PROPER))
		return true;
	bool parenthesis = glyph_before(g->text, word.at).c == '(' && word.first == GLYPH_LOWER &&
			   word.chars <= 5;
	if (parenthesis ||
	    (next->first == GLYPH_DIGIT && ((word.classes & WORD_NUMBER) || is_street(g, &word))))
		return false;
	if (next->first == GLYPH_UPPER && is_unit(g, &word))
		return glyph_at(g->text, word_after(g, next->word_at).end).c != '.';
	if (word.at >= g->start + 2 && g->text.at[word.at - 1] == '\xB0' &&
	    g->text.at[word.at - 2] == '\xC2') /* "180 °C" */
		return true;
	bool initial = word.chars == 1 && word.first == GLYPH_UPPER && !(word.classes & WORD_FINAL);
	if (word.classes & (WORD_TITLE | WORD_FINAL | WORD_ABBREVIATION | WORD_NUMBER) && !initial)
		return abbreviation_ends(g, &word, next);
	if (is_caseless_initial(g, &word))
		return is_unit(g, &word);
	if (word.chars == 1 && word.first != GLYPH_LETTER)
		return is_starter(g, next) &&
		       (word.first == GLYPH_LOWER ||
			glyph_at(g->text, word_after(g, next->word_at).end).c != '.');
	if ((g->language->properties & LANGUAGE_ORDINAL) && word_is_roman(&word))
		return is_starter(g, next);
	return !((word.dotted && word.chars <= 7 && !word.digits) || word_is_learned(g, &word)) ||
	       is_starter(g, next);
}

/* Is it a whole word that a sentence may end with, rather than one cut short by its stop? */
static bool is_full_word(const struct word *word, size_t least_chars)
{
	return word->chars >= least_chars && word->letters && !word->digits && !word->dotted &&
	       !word->all_upper && !(word->classes & ~(unsigned)WORD_ORDINARY) && has_vowel(word);
}

/* Careless writers begin sentences in lower case: believe it only after a full word. A short one
 * may be an abbreviation that occurs once in the text, except before a word that begins sentences;
 * and whoever writes "i" uses no capitals. */
static bool lower_begins(struct segmenter *g, size_t at, size_t next)
{
	struct word word = word_before(g, at);
	if (g->language->properties & LANGUAGE_COLON)
		return false;
	if (word.chars == 0)
		return glyph_before(g->text, at).kind == GLYPH_SPACE;
	if (!is_full_word(&word, 2) || word_is_learned_well(g, &word) ||
	    glyph_before(g->text, word.at).c == '(')
		return false;
	struct word first = word_after(g, next);
	if (first.chars == 1 && (first.classes & WORD_CAPITAL))
		return true;
	return word.chars >= 4 && (!word_is_learned(g, &word) || (first.classes & WORD_STARTER));
}

static bool is_emoji(struct glyph glyph)
{
	return glyph.c >= 0x2600 && glyph.kind == GLYPH_OTHER &&
	       utf8proc_category((int32_t)glyph.c) == UTF8PROC_CATEGORY_SO;
}

static size_t emoji_len(const struct segmenter *g, size_t at)
{
	size_t end = at;
	for (struct glyph glyph;
	     is_emoji(glyph = glyph_at(g->text, end)) || (end > at && glyph.kind == GLYPH_EXTEND);)
		end += glyph.len;
	return end - at;
}

/* Korean laughter and tears, ㅋㅋ and ㅠㅠ: letters that stand alone. */
static size_t jamo_len(const struct segmenter *g, size_t at)
{
	size_t end = at;
	struct glyph glyph = glyph_at(g->text, end);
	while (glyph.c >= 0x3131 && glyph.c <= 0x3163 && end - at < 30) {
		end += glyph.len;
		glyph = glyph_at(g->text, end);
	}
	return glyph_is_gap(glyph.kind) ? end - at : 0;
}

/* Length of the face that `s` begins with, at most `left`: eyes, perhaps a nose, and a mouth that
 * may be repeated; or a heart and the like. */
static size_t face_len(const char *s, size_t left)
{
	if (left < 2)
		return 0;
	if (!ascii_is_in(s[0], ":;="))
		return (s[0] == '<' && s[1] == '3') || (s[0] == '^' && s[1] == '^') ||
				       (s[0] == 'x' && s[1] == 'D')
			       ? 2
			       : 0;
	size_t len = ascii_is_in(s[1], "-'^") ? 2 : 1;
	if (len == left || !ascii_is_in(s[len], ")(DPpO*|/\\]"))
		return 0;
	char mouth = s[len];
	while (len < left && s[len] == mouth)
		len++;
	return len;
}

size_t stop_emoticon_len(const struct segmenter *g, size_t at)
{
	struct glyph glyph = glyph_at(g->text, at);
	if (glyph.c >= 0x80)
		return is_emoji(glyph) ? emoji_len(g, at) : jamo_len(g, at);
	if (!ascii_is_in((char)glyph.c, ":;=<^x"))
		return 0;
	size_t len = face_len(g->text.at + at, g->text.len - at);
	return len > 0 && glyph_is_gap(glyph_at(g->text, at + len).kind) ? len : 0;
}

/* Length of the page behind such a reference, ":112" or ":112-114"; 0 where there is none. */
static size_t page_len(const struct segmenter *g, size_t at)
{
	size_t end = at + 1;
	if (at + 1 >= g->text.len || g->text.at[at] != ':' || !ascii_is_digit(g->text.at[at + 1]))
		return 0;
	while (end < g->text.len && (ascii_is_digit(g->text.at[end]) || g->text.at[end] == '-'))
		end++;
	return end - at;
}

/* Length of a footnote's number that lost its place above the line, "per worker.12 Complaints". */
static size_t footnote_len(const struct segmenter *g, size_t at)
{
	size_t end = at;
	while (end < g->text.len && end - at < 3 && ascii_is_digit(g->text.at[end]))
		end++;
	if (end == at || end - at > 2 || at < g->start + 2 || g->text.at[at - 1] != '.')
		return 0;
	struct glyph behind = glyph_at(g->text, end);
	struct word word = word_before(g, at - 1);
	size_t next = end + behind.len;
	bool sentence = behind.kind == GLYPH_END || behind.kind == GLYPH_NEWLINE ||
			(behind.kind == GLYPH_SPACE && glyph_at(g->text, next).kind == GLYPH_UPPER);
	return sentence && is_full_word(&word, 4) ? end - at : 0;
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
		ascii_is_in(g->text.at[end], ", -")))
		end++;
	if (end == at + 1 || end == g->text.len || g->text.at[end] != ']')
		return 0;
	return end + 1 + page_len(g, end + 1) - at;
}

/* Closing quotes after a space, as in tokenized text: . " and . '' and . » */
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
			     : glyph.kind == GLYPH_DIGIT && glyph.c < 0x80 ? footnote_len(g, at)
									   : reference_len(g, at);
		if (glyph.c == '"')
			g->quoted = false;
		if (len == 0)
			return at;
		at += len;
	}
}

size_t stop_trailers_end(struct segmenter *g, size_t at)
{
	for (;;) {
		size_t next = line_skip_space(g, at);
		if (next == at + 1 && glyph_is_cased(glyph_at(g->text, next).kind) &&
		    g->text.at[next] != 'x')
			return at;
		size_t len = loose_closer_len(g, next);
		if (len == 0)
			len = stop_emoticon_len(g, next);
		if (len == 0)
			len = reference_len(g, next);
		if (len == 0 || next == g->text.len)
			return at;
		if (g->text.at[next] == '"')
			g->quoted = false;
		at = closers_end(g, next + len);
	}
}

bool stop_is(const struct segmenter *g, const struct glyph *glyph)
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
		size_t next = line_skip_space(g, end);
		stop->whole = glyph_at(g->text, next).kind == GLYPH_UPPER;
		return at;
	}
	stop->dots += more;
	stop->pause = apart && more == 2;
	return end;
}

struct stop stop_read(struct segmenter *g, size_t at)
{
	struct stop stop = {.at = at};
	for (;;) {
		struct glyph glyph = glyph_at(g->text, at);
		if (!stop_is(g, &glyph) && glyph.kind != GLYPH_EXTEND)
			break;
		stop.dots += glyph.kind == GLYPH_FULL_STOP;
		stop.strong |= glyph.kind == GLYPH_STRONG || glyph.kind == GLYPH_COMMA;
		stop.ellipsis |= glyph.kind == GLYPH_ELLIPSIS;
		at += glyph.len;
	}
	stop.end = at = spaced_dots_end(g, at, &stop);
	at += stop_emoticon_len(g, at);
	stop.close = stop_trailers_end(g, closers_end(g, at));
	return stop;
}

/* "。」と述べた": a quotation goes on with who says it, after a particle that begins no sentence.
 */
static bool particle_follows(struct span behind)
{
	static const char *const particles[] = {"って", "を", "など", "と"};
	static const char *const others[] = {"とても", "ところ", "とにかく", "ともあれ",
					     "とりあえず"};
	for (size_t i = 0; i < COUNT(others); i++)
		if (span_begins(behind, span_of(others[i])))
			return false;
	for (size_t i = 0; i < COUNT(particles); i++)
		if (span_begins(behind, span_of(particles[i])))
			return true;
	return false;
}

/* "。”张女士说。": a few characters that end with a verb of speech. */
static bool speaker_follows(struct span behind)
{
	enum { SPEAKER_BYTES = 90 };
	static const char *const verbs[] = {"说", "說",   "道",   "称",   "稱",  "问",
					    "問", "表示", "指出", "介绍", "回忆"};
	struct span near =
		span_slice(behind, 0, behind.len < SPEAKER_BYTES ? behind.len : SPEAKER_BYTES);
	const char *stop = memmem(near.at, near.len, "。", strlen("。"));
	if (stop == NULL || memchr(near.at, '\n', (size_t)(stop - near.at)) != NULL)
		return false;
	near = span_slice(near, 0, (size_t)(stop - near.at));
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (span_ends(near, span_of(verbs[i])))
			return true;
	return false;
}

/* In Japanese and Chinese a quotation has a stop of its own before who says it. */
static bool quote_goes_on(const struct segmenter *g, const struct stop *stop)
{
	struct span behind = span_slice(g->text, stop->close, g->text.len);
	switch (glyph_before(g->text, stop->close).c) {
	case 0x300D: /* 」 */
	case 0x300F: /* 』 */
		return particle_follows(behind) || speaker_follows(behind);
	case 0x201D:
		return speaker_follows(behind);
	default:
		return false;
	}
}

/* In scripts without capitals: does the sentence go on after its quotation with who says it,
 * `"…?" سأل …` or `"…?" … ने पूछा।`? A verb of speech stands first or, after a few words, last. */
static bool saying_follows(const struct segmenter *g, size_t at)
{
	enum { SAYING_WORDS = 5 };
	struct word word = word_after(g, at);
	if (word.classes & WORD_INNER)
		return true;
	for (unsigned words = 1; words < SAYING_WORDS && word.end > word.at; words++) {
		struct glyph space = glyph_at(g->text, word.end);
		if (space.kind != GLYPH_SPACE)
			break;
		word = word_after(g, word.end + space.len);
	}
	struct glyph stop = glyph_at(g->text, word.end);
	return (word.classes & WORD_INNER) && stop_is(g, &stop);
}

/* `"…?" - Lan says`: a dash between a quotation and who says it, not before the next speech. */
static bool dash_follows(const struct segmenter *g, const struct stop *stop,
			 const struct next *next)
{
	return next->kind == GLYPH_DASH && glyph_is_alnum(glyph_at(g->text, next->word_at).kind) &&
	       glyph_at(g->text, g->start).kind == GLYPH_QUOTE &&
	       glyph_before(g->text, next->word_at).kind == GLYPH_SPACE &&
	       glyph_before(g->text, stop->close).kind == GLYPH_QUOTE;
}

/* A stop without a space after it: "world.Today" or "world...Today", but neither "example.Org" nor
 * "A.Smith". */
static bool glued_ends(struct segmenter *g, const struct stop *stop)
{
	enum glyph_kind before = glyph_before(g->text, stop->at).kind,
			after = glyph_at(g->text, stop->close).kind;
	if (after == GLYPH_END || after == GLYPH_NEWLINE)
		return false;
	if (stop->strong && (glyph_at(g->text, stop->at).c >= 0x80 || after == GLYPH_LETTER))
		return after != GLYPH_COMMA && after != GLYPH_LOWER && !quote_goes_on(g, stop);
	if ((before != GLYPH_LOWER && before != GLYPH_DIGIT) || after != GLYPH_UPPER ||
	    stop->ellipsis)
		return false;
	struct word word = word_before(g, stop->at), next = word_after(g, stop->close);
	struct glyph behind = glyph_at(g->text, next.end);
	bool article = next.chars == 1 && (next.classes & WORD_STARTER) && behind.c == ' ';
	if (word.dotted || word.chars < 2 || (next.chars < 2 && !article) || behind.c == '@' ||
	    behind.c == '/' || behind.c == '_')
		return false;
	if (stop->dots > 1)
		return !(g->language->properties & LANGUAGE_COLON);
	if (before == GLYPH_DIGIT)
		return !word.letters && (next.classes & WORD_STARTER);
	if (word.classes & ~(unsigned)WORD_ORDINARY)
		return false;
	return behind.c != '.' || glyph_is_gap(glyph_at(g->text, next.end + 1).kind);
}

/* Does "a)" or "a." at `at` begin a list after the stop? "u. a." and "inkl. a." do not. */
static bool begins_list(struct segmenter *g, const struct stop *stop, size_t at)
{
	struct marker marker = marker_read(g, at);
	if (marker.style == MARKER_NONE || marker.value != 1)
		return false;
	struct word word = word_before(g, stop->at);
	return g->text.at[at + 1] != '.' || stop->strong || is_full_word(&word, 3);
}

/* "'t Is koud.", "'s Middags": in Dutch the word behind has the capital. */
static bool begins_clipped(const struct segmenter *g, size_t at)
{
	struct glyph mark = glyph_at(g->text, at);
	size_t letter = at + mark.len;
	return (mark.c == '\'' || mark.c == 0x2019 || mark.c == 0x2018) &&
	       glyph_at(g->text, letter).kind == GLYPH_LOWER &&
	       glyph_at(g->text, letter + 1).c == ' ' &&
	       glyph_at(g->text, letter + 2).kind == GLYPH_UPPER;
}

bool stop_ends(struct segmenter *g, const struct stop *stop)
{
	enum glyph_kind behind = glyph_at(g->text, stop->close).kind;
	if (behind != GLYPH_SPACE && behind != GLYPH_NEWLINE)
		return glued_ends(g, stop);
	if (stop->whole)
		return true;
	struct next next = stop_look_ahead(g, stop->close);
	if (stop->pause || next.kind == GLYPH_COMMA || next.kind == GLYPH_NEWLINE ||
	    next.kind == GLYPH_END || next.kind == GLYPH_CLOSE || next.kind == GLYPH_EXTEND)
		return false;
	uint32_t c = glyph_at(g->text, next.at).c;
	if (c == 0x2116 || c == '|') /* the numero sign counts what came before; a row goes on */
		return false;
	if (next.kind == GLYPH_LOWER && begins_list(g, stop, next.at))
		return true;
	if (next.first == GLYPH_LOWER && begins_clipped(g, next.at))
		return true;
	if (next.kind == GLYPH_LOWER && stop->strong && stop->close == stop->end) {
		unsigned classes = word_after(g, next.at).classes;
		return (classes & WORD_STARTER) && !(classes & WORD_INNER);
	}
	if (next.first == GLYPH_LOWER)
		return next.kind != GLYPH_OPEN && next.kind != GLYPH_OTHER && !stop->strong &&
		       !stop->ellipsis && stop->dots == 1 && stop->close == stop->end &&
		       lower_begins(g, stop->at, next.at);
	if (stop->close > stop->end) {
		bool caseless = next.kind == GLYPH_LETTER && g->language->spaced;
		return !(caseless && saying_follows(g, next.at)) && !dash_follows(g, stop, &next);
	}
	if (stop->strong || stop->ellipsis || stop->dots > 1)
		return true;
	return full_stop_ends(g, stop->at, &next);
}
