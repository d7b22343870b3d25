#include "blocks_measure.h"

#include "ascii.h"
#include "blocks_words.h"
#include "utf8.h"
#include "vector.h"

enum { SHORT_WORDS = 60 }; /* of a block whose words are looked at */

/* What a byte counts as in a word: letters without their case, digits, the hyphen and bytes beyond
 * ASCII as they are; all other marks are 0. */
static const uint8_t folded[256] = {
	0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
	0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
	0,   0,   0,   0,   0,   0,   0,   0,   0,   45,  0,   0,   48,  49,  50,  51,  52,  53,
	54,  55,  56,  57,  0,   0,   0,   0,   0,   0,   0,   97,  98,  99,  100, 101, 102, 103,
	104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121,
	122, 0,   0,   0,   0,   0,   0,   97,  98,  99,  100, 101, 102, 103, 104, 105, 106, 107,
	108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 0,   0,   0,
	0,   0,   128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143,
	144, 145, 146, 147, 148, 149, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 161,
	162, 163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 174, 175, 176, 177, 178, 179,
	180, 181, 182, 183, 184, 185, 186, 187, 188, 189, 190, 191, 192, 193, 194, 195, 196, 197,
	198, 199, 200, 201, 202, 203, 204, 205, 206, 207, 208, 209, 210, 211, 212, 213, 214, 215,
	216, 217, 218, 219, 220, 221, 222, 223, 224, 225, 226, 227, 228, 229, 230, 231, 232, 233,
	234, 235, 236, 237, 238, 239, 240, 241, 242, 243, 244, 245, 246, 247, 248, 249, 250, 251,
	252, 253, 254, 255,
};

static uint32_t hash_word(struct span text, size_t *at, size_t *letters)
{
	uint32_t hash = FNV_START;
	*letters = 0;
	while (*at < text.len && text.at[*at] != ' ' && text.at[*at] != '\n') {
		uint8_t byte = folded[(uint8_t)text.at[(*at)++]];
		if (byte == 0)
			continue;
		hash = fnv(hash, byte);
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

/* Letters from `at` on: most of all text. Returns where they end. */
static size_t count_letters(struct block *b, struct span text, size_t at)
{
	size_t start = at;
	if (at + VECTOR_BYTES <= text.len) {
		vector bytes = vector_load(text.at + at);
		unsigned letters = vector_letters(bytes | 0x20);
		unsigned uppers = vector_signs((vector)(bytes < 'a')) & ((1u << letters) - 1);
		at += letters;
		for (; uppers != 0; uppers &= uppers - 1)
			b->uppers++;
	}
	for (; at < text.len && ascii_is_letter(text.at[at]); at++)
		b->uppers += text.at[at] < 'a';
	b->chars += (uint32_t)(at - start);
	if (at > start)
		b->ends_with_stop = b->ends_with_ellipsis = false;
	return at;
}

static void count_characters(struct block *b, struct span text)
{
	bool word_start = true;
	for (size_t at = 0; at < text.len;) {
		uint32_t c = (uint8_t)text.at[at];
		if (c == ' ' || c == '\n') {
			word_start = true;
			b->chars++;
			at++;
			continue;
		}
		if (ascii_is_letter((char)c)) {
			b->words += word_start;
			b->capitals += word_start && c < 'a';
			at = count_letters(b, text, at);
		} else {
			at += c < 0x80 ? 1 : utf8_decode(text, at, &c);
			count_character(b, c, word_start);
		}
		if (b->words <= 1 && word_start)
			b->starts_with_capital = b->capitals > 0;
		word_start = false;
	}
}

/* Eight bytes at a time: it only has to tell texts apart that nobody chose. */
static uint32_t hash_text(struct span text)
{
	const uint64_t factor = 0x9E3779B97F4A7C15; /* 2^64 over the golden ratio */
	uint64_t hash = text.len;
	for (size_t at = 0; at < text.len; at += 8) {
		uint64_t word = 0;
		memcpy(&word, text.at + at, text.len - at < 8 ? text.len - at : 8);
		hash = (hash ^ word) * factor;
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

void blocks_measure(struct block *b, struct span text, const struct said *said)
{
	count_characters(b, text);
	b->hash = hash_text(text);
	if (b->words <= SHORT_WORDS) {
		b->phrases = blocks_find_phrases(text);
		count_said(b, text, said);
	}
	if (b->link_chars > b->chars)
		b->link_chars = b->chars;
}
