#ifndef SERVER_QUEUE_H
#define SERVER_QUEUE_H

#include "job.h"

#include <stddef.h>

/**
 * The bounded hand-over from the HTTP and fetcher threads to the workers. Lines of batches
 * (job.is_line) wait separately: they are taken while no request waits, and one every half second
 * if some always do. Requests go first because somebody waits for each one; of a batch, only the
 * last line is waited for.
 */
struct queue;

enum queue_result {
	QUEUE_OK,
	QUEUE_FULL, /* all places are taken */
	QUEUE_SLOW, /* jobs have waited too long for too long, and so would this one: see pace.h */
	QUEUE_CLOSED,
};

/**
 * A queue for `capacity` waiting requests, or NULL without memory. When they keep waiting longer
 * than `wait_ns`, no more are let in than can be served in that time. But a `few` always may wait:
 * otherwise, while single jobs take longer than that, everybody would be refused. 0: no such limit.
 */
struct queue *queue_new(size_t capacity, uint64_t wait_ns, size_t few);

/** Free it; every job must have been taken. NULL is allowed. */
void queue_free(struct queue *queue);

/**
 * Hand `*job` to the workers; never blocks. On QUEUE_OK the queue owns the caller's reference and
 * `*job` is NULL. On anything else nothing changed and the caller still owns it. Lines are refused
 * only once it is closed, because batches bound themselves.
 */
enum queue_result queue_push(struct queue *queue, struct job **job);

/**
 * The same for an accepted job that comes back from its download: it is never refused for lack of
 * room (the fetcher bounds how many there can be) and goes ahead of others of its kind.
 */
enum queue_result queue_push_again(struct queue *queue, struct job **job);

/**
 * A request has joined `job`. If that is a batch's line, it now waits with the requests, behind
 * those already there, and still is not refused. O(1), however many lines wait.
 */
void queue_raise(struct queue *queue, struct job *job);

/**
 * Would pushing a request succeed right now? A cheap check before its work; the answer may change
 * at once. On QUEUE_SLOW `*wait_ns` is how long a job is expected to wait.
 */
enum queue_result queue_look(struct queue *queue, uint64_t *wait_ns);

/** Wait for a job and take it; NULL once the queue is closed and empty. */
struct job *queue_take(struct queue *queue);

/** Refuse new jobs from now on; the waiting ones are still taken. Wakes all waiters. */
void queue_close(struct queue *queue);

size_t queue_depth(struct queue *queue);

#endif
