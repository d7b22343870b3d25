#ifndef CORE_NETWORK_H
#define CORE_NETWORK_H

#include "feature.h"

/** Far below any merit that the network gives; finite, so that sums of it stay so. */
#define NETWORK_NO_MERIT (-1000.0f)

/**
 * The merit of every sentence, features->len of them: a network of one hidden layer of rectified
 * linear units and a direct connection, over the features of the sentence and of its document. Its
 * weights are core/data/ranker.h, made by tests/quality/train. What is no prose has
 * NETWORK_NO_MERIT.
 *
 * Sums are made in one order: the merits are the same on every machine, to the bit, whether its
 * registers are wide (AVX2, asked of the processor) or not. Never fails.
 */
void network_run(const struct features *features, float *merit);

/** The same as any processor does it. */
void network_run_portable(const struct features *features, float *merit);

#endif
