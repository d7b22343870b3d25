#include "boilerplate.h"

#include "ascii.h"
#include "boilerplate_table.h"
#include "dates.h"
#include "glyph.h"
#include "marks.h"
#include "utf8.h"
#include "vector.h"

enum {
	LINKED_WORDS = 8, /* at least one of so many words is a function word */
	LINKED_SHARE = 5, /* and one word in so many is one; one in ten if the language is not the
			     assumed one */
	SHORT_WORDS = 12, /* a sentence this short is mostly its first words */
	LINE_WORDS = 20,
	OPENING_WORDS = 40, /* of sentences for which it is enough to begin with a phrase */
	BYLINE_WORDS = 8,
	DATELINE_WORDS = 10,
	DATELINE_NAMES = 3,  /* "Saturday, 12 December 2020, 15:21 UTC" */
	CAPTION_WORDS = 5,   /* a line of its own with so few words names a picture or a section */
	HEADING_WIDTH = 120, /* of utf8_width() */
	HEADING_SENTENCES = 3,
	CODE_MARKS = 4,
	CODE_FUNCTIONS = 5,
	ADDRESS_BYTES = 64, /* before the "@" */
	NAMED_WITHIN = 40,  /* bytes beside the name, in the sentence that says who somebody is */
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

/* The first or last bytes of a text, compared in one step: they rule out nearly all phrases. */
struct edge {
	uint64_t bytes; /* with 0x20 set, as in a phrase's: lower-case letters, but other bytes
			   change as well */
	unsigned bucket;
};
_Static_assert(PHRASE_EDGE == sizeof(uint64_t), "a phrase's edge is one word");

static inline unsigned low(char c)
{
	return (unsigned char)ascii_lower(c);
}

/* Most phrases are found by two bytes of their edge, many by four. */
static inline struct edge edge_of(const char bytes[PHRASE_EDGE], const char *key, unsigned key_len)
{
	unsigned hash = low(key[0]) * 21u + low(key[1]);
	if (key_len == 4)
		hash += low(key[2]) * 37u + low(key[3]) * 61u;
	struct edge edge = {.bucket = hash % PHRASE_BUCKETS};
	memcpy(&edge.bytes, bytes, sizeof edge.bytes);
	edge.bytes |= 0x2020202020202020u;
	return edge;
}

/* The first bytes of a text that has at least `key_len`. */
static inline struct edge head_of(struct span text, unsigned key_len)
{
	char few[PHRASE_EDGE] = {0};
	if (text.len >= sizeof few)
		return edge_of(text.at, text.at, key_len);
	memcpy(few, text.at, text.len);
	return edge_of(few, text.at, key_len);
}

static inline struct edge tail_of(struct span text, unsigned key_len)
{
	char few[PHRASE_EDGE] = {0};
	const char *end = text.at + text.len;
	if (text.len >= sizeof few)
		return edge_of(end - sizeof few, end - key_len, key_len);
	memcpy(few + sizeof few - text.len, text.at, text.len);
	return edge_of(few, end - key_len, key_len);
}

static bool is_phrase(const char *at, const struct phrase *phrase)
{
	for (size_t i = 0; i < phrase->len; i++)
		if (ascii_lower(at[i]) != phrase_pool[phrase->at + i])
			return false;
	return true;
}

static inline bool may_be(struct edge edge, const struct phrase *phrase)
{
	uint64_t bytes, mask;
	memcpy(&bytes, phrase->edge, sizeof bytes);
	memcpy(&mask, phrase->mask, sizeof mask);
	return (edge.bytes & mask) == bytes;
}

static inline bool begins_with(struct span text, struct edge head, const struct phrase *phrase)
{
	return may_be(head, phrase) && text.len >= phrase->len && is_phrase(text.at, phrase);
}

/* Length of the bullet, arrow, emoji or bracket that the text begins with; 0: none. */
static size_t bullet_len(struct span text)
{
	if (text.len == 0)
		return 0;
	unsigned char c = (unsigned char)text.at[0];
	if (ascii_is_letter((char)c)) /* most sentences */
		return 0;
	if (c < 0x80)
		return memchr(" \t\n\r-*>|([\"'.#", c, 14) != NULL;
	if (c == 0xE2)
		return 3;
	if (text.len < 4)
		return 0;
	unsigned char second = (unsigned char)text.at[1], third = (unsigned char)text.at[2];
	if (c == 0xF0 && second == 0x9F)
		return 4;
	/* The selector that turns a sign into an emoji, and East Asian brackets. */
	bool wide = (c == 0xEF && (second == 0xB8 || (second == 0xBC && third == 0x88))) ||
		    (c == 0xE3 && second == 0x80 && third >= 0x88 && third <= 0x90);
	return wide ? 3 : 0;
}

/* The text without bullets, arrows and brackets before the first word. */
static struct span without_bullets(struct span text)
{
	for (size_t len; (len = bullet_len(text)) > 0;)
		text = span_slice(text, len, text.len);
	return text;
}

static bool only_marks(struct span rest)
{
	for (size_t i = 0; i < rest.len; i++)
		if ((rest.at[i] & 0x80) != 0 || ascii_is_alnum(rest.at[i]))
			return false;
	return true;
}

static bool ends_word(struct span text, size_t at)
{
	if (at >= text.len)
		return true;
	char before = text.at[at - 1], c = text.at[at];
	bool letter = ascii_is_letter(c) || (unsigned char)c >= 0xC3;
	bool letter_before = ascii_is_letter(before) || (before & 0x80) != 0;
	/* Scripts without spaces put characters next to anything. */
	return !letter || !letter_before || (unsigned char)text.at[0] >= 0xE3;
}

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

/* Does the phrase that the text begins with make it a line of the page? */
static bool phrase_tells(const struct phrase *phrase, struct span text, bool line, uint32_t words)
{
	const char *bytes = phrase_pool + phrase->at;
	if (!ends_word(text, phrase->len))
		return false;
	if (phrase->kind == PHRASE_WHOLE)
		return only_marks(span_slice(text, phrase->len, text.len));
	/* Any sentence may begin with one such word; few do with two or a colon. */
	bool telling = memchr(bytes, ' ', phrase->len) != NULL || bytes[phrase->len - 1] == ':' ||
		       (unsigned char)bytes[0] >= 0x80;
	return (line && words <= LINE_WORDS) || (telling && words <= SHORT_WORDS);
}

static bool begins_with_phrase(struct span text, bool line, uint32_t words)
{
	if (text.len < 2)
		return false;
	struct edge head = head_of(text, 2);
	for (unsigned i = phrase_first[head.bucket]; i < phrase_first[head.bucket + 1]; i++)
		if (begins_with(text, head, &phrases[i]) &&
		    phrase_tells(&phrases[i], text, line, words))
			return true;
	return false;
}

/* Does it begin with one of the phrases in the buckets of `first`? */
static inline bool begins_with_one(struct span text, const uint16_t first[PHRASE_BUCKETS + 1])
{
	unsigned key_len = first == phrase_opening ? 4 : 2;
	if (text.len < key_len)
		return false;
	struct edge head = head_of(text, key_len);
	for (unsigned i = first[head.bucket]; i < first[head.bucket + 1]; i++)
		if (begins_with(text, head, &phrases[i]))
			return true;
	return false;
}

/* Phrases that may stand anywhere begin at a word or with a mark. */
static bool holds_phrase(struct span text)
{
	for (size_t at = 0; at < text.len; at++) {
		if (begins_with_one(span_slice(text, at, text.len), phrase_inside))
			return true;
		if (ascii_is_letter(text.at[at]))
			while (at + 1 < text.len && ascii_is_letter(text.at[at + 1]))
				at++;
		else
			while (at + 1 < text.len && (text.at[at + 1] & 0xC0) == 0x80)
				at++;
	}
	return false;
}

static bool is_letter(struct glyph glyph)
{
	return glyph_is_alnum(glyph.kind);
}

static bool ends_with(struct span text, struct edge tail, const struct phrase *phrase)
{
	if (!may_be(tail, phrase) || text.len < phrase->len)
		return false;
	size_t at = text.len - phrase->len;
	if (!is_phrase(text.at + at, phrase))
		return false;
	struct glyph first = glyph_at(text, at);
	return first.kind == GLYPH_LETTER || !is_letter(glyph_before(text, at));
}

/* Does it end with a phrase, stops, brackets and signs aside? */
static bool ends_with_phrase(struct span text)
{
	for (struct glyph last; !is_letter(last = glyph_before(text, text.len)) && last.len > 0;)
		text.len -= last.len;
	if (text.len < 4)
		return false;
	struct edge tail = tail_of(text, 4);
	for (unsigned i = phrase_ending[tail.bucket]; i < phrase_ending[tail.bucket + 1]; i++)
		if (ends_with(text, tail, &phrases[i]))
			return true;
	return false;
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
	return len > 0 && only_marks(span_slice(text, len, text.len));
}

/* "By." "Jane Doe.": each is a sentence of its own where a program added the stops. */
static bool is_split_byline(const struct score_input *input, size_t i)
{
	struct span text = score_text(input, i);
	return is_preposition(text) ||
	       (i > 0 && is_preposition(score_text(input, i - 1)) && only_names(text));
}

static bool same_line(const struct score_input *input, size_t i, size_t j)
{
	return i < input->sentences->len && j < input->sentences->len &&
	       input->sentences->at[i].paragraph == input->sentences->at[j].paragraph;
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
	return (i == 0 || !same_line(input, i, i - 1)) && same_line(input, i, i + 1) &&
	       !same_line(input, i, i + 2) && input->terms->words[i + 1] <= BYLINE_WORDS &&
	       begins_with_one(without_bullets(score_text(input, i + 1)), phrase_credit) &&
	       !has_number(input->terms, i + 1);
}

/* "The bridge at dawn. Photo: Jane Doe". It occurs twice where a page was copied together with the
 * picture's alternative text. */
static bool is_caption(const struct score_input *input, size_t i)
{
	if (same_line(input, i, i + 1))
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

/* The tokenizer takes a single letter for a function word, but "J." is a name. */
static bool is_initial(struct span text, const struct token *token)
{
	return token->end_byte == token->start_byte + 1 && token->end_byte < text.len &&
	       text.at[token->end_byte] == '.' && text.at[token->start_byte] >= 'A' &&
	       text.at[token->start_byte] <= 'Z';
}

static bool is_function(const struct score_input *input, const struct token *token)
{
	return (input->terms->distinct[token->term].flags & TERM_STOP) &&
	       !is_initial(input->text, token);
}

static size_t function_words(const struct score_input *input, size_t i)
{
	const struct terms *terms = input->terms;
	size_t functions = 0;
	for (uint32_t k = terms->first[i]; k < terms->first[i + 1]; k++)
		functions += is_function(input, &terms->token[k]);
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
 * words, LINKED_WORDS words without one are no sentence. */
static bool is_unlinked(const struct score_input *input, size_t i)
{
	const struct terms *terms = input->terms;
	uint32_t k = terms->first[i], end = terms->first[i + 1];
	if (!(input->language->properties & LANGUAGE_LINKED) || terms->words[i] < LINKED_WORDS)
		return false;
	while (k < end && !is_function(input, &terms->token[k]))
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
	while (i - first < HEADING_SENTENCES && first > 0 && same_line(input, i, first - 1) &&
	       at[first - 1].kind != SENTENCE_LABEL)
		first--;
	while (last - first < HEADING_SENTENCES && same_line(input, i, last + 1))
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

/* Words of languages without spaces have about two characters, each counted as a word. */
static uint32_t words_of(const struct score_input *input, size_t i)
{
	uint32_t words = input->terms->words[i];
	return input->language->spaced ? words : (words + 1) / 2;
}

/* Does the label before it say what the sentence is ("READ MORE:")? */
static bool is_labelled_line(const struct score_input *input, size_t i, uint32_t words)
{
	const struct sentence *at = input->sentences->at;
	if (i == 0 || at[i - 1].kind != SENTENCE_LABEL || !same_line(input, i, i - 1))
		return false;
	struct span said =
		without_bullets(span_slice(input->text, at[i - 1].start_byte, at[i].end_byte));
	return begins_with_one(said, phrase_opening) || begins_with_phrase(said, true, words);
}

static bool is_line_of_page(const struct score_input *input, size_t i)
{
	const struct sentence *sentence = &input->sentences->at[i];
	const struct terms *terms = input->terms;
	uint32_t words = words_of(input, i);
	if (sentence->kind == SENTENCE_HEADING || sentence->kind == SENTENCE_LABEL || words == 0)
		return true;
	if (words > OPENING_WORDS)
		return false;
	struct span whole = score_text(input, i), text = without_bullets(whole);
	bool marked = has_marks(whole);
	if (begins_with_one(text, phrase_opening) || is_labelled_line(input, i, words) ||
	    is_caption(input, i) || ends_with_phrase(whole) ||
	    (marked && (has_address(whole) || is_row(whole))) || is_figure(text))
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
	if (begins_with_phrase(text, line, words))
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
	return (unstopped && is_account(text)) || holds_phrase(text);
}

/* What follows lines of a kind: who wrote or sent the text, and what an interviewer asks. */

/* Does the sentence open its line? */
static bool opens_line(const struct score_input *input, size_t i)
{
	return i == 0 || !same_line(input, i, i - 1);
}

/* The sentence after the last one on the line of sentence `i`. */
static size_t line_end(const struct score_input *input, size_t i)
{
	size_t end = i + 1;
	while (same_line(input, i, end))
		end++;
	return end;
}

/* "About Acme": is the phrase one that names nobody, and does sentence `i` not say who is meant? */
static bool names_another(const struct score_input *input, struct span name, size_t i)
{
	while (name.len > 0 && name.at[name.len - 1] == ' ')
		name.len--;
	if (i >= input->sentences->len || name.len == 0)
		return true;
	struct span text = score_text(input, i);
	size_t len = name.len + NAMED_WITHIN;
	return !span_contains(span_slice(text, 0, len < text.len ? len : text.len), name);
}

/* Does sentence `i` say that what follows is about who wrote or sent the text? */
static bool is_imprint(const struct score_input *input, size_t i)
{
	struct span text = without_bullets(score_text(input, i));
	if (input->terms->words[i] > OPENING_WORDS || text.len < 2)
		return false;
	bool heading = marks_final(text) == 0 || marks_final(text) == ':';
	struct edge head = head_of(text, 2);
	for (unsigned k = phrase_imprint[head.bucket]; k < phrase_imprint[head.bucket + 1]; k++) {
		const struct phrase *phrase = &phrases[k];
		size_t len = phrase->len;
		if (!begins_with(text, head, phrase))
			continue;
		struct glyph behind = glyph_at(text, len);
		bool named = text.at[len - 1] == ' ' || ascii_is_in(text.at[len - 1], "'\x99");
		if (heading && named &&
		    !names_another(input, span_slice(text, len, text.len), i + 1))
			return true;
		if (!named &&
		    (heading ? ends_word(text, len) : behind.c == ':' || behind.c == 0xFF1A))
			return true;
	}
	return false;
}

/* Marks what stands under such headings after the first third of the text, each up to the next
 * heading; of a paragraph that begins so only itself. */
static void find_imprint(const struct score_input *input, bool *line)
{
	const struct sentences *sentences = input->sentences;
	for (size_t i = sentences->len / 3; i < sentences->len; i++) {
		if (!opens_line(input, i) || !is_imprint(input, i))
			continue;
		bool heading =
			sentences->at[i].kind == SENTENCE_HEADING ||
			(marks_final(score_text(input, i)) == ':' && !same_line(input, i, i + 1));
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

/* Marks the author's few words about himself that end an article. */
static void find_author(const struct score_input *input, bool *line)
{
	size_t n = input->sentences->len, lines = 0;
	for (size_t i = n; i-- > n / 2 && lines < AUTHOR_LINES;) {
		if (!opens_line(input, i))
			continue;
		lines += !line[i];
		if (!line[i] && is_author(without_bullets(score_text(input, i))))
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
		words += words_of(input, i);
	return words <= ASKED_WORDS;
}

/* Marks an interviewer's questions, with what he says before them, if several lines are such, and
 * not only few of all. */
static void find_questions(const struct score_input *input, bool *line)
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
	const char *colon = find(head, ':');
	if (colon == NULL || !is_letter(glyph_at(text, 0)) || ascii_is_digit(text.at[0]))
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
	text = without_bullets(text);
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
		functions += !unit && is_function(input, token);
	}
	return words > 0 && functions * LINKED_SHARE <= words;
}

/* Marks the fields of a form: a recipe's times, a film's cast, what an event costs. One or two may
 * also be sentences. */
static void find_fields(const struct score_input *input, bool *line)
{
	size_t n = input->sentences->len, fields = 0;
	if (!(input->language->properties & LANGUAGE_LINKED))
		return;
	for (size_t i = 0; i < n; i++)
		fields += is_field(input, i);
	for (size_t i = 0; i < n && fields >= FORM_FIELDS; i++)
		line[i] |= is_field(input, i);
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
	find_imprint(input, line);
	find_author(input, line);
	find_questions(input, line);
	find_fields(input, line);
	for (size_t i = 0; i < sentences->len; i++)
		prose |= !line[i];
	/* A mail that is merely forwarded is what there is to read. */
	for (size_t i = 0; i < sentences->len && !prose; i++)
		line[i] = is_line_of_page(input, i);
}
