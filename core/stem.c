#include "stem.h"

#include "utf8.h"

#include <libstemmer.h>
#include <stdint.h>
#include <stdlib.h>

enum {
	MEMO_SETS = 4096, /* a power of two; two words share a set, the older one gives way */
	MEMO_BYTES = 24,  /* words longer than this are rare and are stemmed each time */
	PREFIX_LETTERS = 6,
};

struct memo_entry {
	char word[MEMO_BYTES], stem[MEMO_BYTES];
	uint8_t word_len, stem_len;
	uint16_t language;
};

struct stems {
	struct sb_stemmer **snowball; /* by language index; made when first needed */
	struct memo_entry memo[MEMO_SETS][2];
};

struct stems *stems_new(void)
{
	struct stems *stems = calloc(1, sizeof *stems);
	if (stems == NULL)
		return NULL;
	stems->snowball = calloc(language_count(), sizeof(struct sb_stemmer *));
	if (stems->snowball == NULL) {
		free(stems);
		return NULL;
	}
	return stems;
}

void stems_free(struct stems *stems)
{
	if (stems == NULL)
		return;
	for (size_t i = 0; i < language_count(); i++)
		if (stems->snowball[i] != NULL)
			sb_stemmer_delete(stems->snowball[i]);
	free(stems->snowball);
	free(stems);
}

static struct span snowball(struct stems *stems, const struct language *language, struct span word)
{
	struct sb_stemmer **stemmer = &stems->snowball[language->index];
	if (*stemmer == NULL)
		*stemmer = sb_stemmer_new(language->stemmer, NULL);
	if (*stemmer == NULL)
		return word;
	const sb_symbol *stem =
		sb_stemmer_stem(*stemmer, (const sb_symbol *)word.at, (int)word.len);
	if (stem == NULL || sb_stemmer_length(*stemmer) == 0)
		return word;
	return (struct span){(const char *)stem, (size_t)sb_stemmer_length(*stemmer)};
}

static bool ends_with(struct span word, struct span suffix)
{
	return word.len > suffix.len &&
	       memcmp(word.at + word.len - suffix.len, suffix.at, suffix.len) == 0;
}

/* Korean nouns carry their case as a suffix of the word; longest first. What remains must have two
 * syllables (of three bytes each), or short nouns that end in such a syllable would be cut. */
static struct span korean(struct span word)
{
	static const char particles[][13] = {
		"에서는", "으로는", "에게서", "이라고", "에서", "으로", "에게", "까지", "부터",
		"라고",   "이나",   "처럼",   "보다",   "은",   "는",   "이",   "가",   "을",
		"를",     "의",     "에",     "와",     "과",   "도",   "로",   "만",   "들"};
	for (size_t i = 0; i < sizeof particles / sizeof *particles; i++) {
		struct span particle = span_of(particles[i]);
		if (ends_with(word, particle) && word.len >= particle.len + 6)
			return span_slice(word, 0, word.len - particle.len);
	}
	return word;
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

struct span stems_stem(struct stems *stems, const struct language *language, struct span word,
		       uint64_t hash)
{
	if (language->stemmer == NULL) {
		if (span_equal(span_of(language->tag), SPAN("ko")))
			return korean(word);
		return language->spaced && language->index != LANGUAGE_UND ? prefix(word) : word;
	}
	if (word.len > MEMO_BYTES)
		return snowball(stems, language, word);

	struct memo_entry *set = stems->memo[(hash ^ language->index) & (MEMO_SETS - 1)];
	for (unsigned i = 0; i < 2; i++)
		if (set[i].word_len == word.len && set[i].language == language->index &&
		    memcmp(set[i].word, word.at, word.len) == 0)
			return (struct span){set[i].stem, set[i].stem_len};
	struct span stem = snowball(stems, language, word);
	if (stem.len > MEMO_BYTES)
		return stem;
	set[1] = set[0];
	memcpy(set[0].word, word.at, word.len);
	memcpy(set[0].stem, stem.at, stem.len);
	set[0].word_len = (uint8_t)word.len;
	set[0].stem_len = (uint8_t)stem.len;
	set[0].language = (uint16_t)language->index;
	return (struct span){set[0].stem, set[0].stem_len};
}
