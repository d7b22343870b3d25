#include "language.h"

#include "ascii.h"
#include "form.h"
#include "utf8.h"
#include "vector.h"

#include <stdint.h>
#include <utf8proc.h>

/* Scripts in the order in which detection counts them, which starts from LATIN. */
enum script {
	SCRIPT_LATIN,
	SCRIPT_CYRILLIC,
	SCRIPT_GREEK,
	SCRIPT_ARMENIAN,
	SCRIPT_HEBREW,
	SCRIPT_ARABIC,
	SCRIPT_DEVANAGARI,
	SCRIPT_BENGALI,
	SCRIPT_TAMIL,
	SCRIPT_TELUGU,
	SCRIPT_THAI,
	SCRIPT_MYANMAR,
	SCRIPT_ETHIOPIC,
	SCRIPT_GEORGIAN,
	SCRIPT_HANGUL,
	SCRIPT_KANA,
	SCRIPT_HAN,
	SCRIPT_COUNT,
	SCRIPT_NONE = SCRIPT_COUNT
};

/* word_slots[] holds numbers of entries, from 1; 0 is a free slot. Most words that are looked up
 * are not in it: word_filter[] has a bit for the hash of each that is, and fits in the processor's
 * first cache, unlike the slots. That saved an eighth of the time of detection. */
struct word_entry {
	uint32_t at; /* in word_pool */
	uint8_t len;
	uint16_t first;
	uint8_t count; /* senses [first, first + count) */
};

struct word_sense {
	uint8_t language;
	uint8_t points; /* what it adds to the language's score in detection */
	uint16_t classes;
};

struct letter_hint {
	uint32_t letter;
	uint64_t languages; /* bit i: language i uses it */
};

#include "language_tables.h"

enum { LANGUAGES = COUNT(languages) };

size_t language_count(void)
{
	return LANGUAGES;
}

const struct language *language_at(size_t index)
{
	return &languages[index];
}

bool language_is_latin(const struct language *language)
{
	return language_scripts[language->index] == SCRIPT_LATIN;
}

/* RFC 5646: a primary subtag of 2 to 8 letters, or "x" or "i" before another, then subtags of 1 to
 * 8 letters and digits. */
static bool is_well_formed(struct span tag, size_t *primary)
{
	size_t run = 0;
	*primary = 0;
	for (size_t i = 0; i <= tag.len; i++) {
		if (i < tag.len && tag.at[i] != '-' && tag.at[i] != '_') {
			bool letter = ascii_is_letter(tag.at[i]);
			if (!letter && (*primary == 0 || !ascii_is_digit(tag.at[i])))
				return false;
			run++;
			continue;
		}
		bool alone = *primary == 0 && run == 1;
		if (run == 0 || run > 8 ||
		    (alone && (i == tag.len || strchr("xXiI", tag.at[0]) == NULL)))
			return false;
		if (*primary == 0)
			*primary = run;
		run = 0;
	}
	return true;
}

const struct language *language_from_tag(struct span tag)
{
	size_t len;
	char primary[4] = "";
	if (!is_well_formed(tag, &len))
		return NULL;
	if (len > 3)
		return &languages[LANGUAGE_UND];
	for (size_t i = 0; i < len; i++)
		primary[i] = (char)(tag.at[i] | 0x20);
	for (size_t i = 0; i < LANGUAGES; i++)
		if (strcmp(languages[i].tag, primary) == 0)
			return &languages[i];
	for (size_t i = 0; i < COUNT(language_aliases); i++)
		if (strcmp(language_aliases[i].tag, primary) == 0)
			return &languages[language_aliases[i].language];
	return &languages[LANGUAGE_UND];
}

static uint32_t filter_bit(uint32_t key, unsigned log2)
{
	return key * 2654435761u >> (32 - log2);
}

static const struct word_entry *find_word(const struct form *word, uint64_t hash)
{
	size_t mask = COUNT(word_slots) - 1, bit = hash & (64 * COUNT(word_filter) - 1);
	if ((word_filter[bit / 64] >> bit % 64 & 1) == 0)
		return NULL;
	for (size_t at = hash & mask; word_slots[at] != 0; at = (at + 1) & mask) {
		const struct word_entry *entry = &word_entries[word_slots[at] - 1];
		if (entry->len == word->len &&
		    memcmp(word_pool + entry->at, word->bytes, word->len) == 0)
			return entry;
	}
	return NULL;
}

unsigned language_word(const struct language *language, struct span word)
{
	struct form form;
	if (word.len == 0 || word.len > LANGUAGE_WORD_BYTES)
		return 0;
	form.len = (uint32_t)word.len;
	memcpy(form.bytes, word.at, word.len);
	form_finish(&form);
	const struct word_entry *entry = find_word(&form, form_hash(form.bytes, form.len));
	if (entry == NULL)
		return 0;
	for (size_t i = 0; i < entry->count; i++)
		if (word_senses[entry->first + i].language == language->index)
			return word_senses[entry->first + i].classes;
	return 0;
}

bool language_may_start(const struct language *language, unsigned char first, unsigned char second,
			unsigned letters)
{
	uint32_t key = first | (uint32_t)second << 8 | letters << 16;
	uint32_t bit = filter_bit(key, STARTER_FILTER_LOG2);
	return starter_filter[language->index][bit / 64] >> bit % 64 & 1;
}

struct range {
	uint32_t first, last;
	enum script script;
};

static const struct range ranges[] = {
	{0x370, 0x3FF, SCRIPT_GREEK},      {0x400, 0x52F, SCRIPT_CYRILLIC},
	{0x531, 0x58A, SCRIPT_ARMENIAN},   {0x5D0, 0x5F4, SCRIPT_HEBREW},
	{0x620, 0x6D3, SCRIPT_ARABIC},     {0x750, 0x77F, SCRIPT_ARABIC},
	{0x900, 0x97F, SCRIPT_DEVANAGARI}, {0x980, 0x9FF, SCRIPT_BENGALI},
	{0xB80, 0xBFF, SCRIPT_TAMIL},      {0xC00, 0xC7F, SCRIPT_TELUGU},
	{0xE01, 0xE4E, SCRIPT_THAI},       {0x1000, 0x109F, SCRIPT_MYANMAR},
	{0x10A0, 0x10FF, SCRIPT_GEORGIAN}, {0x1100, 0x11FF, SCRIPT_HANGUL},
	{0x1200, 0x139F, SCRIPT_ETHIOPIC}, {0x1E00, 0x1EFF, SCRIPT_LATIN},
	{0x1F00, 0x1FFF, SCRIPT_GREEK},    {0x3040, 0x30FF, SCRIPT_KANA},
	{0x3400, 0x4DBF, SCRIPT_HAN},      {0x4E00, 0x9FFF, SCRIPT_HAN},
	{0xAC00, 0xD7A3, SCRIPT_HANGUL},   {0xF900, 0xFAFF, SCRIPT_HAN},
	{0xFB50, 0xFDFF, SCRIPT_ARABIC},   {0xFE70, 0xFEFC, SCRIPT_ARABIC},
	{0x20000, 0x3FFFF, SCRIPT_HAN},
};

/* The script of `c`, not ASCII. Neighbouring letters are mostly of one range: `near` remembers
 * it. */
static enum script script_of(uint32_t c, const struct range **near)
{
	if (c - (*near)->first <= (*near)->last - (*near)->first)
		return (*near)->script;
	if (c < 0x250)
		return c >= 0xC0 || c == 0xAA || c == 0xBA ? SCRIPT_LATIN : SCRIPT_NONE;
	for (size_t i = 0; i < COUNT(ranges) && c >= ranges[i].first; i++) {
		if (c > ranges[i].last)
			continue;
		*near = &ranges[i];
		return ranges[i].script;
	}
	return SCRIPT_NONE;
}

/* The beginning of most prose is certain and the middle agrees, which rules out a preface in
 * another language. Otherwise detection reads SAMPLE_BYTES and checks every STEP_BYTES whether it
 * is certain already. */
enum {
	BEGINNING_BYTES = 400,
	MIDDLE_BYTES = 150,
	SAMPLE_BYTES = 3000,
	STEP_BYTES = 1000,
	LETTER_WEIGHT = 20,
	CERTAIN_SCORE = 10 * WORD_POINTS,
	FEW_HAN = 30,
	DOUBTED_TIMES = 3, /* as many words of another language as of the declared one */
};

struct evidence {
	unsigned letters[SCRIPT_COUNT + 1];
	unsigned score[LANGUAGES];
};

static void count_senses(struct evidence *evidence, const struct word_entry *entry)
{
	const struct word_sense *sense = &word_senses[entry->first];
	for (size_t i = 0; i < entry->count; i++)
		evidence->score[sense[i].language] += sense[i].points;
}

/* A word that is not listed may still have a listed ending, such as "-ssa", of 3 or 4 characters.
 * Few words do: their last three bytes rule out the rest. */
static bool may_end(const struct form *word)
{
	const unsigned char *end = (const unsigned char *)word->bytes + word->len;
	uint32_t bit = filter_bit(end[-3] | (uint32_t)end[-2] << 8 | (uint32_t)end[-1] << 16,
				  ENDING_FILTER_LOG2);
	return ending_filter[bit / 64] >> bit % 64 & 1;
}

static void count_ending(struct evidence *evidence, const struct form *word)
{
	size_t at = word->len;
	for (unsigned chars = 1; chars <= 4 && at > 0; chars++) {
		at = utf8_before((struct span){word->bytes, word->len}, at);
		if (chars < 3 || at == 0)
			continue;
		struct form ending = {.bytes = "-", .len = word->len - (uint32_t)at + 1};
		memcpy(ending.bytes + 1, word->bytes + at, word->len - at);
		const struct word_entry *entry =
			find_word(&ending, form_hash(ending.bytes, ending.len));
		if (entry != NULL)
			count_senses(evidence, entry);
	}
}

static void count_hashed(struct evidence *evidence, const struct form *word, uint64_t hash)
{
	const struct word_entry *entry = find_word(word, hash);
	if (entry != NULL)
		count_senses(evidence, entry);
	else if (word->len > 4 && may_end(word))
		count_ending(evidence, word);
}

/* Add to the word being gathered, in lower case. One that is too long is not listed, so the rest is
 * dropped. */
static void gathered_add(struct form *word, char byte)
{
	if (word->len <= LANGUAGE_WORD_BYTES)
		word->bytes[word->len++] = byte;
}

static void count_word(struct evidence *evidence, struct form *word)
{
	if (word->len > 0 && word->len <= LANGUAGE_WORD_BYTES) {
		form_finish(word);
		count_hashed(evidence, word, form_hash(word->bytes, word->len));
	}
	word->len = 0;
}

static void count_letter(struct evidence *evidence, uint32_t letter)
{
	size_t low = 0, high = COUNT(letter_hints);
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (letter_hints[middle].letter < letter)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == COUNT(letter_hints) || letter_hints[low].letter != letter)
		return;
	uint64_t mask = letter_hints[low].languages;
	unsigned weight = LETTER_WEIGHT * 2 / (1 + (unsigned)__builtin_popcountll(mask));
	for (; mask != 0; mask &= mask - 1)
		evidence->score[__builtin_ctzll(mask)] += weight;
}

/* Count a non-ASCII character; false if it ends the word before it. */
static bool gather_wide(struct evidence *evidence, struct form *word, uint32_t c,
			const struct range **near)
{
	char bytes[4];
	enum script script = script_of(c, near);
	if (script == SCRIPT_NONE) {
		if (word->len == 0)
			return false;
		if (c == 0x2019) {
			gathered_add(word, '\'');
			return true;
		}
		if (utf8proc_category((int32_t)c) != UTF8PROC_CATEGORY_MN)
			return false;
	}
	evidence->letters[script]++;
	if (script < SCRIPT_HANGUL) { /* the others have no case and no letters of few languages */
		c = (uint32_t)utf8proc_tolower((int32_t)c);
		count_letter(evidence, c);
	}
	unsigned len = utf8_encode(c, bytes);
	for (unsigned i = 0; i < len; i++)
		gathered_add(word, bytes[i]);
	return true;
}

/* Count a word of fewer than sixteen ASCII letters, as most are, if it ends there. Returns its
 * length; 0 for any other word. */
static unsigned count_plain(struct evidence *evidence, struct span text, size_t at)
{
	if (at + VECTOR_BYTES > text.len)
		return 0;
	vector bytes = vector_load(text.at + at) | 0x20;
	unsigned len = vector_letters(bytes);
	if (len == VECTOR_BYTES || (unsigned char)text.at[at + len] >= 0x80 ||
	    text.at[at + len] == '\'')
		return 0;
	struct form form;
	form.len = len;
	bytes = vector_first(bytes, len);
	memcpy(form.bytes, &bytes, VECTOR_BYTES);
	count_hashed(evidence, &form, form_hash(form.bytes, len));
	evidence->letters[SCRIPT_LATIN] += len;
	return len;
}

/* Add the ASCII letters from `at` on; returns where they end. */
static size_t gather_letters(struct evidence *evidence, struct form *word, const char *text,
			     size_t at, size_t end)
{
	size_t start = at;
	for (; at < end && ascii_is_letter(text[at]); at++)
		gathered_add(word, ascii_lower(text[at]));
	evidence->letters[SCRIPT_LATIN] += (unsigned)(at - start);
	return at;
}

/* The script of most letters. */
static enum script script_found(const struct evidence *evidence)
{
	unsigned letters[SCRIPT_COUNT];
	enum script script = SCRIPT_LATIN;
	memcpy(letters, evidence->letters, sizeof letters);
	/* Japanese uses Han characters as well, but never without kana. */
	if (letters[SCRIPT_KANA] * 12 > letters[SCRIPT_HAN]) {
		letters[SCRIPT_KANA] += letters[SCRIPT_HAN];
		letters[SCRIPT_HAN] = 0;
	}
	/* One Han character or Hangul syllable says as much as two or three letters. */
	letters[SCRIPT_HAN] *= 3;
	letters[SCRIPT_KANA] *= 2;
	letters[SCRIPT_HANGUL] *= 2;
	for (enum script i = 0; i < SCRIPT_COUNT; i++)
		if (letters[i] > letters[script])
			script = i;
	return letters[script] == 0 ? SCRIPT_NONE : script;
}

/* Is the text in one script, and does two and a half times as much speak for one language as for
 * any other? */
static bool is_certain(const struct evidence *evidence)
{
	unsigned best = 0, second = 0, letters = 0;
	enum script script = script_found(evidence);
	if (script == SCRIPT_NONE)
		return false;
	for (enum script i = 0; i < SCRIPT_COUNT; i++)
		letters += evidence->letters[i];
	for (size_t i = 1; i < LANGUAGES; i++) {
		unsigned score = language_scripts[i] == script ? evidence->score[i] : 0;
		second = score > best ? best : score > second ? score : second;
		best = score > best ? score : best;
	}
	return evidence->letters[script] * 20 >= letters * 19 && best >= CERTAIN_SCORE &&
	       2 * best >= 5 * second;
}

/* Count the text from `at` to `end`. A word across `end` counts whole if it is a plain one, else
 * not at all. */
static void gather(struct evidence *evidence, struct span text, size_t at, size_t end)
{
	struct form word;
	const struct range *near = ranges;
	size_t look = at + STEP_BYTES;
	word.len = 0;
	for (size_t i = at; i < end;) {
		char byte = text.at[i];
		if (ascii_is_letter(byte)) {
			unsigned plain = word.len == 0 ? count_plain(evidence, text, i) : 0;
			i = plain > 0 ? i + plain
				      : gather_letters(evidence, &word, text.at, i, end);
			continue;
		}
		uint32_t c = (unsigned char)byte;
		i += c < 0x80 ? 1 : utf8_decode(text, i, &c);
		if (c == '\'' && word.len > 0)
			gathered_add(&word, byte);
		else if (c < 0x80 || !gather_wide(evidence, &word, c, &near))
			count_word(evidence, &word);
		if (i >= look) {
			if (is_certain(evidence))
				return;
			look += STEP_BYTES;
		}
	}
	if (end == text.len)
		count_word(evidence, &word);
}

/* The place after the next space, or the next character if no space is near. */
static size_t next_word(struct span text, size_t at)
{
	const char *space = memchr(text.at + at, ' ', LANGUAGE_WORD_BYTES);
	if (space != NULL)
		return (size_t)(space - text.at) + 1;
	while ((text.at[at] & 0xC0) == 0x80)
		at++;
	return at;
}

static size_t likeliest(const struct evidence *evidence)
{
	enum script script = script_found(evidence);
	size_t best = LANGUAGE_UND;
	for (size_t i = 1; i < LANGUAGES && script != SCRIPT_NONE; i++) {
		if (language_scripts[i] != script)
			continue;
		/* In a script other than Latin the first language is the answer if no word says
		 * otherwise. */
		if (best == LANGUAGE_UND ? script != SCRIPT_LATIN || evidence->score[i] > 0
					 : evidence->score[i] > evidence->score[best])
			best = i;
	}
	return best;
}

/* The language if a glance is enough, else LANGUAGE_UND. */
static size_t glance(struct span text)
{
	struct evidence beginning = {0}, middle = {0};
	if (text.len < SAMPLE_BYTES / 2)
		return LANGUAGE_UND;
	gather(&beginning, text, 0, BEGINNING_BYTES);
	if (!is_certain(&beginning))
		return LANGUAGE_UND;
	size_t at = next_word(text, text.len / 2), best = likeliest(&beginning);
	gather(&middle, text, at, at + MIDDLE_BYTES);
	return likeliest(&middle) == best ? best : LANGUAGE_UND;
}

/* Read SAMPLE_BYTES from `at`, the start of a word. */
static void look(struct evidence *evidence, struct span text, size_t at)
{
	*evidence = (struct evidence){0};
	gather(evidence, text, at, text.len - at < SAMPLE_BYTES ? text.len : at + SAMPLE_BYTES);
}

const struct language *language_detect(struct span text)
{
	size_t best = glance(text);
	if (best == LANGUAGE_UND) {
		struct evidence evidence;
		look(&evidence, text, 0);
		best = likeliest(&evidence);
	}
	return &languages[best];
}

/* The language of the text from `at` on, if that cannot be `said`; else LANGUAGE_UND. */
static size_t contradiction(struct span text, size_t at, size_t said)
{
	struct evidence evidence;
	look(&evidence, text, at);
	size_t best = likeliest(&evidence);
	enum script script = language_scripts[best], other = language_scripts[said];
	/* A few Han characters may be Japanese, but a Japanese article has kana. */
	if (other == SCRIPT_KANA && script == SCRIPT_HAN && evidence.letters[script] < FEW_HAN)
		return LANGUAGE_UND;
	if (best == LANGUAGE_UND || script != other)
		return best;
	bool many = evidence.score[best] >= CERTAIN_SCORE;
	bool few = DOUBTED_TIMES * evidence.score[said] <= evidence.score[best];
	return many && few ? best : LANGUAGE_UND;
}

const struct language *language_believe(const struct language *said, struct span text)
{
	if (said == NULL || said->index == LANGUAGE_UND)
		return language_detect(text);
	size_t found = contradiction(text, 0, said->index);
	if (found != LANGUAGE_UND && text.len >= 2 * SAMPLE_BYTES &&
	    contradiction(text, next_word(text, text.len / 2), said->index) != found)
		return said;
	return found == LANGUAGE_UND ? said : &languages[found];
}
