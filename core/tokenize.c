#include "tokenize.h"

#include "ascii.h"
#include "formtable.h"
#include "letters.h"
#include "stopwords.h"
#include "utf8.h"
#include "vector.h"

enum {
	MATCH_TERMS = 64, /* distinct terms of a headline or query that count */
	NONE = FORM_NO_TERM,
};

struct term_index {
	struct formtable forms; /* case-folded words as they are written */
	struct formtable stems; /* stems of the content words among them; empty without stemming */
};

struct tokenizer {
	struct arena *arena;
	struct stems *stems;
	const struct language *language;
	const struct stopword_language *stopwords;
	struct span text;
	struct term_index *index;
	struct terms *terms;
	size_t token_room, distinct_room;
	uint32_t sentence;        /* being cut */
	size_t word_end;          /* of the last word, to see what joins it to the next */
	uint32_t words;           /* in this sentence */
	struct term_match *match; /* not NULL: look words up instead of adding them */
	bool stemmed;             /* words have stems */
	bool failed;
};

/* ----------------------------------------------------------------- terms */

static uint32_t add_term(struct tokenizer *t, const struct form_entry *entry, uint8_t flags)
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

/* The entry of the stem of a content word, with its term. */
static const struct form_entry *stem_entry(struct tokenizer *t, const struct known_form *known)
{
	struct formtable *stems = &t->index->stems;
	uint32_t slot;
	struct form_entry *entry = formtable_find(stems, known->stem, known->stem_hash, &slot);
	if (entry != NULL)
		return entry;
	entry = formtable_add(t->arena, stems, known->stem, known->stem_hash, slot);
	if (entry != NULL)
		entry->term = add_term(t, entry, known->flags);
	return entry;
}

/* A form met for the first time gets a term: its own when it is a function word or a number or has
 * no stem, else that of its stem. `slot` is free for it. */
static uint32_t new_form(struct tokenizer *t, const struct form *form, uint64_t hash, uint32_t slot,
			 uint8_t flags)
{
	struct form_entry *entry = formtable_add(t->arena, &t->index->forms, form, hash, slot);
	t->failed |= entry == NULL;
	if (t->failed)
		return NONE;
	struct known_form known = stems_know(t->stems, t->language, t->stopwords, form, hash);
	known.flags |= flags;
	if (!t->stemmed || (known.flags & (TERM_STOP | TERM_NUMBER)))
		return entry->term = add_term(t, entry, known.flags);

	const struct form_entry *stem = stem_entry(t, &known);
	t->failed |= stem == NULL;
	if (t->failed)
		return NONE;
	t->terms->distinct[stem->term].flags |= known.flags;
	return entry->term = stem->term;
}

static bool token_room(struct tokenizer *t, size_t more)
{
	struct terms *terms = t->terms;
	if (terms->token_count + more <= t->token_room)
		return true;
	struct token *bigger = arena_grow(t->arena, terms->token, t->token_room, t->token_room * 2,
					  sizeof *bigger);
	if (bigger == NULL) {
		t->failed = true;
		return false;
	}
	terms->token = bigger;
	t->token_room *= 2;
	return true;
}

/* Where token_room() is. */
static inline void add_token(struct tokenizer *t, uint32_t start, uint32_t end, uint32_t term)
{
	struct terms *terms = t->terms;
	struct token *token = &terms->token[terms->token_count++];
	token->start_byte = start;
	token->end_byte = end;
	token->term = term;
	struct term *distinct = &terms->distinct[term];
	distinct->count++;
	distinct->sentence_count += distinct->last_sentence != t->sentence;
	distinct->last_sentence = t->sentence;
}

/* A word of a headline or query: the text may have it itself or in another form. */
static void match_form(struct tokenizer *t, const struct form *form, uint64_t hash, uint8_t flags)
{
	struct term_match *match = t->match;
	uint32_t slot;
	const struct form_entry *entry = formtable_find(&t->index->forms, form, hash, &slot);
	if (entry == NULL) {
		struct known_form known =
			stems_know(t->stems, t->language, t->stopwords, form, hash);
		if ((known.flags | flags) & TERM_STOP)
			return;
		if (t->stemmed)
			entry = formtable_find(&t->index->stems, known.stem, known.stem_hash,
					       &slot);
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

/* `flags` are those known from the word's characters alone. */
static inline void take_form(struct tokenizer *t, const struct form *form, uint64_t hash,
			     uint8_t flags, size_t start, size_t end)
{
	if (t->match != NULL) {
		match_form(t, form, hash, flags);
		return;
	}
	uint32_t slot = 0;
	const struct form_entry *entry = formtable_find(&t->index->forms, form, hash, &slot);
	uint32_t term = entry != NULL ? entry->term : new_form(t, form, hash, slot, flags);
	if (term != NONE && token_room(t, 1))
		add_token(t, (uint32_t)start, (uint32_t)end, term);
}

/* ---------------------------------------------------------------- cutting */

static bool is_ascii_alnum(unsigned char c)
{
	return ascii_is_digit((char)c) || (unsigned char)((c | 0x20) - 'a') < 26;
}

/* People count "don't", "l'eau" and "long-term" as one word each. */
static inline bool joins(const char *text, size_t word_end, size_t start)
{
	size_t gap = start - word_end;
	char c = text[word_end];
	if (gap == 1)
		return c != ' ' && (c == '\'' || c == '-' || c == '.' || c == '/');
	return gap == 3 && memcmp(text + word_end, "\xE2\x80\x99", 3) == 0;
}

/* A word that is not plain short ASCII. Returns where it ends, which is `start` when the character
 * there belongs to no word. */
static size_t cut_word(struct tokenizer *t, size_t start, size_t end)
{
	struct form form;
	bool marks = false;
	size_t at = start;
	form.len = 0;
	while (at < end) {
		unsigned char c = (unsigned char)t->text.at[at];
		if (c < 0x80) {
			bool in_number = (c == '.' || c == ',') && at > start && at + 1 < end &&
					 ascii_is_digit(t->text.at[at - 1]) &&
					 ascii_is_digit(t->text.at[at + 1]);
			if (!is_ascii_alnum(c) && !in_number)
				break;
			if (form.len < FORM_MAX_BYTES)
				form.bytes[form.len++] = ascii_lower((char)c);
			at++;
			continue;
		}
		uint32_t codepoint;
		unsigned len = utf8_decode(t->text, at, &codepoint);
		uint32_t folded = letters_fold_usual(codepoint);
		if (folded != 0) {
			letters_put(&form, folded);
			at += len;
			continue;
		}
		if (letters_is_invisible(codepoint) && at > start) {
			at += len;
			continue;
		}
		if (!letters_make_word(codepoint) || letters_is_unspaced(codepoint))
			break;
		marks |= letters_is_mark(codepoint);
		letters_put_folded(&form, codepoint);
		at += len;
	}
	if (form.len == 0)
		return at;
	if (marks)
		letters_compose(&form);
	form_finish(&form);
	t->words += t->words == 0 || !joins(t->text.at, t->word_end, start);
	take_form(t, &form, form_hash(form.bytes, form.len), 0, start, at);
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
	if (!letters_is_plain_unspaced(codepoint) &&
	    (!letters_is_unspaced(codepoint) || !letters_make_word(codepoint)))
		return false;
	struct form form;
	form.len = 0;
	letters_put(&form, codepoint);
	form_finish(&form);
	out->function =
		letters_is_hiragana(codepoint) ||
		(stopwords_flags(t->stopwords, &form, form_hash(form.bytes, form.len)) & TERM_STOP);
	out->start = at;
	while (next < end) {
		unsigned len = utf8_decode(t->text, next, &codepoint);
		if (!letters_is_mark(codepoint))
			break;
		next += len;
	}
	out->end = next;
	return true;
}

static void take_characters(struct tokenizer *t, size_t start, size_t end, bool function)
{
	struct form form;
	form.len = (uint32_t)(end - start < FORM_MAX_BYTES ? end - start : FORM_MAX_BYTES);
	if (form.len < VECTOR_BYTES && start + VECTOR_BYTES <= t->text.len) {
		vector bytes = vector_first(vector_load(t->text.at + start), form.len);
		memcpy(form.bytes, &bytes, VECTOR_BYTES);
	} else {
		memcpy(form.bytes, t->text.at + start, form.len);
	}
	form_finish(&form);
	take_form(t, &form, form_hash(form.bytes, form.len), function ? TERM_STOP : 0, start, end);
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

/* A plain word on its way into the table. */
struct plain_word {
	uint64_t half[2], hash; /* its bytes in lower case, zeros behind */
	uint32_t start, end;
	bool counts; /* as a word of its own */
};

/* Words are gathered so many at once: so what memory knows of the last of them arrives while the
 * first are looked up. A third of the time of tokenizing was waiting for it. */
enum { BATCH_WORDS = 32 };

/* Gather plain words from `*at` on: ASCII of less than sixteen letters, and no more than ASCII
 * between them. Stops, and leaves `*at`, where something else stands. */
static unsigned gather_plain(struct tokenizer *t, size_t *at, size_t end, struct plain_word *out)
{
	const char *text = t->text.at;
	size_t i = *at, word_end = t->word_end;
	unsigned count = 0;
	while (count < BATCH_WORDS && i < end && i + VECTOR_BYTES <= t->text.len) {
		vector bytes = vector_load(text + i) | 0x20;
		unsigned len = vector_letters(bytes);
		unsigned char behind = i + len < end ? (unsigned char)text[i + len] : ' ';
		if (len == VECTOR_BYTES || i + len > end || behind >= 0x80 ||
		    ascii_is_digit((char)behind))
			break;
		if (len == 0) {
			i++;
			continue;
		}
		struct plain_word *word = &out[count++];
		bytes = vector_first(bytes, len);
		memcpy(word->half, &bytes, sizeof word->half);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		word->half[0] = __builtin_bswap64(word->half[0]);
		word->half[1] = __builtin_bswap64(word->half[1]);
#endif
		word->hash = form_hash_step(0, word->half[0], word->half[1]);
		stems_prefetch(t->stems, t->language, word->hash);
		word->start = (uint32_t)i;
		word->counts = !joins(text, word_end, i);
		word->end = (uint32_t)(i + len);
		word_end = i + len;
		i = word_end + 1;
	}
	t->word_end = word_end;
	*at = i < end ? i : end;
	return count;
}

/* The number of the word's term. What the table has of longer forms differs in the last of these
 * sixteen bytes, which is zero here. */
static inline uint32_t plain_term(struct tokenizer *t, const struct plain_word *word)
{
	const struct formtable *forms = &t->index->forms;
	uint32_t tag = (uint32_t)(word->hash >> 32), at = formtable_place(forms, word->hash);
	for (; forms->slot[at].number != 0; at = formtable_next(forms, at)) {
		const struct form_entry *entry = &forms->entry[forms->slot[at].number - 1];
		if (forms->slot[at].tag == tag && entry->first == word->half[0] &&
		    entry->second == word->half[1])
			return entry->term;
	}
	struct form form;
	form.len = word->end - word->start;
	memset(form.bytes + VECTOR_BYTES, 0, VECTOR_BYTES);
	form_store(form.bytes, word->half[0]);
	form_store(form.bytes + 8, word->half[1]);
	return new_form(t, &form, word->hash, at, 0);
}

/* Terms of the words that stand where they are looked for first; a bit for each of the others. A
 * third of the words are new and nothing tells which: so no branch asks here. */
static uint32_t look_up_plain(const struct tokenizer *t, const struct plain_word *word,
			      unsigned count, uint32_t *term)
{
	const struct formtable *forms = &t->index->forms;
	uint32_t others = 0;
	for (unsigned i = 0; i < count; i++) {
		struct form_slot slot = forms->slot[formtable_place(forms, word[i].hash)];
		const struct form_entry *entry = &forms->entry[slot.number - (slot.number > 0)];
		uint64_t differs = (entry->first ^ word[i].half[0]) |
				   (entry->second ^ word[i].half[1]) | (slot.number == 0);
		term[i] = entry->term;
		others |= (uint32_t)(differs != 0) << i;
	}
	return others;
}

static size_t cut_plain_words(struct tokenizer *t, size_t at, size_t end)
{
	struct plain_word word[BATCH_WORDS];
	uint32_t term[BATCH_WORDS];
	unsigned count = gather_plain(t, &at, end, word);
	if (count > 0 && t->words == 0)
		word[0].counts = true;
	if (!token_room(t, BATCH_WORDS))
		return at;
	for (uint32_t left = look_up_plain(t, word, count, term); left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		term[i] = plain_term(t, &word[i]);
		if (term[i] == NONE)
			return at;
	}
	for (unsigned i = 0; i < count; i++) {
		t->words += word[i].counts;
		add_token(t, word[i].start, word[i].end, term[i]);
	}
	return at;
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
		size_t next = t->match == NULL ? cut_plain_words(t, at, end) : at;
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
	t->token_room = t->text.len / 4 + BATCH_WORDS;
	/* Half the words of an article are new; of pairs of characters, most. */
	size_t expected = t->text.len / (t->language->spaced ? 16 : 4) + 64;
	t->distinct_room = expected < 4096 ? expected : 4096;
	terms->first = arena_alloc(t->arena, sentences->len + 1, sizeof *terms->first);
	terms->words = arena_alloc(t->arena, sentences->len + 1, sizeof *terms->words);
	terms->distinct = arena_alloc(t->arena, t->distinct_room, sizeof *terms->distinct);
	t->index = arena_alloc(t->arena, 1, sizeof *t->index);
	if (t->index == NULL || !formtable_init(t->arena, &t->index->forms, t->distinct_room) ||
	    (t->stemmed && !formtable_init(t->arena, &t->index->stems, t->distinct_room)))
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
			      .stemmed = stems_exist(language),
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
			      .stemmed = stems_exist(language),
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
