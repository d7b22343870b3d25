#ifndef CORE_LANGUAGE_H
#define CORE_LANGUAGE_H

#include "span.h"

/** What segmenting and scoring need to know about a language. Constant, shared, never freed. */
struct language {
	const char *tag;     /* ISO 639-1 ("en"), or "und" */
	const char *stemmer; /* name of its Snowball stemmer ("english"), NULL when there is none */
	bool spaced;    /* words stand apart by spaces; false for Chinese, Japanese, Thai … */
	unsigned index; /* dense, 0 is "und": a row in per-language tables */
	unsigned properties; /* bits of enum language_property */
};

enum { LANGUAGE_UND = 0 };

/** How languages are written, where it matters to sentences; core/data/languages.txt says which. */
enum language_property {
	LANGUAGE_ORDINAL = 1,         /* a number with a full stop is an ordinal: "3. Mai" */
	LANGUAGE_NOUNS = 2,           /* nouns are capitalized, so a capital says less */
	LANGUAGE_COLON = 4,           /* the colon is a full stop */
	LANGUAGE_QUESTION = 8,        /* the semicolon is the question mark */
	LANGUAGE_SYLLABLES = 16,      /* a capitalized function word may be a syllable of a name */
	LANGUAGE_CLAUSES = 32,        /* a semicolon before a capital ends a sentence */
	LANGUAGE_SPEECH = 64,         /* a colon before a quotation ends a sentence */
	LANGUAGE_COLON_CAPITAL = 128, /* a colon before a capital ends a sentence */
	LANGUAGE_ENDINGS = 256,       /* words of class WORD_ENDING end a sentence without a stop */
	LANGUAGE_PHRASES = 512,       /* a space after a long phrase ends a sentence */
	LANGUAGE_LINKED = 1024,       /* a sentence of eight words has a function word */
	LANGUAGE_COMPOUNDS = 2048,    /* words that name one thing are written as one */
	LANGUAGE_UMLAUTS = 4096,      /* some letters may be written as two: "Bruecke" */
	LANGUAGE_ATTRIBUTES = 8192,   /* endings of class WORD_ATTRIBUTE show adjectives */
};

/** How a word behaves around a full stop, in one language: bits. core/data/README.md explains them.
 */
enum word_class {
	WORD_FUNCTION = 1,
	WORD_STARTER = 2,
	WORD_TITLE = 4,
	WORD_ABBREVIATION = 8,
	WORD_FINAL = 16,
	WORD_NUMBER = 32,
	WORD_MONTH = 64,
	WORD_ORDINAL_NOUN = 128,
	WORD_ENDING = 256,
	WORD_CAPITAL = 512,
	WORD_INNER = 1024,
	WORD_PROPER = 2048,
	WORD_CALENDAR = 4096,
	WORD_VAGUE = 8192,
	WORD_COMMON = 16384,
	WORD_ATTRIBUTE = 32768,
	/* Those that say nothing about a full stop after the word. */
	WORD_ORDINARY = WORD_FUNCTION | WORD_STARTER | WORD_CALENDAR | WORD_VAGUE | WORD_COMMON
};

/** The longest word that the lists hold, in bytes. */
enum { LANGUAGE_WORD_BYTES = 40 };

/** How many languages there are, "und" included; language_at() lists them by index. */
size_t language_count(void);
const struct language *language_at(size_t index);

/**
 * The language of a BCP 47 tag ("en", "pt-BR", "zh-Hant", any case), by its primary subtag.
 * A well-formed tag of a language that has no rules here gives "und"; a malformed tag gives NULL.
 */
const struct language *language_from_tag(struct span tag);

/**
 * Which language is valid UTF-8 `text` in? Looks at its beginning and its middle and, if these
 * leave doubt, at its first 3 KB: O(1). Never NULL: "und" if nothing speaks for any language.
 *
 * The script decides first. Languages that share one are told apart by the share of their function
 * words (Grefenstette 1995) and of letters and word endings that few of them use.
 */
const struct language *language_detect(struct span text);

/**
 * The language that somebody says `text` is in, unless the text contradicts: it is in another
 * script, or has many words of another language and few of this one. "und" and NULL say nothing:
 * then it is detected. O(1).
 */
const struct language *language_believe(const struct language *said, struct span text);

/** Is it written in Latin letters? */
bool language_is_latin(const struct language *language);

/** The classes of `word` (lower case, without its full stop) in `language`; 0 for an unlisted one.
 */
unsigned language_word(const struct language *language, struct span word);

/**
 * A quick check before a look-up: may a word be of class WORD_STARTER and not WORD_CAPITAL in
 * `language`, if it begins with `letters` letters a to z (from 2 to 16 or more), of which the first
 * two are given? False only if no such word is listed; of the other words one in ten passes. O(1),
 * without hashing the word.
 */
bool language_may_start(const struct language *language, unsigned char first, unsigned char second,
			unsigned letters);

#endif
