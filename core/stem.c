#include "stem.h"

#include "ascii.h"
#include "tokenize.h"
#include "utf8.h"

#include <libstemmer.h>
#include <stdint.h>
#include <stdlib.h>

enum { LINE_BYTES = 64, PREFIX_LETTERS = 6 };

_Static_assert(sizeof(struct stems_entry) == LINE_BYTES, "a line of the cache");

struct stems *stems_new(void)
{
	struct stems *stems = calloc(1, sizeof *stems);
	if (stems == NULL)
		return NULL;
	stems->snowball = calloc(language_count(), sizeof(struct sb_stemmer *));
	/* The system clears a block this large page by page when first used: an idle worker's
	 * memory costs nothing. */
	stems->block = calloc(1, STEMS_SETS * sizeof(struct stems_set) + LINE_BYTES);
	if (stems->snowball == NULL || stems->block == NULL) {
		stems_free(stems);
		return NULL;
	}
	uintptr_t at = (uintptr_t)stems->block;
	stems->memory = (struct stems_set *)((at + LINE_BYTES - 1) & ~(uintptr_t)(LINE_BYTES - 1));
	return stems;
}

void stems_free(struct stems *stems)
{
	if (stems == NULL)
		return;
	for (size_t i = 0; stems->snowball != NULL && i < language_count(); i++)
		if (stems->snowball[i] != NULL)
			sb_stemmer_delete(stems->snowball[i]);
	free(stems->snowball);
	free(stems->block);
	free(stems);
}

static struct span snowball(struct stems *stems, const struct language *language, struct span word)
{
	struct sb_stemmer **stemmer = &stems->snowball[language->index];
	if (*stemmer == NULL)
		*stemmer = sb_stemmer_new(language->stemmer, NULL);
	const sb_symbol *stem = NULL;
	if (*stemmer != NULL)
		stem = sb_stemmer_stem(*stemmer, (const sb_symbol *)word.at, (int)word.len);
	stems->failed |= stem == NULL;
	if (stem == NULL || sb_stemmer_length(*stemmer) == 0)
		return word;
	return (struct span){(const char *)stem, (size_t)sb_stemmer_length(*stemmer)};
}

/* Korean nouns carry their case as a suffix; longest first. What remains must have two syllables
 * (of three bytes each), or short nouns that end in such a syllable would be cut; or it is a
 * foreign word: "DNA의". */
static struct span korean(struct span word)
{
	static const char particles[][13] = {
		"에서는", "으로는", "에게서", "이라고", "이라는", "으로써", "으로서", "에서의",
		"에게는", "들에게", "에서",   "으로",   "에게",   "까지",   "부터",   "라고",
		"라는",   "이나",   "처럼",   "보다",   "에는",   "에도",   "과의",   "와의",
		"들이",   "들은",   "들을",   "들의",   "들과",   "은",     "는",     "이",
		"가",     "을",     "를",     "의",     "에",     "와",     "과",     "도",
		"로",     "만",     "들"};
	for (size_t i = 0; i < COUNT(particles); i++) {
		struct span particle = span_of(particles[i]);
		if (!span_ends(word, particle))
			continue;
		size_t left = word.len - particle.len;
		bool foreign = left >= 2 && ascii_is_alnum(word.at[left - 1]);
		return left >= 6 || foreign ? span_slice(word, 0, left) : word;
	}
	return word;
}

bool korean_is(const struct language *language)
{
	return span_equal(span_of(language->tag), SPAN("ko"));
}

static bool ends_like(struct span word, const char endings[][10], size_t count, size_t least_bytes)
{
	for (size_t i = 0; i < count; i++)
		if (word.len >= least_bytes && span_ends(word, span_of(endings[i])))
			return true;
	return false;
}

bool korean_is_verb(struct span word)
{
	static const char endings[][10] = {"다",   "다고", "다는",  "라고", "려고", "지만", "면서",
					   "하는", "하고", "하기",  "하며", "되는", "있는", "없는",
					   "되며", "되고", "되기",  "하게", "도록", "하여", "되어",
					   "해서", "려면", "하면",  "되면", "하지", "되지", "니까",
					   "는데", "던",   "것처럼"};
	return ends_like(word, endings, COUNT(endings), 0);
}

bool korean_is_attribute(struct span word)
{
	/* In shorter words these are mostly nouns: 북한, 역할. */
	static const char endings[][10] = {"한", "할", "된", "될", "적인", "로운", "러운"};
	return ends_like(word, endings, COUNT(endings), 9);
}

static struct span prefix(struct span word)
{
	size_t at = 0;
	for (unsigned letters = 0; letters < PREFIX_LETTERS && at < word.len; letters++) {
		uint32_t codepoint;
		at += utf8_decode(word, at, &codepoint);
	}
	return span_slice(word, 0, at);
}

bool stems_exist(const struct language *language)
{
	return language->stemmer != NULL || (language->spaced && language->index != LANGUAGE_UND);
}

static struct span stem_of(struct stems *stems, const struct language *language, struct span word)
{
	if (language->stemmer != NULL)
		return snowball(stems, language, word);
	if (korean_is(language))
		return korean(word);
	return stems_exist(language) ? prefix(word) : word;
}

static uint8_t flags_of(const struct stopword_language *stopwords, const struct form *form,
			uint64_t hash)
{
	uint8_t flags = stopwords_flags(stopwords, form, hash);
	if (ascii_is_digit(form->bytes[0]))
		return flags | TERM_NUMBER;
	return form->len == 1 ? flags | TERM_STOP : flags; /* a single letter, as in "Tom's" */
}

static struct known_form find_out(struct stems *stems, const struct language *language,
				  const struct stopword_language *stopwords,
				  const struct form *form, uint64_t hash)
{
	struct form *stem = &stems->stem;
	struct span bytes = {form->bytes, form->len};
	uint8_t flags = flags_of(stopwords, form, hash);
	if (!(flags & (TERM_STOP | TERM_NUMBER)))
		bytes = stem_of(stems, language, bytes);
	stem->len = (uint32_t)(bytes.len < FORM_MAX_BYTES ? bytes.len : FORM_MAX_BYTES);
	memcpy(stem->bytes, bytes.at, stem->len);
	form_finish(stem);
	return (struct known_form){stem->bytes, stem->len, form_hash(stem->bytes, stem->len),
				   flags};
}

static struct known_form recall(struct stems *stems, const struct stems_entry *entry)
{
	memcpy(stems->stem.bytes, entry->stem, STEMS_FORM_BYTES);
	memset(stems->stem.bytes + STEMS_FORM_BYTES, 0, 16);
	return (struct known_form){stems->stem.bytes, entry->stem_len, entry->stem_hash,
				   entry->flags};
}

static void remember(struct stems_set *set, const struct language *language,
		     const struct form *form, const struct known_form *known)
{
	struct stems_entry *entry = &set->entry[0];
	set->entry[1] = *entry;
	memcpy(entry->form, form->bytes, STEMS_FORM_BYTES);
	memcpy(entry->stem, known->stem, STEMS_FORM_BYTES);
	entry->stem_hash = known->stem_hash;
	entry->language = (uint16_t)language->index;
	entry->stem_len = (uint8_t)known->stem_len;
	entry->flags = known->flags;
}

struct known_form stems_know(struct stems *stems, const struct language *language,
			     const struct stopword_language *stopwords, const struct form *form,
			     uint64_t hash)
{
	if (!stems_exist(language))
		return (struct known_form){form->bytes, form->len, hash,
					   flags_of(stopwords, form, hash)};
	/* Numbers are many and seldom come again. */
	if (form->len > STEMS_FORM_BYTES || ascii_is_digit(form->bytes[0]))
		return find_out(stems, language, stopwords, form, hash);

	struct stems_set *set = stems_set(stems, language, hash);
	uint64_t bytes[STEMS_FORM_BYTES / 8];
	memcpy(bytes, form->bytes, sizeof bytes);
	for (unsigned i = 0; i < 2; i++) {
		const struct stems_entry *entry = &set->entry[i];
		if (entry->form[0] == bytes[0] && entry->form[1] == bytes[1] &&
		    entry->form[2] == bytes[2] && entry->language == language->index)
			return recall(stems, entry);
	}
	struct known_form known = find_out(stems, language, stopwords, form, hash);
	if (known.stem_len <= STEMS_FORM_BYTES && !stems->failed)
		remember(set, language, form, &known);
	return known;
}
