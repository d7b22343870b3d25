#include "score.h"

#include "boilerplate.h"
#include "data/ranker.h"
#include "feature.h"

/* A sentence that says all a query asks for rises above any that says nothing of it. */
static const float query_weight = 8;

/* Far below any merit that the network gives; finite, so that sums of it stay so. */
static const float no_merit = -1000;

_Static_assert((int)RANKER_SENTENCE_INPUTS == (int)FEATURE_COUNT &&
		   (int)RANKER_DOCUMENT_INPUTS == (int)DOCUMENT_COUNT,
	       "core/data/ranker.h was trained on other features: see tests/quality/train --blank");

/* The inner loops run over the hidden units, so that a compiler may vectorize them without changing
 * the order in which anything is added. */
static void add_inputs(float *hidden, const float *input, const float (*weight)[RANKER_HIDDEN],
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (input[i] == 0)
			continue;
		for (size_t h = 0; h < RANKER_HIDDEN; h++)
			hidden[h] += input[i] * weight[i][h];
	}
}

/* What the document alone contributes is the same for all its sentences. The direct connection of
 * document features shifts all merits alike and has no weights. */
static float merit_of(const float *document_hidden, const float *feature)
{
	float hidden[RANKER_HIDDEN], merit = 0;
	memcpy(hidden, document_hidden, sizeof hidden);
	add_inputs(hidden, feature, ranker_sentence, FEATURE_COUNT);
	for (size_t h = 0; h < RANKER_HIDDEN; h++)
		merit += (hidden[h] > 0 ? hidden[h] : 0) * ranker_output[h];
	for (size_t i = 0; i < FEATURE_COUNT; i++)
		merit += feature[i] * ranker_direct[i];
	return merit;
}

/* The share of the query's content that each sentence has. Terms of it that the text lacks count
 * in the whole, so that a query about something else moves little. */
static void add_query(struct arena *arena, const struct score_input *input, float *merit)
{
	const struct terms *terms = input->terms;
	struct term_match query;
	terms_match(arena, input->stems, terms, input->language, input->query, &query);
	unsigned char *wanted = arena_zalloc(arena, terms->distinct_count, 1);
	if (query.len == 0 || wanted == NULL)
		return;
	float whole = (float)(query.len + query.missing);
	for (size_t i = 0; i < input->sentences->len; i++) {
		size_t found = 0;
		for (size_t k = 0; k < query.len; k++)
			wanted[query.term[k]] = 1;
		for (uint32_t k = terms->first[i]; k < terms->first[i + 1]; k++) {
			found += wanted[terms->token[k].term];
			wanted[terms->token[k].term] = 0;
		}
		merit[i] += query_weight * (float)found / whole;
	}
}

static void to_unit(const float *merit, float *score, size_t n)
{
	float best = merit[0];
	for (size_t i = 1; i < n; i++)
		best = merit[i] > best ? merit[i] : best;
	for (size_t i = 0; i < n; i++)
		score[i] = merit[i] > no_merit / 2 ? 1 / (1 + best - merit[i]) : 0;
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
	float hidden[RANKER_HIDDEN];
	memcpy(hidden, ranker_bias, sizeof hidden);
	add_inputs(hidden, features.document, ranker_document, DOCUMENT_COUNT);
	for (size_t i = 0; i < n; i++)
		out->merit[i] = features.at[i][FEATURE_POSITION] > 0
					? merit_of(hidden, features.at[i])
					: no_merit;
	if (input->query.len > 0)
		add_query(arena, input, out->merit);
	to_unit(out->merit, out->at, n);
	if (!arena->failed)
		out->len = n;
}
