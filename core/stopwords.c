#include "stopwords.h"

#include "ascii.h"
#include "stopwords_table.h"
#include "utf8.h"

#include <utf8proc.h>

enum { FIRST_HANGUL = 0x1100 };

const struct stopword_language *stopwords_of(const struct language *language)
{
	for (size_t i = 0; i < COUNT(stopword_languages); i++)
		if (strcmp(stopword_languages[i].tag, language->tag) == 0)
			return &stopword_languages[i];
	return NULL;
}

/* Both are zero-padded to whole steps of eight: mostly one step, and no call. */
static bool same_bytes(const char *a, const char *b, uint32_t len)
{
	for (uint32_t at = 0; at < len; at += 8)
		if (form_load(a + at) != form_load(b + at))
			return false;
	return true;
}

/* Does the word before `at` go on there? Not with a character from Hangul on: Korean adds
 * particles, and Chinese and Japanese have no spaces. */
static bool word_goes_on(struct span text, size_t at)
{
	uint32_t c;
	utf8_decode(text, at, &c);
	if (c < 0x80)
		return ascii_is_letter((char)c);
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
	return c < FIRST_HANGUL && category >= UTF8PROC_CATEGORY_LU &&
	       category <= UTF8PROC_CATEGORY_MN;
}

bool stopwords_open_backward(const struct stopword_language *words, struct span sentence)
{
	if (words == NULL || sentence.len < 2)
		return false;
	unsigned first = (unsigned char)sentence.at[0], second = (unsigned char)sentence.at[1],
		 bucket = (first * 7 + second) % OPENING_BUCKETS;
	const char *end = opening_pool + words->openings[bucket + 1];
	/* Each phrase follows its length. */
	for (const char *phrase = opening_pool + words->openings[bucket]; phrase < end;
	     phrase += phrase[0] + 1) {
		size_t len = (size_t)phrase[0];
		/* The last byte tells most of those apart that begin alike: "In this …". */
		if (phrase[1] == sentence.at[0] && sentence.len > len &&
		    phrase[len] == sentence.at[len - 1] &&
		    memcmp(sentence.at, phrase + 1, len) == 0 && !word_goes_on(sentence, len))
			return true;
	}
	return false;
}

uint8_t stopwords_flags(const struct stopword_language *words, const struct form *word,
			uint64_t hash)
{
	if (words == NULL)
		return 0;
	const struct stopword_slot *slots = stopword_slots + words->first;
	for (uint32_t at = (uint32_t)hash & words->mask; slots[at].len != 0;
	     at = (at + 1) & words->mask)
		if (slots[at].len == word->len &&
		    same_bytes(stopword_pool + slots[at].at, word->bytes, word->len))
			return slots[at].flags;
	return 0;
}
