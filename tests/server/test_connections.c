#include "check.h"

#include <sys/ioctl.h>
#include <unistd.h>

/* The module is compiled into this test, which counts its questions to sockets. */
static size_t asked;

static int counted_ioctl(int socket, unsigned long request, int *out)
{
	asked++;
	return ioctl(socket, request, out);
}

#define ioctl counted_ioctl
#include "server/connections.c"
#undef ioctl

static void wake(struct ticket *ticket)
{
	atomic_store((atomic_int *)ticket->owner, 1);
}

static struct ticket *waiting(struct job *job, int socket, atomic_int *woken, uint64_t limit_ns)
{
	struct ticket *ticket = ticket_new();
	ticket->socket = socket;
	ticket->owner = woken;
	ticket->wake = wake;
	ticket->accepted_ns = monotonic_ns();
	ticket->deadline_ns = limit_ns;
	ticket_join(ticket, job);
	return ticket;
}

static void wait_for(const atomic_int *flag)
{
	while (!atomic_load(flag))
		usleep(1000);
}

static void an_overdue_connection_is_cut(void **state)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	struct connections *connections = connections_new(1000);
	struct connection *idle =
		connections_add(connections, false, ends[1], monotonic_ns() + 20 * NS_PER_MS);
	char byte;
	assert_int_equal(recv(ends[0], &byte, 1, 0), 0); /* blocks until the cut */
	connections_remove(connections, idle);
	connections_free(connections);
	close(ends[0]);
	close(ends[1]);
}

static void an_overdue_job_is_answered_once(void **state)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	struct connections *connections = connections_new(1000);
	struct connection *c = connections_add(connections, false, ends[1], UINT64_MAX);
	atomic_int woken = 0;
	struct job *job = job_new(NULL, 0, false);
	uint64_t limit_ns = monotonic_ns() + 20 * NS_PER_MS;
	struct ticket *ticket = waiting(job, ends[1], &woken, limit_ns);
	connections_enter(connections, c, CONNECTION_WORK, limit_ns, ticket);
	wait_for(&woken);
	assert_int_equal(ticket->answer->report.problem, PROBLEM_DEADLINE_EXCEEDED);
	connections_remove(connections, c);
	connections_free(connections);
	ticket_release(ticket);
	job_finish(job, NULL);
	job_release(job);
	close(ends[0]);
	close(ends[1]);
}

static void a_job_without_client_is_dropped(void **state)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	struct connections *connections = connections_new(1000);
	atomic_int woken = 0;
	struct connection *c = connections_add(connections, false, ends[1], UINT64_MAX);
	struct job *job = job_new(NULL, 0, false);
	struct ticket *ticket = waiting(job, ends[1], &woken, UINT64_MAX);
	connections_enter(connections, c, CONNECTION_WORK, UINT64_MAX, ticket);
	size_t all, busy;
	connections_count(connections, &all, &busy);
	assert_int_equal(all, 1);
	assert_int_equal(busy, 1);
	close(ends[0]);
	wait_for(&woken);
	assert_null(ticket->answer);
	connections_remove(connections, c);
	connections_free(connections);
	ticket_release(ticket);
	job_finish(job, NULL);
	job_release(job);
	close(ends[1]);
}

static void a_body_that_never_ends_is_cut(void **state)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	struct connections *connections = connections_new(1000);
	struct connection *c = connections_add(connections, false, ends[1], UINT64_MAX);
	connections_enter(connections, c, CONNECTION_BODY, UINT64_MAX, NULL);
	shutdown(ends[0], SHUT_WR);
	char byte;
	assert_int_equal(recv(ends[0], &byte, 1, 0), 0); /* blocks until the cut */
	connections_remove(connections, c);
	connections_free(connections);
	close(ends[0]);
	close(ends[1]);
}

static void unread_input_keeps_a_connection_busy(void **state)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	struct connections *connections = connections_new(1000);
	struct connection *c = connections_add(connections, false, ends[1], UINT64_MAX);
	size_t all, busy;
	connections_count(connections, &all, &busy);
	assert_int_equal(busy, 0);
	assert_int_equal(send(ends[0], "G", 1, 0), 1);
	connections_count(connections, &all, &busy);
	assert_int_equal(busy, 1);
	connections_remove(connections, c);
	connections_free(connections);
	close(ends[0]);
	close(ends[1]);
}

/* Thousands of silent connections must not hold the lock: each tick once asked all of them four
 * times. */
static void who_makes_room_is_asked_alone(void **state)
{
	enum { IDLE = 64 };
	int ends[IDLE][2];
	struct connection *idle[IDLE];
	struct connections *connections = connections_new(IDLE);
	pthread_mutex_lock(&connections->lock);
	asked = 0;
	pthread_mutex_unlock(&connections->lock);
	for (size_t i = 0; i < IDLE; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]), 0);
		idle[i] = connections_add(connections, false, ends[i][1], UINT64_MAX);
		pthread_mutex_lock(&connections->lock);
		idle[i]->since_ns = i; /* idle for very long, the first one longest */
		pthread_mutex_unlock(&connections->lock);
	}
	char byte;
	assert_int_equal(read(ends[0][0], &byte, 1), 0);
	size_t cut = 0;
	pthread_mutex_lock(&connections->lock);
	for (size_t i = 0; i < IDLE; i++)
		cut += idle[i]->is_cut;
	assert_int_equal(asked, cut);
	pthread_mutex_unlock(&connections->lock);
	for (size_t i = 0; i < IDLE; i++) {
		connections_remove(connections, idle[i]);
		close(ends[i][0]);
		close(ends[i][1]);
	}
	connections_free(connections);
}

/* At the limit of one listener, connections of the other neither make room nor count. */
static void each_listener_has_its_own_limit(void **state)
{
	int ends[3][2];
	struct connection *c[3];
	struct connections *connections = connections_new(2);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]), 0);
		c[i] = connections_add(connections, i > 0, ends[i][1], UINT64_MAX);
	}
	char byte;
	assert_int_equal(recv(ends[1][0], &byte, 1, 0), 0); /* blocks until the cut */
	assert_int_equal(recv(ends[0][0], &byte, 1, MSG_DONTWAIT), -1);
	for (size_t i = 0; i < 3; i++) {
		connections_remove(connections, c[i]);
		close(ends[i][0]);
		close(ends[i][1]);
	}
	connections_free(connections);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_overdue_connection_is_cut),
		cmocka_unit_test(an_overdue_job_is_answered_once),
		cmocka_unit_test(a_job_without_client_is_dropped),
		cmocka_unit_test(a_body_that_never_ends_is_cut),
		cmocka_unit_test(unread_input_keeps_a_connection_busy),
		cmocka_unit_test(who_makes_room_is_asked_alone),
		cmocka_unit_test(each_listener_has_its_own_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
