#include "tokenize.h"

#include "ascii.h"
#include "formtable.h"
#include "kin.h"
#include "letters.h"
#include "plainwords.h"
#include "stopwords.h"
#include "utf8.h"
#include "vector.h"

enum {
	MATCH_TERMS = 64,    /* distinct terms of a headline or query that are used */
	MATCH_KIN = 8,       /* words of it that are compared with every form of the text, */
	KIN_FORMS = 1 << 16, /* more than any article has */
	NONE = FORM_NO_TERM,
};

struct term_index {
	struct formtable forms; /* case-folded words as written */
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
	unsigned kin;             /* how many more words may be looked for by their looks */
	bool stemmed;             /* words have stems */
	bool failed;
};

/* ----------------------------------------------------------------- terms */

static uint32_t add_term(struct tokenizer *t, const struct form_entry *entry, uint8_t flags)
{
	struct terms *terms = t->terms;
	if (!arena_reserve(t->arena, &terms->distinct, terms->distinct_count, &t->distinct_room,
			   sizeof *terms->distinct)) {
		t->failed = true;
		return NONE;
	}
	terms->distinct[terms->distinct_count] = (struct term){
		.stem = {entry->at, entry->len}, .last_sentence = NONE, .flags = flags};
	return (uint32_t)terms->distinct_count++;
}

/* The entry, with its term, for the stem of a content word. */
static const struct form_entry *stem_entry(struct tokenizer *t, const struct known_form *known)
{
	struct formtable *stems = &t->index->stems;
	uint32_t slot;
	struct form_entry *entry =
		formtable_find(stems, known->stem, known->stem_len, known->stem_hash, &slot);
	if (entry != NULL)
		return entry;
	entry = formtable_add(t->arena, stems, known->stem, known->stem_len, known->stem_hash,
			      slot);
	if (entry != NULL)
		entry->term = add_term(t, entry, known->flags);
	return entry;
}

/* A form met for the first time gets a term: its own when it is a function word or a number or has
 * no stem, else that of its stem. */
static inline uint32_t new_term(struct tokenizer *t, struct form_entry *entry,
				const struct known_form *known)
{
	t->failed |= entry == NULL;
	if (t->failed)
		return NONE;
	if (!t->stemmed || (known->flags & (TERM_STOP | TERM_NUMBER)))
		return entry->term = add_term(t, entry, known->flags);

	const struct form_entry *stem = stem_entry(t, known);
	t->failed |= stem == NULL;
	if (t->failed)
		return NONE;
	t->terms->distinct[stem->term].flags |= known->flags;
	return entry->term = stem->term;
}

/* Add a new form at the free `slot`. */
static uint32_t new_form(struct tokenizer *t, const struct form *form, uint64_t hash, uint32_t slot,
			 uint8_t flags)
{
	struct known_form known = stems_know(t->stems, t->language, t->stopwords, form, hash);
	known.flags |= flags;
	return new_term(
		t, formtable_add(t->arena, &t->index->forms, form->bytes, form->len, hash, slot),
		&known);
}

static bool token_room(struct tokenizer *t, size_t more)
{
	struct terms *terms = t->terms;
	bool room = arena_reserve(t->arena, &terms->token, terms->token_count + more - 1,
				  &t->token_room, sizeof *terms->token);
	t->failed |= !room;
	return room;
}

/* Requires token_room(). */
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

static void match_term(struct tokenizer *t, uint32_t term)
{
	struct term_match *match = t->match;
	if ((t->terms->distinct[term].flags & TERM_STOP) || match->len == MATCH_TERMS)
		return;
	for (size_t i = 0; i < match->len; i++)
		if (match->term[i] == term)
			return;
	match->term[match->len++] = term;
}

/* Terms that look like forms of a word that the text does not have; says whether there are any. */
static bool match_kin(struct tokenizer *t, const struct form *form, const struct known_form *known)
{
	const struct formtable *forms = &t->index->forms;
	size_t before = t->match->len;
	struct kin kin;
	if (t->kin == 0 || ascii_is_digit(form->bytes[0]))
		return false;
	t->kin--;
	kin_init(&kin, t->language, (struct span){form->bytes, form->len},
		 (struct span){known->stem, known->stem_len});
	for (size_t i = 1; i <= forms->len && i <= KIN_FORMS; i++) {
		const struct form_entry *entry = &forms->entry[i];
		const struct term *term = &t->terms->distinct[entry->term];
		if (kin_is(&kin, (struct span){entry->at, entry->len}, term->stem))
			match_term(t, entry->term);
	}
	return t->match->len > before;
}

/* A word of a headline or query: the text may have it itself or in another form. */
static void match_form(struct tokenizer *t, const struct form *form, uint64_t hash, uint8_t flags)
{
	uint32_t slot;
	const struct form_entry *entry =
		formtable_find(&t->index->forms, form->bytes, form->len, hash, &slot);
	struct known_form known = {.stem = NULL};
	if (entry == NULL) {
		known = stems_know(t->stems, t->language, t->stopwords, form, hash);
		if ((known.flags | flags) & TERM_STOP)
			return;
		if (t->stemmed)
			entry = formtable_find(&t->index->stems, known.stem, known.stem_len,
					       known.stem_hash, &slot);
	}
	/* What looks like an ending may belong to the word: Russian "паром", "паромы". */
	if (entry == NULL && t->kin > 0 && t->stemmed)
		entry = formtable_find(&t->index->stems, form->bytes, form->len, hash, &slot);
	if (entry != NULL)
		match_term(t, entry->term);
	else
		t->match->missing += !match_kin(t, form, &known);
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
	const struct form_entry *entry =
		formtable_find(&t->index->forms, form->bytes, form->len, hash, &slot);
	uint32_t term = entry != NULL ? entry->term : new_form(t, form, hash, slot, flags);
	if (term != NONE && token_room(t, 1))
		add_token(t, (uint32_t)start, (uint32_t)end, term);
}

/* ---------------------------------------------------------------- cutting */

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
	bool apart = false; /* one character is written as several */
	size_t at = start;
	form.len = 0;
	while (at < end) {
		unsigned char c = (unsigned char)t->text.at[at];
		if (c < 0x80) {
			bool in_number = (c == '.' || c == ',') && at > start && at + 1 < end &&
					 ascii_is_digit(t->text.at[at - 1]) &&
					 ascii_is_digit(t->text.at[at + 1]);
			if (!ascii_is_alnum((char)c) && !in_number)
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
		bool mark = letters_is_mark(codepoint);
		if (!letters_make_word(codepoint) || letters_is_unspaced(codepoint) ||
		    (mark && at == start)) /* an emoji's mark begins no word */
			break;
		apart |= mark || letters_is_jamo(codepoint);
		letters_put_folded(&form, codepoint);
		at += len;
	}
	if (form.len == 0)
		return at;
	if (apart)
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
	bool function; /* it makes a pair that carries no topic */
};

/* Copy the bytes as they are: these scripts have no case. */
static inline void copy_form(const struct tokenizer *t, size_t start, size_t end, struct form *form)
{
	form->len = (uint32_t)(end - start < FORM_MAX_BYTES ? end - start : FORM_MAX_BYTES);
	if (form->len < VECTOR_BYTES && start + VECTOR_BYTES <= t->text.len) {
		vector bytes = vector_first(vector_load(t->text.at + start), form->len);
		memcpy(form->bytes, &bytes, VECTOR_BYTES);
	} else {
		memcpy(form->bytes, t->text.at + start, form->len);
	}
	form_finish(form);
}

/* Can no mark begin with it? True below U+0300 and for Han. */
static inline bool begins_no_mark(char byte)
{
	unsigned char c = (unsigned char)byte;
	return c < 0xCC || (c >= 0xE4 && c <= 0xE9);
}

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
	copy_form(t, at, next, &form);
	out->function =
		letters_is_hiragana(codepoint) ||
		(stopwords_flags(t->stopwords, &form, form_hash(form.bytes, form.len)) & TERM_STOP);
	out->start = at;
	while (next < end && !begins_no_mark(t->text.at[next])) {
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
	copy_form(t, start, end, &form);
	take_form(t, &form, form_hash(form.bytes, form.len), function ? TERM_STOP : 0, start, end);
}

/* Cut a run of such characters into overlapping pairs; a single one stands for itself. */
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

static uint32_t new_plain(struct tokenizer *t, const struct plain_word *word, uint32_t slot)
{
	uint32_t len = word->end - word->start;
	struct known_form known;
	if (t->stemmed && stems_recall(t->stems, t->language, word->bytes, word->hash, &known))
		return new_term(t,
				formtable_add(t->arena, &t->index->forms, word->bytes, len,
					      word->hash, slot),
				&known);
	struct form form = {.len = len};
	memcpy(form.bytes, word->bytes, sizeof word->bytes);
	return new_form(t, &form, word->hash, slot, 0);
}

static uint32_t plain_term(struct tokenizer *t, const struct plain_word *word)
{
	uint32_t slot, len = word->end - word->start;
	const struct form_entry *entry =
		formtable_find(&t->index->forms, word->bytes, len, word->hash, &slot);
	return entry != NULL ? entry->term : new_plain(t, word, slot);
}

/* Look up words in the first slot where they may be; returns a bit for each that is not there. A
 * third of the words are new, unpredictably, so there is no branch on it. Longer forms in the table
 * differ in the last of the sixteen bytes, which is zero in plain words. */
static uint32_t look_up_plain(const struct tokenizer *t, const struct plain_word *word,
			      unsigned count, uint32_t *term)
{
	const struct formtable *forms = &t->index->forms;
	const struct form_entry *entries = forms->entry;
	uint32_t others = 0;
	for (unsigned i = 0; i < count; i++) {
		uint32_t number =
			forms->slot[formtable_place(forms, word[i].bytes, 1, word[i].hash)];
		const struct form_entry *entry = &entries[number];
		uint64_t differs = (entry->first ^ form_load(word[i].bytes)) |
				   (entry->second ^ form_load(word[i].bytes + 8));
		term[i] = entry->term;
		others |= (uint32_t)(differs != 0) << i;
		/* For new words, fetch what stems_know() needs while the first are being added. */
		stems_prefetch(t->stems, t->language, word[i].hash);
	}
	return others;
}

/* Requires token_room(). */
static void add_plain(struct tokenizer *t, const struct plain_word *word, unsigned count,
		      const uint32_t *term)
{
	for (unsigned i = 0; i < count; i++) {
		t->words += t->words == 0 || !joins(t->text.at, t->word_end, word[i].start);
		t->word_end = word[i].end;
		add_token(t, word[i].start, word[i].end, term[i]);
	}
}

/* Plain words go through in batches: all are looked up before the first new one is added. */
static size_t cut_plain_words(struct tokenizer *t, size_t at, size_t end)
{
	struct plain_word word[PLAINWORDS_MAX];
	uint32_t term[PLAINWORDS_MAX];
	unsigned count = plainwords_find(t->text, &at, end, word);
	if (!token_room(t, PLAINWORDS_MAX))
		return at;
	for (uint32_t left = look_up_plain(t, word, count, term); left != 0; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		term[i] = plain_term(t, &word[i]);
		if (term[i] == NONE)
			return at;
	}
	add_plain(t, word, count, term);
	return at;
}

static void cut_sentence(struct tokenizer *t, size_t start, size_t end)
{
	size_t at = start;
	while (at < end && !t->failed) {
		unsigned char c = (unsigned char)t->text.at[at];
		if (c < 0x80 && !ascii_is_alnum((char)c)) {
			at++;
			continue;
		}
		bool plain = t->match == NULL && ascii_is_letter((char)c);
		size_t next = plain ? cut_plain_words(t, at, end) : at;
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
	t->token_room = t->text.len / 4 + PLAINWORDS_MAX;
	/* Half the words of an article are distinct; of pairs of characters, most. */
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
	t->failed = t->failed || !prepare(t, sentences);
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

static struct tokenizer begin(struct arena *arena, struct stems *stems, struct span text,
			      const struct language *language, struct terms *terms)
{
	struct tokenizer t = {.arena = arena,
			      .stems = stems == NULL ? stems_new() : stems,
			      .language = language,
			      .stopwords = stopwords_of(language),
			      .stemmed = stems_exist(language),
			      .text = text,
			      .terms = terms};
	t.failed = t.stems == NULL;
	return t;
}

/* `stems` are the caller's, or NULL. */
static void end(struct tokenizer *t, struct stems *stems)
{
	t->arena->failed |= t->stems == NULL || t->stems->failed;
	if (stems == NULL)
		stems_free(t->stems);
	else
		stems->failed = false;
}

void tokenize_sentences(struct arena *arena, struct stems *stems, struct span text,
			const struct sentences *sentences, const struct language *language,
			struct terms *out)
{
	struct tokenizer t = begin(arena, stems, text, language, out);
	*out = (struct terms){.token = NULL};
	tokenize(&t, sentences);
	end(&t, stems);
}

void terms_match(struct arena *arena, struct stems *stems, const struct terms *terms,
		 const struct language *language, struct span phrase, bool kin,
		 struct term_match *out)
{
	*out = (struct term_match){.term = arena_alloc(arena, MATCH_TERMS, sizeof *out->term)};
	if (out->term == NULL || phrase.len == 0)
		return;
	/* `terms` is only read while `match` is set: the tokenizer writes only when it adds
	 * terms. */
	struct tokenizer t = begin(arena, stems, phrase, language, (struct terms *)terms);
	t.index = (struct term_index *)terms->index;
	t.match = out;
	t.kin = kin ? MATCH_KIN : 0;
	cut_sentence(&t, 0, phrase.len);
	end(&t, stems);
}
