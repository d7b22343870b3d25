#include "check.h"

#include "server/cache.h"
#include "server/monotonic.h"
#include "server/queue.h"
#include "server/worker.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <jansson.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static void wake(struct ticket *ticket)
{
	atomic_fetch_add((atomic_int *)ticket->owner, 1);
}

/* A ticket that waits for a job with `body`, which is in the queue. */
static struct ticket *push(struct queue *queue, const char *body, atomic_int *woken)
{
	struct job *job = job_new(strdup(body), strlen(body), false);
	struct ticket *ticket = ticket_new();
	ticket->owner = woken;
	ticket->wake = wake;
	job->deadline_ns = UINT64_MAX;
	ticket_join(ticket, job);
	while (queue_push(queue, &job) != QUEUE_OK)
		usleep(100);
	return ticket;
}

static void wait_for(const atomic_int *woken, int count)
{
	while (atomic_load(woken) < count)
		usleep(1000);
}

#define ARTICLE                                                                                    \
	"The harbour bridge was closed on Monday after a crack was found in one of its piers. "    \
	"Engineers said the crack had grown since the spring. Ferries run every ten minutes. "     \
	"The city expects the repair to take six weeks."

static void one_and_sixteen_workers_say_the_same(void **state)
{
	enum { JOBS = 64 };
	char *expected = NULL;
	for (size_t count = 1; count <= 16; count += 15) {
		atomic_int woken = 0;
		struct queue *queue = queue_new(8, 0, 0);
		struct worker_options options = {
			.count = count, .max_text_bytes = 1 << 20, .job_memory_bytes = 64 << 20};
		struct workers *workers = workers_new(&options, queue, NULL, NULL);
		struct ticket *tickets[JOBS];
		for (size_t i = 0; i < JOBS; i++)
			tickets[i] = push(queue,
					  "{\"text\":\"" ARTICLE
					  "\",\"include\":[\"keywords\",\"sentences\"],"
					  "\"sentences\":2}",
					  &woken);
		wait_for(&woken, JOBS);
		for (size_t i = 0; i < JOBS; i++) {
			struct answer *answer = tickets[i]->answer;
			assert_int_equal(answer->report.problem, PROBLEM_NONE);
			if (expected == NULL)
				expected = strndup(answer->body, answer->len);
			assert_int_equal(answer->len, strlen(expected));
			assert_memory_equal(answer->body, expected, answer->len);
			ticket_release(tickets[i]);
		}
		queue_close(queue);
		workers_free(workers);
		queue_free(queue);
	}
	json_t *json = json_loads(expected, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(json, "sentences")), 2);
	assert_int_equal(json_array_size(json_object_get(json, "all_sentences")), 4);
	json_decref(json);
	free(expected);
}

static void a_small_arena_is_an_error_and_no_crash(void **state)
{
	/* From nothing to enough: each ceiling gives the answer or one and the same problem. */
	for (size_t ceiling = 0; ceiling < 2 << 20;
	     ceiling = ceiling < 4096 ? ceiling + 512 : ceiling * 2) {
		atomic_int woken = 0;
		struct queue *queue = queue_new(8, 0, 0);
		struct worker_options options = {
			.count = 1, .max_text_bytes = 1 << 20, .job_memory_bytes = ceiling};
		struct workers *workers = workers_new(&options, queue, NULL, NULL);
		struct ticket *ticket = push(
			queue, "{\"text\":\"" ARTICLE "\",\"include\":[\"keywords\"]}", &woken);
		wait_for(&woken, 1);
		if (ticket->answer->body == NULL)
			assert_int_equal(ticket->answer->report.problem, PROBLEM_TOO_COMPLEX);
		else
			assert_int_equal(ticket->answer->report.problem, PROBLEM_NONE);
		ticket_release(ticket);
		queue_close(queue);
		workers_free(workers);
		queue_free(queue);
	}
}

static void an_answered_job_is_not_worked_on(void **state)
{
	atomic_int woken = 0;
	struct queue *queue = queue_new(8, 0, 0);
	struct ticket *ticket = push(queue, "{\"text\":\"" ARTICLE "\"}", &woken);
	struct problem_report report;
	problem_set(&report, PROBLEM_DEADLINE_EXCEEDED, "Too late.");
	struct answer *late = answer_new_problem(&report);
	assert_true(ticket_finish(ticket, late));
	answer_release(late);
	struct worker_options options = {
		.count = 2, .max_text_bytes = 1 << 20, .job_memory_bytes = 64 << 20};
	struct workers *workers = workers_new(&options, queue, NULL, NULL);
	queue_close(queue);
	workers_free(workers);
	assert_int_equal(woken, 1);
	assert_int_equal(ticket->answer->report.problem, PROBLEM_DEADLINE_EXCEEDED);
	ticket_release(ticket);
	queue_free(queue);
}

/* A page long enough that the clock is looked at while it is read. */
static char *page_request(void)
{
	static const char head[] = "{\"html\":\"<p>" ARTICLE, tail[] = "\"}";
	enum { BREAKS = 4000 };
	char *body = malloc(sizeof(head) + 4 * BREAKS + sizeof(tail)), *at = stpcpy(body, head);
	for (int i = 0; i < BREAKS; i++)
		at = stpcpy(at, "<br>");
	strcpy(at, tail);
	return body;
}

/* The time of whoever began the work is over, but not of whoever joined. */
static void who_joins_has_a_time_of_his_own(void **state)
{
	atomic_int woken = 0;
	char *body = page_request();
	struct ticket *tickets[2];
	struct answer *found;
	struct cache *cache = cache_new(0);
	struct queue *queue = queue_new(8, 0, 0);
	struct job *jobs[2];
	for (size_t i = 0; i < 2; i++) {
		jobs[i] = job_new(strdup(body), strlen(body), false);
		jobs[i]->has_key = true;
		jobs[i]->deadline_ns = i == 0 ? 2 : UINT64_MAX;
		tickets[i] = ticket_new();
		tickets[i]->owner = &woken;
		tickets[i]->wake = wake;
		tickets[i]->deadline_ns = jobs[i]->deadline_ns;
		assert_int_equal(cache_join(cache, jobs[i], tickets[i], 0, &found),
				 i == 0 ? CACHE_LEAD : CACHE_JOINED);
	}
	assert_int_equal(queue_push(queue, &jobs[0]), QUEUE_OK);
	struct worker_options options = {
		.count = 1, .max_text_bytes = 1 << 20, .job_memory_bytes = 64 << 20};
	struct workers *workers = workers_new(&options, queue, NULL, NULL);
	wait_for(&woken, 2);
	assert_int_equal(tickets[1]->answer->report.problem, PROBLEM_NONE);
	queue_close(queue);
	workers_free(workers);
	queue_free(queue);
	cache_free(cache);
	job_release(jobs[1]);
	for (size_t i = 0; i < 2; i++)
		ticket_release(tickets[i]);
	free(body);
}

static atomic_bool begins, may_begin;

/* Replaces libcurl's: the first download waits here. */
CURLcode curl_global_init(long flags)
{
	CURLcode (*next)(long) = (CURLcode(*)(long))dlsym(RTLD_NEXT, "curl_global_init");
	atomic_store(&begins, true);
	while (!atomic_load(&may_begin))
		usleep(1000);
	return next(flags);
}

static int listen_and_say_nothing(unsigned *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int origin = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(origin, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(origin, 16), 0);
	assert_int_equal(getsockname(origin, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return origin;
}

/* A line of a batch has no watcher that would answer it in time. */
static void a_download_that_is_late_is_not_begun(void **state)
{
	atomic_int woken = 0;
	struct queue *queue = queue_new(8, 0, 0);
	struct ticket *ticket = push(queue, "{\"url\":\"http://192.0.2.1/\"}", &woken);
	ticket->job->allowed_ns = 10 * NS_PER_MS;
	ticket->job->deadline_ns = 30 * NS_PER_MS; /* with the deadline of another who came later */
	struct worker_options options = {
		.count = 1, .max_text_bytes = 1 << 20, .job_memory_bytes = 64 << 20};
	struct workers *workers = workers_new(&options, queue, NULL, NULL);
	wait_for(&woken, 1);
	assert_int_equal(ticket->answer->report.problem, PROBLEM_DEADLINE_EXCEEDED);
	assert_int_equal(ticket->answer->report.limit, 10);
	assert_true(ticket->answer->report.actual > 10);
	ticket_release(ticket);
	queue_close(queue);
	workers_free(workers);
	queue_free(queue);
}

/* Whoever leaves just as a download begins finds none to cancel yet. */
static void a_download_that_nobody_waits_for_any_more_is_cancelled(void **state)
{
	atomic_int woken = 0;
	unsigned port;
	char body[64];
	struct address_net loopback;
	size_t fault, running = 1, waiting = 0;
	int origin = listen_and_say_nothing(&port);
	snprintf(body, sizeof(body), "{\"url\":\"http://127.0.0.1:%u/\"}", port);
	assert_int_equal(address_nets_parse("127.0.0.1", &loopback, 1, &fault), 1);
	struct fetch_options fetch_options = {
		.allow_nets = &loopback, .allow_nets_len = 1, .timeout_ms = 600000};
	struct worker_options options = {
		.count = 1, .max_text_bytes = 1 << 20, .job_memory_bytes = 64 << 20};
	struct metrics *metrics = metrics_new();
	struct queue *queue = queue_new(8, 0, 0);
	struct fetcher *fetcher = fetcher_new(&fetch_options);
	struct workers *workers = workers_new(&options, queue, fetcher, metrics);
	struct ticket *ticket = push(queue, body, &woken);
	while (!atomic_load(&begins))
		usleep(1000);
	assert_true(ticket_finish(ticket, NULL));
	assert_int_equal(atomic_load(&ticket->job->fetch_id), 0);
	atomic_store(&may_begin, true);
	while (workers_busy(workers) > 0)
		usleep(1000);
	for (int i = 0; i < 10000 && running + waiting > 0; i++) {
		usleep(1000);
		fetcher_load(fetcher, &running, &waiting);
	}
	assert_int_equal(running + waiting, 0);
	fetcher_free(fetcher);
	queue_close(queue);
	workers_free(workers);
	queue_free(queue);
	metrics_free(metrics);
	ticket_release(ticket);
	close(origin);
}

/* Too little was left of the deadline: that says nothing about the page. */
static void a_download_cut_by_the_deadline_is_not_kept(void **state)
{
	static const uint64_t timeouts_ms[] = {600000, 1000}; /* no machine stalls for a second */
	atomic_int woken = 0;
	unsigned port;
	char body[64];
	struct address_net loopback;
	size_t fault;
	int origin = listen_and_say_nothing(&port);
	snprintf(body, sizeof(body), "{\"url\":\"http://127.0.0.1:%u/\"}", port);
	assert_int_equal(address_nets_parse("127.0.0.1", &loopback, 1, &fault), 1);
	struct metrics *metrics = metrics_new();
	atomic_store(&may_begin, true);
	for (int i = 0; i < 2; i++) {
		struct fetch_options fetch_options = {.allow_nets = &loopback,
						      .allow_nets_len = 1,
						      .timeout_ms = (unsigned)timeouts_ms[i]};
		struct worker_options options = {.count = 1,
						 .max_text_bytes = 1 << 20,
						 .job_memory_bytes = 64 << 20,
						 .keep_failure_ms = 7,
						 .url_timeout_ms = timeouts_ms[i]};
		struct queue *queue = queue_new(8, 0, 0);
		struct fetcher *fetcher = fetcher_new(&fetch_options);
		struct ticket *ticket = push(queue, body, &woken);
		ticket->job->deadline_ns = monotonic_ns() + (i == 0 ? 200 : 600000) * NS_PER_MS;
		struct workers *workers = workers_new(&options, queue, fetcher, metrics);
		wait_for(&woken, i + 1);
		assert_int_equal(ticket->answer->keep_ms, i == 0 ? 0 : 7);
		fetcher_stop(fetcher);
		queue_close(queue);
		workers_free(workers);
		fetcher_free(fetcher);
		queue_free(queue);
		ticket_release(ticket);
	}
	metrics_free(metrics);
	close(origin);
}

/* At the end, workers may still begin downloads and clients leave them, when downloads have
 * stopped. */
static void a_download_that_begins_at_the_end_is_refused(void **state)
{
	atomic_int woken = 0;
	struct fetch_options fetch_options = {.timeout_ms = 600000};
	struct worker_options options = {
		.count = 1, .max_text_bytes = 1 << 20, .job_memory_bytes = 64 << 20};
	struct queue *queue = queue_new(8, 0, 0);
	struct fetcher *fetcher = fetcher_new(&fetch_options);
	struct workers *workers = workers_new(&options, queue, fetcher, NULL);
	fetcher_stop(fetcher);
	struct ticket *ticket = push(queue, "{\"url\":\"http://192.0.2.1/\"}", &woken);
	wait_for(&woken, 1);
	assert_int_equal(ticket->answer->report.problem, PROBLEM_OVERLOADED);
	fetch_cancel(fetcher, 1);
	queue_close(queue);
	workers_free(workers);
	fetcher_free(fetcher);
	queue_free(queue);
	ticket_release(ticket);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_and_sixteen_workers_say_the_same),
		cmocka_unit_test(a_small_arena_is_an_error_and_no_crash),
		cmocka_unit_test(an_answered_job_is_not_worked_on),
		cmocka_unit_test(who_joins_has_a_time_of_his_own),
		cmocka_unit_test(a_download_that_is_late_is_not_begun),
		cmocka_unit_test(a_download_that_nobody_waits_for_any_more_is_cancelled),
		cmocka_unit_test(a_download_cut_by_the_deadline_is_not_kept),
		cmocka_unit_test(a_download_that_begins_at_the_end_is_refused),
	};
	workers_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
