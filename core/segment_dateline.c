#include "segment_rules.h"

enum {
	DATELINE_BYTES = 100,
	BRACKET_BYTES = 60,
	REST_BYTES = 40, /* of its line, at least: a shorter one is a heading or an item */
	PLACE_WORDS = 8,
	PLACE_CHARS = 3, /* "RIO", but not "TV" */
	AGENCY_WORDS = 4,
	COLON_CHARS = 5, /* "DELHI:", but not "USA:" */
	COLON_WORDS = 3,
	COLON_LINES = 3,  /* further down it is a section's heading: "METHODS:" */
	SMALL_BYTES = 3,  /* "Rio de Janeiro" */
	REGION_BYTES = 4, /* "NY", "N.Y." */
};

/* What precedes the dash: "HANOI, Vietnam", "Bonn, 3. Mai 2024". */
struct place {
	size_t end;
	unsigned words, upper_chars;
	bool loud;        /* in capitals, up to its first comma */
	bool comma, told; /* after a comma: a number, or a region's two capitals */
	bool year;        /* it ends with four digits, and begins with another number */
};

static size_t skip_spaces(const struct segmenter *g, size_t at)
{
	struct glyph glyph;
	while ((glyph = glyph_at(g->text, at)).kind == GLYPH_SPACE)
		at += glyph.len;
	return at;
}

/* A word, with characters other than letters: "N.Y.", "Frankfurt/Main", "22.", "L'Aquila". */
struct token {
	size_t end;
	unsigned upper;
	bool lower, digit; /* it has any */
};

static struct token read_token(const struct segmenter *g, size_t at)
{
	struct token token = {.end = at};
	while (token.end - at < DATELINE_BYTES) {
		struct glyph glyph = glyph_at(g->text, token.end);
		bool joins = (glyph.c == '-' || glyph.c == '/' || glyph.c == '\'' ||
			      glyph.c == 0x2019) &&
			     glyph_is_alnum(glyph_at(g->text, token.end + glyph.len).kind);
		if (!glyph_is_alnum(glyph.kind) && glyph.c != '.' && !joins)
			break;
		token.upper += glyph.kind == GLYPH_UPPER;
		token.lower |= glyph.kind == GLYPH_LOWER;
		token.digit |= glyph.kind == GLYPH_DIGIT;
		token.end += glyph.len;
	}
	return token;
}

/* "29.11.2022", "3. Mai 2024": a number, and after it another of four digits. */
static bool is_date(const struct segmenter *g, size_t at, size_t end)
{
	size_t digits = 0;
	while (end > at + digits && glyph_before(g->text, end - digits).kind == GLYPH_DIGIT)
		digits++;
	return digits == 4 && end - digits > at + 1 && glyph_at(g->text, at).kind == GLYPH_DIGIT;
}

/* Read capitalized words, numbers, the months after them, and the small words inside names; other
 * words in lower case belong to a sentence. */
static void read_place(const struct segmenter *g, size_t at, struct place *place)
{
	bool number = false;
	*place = (struct place){.end = at, .loud = true};
	for (size_t least = at; at - least < DATELINE_BYTES && place->words < PLACE_WORDS;) {
		enum glyph_kind first = glyph_at(g->text, at).kind;
		struct token token = read_token(g, at);
		bool small = first == GLYPH_LOWER && place->words > 0 &&
			     (number || token.end - at <= SMALL_BYTES);
		if (first != GLYPH_UPPER && first != GLYPH_DIGIT && !small)
			return;
		bool upper = token.upper > 0 && !token.lower && !token.digit;
		place->upper_chars += place->comma ? 0 : token.upper;
		place->loud &= place->comma || upper;
		place->told |=
			place->comma && (token.digit || (upper && token.end - at <= REGION_BYTES));
		place->words++;
		place->end = token.end;
		number = token.digit;
		place->year = is_date(g, least, token.end);
		bool comma = glyph_at(g->text, token.end).c == ',';
		place->comma |= comma;
		at = skip_spaces(g, token.end + comma);
		if (at == token.end + comma)
			return;
	}
}

/* "(AP)", "(dpa/lni)", "(3. Mai 2024)", "[Seoul=Yonhap]", with no other bracket inside. */
struct bracket {
	size_t end;   /* after it; where it begins: there is none */
	bool letters; /* it has any */
	bool capitals, equals, dated;
};

static struct bracket read_bracket(const struct segmenter *g, size_t at)
{
	struct bracket none = {.end = at}, bracket = {.capitals = true};
	size_t first = at + glyph_at(g->text, at).len;
	for (at = first; at - none.end < BRACKET_BYTES; at += glyph_at(g->text, at).len) {
		struct glyph glyph = glyph_at(g->text, at);
		if (glyph.kind == GLYPH_CLOSE) {
			bracket.dated = glyph_at(g->text, first).kind == GLYPH_DIGIT &&
					glyph_before(g->text, at).kind == GLYPH_DIGIT;
			bracket.capitals &= at > first + 1;
			bracket.end = at + glyph.len;
			return bracket;
		}
		if (glyph.kind == GLYPH_OPEN || glyph.kind == GLYPH_NEWLINE ||
		    glyph.kind == GLYPH_END)
			break;
		bracket.letters |= glyph_is_alnum(glyph.kind) && glyph.kind != GLYPH_DIGIT;
		bracket.capitals &= glyph.kind == GLYPH_UPPER;
		bracket.equals |= glyph.c == '=' || glyph.c == 0xFF1D;
	}
	return none;
}

/* The end of the dash between a dateline and its text, with its spaces; `at` if there is none. */
static size_t dash_end(const struct segmenter *g, size_t at)
{
	size_t end = glyph_at(g->text, at).c == '.' ? at + 1 : skip_spaces(g, at), dashes = end;
	for (struct glyph glyph; (glyph = glyph_at(g->text, dashes)).kind == GLYPH_DASH;)
		dashes += glyph.len;
	if (dashes == end || dashes - end > 6)
		return at;
	size_t next = skip_spaces(g, dashes);
	/* "LONDON—The", but not "Oct. 11–21" */
	bool em = glyph_at(g->text, end).c == 0x2014 && end == at;
	return next > dashes || em ? next : at;
}

/* Does a sentence of the same line begin at `at`? */
static bool text_begins(const struct segmenter *g, size_t at)
{
	struct glyph glyph = glyph_at(g->text, at);
	const char *line = g->text.at + at;
	if (g->text.len - at < REST_BYTES || memchr(line, '\n', REST_BYTES) != NULL)
		return false;
	if (glyph.kind == GLYPH_QUOTE || glyph.kind == GLYPH_OPEN)
		glyph = glyph_at(g->text, at + glyph.len);
	return glyph.kind == GLYPH_UPPER || glyph.kind == GLYPH_LETTER || glyph.kind == GLYPH_DIGIT;
}

/* "[Seoul=Yonhap] Kim Min-su =": the reporter may have another equals sign. */
static size_t reporter_end(const struct segmenter *g, size_t at)
{
	size_t least = skip_spaces(g, at), end = least;
	while (end - least < BRACKET_BYTES && glyph_is_alnum(glyph_at(g->text, end).kind))
		end = skip_spaces(g, read_token(g, end).end);
	return end > least && glyph_at(g->text, end).c == '=' ? end + 1 : at;
}

/* The end of a dateline that is just a bracket: "(AP) The", "(3. Mai 2024) Die",
 * "[Seoul=Yonhap]". */
static size_t alone_end(const struct segmenter *g, size_t at, const struct bracket *bracket)
{
	if (!bracket->letters)
		return at;
	if (bracket->equals)
		return reporter_end(g, bracket->end);
	if (bracket->capitals || bracket->dated || glyph_at(g->text, at).c == 0x3010)
		return bracket->end;
	size_t end = dash_end(g, bracket->end);
	return end > bracket->end ? end : at;
}

static size_t bracketed_end(const struct segmenter *g, size_t at, const struct bracket *bracket)
{
	size_t end = dash_end(g, bracket->end);
	/* "London (CNN)The harbour" */
	bool glued = bracket->capitals && glyph_at(g->text, bracket->end).kind == GLYPH_UPPER;
	return bracket->letters && (end > bracket->end || glued) ? end : at;
}

/* The end of a dateline that is just a place, which must look like one. */
static size_t place_end(const struct segmenter *g, size_t at, const struct place *place)
{
	size_t end = dash_end(g, place->end);
	if (end > place->end) {
		bool stopped = glyph_before(g->text, place->end).c == '.' &&
			       glyph_at(g->text, place->end).kind == GLYPH_DASH;
		bool loud = place->loud && place->upper_chars >= PLACE_CHARS;
		return loud || place->told || place->year || stopped ? end : at;
	}
	bool colon = glyph_at(g->text, end).c == ':' && g->lines <= COLON_LINES && place->loud &&
		     !place->comma && place->words <= COLON_WORDS &&
		     place->upper_chars >= COLON_CHARS;
	size_t next = skip_spaces(g, end + 1);
	return colon && next > end + 1 ? next : at;
}

static size_t read_dateline(const struct segmenter *g, size_t at)
{
	struct place place;
	read_place(g, at, &place);
	bool named = place.words > 0;
	size_t open = skip_spaces(g, place.end);
	if (glyph_at(g->text, open).kind == GLYPH_OPEN) {
		struct bracket bracket = read_bracket(g, open);
		if (bracket.end > open)
			return named ? bracketed_end(g, at, &bracket) : alone_end(g, at, &bracket);
	}
	return named ? place_end(g, at, &place) : at;
}

/* The end of at most AGENCY_WORDS words of letters without case. */
static size_t caseless_end(const struct segmenter *g, size_t at)
{
	size_t end = at;
	for (unsigned words = 0; words < AGENCY_WORDS; words++) {
		size_t next = skip_spaces(g, end), word = next;
		for (struct glyph glyph; (glyph = glyph_at(g->text, word)).kind == GLYPH_LETTER ||
					 glyph.kind == GLYPH_EXTEND;)
			word += glyph.len;
		if (word == next)
			break;
		end = word;
	}
	return end;
}

/* "Tehran - IRNA:" in the script of Persian and Arabic, where capitals do not mark names. */
static size_t agency_end(const struct segmenter *g, size_t at)
{
	size_t place = caseless_end(g, at), dash = skip_spaces(g, place);
	struct glyph glyph = glyph_at(g->text, dash);
	if (place == at || dash == place || glyph.kind != GLYPH_DASH)
		return at;
	size_t agency = skip_spaces(g, dash + glyph.len), end = caseless_end(g, agency);
	return end > agency && glyph_at(g->text, end).c == ':' ? end + 1 : at;
}

/* Most lines have none of the marks that a dateline ends with. */
static bool may_be_dateline(const struct segmenter *g, size_t at)
{
	size_t left = g->text.len - at, len = left < DATELINE_BYTES ? left : DATELINE_BYTES;
	const char *line = g->text.at + at;
	return memchr(line, ')', len) != NULL || memchr(line, '-', len) != NULL ||
	       memchr(line, ':', len) != NULL || memchr(line, 0xE2, len) != NULL;
}

/* Length from `at` to `end`, without the spaces before it, if text follows. */
static size_t len_before_text(const struct segmenter *g, size_t at, size_t end)
{
	if (end == at || !text_begins(g, skip_spaces(g, end)))
		return 0;
	while (glyph_before(g->text, end).kind == GLYPH_SPACE)
		end -= glyph_before(g->text, end).len;
	return end - at;
}

size_t dateline_caseless_len(const struct segmenter *g, size_t at)
{
	if (!g->language->spaced || glyph_at(g->text, at).kind != GLYPH_LETTER ||
	    !may_be_dateline(g, at))
		return 0;
	return len_before_text(g, at, agency_end(g, at));
}

size_t dateline_len(const struct segmenter *g, size_t at)
{
	struct glyph first = glyph_at(g->text, at);
	bool begins = first.kind == GLYPH_UPPER || first.kind == GLYPH_DIGIT;
	if (first.kind == GLYPH_LETTER)
		return dateline_caseless_len(g, at);
	if (first.kind != GLYPH_OPEN && !(begins && may_be_dateline(g, at)))
		return 0;
	return len_before_text(g, at, read_dateline(g, at));
}
