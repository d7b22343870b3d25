#include "blocks_words.h"

#include "page_words_table.h"

enum {
	PHRASE_WORDS = 4,     /* of the longest phrase */
	PHRASE_LOOKS = 20,    /* words of a block in which phrases inside it are looked for */
	MAX_NAME_BYTES = 400, /* of a class attribute: more is a style sheet's, not a word */
};

static uint32_t look_up(const struct page_entry *table, uint32_t slots, uint32_t hash)
{
	for (uint32_t at = hash % slots; table[at].groups != 0; at = (at + 1) % slots) {
		if (table[at].hash == hash)
			return table[at].groups;
	}
	return 0;
}

static bool is_lower(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

/* Groups of one word of a class: whole, or by its beginning. */
static uint32_t word_groups(const uint8_t *word, size_t len)
{
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
	const uint8_t *s = (const uint8_t *)name.at;
	size_t len = name.len < MAX_NAME_BYTES ? name.len : MAX_NAME_BYTES;
	uint32_t groups = 0;
	for (size_t i = 0; i < len;) {
		if (!is_lower(s[i]) && !is_upper(s[i])) {
			i++;
			continue;
		}
		size_t start = i++;
		while (i < len && (is_lower(s[i]) || (is_upper(s[i]) && !is_lower(s[i - 1]))))
			i++;
		groups |= word_groups(s + start, i - start);
	}
	return groups;
}

static const bool marks[256] = {
	[','] = true, ['.'] = true, [':'] = true, ['!'] = true, ['?'] = true,
	['"'] = true, ['('] = true, [')'] = true, ['['] = true, [']'] = true,
	['|'] = true, ['*'] = true, ['#'] = true, ['>'] = true,
};

/* The hash goes on over one space and the next word: phrases of up to PHRASE_WORDS words. */
static uint32_t continue_hash(uint32_t hash, struct span text, size_t *at)
{
	if (hash != FNV_START)
		hash = fnv(hash, ' ');
	while (*at < text.len && text.at[*at] != ' ' && text.at[*at] != '\n') {
		uint8_t byte = (uint8_t)text.at[(*at)++];
		if (!marks[byte])
			hash = fnv(hash, is_upper(byte) ? byte | 0x20 : byte);
	}
	while (*at < text.len && (text.at[*at] == ' ' || text.at[*at] == '\n'))
		(*at)++;
	return hash;
}

uint32_t blocks_find_phrases(struct span text)
{
	uint32_t groups = 0;
	size_t at = 0;
	for (int word = 0; word < PHRASE_LOOKS && at < text.len; word++) {
		uint32_t hash = FNV_START;
		size_t end = at, next = at;
		for (int n = 0; n < PHRASE_WORDS && end < text.len; n++) {
			hash = continue_hash(hash, text, &end);
			if (n == 0)
				next = end;
			uint32_t found = look_up(phrases_inside, PHRASES_INSIDE_SLOTS, hash);
			if (word == 0)
				found |= look_up(phrases_first, PHRASES_FIRST_SLOTS, hash);
			groups |= found & ~PHRASE_GOES_ON;
			if (hash != FNV_START && (found & PHRASE_GOES_ON) == 0)
				break;
		}
		at = next;
	}
	return groups;
}
