#include "blocks_measure.h"

#include "blocks_words.h"
#include "utf8.h"

enum { SHORT_WORDS = 60 }; /* of a block whose words are looked at */

static bool is_lower(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

static uint32_t hash_word(struct span text, size_t *at, size_t *letters)
{
	uint32_t hash = FNV_START;
	*letters = 0;
	while (*at < text.len && text.at[*at] != ' ' && text.at[*at] != '\n') {
		uint8_t byte = (uint8_t)text.at[(*at)++];
		bool mark = byte < 0x80 && !is_lower(byte) && !is_upper(byte) &&
			    (byte < '0' || byte > '9');
		if (mark && byte != '-')
			continue;
		hash = fnv(hash, is_upper(byte) ? byte | 0x20 : byte);
		(*letters)++;
	}
	while (*at < text.len && (text.at[*at] == ' ' || text.at[*at] == '\n'))
		(*at)++;
	return hash;
}

static uint32_t find_said(const struct said *said, uint32_t hash)
{
	uint32_t at = hash % SAID_SLOTS;
	while (said->slots[at].where != 0 && said->slots[at].hash != hash)
		at = (at + 1) % SAID_SLOTS;
	return at;
}

static void count_said(struct block *b, struct span text, const struct said *said)
{
	for (size_t at = 0; at < text.len;) {
		size_t letters;
		uint32_t hash = hash_word(text, &at, &letters);
		uint32_t where = letters == 0 ? 0 : said->slots[find_said(said, hash)].where;
		b->shared += where & SAID_IN_TITLE;
		b->described += (where & SAID_IN_DESCRIPTION) != 0;
	}
}

size_t blocks_say(struct said *said, struct span text, size_t limit, enum said_where where)
{
	size_t words = 0;
	for (size_t i = 0; i < text.len && words < limit;) {
		size_t letters;
		uint32_t hash = hash_word(text, &i, &letters);
		if (letters == 0)
			continue;
		uint32_t at = find_said(said, hash);
		said->slots[at].hash = hash;
		said->slots[at].where |= where;
		words++;
	}
	return words;
}

static bool is_wide_stop(uint32_t c)
{
	return c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0x0964 || c == 0x06D4 ||
	       c == 0x061F;
}

static void count_character(struct block *b, uint32_t c, bool word_start)
{
	bool wide = c >= 0x3040 && c <= 0xD7FF;
	b->chars += 1 + wide;
	b->words += word_start && !wide;
	b->words += wide && b->chars % 4 < 2;
	b->digits += c >= '0' && c <= '9';
	bool upper =
		(c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE) || (c >= 0x0410 && c <= 0x042F);
	b->uppers += upper;
	b->capitals += word_start && upper;
	b->hash = (b->hash ^ c) * FNV_PRIME;
	bool dash = c == '-' || c == 0x2013 || c == 0x2014;
	b->starts_with_dash |= b->chars <= 1 && dash;
	b->prices += c == '$' || c == 0x20AC || c == 0xA3;
	b->ends_with_ellipsis = c == 0x2026 || (c == '.' && b->ends_with_stop);
	b->commas += c == ',' || c == 0x3001 || c == 0xFF0C || c == 0x060C || c == ';';
	bool stop = c == '.' || c == '!' || c == '?' || is_wide_stop(c);
	b->stops += stop;
	if (stop || c == 0x2026)
		b->ends_with_stop = true;
	else if (c != '"' && c != ')' && c != '\'' && c != 0x201D && c != 0x2019 && c != 0xBB &&
		 c != 0x201C && c != ']')
		b->ends_with_stop = false;
}

static void count_characters(struct block *b, struct span text)
{
	bool word_start = true;
	for (size_t at = 0; at < text.len;) {
		uint32_t c = (uint8_t)text.at[at];
		if (c < 0x80)
			at++;
		else
			at += utf8_decode(text, at, &c);
		if (c == ' ' || c == '\n') {
			word_start = true;
			b->chars++;
			continue;
		}
		if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z' && !word_start) {
			bool upper = c < 'a';
			b->chars++;
			b->uppers += upper;
			b->hash = (b->hash ^ c) * FNV_PRIME;
			b->ends_with_stop = b->ends_with_ellipsis = false;
			continue; /* the short way for most characters */
		}
		count_character(b, c, word_start);
		if (b->words <= 1 && word_start)
			b->starts_with_capital = b->capitals > 0;
		word_start = false;
	}
}

void blocks_measure(struct block *b, struct span text, const struct said *said)
{
	count_characters(b, text);
	if (b->words <= SHORT_WORDS) {
		b->phrases = blocks_find_phrases(text);
		count_said(b, text, said);
	}
	if (b->link_chars > b->chars)
		b->link_chars = b->chars;
}
