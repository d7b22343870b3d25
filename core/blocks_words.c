#include "blocks_words.h"

#include "ascii.h"
#include "hash.h"
#include "page_words_table.h"

enum {
	PHRASE_WORDS = 4,     /* of the longest phrase */
	PHRASE_LOOKS = 20,    /* first words of a block, in which phrases are looked for */
	MAX_NAME_BYTES = 400, /* of a class attribute: longer ones are for style sheets */
};

static uint32_t look_up(const struct page_entry *table, uint32_t slots, uint32_t hash)
{
	for (uint32_t at = hash % slots; table[at].groups != 0; at = (at + 1) % slots) {
		if (table[at].hash == hash)
			return table[at].groups;
	}
	return 0;
}

static bool has_bit(const uint32_t *set, unsigned at)
{
	return set[at / 32] >> at % 32 & 1;
}

/* Three letters as a number. */
static unsigned letters_at(const uint8_t *word)
{
	unsigned a = (word[0] | 0x20u) - 'a', b = (word[1] | 0x20u) - 'a',
		 c = (word[2] | 0x20u) - 'a';
	return (a * 26 + b) * 26 + c;
}

/* Groups of one word of a class, by the whole word or its beginning. */
static uint32_t word_groups(const uint8_t *word, size_t len)
{
	if (len > 2 && !has_bit(words_letters, letters_at(word)))
		return 0;
	uint32_t hash = FNV_START, groups = 0;
	for (size_t i = 0; i < len; i++) {
		hash = fnv(hash, word[i] | 0x20);
		if (i + 1 >= WORDS_BEGIN_SHORTEST && i < WORDS_BEGIN_LONGEST)
			groups |= look_up(words_begin, WORDS_BEGIN_SLOTS, hash);
	}
	return groups | look_up(words_whole, WORDS_WHOLE_SLOTS, hash);
}

uint32_t blocks_name_groups(struct span name)
{
	const char *s = name.at;
	size_t len = name.len < MAX_NAME_BYTES ? name.len : MAX_NAME_BYTES;
	uint32_t groups = 0;
	for (size_t i = 0; i < len;) {
		if (!ascii_is_letter(s[i])) {
			i++;
			continue;
		}
		size_t start = i++;
		while (i < len && (ascii_is_lower(s[i]) ||
				   (ascii_is_upper(s[i]) && !ascii_is_lower(s[i - 1]))))
			i++;
		groups |= word_groups((const uint8_t *)s + start, i - start);
	}
	return groups;
}

static const bool marks[256] = {
	[','] = true, ['.'] = true, [':'] = true, ['!'] = true, ['?'] = true,
	['"'] = true, ['('] = true, [')'] = true, ['['] = true, [']'] = true,
	['|'] = true, ['*'] = true, ['#'] = true, ['>'] = true,
};

/* Continue the hash over one space and the next word: phrases have up to PHRASE_WORDS words. */
static uint32_t continue_hash(uint32_t hash, struct span text, size_t *at)
{
	if (hash != FNV_START)
		hash = fnv(hash, ' ');
	while (*at < text.len && text.at[*at] != ' ' && text.at[*at] != '\n') {
		uint8_t byte = (uint8_t)text.at[(*at)++];
		if (!marks[byte])
			hash = fnv(hash, (uint8_t)ascii_lower((char)byte));
	}
	while (*at < text.len && (text.at[*at] == ' ' || text.at[*at] == '\n'))
		(*at)++;
	return hash;
}

/* A byte in lower case; a line feed and the end are spaces. */
static unsigned plain_byte(struct span text, size_t at)
{
	char byte = at < text.len ? text.at[at] : ' ';
	return (uint8_t)(byte == '\n' ? ' ' : ascii_lower(byte));
}

/* May a phrase begin with the word at `at`, by its first three bytes? */
static bool may_begin(struct span text, size_t at, bool first)
{
	while (at < text.len && marks[(uint8_t)text.at[at]])
		at++;
	unsigned a = plain_byte(text, at), b = plain_byte(text, at + 1),
		 c = plain_byte(text, at + 2);
	if (a == ' ' || marks[b] || marks[c])
		return true;
	unsigned key = (a * 64 ^ b * 8 ^ c) % 4096;
	return has_bit(phrases_inside_bytes, key) || (first && has_bit(phrases_first_bytes, key));
}

uint32_t blocks_find_phrases(struct span text, const uint32_t *starts, size_t words)
{
	uint32_t groups = 0;
	for (size_t word = 0; word < PHRASE_LOOKS && word < words; word++) {
		size_t end = starts[word];
		if (!may_begin(text, end, word == 0))
			continue;
		uint32_t hash = FNV_START;
		for (int n = 0; n < PHRASE_WORDS && end < text.len; n++) {
			hash = continue_hash(hash, text, &end);
			uint32_t found = look_up(phrases_inside, PHRASES_INSIDE_SLOTS, hash);
			if (word == 0)
				found |= look_up(phrases_first, PHRASES_FIRST_SLOTS, hash);
			groups |= found & ~PHRASE_GOES_ON;
			if (hash != FNV_START && (found & PHRASE_GOES_ON) == 0)
				break;
		}
	}
	return groups;
}
