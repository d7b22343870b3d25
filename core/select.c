#include "select.h"

#include "boilerplate.h"
#include "marks.h"
#include "utf8.h"

/* How gladly a sentence is chosen; within a rank the score decides. */
enum rank {
	RANK_GOOD,
	RANK_AVOIDED,  /* of a kind that the caller does not want */
	RANK_NO_PROSE, /* a heading, a caption, a line of the page around the article */
};

struct candidate {
	float score;
	uint32_t sentence;
	enum rank rank;
};

/* Trigrams of the sentences chosen so far: open addressing over their hashes, 0 is free. */
struct trigrams {
	uint64_t *slot;
	size_t mask;
};

struct chooser {
	const struct score_input *input;
	const struct select_options *options;
	struct candidate *heap; /* the best on top */
	size_t heap_len;
	struct trigrams trigrams;
	size_t max_sentences, words, chars;
	struct selection *out;
};

/* A sentence repeats the summary when this share of its trigrams stands there already. */
static const float repeated_share = 0.5f;

static bool better(struct candidate a, struct candidate b)
{
	if (a.rank != b.rank)
		return a.rank < b.rank;
	if (a.score != b.score)
		return a.score > b.score;
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

static struct candidate pop(struct chooser *c)
{
	struct candidate best = c->heap[0];
	c->heap[0] = c->heap[--c->heap_len];
	if (c->heap_len > 0)
		sift_down(c->heap, c->heap_len, 0);
	return best;
}

static struct span sentence_text(const struct score_input *input, uint32_t i)
{
	const struct sentence *sentence = &input->sentences->at[i];
	return span_slice(input->text, sentence->start_byte, sentence->end_byte);
}

static enum rank rank_of(const struct chooser *c, uint32_t i)
{
	struct span text = sentence_text(c->input, i);
	unsigned avoid = c->options->avoid;
	if (boilerplate_is(c->input, i))
		return RANK_NO_PROSE;
	char mark = avoid == 0 ? 0 : marks_final(text);
	if (((avoid & AVOID_QUESTIONS) && mark == '?') ||
	    ((avoid & AVOID_EXCLAMATIONS) && mark == '!') ||
	    ((avoid & AVOID_QUOTES) && marks_quote(text)))
		return RANK_AVOIDED;
	return RANK_GOOD;
}

static uint64_t trigram_hash(const struct token *token)
{
	uint64_t hash = 1;
	for (unsigned i = 0; i < 3; i++) {
		hash = (hash ^ token[i].term) * 0x9E3779B97F4A7C15u;
		hash ^= hash >> 29;
	}
	return hash | 1;
}

static bool trigrams_have(const struct trigrams *trigrams, uint64_t hash, bool add)
{
	size_t at = (size_t)(hash >> 8) & trigrams->mask;
	for (; trigrams->slot[at] != 0; at = (at + 1) & trigrams->mask)
		if (trigrams->slot[at] == hash)
			return true;
	if (add)
		trigrams->slot[at] = hash;
	return false;
}

/* How many of the sentence's trigrams are in the summary already? `add` puts them there. */
static size_t trigrams_shared(struct chooser *c, uint32_t i, bool add, size_t *total)
{
	const struct terms *terms = c->input->terms;
	size_t shared = 0;
	*total = 0;
	for (uint32_t k = terms->first[i]; k + 2 < terms->first[i + 1]; k++, (*total)++)
		shared += trigrams_have(&c->trigrams, trigram_hash(&terms->token[k]), add);
	return shared;
}

static bool repeats(struct chooser *c, uint32_t i)
{
	size_t total, shared = trigrams_shared(c, i, false, &total);
	return shared > 0 && (float)shared >= repeated_share * (float)total;
}

static bool fits(const struct chooser *c, uint32_t i)
{
	const struct select_options *options = c->options;
	if (c->out->len == 0)
		return true;
	if (options->max_words > 0 && c->words + c->input->terms->words[i] > options->max_words)
		return false;
	return options->max_chars == 0 ||
	       c->chars + 1 + utf8_length(sentence_text(c->input, i), OFFSET_CODEPOINT) <=
		       options->max_chars;
}

static void choose(struct chooser *c, uint32_t i)
{
	size_t total;
	trigrams_shared(c, i, true, &total);
	c->words += c->input->terms->words[i];
	if (c->options->max_chars > 0)
		c->chars += (c->out->len > 0) +
			    utf8_length(sentence_text(c->input, i), OFFSET_CODEPOINT);
	c->out->at[c->out->len++] = i;
}

static size_t most_sentences(const struct select_options *options, size_t n)
{
	size_t most = n;
	if (options->max_sentences > 0 && options->max_sentences < most)
		most = options->max_sentences;
	if (options->ratio > 0) {
		size_t share = (size_t)(options->ratio * (double)n + 0.5);
		if (share < most)
			most = share;
	}
	return most == 0 ? 1 : most;
}

static bool prepare(struct arena *arena, struct chooser *c, const struct scores *scores)
{
	size_t n = c->input->sentences->len, slots = 256;
	while (slots < 2 * c->input->terms->token_count)
		slots *= 2;
	c->trigrams.mask = slots - 1;
	c->trigrams.slot = arena_zalloc(arena, slots, sizeof *c->trigrams.slot);
	c->heap = arena_alloc(arena, n, sizeof *c->heap);
	if (c->heap == NULL || c->trigrams.slot == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++)
		c->heap[i] = (struct candidate){scores->at[i], i, rank_of(c, i)};
	c->heap_len = n;
	for (size_t i = n / 2; i-- > 0;)
		sift_down(c->heap, n, i);
	return true;
}

static void sort_rising(uint32_t *at, size_t len, unsigned char *chosen, size_t n)
{
	for (size_t i = 0; i < len; i++)
		chosen[at[i]] = 1;
	len = 0;
	for (uint32_t i = 0; i < n; i++)
		if (chosen[i])
			at[len++] = i;
}

void select_sentences(struct arena *arena, const struct score_input *input,
		      const struct scores *scores, const struct select_options *options,
		      struct selection *out)
{
	size_t n = input->sentences->len;
	*out = (struct selection){.at = arena_alloc(arena, n, sizeof *out->at)};
	unsigned char *chosen = arena_zalloc(arena, n, 1);
	uint32_t *put_off = arena_alloc(arena, n, sizeof *put_off);
	size_t put_off_len = 0;
	struct chooser c = {.input = input,
			    .options = options,
			    .max_sentences = most_sentences(options, n),
			    .out = out};
	if (chosen == NULL || put_off == NULL || out->at == NULL || !prepare(arena, &c, scores))
		return;

	/* Lines that are no prose fill up a count that the caller asked for, not a budget of words.
	 */
	bool counted = options->max_words == 0 && options->max_chars == 0;
	while (c.heap_len > 0 && out->len < c.max_sentences) {
		struct candidate best = pop(&c);
		if (best.rank == RANK_NO_PROSE && (!counted || put_off_len > 0) && out->len > 0)
			break;
		if (repeats(&c, best.sentence))
			put_off[put_off_len++] = best.sentence;
		else if (fits(&c, best.sentence))
			choose(&c, best.sentence);
	}
	for (size_t i = 0; counted && i < put_off_len && out->len < c.max_sentences; i++)
		choose(&c, put_off[i]);
	while (counted && c.heap_len > 0 && out->len < c.max_sentences)
		choose(&c, pop(&c).sentence);
	sort_rising(out->at, out->len, chosen, n);
}
