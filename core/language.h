#ifndef CORE_LANGUAGE_H
#define CORE_LANGUAGE_H

#include "span.h"

/** What segmenting and scoring need to know about a language. Constant, shared, never freed. */
struct language {
	const char *tag;     /* ISO 639-1 ("en"), or "und" */
	const char *stemmer; /* name of its Snowball stemmer ("english"), NULL when there is none */
	bool spaced;         /* words stand apart by spaces; false for Chinese, Japanese, Thai … */
	unsigned index;      /* dense, 0 is "und": a row in per-language tables */
};

enum { LANGUAGE_UND = 0 };

/** How many languages there are, "und" included; language_at() lists them by index. */
size_t language_count(void);
const struct language *language_at(size_t index);

/**
 * The language of a BCP 47 tag ("en", "pt-BR", "zh-Hant", any case), by its primary subtag.
 * A well-formed tag of a language that has no rules here gives "und"; a malformed tag gives NULL.
 */
const struct language *language_from_tag(struct span tag);

/**
 * Which language is valid UTF-8 `text` in? Looks at the first few kilobytes; O(1) beyond them.
 * Never NULL: "und" where nothing speaks for any language.
 */
const struct language *language_detect(struct span text);

#endif
