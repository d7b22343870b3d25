#include "blocks_measure.h"

#include "ascii.h"
#include "blocks_words.h"
#include "hash.h"
#include "utf8.h"
#include "vector.h"

enum {
	SHORT_WORDS = 60, /* of a block whose words are looked at */
	MAX_STARTS = 160, /* remembered; an East Asian character may count as no word */
};

/* The bytes that count in a word: letters, digits, the hyphen and all beyond ASCII; 0: a mark. */
static const uint8_t counting[256] = {
	['-'] = 0xFF,         ['0' ... '9'] = 0xFF,   ['A' ... 'Z'] = 0xFF,
	['a' ... 'z'] = 0xFF, [0x80 ... 0xFF] = 0xFF,
};

/* What a byte is hashed as: letters in lower case, marks as 0. */
static uint8_t folded(char c)
{
	return (uint8_t)ascii_lower(c) & counting[(uint8_t)c];
}

/* Continue a hash over sixteen letters of a word. */
static uint64_t hash_letters(uint64_t hash, vector letters)
{
	return hash_append(hash_append(hash, vector_half(letters, 0)), vector_half(letters, 1));
}

/* The hash of a word's letters, bytes [start, end) of `text`; 0 when it has none. */
static uint32_t hash_word(struct span text, size_t start, size_t end)
{
	size_t len = end - start;
	if (len <= VECTOR_BYTES && start + VECTOR_BYTES <= text.len) {
		vector lower = vector_load(text.at + start) | 0x20;
		if (vector_letters(lower) >= len && len > 0)
			return (uint32_t)hash_letters(0, vector_first(lower, (unsigned)len)) | 1;
	}
	unsigned char letters[VECTOR_BYTES] = {0};
	uint64_t hash = 0;
	size_t n = 0;
	for (size_t at = start; at < end; at++) {
		uint8_t byte = folded(text.at[at]);
		letters[n % VECTOR_BYTES] = byte;
		n += byte != 0;
		if (byte != 0 && n % VECTOR_BYTES == 0) {
			hash = hash_letters(hash, vector_load(letters));
			memset(letters, 0, sizeof(letters));
		}
	}
	if (n % VECTOR_BYTES != 0)
		hash = hash_letters(hash, vector_load(letters));
	return n == 0 ? 0 : (uint32_t)hash | 1;
}

static uint32_t find_said(const struct said *said, uint32_t hash)
{
	uint32_t at = hash / 2 % SAID_SLOTS;
	while (said->slots[at].where != 0 && said->slots[at].hash != hash)
		at = (at + 1) % SAID_SLOTS;
	return at;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\n';
}

size_t blocks_say(struct said *said, struct span text, size_t limit, enum said_where where)
{
	size_t words = 0;
	for (size_t at = 0; at < text.len && words < limit;) {
		size_t start = at;
		while (at < text.len && !is_blank(text.at[at]))
			at++;
		uint32_t hash = hash_word(text, start, at);
		at++;
		if (hash == 0)
			continue;
		uint32_t slot = find_said(said, hash);
		said->slots[slot].hash = hash;
		said->slots[slot].where |= where;
		words++;
	}
	return words;
}

/* Where the first words of a text begin. */
struct starts {
	uint32_t at[MAX_STARTS];
	uint32_t len;
};

static void count_said(struct block *b, struct span text, const struct starts *starts,
		       const struct said *said)
{
	/* The end of the last of MAX_STARTS words is not known. */
	uint32_t words = starts->len < MAX_STARTS ? starts->len : MAX_STARTS - 1;
	for (uint32_t i = 0; i < words; i++) {
		size_t end = i + 1 < starts->len ? starts->at[i + 1] - 1 : text.len;
		uint32_t hash = hash_word(text, starts->at[i], end);
		uint32_t where = hash == 0 ? 0 : said->slots[find_said(said, hash)].where;
		b->shared += where & SAID_IN_TITLE;
		b->described += (where & SAID_IN_DESCRIPTION) != 0;
	}
}

static bool is_stop(uint32_t c)
{
	return c == '.' || c == '!' || c == '?' || c == 0x3002 || c == 0xFF01 || c == 0xFF1F ||
	       c == 0x0964 || c == 0x06D4 || c == 0x061F;
}

static bool is_upper(uint32_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE) || (c >= 0x0410 && c <= 0x042F);
}

/* Add the bit counts of four 16-bit masks to the four lanes of a sum. */
static uint64_t count_bits(uint64_t sum, unsigned a, unsigned b, unsigned c, unsigned d)
{
	uint64_t x = a | (uint64_t)b << 16 | (uint64_t)c << 32 | (uint64_t)d << 48;
	x -= x >> 1 & 0x5555555555555555;
	x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
	x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0F;
	return sum + ((x + (x >> 8)) & 0x00FF00FF00FF00FF);
}

/* Counts, gathered sixteen bytes at a time. */
struct count {
	struct block *b;
	struct starts starts;
	uint64_t words, marks; /* lanes of count_bits() */
	unsigned added;        /* additions to the lanes since they were emptied */
	bool word_start;
};

enum { MAX_ADDED = 4000 }; /* sixteen each: a lane holds 65535 */

static void empty_lanes(struct count *count)
{
	struct block *b = count->b;
	b->words += count->words & 0xFFFF;
	b->capitals += count->words >> 16 & 0xFFFF;
	b->uppers += count->words >> 32 & 0xFFFF;
	b->digits += count->marks & 0xFFFF;
	b->commas += count->marks >> 16 & 0xFFFF;
	b->stops += count->marks >> 32 & 0xFFFF;
	b->prices += (uint32_t)(count->marks >> 48);
	count->words = count->marks = 0;
	count->added = 0;
}

/* Count the first `n` bytes (at least one, all ASCII), which are at `at` in the text. */
static void count_ascii(struct count *count, vector bytes, unsigned n, size_t at)
{
	unsigned all = (1u << n) - 1;
	unsigned blank = vector_signs((vector)((bytes == ' ') | (bytes == '\n'))) & all;
	unsigned letter = vector_signs((vector)((bytes | 0x20) - 'a' < 26)) & all;
	unsigned upper = letter & vector_signs((vector)(bytes < 'a'));
	unsigned starts = ~blank & (blank << 1 | count->word_start) & all;
	count->words = count_bits(count->words, starts, starts & upper, upper, 0);
	if ((blank | letter) != all) {
		unsigned digit = vector_signs((vector)(bytes - '0' < 10)) & all;
		unsigned comma = vector_signs((vector)((bytes == ',') | (bytes == ';'))) & all;
		unsigned stop =
			vector_signs((vector)((bytes == '.') | (bytes == '!') | (bytes == '?'))) &
			all;
		unsigned price = vector_signs((vector)(bytes == '$')) & all;
		count->marks = count_bits(count->marks, digit, comma, stop, price);
	}
	if (++count->added == MAX_ADDED)
		empty_lanes(count);
	count->b->chars += n;
	count->word_start = blank >> (n - 1) & 1;
	for (; starts != 0 && count->starts.len < MAX_STARTS; starts &= starts - 1)
		count->starts.at[count->starts.len++] =
			(uint32_t)at + (uint32_t)__builtin_ctz(starts);
}

/* Count one non-ASCII character. */
static void count_other(struct count *count, uint32_t c, size_t at)
{
	struct block *b = count->b;
	bool wide = c >= 0x3040 && c <= 0xD7FF;
	b->chars += 1 + wide;
	b->words += count->word_start && !wide;
	b->words += wide && b->chars % 4 < 2;
	b->uppers += is_upper(c);
	b->capitals += count->word_start && is_upper(c);
	b->prices += c == 0x20AC || c == 0xA3;
	b->commas += c == 0x3001 || c == 0xFF0C || c == 0x060C;
	b->stops += is_stop(c);
	if (count->word_start && count->starts.len < MAX_STARTS)
		count->starts.at[count->starts.len++] = (uint32_t)at;
	count->word_start = false;
}

static void count_characters(struct count *count, struct span text)
{
	count->word_start = true;
	for (size_t at = 0; at < text.len;) {
		uint32_t c;
		if ((uint8_t)text.at[at] >= 0x80) {
			size_t len = utf8_decode(text, at, &c);
			count_other(count, c, at);
			at += len;
			continue;
		}
		vector bytes = vector_load(text.at + at);
		size_t left = text.len - at;
		unsigned ends = vector_signs(bytes) | 1u << (left < 16 ? left : 16);
		unsigned n = (unsigned)__builtin_ctz(ends);
		count_ascii(count, bytes, n, at);
		at += n;
	}
	empty_lanes(count);
}

/* The character that ends at `*end`, which is moved to its first byte and must not be 0. */
static uint32_t character_before(struct span text, size_t *end)
{
	uint32_t c;
	*end = utf8_before(text, *end);
	utf8_decode(text, *end, &c);
	return c;
}

/* Does the text up to `end` end with a stop, closing quotes and brackets aside? */
static bool ends_with_stop(struct span text, size_t end)
{
	while (end > 0) {
		uint32_t c = character_before(text, &end);
		if (is_stop(c) || c == 0x2026)
			return true;
		if (c != '"' && c != ')' && c != '\'' && c != 0x201D && c != 0x2019 && c != 0xBB &&
		    c != 0x201C && c != ']' && c != ' ' && c != '\n')
			return false;
	}
	return false;
}

static void read_ends(struct block *b, struct span text)
{
	if (text.len == 0)
		return;
	uint32_t first, last;
	size_t before_last = text.len;
	utf8_decode(text, 0, &first);
	last = character_before(text, &before_last);
	b->starts_with_capital = is_upper(first);
	b->starts_with_dash = first == '-' || first == 0x2013 || first == 0x2014;
	b->ends_with_stop = ends_with_stop(text, text.len);
	b->ends_with_ellipsis =
		last == 0x2026 || (last == '.' && ends_with_stop(text, before_last));
}

/* Eight bytes at a time: it need not resist texts chosen to collide. */
static uint32_t hash_text(struct span text)
{
	uint64_t hash = text.len;
	for (size_t at = 0; at < text.len; at += 8) {
		uint64_t word = 0;
		memcpy(&word, text.at + at, text.len - at < 8 ? text.len - at : 8);
		hash = hash_append(hash, word);
	}
	return (uint32_t)hash;
}

void blocks_measure(struct block *b, struct span text, const struct said *said)
{
	struct count count;
	count.b = b;
	count.starts.len = count.added = 0;
	count.words = count.marks = 0;
	count_characters(&count, text);
	read_ends(b, text);
	b->hash = hash_text(text);
	if (b->words <= SHORT_WORDS) {
		b->phrases = blocks_find_phrases(text, count.starts.at, count.starts.len);
		count_said(b, text, &count.starts, said);
	}
	if (b->link_chars > b->chars)
		b->link_chars = b->chars;
}
