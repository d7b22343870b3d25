#include "segment_rules.h"

#include "ascii.h"
#include "hash.h"
#include "letters.h"
#include "vector.h"

/* Clear all but `fold`, which nobody reads beyond `len`. */
static void init_word(struct word *word, size_t at)
{
	word->at = word->end = at;
	word->len = word->chars = 0;
	word->dotted = word->letters = word->digits = word->all_upper = false;
	word->first = GLYPH_END;
	word->classes = 0;
}

/* May it be inside a word that a full stop may end: e.g, 3,5, don't, S/N, n.º, № and §? */
static bool is_word_char(struct glyph glyph)
{
	if (glyph_is_alnum(glyph.kind))
		return true;
	if (glyph.c < 0x80)
		return glyph.c != 0 && strchr(".'-/,:", (int)glyph.c) != NULL;
	return glyph.c == 0x2019 || glyph.c == 0xBA || glyph.c == 0x2116 || glyph.c == 0xA7;
}

/* Fold a word of lower-case ASCII letters, perhaps after a capital, that fits in a vector, as most
 * do. */
static bool fold_plain_word(const struct segmenter *g, struct word *word)
{
	const char *s = g->text.at + word->at;
	size_t len = word->end - word->at;
	if (len == 0 || len > VECTOR_BYTES || word->at + VECTOR_BYTES > g->text.len)
		return false;
	vector bytes = vector_load(s), lower = bytes | 0x20;
	vector capital = vector_first((vector)(bytes != lower), (unsigned)len);
	capital[0] = 0;
	if (vector_letters(lower) < len || vector_zeros(capital) < VECTOR_BYTES)
		return false;
	memcpy(word->fold, &lower, VECTOR_BYTES);
	word->len = word->chars = len;
	word->letters = true;
	word->first = ascii_is_lower(s[0]) ? GLYPH_LOWER : GLYPH_UPPER;
	word->all_upper = len == 1 && word->first == GLYPH_UPPER;
	return true;
}

/* Compose letters and separate accents: the lists have them composed, and count them so. */
static void compose_word(struct word *word)
{
	struct form form = {.len = (uint32_t)word->len};
	memcpy(form.bytes, word->fold, word->len);
	letters_compose(&form);
	word->chars -= utf8_length((struct span){word->fold, word->len}, OFFSET_CODEPOINT);
	word->chars += utf8_length((struct span){form.bytes, form.len}, OFFSET_CODEPOINT);
	word->len = form.len;
	memcpy(word->fold, form.bytes, form.len);
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
	if ((kinds & 1u << GLYPH_EXTEND) && (kinds & (1u << GLYPH_UPPER | 1u << GLYPH_LOWER)))
		compose_word(word);
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

struct word word_before(const struct segmenter *g, size_t end)
{
	struct word word;
	init_word(&word, end);
	while (word.at > g->start && end - word.at < LANGUAGE_WORD_BYTES &&
	       ascii_is_lower(g->text.at[word.at - 1]))
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

size_t word_end(const struct segmenter *g, size_t at)
{
	size_t end = at;
	if (end + VECTOR_BYTES <= g->text.len)
		end += vector_letters(vector_load(g->text.at + end) | 0x20);
	while (end - at < LANGUAGE_WORD_BYTES) {
		struct glyph glyph = glyph_at(g->text, end);
		if (!glyph_is_alnum(glyph.kind) && glyph.c != '\'' && glyph.c != 0x2019)
			break;
		end += glyph.len;
	}
	return end;
}

struct word word_between(const struct segmenter *g, size_t at, size_t end)
{
	struct word word;
	init_word(&word, at);
	word.end = end;
	fold_word(g, &word);
	return word;
}

struct word word_after(const struct segmenter *g, size_t at)
{
	return word_between(g, at, word_end(g, at));
}

static uint32_t hash_word(const struct word *word)
{
	uint32_t hash = FNV_START;
	for (size_t i = 0; i < word->len; i++)
		hash = fnv(hash, (uint8_t)word->fold[i]);
	return hash | 1;
}

/* Learn the word before the stop at `at` as an abbreviation if what follows shows that it is
 * one. */
static void learn_from(struct segmenter *g, size_t at)
{
	const char *text = g->text.at;
	if (at + 2 >= g->text.len || at == 0 || text[at] != '.' || text[at + 1] != ' ' ||
	    glyph_at(g->text, at + 2).kind != GLYPH_LOWER ||
	    !glyph_is_cased(glyph_before(g->text, at).kind))
		return;
	struct word word = word_before(g, at);
	if (word.chars <= 5 && !word.digits && !(word.classes & WORD_FUNCTION)) {
		uint32_t hash = hash_word(&word);
		unsigned slot = hash >> 8 & 255;
		g->often[slot] = g->learned[slot] == hash;
		g->learned[slot] = hash;
	}
}

/* Punkt's idea (Kiss and Strunk 2006): a short word whose full stop precedes a lower-case letter
 * somewhere in this text is an abbreviation in all of it. Few stops do; three bytes show it for
 * sixteen places at once, because a look at each stop took a twelfth of segmenting. */
void word_learn(struct segmenter *g)
{
	const char *text = g->text.at, *stop = memchr(text, '.', g->text.len);
	size_t at = stop == NULL ? g->text.len : (size_t)(stop - text); /* many scripts have none */
	for (; at + VECTOR_BYTES + 2 <= g->text.len; at += VECTOR_BYTES) {
		vector first = vector_load(text + at + 2);
		vector hit = (vector)((vector_load(text + at) == '.') &
				      (vector_load(text + at + 1) == ' ') &
				      ((first - 'a' < 26) | (first >= 0x80)));
		for (unsigned hits = vector_signs(hit); hits != 0; hits &= hits - 1)
			learn_from(g, at + (unsigned)__builtin_ctz(hits));
	}
	for (; at < g->text.len; at++)
		learn_from(g, at);
}

bool word_is_learned(const struct segmenter *g, const struct word *word)
{
	uint32_t hash = hash_word(word);
	return g->learned[hash >> 8 & 255] == hash;
}

bool word_is_learned_well(const struct segmenter *g, const struct word *word)
{
	return word_is_learned(g, word) && g->often[hash_word(word) >> 8 & 255];
}

bool word_is_roman(const struct word *word)
{
	size_t roman = 0;
	while (roman < word->len && ascii_is_in(word->fold[roman], "ivxlc"))
		roman++;
	return word->all_upper && roman > 0 && roman == word->len;
}

bool word_may_start(const struct segmenter *g, size_t at)
{
	if (at + VECTOR_BYTES > g->text.len)
		return true;
	vector lower = vector_load(g->text.at + at) | 0x20;
	unsigned letters = vector_letters(lower);
	/* CC and CD begin accents that follow their letter. */
	bool accented = letters < VECTOR_BYTES && (g->text.at[at + letters] & 0xFE) == 0xCC;
	return letters < 2 || accented ||
	       language_may_start(g->language, lower[0], lower[1], letters);
}
