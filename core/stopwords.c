#include "stopwords.h"

#include "stopwords_table.h"

const struct stopword_language *stopwords_of(const struct language *language)
{
	for (size_t i = 0; i < sizeof stopword_languages / sizeof *stopword_languages; i++)
		if (strcmp(stopword_languages[i].tag, language->tag) == 0)
			return &stopword_languages[i];
	return NULL;
}

uint8_t stopwords_flags(const struct stopword_language *words, struct span word, uint64_t hash)
{
	if (words == NULL)
		return 0;
	const struct stopword_slot *slots = stopword_slots + words->first;
	for (uint32_t at = (uint32_t)hash & words->mask; slots[at].len != 0;
	     at = (at + 1) & words->mask)
		if (slots[at].len == word.len &&
		    memcmp(stopword_pool + slots[at].at, word.at, word.len) == 0)
			return slots[at].flags;
	return 0;
}
