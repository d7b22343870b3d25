#include "budget.h"

static bool take_up_to(struct budget *budget, size_t bytes, size_t limit)
{
	size_t used = atomic_load_explicit(&budget->used_bytes, memory_order_relaxed);
	do {
		/* budget_add() may have passed the limit already. */
		if (used > limit || bytes > limit - used)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&budget->used_bytes, &used, used + bytes,
							memory_order_relaxed,
							memory_order_relaxed));
	return true;
}

bool budget_take(struct budget *budget, size_t bytes)
{
	return budget == NULL || take_up_to(budget, bytes, budget->max_bytes);
}

bool budget_take_spare(struct budget *budget, size_t bytes)
{
	return budget == NULL || take_up_to(budget, bytes, budget->max_bytes / 2);
}

void budget_add(struct budget *budget, size_t bytes)
{
	if (budget != NULL)
		atomic_fetch_add_explicit(&budget->used_bytes, bytes, memory_order_relaxed);
}

void budget_give(struct budget *budget, size_t bytes)
{
	if (budget != NULL)
		atomic_fetch_sub_explicit(&budget->used_bytes, bytes, memory_order_relaxed);
}

void budget_report(const struct budget *budget, size_t bytes, struct problem_report *report)
{
	size_t limit = budget->max_bytes, actual = atomic_load(&budget->used_bytes) + bytes;
	/* Some may have been given back meanwhile, so that the bytes would seem to fit. */
	if (actual <= limit)
		actual = limit + 1;
	problem_set(
		report, PROBLEM_OVERLOADED,
		"With this request, all requests together would hold %zu bytes; %zu are allowed.",
		actual, limit);
	problem_set_limit(report, limit, actual);
}
