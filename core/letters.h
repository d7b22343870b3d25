#ifndef CORE_LETTERS_H
#define CORE_LETTERS_H

#include "form.h"
#include "utf8.h"

#include <stdbool.h>

/** Which characters make words, and the case folding that makes them comparable. */

/** Scripts that write no spaces between words: Thai, Lao, Tibetan, Myanmar, Khmer, kana, Bopomofo,
 * Han. Numbers of Unicode blocks. */
static inline bool letters_is_unspaced(uint32_t c)
{
	if (c < 0xE00)
		return false;
	return c < 0x10A0 || (c >= 0x1780 && c < 0x1800) || (c >= 0x3005 && c <= 0x3007) ||
	       (c >= 0x3041 && c < 0x3130) || (c >= 0x31F0 && c < 0x3200) ||
	       (c >= 0x3400 && c < 0x4DC0) || (c >= 0x4E00 && c < 0xA000) ||
	       (c >= 0xF900 && c < 0xFB00) || (c >= 0xFF66 && c < 0xFFA0) ||
	       (c >= 0x20000 && c < 0x32000);
}

static inline bool letters_is_hiragana(uint32_t c)
{
	return c >= 0x3041 && c < 0x30A0;
}

/** Stand inside words without being part of them: soft hyphen, zero-width (non-)joiner, word
 * joiner.
 */
static inline bool letters_is_invisible(uint32_t c)
{
	return c == 0xAD || c == 0x200C || c == 0x200D || c == 0x2060;
}

/** Does a Latin, Greek, Cyrillic or Armenian capital stand at `at`, of valid UTF-8? Judged by its
 * bytes: good enough for weighing words. */
static inline bool letters_is_capital(const char *at)
{
	unsigned char c = (unsigned char)at[0];
	if (c < 0xC3 || c > 0xD5)
		return c >= 'A' && c <= 'Z';
	unsigned char d = (unsigned char)at[1];
	return (c == 0xC3 && d < 0x9F) || (c == 0xCE && d >= 0x86 && d <= 0xA9) ||
	       (c == 0xD0 && d < 0xB0) || (c == 0xD4 && d >= 0xB1) || (c == 0xD5 && d < 0x97);
}

/** Is it certainly no combining mark? True for Han and for letters among kana, without a look-up.
 */
static inline bool letters_is_plain_unspaced(uint32_t c)
{
	return (c >= 0x4E00 && c < 0x9FA6) || (c >= 0x3041 && c < 0x3097) ||
	       (c >= 0x30A1 && c < 0x30FB);
}

/** A letter, a digit or a mark on one. */
bool letters_make_word(uint32_t codepoint);

/** Does it combine with the character before? */
bool letters_is_mark(uint32_t codepoint);

/** Is it a vowel or a final consonant of Hangul, which joins the syllable before it? */
static inline bool letters_is_jamo(uint32_t c)
{
	return c >= 0x1161 && c < 0x1200;
}

/** The case folding of the commonest letters that are not ASCII, 0 for any other character: the
 * same as utf8proc's, at a fifth of its cost. */
static inline uint32_t letters_fold_usual(uint32_t c)
{
	if (c >= 0xC0 && c < 0x100) /* Latin-1 */
		return c == 0xD7 || c == 0xF7 || c == 0xDF ? 0 : c < 0xDF ? c + 0x20 : c;
	if (c >= 0x410 && c < 0x460) /* Cyrillic */
		return c < 0x430 ? c + 0x20 : c;
	if ((c >= 0x100 && c < 0x130) || (c >= 0x14A && c < 0x178)) /* Latin: capital, small, … */
		return c | 1;
	if (c >= 0x3B1 && c < 0x3CA) /* Greek, without the final sigma */
		return c == 0x3C2 ? 0 : c;
	if ((c >= 0x5D0 && c < 0x5EB) || (c >= 0x621 && c < 0x64B)) /* Hebrew, Arabic */
		return c;
	return c >= 0xAC00 && c < 0xD7A4 ? c : 0; /* Hangul */
}

/** Add `codepoint` as it is, or nothing if there is no room. The form is not finished yet. */
static inline void letters_put(struct form *form, uint32_t codepoint)
{
	unsigned len = codepoint < 0x80 ? 1 : codepoint < 0x800 ? 2 : codepoint < 0x10000 ? 3 : 4;
	if (form->len + len > FORM_MAX_BYTES)
		return;
	utf8_encode(codepoint, form->bytes + form->len);
	form->len += len;
}

/** Add the full case folding (Unicode, status C and F) of `codepoint`. */
void letters_put_folded(struct form *form, uint32_t codepoint);

/** Canonical composition, for text that writes letters and accents, or the parts of Hangul
 * syllables, separately: the word lists and stemmers expect composed text. */
void letters_compose(struct form *form);

#endif
