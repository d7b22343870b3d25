#include "select.h"

#include "ascii.h"
#include "hash.h"
#include "marks.h"
#include "scatter.h"
#include "stopwords.h"
#include "utf8.h"

#include <utf8proc.h>

/* In which order sentences are chosen; within a rank the score decides. */
enum rank {
	RANK_GOOD,
	RANK_BRIEF,    /* a statement of few words, unless so many sentences are asked for */
	RANK_NO_PROSE, /* a heading, a caption, a line of the page around the article; an outcry,
			  unless so many sentences are asked for */
	RANK_AVOIDED,  /* of a kind that the caller does not want */
	RANK_LABEL,    /* who speaks, without what is said */
	RANK_DATELINE, /* where and when: never beside anything else */
};

enum {
	HOLDERS = 32,     /* chosen sentences that the others are compared with */
	LOOK_AGAIN = 256, /* candidates weighed anew before the next is taken as it is */
	USUAL_WORDS = 22, /* of a sentence */
	USUAL_CHARS = 130,
	SHORT_TEXT = 3, /* sentences: a text with no more is given whole */
	QUOTED = 8,     /* most sentences between the two that open and close a quotation */
};

static const uint32_t NONE = UINT32_MAX;

struct candidate {
	float value; /* its merit less what it loses to the sentences chosen so far */
	uint32_t sentence;
	uint32_t seen; /* it has been compared with that many of them */
	enum rank rank;
	bool weak; /* it does not stand alone: not used to fill the rest of a budget */
};

/* Trigrams of the sentences chosen so far: open addressing over their hashes, 0 is free. */
struct trigrams {
	uint64_t *slot;
	uint64_t factor; /* of scatter_place() */
	unsigned bits;
	size_t room; /* half of the slots stay free: later ones are not remembered */
};

struct chooser {
	const struct score_input *input;
	const struct scores *scores;
	const struct select_options *options;
	const struct stopword_language *stopwords;
	struct candidate *heap; /* the best on top */
	size_t heap_len;
	struct trigrams trigrams;
	uint64_t *holders;      /* of each term: bit c says that the c-th chosen sentence has it */
	uint32_t *stamp;        /* of each term: the last sentence that counted it, plus one */
	uint32_t size[HOLDERS]; /* distinct content terms of the chosen sentences */
	bool *backward;         /* of each sentence: it opens so that it points back */
	uint8_t *quotes;        /* QUOTE_* */
	bool *chosen, *waits;   /* it is chosen; it is among those put off */
	uint32_t *put_off;      /* those that wait until their rank is used up */
	size_t put_off_len;
	bool stopped;     /* most sentences end with a mark */
	uint32_t refused; /* the first that was too long for what is left of a budget, or NONE */
	bool counted;     /* no budget of words or characters binds */
	bool sized;       /* the count is only a size, and the text more than a short one */
	bool prose;       /* some of it is chosen */
	size_t max_sentences, words, chars;
	struct selection *out;
};

/* A sentence repeats the summary if this share of its trigrams is there already. */
static const float repeated_share = 0.15f;

/* One with this share says nothing new: no budget is spent on it. */
static const float same_share = 0.5f;

/* What a sentence loses for sharing all its content with a chosen one, on the scale of the model's
 * merits. */
static const float overlap_loss = 6;

/* What it loses for opening with a pronoun or connective that nothing chosen explains: only a few
 * in a thousand are further ahead of the next. Review this and the losses below when the ranker is
 * retrained. */
static const float dangling_loss = 18;

/* What it loses for half a quotation: nobody knows who says it, or where it ends. */
static const float half_quote_loss = 10;

/* What it loses for going on from another line: it opens with a small letter, as a few names do. */
static const float continued_loss = 2.5f;

/* What it loses for announcing what follows: "Here is how it works:". */
static const float announcing_loss = 10;

/* What it loses for each content word short of ENOUGH_CONTENT: "Sweet!" and "See below." say
 * nothing by themselves, "No one was injured." says little. An outcry has OUTCRY_CONTENT at
 * most. */
static const float brevity_loss = 3;
enum { ENOUGH_CONTENT = 6, OUTCRY_CONTENT = 2 };

static bool better(struct candidate a, struct candidate b)
{
	if (a.rank != b.rank)
		return a.rank < b.rank;
	if (a.value != b.value)
		return a.value > b.value;
	return a.sentence < b.sentence;
}

static void sift_down(struct candidate *heap, size_t len, size_t at)
{
	struct candidate moving = heap[at];
	for (size_t child = 2 * at + 1; child < len; child = 2 * at + 1) {
		if (child + 1 < len && better(heap[child + 1], heap[child]))
			child++;
		if (!better(heap[child], moving))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moving;
}

static void push(struct chooser *c, struct candidate candidate)
{
	size_t at = c->heap_len++;
	for (; at > 0 && better(candidate, c->heap[(at - 1) / 2]); at = (at - 1) / 2)
		c->heap[at] = c->heap[(at - 1) / 2];
	c->heap[at] = candidate;
}

static struct candidate pop(struct chooser *c)
{
	struct candidate best = c->heap[0];
	c->heap[0] = c->heap[--c->heap_len];
	if (c->heap_len > 0)
		sift_down(c->heap, c->heap_len, 0);
	return best;
}

static uint64_t trigram_hash(const struct token *token)
{
	uint64_t others = (uint64_t)token[1].term << 32 | token[2].term;
	return hash_append(hash_append(0, token[0].term), others) | 1; /* 0 is a free slot */
}

static bool trigrams_have(struct trigrams *trigrams, uint64_t hash, bool add)
{
	size_t at = scatter_place(hash, trigrams->factor, trigrams->bits),
	       mask = ((size_t)1 << trigrams->bits) - 1;
	for (; trigrams->slot[at] != 0; at = (at + 1) & mask)
		if (trigrams->slot[at] == hash)
			return true;
	if (add && trigrams->room > 0) {
		trigrams->slot[at] = hash;
		trigrams->room--;
	}
	return false;
}

/* How many of the sentence's trigrams are in the summary already? With `add`, they are added. */
static size_t trigrams_shared(struct chooser *c, uint32_t i, bool add, size_t *total)
{
	const struct terms *terms = c->input->terms;
	size_t shared = 0;
	*total = 0;
	for (uint32_t k = terms->first[i]; k + 2 < terms->first[i + 1]; k++, (*total)++)
		shared += trigrams_have(&c->trigrams, trigram_hash(&terms->token[k]), add);
	return shared;
}

static bool repeats(struct chooser *c, uint32_t i, float share)
{
	size_t total, shared = trigrams_shared(c, i, false, &total);
	return shared > 0 && (float)shared >= share * (float)total;
}

static bool fits(const struct chooser *c, uint32_t i)
{
	const struct select_options *options = c->options;
	if (options->max_words > 0 && c->words + c->input->terms->words[i] > options->max_words)
		return false;
	return options->max_chars == 0 ||
	       c->chars + (c->out->len > 0) +
			       utf8_length(score_text(c->input, i), OFFSET_CODEPOINT) <=
		       options->max_chars;
}

/* Is `t` a content term that sentence `i` has not shown yet? Marks it shown. */
static bool first_of_content(struct chooser *c, uint32_t i, uint32_t t)
{
	if ((c->input->terms->distinct[t].flags & TERM_STOP) || c->stamp[t] == i + 1)
		return false;
	c->stamp[t] = i + 1;
	return true;
}

/* What the candidate loses to the sentences chosen since it was last weighed: to each the share of
 * content that they have in common (Dice's coefficient). */
static void weigh_again(struct chooser *c, struct candidate *candidate)
{
	const struct terms *terms = c->input->terms;
	uint32_t common[HOLDERS] = {0}, size = 0, i = candidate->sentence;
	uint32_t chosen = c->out->len < HOLDERS ? (uint32_t)c->out->len : HOLDERS;
	for (uint32_t k = terms->first[i]; k < terms->first[i + 1]; k++) {
		uint32_t t = terms->token[k].term;
		if (!first_of_content(c, i, t))
			continue;
		size++;
		for (uint64_t bits = c->holders[t] >> candidate->seen << candidate->seen; bits != 0;
		     bits &= bits - 1)
			common[__builtin_ctzll(bits)]++;
	}
	for (uint32_t k = terms->first[i]; k < terms->first[i + 1]; k++)
		c->stamp[terms->token[k].term] = 0;
	for (uint32_t j = candidate->seen; j < chosen; j++)
		if (common[j] > 0)
			candidate->value -=
				overlap_loss * 2 * (float)common[j] / (float)(size + c->size[j]);
	candidate->seen = chosen;
}

static void remember(struct chooser *c, uint32_t i)
{
	const struct terms *terms = c->input->terms;
	size_t j = c->out->len;
	if (j >= HOLDERS)
		return;
	for (uint32_t k = terms->first[i]; k < terms->first[i + 1]; k++) {
		uint32_t t = terms->token[k].term;
		if (!first_of_content(c, i, t))
			continue;
		c->holders[t] |= (uint64_t)1 << j;
		c->size[j]++;
	}
}

/* Does it open, marks aside, with words that point back to the sentence before it? */
static bool opens_backward(const struct chooser *c, uint32_t i)
{
	const struct terms *terms = c->input->terms;
	if (i == 0 || terms->first[i] == terms->first[i + 1])
		return false;
	const struct token *first = &terms->token[terms->first[i]];
	struct span words =
		span_slice(c->input->text, first->start_byte, c->input->sentences->at[i].end_byte);
	return (terms->distinct[first->term].flags & (TERM_PRONOUN | TERM_CONNECTIVE)) != 0 ||
	       stopwords_open_backward(c->stopwords, words);
}

/* Does a quotation go on from sentence `i` to the next? */
static bool quote_goes_on(const struct chooser *c, uint32_t i)
{
	return i + 1 < c->input->sentences->len && (c->quotes[i] & QUOTE_GOES_ON) &&
	       (c->quotes[i + 1] & QUOTE_FROM_BEFORE);
}

/* Does it hold a half of a quotation whose other half is not chosen? */
static bool halves_quote(const struct chooser *c, uint32_t i)
{
	unsigned quotes = c->quotes[i];
	if (i > 0 && c->chosen[i - 1] && quote_goes_on(c, i - 1))
		quotes &= ~QUOTE_FROM_BEFORE;
	if (quote_goes_on(c, i) && c->chosen[i + 1])
		quotes &= ~QUOTE_GOES_ON;
	return quotes != 0;
}

static bool dangles(const struct chooser *c, uint32_t i)
{
	return c->backward[i] && !c->chosen[i - 1];
}

static bool opens_small(struct span text)
{
	uint32_t first;
	utf8_decode(text, 0, &first);
	return first < 0x80 ? ascii_is_lower((char)first)
			    : utf8proc_category((utf8proc_int32_t)first) == UTF8PROC_CATEGORY_LL;
}

/* Does it answer the query? Then weaknesses do not keep it out. */
static bool answers(const struct chooser *c, uint32_t i)
{
	return c->scores->query != NULL && c->scores->query[i] > 0;
}

/* The share of its losses that a sentence bears: one that answers the query competes only with
 * others that do. */
static float share_of_loss(const struct chooser *c, uint32_t i)
{
	return answers(c, i) ? 1 - 0.8f * c->scores->query[i] : 1;
}

static bool avoided(const struct chooser *c, uint32_t i, struct span text, char final)
{
	unsigned avoid = c->options->avoid;
	return ((avoid & AVOID_QUESTIONS) && final == '?') ||
	       ((avoid & AVOID_EXCLAMATIONS) && final == '!') ||
	       ((avoid & AVOID_QUOTES) && (c->quotes[i] != 0 || marks_quote(text)));
}

static enum sentence_kind kind_of(const struct chooser *c, uint32_t i)
{
	return c->input->sentences->at[i].kind;
}

static struct candidate candidate(const struct chooser *c, uint32_t i)
{
	struct span text = score_text(c->input, i);
	char final = marks_final(text);
	uint32_t content = c->scores->content[i];
	uint32_t lacking = content < ENOUGH_CONTENT ? ENOUGH_CONTENT - content : 0;
	float loss = (dangles(c, i) ? dangling_loss : 0) +
		     (halves_quote(c, i) ? half_quote_loss : 0) +
		     (opens_small(text) ? continued_loss : 0) +
		     (final == ':' ? announcing_loss : 0) + brevity_loss * (float)lacking;
	loss *= share_of_loss(c, i);
	bool brief = content <= OUTCRY_CONTENT && (!c->counted || c->sized) && !answers(c, i);
	bool states = content > 0 && final == '.';
	enum rank rank = c->input->sentences->at[i].dateline           ? RANK_DATELINE
			 : kind_of(c, i) == SENTENCE_LABEL             ? RANK_LABEL
			 : avoided(c, i, text, final)                  ? RANK_AVOIDED
			 : c->scores->at[i] == 0 || (brief && !states) ? RANK_NO_PROSE
			 : brief                                       ? RANK_BRIEF
								       : RANK_GOOD;
	bool weak = loss > 0 || final == '?' || (final == 0 && c->stopped);
	return (struct candidate){c->scores->merit[i] - loss, i, 0, rank, weak};
}

static void lift(struct chooser *c, uint32_t i, float by)
{
	struct candidate lifted = candidate(c, i);
	lifted.value += by;
	push(c, lifted);
}

/* Re-enter sentences that sentence `i` now makes better: the next one if it points back to `i`, the
 * one before if `i` points back to it, and the other half of a quotation. The later copy is
 * skipped. */
static void lift_neighbours(struct chooser *c, uint32_t i)
{
	bool goes_on = quote_goes_on(c, i), came = i > 0 && quote_goes_on(c, i - 1);
	bool dangling = dangles(c, i);
	if (i + 1 < c->input->sentences->len && !c->chosen[i + 1] &&
	    (goes_on || c->backward[i + 1]))
		lift(c, i + 1, goes_on ? half_quote_loss : 0);
	if (i > 0 && !c->chosen[i - 1] && (came || dangling))
		lift(c, i - 1, (came ? half_quote_loss : 0) + (dangling ? dangling_loss : 0));
}

static void choose(struct chooser *c, uint32_t i)
{
	size_t total;
	trigrams_shared(c, i, true, &total);
	remember(c, i);
	c->chosen[i] = true;
	lift_neighbours(c, i);
	c->words += c->input->terms->words[i];
	if (c->options->max_chars > 0)
		c->chars +=
			(c->out->len > 0) + utf8_length(score_text(c->input, i), OFFSET_CODEPOINT);
	c->out->len++;
}

static size_t most_sentences(const struct select_options *options,
			     const struct sentences *sentences)
{
	size_t most = sentences->len, said = 0;
	if (options->max_sentences > 0 && options->max_sentences < most)
		most = options->max_sentences;
	if (options->ratio > 0) {
		for (size_t i = 0; i < sentences->len; i++)
			said += sentences->at[i].kind != SENTENCE_LABEL;
		size_t share = (size_t)(options->ratio * (double)said + 0.5);
		if (share < said && share < most)
			most = share;
	}
	return most == 0 ? 1 : most;
}

/* How many will be chosen: exact for a count or ratio, else a fair guess. */
static size_t expected_sentences(const struct select_options *options,
				 const struct sentences *sentences)
{
	size_t most = most_sentences(options, sentences);
	if (options->max_words > 0 && options->max_words / USUAL_WORDS + 1 < most)
		most = options->max_words / USUAL_WORDS + 1;
	if (options->max_chars > 0 && options->max_chars / USUAL_CHARS + 1 < most)
		most = options->max_chars / USUAL_CHARS + 1;
	return most;
}

size_t select_asked(const struct select_options *options, const struct sentences *sentences)
{
	size_t expected = expected_sentences(options, sentences);
	return expected < most_sentences(options, sentences) && expected > 3 ? 3 : expected;
}

/* Is it so short, and within the budget, that nothing needs to be left out? */
static bool fits_whole(const struct chooser *c)
{
	const struct select_options *options = c->options;
	size_t n = c->input->sentences->len, chars = n - 1;
	if (n > SHORT_TEXT || options->avoid != 0 ||
	    (options->max_words > 0 && c->input->terms->word_count > options->max_words))
		return false;
	for (uint32_t i = 0; i < n && options->max_chars > 0; i++)
		chars += utf8_length(score_text(c->input, i), OFFSET_CODEPOINT);
	return options->max_chars == 0 || chars <= options->max_chars;
}

/* Mark the sentences between one that opens a quotation and the one that closes it: they are
 * quoted, too, but have no mark that shows it. */
static void find_quoted(struct chooser *c)
{
	const struct sentences *sentences = c->input->sentences;
	for (size_t i = 0; i < sentences->len; i++) {
		size_t j = i + 1;
		if (!(c->quotes[i] & QUOTE_GOES_ON))
			continue;
		while (j < sentences->len && j <= i + QUOTED && c->quotes[j] == 0 &&
		       sentences->at[j].paragraph == sentences->at[i].paragraph)
			j++;
		if (j < sentences->len && (c->quotes[j] & QUOTE_FROM_BEFORE))
			memset(c->quotes + i + 1, QUOTE_FROM_BEFORE | QUOTE_GOES_ON, j - i - 1);
	}
}

static bool prepare(struct arena *arena, struct chooser *c)
{
	const struct terms *terms = c->input->terms;
	size_t n = c->input->sentences->len;
	size_t expected =
		terms->token_count / n * expected_sentences(c->options, c->input->sentences);
	c->trigrams.bits = scatter_bits(2 * expected < terms->token_count ? 4 * expected
									  : 2 * terms->token_count);
	size_t slots = (size_t)1 << c->trigrams.bits;
	c->trigrams.room = slots / 2;
	c->trigrams.slot = arena_zalloc(arena, slots, sizeof *c->trigrams.slot);
	c->trigrams.factor = scatter_factor(c->trigrams.slot);
	c->holders = arena_zalloc(arena, terms->distinct_count, sizeof *c->holders);
	c->stamp = arena_zalloc(arena, terms->distinct_count, sizeof *c->stamp);
	c->backward = arena_alloc(arena, n, sizeof *c->backward);
	c->quotes = arena_alloc(arena, n, sizeof *c->quotes);
	c->chosen = arena_zalloc(arena, n, sizeof *c->chosen);
	c->waits = arena_zalloc(arena, n, sizeof *c->waits);
	c->put_off = arena_alloc(arena, n, sizeof *c->put_off);
	c->heap = arena_alloc(arena, 2 * n, sizeof *c->heap);
	if (arena->failed)
		return false;
	size_t stopped = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct span text = score_text(c->input, i);
		c->backward[i] = opens_backward(c, i);
		c->quotes[i] = c->scores->quotes[i] ? (uint8_t)marks_half_quotes(text) : 0;
		stopped += marks_final(text) != 0;
	}
	find_quoted(c);
	c->stopped = stopped * 2 > n;
	for (uint32_t i = 0; i < n; i++)
		c->heap[i] = candidate(c, i);
	c->heap_len = n;
	for (size_t i = n / 2; i-- > 0;)
		sift_down(c->heap, n, i);
	return true;
}

/* The best candidate, weighed against all that is chosen. Losses only grow, so the best of the heap
 * is the best of all once it has been weighed. */
static struct candidate pop_weighed(struct chooser *c)
{
	struct candidate best = pop(c);
	for (unsigned looks = 0; looks < LOOK_AGAIN && c->heap_len > 0; looks++) {
		if (best.seen == c->out->len || best.seen == HOLDERS || c->chosen[best.sentence])
			break;
		weigh_again(c, &best);
		if (better(best, c->heap[0]))
			break;
		push(c, best);
		best = pop(c);
	}
	return best;
}

/* A worse rank waits until nothing better remains, and fills up a count that the caller asked for,
 * not a budget. */
static bool may_go_on(const struct chooser *c)
{
	return c->out->len == 0 || (c->counted && c->out->len < c->max_sentences);
}

/* Does it merely fill up a size with lines that are not prose? Not allowed once prose is chosen;
 * except, where little is said about a forwarded mail, for that mail's sentences that stand
 * alone. */
static bool fills_size(const struct chooser *c, const struct candidate *candidate)
{
	bool no_prose = candidate->rank == RANK_NO_PROSE || candidate->rank == RANK_LABEL;
	bool passed_on = kind_of(c, candidate->sentence) == SENTENCE_ANSWERED && !candidate->weak;
	return no_prose && !passed_on && c->sized && c->prose;
}

/* Once a better sentence was too long, one that does not stand alone is not taken just for being
 * short. */
static void choose_if_fits(struct chooser *c, uint32_t i, bool weak)
{
	if (c->refused != NONE && c->out->len > 0 && weak)
		return;
	if (fits(c, i))
		choose(c, i);
	else if (c->refused == NONE)
		c->refused = i;
}

/* Does it need another sentence, for which there would be no place? */
static bool takes_last_place(const struct chooser *c, uint32_t i)
{
	return c->max_sentences > 1 && c->out->len + 1 == c->max_sentences && !answers(c, i) &&
	       (dangles(c, i) || halves_quote(c, i));
}

/* Choose the candidates of a rank in turn, then those that repeat what is chosen or lean on another
 * sentence. If no statement fits the budget, not even a brief one, take the best anyway: no text is
 * left without a summary. */
static void choose_rank(struct chooser *c, enum rank rank)
{
	c->put_off_len = 0;
	while (c->heap_len > 0 && c->heap[0].rank <= rank && c->out->len < c->max_sentences) {
		struct candidate best = pop_weighed(c);
		uint32_t i = best.sentence;
		if (c->chosen[i] || c->waits[i] || fills_size(c, &best))
			continue;
		c->waits[i] = takes_last_place(c, i) || repeats(c, i, repeated_share);
		if (c->waits[i])
			c->put_off[c->put_off_len++] = i;
		else
			choose_if_fits(c, i, best.weak);
	}
	for (size_t k = 0; k < c->put_off_len && c->out->len < c->max_sentences; k++) {
		uint32_t i = c->put_off[k];
		bool fills = c->counted && !c->sized;
		if (!c->chosen[i] && (fills || !repeats(c, i, same_share)))
			choose_if_fits(c, i, true);
	}
	if (c->out->len == 0 && c->refused != NONE && rank >= RANK_BRIEF)
		choose(c, c->refused);
	c->prose |= rank <= RANK_BRIEF && c->out->len > 0;
}

static size_t rising(uint32_t *at, const bool *chosen, size_t n)
{
	size_t len = 0;
	for (uint32_t i = 0; i < n; i++)
		if (chosen[i])
			at[len++] = i;
	return len;
}

void select_sentences(struct arena *arena, const struct score_input *input,
		      const struct scores *scores, const struct select_options *options,
		      struct selection *out)
{
	size_t n = input->sentences->len;
	*out = (struct selection){.at = arena_alloc(arena, n, sizeof *out->at)};
	struct chooser c = {.input = input,
			    .scores = scores,
			    .options = options,
			    .stopwords = stopwords_of(input->language),
			    .max_sentences = most_sentences(options, input->sentences),
			    .refused = NONE,
			    .out = out};
	c.counted = (options->max_words == 0 && options->max_chars == 0) || fits_whole(&c);
	c.sized = options->at_most &&
		  (n > c.max_sentences || (n > SHORT_TEXT && options->max_sentences > 0));
	if (!prepare(arena, &c))
		return;
	for (enum rank rank = RANK_GOOD; rank <= RANK_LABEL && may_go_on(&c); rank++)
		choose_rank(&c, rank);
	if (out->len == 0)
		choose_rank(&c, RANK_DATELINE);
	out->len = rising(out->at, c.chosen, n);
}
