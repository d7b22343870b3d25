#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "fetch.h"
#include "metrics.h"
#include "queue.h"

/**
 * The threads that do the work: take a job, decode, (download,) extract, summarize, render, hand
 * back. Each owns one arena, which also serves jansson on that thread, so that a usual request
 * calls malloc only for its answer.
 */
struct workers;

struct worker_options {
	size_t count;
	size_t max_text_bytes;
	size_t job_memory_bytes;                             /* ceiling of each worker's arena */
	uint64_t keep_text_ms, keep_url_ms, keep_failure_ms; /* how long answers may be cached */
	uint64_t url_timeout_ms; /* a timeout after less than this is not the origin's fault */
};

/**
 * Call once before any thread exists: makes jansson use the calling worker's arena, and malloc
 * in all other threads.
 */
void workers_prepare(void);

/**
 * Start the threads. The parts are borrowed; `fetcher` and `metrics` may be NULL if no URL is
 * requested. NULL when a thread or memory is not available; then `queue` may be closed, which ends
 * those that were started.
 */
struct workers *workers_new(const struct worker_options *options, struct queue *queue,
			    struct fetcher *fetcher, struct metrics *metrics);

/** Wait for the threads, which end once the queue is closed and empty, and free. NULL is allowed.
 */
void workers_free(struct workers *workers);

/** Wait at most `wait_ms` until no worker is busy; false if one still is. */
bool workers_end(const struct workers *workers, uint64_t wait_ms);

/** How many are working on a job now. */
size_t workers_busy(const struct workers *workers);

/** Has each of them been busy with one job for more than `limit_ns`? Then nothing makes
 *  progress. */
bool workers_stuck(const struct workers *workers, uint64_t now_ns, uint64_t limit_ns);

#endif
