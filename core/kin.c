#include "kin.h"

#include "letters.h"
#include "utf8.h"

#include <utf8proc.h>

enum {
	KIN_LETTERS = 4, /* that two forms of a word, or a word and a compound, must share */
	PARTS = 4,       /* of a character that are looked at */
	REST_BYTES = 3,  /* of a compound, at least */
	VOICED = 8,      /* combining classes of marks that change the letter's meaning: */
	VIRAMA = 9,      /* of kana, of Indic consonants */
};

/* Plain spellings of letters that differ from others by more than a mark. */
static const char *plain_of(uint32_t c)
{
	switch (c) {
	case 0xE6: /* æ */
		return "ae";
	case 0x153: /* œ */
		return "oe";
	case 0xF8: /* ø */
		return "o";
	case 0xF0:  /* ð */
	case 0x111: /* đ */
		return "d";
	case 0x142: /* ł */
		return "l";
	case 0x131: /* ı */
		return "i";
	default:
		return NULL;
	}
}

/* Append the character without its combining marks and in its usual width. Vowels of Indic scripts
 * count as letters. */
static void put_bare(struct form *out, uint32_t c)
{
	const char *plain = plain_of(c);
	utf8proc_int32_t part[PARTS];
	utf8proc_ssize_t count = 1;
	if (plain != NULL) {
		for (; *plain != '\0'; plain++)
			letters_put(out, (unsigned char)*plain);
		return;
	}
	part[0] = (utf8proc_int32_t)c;
	if (c < 0xAC00 || c > 0xD7A3) /* Hangul has no marks */
		count = utf8proc_decompose_char(part[0], part, PARTS,
						UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, NULL);
	for (utf8proc_ssize_t i = 0; i < count && i < PARTS; i++) {
		int combining = utf8proc_get_property(part[i])->combining_class;
		if (combining == 0 || combining == VOICED || combining == VIRAMA)
			letters_put(out, (uint32_t)part[i]);
	}
}

static void make_bare(struct span word, struct form *out)
{
	out->len = 0;
	for (size_t at = 0; at < word.len;) {
		uint32_t c = (unsigned char)word.at[at];
		at += c < 0x80 ? 1 : utf8_decode(word, at, &c);
		if (c < 0x80)
			letters_put(out, c);
		else
			put_bare(out, c);
	}
}

/* "ae", "oe" and "ue" become one letter, as does "aa", the old å; returns whether there are any. */
static bool join_umlauts(const struct form *form, struct form *out)
{
	out->len = 0;
	for (uint32_t i = 0; i < form->len; i++) {
		char c = form->bytes[i], next = i + 1 < form->len ? form->bytes[i + 1] : '\0';
		out->bytes[out->len++] = c;
		i += (next == 'e' && (c == 'a' || c == 'o' || c == 'u')) ||
		     (next == 'a' && c == 'a');
	}
	return out->len < form->len;
}

void kin_init(struct kin *kin, const struct language *language, struct span form, struct span stem)
{
	kin->compounds = (language->properties & LANGUAGE_COMPOUNDS) != 0;
	kin->endings = language->stemmer == NULL && !(language->properties & LANGUAGE_SYLLABLES);
	make_bare(form, &kin->form[0]);
	make_bare(stem, &kin->stem[0]);
	kin->spellings = 1;
	if ((language->properties & LANGUAGE_UMLAUTS) &&
	    join_umlauts(&kin->form[0], &kin->form[1])) {
		join_umlauts(&kin->stem[0], &kin->stem[1]);
		kin->spellings = 2;
	}
}

static bool same(const struct form *a, const struct form *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static size_t letters(const struct form *form, size_t from, size_t to)
{
	return utf8_length((struct span){form->bytes + from, to - from}, OFFSET_CODEPOINT);
}

/* Do they have the same letters except the last of each? */
static bool differ_in_ending(const struct form *word, const struct form *stem)
{
	size_t common = 0, least = word->len < stem->len ? word->len : stem->len;
	while (common < least && word->bytes[common] == stem->bytes[common])
		common++;
	while (common > 0 && ((common < word->len && (word->bytes[common] & 0xC0) == 0x80) ||
			      (common < stem->len && (stem->bytes[common] & 0xC0) == 0x80)))
		common--;
	return common >= KIN_LETTERS && letters(word, 0, common) >= KIN_LETTERS &&
	       letters(word, common, word->len) <= 1 && letters(stem, common, stem->len) <= 1;
}

/* Does the compound begin or end with it? */
static bool is_part(const struct form *part, const struct form *whole)
{
	if (part->len < KIN_LETTERS || whole->len < part->len + REST_BYTES)
		return false;
	return memcmp(whole->bytes, part->bytes, part->len) == 0 ||
	       memcmp(whole->bytes + whole->len - part->len, part->bytes, part->len) == 0;
}

bool kin_is(const struct kin *kin, struct span form, struct span stem)
{
	struct form bare_form, bare_stem;
	make_bare(form, &bare_form);
	make_bare(stem, &bare_stem);
	for (unsigned i = 0; i < kin->spellings; i++)
		if (same(&kin->form[i], &bare_form) || same(&kin->stem[i], &bare_stem) ||
		    (kin->endings && differ_in_ending(&kin->form[i], &bare_stem)) ||
		    (kin->compounds &&
		     (is_part(&kin->stem[i], &bare_stem) || is_part(&kin->form[i], &bare_stem))))
			return true;
	return false;
}
