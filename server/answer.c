#include "answer.h"

#include "digest.h"
#include "monotonic.h"

#include <stdlib.h>

struct answer *answer_new(char *body, size_t len)
{
	struct answer *answer = calloc(1, sizeof(*answer));
	if (answer == NULL) {
		free(body);
		return NULL;
	}
	atomic_init(&answer->references, 1);
	answer->made_ns = monotonic_ns();
	answer->body = body;
	answer->len = len;
	if (body != NULL) {
		unsigned char digest[DIGEST_BYTES];
		digest_of(body, len, digest);
		digest_hex(digest, ANSWER_ETAG_LEN / 2, answer->etag);
	}
	return answer;
}

struct answer *answer_new_problem(const struct problem_report *report)
{
	struct answer *answer = answer_new(NULL, 0);
	if (answer != NULL)
		answer->report = *report;
	return answer;
}

bool answer_count(struct answer *answer, struct budget *budget)
{
	if (!budget_take(budget, answer->len))
		return false;
	answer->budget = budget;
	return true;
}

struct answer *answer_hold(struct answer *answer)
{
	atomic_fetch_add_explicit(&answer->references, 1, memory_order_relaxed);
	return answer;
}

uint64_t answer_left_ms(const struct answer *answer, uint64_t now_ns)
{
	uint64_t age_ms = now_ns > answer->made_ns ? (now_ns - answer->made_ns) / NS_PER_MS : 0;
	return age_ms < answer->keep_ms ? answer->keep_ms - age_ms : 0;
}

void answer_release(struct answer *answer)
{
	if (answer == NULL ||
	    atomic_fetch_sub_explicit(&answer->references, 1, memory_order_acq_rel) > 1)
		return;
	budget_give(answer->budget, answer->len);
	free(answer->body);
	free(answer);
}
