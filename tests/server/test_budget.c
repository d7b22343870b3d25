#include "check.h"

#include "server/budget.h"

#include <pthread.h>

static void what_does_not_fit_is_not_taken(void **state)
{
	struct budget budget = {.max_bytes = 100};
	assert_true(budget_take(&budget, 60));
	assert_false(budget_take(&budget, 41));
	assert_false(budget_take(&budget, SIZE_MAX));
	assert_true(budget_take(&budget, 40));
	assert_true(budget_take(&budget, 0));
	assert_false(budget_take(&budget, 1));
	budget_give(&budget, 100);
	assert_int_equal(budget.used_bytes, 0);
	/* The bytes already in memory may be too many; then nothing fits. */
	budget_add(&budget, 150);
	assert_false(budget_take(&budget, 0));
	budget_give(&budget, 150);
	assert_true(budget_take(&budget, 100));
}

static void a_report_names_limit_and_actual(void **state)
{
	struct budget budget = {.max_bytes = 100, .used_bytes = 70};
	struct problem_report report;
	budget_report(&budget, 40, &report);
	assert_int_equal(report.problem, PROBLEM_OVERLOADED);
	assert_true(report.has_limit);
	assert_int_equal(report.limit, 100);
	assert_int_equal(report.actual, 110);
	budget_report(&budget, 10, &report); /* others have given bytes back since */
	assert_int_equal(report.actual, 101);
}

static void none_has_no_end(void **state)
{
	assert_true(budget_take(NULL, SIZE_MAX));
	budget_add(NULL, SIZE_MAX);
	budget_give(NULL, SIZE_MAX);
}

static void *take_and_give(void *arg)
{
	struct budget *budget = arg;
	for (size_t i = 0; i < 100000; i++) {
		if (!budget_take(budget, 40))
			continue;
		assert_true(atomic_load(&budget->used_bytes) <= budget->max_bytes);
		budget_give(budget, 40);
	}
	return NULL;
}

static void threads_never_take_too_much(void **state)
{
	struct budget budget = {.max_bytes = 100};
	pthread_t threads[4];
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, &budget), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(budget.used_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_does_not_fit_is_not_taken),
		cmocka_unit_test(a_report_names_limit_and_actual),
		cmocka_unit_test(none_has_no_end),
		cmocka_unit_test(threads_never_take_too_much),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
