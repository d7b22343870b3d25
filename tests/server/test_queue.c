#include "check.h"

#include "server/pace.h"
#include "server/queue.h"

#include <pthread.h>
#include <unistd.h>

static struct job *numbered(size_t number)
{
	struct job *job = job_new(NULL, number, false);
	assert_non_null(job);
	return job;
}

static void keeps_order_and_refuses_over_its_capacity(void **state)
{
	struct queue *queue = queue_new(3, 0, 0);
	uint64_t wait_ns;
	for (size_t i = 0; i < 3; i++) {
		struct job *job = numbered(i);
		assert_int_equal(queue_look(queue, &wait_ns), QUEUE_OK);
		assert_int_equal(queue_push(queue, &job), QUEUE_OK);
		assert_null(job);
	}
	struct job *fourth = numbered(3);
	assert_int_equal(queue_look(queue, &wait_ns), QUEUE_FULL);
	assert_int_equal(queue_push(queue, &fourth), QUEUE_FULL);
	assert_non_null(fourth);
	/* A job that was accepted before is never refused, and goes first. */
	assert_int_equal(queue_push_again(queue, &fourth), QUEUE_OK);
	assert_int_equal(queue_depth(queue), 4);
	static const size_t order[] = {3, 0, 1, 2};
	for (size_t i = 0; i < 4; i++) {
		struct job *job = queue_take(queue);
		assert_int_equal(job->body_len, order[i]);
		job_release(job);
	}
	/* After it was emptied from the front, it still appends at its end. */
	struct job *job = numbered(9);
	assert_int_equal(queue_push_again(queue, &job), QUEUE_OK);
	job = numbered(10);
	assert_int_equal(queue_push(queue, &job), QUEUE_OK);
	queue_close(queue);
	job = numbered(11);
	assert_int_equal(queue_push(queue, &job), QUEUE_CLOSED);
	job_release(job);
	for (size_t want = 9; want <= 10; want++) {
		job = queue_take(queue);
		assert_int_equal(job->body_len, want);
		job_release(job);
	}
	assert_null(queue_take(queue));
	queue_free(queue);
}

static struct job *push_line(struct queue *queue, size_t number)
{
	struct job *line = numbered(number), *pushed = line;
	line->is_line = true;
	line->waiting = 1; /* somebody waits for it */
	assert_int_equal(queue_push(queue, &pushed), QUEUE_OK);
	return line;
}

static void lines_of_batches_let_requests_go_first(void **state)
{
	struct queue *queue = queue_new(2, 0, 0);
	uint64_t wait_ns;
	for (size_t i = 0; i < 5; i++)
		push_line(queue, 10 + i); /* more than there are places for requests */
	assert_int_equal(queue_look(queue, &wait_ns), QUEUE_OK);
	for (size_t i = 0; i < 2; i++) {
		struct job *request = numbered(i);
		assert_int_equal(queue_push(queue, &request), QUEUE_OK);
	}
	assert_int_equal(queue_look(queue, &wait_ns), QUEUE_FULL);
	assert_int_equal(queue_depth(queue), 7);
	static const size_t order[] = {0, 1, 10, 11, 12, 13};
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		struct job *job = queue_take(queue);
		assert_int_equal(job->body_len, order[i]);
		if (order[i] == 11) { /* it comes back from its download, before other lines */
			struct job *request = numbered(2), *line = job_hold(job);
			assert_int_equal(queue_push_again(queue, &line), QUEUE_OK);
			assert_int_equal(queue_push(queue, &request), QUEUE_OK);
			struct job *next = queue_take(queue);
			assert_int_equal(next->body_len, 2);
			job_release(next);
			next = queue_take(queue);
			assert_ptr_equal(next, job);
			job_release(next);
		}
		job_release(job);
	}
	queue_close(queue);
	job_release(queue_take(queue));
	assert_null(queue_take(queue));
	queue_free(queue);
}

/* Lines get turns, however many requests there are. */
static void no_batch_stands_still(void **state)
{
	struct queue *queue = queue_new(2, 0, 0);
	size_t lines = 0;
	for (size_t i = 0; i < 3; i++)
		push_line(queue, 1);
	struct job *request = numbered(0);
	assert_int_equal(queue_push(queue, &request), QUEUE_OK);
	while (lines < 3) { /* a request waits at all times */
		struct job *job = queue_take(queue);
		if (job->is_line)
			lines++;
		else
			assert_int_equal(queue_push(queue, &job), QUEUE_OK);
		job_release(job);
	}
	job_release(queue_take(queue));
	queue_close(queue);
	queue_free(queue);
}

static void push_requests(struct queue *queue, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		struct job *request = numbered(i);
		assert_int_equal(queue_push(queue, &request), QUEUE_OK);
	}
}

static void assert_order(struct queue *queue, const size_t *order, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		struct job *job = queue_take(queue);
		assert_int_equal(job->body_len, order[i]);
		job_release(job);
	}
	assert_int_equal(queue_depth(queue), 0);
	queue_close(queue);
	queue_free(queue);
}

/* They would hold memory until their turn, for which others would have to wait. */
static void lines_that_nobody_waits_for_take_no_turn(void **state)
{
	static const size_t order[] = {10, 11, 0, 1, 12, 13};
	struct queue *queue = queue_new(2, 0, 0);
	for (size_t i = 10; i < 14; i++)
		push_line(queue, i)->waiting = i >= 12;
	push_requests(queue, 0, 2);
	assert_order(queue, order, 6);
}

/* Otherwise it would wait for a line's turn. */
static void a_line_that_a_request_waits_for_is_a_request(void **state)
{
	static const size_t order[] = {20, 0, 12, 22, 10, 11, 21};
	struct queue *queue = queue_new(2, 0, 0);
	struct job *lines[3], *back, *last;
	for (size_t i = 0; i < 3; i++)
		lines[i] = push_line(queue, 10 + i);
	push_requests(queue, 0, 1);
	queue_raise(queue, lines[2]);
	queue_raise(queue, lines[2]);
	push_line(queue, 21); /* where the last has gone */
	assert_int_equal(queue_depth(queue), 5);
	uint64_t wait_ns;
	assert_int_equal(queue_look(queue, &wait_ns), QUEUE_FULL);
	/* Jobs that do not wait in the queue but for another instance or a download. */
	back = numbered(20);
	last = numbered(22);
	back->is_line = last->is_line = true;
	queue_raise(queue, back);
	queue_raise(queue, last);
	assert_int_equal(queue_push_again(queue, &back), QUEUE_OK);
	assert_int_equal(queue_push(queue, &last), QUEUE_OK);
	assert_order(queue, order, 7);
}

/* What counts is how long jobs have waited: as long as that was short, all places can be taken,
 * even if the last job will wait too long. */
static void a_burst_is_let_in_where_nobody_waited_long(void **state)
{
	enum { BURST = 6000, STEP_US = 20000 };
	struct queue *queue = queue_new(BURST, UINT64_C(100000000000), 0);
	for (size_t i = 0; i < 2; i++) {
		usleep(PACE_INTERVAL_NS / 1000);
		for (size_t k = 0; k < 2; k++) {
			struct job *job = numbered(k);
			assert_int_equal(queue_push(queue, &job), QUEUE_OK);
		}
		job_release(queue_take(queue));
		usleep(STEP_US); /* so slow that 6,000 take two minutes */
		job_release(queue_take(queue));
	}
	for (size_t i = 0; i < BURST; i++) {
		struct job *job = numbered(i);
		assert_int_equal(queue_push(queue, &job), QUEUE_OK);
	}
	queue_close(queue);
	for (struct job *job; (job = queue_take(queue)) != NULL;)
		job_release(job);
	queue_free(queue);
}

enum { THREADS = 4, EACH = 5000 };

struct crowd {
	struct queue *queue;
	atomic_size_t pushed, taken, sum;
};

static void *push_many(void *arg)
{
	struct crowd *crowd = arg;
	for (size_t i = 1; i <= EACH; i++) {
		struct job *job = job_new(NULL, i, false);
		while (queue_push(crowd->queue, &job) == QUEUE_FULL)
			sched_yield();
		uint64_t wait_ns; /* as admission and metrics do meanwhile */
		queue_look(crowd->queue, &wait_ns);
		queue_depth(crowd->queue);
		atomic_fetch_add(&crowd->pushed, 1);
	}
	return NULL;
}

static void *take_many(void *arg)
{
	struct crowd *crowd = arg;
	struct job *job;
	while ((job = queue_take(crowd->queue)) != NULL) {
		atomic_fetch_add(&crowd->sum, job->body_len);
		atomic_fetch_add(&crowd->taken, 1);
		job_release(job);
	}
	return NULL;
}

static void loses_nothing_between_many_threads(void **state)
{
	struct crowd crowd = {.queue = queue_new(8, 0, 0)};
	pthread_t pushing[THREADS], taking[THREADS];
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_create(&taking[i], NULL, take_many, &crowd), 0);
		assert_int_equal(pthread_create(&pushing[i], NULL, push_many, &crowd), 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(pushing[i], NULL);
	queue_close(crowd.queue);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(taking[i], NULL);
	assert_int_equal(crowd.taken, THREADS * EACH);
	assert_int_equal(crowd.sum, (size_t)THREADS * EACH * (EACH + 1) / 2);
	queue_free(crowd.queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_order_and_refuses_over_its_capacity),
		cmocka_unit_test(lines_of_batches_let_requests_go_first),
		cmocka_unit_test(no_batch_stands_still),
		cmocka_unit_test(lines_that_nobody_waits_for_take_no_turn),
		cmocka_unit_test(a_line_that_a_request_waits_for_is_a_request),
		cmocka_unit_test(a_burst_is_let_in_where_nobody_waited_long),
		cmocka_unit_test(loses_nothing_between_many_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
