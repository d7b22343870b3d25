#include "queue.h"

#include "monotonic.h"
#include "pace.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct queue {
	pthread_mutex_t lock; /* guards everything below */
	pthread_cond_t filled;
	struct job *first, **last;
	size_t depth, capacity, waiting;
	struct pace pace;
	bool closed;
};

struct queue *queue_new(size_t capacity, uint64_t wait_ns, size_t few)
{
	struct queue *queue = calloc(1, sizeof(*queue));
	if (queue == NULL)
		return NULL;
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->filled, NULL);
	queue->last = &queue->first;
	queue->capacity = capacity;
	queue->pace = (struct pace){.target_ns = wait_ns, .few = few};
	return queue;
}

void queue_free(struct queue *queue)
{
	if (queue == NULL)
		return;
	assert(queue->first == NULL);
	pthread_cond_destroy(&queue->filled);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
}

/* Under the lock. */
static enum queue_result look(struct queue *queue, uint64_t now_ns)
{
	if (queue->closed)
		return QUEUE_CLOSED;
	if (queue->depth >= queue->capacity)
		return QUEUE_FULL;
	return pace_allows(&queue->pace, now_ns, queue->depth) ? QUEUE_OK : QUEUE_SLOW;
}

enum place { PLACE_IF_ROOM, PLACE_FIRST, PLACE_LAST };

static enum queue_result push(struct queue *queue, struct job **job, enum place place)
{
	enum queue_result result = QUEUE_OK;
	bool wake = false;
	uint64_t now = (*job)->queued_ns = monotonic_ns();
	pthread_mutex_lock(&queue->lock);
	if (place == PLACE_IF_ROOM)
		result = look(queue, now);
	else if (queue->closed)
		result = QUEUE_CLOSED;
	if (result == QUEUE_OK) {
		(*job)->came_last = place != PLACE_FIRST;
		if (place == PLACE_FIRST) {
			(*job)->next = queue->first;
			if (queue->first == NULL)
				queue->last = &(*job)->next;
			queue->first = *job;
		} else {
			(*job)->next = NULL;
			*queue->last = *job;
			queue->last = &(*job)->next;
		}
		queue->depth++;
		*job = NULL;
		/* A worker that is busy looks again before it sleeps: only a sleeping one costs a
		 * wake-up. */
		wake = queue->waiting > 0;
	}
	pthread_mutex_unlock(&queue->lock);
	if (wake)
		pthread_cond_signal(&queue->filled);
	return result;
}

enum queue_result queue_push(struct queue *queue, struct job **job)
{
	return push(queue, job, PLACE_IF_ROOM);
}

enum queue_result queue_push_again(struct queue *queue, struct job **job)
{
	return push(queue, job, PLACE_FIRST);
}

enum queue_result queue_push_last(struct queue *queue, struct job **job)
{
	return push(queue, job, PLACE_LAST);
}

enum queue_result queue_look(struct queue *queue, uint64_t *wait_ns)
{
	uint64_t now = monotonic_ns();
	pthread_mutex_lock(&queue->lock);
	enum queue_result result = look(queue, now);
	*wait_ns = pace_wait_ns(&queue->pace, queue->depth);
	pthread_mutex_unlock(&queue->lock);
	return result;
}

/* Under the lock: the job has been taken out. */
static void keep_pace(struct queue *queue, const struct job *job)
{
	uint64_t now = monotonic_ns();
	pace_left(&queue->pace, now, queue->depth);
	if (job->came_last)
		pace_waited(&queue->pace, now, now - job->queued_ns);
}

struct job *queue_take(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	while (queue->first == NULL && !queue->closed) {
		queue->waiting++;
		pthread_cond_wait(&queue->filled, &queue->lock);
		queue->waiting--;
	}
	struct job *job = queue->first;
	if (job != NULL) {
		queue->first = job->next;
		if (queue->first == NULL)
			queue->last = &queue->first;
		job->next = NULL;
		queue->depth--;
		keep_pace(queue, job);
	}
	pthread_mutex_unlock(&queue->lock);
	return job;
}

void queue_close(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->closed = true;
	pthread_mutex_unlock(&queue->lock);
	pthread_cond_broadcast(&queue->filled);
}

size_t queue_depth(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	size_t depth = queue->depth;
	pthread_mutex_unlock(&queue->lock);
	return depth;
}
