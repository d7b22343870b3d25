#include "tokenize.h"

#include "stopwords.h"
#include "utf8.h"

#include <utf8proc.h>

enum {
	WORD_ROOM = STEM_MAX_BYTES + 8, /* whole steps of eight, and the zeros behind */
	PAGE_BYTES = 4096,
	MATCH_TERMS = 64, /* distinct terms of a headline or query that count */
	NONE = UINT32_MAX,
};

/* A distinct string of bytes, zero-padded to whole steps of eight so that it compares by words. */
struct entry {
	uint64_t hash;
	const char *at;
	uint32_t len;
	uint32_t term;
};

/* Open addressing over `entry`; a slot holds an entry's number plus one. */
struct table {
	uint32_t *slot;
	uint32_t mask;
	struct entry *entry;
	size_t len, room;
};

struct term_index {
	struct table forms; /* case-folded words as they are written */
	struct table stems; /* stems of the content words among them */
};

struct tokenizer {
	struct arena *arena;
	struct stems *stems;
	const struct language *language;
	const struct stopword_language *stopwords;
	struct span text;
	struct term_index *index;
	char *page, *page_end; /* room for strings */
	struct terms *terms;
	size_t token_room, distinct_room;
	uint32_t sentence;        /* being cut */
	size_t word_end;          /* of the last word, to see what joins it to the next */
	uint32_t words;           /* in this sentence */
	struct term_match *match; /* not NULL: look words up instead of adding them */
	bool failed;
};

/* A case-folded word on its way into the table. */
struct word {
	char bytes[WORD_ROOM];
	uint32_t len;
	uint8_t flags; /* known from its characters alone */
};

/* ---------------------------------------------------------------- tables */

static uint64_t load(const char *at)
{
	uint64_t eight;
	memcpy(&eight, at, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	eight = __builtin_bswap64(eight);
#endif
	return eight;
}

static uint64_t hash_of(const char *padded, uint32_t len)
{
	uint64_t hash = 0;
	for (uint32_t at = 0; at < len; at += 8)
		hash = stopwords_hash_step(hash, load(padded + at));
	return hash;
}

static bool table_init(struct arena *arena, struct table *table, size_t expected)
{
	size_t slots = 256;
	while (slots < 2 * expected && slots < UINT32_MAX / 2)
		slots *= 2;
	*table = (struct table){.mask = (uint32_t)(slots - 1), .room = slots / 2};
	table->slot = arena_zalloc(arena, slots, sizeof *table->slot);
	table->entry = arena_alloc(arena, table->room, sizeof *table->entry);
	return table->slot != NULL && table->entry != NULL;
}

static bool table_grow(struct arena *arena, struct table *table)
{
	struct table bigger;
	if (!table_init(arena, &bigger, table->room * 2))
		return false;
	bigger.len = table->len;
	memcpy(bigger.entry, table->entry, table->len * sizeof *table->entry);
	for (size_t i = 0; i < table->len; i++) {
		uint32_t at = (uint32_t)table->entry[i].hash & bigger.mask;
		while (bigger.slot[at] != 0)
			at = (at + 1) & bigger.mask;
		bigger.slot[at] = (uint32_t)i + 1;
	}
	*table = bigger;
	return true;
}

static bool same_bytes(const char *a, const char *b, uint32_t len)
{
	for (uint32_t at = 0; at < len; at += 8)
		if (load(a + at) != load(b + at))
			return false;
	return true;
}

static inline struct entry *table_find(const struct table *table, uint64_t hash, const char *padded,
				       uint32_t len)
{
	for (uint32_t at = (uint32_t)hash & table->mask; table->slot[at] != 0;
	     at = (at + 1) & table->mask) {
		struct entry *entry = &table->entry[table->slot[at] - 1];
		if (entry->hash == hash && entry->len == len && same_bytes(entry->at, padded, len))
			return entry;
	}
	return NULL;
}

/* The string is copied, with its padding, into pages that never move. */
static struct entry *table_add(struct tokenizer *t, struct table *table, uint64_t hash,
			       const char *padded, uint32_t len)
{
	size_t padded_len = (len + 7u) & ~7u;
	if (padded_len > (size_t)(t->page_end - t->page)) {
		t->page = arena_alloc(t->arena, PAGE_BYTES, 1);
		t->page_end = t->page == NULL ? NULL : t->page + PAGE_BYTES;
	}
	if (t->page == NULL || (table->len == table->room && !table_grow(t->arena, table))) {
		t->page = t->page_end = NULL;
		t->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < padded_len; i += 8) /* mostly once: no call for that */
		memcpy(t->page + i, padded + i, 8);
	uint32_t at = (uint32_t)hash & table->mask;
	while (table->slot[at] != 0)
		at = (at + 1) & table->mask;
	struct entry *entry = &table->entry[table->len++];
	*entry = (struct entry){.hash = hash, .at = t->page, .len = len, .term = NONE};
	table->slot[at] = (uint32_t)table->len;
	t->page += padded_len;
	return entry;
}

/* ----------------------------------------------------------------- terms */

static uint32_t add_term(struct tokenizer *t, const struct entry *entry, uint8_t flags)
{
	struct terms *terms = t->terms;
	if (terms->distinct_count == t->distinct_room) {
		struct term *bigger = arena_grow(t->arena, terms->distinct, t->distinct_room,
						 t->distinct_room * 2, sizeof *bigger);
		if (bigger == NULL) {
			t->failed = true;
			return NONE;
		}
		terms->distinct = bigger;
		t->distinct_room *= 2;
	}
	terms->distinct[terms->distinct_count] = (struct term){
		.stem = {entry->at, entry->len}, .last_sentence = NONE, .flags = flags};
	return (uint32_t)terms->distinct_count++;
}

static void stem_word(struct tokenizer *t, const struct word *word, uint64_t hash,
		      struct word *stem)
{
	struct span bytes =
		stems_stem(t->stems, t->language, (struct span){word->bytes, word->len}, hash);
	stem->len = (uint32_t)(bytes.len < STEM_MAX_BYTES ? bytes.len : STEM_MAX_BYTES);
	memcpy(stem->bytes, bytes.at, stem->len);
	memset(stem->bytes + stem->len, 0, 8);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static uint8_t flags_of(const struct tokenizer *t, const struct word *word, uint64_t hash)
{
	uint8_t flags = word->flags |
			stopwords_flags(t->stopwords, (struct span){word->bytes, word->len}, hash);
	if (is_digit(word->bytes[0]))
		return flags | TERM_NUMBER;
	return word->len == 1 ? flags | TERM_STOP : flags; /* a letter left over, as in "Tom's" */
}

/* A word form met for the first time gets a term: its own when it is a function word or a number,
 * else that of its stem. */
static uint32_t new_form(struct tokenizer *t, const struct word *word, uint64_t hash)
{
	struct entry *form = table_add(t, &t->index->forms, hash, word->bytes, word->len);
	if (form == NULL)
		return NONE;
	uint8_t flags = flags_of(t, word, hash);
	if (flags & (TERM_STOP | TERM_NUMBER))
		return form->term = add_term(t, form, flags);

	struct word stem;
	stem_word(t, word, hash, &stem);
	uint64_t stem_hash = hash_of(stem.bytes, stem.len);
	struct entry *entry = table_find(&t->index->stems, stem_hash, stem.bytes, stem.len);
	if (entry == NULL) {
		entry = table_add(t, &t->index->stems, stem_hash, stem.bytes, stem.len);
		if (entry == NULL)
			return NONE;
		entry->term = add_term(t, entry, flags);
		if (entry->term == NONE)
			return NONE;
	}
	t->terms->distinct[entry->term].flags |= flags;
	return form->term = entry->term;
}

static void add_token(struct tokenizer *t, size_t start, size_t end, uint32_t term)
{
	struct terms *terms = t->terms;
	if (terms->token_count == t->token_room) {
		struct token *bigger = arena_grow(t->arena, terms->token, t->token_room,
						  t->token_room * 2, sizeof *bigger);
		if (bigger == NULL) {
			t->failed = true;
			return;
		}
		terms->token = bigger;
		t->token_room *= 2;
	}
	terms->token[terms->token_count++] = (struct token){(uint32_t)start, (uint32_t)end, term};
	struct term *distinct = &terms->distinct[term];
	distinct->count++;
	if (distinct->last_sentence != t->sentence) {
		distinct->last_sentence = t->sentence;
		distinct->sentence_count++;
	}
}

/* A word of a headline or query: the text may have it itself or in another form. */
static void match_word(struct tokenizer *t, const struct word *word, uint64_t hash)
{
	struct term_match *match = t->match;
	const struct entry *entry = table_find(&t->index->forms, hash, word->bytes, word->len);
	if (entry == NULL) {
		if (flags_of(t, word, hash) & TERM_STOP)
			return;
		struct word stem;
		stem_word(t, word, hash, &stem);
		entry = table_find(&t->index->stems, hash_of(stem.bytes, stem.len), stem.bytes,
				   stem.len);
	}
	if (entry == NULL) {
		match->missing++;
		return;
	}
	if ((t->terms->distinct[entry->term].flags & TERM_STOP) || match->len == MATCH_TERMS)
		return;
	for (size_t i = 0; i < match->len; i++)
		if (match->term[i] == entry->term)
			return;
	match->term[match->len++] = entry->term;
}

static inline void take_word(struct tokenizer *t, const struct word *word, uint64_t hash,
			     size_t start, size_t end)
{
	if (t->match != NULL) {
		match_word(t, word, hash);
		return;
	}
	const struct entry *form = table_find(&t->index->forms, hash, word->bytes, word->len);
	uint32_t term = form != NULL ? form->term : new_form(t, word, hash);
	if (term != NONE)
		add_token(t, start, end, term);
}

/* ------------------------------------------------------------ characters */

static bool is_ascii_alnum(unsigned char c)
{
	return is_digit((char)c) || (unsigned char)((c | 0x20) - 'a') < 26;
}

static char ascii_lower(unsigned char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* Scripts that write no spaces between words: Thai, Lao, Tibetan, Myanmar, Khmer, kana, Bopomofo,
 * Han. Numbers of Unicode blocks. */
static bool is_unspaced(uint32_t c)
{
	if (c < 0xE00)
		return false;
	return c < 0x10A0 || (c >= 0x1780 && c < 0x1800) || (c >= 0x3005 && c <= 0x3007) ||
	       (c >= 0x3041 && c < 0x3130) || (c >= 0x31F0 && c < 0x3200) ||
	       (c >= 0x3400 && c < 0x4DC0) || (c >= 0x4E00 && c < 0xA000) ||
	       (c >= 0xF900 && c < 0xFB00) || (c >= 0xFF66 && c < 0xFFA0) ||
	       (c >= 0x20000 && c < 0x32000);
}

static bool is_hiragana(uint32_t c)
{
	return c >= 0x3041 && c < 0x30A0;
}

static bool is_word_category(int category)
{
	return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
	       (category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_NO);
}

static bool is_mark_category(int category)
{
	return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

/* Stand inside words without being part of them: soft hyphen, zero-width (non-)joiner, word joiner.
 */
static bool is_invisible(uint32_t c)
{
	return c == 0xAD || c == 0x200C || c == 0x200D || c == 0x2060;
}

static void word_put(struct word *word, uint32_t codepoint)
{
	char bytes[4];
	unsigned len = utf8_encode(codepoint, bytes);
	if (word->len + len > STEM_MAX_BYTES)
		return;
	memcpy(word->bytes + word->len, bytes, len);
	word->len += len;
}

static void word_put_folded(struct word *word, uint32_t codepoint,
			    const utf8proc_property_t *property)
{
	utf8proc_int32_t folded[4];
	if (property->casefold_seqindex == UINT16_MAX) {
		word_put(word, codepoint);
		return;
	}
	utf8proc_ssize_t count = utf8proc_decompose_char((utf8proc_int32_t)codepoint, folded, 4,
							 UTF8PROC_CASEFOLD, NULL);
	for (utf8proc_ssize_t i = 0; i < count && i < 4; i++)
		word_put(word, (uint32_t)folded[i]);
}

/* Text from some systems has letters and accents apart; the word lists and stemmers expect one. */
static void word_compose(struct word *word)
{
	utf8proc_int32_t codepoint[STEM_MAX_BYTES];
	utf8proc_ssize_t count = 0;
	struct span bytes = {word->bytes, word->len};
	for (size_t at = 0; at < bytes.len; count++)
		at += utf8_decode(bytes, at, (uint32_t *)&codepoint[count]);
	count = utf8proc_normalize_utf32(codepoint, count, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	word->len = 0;
	for (utf8proc_ssize_t i = 0; i < count; i++)
		word_put(word, (uint32_t)codepoint[i]);
}

static void word_finish(struct word *word)
{
	memset(word->bytes + word->len, 0, 8);
}

/* ---------------------------------------------------------------- cutting */

/* People count "don't", "l'eau" and "long-term" as one word each. */
static void count_word(struct tokenizer *t, size_t start)
{
	size_t gap = start - t->word_end;
	const char *between = t->text.at + t->word_end;
	bool joined = t->words > 0 && ((gap == 1 && (*between == '\'' || *between == '-' ||
						     *between == '.' || *between == '/')) ||
				       (gap == 3 && memcmp(between, "\xE2\x80\x99", 3) == 0));
	t->words += !joined;
}

/* A word that is not plain short ASCII. Returns where it ends, which is `start` when the character
 * there belongs to no word. */
static size_t cut_word(struct tokenizer *t, size_t start, size_t end)
{
	struct word word = {.len = 0};
	bool marks = false;
	size_t at = start;
	while (at < end) {
		unsigned char c = (unsigned char)t->text.at[at];
		if (c < 0x80) {
			bool in_number = (c == '.' || c == ',') && at > start && at + 1 < end &&
					 is_digit(t->text.at[at - 1]) &&
					 is_digit(t->text.at[at + 1]);
			if (!is_ascii_alnum(c) && !in_number)
				break;
			if (word.len < STEM_MAX_BYTES)
				word.bytes[word.len++] = ascii_lower(c);
			at++;
			continue;
		}
		uint32_t codepoint;
		unsigned len = utf8_decode(t->text, at, &codepoint);
		if (is_invisible(codepoint) && at > start) {
			at += len;
			continue;
		}
		const utf8proc_property_t *property =
			utf8proc_get_property((utf8proc_int32_t)codepoint);
		if (!is_word_category(property->category) || is_unspaced(codepoint))
			break;
		marks |= is_mark_category(property->category);
		word_put_folded(&word, codepoint, property);
		at += len;
	}
	if (word.len == 0)
		return at;
	if (marks)
		word_compose(&word);
	word_finish(&word);
	count_word(t, start);
	take_word(t, &word, hash_of(word.bytes, word.len), start, at);
	t->word_end = at;
	return at;
}

/* One character of a script without spaces, with the marks on it. */
struct character {
	size_t start, end;
	bool function; /* it alone says that the pair carries no topic */
};

static bool next_character(const struct tokenizer *t, size_t at, size_t end, struct character *out)
{
	uint32_t codepoint;
	if (at >= end)
		return false;
	size_t next = at + utf8_decode(t->text, at, &codepoint);
	if (!is_unspaced(codepoint) ||
	    !is_word_category(utf8proc_get_property((utf8proc_int32_t)codepoint)->category))
		return false;
	struct word word = {.len = 0};
	word_put(&word, codepoint);
	word_finish(&word);
	out->function = is_hiragana(codepoint) ||
			(stopwords_flags(t->stopwords, (struct span){word.bytes, word.len},
					 hash_of(word.bytes, word.len)) &
			 TERM_STOP);
	out->start = at;
	while (next < end) {
		unsigned len = utf8_decode(t->text, next, &codepoint);
		if (!is_mark_category(utf8proc_get_property((utf8proc_int32_t)codepoint)->category))
			break;
		next += len;
	}
	out->end = next;
	return true;
}

static void take_characters(struct tokenizer *t, size_t start, size_t end, bool function)
{
	struct word word = {.flags = function ? TERM_STOP : 0};
	word.len = (uint32_t)(end - start < STEM_MAX_BYTES ? end - start : STEM_MAX_BYTES);
	memcpy(word.bytes, t->text.at + start, word.len);
	word_finish(&word);
	take_word(t, &word, hash_of(word.bytes, word.len), start, end);
}

/* A run of such characters, two by two; one alone stands for itself. */
static size_t cut_unspaced(struct tokenizer *t, size_t start, size_t end)
{
	struct character last, next;
	if (!next_character(t, start, end, &last))
		return start;
	t->words++;
	bool pairs = false;
	while (next_character(t, last.end, end, &next)) {
		take_characters(t, last.start, next.end, last.function || next.function);
		t->words++;
		pairs = true;
		last = next;
	}
	if (!pairs)
		take_characters(t, last.start, last.end, last.function);
	t->word_end = last.end;
	return last.end;
}

#define EACH_BYTE(value) (0x0101010101010101u * (value))

/* How many of eight bytes, from the first on, are ASCII letters? `lower` has bit 5 set in each. */
static unsigned letters_in(uint64_t eight, uint64_t lower)
{
	uint64_t low = lower & EACH_BYTE(0x7F);
	uint64_t from_a = low + EACH_BYTE(0x80 - 'a');
	uint64_t above_z = low + EACH_BYTE(0x7F - 'z');
	uint64_t other = ~(from_a & ~above_z & ~eight) & EACH_BYTE(0x80);
	return other == 0 ? 8 : (unsigned)__builtin_ctzll(other) / 8;
}

/* Most words of most texts are plain ASCII of at most sixteen letters: eight bytes at once. Returns
 * where such a word ends, or `at` when the word there is of another kind. */
static size_t cut_plain_word(struct tokenizer *t, size_t at, size_t end)
{
	uint64_t step[2] = {0, 0}, hash = 0;
	unsigned len = 0;
	for (unsigned i = 0; i < 2; i++) {
		if (at + len + 8 > t->text.len)
			return at;
		uint64_t eight = load(t->text.at + at + len);
		uint64_t lower = eight | EACH_BYTE(0x20);
		unsigned letters = letters_in(eight, lower);
		step[i] = letters == 8 ? lower : lower & ~(UINT64_MAX << (8 * letters));
		if (letters > 0)
			hash = stopwords_hash_step(hash, step[i]);
		len += letters;
		if (letters < 8)
			break;
	}
	unsigned char behind = at + len < end ? (unsigned char)t->text.at[at + len] : ' ';
	if (len == 0 || len == 16 || behind >= 0x80 || is_digit((char)behind) || at + len > end)
		return at;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	step[0] = __builtin_bswap64(step[0]);
	step[1] = __builtin_bswap64(step[1]);
#endif
	struct word word;
	word.len = len;
	word.flags = 0;
	memcpy(word.bytes, step, sizeof step);
	count_word(t, at);
	take_word(t, &word, hash, at, at + len);
	return t->word_end = at + len;
}

static void cut_sentence(struct tokenizer *t, size_t start, size_t end)
{
	size_t at = start;
	while (at < end && !t->failed) {
		unsigned char c = (unsigned char)t->text.at[at];
		if (c < 0x80 && !is_ascii_alnum(c)) {
			at++;
			continue;
		}
		size_t next = cut_plain_word(t, at, end);
		if (next == at)
			next = cut_word(t, at, end);
		if (next == at)
			next = cut_unspaced(t, at, end);
		if (next == at) {
			uint32_t codepoint;
			next += utf8_decode(t->text, at, &codepoint);
		}
		at = next;
	}
}

/* --------------------------------------------------------------- the step */

static bool prepare(struct tokenizer *t, const struct sentences *sentences)
{
	struct terms *terms = t->terms;
	t->token_room = t->text.len / 4 + 16;
	t->distinct_room = t->text.len / 16 + 64 < 4096 ? t->text.len / 16 + 64 : 4096;
	terms->first = arena_alloc(t->arena, sentences->len + 1, sizeof *terms->first);
	terms->words = arena_alloc(t->arena, sentences->len + 1, sizeof *terms->words);
	terms->distinct = arena_alloc(t->arena, t->distinct_room, sizeof *terms->distinct);
	t->index = arena_alloc(t->arena, 1, sizeof *t->index);
	if (t->index == NULL || !table_init(t->arena, &t->index->forms, t->distinct_room) ||
	    !table_init(t->arena, &t->index->stems, t->distinct_room))
		return false;
	terms->index = t->index;
	terms->token = arena_alloc(t->arena, t->token_room, sizeof *terms->token);
	return terms->token != NULL;
}

static void tokenize(struct tokenizer *t, const struct sentences *sentences)
{
	struct terms *terms = t->terms;
	if (!prepare(t, sentences))
		t->failed = true;
	for (size_t i = 0; i < sentences->len && !t->failed; i++) {
		terms->first[i] = (uint32_t)terms->token_count;
		t->sentence = (uint32_t)i;
		t->words = 0;
		t->word_end = sentences->at[i].start_byte;
		cut_sentence(t, sentences->at[i].start_byte, sentences->at[i].end_byte);
		terms->words[i] = t->words;
		terms->word_count += t->words;
	}
	if (t->failed)
		*terms = (struct terms){.token = NULL};
	else
		terms->first[sentences->len] = (uint32_t)terms->token_count;
}

void tokenize_sentences(struct arena *arena, struct stems *stems, struct span text,
			const struct sentences *sentences, const struct language *language,
			struct terms *out)
{
	struct stems *own = stems == NULL ? stems_new() : NULL;
	*out = (struct terms){.token = NULL};
	struct tokenizer t = {.arena = arena,
			      .stems = stems == NULL ? own : stems,
			      .language = language,
			      .stopwords = stopwords_of(language),
			      .text = text,
			      .terms = out};
	if (t.stems == NULL)
		arena->failed = true;
	else
		tokenize(&t, sentences);
	stems_free(own);
}

void terms_match(struct arena *arena, struct stems *stems, const struct terms *terms,
		 const struct language *language, struct span phrase, struct term_match *out)
{
	*out = (struct term_match){.term = arena_alloc(arena, MATCH_TERMS, sizeof *out->term)};
	if (out->term == NULL || phrase.len == 0)
		return;
	struct stems *own = stems == NULL ? stems_new() : NULL;
	/* Only read while `match` is set: what the tokenizer writes, it writes when it adds terms.
	 */
	struct tokenizer t = {.arena = arena,
			      .stems = stems == NULL ? own : stems,
			      .language = language,
			      .stopwords = stopwords_of(language),
			      .text = phrase,
			      .index = (struct term_index *)terms->index,
			      .terms = (struct terms *)terms,
			      .match = out};
	if (t.stems == NULL)
		arena->failed = true;
	else
		cut_sentence(&t, 0, phrase.len);
	stems_free(own);
}
