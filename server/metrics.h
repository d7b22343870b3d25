#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "answer.h"
#include "fetch.h"
#include "problem.h"
#include "routes.h"
#include "sandbox.h"

#include <stddef.h>

/**
 * Counters and histograms for Prometheus (text format 0.0.4): base units, labels of small closed
 * sets only. Counting is a few relaxed atomic additions; any thread.
 */
struct metrics;

/** NULL without memory. */
struct metrics *metrics_new(void);

/** NULL is allowed. */
void metrics_free(struct metrics *metrics);

/** How a request ended. `times` may be NULL if no work was done. */
struct metrics_request {
	enum handler handler;
	unsigned status; /* of the answer; 0: none, because the client left first */
	bool is_batch;   /* takes as long as its client keeps sending, so its time is not counted */
	enum problem problem;
	size_t body_bytes, answer_bytes;
	uint64_t total_ns;
	const struct job_times *times;
};

void metrics_count(struct metrics *metrics, const struct metrics_request *request);

/** A line of a batch was answered. */
void metrics_count_line(struct metrics *metrics, enum problem problem);

/** A download ended. */
void metrics_count_fetch(struct metrics *metrics, enum fetch_status status);

/** The outcome of a look into the shared cache. Wait: for another instance, counted once per
 *  job. Away: the server could not be asked. Stored and not: after a job. */
enum shared_result {
	SHARED_HIT,
	SHARED_MISS,
	SHARED_WAIT,
	SHARED_INVALID,
	SHARED_ERROR,
	SHARED_AWAY,
	SHARED_STORED,
	SHARED_STORE_FAILED,
	SHARED_RESULT_COUNT
};

void metrics_count_shared(struct metrics *metrics, enum shared_result result);

/** A request counted against its rate by the shared server, or by this instance alone. */
void metrics_count_shared_rate(struct metrics *metrics, bool shared);

/** The shared server answered a command. */
void metrics_count_redis(struct metrics *metrics, uint64_t ns);

/** Current figures held by other modules. */
struct metrics_gauges {
	size_t connections, in_flight, queue_depth, workers, workers_busy;
	size_t downloads, downloads_waiting, body_bytes;
	uint64_t cache_hits, cache_misses, cache_joined, cache_evicted;
	size_t cache_entries, cache_bytes;
	bool ready;
	struct sandbox sandbox;
	bool has_redis, redis_up; /* without has_redis, nothing is shown about the shared cache */
};

/** The exposition as new (malloc'ed) text of `*len` bytes, or NULL without memory. */
char *metrics_render(const struct metrics *metrics, const struct metrics_gauges *gauges,
		     size_t *len);

#endif
