#include "blockchoice.h"

#include "blocklists.h"

#include <math.h>
#include <string.h>

enum {
	SHORT_CHARS = 140, /* less than this in all: the next likeliest is taken too */
	F1_STEPS = 6,      /* towards the greatest expected F1, which hardly changes after three */
	COPY_WORDS = 8,    /* more than this repeated is a copy; fewer may be a refrain */
	WHOLE_WORDS = 100, /* of a block that may contain the others */
	WHOLE_BYTES = 1 << 15,
	WHOLE_PARTS = 100, /* looked for in it */
	PART_BYTES = 40,   /* of a part, at least: shorter ones occur anywhere */
};

static const float UNLIKELY = -6; /* log odds of what is practically impossible */

/*
 * On a page that calls itself an article: six in ten. Even odds would be right if the scores were
 * as reliable as they claim; but most doubtful blocks there are teasers and captions. Anything from
 * 0.3 to 0.5 does as well.
 */
static const float article_threshold = 0.4f;

size_t blockchoice_chars(const struct blocks *blocks, const float *score, float threshold)
{
	size_t chars = 0;
	for (size_t i = 0; i < blocks->len; i++)
		chars += score[i] > threshold ? blocks->at[i].chars : 0;
	return chars;
}

/* 1 / (1 + exp(-log_odds)), by arithmetic that is the same on every machine. */
static double probability(float log_odds)
{
	double power = 1 - fmax(-8, fmin(8, (double)log_odds)) / 1024;
	for (int i = 0; i < 10; i++)
		power *= power;
	return 1 / (1 + power);
}

/* The log odds of a probability of 0.05 … 0.5: probability() inverted, by bisection. */
static double log_odds(double p)
{
	double low = -4, high = 1;
	for (int i = 0; i < 24; i++) {
		double middle = (low + high) / 2;
		if (probability((float)middle) < p)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* F1 that choosing the blocks above `threshold` would get, if the scores are right. */
static double expected_f1(const struct blocks *blocks, const float *score, double threshold)
{
	double right = 0, chosen = 0, wanted = 0;
	for (size_t i = 0; i < blocks->len; i++) {
		if (score[i] < UNLIKELY)
			continue;
		double p = probability(score[i]), words = blocks->at[i].words + 1;
		wanted += p * words;
		right += p > threshold ? p * words : 0;
		chosen += p > threshold ? words : 0;
	}
	return chosen == 0 ? 0 : 2 * right / (chosen + wanted);
}

/*
 * The threshold, as log odds. On a page that does not call itself an article the one with the
 * greatest expected F1: a block is worth taking when its probability is above half the F1 that can
 * be had (Lipton, Elkan and Naryanaswamy, "Optimal thresholding of classifiers to maximize F1
 * measure", 2014); so it is lower where little is certain, and lower still where hardly a line
 * would be left.
 */
static float choose_threshold(const struct blocks *blocks, const float *score)
{
	float threshold = article_threshold;
	if (!declares_article(&blocks->declared)) {
		double f1 = 1;
		for (int step = 0; step < F1_STEPS; step++)
			f1 = expected_f1(blocks, score, f1 / 2);
		threshold = (float)log_odds(fmax(f1, 0.1) / 2);
	}
	while (threshold > UNLIKELY && blockchoice_chars(blocks, score, threshold) < SHORT_CHARS)
		threshold -= 0.5f;
	return threshold;
}

static bool same_text(const struct blocks *blocks, const struct block *a, const struct block *b)
{
	return a->text_len == b->text_len &&
	       memcmp(blocks->text + a->text_byte, blocks->text + b->text_byte, a->text_len) == 0;
}

static bool holds(struct span whole, struct span part)
{
	const char *at = memmem(whole.at, whole.len, part.at, PART_BYTES);
	return at != NULL && part.len <= whole.len - (size_t)(at - whole.at) &&
	       memcmp(at, part.at, part.len) == 0;
}

/* Do other chosen blocks, at least two, make up seven tenths of block `whole`? A single one only
 * repeats a part of it. */
static bool holds_others(const struct blocks *blocks, const bool *chosen, size_t whole)
{
	const struct block *w = &blocks->at[whole];
	struct span text = {blocks->text + w->text_byte, w->text_len};
	size_t held = 0, held_parts = 0, parts = 0;
	for (size_t i = 0; i < blocks->len && parts < WHOLE_PARTS; i++) {
		const struct block *b = &blocks->at[i];
		if (!chosen[i] || b->text_len < PART_BYTES || b->text_len >= w->text_len)
			continue;
		struct span part = {blocks->text + b->text_byte, b->text_len};
		bool is_held = holds(text, part);
		held += is_held ? b->text_len : 0;
		held_parts += is_held;
		parts++;
	}
	return held_parts > 1 && held * 10 >= text.len * 7;
}

/*
 * If a page holds its article as paragraphs and again in one piece, for machines or small screens,
 * the paragraphs are wanted. Only a block of a quarter of the text can be that piece, so no more
 * than four are looked at.
 */
static void drop_wholes(const struct blocks *blocks, bool *chosen)
{
	size_t chars = 0;
	for (size_t i = 0; i < blocks->len; i++)
		chars += chosen[i] ? blocks->at[i].chars : 0;
	for (size_t i = 0; i < blocks->len; i++) {
		const struct block *b = &blocks->at[i];
		if (chosen[i] && b->words >= WHOLE_WORDS && b->chars * (size_t)4 >= chars &&
		    b->text_len <= WHOLE_BYTES)
			chosen[i] = !holds_others(blocks, chosen, i);
	}
}

/* Drop text that readers do not see: it waits for a script or is meant for machines. But if most of
 * the text is unseen, a script will show it. */
static void drop_unseen(const struct blocks *blocks, bool *chosen)
{
	size_t chars[2] = {0};
	for (size_t i = 0; i < blocks->len; i++)
		if (chosen[i])
			chars[blocks->containers[blocks->at[i].container].unseen] +=
				blocks->at[i].chars;
	for (size_t i = 0; i < blocks->len && chars[true] < chars[false]; i++)
		chosen[i] &= !blocks->containers[blocks->at[i].container].unseen;
}

bool *blockchoice_run(struct arena *arena, const struct blocks *blocks, const float *score)
{
	bool article = declares_article(&blocks->declared);
	bool *chosen = arena_zalloc(arena, blocks->len + 1, sizeof(*chosen));
	/* Indexed by the first block with a text: the likeliest block with it so far, plus one. */
	uint32_t *best = arena_zalloc(arena, blocks->len + 1, sizeof(*best));
	if (chosen == NULL || best == NULL)
		return NULL;
	float threshold = choose_threshold(blocks, score);
	for (uint32_t i = 0; i < blocks->len; i++) {
		const struct block *b = &blocks->at[i];
		if (score[i] <= threshold)
			continue;
		chosen[i] = true;
		if (!article || b->copies < 2 || b->words <= COPY_WORDS)
			continue;
		uint32_t other = best[b->first_copy];
		if (other == 0 || !same_text(blocks, b, &blocks->at[other - 1])) {
			best[b->first_copy] = i + 1;
			continue;
		}
		bool better = score[i] > score[other - 1];
		chosen[better ? other - 1 : i] = false;
		best[b->first_copy] = better ? i + 1 : other;
	}
	blocklists_complete(blocks, chosen);
	if (article)
		drop_wholes(blocks, chosen);
	drop_unseen(blocks, chosen);
	return chosen;
}
