#ifndef CORE_STEM_H
#define CORE_STEM_H

#include "form.h"
#include "language.h"
#include "span.h"
#include "stopwords.h"

#include <stdint.h>

/**
 * What one thread knows of words from job to job: a Snowball stemmer for each language met so far,
 * and a memory of the words met, with their stems and flags.
 *
 * A Snowball stemmer is made with malloc and takes 200 ns per word, which for the 350 distinct
 * words of a usual article is more than all the rest of the core. Nothing here may be global, so
 * the caller owns it, as it owns the arena: one per worker. What it remembers changes the speed,
 * but never a result. Bounded: a fixed table whose entries replace each other, at most 530 KB.
 */
struct stems {
	struct stems_set *memory;     /* STEMS_SETS of them */
	struct sb_stemmer **snowball; /* by language index; made when first needed */
	struct form stem;             /* the last answer */
	void *block;                  /* holds `memory` */
	bool failed;                  /* no memory for a stemmer: words were left as they are */
};

enum { STEMS_SETS = 4096, STEMS_FORM_BYTES = 24 };

/** A form, its flags and its stem in one cache line: so each of an article's hundreds of new words
 * costs one cache miss, and neither the lists nor the stemmer are asked again. */
struct stems_entry {
	uint64_t form[STEMS_FORM_BYTES / 8];
	char stem[STEMS_FORM_BYTES];
	uint64_t stem_hash;
	uint16_t language;
	uint8_t stem_len, flags;
};

/** Two forms share a set; the older one gives way. */
struct stems_set {
	struct stems_entry entry[2];
};

/** New, or NULL for lack of memory. */
struct stems *stems_new(void);
void stems_free(struct stems *stems);

/** What is known of a form. Its stem, zero-padded to whole steps of sixteen bytes, is valid until
 * the next call, and may be the form itself. */
struct known_form {
	const char *stem;
	uint32_t stem_len;
	uint64_t stem_hash;
	uint8_t flags; /* TERM_* */
};

/**
 * Look up a case-folded form: its flags, and the stem of one that is neither a function word nor a
 * number (others are their own). `hash` is form_hash() of it.
 *
 * Languages with a Snowball stemmer use it. Korean loses its case particles. Other languages
 * written with spaces keep the first six letters of longer words, which joins the forms of an
 * inflected word nearly as well as a stemmer does (McNamee & Mayfield 2004). Never fails: for
 * lack of memory the word is its own stem.
 */
struct known_form stems_know(struct stems *stems, const struct language *language,
			     const struct stopword_language *stopwords, const struct form *form,
			     uint64_t hash);

/** Where a form is remembered. */
static inline struct stems_set *stems_set(const struct stems *stems,
					  const struct language *language, uint64_t hash)
{
	return &stems->memory[(hash ^ language->index) & (STEMS_SETS - 1)];
}

/** Fetch that place from memory ahead of stems_know(). */
static inline void stems_prefetch(const struct stems *stems, const struct language *language,
				  uint64_t hash)
{
	__builtin_prefetch(stems_set(stems, language, hash));
}

/** stems_know() for a zero-padded form of at most sixteen bytes, in a language that has stems;
 * false if it is not remembered. */
static inline bool stems_recall(const struct stems *stems, const struct language *language,
				const char *form, uint64_t hash, struct known_form *known)
{
	const struct stems_set *set = stems_set(stems, language, hash);
	uint64_t bytes[2];
	memcpy(bytes, form, sizeof bytes);
	const struct stems_entry *newer = &set->entry[0];
	/* Which of the two it is cannot be predicted, so there is no branch. */
	uint64_t differs = (newer->form[0] ^ bytes[0]) | (newer->form[1] ^ bytes[1]);
	const struct stems_entry *entry = newer + (differs != 0);
	if (entry->form[0] != bytes[0] || entry->form[1] != bytes[1] || entry->form[2] != 0 ||
	    entry->language != language->index || entry->stem_len > 16)
		return false;
	*known = (struct known_form){entry->stem, entry->stem_len, entry->stem_hash, entry->flags};
	return true;
}

/** Are there stems in this language, other than the words themselves? */
bool stems_exist(const struct language *language);

/** Is it Korean? There a stem lacks the word's particles, and nothing else. */
bool korean_is(const struct language *language);

/** Does a Korean word end as verbs do at the end of a clause or sentence? */
bool korean_is_verb(struct span word);

/** Does it end as verbs and adjectives do before the noun that they belong to? */
bool korean_is_attribute(struct span word);

#endif
