#ifndef SERVER_ANSWER_H
#define SERVER_ANSWER_H

#include "budget.h"
#include "problem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How long each stage took, for Server-Timing, the log and the metrics. */
struct job_times {
	uint64_t queue_ns, fetch_ns, extract_ns, summarize_ns;
};

enum { ANSWER_ETAG_LEN = 32 };

/**
 * What a request is answered with: a body or a problem. Never changed once made, because the cache
 * and all connections waiting for the same result share it.
 */
struct answer {
	atomic_uint references;
	char *body; /* malloc'ed; NULL where `report` says why */
	size_t len;
	char etag[ANSWER_ETAG_LEN + 1]; /* hex digits of the body's hash */
	struct problem_report report;
	struct job_times times;
	bool is_shared;        /* another instance made it: see shared_cache.h */
	uint64_t made_ns;      /* of the monotonic clock */
	uint64_t keep_ms;      /* how long after made_ns a cache may keep it; 0: not at all */
	struct budget *budget; /* where `len` is counted, unless a cache counts it; NULL: nowhere */
};

/** A new answer with one reference, or NULL without memory. Takes `body`, also on failure. */
struct answer *answer_new(char *body, size_t len);

/** A new answer with one reference that is `report`, or NULL without memory. */
struct answer *answer_new_problem(const struct problem_report *report);

/**
 * Count the body in `budget`, once, for as long as the answer lives. False if it does not fit. Call
 * it before the answer is shared.
 */
bool answer_count(struct answer *answer, struct budget *budget);

struct answer *answer_hold(struct answer *answer);

/** How long, from `now_ns` on, it may still be kept; 0: no longer. */
uint64_t answer_left_ms(const struct answer *answer, uint64_t now_ns);

/** Drop a reference; dropping the last one frees it. NULL is allowed. */
void answer_release(struct answer *answer);

#endif
