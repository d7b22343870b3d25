/* The first byte chooses the language, the first line is a phrase to look up, the rest the text. */
#include "fuzz.h"

#include "core/tokenize.h"
#include "core/utf8.h"

static void check(struct span text, const struct sentences *sentences, const struct terms *terms)
{
	HOLDS(terms->first[0] == 0 && terms->first[sentences->len] == terms->token_count);
	for (size_t i = 0; i < sentences->len; i++) {
		uint32_t at = sentences->at[i].start_byte;
		HOLDS(terms->first[i] <= terms->first[i + 1]);
		for (uint32_t k = terms->first[i]; k < terms->first[i + 1]; k++) {
			const struct token *token = &terms->token[k];
			HOLDS(token->start_byte >= at && token->end_byte > token->start_byte);
			HOLDS(token->end_byte <= sentences->at[i].end_byte);
			HOLDS(token->term < terms->distinct_count);
			at = token->start_byte;
		}
	}
	size_t count = 0;
	for (size_t i = 0; i < terms->distinct_count; i++) {
		const struct term *term = &terms->distinct[i];
		HOLDS(term->sentence_count > 0 && term->sentence_count <= term->count);
		HOLDS(term->last_sentence < sentences->len);
		HOLDS(term->stem.len > 0);
		count += term->count;
	}
	HOLDS(count == terms->token_count);
	HOLDS(utf8_check(text) == text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	const struct language *language = language_at(input_byte(&input) % language_count());
	struct span phrase = input_line(&input), text = input_rest(&input);
	struct arena arena;
	struct sentences sentences;
	struct terms terms;
	struct term_match match;
	static struct stems *stems;
	if (stems == NULL)
		stems = stems_new();
	phrase.len = utf8_check(phrase);
	text.len = utf8_check(text);
	arena_init(&arena, (size_t)64 << 20);
	segment_text(&arena, text, language, &sentences);
	if (sentences.len > 0) {
		tokenize_sentences(&arena, stems, text, &sentences, language, &terms);
		HOLDS(!arena.failed);
		check(text, &sentences, &terms);
		terms_match(&arena, stems, &terms, language, phrase, true, &match);
		for (size_t i = 0; i < match.len; i++)
			HOLDS(match.term[i] < terms.distinct_count);
	}
	arena_free(&arena);
	return 0;
}
