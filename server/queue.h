#ifndef SERVER_QUEUE_H
#define SERVER_QUEUE_H

#include "job.h"

#include <stddef.h>

/** The bounded hand-over from the HTTP and fetcher threads to the workers. */
struct queue;

enum queue_result { QUEUE_OK, QUEUE_FULL, QUEUE_CLOSED };

/** A queue for `capacity` waiting jobs, or NULL without memory. */
struct queue *queue_new(size_t capacity);

/** Free it; every job must have been taken. NULL is allowed. */
void queue_free(struct queue *queue);

/**
 * Hand `*job` to the workers; never blocks. On QUEUE_OK the queue owns the caller's reference and
 * `*job` is NULL. On QUEUE_FULL and QUEUE_CLOSED nothing changed and the caller still owns it.
 */
enum queue_result queue_push(struct queue *queue, struct job **job);

/**
 * The same for a job that was accepted before and comes back from its download: it is never
 * refused for room (the fetcher bounds how many there can be) and goes ahead of the others.
 */
enum queue_result queue_push_again(struct queue *queue, struct job **job);

/** The same, behind the others: for the lines of a batch, which bounds itself. */
enum queue_result queue_push_last(struct queue *queue, struct job **job);

/** Is there room at this moment? A cheap look before the work of a push; it may change at once. */
bool queue_has_room(struct queue *queue);

/** Wait for a job and take it; NULL once the queue is closed and empty. */
struct job *queue_take(struct queue *queue);

/** Refuse new jobs from now on; the waiting ones are still taken. Wakes all waiters. */
void queue_close(struct queue *queue);

size_t queue_depth(struct queue *queue);

#endif
