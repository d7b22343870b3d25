#include "boilerplate.h"

#include "ascii.h"
#include "boilerplate_rules.h"
#include "dates.h"
#include "glyph.h"
#include "marks.h"
#include "utf8.h"
#include "vector.h"

enum {
	LINKED_WORDS = 8, /* at least one of so many words is a function word */
	BYLINE_WORDS = 8,
	DATELINE_WORDS = 10,
	DATELINE_NAMES = 3,  /* "Saturday, 12 December 2020, 15:21 UTC" */
	CAPTION_WORDS = 5,   /* a line of its own with so few words names a picture or a section */
	HEADING_WIDTH = 120, /* of utf8_width() */
	HEADING_SENTENCES = 3,
	CODE_MARKS = 4,
	CODE_FUNCTIONS = 5,
	ADDRESS_BYTES = 64, /* before the "@" */
};

/* Is the sentence a line of its own, a label aside? */
static bool is_line(const struct score_input *input, size_t i)
{
	const struct sentence *sentence = &input->sentences->at[i];
	struct span text = input->text;
	bool labelled = i > 0 && sentence[-1].kind == SENTENCE_LABEL;
	size_t start = sentence->start_byte, end = sentence->end_byte;
	struct glyph before, behind;
	while ((behind = glyph_at(text, end)).kind == GLYPH_SPACE)
		end += behind.len;
	if (!glyph_is_gap(behind.kind)) /* most sentences */
		return false;
	while ((before = glyph_before(text, start)).kind == GLYPH_SPACE)
		start -= before.len;
	return labelled || glyph_is_gap(before.kind);
}

static bool only_names(struct span text)
{
	for (size_t at = 0; at < text.len; at++) {
		bool opens = at == 0 || text.at[at - 1] == ' ';
		if (opens && ascii_is_lower(text.at[at]) &&
		    !span_begins(span_slice(text, at, text.len), SPAN("and ")))
			return false;
	}
	return true;
}

/* Length of the "by" that the text begins with; 0 if there is none. */
static size_t by_len(struct span text)
{
	static const char *const by[] = {"By", "Von", "Par", "Por", "Di", "Door", "Av", "Text:"};
	for (size_t i = 0; i < COUNT(by); i++)
		if (text.len > 0 && text.at[0] == by[i][0] && span_begins(text, span_of(by[i])))
			return strlen(by[i]);
	return 0;
}

/* "By Jane Doe and John Roe": a preposition and names only. */
static bool is_byline(struct span text)
{
	size_t len = by_len(text);
	return len > 0 && text.len > len + 1 && text.at[len] == ' ' &&
	       only_names(span_slice(text, len + 1, text.len));
}

/* "By." alone, as happens where an element ended. */
static bool is_preposition(struct span text)
{
	size_t len = by_len(text);
	return len > 0 && phrase_only_marks(span_slice(text, len, text.len));
}

/* "By." "Jane Doe.": each is a sentence of its own where a program added the stops. */
static bool is_split_byline(const struct score_input *input, size_t i)
{
	struct span text = score_text(input, i);
	return is_preposition(text) ||
	       (i > 0 && is_preposition(score_text(input, i - 1)) && only_names(text));
}

static bool has_number(const struct terms *terms, size_t i)
{
	for (uint32_t k = terms->first[i]; k < terms->first[i + 1]; k++)
		if (terms->distinct[terms->token[k].term].flags & TERM_NUMBER)
			return true;
	return false;
}

/* Is it the first of two sentences on a line, the second of which says who took the picture?
 * "Credits: 6" and "Images: 50 megapixels." say something else. */
static bool has_credit(const struct score_input *input, size_t i)
{
	return (i == 0 || !boilerplate_same_line(input, i, i - 1)) &&
	       boilerplate_same_line(input, i, i + 1) && !boilerplate_same_line(input, i, i + 2) &&
	       input->terms->words[i + 1] <= BYLINE_WORDS &&
	       phrase_credits(phrase_without_bullets(score_text(input, i + 1))) &&
	       !has_number(input->terms, i + 1);
}

/* "The bridge at dawn. Photo: Jane Doe". It occurs twice where a page was copied together with the
 * picture's alternative text. */
static bool is_caption(const struct score_input *input, size_t i)
{
	if (boilerplate_same_line(input, i, i + 1))
		return has_credit(input, i);
	return i + 1 < input->sentences->len &&
	       span_equal(score_text(input, i), score_text(input, i + 1)) &&
	       has_credit(input, i + 1);
}

/* "Figure 3: The pier, seen from below." */
static bool is_figure(struct span text)
{
	static const char *const words[] = {"Figure",  "Fig.",  "Abbildung", "Abb.",    "Figura",
					    "Figuur",  "Figur", "Rysunek",   "Rys.",    "Obrázek",
					    "Рисунок", "Рис.",  "图",        "図",      "Tabelle",
					    "Tableau", "Tabla", "Tabela",    "Таблица", "Table"};
	char first = text.len > 1 ? text.at[0] : 'e', second = text.len > 1 ? text.at[1] : 'e';
	bool may_be = (first == 'A' && second == 'b') || (first == 'F' && second == 'i') ||
		      (first == 'O' && second == 'b') || (first == 'R' && second == 'y') ||
		      (first == 'T' && second == 'a') || (first & 0x80) != 0;
	if (!may_be) /* most sentences */
		return false;
	for (size_t i = 0; i < COUNT(words); i++) {
		if (first != words[i][0] || !span_begins(text, span_of(words[i])))
			continue;
		size_t at = strlen(words[i]), number;
		at += glyph_at(text, at).c == ' ';
		number = at;
		while (at < text.len && (ascii_is_digit(text.at[at]) || text.at[at] == '.'))
			at++;
		uint32_t mark = glyph_at(text, at).c;
		return at > number && (text.at[at - 1] == '.' || mark == ':' || mark == 0xFF1A);
	}
	return false;
}

/* "— Jane Doe (@janedoe) March 21": the author of a quoted post. Asked only of a text without a
 * full stop. */
static bool is_account(struct span text)
{
	return memmem(text.at, text.len, "(@", 2) != NULL;
}

/* Has one of these bytes "@", "=" or, found together with others as rare, "[", "_", "{" or "|"? */
static inline vector marks_among(const char *at)
{
	typedef signed char signed_vector __attribute__((vector_size(VECTOR_BYTES)));
	vector b = vector_load(at);
	return (vector)(((signed_vector)(b | 0x20) > 'z') | (b == '@') | (b == '='));
}

/* Most sentences have none of the marks of addresses, rows and programs. */
static bool has_marks(struct span text)
{
	if (text.len < VECTOR_BYTES)
		return true; /* or too short to tell */
	vector found = marks_among(text.at + text.len - VECTOR_BYTES);
	for (size_t at = 0; at + VECTOR_BYTES < text.len; at += VECTOR_BYTES)
		found |= marks_among(text.at + at);
	return vector_signs(found) != 0;
}

static const char *find(struct span text, char c)
{
	return text.len == 0 ? NULL : memchr(text.at, c, text.len);
}

static struct span behind(struct span text, const char *at)
{
	return span_slice(text, (size_t)(at + 1 - text.at), text.len);
}

/* Is the "@" at `at` part of an address to write to? Not in "ssh://git@host.example" or
 * "mail/me@host.example", nor at example.com (RFC 2606). */
static bool is_address(struct span text, const char *at)
{
	if (at == text.at || !ascii_is_alnum(at[-1]))
		return false;
	for (const char *c = at; c > text.at && at - c < ADDRESS_BYTES && c[-1] != ' '; c--)
		if (c[-1] == '/')
			return false;
	struct span host = behind(text, at);
	size_t end = 0;
	while (end < host.len && (ascii_is_alnum(host.at[end]) || host.at[end] == '-'))
		end++;
	return end > 0 && end + 1 < host.len && host.at[end] == '.' &&
	       ascii_is_letter(host.at[end + 1]) && !ascii_begins(host, SPAN("example."));
}

/* "Write to us at desk@paper.example", or "[email protected]", which programs get to see instead:
 * an address to write to is no news. */
static bool has_address(struct span text)
{
	const char *at = find(text, '@'), *bracket = at == NULL ? find(text, '[') : NULL;
	if (at == NULL)
		return bracket != NULL && ascii_begins(behind(text, bracket), SPAN("email"));
	struct span rest = text;
	for (; at != NULL; rest = behind(rest, at), at = find(rest, '@'))
		if (is_address(text, at))
			return true;
	return false;
}

/* "News | Sport | Weather": text between vertical bars is links or cells. */
static bool is_row(struct span text)
{
	unsigned lines = 0;
	for (const char *at; (at = find(text, '|')) != NULL; text = behind(text, at))
		lines += at > text.at && at[-1] == ' ' && behind(text, at).len > 0 && at[1] == ' ';
	return lines >= 2;
}

/* "15:21 EST, 17 December 2020": a date and nothing else. */
static bool is_dateline(const struct score_input *input, size_t i)
{
	const struct terms *terms = input->terms;
	size_t numbers = 0, names = 0, others = 0;
	for (size_t k = terms->first[i]; k < terms->first[i + 1]; k++) {
		uint8_t flags = terms->distinct[terms->token[k].term].flags;
		numbers += (flags & TERM_NUMBER) != 0;
		others += (flags & TERM_STOP) != 0;
		names += (flags & (TERM_NUMBER | TERM_STOP)) == 0;
	}
	char date[DATE_MAX];
	return numbers >= 2 && names <= (others == 0 ? DATELINE_NAMES : 1) && others <= 2 &&
	       date_read(score_text(input, i), false, date);
}

/* A list marker, a page number, or the times of a subtitle: "00:00:01,000 --> 00:00:04,000". */
static bool is_numbers(const struct score_input *input, size_t i)
{
	const struct terms *terms = input->terms;
	for (size_t k = terms->first[i]; k < terms->first[i + 1]; k++)
		if (!(terms->distinct[terms->token[k].term].flags & TERM_NUMBER))
			return false;
	return terms->first[i] < terms->first[i + 1];
}

static size_t function_words(const struct score_input *input, size_t i)
{
	const struct terms *terms = input->terms;
	size_t functions = 0;
	for (uint32_t k = terms->first[i]; k < terms->first[i + 1]; k++)
		functions += boilerplate_is_function(input, &terms->token[k]);
	return functions;
}

/* Is every opened bracket closed? */
static bool is_balanced(struct span text)
{
	int open = 0;
	for (size_t i = 0; i < text.len && open >= 0; i++) {
		open += ascii_is_in(text.at[i], "([{");
		open -= ascii_is_in(text.at[i], ")]}");
	}
	return open == 0;
}

/* "The rest (all P<.03) fell at once (P=.08).": does it begin and end like a sentence, and is one
 * word in CODE_FUNCTIONS a function word? */
static bool is_sentence(const struct score_input *input, size_t i)
{
	struct span text = score_text(input, i);
	enum glyph_kind first = glyph_at(text, 0).kind;
	char final = marks_final(text);
	size_t tokens = input->terms->first[i + 1] - input->terms->first[i];
	return (first == GLYPH_UPPER || first == GLYPH_LETTER) && final != 0 && final != '?' &&
	       is_balanced(text) && function_words(input, i) * CODE_FUNCTIONS >= tokens;
}

/* "find(id(29), size)[4] = 100": a line of a program has a mark for every third word, and other
 * marks than brackets, which references have, too; but a sentence about code has no more marks than
 * words. */
static bool is_code(const struct score_input *input, size_t i, uint32_t words)
{
	struct span text = score_text(input, i);
	size_t brackets = 0, others = 0;
	for (size_t k = 0; k < text.len; k++) {
		brackets += ascii_is_in(text.at[k], "()[]");
		others += ascii_is_in(text.at[k], "{}<>=_;\\");
	}
	size_t marks = brackets + others;
	if (others < 2 || marks < CODE_MARKS || marks * 3 < words)
		return false;
	return marks > words || !is_sentence(input, i);
}

/* Names of players or authors, results, addresses, code, another language: in a text with function
 * words, LINKED_WORDS words without one are no sentence; nor are fewer in a list's item without a
 * stop. */
static bool is_unlinked(const struct score_input *input, size_t i)
{
	const struct terms *terms = input->terms;
	uint32_t k = terms->first[i], end = terms->first[i + 1];
	bool item = input->sentences->at[i].kind == SENTENCE_LIST_ITEM &&
		    marks_final(score_text(input, i)) == 0;
	if (!(input->language->properties & LANGUAGE_LINKED) ||
	    terms->words[i] < (item ? CAPTION_WORDS : LINKED_WORDS))
		return false;
	while (k < end && !boilerplate_is_function(input, &terms->token[k]))
		k++;
	return k == end;
}

/* Does this text have function words? Headlines hardly do, nor do texts in another language than
 * the one given or those known. Sentences without any are not counted. */
static bool is_linked(const struct score_input *input)
{
	const struct terms *terms = input->terms;
	size_t words = 0, functions = 0;
	for (size_t i = 0; i < input->sentences->len; i++) {
		size_t own = terms->words[i] < LINKED_WORDS ? 0 : function_words(input, i);
		functions += own;
		words += own > 0 ? terms->words[i] : 0;
	}
	return functions * LINKED_SHARE > words;
}

/* Is the paragraph of sentences [first, last] short and without a full stop ("Which rope? Here are
 * three")? */
static bool is_unstopped(const struct score_input *input, size_t first, size_t last)
{
	const struct sentence *at = input->sentences->at;
	if (marks_final(score_text(input, last)) != 0 ||
	    glyph_at(input->text, at[last].start_byte).kind == GLYPH_OPEN)
		return false;
	for (size_t k = first; k < last; k++)
		if (marks_final(score_text(input, k)) == '.')
			return false;
	struct span whole = span_slice(input->text, at[first].start_byte, at[last].end_byte);
	return utf8_width(whole) < HEADING_WIDTH;
}

static bool is_item(const struct score_input *input, size_t i)
{
	return i < input->sentences->len && input->sentences->at[i].kind == SENTENCE_LIST_ITEM;
}

/* Is the sentence's paragraph a headline? It is the page's title, or has several sentences but no
 * full stop, or is numbered without being one of several items. */
static bool is_heading(const struct score_input *input, size_t i)
{
	const struct sentence *at = input->sentences->at;
	size_t first = i, last = i;
	while (i - first < HEADING_SENTENCES && first > 0 &&
	       boilerplate_same_line(input, i, first - 1) && at[first - 1].kind != SENTENCE_LABEL)
		first--;
	while (last - first < HEADING_SENTENCES && boilerplate_same_line(input, i, last + 1))
		last++;
	if (last - first >= HEADING_SENTENCES)
		return false;
	struct span text = span_slice(input->text, at[first].start_byte, at[last].end_byte);
	if (ascii_equal(text, input->title))
		return true;
	if (!is_unstopped(input, first, last))
		return false;
	if (is_item(input, i))
		return ascii_is_digit(text.at[0]) && !is_item(input, i + 1) &&
		       (i == 0 || !is_item(input, i - 1));
	return last > first;
}

/* Does the label before it say what the sentence is ("READ MORE:")? */
static bool is_labelled_line(const struct score_input *input, size_t i, uint32_t words)
{
	const struct sentence *at = input->sentences->at;
	if (i == 0 || at[i - 1].kind != SENTENCE_LABEL || !boilerplate_same_line(input, i, i - 1))
		return false;
	struct span said = phrase_without_bullets(
		span_slice(input->text, at[i - 1].start_byte, at[i].end_byte));
	return phrase_opens(said) || phrase_begins(said, true, words);
}

static bool is_line_of_page(const struct score_input *input, size_t i)
{
	const struct sentence *sentence = &input->sentences->at[i];
	const struct terms *terms = input->terms;
	uint32_t words = boilerplate_words(input, i);
	if (sentence->kind == SENTENCE_HEADING || sentence->kind == SENTENCE_LABEL || words == 0)
		return true;
	if (words > OPENING_WORDS)
		return false;
	struct span whole = score_text(input, i), text = phrase_without_bullets(whole);
	bool marked = has_marks(whole);
	if (phrase_opens(text) || is_labelled_line(input, i, words) || is_caption(input, i) ||
	    phrase_ends(whole) || (marked && (has_address(whole) || is_row(whole))) ||
	    is_figure(text))
		return true;
	if (words > LINE_WORDS)
		return false; /* most sentences */
	char final = marks_final(whole);
	bool unstopped = final == 0, line = unstopped || is_line(input, i);
	if (is_heading(input, i) || (marked && is_code(input, i, words)))
		return true;
	if (!line && words > SHORT_WORDS)
		return false;
	/* A question on a line of its own is a heading, or an interviewer's. */
	if (line && (terms->words[i] <= CAPTION_WORDS || final == '?'))
		return true;
	if (phrase_begins(text, line, words))
		return true;
	if (words <= BYLINE_WORDS && is_split_byline(input, i))
		return true;
	if (words <= DATELINE_WORDS && is_dateline(input, i))
		return true;
	if (!unstopped && words > SHORT_WORDS)
		return false;
	if (unstopped && words <= BYLINE_WORDS && is_byline(text))
		return true;
	if (is_numbers(input, i))
		return true;
	return (unstopped && is_account(text)) || phrase_occurs(text);
}

static bool is_fence(struct span text)
{
	return span_begins(text, SPAN("```")) || span_begins(text, SPAN("~~~"));
}

/* Markdown puts programs between two fences. */
static void find_fenced(const struct score_input *input, bool *line)
{
	size_t open = SIZE_MAX;
	for (size_t i = 0; i < input->sentences->len; i++) {
		if (!is_fence(score_text(input, i)))
			continue;
		if (open == SIZE_MAX) {
			open = i;
			continue;
		}
		for (; open <= i; open++)
			line[open] = true;
		open = SIZE_MAX;
	}
}

void boilerplate_find(const struct score_input *input, bool *line)
{
	const struct sentences *sentences = input->sentences;
	bool unlinked = false, prose = false;
	for (size_t i = 0; i < sentences->len; i++)
		unlinked |= line[i] = is_unlinked(input, i);
	bool linked = unlinked && is_linked(input);
	for (size_t i = 0; i < sentences->len; i++) {
		line[i] = (linked && line[i]) || sentences->at[i].kind == SENTENCE_ANSWERED ||
			  is_line_of_page(input, i);
	}
	find_fenced(input, line);
	part_find_imprint(input, line);
	part_find_author(input, line);
	part_find_questions(input, line);
	part_find_fields(input, line);
	for (size_t i = 0; i < sentences->len; i++)
		prose |= !line[i];
	/* A mail that is merely forwarded is what there is to read. */
	for (size_t i = 0; i < sentences->len && !prose; i++)
		line[i] = is_line_of_page(input, i);
}
