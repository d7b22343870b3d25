#ifndef CORE_NETWORK_H
#define CORE_NETWORK_H

#include "feature.h"

/** Far below any merit that the network gives, but finite, so that sums stay finite. */
#define NETWORK_NO_MERIT (-1000.0f)

/**
 * The merit of every sentence, features->len of them: a network of one hidden layer of rectified
 * linear units and a direct connection, over the features of the sentence and of its document. Its
 * weights are core/data/ranker.h, made by tests/quality/train. Sentences that are no prose get
 * NETWORK_NO_MERIT.
 *
 * Sums are always made in the same order, so the merits are the same on every machine, to the bit,
 * whether the processor has wide registers (AVX2, checked at run time) or not. Never fails.
 */
void network_run(const struct features *features, float *merit);

/** The same, in a way that any processor can do. */
void network_run_portable(const struct features *features, float *merit);

#endif
