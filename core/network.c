#include "network.h"

#include "data/ranker.h"
#include "lanes.h"

_Static_assert((int)RANKER_SENTENCE_INPUTS == (int)FEATURE_COUNT &&
		       (int)RANKER_DOCUMENT_INPUTS == (int)DOCUMENT_COUNT,
	       "core/data/ranker.h was trained on other features: see tests/quality/train --blank");

/* By the extension of gcc and clang. What is added to one hidden unit is added in the order of the
 * inputs. */
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef int lanes_mask __attribute__((vector_size(sizeof(lanes))));
enum {
	UNITS = RANKER_HIDDEN / LANES,
	ROW = FEATURE_ROW / LANES,
	ABREAST = 2,      /* sentences; one alone would wait for each of its additions */
	ABREAST_WIDE = 4, /* as many additions, in half the registers */
};
_Static_assert(RANKER_HIDDEN % LANES == 0, "hidden units come in eights");

/* What is the same for all sentences of a text. */
struct network {
	lanes document[UNITS]; /* what the document alone contributes to the hidden units */
	lanes direct[ROW];
	lanes output[UNITS];
};

/* The direct connection of document features shifts all merits alike and has no weights. */
static void prepare(const float document[DOCUMENT_COUNT], struct network *network)
{
	*network = (struct network){.document = {{0}}};
	memcpy(network->document, ranker_bias, sizeof ranker_bias);
	memcpy(network->direct, ranker_direct, sizeof ranker_direct);
	memcpy(network->output, ranker_output, sizeof ranker_output);
	for (size_t i = 0; i < DOCUMENT_COUNT; i++) {
		lanes weight[UNITS];
		memcpy(weight, ranker_document[i], sizeof weight);
		for (size_t u = 0; u < UNITS; u++)
			network->document[u] += weight[u] * document[i];
	}
}

/* From the hidden units' sums and the features. */
static inline __attribute__((always_inline)) float
merit_of(const struct network *network, const lanes hidden[UNITS], const float *feature)
{
	lanes sum = {0};
	float part[LANES];
	for (size_t u = 0; u < UNITS; u++) {
		lanes unit = (lanes)((lanes_mask)hidden[u] & (hidden[u] > 0));
		sum += unit * network->output[u];
	}
	for (size_t k = 0; k < ROW; k++) {
		lanes eight;
		memcpy(&eight, feature + k * LANES, sizeof eight);
		sum += eight * network->direct[k];
	}
	memcpy(part, &sum, sizeof part);
	return ((part[0] + part[4]) + (part[1] + part[5])) +
	       ((part[2] + part[6]) + (part[3] + part[7]));
}

/* Many features are 0, but asking which costs more than adding them. */
static inline __attribute__((always_inline)) void find_merits(const struct network *network,
							      const float *const *feature,
							      size_t abreast, float *merit)
{
	lanes hidden[ABREAST_WIDE][UNITS];
	for (size_t s = 0; s < abreast; s++)
		memcpy(hidden[s], network->document, sizeof hidden[s]);
	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		lanes weight[UNITS];
		memcpy(weight, ranker_sentence[i], sizeof weight);
		for (size_t s = 0; s < abreast; s++)
			for (size_t u = 0; u < UNITS; u++)
				hidden[s][u] += weight[u] * feature[s][i];
	}
	for (size_t s = 0; s < abreast; s++)
		merit[s] = merit_of(network, hidden[s], feature[s]);
}

static inline __attribute__((always_inline)) void run(const struct features *features,
						      const size_t abreast, float *merit)
{
	size_t n = features->len;
	struct network network;
	prepare(features->document, &network);
	for (size_t i = 0; i < n; i += abreast) {
		size_t at[ABREAST_WIDE];
		const float *feature[ABREAST_WIDE];
		float found[ABREAST_WIDE];
		for (size_t s = 0; s < abreast; s++) {
			at[s] = i + s < n ? i + s : n - 1;
			feature[s] = features->at[at[s]];
		}
		find_merits(&network, feature, abreast, found);
		for (size_t s = 0; s < abreast; s++)
			merit[at[s]] =
				feature[s][FEATURE_POSITION] > 0 ? found[s] : NETWORK_NO_MERIT;
	}
}

void network_run_portable(const struct features *features, float *merit)
{
	run(features, ABREAST, merit);
}

#ifdef __x86_64__
/* Not the processor's multiplication and addition in one: it rounds once and not twice. */
__attribute__((target("avx"))) static void run_wide(const struct features *features, float *merit)
{
	run(features, ABREAST_WIDE, merit);
}
#endif

void network_run(const struct features *features, float *merit)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx")) {
		run_wide(features, merit);
		return;
	}
#endif
	network_run_portable(features, merit);
}
