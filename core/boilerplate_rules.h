#ifndef CORE_BOILERPLATE_RULES_H
#define CORE_BOILERPLATE_RULES_H

/* Private to boilerplate: boilerplate.c asks of each sentence whether it is a line of the page,
 * boilerplate_phrase.c knows the phrases that say so, and boilerplate_part.c finds the parts that
 * several sentences make. */

#include "score.h"

enum {
	LINKED_SHARE = 5, /* one word in so many is a function word; one in ten if the language is
			     not the assumed one */
	SHORT_WORDS = 12, /* a sentence this short is mostly its first words */
	LINE_WORDS = 20,
	OPENING_WORDS = 40, /* of sentences for which it is enough to begin with a phrase */
};

/** Do two sentences stand on one line? Not if there is no such sentence. */
static inline bool boilerplate_same_line(const struct score_input *input, size_t i, size_t j)
{
	return i < input->sentences->len && j < input->sentences->len &&
	       input->sentences->at[i].paragraph == input->sentences->at[j].paragraph;
}

/** Words of languages without spaces have about two characters, each counted as a word. */
static inline uint32_t boilerplate_words(const struct score_input *input, size_t i)
{
	uint32_t words = input->terms->words[i];
	return input->language->spaced ? words : (words + 1) / 2;
}

/** The tokenizer takes a single letter for a function word, but "J." is a name. */
static inline bool boilerplate_is_initial(struct span text, const struct token *token)
{
	return token->end_byte == token->start_byte + 1 && token->end_byte < text.len &&
	       text.at[token->end_byte] == '.' && text.at[token->start_byte] >= 'A' &&
	       text.at[token->start_byte] <= 'Z';
}

static inline bool boilerplate_is_function(const struct score_input *input,
					   const struct token *token)
{
	return (input->terms->distinct[token->term].flags & TERM_STOP) &&
	       !boilerplate_is_initial(input->text, token);
}

/* boilerplate_phrase.c: the phrases of core/data/boilerplate.txt. Each is found by its first or
 * last bytes, so the cost does not grow with their number. */

/** The text without bullets, arrows and brackets before the first word. */
struct span phrase_without_bullets(struct span text);
/** Has it neither letters nor digits? */
bool phrase_only_marks(struct span rest);
/** Does a word end before the byte at `at`? */
bool phrase_ends_word(struct span text, size_t at);
/** Does it begin with a phrase that makes a sentence of so many words, on a line of its own or not,
 * a line of the page? */
bool phrase_begins(struct span text, bool line, uint32_t words);
/** Does it begin with a phrase that makes any sentence one? */
bool phrase_opens(struct span text);
/** … with one that says who took a picture? */
bool phrase_credits(struct span text);
/** Does it end with a phrase, stops, brackets and signs aside? */
bool phrase_ends(struct span text);
/** Is there a phrase anywhere in it? O(text.len). */
bool phrase_occurs(struct span text);
/** Length of the nth phrase that it begins with and that says who wrote or sent a text; 0: there
 * are no more. */
size_t phrase_imprint_len(struct span text, unsigned nth);

/* boilerplate_part.c: each marks sentences in `line`, which has a flag for each. O(text.len). */

/** What stands under a heading such as "About Acme", after the first third of the text. */
void part_find_imprint(const struct score_input *input, bool *line);
/** The author's few words about himself that end an article. */
void part_find_author(const struct score_input *input, bool *line);
/** An interviewer's questions. */
void part_find_questions(const struct score_input *input, bool *line);
/** The fields of a form: a recipe's times, a film's cast. */
void part_find_fields(const struct score_input *input, bool *line);

#endif
