#include "tests/check.h"

#include "core/data/ranker.h"
#include "core/network.h"

#include <math.h>

/* The network computes what its weights say, and the same for a sentence whatever its
 * neighbours. */

enum { MOST = 11 };

static void fill(struct features *features, uint32_t seed)
{
	for (size_t i = 0; i < features->len; i++)
		for (size_t f = 0; f < FEATURE_COUNT; f++) {
			seed = seed * 1664525u + 1013904223u;
			features->at[i][f] = (float)(seed >> 8) / (float)(1 << 24) * 3 - 1;
		}
	for (size_t f = 0; f < DOCUMENT_COUNT; f++) {
		seed = seed * 1664525u + 1013904223u;
		features->document[f] = (float)(seed >> 8) / (float)(1 << 24);
	}
}

static double merit_by_hand(const struct features *features, const float *feature)
{
	double merit = 0;
	for (size_t f = 0; f < FEATURE_COUNT; f++)
		merit += (double)feature[f] * ranker_direct[f];
	for (size_t h = 0; h < RANKER_HIDDEN; h++) {
		double unit = ranker_bias[h];
		for (size_t f = 0; f < DOCUMENT_COUNT; f++)
			unit += (double)features->document[f] * ranker_document[f][h];
		for (size_t f = 0; f < FEATURE_COUNT; f++)
			unit += (double)feature[f] * ranker_sentence[f][h];
		merit += (unit > 0 ? unit : 0) * ranker_output[h];
	}
	return merit;
}

static void test_by_hand(void **state)
{
	float row[MOST][FEATURE_ROW] = {{0}}, merit[MOST];
	for (uint32_t seed = 1; seed < 50; seed++) {
		struct features features = {.at = row, .len = seed % MOST + 1};
		fill(&features, seed);
		network_run(&features, merit);
		for (size_t i = 0; i < features.len; i++) {
			bool prose = row[i][FEATURE_POSITION] > 0;
			double want = prose ? merit_by_hand(&features, row[i]) : NETWORK_NO_MERIT;
			CHECK("as in double precision", fabs(merit[i] - want) < 0.001);
		}
	}
}

static void test_no_prose(void **state)
{
	float row[3][FEATURE_ROW] = {{0}}, merit[3];
	struct features features = {.at = row, .len = 3};
	row[1][FEATURE_POSITION] = 1;
	network_run(&features, merit);
	CHECK("a heading", merit[0] == NETWORK_NO_MERIT && merit[2] == NETWORK_NO_MERIT);
	CHECK("a sentence", merit[1] > NETWORK_NO_MERIT / 2);
}

static void test_alone_as_among_others(void **state)
{
	float row[MOST][FEATURE_ROW] = {{0}}, merit[MOST];
	struct features features = {.at = row, .len = MOST};
	fill(&features, 7);
	network_run(&features, merit);
	for (size_t i = 0; i < MOST; i++) {
		struct features one = features;
		float alone;
		one.at += i;
		one.len = 1;
		network_run(&one, &alone);
		CHECK("whatever stands beside it", merit[i] == alone);
	}
}

static void test_wide_as_narrow(void **state)
{
	float row[MOST][FEATURE_ROW] = {{0}}, merit[MOST], narrow[MOST];
	for (uint32_t seed = 1; seed < 200; seed++) {
		struct features features = {.at = row, .len = seed % MOST + 1};
		fill(&features, seed);
		network_run(&features, merit);
		network_run_portable(&features, narrow);
		CHECK("the same bits on every processor",
		      memcmp(merit, narrow, features.len * sizeof *merit) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_hand),
					   cmocka_unit_test(test_no_prose),
					   cmocka_unit_test(test_alone_as_among_others),
					   cmocka_unit_test(test_wide_as_narrow)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
