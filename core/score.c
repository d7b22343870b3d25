#include "score.h"

#include "abstract.h"
#include "feature.h"
#include "network.h"

/* How far a query lifts the sentence that says most of it, in ranges of the text's merits: above
 * all that say nothing of it, even if a third of the query is nowhere in the text. */
static const float query_reach = 1.5f;

/* What the parts of a structured abstract gain, the first sentence and the others: the ranker likes
 * what comes first, which here says how something was found out, while readers ask what. */
static const struct {
	float first, others;
} part_gain[ABSTRACT_PARTS] = {
	[ABSTRACT_BACKGROUND] = {0, -3}, [ABSTRACT_METHODS] = {-10, -10},
	[ABSTRACT_RESULTS] = {7, 0},     [ABSTRACT_CONCLUSIONS] = {7, 1},
	[ABSTRACT_NOTES] = {-15, -15},
};

/* How much of the query each sentence says, its rarer terms counting more; returns the greatest. */
static float query_shares(const struct score_input *input, const struct term_match *query,
			  float *weight, float *share)
{
	const struct terms *terms = input->terms;
	float most = 0;
	for (size_t i = 0; i < input->sentences->len; i++) {
		share[i] = 0;
		for (size_t k = 0; k < query->len; k++)
			weight[query->term[k]] =
				1 / (float)terms->distinct[query->term[k]].sentence_count;
		for (uint32_t k = terms->first[i]; k < terms->first[i + 1]; k++) {
			share[i] += weight[terms->token[k].term];
			weight[terms->token[k].term] = 0; /* once a sentence */
		}
		most = share[i] > most ? share[i] : most;
	}
	return most;
}

/* Raise merits by what a query asks for; one of which the text says little changes little. Returns
 * each sentence's share of the query, 1 for the greatest. */
static float *add_query(struct arena *arena, const struct score_input *input, float *merit)
{
	size_t n = input->sentences->len;
	struct term_match query;
	terms_match(arena, input->stems, input->terms, input->language, input->query, true, &query);
	float *weight = arena_zalloc(arena, input->terms->distinct_count, sizeof *weight);
	float *share = arena_alloc(arena, n, sizeof *share);
	if (query.len == 0 || weight == NULL || share == NULL)
		return NULL;
	float best = NETWORK_NO_MERIT, worst = -NETWORK_NO_MERIT;
	for (size_t i = 0; i < n; i++) {
		if (merit[i] == NETWORK_NO_MERIT)
			continue;
		best = merit[i] > best ? merit[i] : best;
		worst = merit[i] < worst ? merit[i] : worst;
	}
	float reach = query_reach * (best - worst + 1) * (float)query.len /
		      (float)(query.len + query.missing);
	float most = query_shares(input, &query, weight, share);
	for (size_t i = 0; i < n; i++) {
		share[i] /= most;
		if (merit[i] != NETWORK_NO_MERIT)
			merit[i] += reach * share[i];
	}
	return share;
}

static void add_parts(struct arena *arena, const struct score_input *input, float *merit)
{
	struct arena_mark mark = arena_mark(arena);
	size_t n = input->sentences->len;
	struct abstract_place *place = arena_alloc(arena, n, sizeof *place);
	if (place == NULL)
		return;
	bool found = abstract_find(input, place);
	for (size_t i = 0; i < n && found; i++)
		if (merit[i] != NETWORK_NO_MERIT)
			merit[i] += place[i].opens ? part_gain[place[i].part].first
						   : part_gain[place[i].part].others;
	arena_rewind(arena, mark);
}

static void to_unit(const float *merit, float *score, size_t n)
{
	float best = merit[0];
	for (size_t i = 1; i < n; i++)
		best = merit[i] > best ? merit[i] : best;
	for (size_t i = 0; i < n; i++)
		score[i] = merit[i] != NETWORK_NO_MERIT ? 1 / (1 + (best - merit[i])) : 0;
}

void score_sentences(struct arena *arena, const struct score_input *input, struct scores *out)
{
	size_t n = input->sentences->len;
	struct features features;
	*out = (struct scores){.at = arena_alloc(arena, n, sizeof *out->at),
			       .merit = arena_alloc(arena, n, sizeof *out->merit)};
	feature_compute(arena, input, &features);
	if (out->at == NULL || out->merit == NULL || features.len == 0)
		return;
	out->content = features.content;
	out->quotes = features.quotes;
	network_run(&features, out->merit);
	add_parts(arena, input, out->merit);
	if (input->query.len > 0)
		out->query = add_query(arena, input, out->merit);
	to_unit(out->merit, out->at, n);
	if (!arena->failed)
		out->len = n;
}
