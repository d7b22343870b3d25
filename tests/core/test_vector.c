#include "tests/check.h"

#include "core/vector.h"

/* What the processor does in one step is what the portable code does. */
static void test_signs(void **state)
{
	uint32_t random = 1;
	for (unsigned round = 0; round < 100000; round++) {
		vector bytes;
		unsigned want = 0;
		for (unsigned i = 0; i < VECTOR_BYTES; i++) {
			random = random * 1664525u + 1013904223u;
			bytes[i] = (unsigned char)(random >> 24);
			want |= (unsigned)(bytes[i] >> 7) << i;
		}
		assert_int_equal(vector_signs(bytes), want);
		assert_int_equal(vector_signs_portable(bytes), want);
	}
}

static void test_zeros(void **state)
{
	for (unsigned zeros = 0; zeros <= VECTOR_BYTES; zeros++) {
		unsigned char bytes[VECTOR_BYTES];
		for (unsigned i = 0; i < VECTOR_BYTES; i++)
			bytes[i] = i == zeros || (i > zeros && i % 3 == 0) ? 0xFF : 0;
		vector truth = vector_load(bytes);
		assert_int_equal(vector_zeros(truth), zeros);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signs),
		cmocka_unit_test(test_zeros),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
