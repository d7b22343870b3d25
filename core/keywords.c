#include "keywords.h"

#include "ascii.h"
#include "hash.h"
#include "letters.h"
#include "scatter.h"
#include "utf8.h"
#include "vector.h"

#include <math.h>
#include <utf8proc.h>

enum {
	PHRASE_WORDS = 3,
	SHOWN_PLACES = 32,
	FEW_PLACES = 3,      /* so many show how a phrase goes on */
	FEW_CAPITALS = 4,    /* nouns are more than one in so many words */
	GROWN_TOKENS = 11,   /* twelve characters of a script without spaces */
	NAME_WORDS = 5,      /* "Parkside Town Hall Concert Society" */
	ADDRESS_BYTES = 100, /* on each side */
	SHOUTED_LETTERS = 4,
	MOST_TOKENS = 100000, /* what a longer text is about shows in its first half megabyte */
};

/* A run of one to three neighbouring content tokens; equal terms make equal phrases. */
struct phrase {
	uint64_t hash;
	uint32_t term[PHRASE_WORDS];
	uint32_t len;
	uint32_t count, capitals; /* places; those capitalized like a name */
	uint32_t longer, inside;  /* the longer phrase that contains it most often, and how often */
	uint32_t first, last;     /* tokens where it occurs first and, so far, last */
	float score;
};

struct finder {
	const struct score_input *input;
	const struct scores *scores;
	struct phrase *phrase;
	size_t count;
	uint32_t *slot;  /* number of a phrase plus one */
	uint64_t factor; /* of scatter_place() */
	unsigned bits;
	size_t tokens;  /* that are looked at */
	uint32_t *next; /* for each token and length: where the phrase of that length that begins
			   there is next; nothing that counts at its last place */
	uint8_t *run;   /* for each token: how many from it on may form one phrase; 0: none */
	bool *ends;     /* for each token: it may end a phrase */
	bool *taken;    /* for each term: it is in a chosen phrase */
	bool *titled;   /* for each term: it is in the title */
	bool korean, chinese;
	bool addresses; /* the text may have a URL or a mail address */
};

/* Does it begin with a capital? */
static bool is_capital(struct span text, const struct token *token)
{
	return letters_is_capital(text.at + token->start_byte);
}

/* "Brücke", "iPhone" */
static bool has_capital(struct span text, const struct token *token)
{
	for (size_t at = token->start_byte; at < token->end_byte; at++)
		if (letters_is_capital(text.at + at))
			return true;
	return false;
}

/* Do two neighbouring tokens belong to one phrase: overlapping characters, one space or hyphen? */
static bool adjoin(struct span text, const struct token *a, const struct token *b)
{
	if (b->start_byte <= a->end_byte)
		return true;
	return b->start_byte == a->end_byte + 1 &&
	       (text.at[a->end_byte] == ' ' || text.at[a->end_byte] == '-');
}

static bool same_terms(const struct phrase *phrase, const struct token *token, uint32_t len)
{
	if (phrase->len != len)
		return false;
	for (uint32_t i = 0; i < len; i++)
		if (phrase->term[i] != token[i].term)
			return false;
	return true;
}

/* The place of the phrase of these tokens among the slots: an empty one if there is none yet. */
static uint32_t *find_slot(struct finder *f, const struct token *token, uint32_t len, uint64_t hash)
{
	size_t at = scatter_place(hash, f->factor, f->bits), mask = ((size_t)1 << f->bits) - 1;
	for (; f->slot[at] != 0; at = (at + 1) & mask) {
		struct phrase *phrase = &f->phrase[f->slot[at] - 1];
		if (phrase->hash == hash && same_terms(phrase, token, len))
			break;
	}
	return &f->slot[at];
}

/* The phrase of these tokens; made when first met. */
static struct phrase *find_phrase(struct finder *f, const struct token *token, uint32_t len,
				  uint64_t hash)
{
	uint32_t *slot = find_slot(f, token, len, hash);
	if (*slot != 0)
		return &f->phrase[*slot - 1];
	struct phrase *phrase = &f->phrase[f->count++];
	*phrase = (struct phrase){.hash = hash, .len = len};
	phrase->first = phrase->last = (uint32_t)(token - f->input->terms->token);
	for (uint32_t i = 0; i < len; i++)
		phrase->term[i] = token[i].term;
	*slot = (uint32_t)f->count;
	return phrase;
}

/* Two small letters say too little; "EU" does not. */
static bool is_tiny(struct span text, const struct token *token)
{
	uint32_t len = token->end_byte - token->start_byte;
	return len < 2 || (len == 2 && !(is_capital(text, token) &&
					 ascii_is_upper(text.at[token->start_byte + 1])));
}

/* One character is no phrase of its own ("고", a particle), but may be part of one. */
static bool is_one_character(struct span text, const struct token *token)
{
	uint32_t codepoint;
	return utf8_decode(text, token->start_byte, &codepoint) >=
	       token->end_byte - token->start_byte;
}

/* Characters that addresses are made of: ASCII that shows something. */
static bool is_of_run(char c)
{
	return c > ' ' && c < 0x7F;
}

/* Has one of these bytes what addresses have, "@", "//" or "ww"? Reads one byte more. */
static inline vector addresses_among(const char *at)
{
	vector a = vector_load(at), b = vector_load(at + 1);
	return (vector)((a == '@') | ((a == b) & ((a == '/') | (a == 'w'))));
}

/* Most texts have no addresses, so that nobody need ask each of their words for one. */
static bool may_have_addresses(struct span text)
{
	if (text.len <= VECTOR_BYTES)
		return true; /* or too short to tell */
	size_t last = text.len - VECTOR_BYTES - 1;
	vector found = addresses_among(text.at + last);
	for (size_t at = 0; at < last; at += VECTOR_BYTES)
		found |= addresses_among(text.at + at);
	return vector_signs(found) != 0;
}

/* Is the token a piece of a URL or of a mail address? */
static bool is_of_address(struct span text, const struct token *token)
{
	size_t start = token->start_byte, end = token->end_byte;
	size_t least = start > ADDRESS_BYTES ? start - ADDRESS_BYTES : 0;
	size_t most = text.len - end > ADDRESS_BYTES ? end + ADDRESS_BYTES : text.len;
	while (start > least && is_of_run(text.at[start - 1]))
		start--;
	while (end < most && is_of_run(text.at[end]))
		end++;
	if (end - start == token->end_byte - token->start_byte) /* most stand between spaces */
		return false;
	while (start < token->start_byte && !ascii_is_alnum(text.at[start]))
		start++;
	struct span run = span_slice(text, start, end);
	const char *at = memchr(run.at, '@', run.len), *colon = memchr(run.at, ':', run.len);
	size_t behind = colon == NULL ? 0 : (size_t)(run.at + run.len - colon);
	return (at != NULL && at + 1 < run.at + run.len && ascii_is_alnum(at[1])) ||
	       (behind >= 3 && memcmp(colon, "://", 3) == 0) ||
	       (run.len > 4 && memcmp(run.at, "www.", 4) == 0);
}

static bool token_usable(const struct finder *f, const struct token *token)
{
	const struct term *term = &f->input->terms->distinct[token->term];
	struct span text = f->input->text;
	return !(term->flags & (TERM_STOP | TERM_NUMBER | TERM_REPORT)) && !is_tiny(text, token) &&
	       !(f->addresses && is_of_address(text, token)) &&
	       !(f->korean && korean_is_verb(span_slice(text, token->start_byte, token->end_byte)));
}

static bool is_number(const struct finder *f, const struct token *token)
{
	return (f->input->terms->distinct[token->term].flags & TERM_NUMBER) != 0;
}

/* The end of those tokens of sentence `i` that are looked at. */
static size_t sentence_end(const struct finder *f, size_t i)
{
	size_t end = f->input->terms->first[i + 1];
	return end < f->tokens ? end : f->tokens;
}

/* Headings say what the article is about; speakers, bylines and lines of the page do not. */
static bool is_of_article(const struct finder *f, size_t i)
{
	enum sentence_kind kind = f->input->sentences->at[i].kind;
	return kind == SENTENCE_HEADING || (kind != SENTENCE_LABEL && f->scores->at[i] > 0);
}

/* Does the word have an ending of adjectives, of three or four letters? */
static bool ends_like_adjective(const struct finder *f, const struct token *token)
{
	struct span word = span_slice(f->input->text, token->start_byte, token->end_byte);
	char ending[1 + 4 * 4] = "-";
	size_t at = word.len;
	for (unsigned letters = 1; letters <= 4 && at > 0; letters++) {
		at = utf8_before(word, at);
		memcpy(ending + 1, word.at + at, word.len - at);
		if (letters >= 3 &&
		    (language_word(f->input->language, (struct span){ending, 1 + word.len - at}) &
		     WORD_ATTRIBUTE))
			return true;
	}
	return false;
}

/* Does the word belong to the one after it, as an adjective before its noun does? A phrase that
 * ends with it is cut off: "образовательных" without "организаций". One that no word follows is
 * used like a noun ("обработка данных"), and one with a capital is a name. */
static bool is_attribute(const struct finder *f, size_t k)
{
	const struct token *token = &f->input->terms->token[k];
	if (f->korean)
		return korean_is_attribute(
			span_slice(f->input->text, token->start_byte, token->end_byte));
	return (f->input->language->properties & LANGUAGE_ATTRIBUTES) && f->run[k] > 1 &&
	       !has_capital(f->input->text, token) && ends_like_adjective(f, token);
}

/* In Chinese, pairs of characters cross the borders of words: those that say where end no phrase
 * ("系统中"), nor does one begin with a determiner or counter ("篇文章", "该项目"). */
static bool is_cut(struct span text, const struct token *first, const struct token *last)
{
	static const char places[] = "中上下里内时后前来说", openers[] = "篇款该此某每各至来并却仍";
	uint32_t codepoint;
	size_t from = utf8_before(text, last->end_byte);
	struct span end = span_slice(text, from, last->end_byte);
	size_t len = utf8_decode(text, first->start_byte, &codepoint);
	struct span start = span_slice(text, first->start_byte, first->start_byte + len);
	return span_contains(SPAN(places), end) || span_contains(SPAN(openers), start);
}

/* Fill `run` for all tokens that are looked at, sentence by sentence, from last to first. */
static void find_runs(struct finder *f)
{
	const struct terms *terms = f->input->terms;
	const struct token *token = terms->token;
	struct span text = f->input->text;
	for (size_t i = 0; i < f->input->sentences->len && terms->first[i] < f->tokens; i++) {
		size_t end = sentence_end(f, i);
		bool of_article = is_of_article(f, i);
		for (size_t k = end; k-- > terms->first[i];) {
			if (!of_article || !token_usable(f, &token[k]))
				continue;
			bool goes_on = k + 1 < end && adjoin(text, &token[k], &token[k + 1]);
			unsigned behind = goes_on ? f->run[k + 1] : 0;
			if (goes_on && is_number(f, &token[k + 1]) &&
			    is_capital(text, &token[k])) { /* "Windows 10" */
				f->ends[k + 1] = true;
				behind = 1;
			}
			f->run[k] = (uint8_t)(behind < PHRASE_WORDS ? behind + 1 : PHRASE_WORDS);
			f->ends[k] = !is_attribute(f, k);
		}
	}
}

/* Where nouns are capitalized, a phrase ends with a capitalized word: "neue Brücke", not "Brücke
 * gesperrt". The capital of a sentence's first word is ignored if the word is mostly in lower case
 * elsewhere, and all are in a text with hardly any. */
static void find_ends(struct arena *arena, struct finder *f)
{
	const struct terms *terms = f->input->terms;
	int32_t *balance = arena_zalloc(arena, terms->distinct_count, sizeof *balance);
	size_t usable = 0, capitals = 0;
	if (balance == NULL || !(f->input->language->properties & LANGUAGE_NOUNS))
		return;
	for (size_t i = 0; i < f->input->sentences->len; i++)
		for (uint32_t k = terms->first[i]; k < terms->first[i + 1] && k < f->tokens; k++) {
			bool capital = has_capital(f->input->text, &terms->token[k]);
			balance[terms->token[k].term] += !capital ? -1 : k > terms->first[i];
			usable += f->run[k] > 0;
			capitals += f->run[k] > 0 && capital;
		}
	if (capitals * FEW_CAPITALS < usable)
		return;
	for (size_t i = 0; i < f->input->sentences->len; i++)
		for (uint32_t k = terms->first[i]; k < terms->first[i + 1] && k < f->tokens; k++)
			if (f->run[k] > 0)
				f->ends[k] =
					has_capital(f->input->text, &terms->token[k]) &&
					(k > terms->first[i] || balance[terms->token[k].term] >= 0);
}

static uint32_t *next_place(const struct finder *f, size_t token, uint32_t len)
{
	return &f->next[token * PHRASE_WORDS + len - 1];
}

static void collect(struct finder *f)
{
	const struct terms *terms = f->input->terms;
	for (size_t i = 0; i < f->input->sentences->len && terms->first[i] < f->tokens; i++) {
		bool heading = f->input->sentences->at[i].kind == SENTENCE_HEADING;
		for (size_t k = terms->first[i]; k < sentence_end(f, i); k++) {
			uint32_t least = 1 + is_one_character(f->input->text, &terms->token[k]);
			uint64_t hash = 0;
			for (uint32_t len = 1; len <= f->run[k]; len++) {
				hash = hash_append(hash, terms->token[k + len - 1].term);
				if (len < least || !f->ends[k + len - 1] ||
				    (f->chinese && len > 1 &&
				     is_cut(f->input->text, &terms->token[k],
					    &terms->token[k + len - 1])))
					continue;
				struct phrase *phrase = find_phrase(f, &terms->token[k], len, hash);
				*next_place(f, phrase->last, len) = (uint32_t)k;
				phrase->last = (uint32_t)k;
				phrase->count++;
				/* "The Train That Refused to Die": headings capitalize all
				 * words. */
				phrase->capitals += k > terms->first[i] && !heading &&
						    is_capital(f->input->text, &terms->token[k]);
				phrase->score += f->scores->at[i];
			}
		}
	}
}

/* Find for each phrase the most frequent longer one that contains it. */
static void nest(struct finder *f)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct phrase *phrase = &f->phrase[i];
		const struct token *token = &f->input->terms->token[phrase->first];
		for (uint32_t from = 0; from < phrase->len; from++) {
			uint64_t hash = 0;
			for (uint32_t len = 1; from + len <= phrase->len && len < phrase->len;
			     len++) {
				hash = hash_append(hash, phrase->term[from + len - 1]);
				uint32_t *slot = find_slot(f, token + from, len, hash);
				if (*slot == 0)
					continue;
				struct phrase *part = &f->phrase[*slot - 1];
				if (part->inside < phrase->count) {
					part->inside = phrase->count;
					part->longer = (uint32_t)i;
				}
			}
		}
	}
}

/* Does each of its words begin with a capital at its first place? That of a sentence's first word
 * alone does not count. */
static bool is_name(const struct finder *f, const struct phrase *phrase)
{
	const struct token *token = &f->input->terms->token[phrase->first];
	for (uint32_t i = 0; i < phrase->len; i++)
		if (!is_capital(f->input->text, &token[i]))
			return false;
	return phrase->len > 1 || phrase->capitals > 0;
}

static bool is_katakana(struct span text, const struct token *token)
{
	for (size_t at = token->start_byte; at < token->end_byte;) {
		uint32_t c;
		at += utf8_decode(text, at, &c);
		if (c < 0x30A1 || c > 0x30FF || c == 0x30FB) /* the dot separates words */
			return false;
	}
	return true;
}

/* Does it occur once, in a script without spaces? Then its characters may be of two words, unless
 * it is in the title, a name in Latin letters or a word in katakana. Thai writes titles like
 * sentences. */
static bool is_chance(const struct finder *f, const struct phrase *phrase, uint32_t titled)
{
	const struct language *language = f->input->language;
	const struct token *token = &f->input->terms->token[phrase->first];
	return !language->spaced && phrase->count == 1 && !is_name(f, phrase) &&
	       (titled < phrase->len || (language->properties & LANGUAGE_PHRASES)) &&
	       !is_katakana(f->input->text, token);
}

/* After YAKE (Campos et al. 2020): often, early, with capitals, in sentences that matter; RAKE
 * (Rose et al. 2010): its words stand together; C-value (Frantzi et al. 2000): not only inside a
 * longer phrase. How much of each was fitted to the tags of pages, see tests/quality/keywords. */
static void weigh(const struct finder *f, struct phrase *phrase)
{
	const struct terms *terms = f->input->terms;
	float count = (float)phrase->count, together = 1;
	uint32_t titled = 0;
	if (phrase->score == 0) /* it is only in headings: a byline, a menu */
		return;
	for (uint32_t i = 0; i < phrase->len; i++) {
		float share = count / (float)terms->distinct[phrase->term[i]].count;
		if (share < together)
			together = share;
		titled += f->titled[phrase->term[i]];
	}
	if (is_chance(f, phrase, titled)) {
		phrase->score = 0;
		return;
	}
	float often = count / sqrtf(sqrtf(count));
	float late = sqrtf(sqrtf(1.0f + (float)phrase->first));
	float salience = phrase->score / count;
	/* A phrase that occurs once must be a name: "Ostrand" and not "Ostrand reopened". */
	float kind = is_name(f, phrase) ? 2.0f : phrase->count > 1 ? 1.0f : 0.4f;
	float title = titled == phrase->len ? 4.0f : titled > 0 ? 2.0f : 1.0f;
	/* German writes as one word what others write as two. */
	bool joins = (f->input->language->properties & LANGUAGE_NOUNS) != 0;
	float length = phrase->len == 1 ? 1.0f : phrase->len == 2 && !joins ? 2.0f : 1.5f;
	float alone = 1.0f - 0.65f * (float)phrase->inside / count;
	phrase->score =
		often / late * (1 + salience) * (1 + together) * kind * title * length * alone;
}

/* The token's classes in the word lists, WORD_CALENDAR and WORD_VAGUE among them. */
static unsigned classes_of(const struct finder *f, const struct token *token)
{
	struct span word = span_slice(f->input->text, token->start_byte, token->end_byte);
	char lower[LANGUAGE_WORD_BYTES + 4];
	size_t len = 0;
	for (size_t at = 0; at < word.len && len <= LANGUAGE_WORD_BYTES;) {
		uint32_t c;
		at += utf8_decode(word, at, &c);
		len += (size_t)utf8proc_encode_char(utf8proc_tolower((utf8proc_int32_t)c),
						    (utf8proc_uint8_t *)lower + len);
	}
	return language_word(f->input->language, (struct span){lower, len});
}

/* A phrase says when, and not what, if it is only days, months and periods ("Monday", "next",
 * "years"), or begins or ends with one that is not part of a name ("Bloody Sunday"). */
static bool says_when(const struct finder *f, const struct phrase *phrase)
{
	const struct token *token = &f->input->terms->token[phrase->first];
	uint32_t calendar = 0;
	for (uint32_t i = 0; i < phrase->len; i++) {
		bool number = is_number(f, &token[i]);
		if (!number && !(classes_of(f, &token[i]) & WORD_CALENDAR))
			continue;
		calendar++;
		if (!number && (i == 0 || i + 1 == phrase->len) &&
		    !is_capital(f->input->text, &token[i]))
			return true;
	}
	return calendar == phrase->len;
}

/* One word that is found in texts about anything ("way", "started"), unless it is a name here
 * ("Best"). */
static bool is_vague(const struct finder *f, const struct phrase *phrase)
{
	bool name = phrase->capitals * 4 > phrase->count * 3 &&
		    !(f->input->language->properties & LANGUAGE_NOUNS);
	return phrase->len == 1 && !name &&
	       (classes_of(f, &f->input->terms->token[phrase->first]) & WORD_VAGUE) != 0;
}

static bool better(const struct phrase *a, const struct phrase *b)
{
	return a->score != b->score ? a->score > b->score : a->first < b->first;
}

/* Is one of its words in a chosen phrase? Then a better phrase names the same thing. */
static bool is_taken(const struct finder *f, const struct phrase *phrase)
{
	for (uint32_t i = 0; i < phrase->len; i++)
		if (f->taken[phrase->term[i]])
			return true;
	return false;
}

/* Is it mostly inside a longer phrase with such a word, like "Charles" when "Kennedy" is chosen? */
static bool is_rest(const struct finder *f, const struct phrase *phrase)
{
	return phrase->inside * 3 > phrase->count * 2 && is_taken(f, &f->phrase[phrase->longer]);
}

/* The best phrase that may still be chosen. */
static struct phrase *best_left(const struct finder *f)
{
	struct phrase *best = NULL;
	for (size_t i = 0; i < f->count; i++) {
		struct phrase *phrase = &f->phrase[i];
		if (phrase->score > 0 && (best == NULL || better(phrase, best)) &&
		    !is_taken(f, phrase) && !is_rest(f, phrase) && !says_when(f, phrase) &&
		    !is_vague(f, phrase))
			best = phrase;
	}
	return best;
}

/* Where a phrase stands: tokens [first, end). */
struct stretch {
	size_t first, end;
};

static void find_stretches(const struct finder *f, const struct phrase *phrase, struct stretch *out)
{
	size_t k = phrase->first;
	for (size_t i = 0; i < phrase->count; i++, k = *next_place(f, k, phrase->len))
		out[i] = (struct stretch){k, k + phrase->len};
}

/* The sentence of token `k`: the last that begins at or before it. */
static size_t sentence_of(const struct finder *f, size_t k)
{
	const uint32_t *first = f->input->terms->first;
	size_t low = 0, high = f->input->sentences->len;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;
		if (first[middle] <= k)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Does a name go on from token `k` to the next? Both have capitals that only names have. */
static bool name_goes_on(const struct finder *f, size_t k, bool before)
{
	const struct token *token = &f->input->terms->token[k];
	const struct token *other = before ? token : token + 1;
	struct span text = f->input->text;
	const struct term *term = &f->input->terms->distinct[other->term];
	if ((f->input->language->properties & LANGUAGE_NOUNS) ||
	    (term->flags & (TERM_STOP | TERM_NUMBER)) || f->taken[other->term] ||
	    !adjoin(text, &token[0], &token[1]) || !is_capital(text, &token[0]) ||
	    !is_capital(text, &token[1]) || (classes_of(f, other) & WORD_TITLE))
		return false;
	size_t i = sentence_of(f, k);
	return k + 1 < f->input->terms->first[i + 1] && k > f->input->terms->first[i] &&
	       f->input->sentences->at[i].kind == SENTENCE_PROSE;
}

/* The token before or after the stretch, if it continues the same word or name. In scripts without
 * spaces it overlaps the stretch by a character, and may be in a phrase or is katakana; elsewhere
 * it continues a name of more words than a phrase has ("Chief Justice John" with "Roberts"). */
static const struct token *neighbour(const struct finder *f, const struct stretch *s, bool before)
{
	if (before ? s->first == 0 : s->end >= f->tokens)
		return NULL;
	size_t k = before ? s->first - 1 : s->end, left = before ? k : k - 1;
	const struct token *token = f->input->terms->token;
	if (f->chinese && is_cut(f->input->text, &token[k], &token[k]))
		return NULL;
	bool goes_on = token[left + 1].start_byte < token[left].end_byte
			       ? f->run[k] > 0 || is_katakana(f->input->text, &token[k])
			       : s->end - s->first < NAME_WORDS && name_goes_on(f, left, before);
	return goes_on ? &token[k] : NULL;
}

/* Extend the stretches to whole words and names. In scripts without spaces, words are longer than
 * the pairs of characters that make a phrase: if four fifths of its places go on with the same
 * character, it belongs to the phrase, and a word in katakana goes on to its end. So does a name.
 * Returns whether a stretch has grown. */
static bool grow(const struct finder *f, struct stretch *at, size_t count, bool before)
{
	const struct token *first = neighbour(f, &at[0], before);
	size_t same = 0;
	for (size_t i = 0; first != NULL && i < count; i++) {
		const struct token *token = neighbour(f, &at[i], before);
		same += token != NULL && token->term == first->term;
	}
	size_t least = f->input->language->spaced ? 1 : FEW_PLACES;
	bool shared = same >= least && same * 5 >= count * 4;
	bool grown = false;
	for (size_t i = 0; i < count; i++) {
		const struct token *token = neighbour(f, &at[i], before);
		bool goes_on = token != NULL && at[i].end - at[i].first < GROWN_TOKENS &&
			       ((shared && token->term == first->term) ||
				is_katakana(f->input->text, token));
		at[i].first -= goes_on && before;
		at[i].end += goes_on && !before;
		grown |= goes_on;
	}
	return grown;
}

/* Korean words carry particles, which do not belong in a list of phrases. A stem is folded, so it
 * may differ from the text in the case of foreign letters ("NASA는"). */
static uint32_t end_of(const struct finder *f, const struct token *token)
{
	struct span stem = f->input->terms->distinct[token->term].stem;
	const char *word = f->input->text.at + token->start_byte;
	if (!f->korean || stem.len >= token->end_byte - token->start_byte)
		return token->end_byte;
	for (size_t i = 0; i < stem.len; i++)
		if (stem.at[i] != word[i] && stem.at[i] != ascii_lower(word[i]))
			return token->end_byte;
	return token->start_byte + (uint32_t)stem.len;
}

static bool add_occurrences(struct arena *arena, struct finder *f, const struct phrase *phrase,
			    struct keyword *keyword, bool *grown)
{
	const struct token *token = f->input->terms->token;
	struct stretch *at = arena_alloc(arena, phrase->count, sizeof *at);
	keyword->at = arena_alloc(arena, phrase->count, sizeof *keyword->at);
	if (at == NULL || keyword->at == NULL)
		return false;
	size_t count = phrase->count;
	find_stretches(f, phrase, at);
	*grown = false;
	while (grow(f, at, count, true) || grow(f, at, count, false))
		*grown = true;
	for (size_t k = at[0].first; k < at[0].end; k++)
		f->taken[token[k].term] = true;
	uint32_t free_from = 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t start = token[at[i].first].start_byte;
		if (start < free_from)
			continue;
		free_from = end_of(f, &token[at[i].end - 1]);
		keyword->at[keyword->count++] = (struct text_range){start, free_from};
	}
	return true;
}

static struct span place(struct span text, const struct text_range *at)
{
	return span_slice(text, at->start_byte, at->end_byte);
}

/* In capitals, as in headlines: "THÜRINGEN", but not "EU". */
static bool is_shouted(struct span form)
{
	size_t capitals = 0;
	for (size_t at = 0; at < form.len; at++) {
		if (ascii_is_lower(form.at[at]))
			return false;
		capitals += letters_is_capital(form.at + at);
	}
	return capitals >= SHOUTED_LETTERS;
}

/* The form that is most frequent among the first places; of two equally frequent ones, the one not
 * in capitals, or the shorter. */
static struct span usual_form(struct span text, const struct keyword *keyword)
{
	size_t places = keyword->count < SHOWN_PLACES ? keyword->count : SHOWN_PLACES, most = 0;
	struct span best = place(text, &keyword->at[0]);
	for (size_t i = 0; i < places; i++) {
		struct span form = place(text, &keyword->at[i]);
		size_t same = 0;
		for (size_t j = 0; j < places; j++)
			same += span_equal(form, place(text, &keyword->at[j]));
		bool better = form.len < best.len || is_shouted(best);
		if (same > most || (same == most && better)) {
			best = form;
			most = same;
		}
	}
	return best;
}

/* A stretch that grew to the end of its word may be another word: "アフリカ" and "アメリカ" end
 * alike. */
static void drop_others(struct span text, struct keyword *keyword)
{
	size_t kept = 0;
	for (size_t i = 0; i < keyword->count; i++) {
		struct span form = place(text, &keyword->at[i]);
		if (span_contains(form, keyword->text) || span_contains(keyword->text, form))
			keyword->at[kept++] = keyword->at[i];
	}
	keyword->count = kept;
}

static bool prepare(struct arena *arena, struct finder *f)
{
	size_t tokens = f->input->terms->token_count;
	f->tokens = tokens = tokens < MOST_TOKENS ? tokens : MOST_TOKENS;
	f->bits = scatter_bits(2 * PHRASE_WORDS * tokens);
	f->slot = arena_zalloc(arena, (size_t)1 << f->bits, sizeof *f->slot);
	f->factor = scatter_factor(f->slot);
	f->phrase = arena_alloc(arena, PHRASE_WORDS * tokens, sizeof *f->phrase);
	f->next = arena_alloc(arena, PHRASE_WORDS * tokens, sizeof *f->next);
	f->run = arena_zalloc(arena, tokens, sizeof *f->run);
	f->ends = arena_zalloc(arena, tokens, sizeof *f->ends);
	f->taken = arena_zalloc(arena, f->input->terms->distinct_count, sizeof *f->taken);
	f->titled = arena_zalloc(arena, f->input->terms->distinct_count, sizeof *f->titled);
	struct term_match title;
	terms_match(arena, f->input->stems, f->input->terms, f->input->language, f->input->title,
		    false, &title);
	for (size_t i = 0; i < title.len && f->titled != NULL; i++)
		f->titled[title.term[i]] = true;
	return !arena->failed;
}

void keywords_find(struct arena *arena, const struct score_input *input,
		   const struct scores *scores, size_t max, struct keywords *out)
{
	struct finder f = {.input = input,
			   .scores = scores,
			   .korean = korean_is(input->language),
			   .chinese = span_equal(span_of(input->language->tag), SPAN("zh")),
			   .addresses = may_have_addresses(input->text)};
	*out = (struct keywords){.at = arena_zalloc(arena, max, sizeof *out->at)};
	if (out->at == NULL || !prepare(arena, &f))
		return;
	find_runs(&f);
	find_ends(arena, &f);
	collect(&f);
	nest(&f);
	for (size_t i = 0; i < f.count; i++)
		weigh(&f, &f.phrase[i]);
	float most = 0;
	for (struct phrase *best; out->len < max && (best = best_left(&f)) != NULL; out->len++) {
		struct keyword *keyword = &out->at[out->len];
		bool grown;
		if (!add_occurrences(arena, &f, best, keyword, &grown))
			break;
		most = out->len == 0 ? best->score : most;
		keyword->text = usual_form(input->text, keyword);
		if (grown)
			drop_others(input->text, keyword);
		keyword->score = best->score / most;
	}
	if (arena->failed)
		out->len = 0;
}
