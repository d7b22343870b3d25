#include "network.h"

#include "data/ranker.h"

_Static_assert((int)RANKER_SENTENCE_INPUTS == (int)FEATURE_COUNT &&
		       (int)RANKER_DOCUMENT_INPUTS == (int)DOCUMENT_COUNT,
	       "core/data/ranker.h was trained on other features: see tests/quality/train --blank");

/* Four floats side by side, by the extension of gcc and clang, which all processors have registers
 * for. What is added to one hidden unit is added in the order of the inputs. */
enum {
	WIDTH = 4,
	UNITS = RANKER_HIDDEN / WIDTH,
	ROW = FEATURE_ROW / WIDTH,
	ABREAST = 2, /* sentences; one alone would wait for each of its additions */
};
typedef float quad __attribute__((vector_size(WIDTH * sizeof(float))));
typedef int quad_mask __attribute__((vector_size(sizeof(quad))));
_Static_assert(RANKER_HIDDEN % WIDTH == 0, "hidden units come in fours");

/* What is the same for all sentences of a text. */
struct network {
	quad document[UNITS]; /* what the document alone contributes to the hidden units */
	quad direct[ROW];
	quad output[UNITS];
};

/* The direct connection of document features shifts all merits alike and has no weights. */
static void prepare(const float document[DOCUMENT_COUNT], struct network *network)
{
	*network = (struct network){.document = {{0}}};
	memcpy(network->document, ranker_bias, sizeof ranker_bias);
	memcpy(network->direct, ranker_direct, sizeof ranker_direct);
	memcpy(network->output, ranker_output, sizeof ranker_output);
	for (size_t i = 0; i < DOCUMENT_COUNT; i++) {
		quad weight[UNITS];
		memcpy(weight, ranker_document[i], sizeof weight);
		for (size_t u = 0; u < UNITS; u++)
			network->document[u] += weight[u] * document[i];
	}
}

/* From the hidden units' sums and the features. */
static inline float merit_of(const struct network *network, const quad hidden[UNITS],
			     const float *feature)
{
	quad sum = {0};
	float part[WIDTH];
	for (size_t u = 0; u < UNITS; u++) {
		quad unit = (quad)((quad_mask)hidden[u] & (hidden[u] > 0));
		sum += unit * network->output[u];
	}
	for (size_t k = 0; k < ROW; k++) {
		quad four;
		memcpy(&four, feature + k * WIDTH, sizeof four);
		sum += four * network->direct[k];
	}
	memcpy(part, &sum, sizeof part);
	return (part[0] + part[1]) + (part[2] + part[3]);
}

/* Many features are 0, but asking which costs more than adding them. */
static inline void find_merits(const struct network *network, const float *const *feature,
			       float *merit)
{
	quad hidden[ABREAST][UNITS];
	for (size_t s = 0; s < ABREAST; s++)
		memcpy(hidden[s], network->document, sizeof hidden[s]);
	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		quad weight[UNITS];
		memcpy(weight, ranker_sentence[i], sizeof weight);
		for (size_t s = 0; s < ABREAST; s++)
			for (size_t u = 0; u < UNITS; u++)
				hidden[s][u] += weight[u] * feature[s][i];
	}
	for (size_t s = 0; s < ABREAST; s++)
		merit[s] = merit_of(network, hidden[s], feature[s]);
}

void network_run(const struct features *features, float *merit)
{
	size_t n = features->len;
	struct network network;
	prepare(features->document, &network);
	for (size_t i = 0; i < n; i += ABREAST) {
		size_t at[ABREAST];
		const float *feature[ABREAST];
		float found[ABREAST];
		for (size_t s = 0; s < ABREAST; s++) {
			at[s] = i + s < n ? i + s : n - 1;
			feature[s] = features->at[at[s]];
		}
		find_merits(&network, feature, found);
		for (size_t s = 0; s < ABREAST; s++)
			merit[at[s]] =
				feature[s][FEATURE_POSITION] > 0 ? found[s] : NETWORK_NO_MERIT;
	}
}
