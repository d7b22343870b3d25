#include "queue.h"

#include "monotonic.h"
#include "pace.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

/* However many requests wait, one line of a batch gets its turn this often, so that no batch
 * stands still. Measured in time, because lines may take a thousand times as long as requests. */
#define LINE_TURN_NS (500 * NS_PER_MS)

struct row {
	struct job *first, **last;
	size_t depth;
};

struct queue {
	pthread_mutex_t lock; /* guards everything below */
	pthread_cond_t filled;
	struct row requests, lines; /* of batches */
	size_t capacity, waiting;   /* capacity: for requests; waiting: workers */
	uint64_t line_ns;           /* when a line was last taken, or none waited */
	struct pace pace;           /* of requests */
	bool closed;
};

struct queue *queue_new(size_t capacity, uint64_t wait_ns, size_t few)
{
	struct queue *queue = calloc(1, sizeof(*queue));
	if (queue == NULL)
		return NULL;
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->filled, NULL);
	queue->requests.last = &queue->requests.first;
	queue->lines.last = &queue->lines.first;
	queue->capacity = capacity;
	queue->pace = (struct pace){.target_ns = wait_ns, .few = few};
	return queue;
}

void queue_free(struct queue *queue)
{
	if (queue == NULL)
		return;
	assert(queue->requests.depth + queue->lines.depth == 0);
	pthread_cond_destroy(&queue->filled);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
}

/* Under the lock. */
static enum queue_result look(struct queue *queue, uint64_t now_ns)
{
	if (queue->closed)
		return QUEUE_CLOSED;
	if (queue->requests.depth >= queue->capacity)
		return QUEUE_FULL;
	return pace_allows(&queue->pace, now_ns, queue->requests.depth) ? QUEUE_OK : QUEUE_SLOW;
}

/* Insert the job before what `link` points to: the first of the row, or its end. */
static void put(struct row *row, struct job **link, struct job *job)
{
	job->next = *link;
	job->link = link;
	*(job->next == NULL ? &row->last : &job->next->link) = &job->next;
	*link = job;
	row->depth++;
}

static void take_out(struct row *row, struct job *job)
{
	*(job->next == NULL ? &row->last : &job->next->link) = job->link;
	*job->link = job->next;
	job->next = NULL;
	job->link = NULL;
	row->depth--;
}

static struct job *take_first(struct row *row)
{
	struct job *job = row->first;
	take_out(row, job);
	return job;
}

static enum queue_result push(struct queue *queue, struct job **job, bool again)
{
	enum queue_result result = QUEUE_OK;
	bool wake = false;
	uint64_t now = (*job)->queued_ns = monotonic_ns();
	pthread_mutex_lock(&queue->lock);
	if (!again && !(*job)->is_line)
		result = look(queue, now);
	else if (queue->closed)
		result = QUEUE_CLOSED;
	if (result == QUEUE_OK) {
		bool is_behind = (*job)->is_line && !(*job)->is_raised;
		struct row *row = is_behind ? &queue->lines : &queue->requests;
		(*job)->came_last = !again;
		if (queue->lines.depth == 0)
			queue->line_ns = now;
		put(row, again ? &row->first : row->last, *job);
		*job = NULL;
		/* A busy worker looks again before it sleeps, so only a sleeping one needs a
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
	return push(queue, job, false);
}

enum queue_result queue_push_again(struct queue *queue, struct job **job)
{
	return push(queue, job, true);
}

void queue_raise(struct queue *queue, struct job *job)
{
	pthread_mutex_lock(&queue->lock);
	bool waits_as_line = job->is_line && !job->is_raised && job->link != NULL;
	job->is_raised = true;
	if (waits_as_line) {
		take_out(&queue->lines, job);
		job->came_last = false; /* its wait says nothing about how long requests wait */
		put(&queue->requests, queue->requests.last, job);
	}
	pthread_mutex_unlock(&queue->lock);
}

enum queue_result queue_look(struct queue *queue, uint64_t *wait_ns)
{
	uint64_t now = monotonic_ns();
	pthread_mutex_lock(&queue->lock);
	enum queue_result result = look(queue, now);
	*wait_ns = pace_wait_ns(&queue->pace, queue->requests.depth);
	pthread_mutex_unlock(&queue->lock);
	return result;
}

/* A line that nobody waits for any more only takes memory and delays others: it uses up no turn. */
static bool is_turn_of_line(const struct queue *queue, uint64_t now_ns)
{
	if (queue->requests.depth == 0 || queue->lines.depth == 0)
		return queue->requests.depth == 0;
	return now_ns - queue->line_ns >= LINE_TURN_NS || !job_is_wanted(queue->lines.first);
}

/* Under the lock; at least one row is not empty. */
static struct job *take(struct queue *queue)
{
	uint64_t now = monotonic_ns();
	struct job *job;
	if (is_turn_of_line(queue, now)) {
		job = take_first(&queue->lines);
		if (job_is_wanted(job))
			queue->line_ns = now;
		return job;
	}
	job = take_first(&queue->requests);
	pace_left(&queue->pace, now, queue->requests.depth);
	if (job->came_last)
		pace_waited(&queue->pace, now, now - job->queued_ns);
	return job;
}

struct job *queue_take(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	while (queue->requests.depth + queue->lines.depth == 0 && !queue->closed) {
		queue->waiting++;
		pthread_cond_wait(&queue->filled, &queue->lock);
		queue->waiting--;
	}
	struct job *job = NULL;
	if (queue->requests.depth + queue->lines.depth > 0)
		job = take(queue);
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
	size_t depth = queue->requests.depth + queue->lines.depth;
	pthread_mutex_unlock(&queue->lock);
	return depth;
}
