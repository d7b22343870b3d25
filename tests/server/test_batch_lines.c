#include "check.h"

#include "server/batch_lines.h"
#include "server/metrics.h"
#include "server/monotonic.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = 8 << 20, IN_ONE_GO = 1 << 20 };

/* Blank lines fill no window, but the lock of all batches must not be held for megabytes of
 * them. */
static void test_what_was_read_ahead_is_taken_bit_by_bit(void **state)
{
	struct budget bodies = {.max_bytes = 4 * (size_t)MANY};
	struct batches batches = {
		.parts = {.bodies = &bodies, .max_line_bytes = MANY, .window = 4}};
	struct batch batch = {.batches = &batches, .arrived = true, .last = &batch.first};
	assert_true(budget_take(&bodies, MANY));
	batch.ahead = (struct ahead){.bytes = malloc(MANY), .len = MANY, .room = MANY};
	assert_non_null(batch.ahead.bytes);
	memset(batch.ahead.bytes, '\n', MANY);
	for (size_t before = 0; lines_are_ahead(&batch); before = batch.lines) {
		assert_false(batch.ended);
		assert_false(lines_take_ahead(&batch));
		assert_in_range(batch.lines - before, 1, IN_ONE_GO);
	}
	assert_int_equal(batch.lines, MANY);
	assert_true(batch.ended);
	assert_int_equal(bodies.used_bytes, 0);
}

/* While a packet travels around the earth or is sent again, its sender does not pause. */
static void test_a_sender_that_pauses_is_not_read_ahead(void **state)
{
	int sockets[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	struct connections *connections = connections_new(1);
	struct batch batch = {.tracked =
				      connections_add(connections, false, sockets[0], UINT64_MAX)};
	batch.ahead = (struct ahead){.reads = true, .until_ns = UINT64_MAX};
	batch.ahead.came_ns = monotonic_ns() - 300 * NS_PER_MS;
	assert_true(lines_come_first(&batch));
	batch.ahead.came_ns = monotonic_ns() - 1000 * NS_PER_MS;
	assert_int_equal(write(sockets[1], "{", 1), 1);
	assert_true(lines_come_first(&batch)); /* it is our turn to read on */
	assert_int_equal(read(sockets[0], &(char){0}, 1), 1);
	assert_false(lines_come_first(&batch));
	batch.ahead = (struct ahead){.reads = true, .came_ns = monotonic_ns()};
	assert_false(lines_come_first(&batch)); /* it takes too long in all */
	connections_remove(connections, batch.tracked);
	connections_free(connections);
	close(sockets[0]);
	close(sockets[1]);
}

/* Like a single request's body; after that there is still time to begin its lines. */
static void test_a_body_may_take_until_the_deadline(void **state)
{
	int sockets[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	struct budget bodies = {.max_bytes = MANY};
	struct batch_parts parts = {.connections = connections_new(1),
				    .bodies = &bodies,
				    .window = 4,
				    .deadline_ns = 10000 * NS_PER_MS};
	struct connection *tracked =
		connections_add(parts.connections, false, sockets[0], UINT64_MAX);
	struct batches *batches = batches_new(&parts);
	uint64_t now = monotonic_ns();
	const struct batch_request request = {.tracked = tracked, .chunked = true, .ahead = 1000};
	struct batch *batch = batch_begin(batches, &request, strdup("head\r\n"));
	assert_true(batch->ahead.reads);
	assert_true(batch->ahead.until_ns >= now + parts.deadline_ns);
	assert_true(batch->limit_ns > batch->ahead.until_ns);
	batch_free(batch);
	batches_free(batches);
	connections_remove(parts.connections, tracked);
	connections_free(parts.connections);
	assert_int_equal(bodies.used_bytes, 0);
	close(sockets[0]);
	close(sockets[1]);
}

/* Even if no worker takes it: it is answered and the batch goes on. */
static void test_a_line_that_is_late_is_answered(void **state)
{
	int sockets[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	struct budget bodies = {.max_bytes = MANY};
	struct batch_parts parts = {.connections = connections_new(1),
				    .queue = queue_new(1, 0, 0),
				    .cache = cache_new(0),
				    .metrics = metrics_new(),
				    .rate = rate_new((struct rate_rule){0}),
				    .bodies = &bodies,
				    .max_line_bytes = MANY,
				    .window = 4,
				    .deadline_ns = NS_PER_MS};
	struct connection *tracked =
		connections_add(parts.connections, false, sockets[0], UINT64_MAX);
	struct batches *batches = batches_new(&parts);
	const struct batch_request request = {
		.tracked = tracked, .client = "client", .request_id = "id", .chunked = true};
	struct batch *batch = batch_begin(batches, &request, strdup("head\r\n"));
	static const char lines[] = "{\"text\":\"One.\"}\n{\"text\":\"Two.\"}\n";
	size_t size = sizeof(lines) - 1;
	batch->started = true;
	batch_receive(batch, lines, &size);
	assert_int_equal(size, 0);
	char answers[4096];
	size_t len = 0;
	for (const char *at = answers; at != NULL; at = strstr(answers, "\"line\":2") ? NULL : at) {
		ssize_t n = read(sockets[1], answers + len, sizeof(answers) - 1 - len);
		assert_true(n > 0);
		len += (size_t)n;
		answers[len] = '\0';
	}
	assert_non_null(strstr(answers, "\"deadline_exceeded\""));
	batch_free(batch);
	batches_free(batches);
	queue_close(parts.queue);
	for (struct job *job; (job = queue_take(parts.queue)) != NULL;) {
		assert_false(job_is_wanted(job));
		job_finish(job, NULL);
		job_release(job);
	}
	queue_free(parts.queue);
	cache_free(parts.cache);
	metrics_free(parts.metrics);
	rate_free(parts.rate);
	connections_remove(parts.connections, tracked);
	connections_free(parts.connections);
	assert_int_equal(bodies.used_bytes, 0);
	close(sockets[0]);
	close(sockets[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_read_ahead_is_taken_bit_by_bit),
		cmocka_unit_test(test_a_sender_that_pauses_is_not_read_ahead),
		cmocka_unit_test(test_a_body_may_take_until_the_deadline),
		cmocka_unit_test(test_a_line_that_is_late_is_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
