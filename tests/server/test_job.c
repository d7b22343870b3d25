#include "check.h"

#include "server/job.h"
#include "server/monotonic.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static void wake(struct ticket *ticket)
{
	atomic_fetch_add((atomic_int *)ticket->owner, 1);
}

static struct ticket *waiting(struct job *job, atomic_int *woken)
{
	struct ticket *ticket = ticket_new();
	ticket->owner = woken;
	ticket->wake = wake;
	ticket_join(ticket, job);
	return ticket;
}

static void *finish(void *arg)
{
	struct ticket *ticket = arg;
	struct answer *answer = answer_new(strdup("answer"), 6);
	bool won = ticket_finish(ticket, answer);
	answer_release(answer);
	ticket_release(ticket);
	return won ? arg : NULL;
}

static void only_the_first_answer_counts(void **state)
{
	for (int round = 0; round < 200; round++) {
		atomic_int woken = 0;
		struct job *job = job_new(strdup("body"), 4, false);
		struct ticket *ticket = waiting(job, &woken);
		pthread_t threads[3];
		size_t wins = 0;
		assert_true(job_is_wanted(job));
		for (size_t i = 0; i < 3; i++)
			pthread_create(&threads[i], NULL, finish, ticket_hold(ticket));
		for (size_t i = 0; i < 3; i++) {
			void *won;
			pthread_join(threads[i], &won);
			wins += won != NULL;
		}
		assert_int_equal(wins, 1);
		assert_int_equal(woken, 1);
		assert_false(ticket_is_pending(ticket));
		assert_false(job_is_wanted(job));
		assert_string_equal(ticket->answer->body, "answer");
		job_finish(job, NULL); /* too late for the ticket */
		assert_string_equal(ticket->answer->body, "answer");
		assert_int_equal(woken, 1);
		ticket_release(ticket);
		job_release(job);
	}
}

static void a_job_answers_all_its_tickets(void **state)
{
	atomic_int woken = 0;
	struct job *job = job_new(NULL, 0, false);
	struct ticket *tickets[3];
	for (size_t i = 0; i < 3; i++)
		tickets[i] = waiting(job, &woken);
	struct problem_report report;
	problem_set(&report, PROBLEM_NO_ARTICLE, "Nothing.");
	job_fail(job, &report);
	assert_int_equal(woken, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(tickets[i]->answer->report.problem, PROBLEM_NO_ARTICLE);
		ticket_release(tickets[i]);
	}
	job_release(job);
}

/* A connected pair of TCP sockets: only those tell a half close from a reset. */
static void connect_pair(int ends[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(ends[0], (struct sockaddr *)&address, sizeof(address)), 0);
	ends[1] = accept(listener, NULL, NULL);
	close(listener);
}

static void a_client_that_left_is_seen(void **state)
{
	int ends[2];
	connect_pair(ends);
	struct ticket *ticket = ticket_new();
	uint64_t now = monotonic_ns();
	ticket->socket = ends[1];
	ticket->accepted_ns = now;
	assert_false(ticket_client_gone(ticket, now + 5000 * NS_PER_MS));
	shutdown(ends[0], SHUT_WR);
	while (recv(ends[1], &(char){0}, 1, MSG_PEEK) != 0)
		;
	assert_false(ticket_client_gone(ticket, now)); /* it may still be reading */
	assert_true(ticket_client_gone(ticket, now + 5000 * NS_PER_MS));

	struct linger reset = {.l_onoff = 1};
	setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(ends[0]);
	assert_true(ticket_client_gone(ticket, now));
	close(ends[1]);
	ticket_release(ticket);
}

static void an_answer_takes_the_place_of_its_body(void **state)
{
	struct budget budget = {.max_bytes = 10};
	for (size_t len = 9; len <= 11; len++) {
		atomic_int woken = 0;
		struct job *job = job_new(strdup("body"), 4, false);
		struct ticket *ticket = waiting(job, &woken);
		bool fits = len <= budget.max_bytes;
		assert_true(budget_take(&budget, 8));
		job_count(job, &budget, 8);
		struct answer *answer = answer_new(strdup("long answer"), len);
		answer->times.queue_ns = 7;
		job_finish(job, answer);
		job_release(job);
		answer = ticket->answer;
		assert_int_equal(answer->times.queue_ns, 7);
		assert_int_equal(budget.used_bytes, fits ? len : 0);
		assert_int_equal(answer->report.problem, fits ? PROBLEM_NONE : PROBLEM_OVERLOADED);
		assert_true(fits || (answer->report.limit == 10 && answer->report.actual == 11));
		ticket_release(ticket);
		assert_int_equal(budget.used_bytes, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_first_answer_counts),
		cmocka_unit_test(a_job_answers_all_its_tickets),
		cmocka_unit_test(an_answer_takes_the_place_of_its_body),
		cmocka_unit_test(a_client_that_left_is_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
