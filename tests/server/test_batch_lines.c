#include "check.h"

#include "server/batch_lines.h"

#include <stdlib.h>
#include <string.h>

enum { MANY = 8 << 20, IN_ONE_GO = 1 << 20 };

/* Blank lines fill no window; the lock of all batches is not held for megabytes of them. */
static void test_what_was_read_ahead_is_taken_bit_by_bit(void **state)
{
	struct budget bodies = {.max_bytes = 4 * (size_t)MANY};
	struct batches batches = {
		.parts = {.bodies = &bodies, .max_line_bytes = MANY, .window = 4}};
	struct batch batch = {.batches = &batches, .arrived = true, .last = &batch.first};
	assert_true(budget_take(&bodies, MANY));
	batch.ahead = (struct ahead){.bytes = malloc(MANY), .len = MANY, .room = MANY};
	assert_non_null(batch.ahead.bytes);
	memset(batch.ahead.bytes, '\n', MANY);
	for (size_t before = 0; lines_are_ahead(&batch); before = batch.lines) {
		assert_false(batch.ended);
		assert_false(lines_take_ahead(&batch));
		assert_in_range(batch.lines - before, 1, IN_ONE_GO);
	}
	assert_int_equal(batch.lines, MANY);
	assert_true(batch.ended);
	assert_int_equal(bodies.used_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_read_ahead_is_taken_bit_by_bit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
