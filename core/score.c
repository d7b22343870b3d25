#include "score.h"

#include "boilerplate.h"
#include "data/ranker.h"
#include "feature.h"

/* How far a query lifts the sentence that says most of it, in ranges of the text's merits: above
 * all that say nothing of it, even when a third of the query stands nowhere in the text. */
static const float query_reach = 1.5f;

/* Far below any merit that the network gives; finite, so that sums of it stay so. */
static const float no_merit = -1000;

_Static_assert((int)RANKER_SENTENCE_INPUTS == (int)FEATURE_COUNT &&
		       (int)RANKER_DOCUMENT_INPUTS == (int)DOCUMENT_COUNT,
	       "core/data/ranker.h was trained on other features: see tests/quality/train --blank");

/* Four hidden units a step. What is added to one unit is added in the order of the inputs, so that
 * the sums are the same with and without such registers. */
typedef float lanes __attribute__((vector_size(16)));
enum {
	LANES = 4,
	STEPS = RANKER_HIDDEN / LANES,
	ABREAST = 2, /* sentences; one alone would wait for each of its additions */
};
_Static_assert(RANKER_HIDDEN % LANES == 0, "hidden units come in fours");

static inline lanes weights(const float *at)
{
	lanes loaded;
	memcpy(&loaded, at, sizeof loaded);
	return loaded;
}

/* What the document alone contributes is the same for all its sentences. The direct connection of
 * document features shifts all merits alike and has no weights. */
static void add_document(const float document[DOCUMENT_COUNT], lanes hidden[STEPS])
{
	memcpy(hidden, ranker_bias, sizeof ranker_bias);
	for (size_t i = 0; i < DOCUMENT_COUNT; i++)
		for (size_t h = 0; h < STEPS; h++)
			hidden[h] += weights(&ranker_document[i][h * LANES]) * document[i];
}

/* Many features are 0, but asking which costs more than adding them. */
static void find_merits(const lanes document[STEPS], const float *const feature[ABREAST],
			float merit[ABREAST])
{
	lanes hidden[ABREAST][STEPS];
	float direct[ABREAST] = {0};
	for (size_t s = 0; s < ABREAST; s++)
		memcpy(hidden[s], document, sizeof hidden[s]);
	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		for (size_t h = 0; h < STEPS; h++)
			for (size_t s = 0; s < ABREAST; s++)
				hidden[s][h] +=
					weights(&ranker_sentence[i][h * LANES]) * feature[s][i];
		for (size_t s = 0; s < ABREAST; s++)
			direct[s] += feature[s][i] * ranker_direct[i];
	}
	for (size_t s = 0; s < ABREAST; s++) {
		float unit[RANKER_HIDDEN];
		memcpy(unit, hidden[s], sizeof unit);
		merit[s] = direct[s];
		for (size_t h = 0; h < RANKER_HIDDEN; h++)
			merit[s] += (unit[h] > 0 ? unit[h] : 0) * ranker_output[h];
	}
}

static void run_network(const struct features *features, float *merit)
{
	size_t n = features->len;
	lanes document[STEPS];
	add_document(features->document, document);
	for (size_t i = 0; i < n; i += ABREAST) {
		size_t at[ABREAST] = {i, i + 1 < n ? i + 1 : i};
		const float *feature[ABREAST] = {features->at[at[0]], features->at[at[1]]};
		float found[ABREAST];
		find_merits(document, feature, found);
		for (size_t s = 0; s < ABREAST; s++)
			merit[at[s]] = feature[s][FEATURE_POSITION] > 0 ? found[s] : no_merit;
	}
}

/* How much of the query each sentence says: of its terms, the rarer ones count more. */
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

/* A query of which the text says little moves little. */
static void add_query(struct arena *arena, const struct score_input *input, float *merit)
{
	size_t n = input->sentences->len;
	struct term_match query;
	terms_match(arena, input->stems, input->terms, input->language, input->query, &query);
	float *weight = arena_zalloc(arena, input->terms->distinct_count, sizeof *weight);
	float *share = arena_alloc(arena, n, sizeof *share);
	if (query.len == 0 || weight == NULL || share == NULL)
		return;
	float best = no_merit, worst = -no_merit;
	for (size_t i = 0; i < n; i++) {
		if (merit[i] == no_merit)
			continue;
		best = merit[i] > best ? merit[i] : best;
		worst = merit[i] < worst ? merit[i] : worst;
	}
	float reach = query_reach * (best - worst + 1) * (float)query.len /
		      (float)(query.len + query.missing);
	float most = query_shares(input, &query, weight, share);
	for (size_t i = 0; i < n; i++)
		if (merit[i] != no_merit)
			merit[i] += reach * share[i] / most;
}

static void to_unit(const float *merit, float *score, size_t n)
{
	float best = merit[0];
	for (size_t i = 1; i < n; i++)
		best = merit[i] > best ? merit[i] : best;
	for (size_t i = 0; i < n; i++)
		score[i] = merit[i] != no_merit ? 1 / (1 + (best - merit[i])) : 0;
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
	run_network(&features, out->merit);
	if (input->query.len > 0)
		add_query(arena, input, out->merit);
	to_unit(out->merit, out->at, n);
	if (!arena->failed)
		out->len = n;
}
