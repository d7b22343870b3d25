#ifndef SERVER_BUDGET_H
#define SERVER_BUDGET_H

#include "problem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * How many bytes all requests hold together, and how many they may. Code takes bytes from the
 * budget before it holds them and gives them back afterwards, on any thread. A budget must outlive
 * all that was taken from it. When taking and giving, NULL is an unlimited budget.
 */
struct budget {
	size_t max_bytes;
	atomic_size_t used_bytes;
};

/** Take `bytes` more. False if they do not fit: then nothing was taken. */
bool budget_take(struct budget *budget, size_t bytes);

/** The same for optional uses: false also if less than half would be left. */
bool budget_take_spare(struct budget *budget, size_t bytes);

/** Take bytes that may not fit, because they are in memory already. */
void budget_add(struct budget *budget, size_t bytes);

void budget_give(struct budget *budget, size_t bytes);

/** PROBLEM_OVERLOADED: `bytes` more did not fit. Names the limit and what the total would be. */
void budget_report(const struct budget *budget, size_t bytes, struct problem_report *report);

#endif
