#include "network.h"

#include "data/ranker.h"

_Static_assert((int)RANKER_SENTENCE_INPUTS == (int)FEATURE_COUNT &&
		       (int)RANKER_DOCUMENT_INPUTS == (int)DOCUMENT_COUNT,
	       "core/data/ranker.h was trained on other features: see tests/quality/train --blank");

/* Eight floats side by side, by the vector extension of gcc and clang: in one register, or in two
 * where registers are half as wide. Each hidden unit adds its inputs in order, so both ways give
 * the same bits. */
enum {
	WIDTH = 8,
	UNITS = RANKER_HIDDEN / WIDTH,
	ROW = FEATURE_ROW / WIDTH,
	ABREAST = 2, /* sentences; a single one would wait for each addition to finish */
};
typedef float octet __attribute__((vector_size(WIDTH * sizeof(float))));
typedef int octet_mask __attribute__((vector_size(sizeof(octet))));
_Static_assert(RANKER_HIDDEN % WIDTH == 0, "hidden units come in eights");
_Static_assert(FEATURE_ROW % WIDTH == 0, "and so do features");

/* Inlined, and its inner loops unrolled, at every level of optimization: the sums stay in
 * registers, and the function with a target of its own gets all of the code. (At -O2, gcc 12 does
 * neither by itself, and scoring takes three times as long.) */
#define INLINE static inline __attribute__((always_inline))

/* What is the same for all sentences of a text. */
struct network {
	octet document[UNITS]; /* what the document alone contributes to the hidden units */
	octet direct[ROW];
	octet output[UNITS];
};

/* The direct connection of document features shifts all merits alike and has no weights. */
INLINE void prepare(const float document[DOCUMENT_COUNT], struct network *network)
{
	*network = (struct network){.document = {{0}}};
	memcpy(network->document, ranker_bias, sizeof ranker_bias);
	memcpy(network->direct, ranker_direct, sizeof ranker_direct);
	memcpy(network->output, ranker_output, sizeof ranker_output);
	for (size_t i = 0; i < DOCUMENT_COUNT; i++) {
		octet weight[UNITS];
		memcpy(weight, ranker_document[i], sizeof weight);
		for (size_t u = 0; u < UNITS; u++)
			network->document[u] += weight[u] * document[i];
	}
}

/* The merit from the hidden units' sums and the features. */
INLINE float merit_of(const struct network *network, const octet hidden[UNITS],
		      const float *feature)
{
	octet sum = {0};
	float part[WIDTH];
	for (size_t u = 0; u < UNITS; u++) {
		octet unit = (octet)((octet_mask)hidden[u] & (hidden[u] > 0));
		sum += unit * network->output[u];
	}
	for (size_t k = 0; k < ROW; k++) {
		octet eight;
		memcpy(&eight, feature + k * WIDTH, sizeof eight);
		sum += eight * network->direct[k];
	}
	memcpy(part, &sum, sizeof part);
	for (size_t half = WIDTH / 2; half > 0; half /= 2)
		for (size_t k = 0; k < half; k++)
			part[k] += part[k + half];
	return part[0];
}

/* Many features are 0, but testing for it costs more than adding them. */
INLINE void find_merits(const struct network *network, const float *const *feature, float *merit)
{
	octet hidden[ABREAST][UNITS];
	for (size_t s = 0; s < ABREAST; s++)
		memcpy(hidden[s], network->document, sizeof hidden[s]);
	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		octet weight[UNITS];
		memcpy(weight, ranker_sentence[i], sizeof weight);
#pragma GCC unroll 8
		for (size_t s = 0; s < ABREAST; s++)
#pragma GCC unroll 8
			for (size_t u = 0; u < UNITS; u++)
				hidden[s][u] += weight[u] * feature[s][i];
	}
	for (size_t s = 0; s < ABREAST; s++)
		merit[s] = merit_of(network, hidden[s], feature[s]);
}

INLINE void run(const struct features *features, float *merit)
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

void network_run_portable(const struct features *features, float *merit)
{
	run(features, merit);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void run_wide(const struct features *features, float *merit)
{
	run(features, merit);
}
#endif

void network_run(const struct features *features, float *merit)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2")) {
		run_wide(features, merit);
		return;
	}
#endif
	network_run_portable(features, merit);
}
