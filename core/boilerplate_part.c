#include "ascii.h"
#include "boilerplate_rules.h"
#include "glyph.h"
#include "marks.h"

enum {
	NAMED_WITHIN = 40, /* bytes beside the name, in the sentence that says who somebody is */
	NAME_WORDS = 4,
	TRADE_WITHIN = 120, /* bytes after an author's name, in which his trade stands */
	AUTHOR_LINES = 3,   /* at the end, in which the author is looked for */
	FIELD_BYTES = 40,   /* of a form's label at most; no more than MARKS_LABEL_BYTES */
	FIELD_WORDS = 25,   /* and of a field */
	FORM_FIELDS = 3,
	ASKED_SENTENCES = 3,
	ASKED_WORDS = 45,
	ASKED_LINES = 3, /* at least, where somebody is interviewed; and one line in so many */
	ASKED_SHARE = 6,
};

/* Does the sentence open its line? */
static bool opens_line(const struct score_input *input, size_t i)
{
	return i == 0 || !boilerplate_same_line(input, i, i - 1);
}

/* The sentence after the last one on the line of sentence `i`. */
static size_t line_end(const struct score_input *input, size_t i)
{
	size_t end = i + 1;
	while (boilerplate_same_line(input, i, end))
		end++;
	return end;
}

/* Does sentence `i` say who it is about that a heading names, "About Acme"? What is no name, "About
 * half of us", has no capital in its first word. */
static bool introduces(const struct score_input *input, size_t i, struct span name)
{
	while (name.len > 0 && name.at[name.len - 1] == ' ')
		name.len--;
	bool capital = glyph_at(name, 0).kind == GLYPH_UPPER;
	for (size_t k = 0; k < name.len && name.at[k] != ' '; k++)
		capital |= ascii_is_upper(name.at[k]); /* "eBay" */
	if (i >= input->sentences->len || !capital)
		return false;
	struct span text = score_text(input, i);
	size_t len = name.len + NAMED_WITHIN;
	return span_contains(span_slice(text, 0, len < text.len ? len : text.len), name);
}

/* Is a phrase of `len` bytes all that a heading says, a mark and what follows that aside? "Press
 * office under fire" is about something else. */
static bool is_whole_heading(struct span text, size_t len)
{
	struct glyph behind = glyph_at(text, len);
	if (behind.kind == GLYPH_SPACE)
		behind = glyph_at(text, len + behind.len);
	return !glyph_is_alnum(behind.kind);
}

/* Does sentence `i` say that what follows is about who wrote or sent the text? */
static bool is_imprint(const struct score_input *input, size_t i)
{
	struct span text = phrase_without_bullets(score_text(input, i));
	if (input->terms->words[i] > OPENING_WORDS || text.len < 2)
		return false;
	bool heading = marks_final(text) == 0 || marks_final(text) == ':';
	size_t len;
	for (unsigned nth = 0; (len = phrase_imprint_len(text, nth)) > 0; nth++) {
		struct glyph behind = glyph_at(text, len);
		bool naming = text.at[len - 1] == ' ' || ascii_is_in(text.at[len - 1], "'\x99");
		if (naming && heading && introduces(input, i + 1, span_slice(text, len, text.len)))
			return true;
		if (!naming &&
		    (heading ? is_whole_heading(text, len) : behind.c == ':' || behind.c == 0xFF1A))
			return true;
	}
	return false;
}

/* Marks what stands under such headings after the first third of the text, each up to the next
 * heading; of a paragraph that begins so only itself. */
void part_find_imprint(const struct score_input *input, bool *line)
{
	const struct sentences *sentences = input->sentences;
	for (size_t i = sentences->len / 3; i < sentences->len; i++) {
		if (!opens_line(input, i) || !is_imprint(input, i))
			continue;
		bool heading = sentences->at[i].kind == SENTENCE_HEADING ||
			       (marks_final(score_text(input, i)) == ':' &&
				!boilerplate_same_line(input, i, i + 1));
		size_t end = line_end(input, i);
		while (heading && end < sentences->len &&
		       sentences->at[end].kind != SENTENCE_HEADING)
			end++;
		memset(line + i, true, (end - i) * sizeof *line);
		i = end - 1;
	}
}

/* Length of the name of two to four words with capitals that the text begins with, and of the
 * space after it; 0: there is none. */
static size_t full_name_len(struct span text)
{
	size_t at = 0, words = 0;
	while (words < NAME_WORDS && at < text.len) {
		size_t end = at;
		enum glyph_kind first = glyph_at(text, at).kind;
		while (end < text.len && text.at[end] != ' ')
			end++;
		if (first != GLYPH_UPPER || end == text.len || text.at[end - 1] == ',')
			break;
		words++;
		at = end + 1;
	}
	return words >= 2 ? at : 0;
}

/* "Jane Doe is a staff writer at the Harbour News, where she covers ferries." */
static bool is_author(struct span text)
{
	static const char *const verbs[] = {"is ",           "ist ",         "est ",
					    "es ",           "\xC3\xA8 ",    "\xC3\xA9 ",
					    "\xE2\x80\x94 ", "\xE2\x80\x93 "};
	static const char *const trades[] = {
		" writer",        " reporter",   " correspondent", " editor",
		" journalist",    " columnist",  " freelance",     " contributor",
		" author of",     " Redakteur",  " Reporter",      " Korrespondent",
		" Journalist",    " Autor",      " journaliste",   " correspondant",
		" rédact",        " chroniqueu", " periodista",    " redactor",
		" corresponsal",  " jornalista", " repórter",      " giornalista",
		" корреспондент", " журналист",  " обозреватель"};
	size_t len = full_name_len(text);
	struct span rest = span_slice(text, len, text.len);
	bool verb = false, trade = false;
	for (size_t i = 0; i < COUNT(verbs) && len > 0; i++)
		verb |= span_begins(rest, span_of(verbs[i]));
	if (rest.len > TRADE_WITHIN)
		rest.len = TRADE_WITHIN;
	for (size_t i = 0; i < COUNT(trades) && verb; i++)
		trade |= span_contains(rest, span_of(trades[i]));
	return trade;
}

/* Does the last word of the name that sentence `i` begins with, "Doe", stand in the article before
 * it? Then she is whom it is about. */
static bool is_named_before(const struct score_input *input, size_t i, const bool *line)
{
	struct span text = phrase_without_bullets(score_text(input, i));
	struct span name = span_slice(text, 0, full_name_len(text) - 1); /* without the space */
	size_t last = name.len;
	while (name.at[last - 1] != ' ')
		last--;
	name = span_slice(name, last, name.len);
	for (size_t k = 0; k < i; k++)
		if (!line[k] && span_contains(score_text(input, k), name))
			return true;
	return false;
}

/* Marks the author's few words about himself that end an article. */
void part_find_author(const struct score_input *input, bool *line)
{
	size_t n = input->sentences->len, lines = 0;
	for (size_t i = n; i-- > n / 2 && lines < AUTHOR_LINES;) {
		if (!opens_line(input, i))
			continue;
		lines += !line[i];
		if (!line[i] && is_author(phrase_without_bullets(score_text(input, i))) &&
		    !is_named_before(input, i, line))
			memset(line + i, true, (n - i) * sizeof *line);
	}
}

/* Is the line of sentences [first, end) what an interviewer asks: a few sentences, the last one a
 * question? */
static bool asks(const struct score_input *input, size_t first, size_t end)
{
	size_t words = 0;
	if (end - first > ASKED_SENTENCES || marks_final(score_text(input, end - 1)) != '?')
		return false;
	for (size_t i = first; i < end; i++)
		words += boilerplate_words(input, i);
	return words <= ASKED_WORDS;
}

/* Marks an interviewer's questions, with what he says before them, if several lines are such, and
 * not only few of all. */
void part_find_questions(const struct score_input *input, bool *line)
{
	size_t n = input->sentences->len, asked = 0, lines = 0, end;
	for (size_t i = 0; i < n; i = end, lines++) {
		end = line_end(input, i);
		asked += asks(input, i, end);
	}
	if (asked < ASKED_LINES || asked * ASKED_SHARE < lines)
		return;
	for (size_t i = 0; i < n; i = end) {
		end = line_end(input, i);
		if (asks(input, i, end))
			memset(line + i, true, (end - i) * sizeof *line);
	}
}

/* Length of the label of at most four words and the colon that the text begins with; 0: none. */
static size_t field_label_len(struct span text)
{
	struct span head = span_slice(text, 0, text.len < FIELD_BYTES ? text.len : FIELD_BYTES);
	const char *colon = memchr(head.at, ':', head.len);
	if (colon == NULL || !glyph_is_alnum(glyph_at(text, 0).kind) || ascii_is_digit(text.at[0]))
		return 0;
	size_t len = (size_t)(colon - text.at) + 1, spaces = 0;
	for (size_t i = 0; i + 2 < len; i++) {
		spaces += text.at[i] == ' ';
		if (ascii_is_in(text.at[i], ",;\"("))
			return 0;
	}
	return spaces < NAME_WORDS && len < text.len && text.at[len] == ' ' ? len : 0;
}

/* "Cook time: 1 hr 15 min.", "Cast: Ida Berg, Tom Harding": a label and something that is no
 * sentence, since it has next to no function words; the letter after a number is a unit. */
static bool is_field(const struct score_input *input, size_t i)
{
	const struct terms *terms = input->terms;
	struct span text = score_text(input, i);
	if (terms->words[i] > FIELD_WORDS || !marks_may_label(text))
		return false; /* most sentences */
	text = phrase_without_bullets(text);
	size_t len = text.len == 0 ? 0 : field_label_len(text);
	size_t at = (size_t)(text.at - input->text.at) + len, words = 0, functions = 0;
	bool number = false;
	for (uint32_t k = terms->first[i]; k < terms->first[i + 1] && len > 0; k++) {
		const struct token *token = &terms->token[k];
		bool unit = number && token->end_byte == token->start_byte + 1;
		number = (terms->distinct[token->term].flags & TERM_NUMBER) != 0;
		if (token->start_byte < at)
			continue;
		words++;
		functions += !unit && boilerplate_is_function(input, token);
	}
	return words > 0 && functions * LINKED_SHARE <= words;
}

/* Marks the fields of a form: a recipe's times, a film's cast, what an event costs. Some of them
 * stand side by side; "The cost: 40 million." here and there is a sentence. */
void part_find_fields(const struct score_input *input, bool *line)
{
	size_t n = input->sentences->len, fields = 0;
	bool before = false, beside = false;
	if (!(input->language->properties & LANGUAGE_LINKED))
		return;
	for (size_t i = 0; i < n; i++) {
		bool field = is_field(input, i);
		fields += field;
		beside |= field && before;
		before = field;
	}
	for (size_t i = 0; i < n && beside && fields >= FORM_FIELDS; i++)
		line[i] |= is_field(input, i);
}
