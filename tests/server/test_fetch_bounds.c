/* How long downloads may take, how many run at a time, whose turn it is, and how they end. */
#include "tests/server/fetch_check.h"

#include <dlfcn.h>

static atomic_int longest_poll_ms; /* of the fetcher's thread, while it downloads */

/* Replaces libcurl's: notes how long the thread would sleep. */
CURLMcode curl_multi_poll(CURLM *multi, struct curl_waitfd *more, unsigned more_len, int timeout_ms,
			  int *ready)
{
	typedef CURLMcode poll(CURLM *, struct curl_waitfd *, unsigned, int, int *);
	poll *next = (poll *)dlsym(RTLD_NEXT, "curl_multi_poll");
	struct fetcher *fetcher = atomic_load(&watched);
	size_t active = 0, waiting;
	if (fetcher != NULL)
		fetcher_load(fetcher, &active, &waiting);
	if (active > 0 && timeout_ms > atomic_load(&longest_poll_ms))
		atomic_store(&longest_poll_ms, timeout_ms);
	return next(multi, more, more_len, timeout_ms, ready);
}

static void test_time(void **state)
{
	static const char *const paths[] = {"/silent", "/head-only", "/drip", "/drip-head"};
	struct origin origin;
	char url[128];
	struct wait wait;
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	options.timeout_ms = 150;
	struct fetcher *fetcher = fetcher_new(&options);
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		snprintf(url, sizeof url, "http://127.0.0.1:%u%s", origin.port, paths[i]);
		struct fetch_result result = fetch(fetcher, url, &wait);
		CHECK(url, result.status == FETCH_TIMEOUT);
		CHECK(url, result.elapsed_us >= 100000);
	}
	/* A name server that does not answer, and no other download that wakes the thread. */
	stuck_may_go = 0;
	atomic_store(&watched, fetcher);
	assert_int_equal(fetch(fetcher, "http://stuck.example/", &wait).status, FETCH_TIMEOUT);
	assert_in_range(atomic_load(&longest_poll_ms), 1, options.timeout_ms);
	stuck_may_go = 1;
	fetcher_free(fetcher);

	/* The job's own deadline comes first. */
	options.timeout_ms = 60000;
	fetcher = fetcher_new(&options);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/silent", origin.port);
	wait_init(&wait);
	assert_true(start(fetcher, url, now_ms() + 100, on_done, &wait) != 0);
	wait_for(&wait);
	assert_int_equal(wait.result.status, FETCH_TIMEOUT);
	fetcher_free(fetcher);
	origin_stop(&origin);
}

/* Whoever comes later still has time when the first one's is over. */
static void test_time_of_all(void **state)
{
	enum { FIRST_MS = 1000 };
	struct origin origin;
	char silent[128], page[128];
	struct wait running, waiting;
	origin_start(&origin, "127.0.0.1");
	snprintf(silent, sizeof silent, "http://127.0.0.1:%u/silent", origin.port);
	snprintf(page, sizeof page, "http://127.0.0.1:%u/page", origin.port);
	struct fetch_options options = local_options();
	options.max_parallel = 1;
	struct fetcher *fetcher = fetcher_new(&options);
	wait_init(&running);
	wait_init(&waiting);
	int64_t now = now_ms();
	uint64_t id = start(fetcher, silent, now + FIRST_MS, on_done, &running);
	fetch_join(fetcher, id, now + 60000, false);
	fetch_join(fetcher, id, now + 1, true); /* an earlier end takes nothing away */
	uint64_t next = start(fetcher, page, now + FIRST_MS, on_done, &waiting);
	fetch_join(fetcher, next, now + 60000, true);
	while (now_ms() < now + FIRST_MS + 200)
		usleep(10000);
	assert_int_equal(running.calls + waiting.calls, 0);
	fetch_cancel(fetcher, id);
	wait_for(&running);
	assert_int_equal(running.result.status, FETCH_CANCELLED);
	wait_for(&waiting);
	assert_int_equal(waiting.result.status, FETCH_OK);
	free(waiting.result.body);
	fetcher_free(fetcher);
	origin_stop(&origin);
}

static void *start_and_cancel(void *arg)
{
	struct fetcher *fetcher = arg;
	for (int i = 0; i < 50; i++) {
		struct wait wait;
		size_t active, waiting;
		wait_init(&wait);
		uint64_t id = start(fetcher, "http://none.example/", 0, on_done, &wait);
		assert_true(id != 0);
		fetcher_load(fetcher, &active, &waiting);
		fetch_cancel(fetcher, id);
		wait_for(&wait);
	}
	return arg;
}

/* As workers do; the thread sanitizer checks that no list is walked while it changes. */
static void test_from_many_threads(void **state)
{
	pthread_t threads[4];
	struct fetch_options options = local_options();
	struct fetcher *fetcher = fetcher_new(&options);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, start_and_cancel, fetcher), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	fetcher_free(fetcher);
}

static void test_bounds(void **state)
{
	struct origin origin;
	char silent[128], page[128];
	struct wait wait[4];
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	options.max_parallel = 1;
	options.max_waiting = 2;
	snprintf(silent, sizeof silent, "http://127.0.0.1:%u/silent", origin.port);
	snprintf(page, sizeof page, "http://127.0.0.1:%u/page", origin.port);
	struct fetcher *fetcher = fetcher_new(&options);
	for (size_t i = 0; i < 4; i++)
		wait_init(&wait[i]);
	uint64_t first = start(fetcher, silent, 0, on_done, &wait[0]);
	assert_true(first != 0);
	assert_true(start(fetcher, page, 0, on_done, &wait[1]) != 0);
	uint64_t third = start(fetcher, page, 0, on_done, &wait[2]);
	assert_true(third != 0);
	assert_true(start(fetcher, page, 0, on_done, &wait[3]) == 0);
	size_t active, waiting;
	fetcher_load(fetcher, &active, &waiting);
	assert_int_equal(active + waiting, 3);
	fetch_cancel(fetcher, third);
	wait_for(&wait[2]);
	assert_int_equal(wait[2].result.status, FETCH_CANCELLED);
	wait_init(&wait[2]);
	/* Its room becomes free just after its callback. */
	while (start(fetcher, page, now_ms() + 50, on_done, &wait[2]) == 0)
		usleep(1000);
	wait_for(&wait[2]);
	assert_int_equal(wait[2].result.status, FETCH_BUSY);
	/* The slot goes to the one that waits. */
	fetch_cancel(fetcher, first);
	wait_for(&wait[0]);
	assert_int_equal(wait[0].result.status, FETCH_CANCELLED);
	wait_for(&wait[1]);
	assert_int_equal(wait[1].result.status, FETCH_OK);
	free(wait[1].result.body);
	fetch_cancel(fetcher, first);
	fetch_cancel(fetcher, 12345);
	fetcher_free(fetcher);
	assert_int_equal(wait[0].calls, 1);
	assert_int_equal(wait[3].calls, 0);

	/* All bodies together. */
	struct budget budget = {.max_bytes = 1000};
	options.budget = &budget;
	fetcher = fetcher_new(&options);
	assert_int_equal(fetch(fetcher, page, &wait[0]).status, FETCH_BUSY);
	assert_int_equal(budget.used_bytes, 0);
	/* Includes a body that somebody has taken and still holds. */
	budget.max_bytes = 50000;
	struct fetch_result taken = fetch(fetcher, page, &wait[0]);
	assert_int_equal(taken.status, FETCH_OK);
	assert_int_equal(budget.used_bytes, taken.body_room);
	assert_int_equal(fetch(fetcher, page, &wait[0]).status, FETCH_BUSY);
	budget_give(taken.budget, taken.body_room);
	free(taken.body);
	taken = fetch(fetcher, page, &wait[0]);
	assert_int_equal(taken.status, FETCH_OK);
	free(taken.body);
	fetcher_free(fetcher);
	origin_stop(&origin);
}

static uint64_t start_line(struct fetcher *fetcher, const char *url, struct wait *wait)
{
	wait_init(wait);
	return fetch_start(fetcher,
			   &(struct fetch_request){
				   .url = url, .is_line = true, .callback = on_done, .arg = wait});
}

/* Download what the page `from` leads to; the result is in wait->result, if the download was
 * started. */
static uint64_t go_on(struct fetcher *fetcher, const char *url, const struct fetch_result *from,
		      struct wait *wait)
{
	wait_init(wait);
	return fetch_start(fetcher,
			   &(struct fetch_request){
				   .url = url, .from = from, .callback = on_done, .arg = wait});
}

static void test_going_on(void **state)
{
	struct origin origin;
	char base[128], silent[128];
	struct wait wait, other[2];
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	options.max_redirects = 5;
	options.timeout_ms = 60000;
	struct fetcher *fetcher = fetcher_new(&options);
	snprintf(base, sizeof base, "http://127.0.0.1:%u/a/b?c", origin.port);
	snprintf(silent, sizeof silent, "http://127.0.0.1:%u/silent", origin.port);

	struct fetch_result from = {.url = base, .redirects = 4, .used_us = 1000};
	assert_true(go_on(fetcher, "../page", &from, &wait) != 0);
	wait_for(&wait);
	assert_int_equal(wait.result.status, FETCH_OK);
	assert_int_equal(wait.result.redirects, 5);
	assert_int_equal(wait.result.used_us, wait.result.elapsed_us + 1000);
	free(wait.result.body);

	from.redirects = 5;
	assert_true(go_on(fetcher, "../page", &from, &wait) != 0);
	wait_for(&wait);
	assert_int_equal(wait.result.status, FETCH_STATUS);
	assert_int_equal(wait.result.actual, 6);

	/* However many cookies there were. */
	struct curl_slist *cookies = NULL;
	for (int i = 0; i < 40; i++) {
		char cookie[1100];
		snprintf(cookie, sizeof cookie, "127.0.0.1\tFALSE\t/x\tFALSE\t0\tn%d\t%01000d", i,
			 0);
		cookies = curl_slist_append(cookies, cookie);
	}
	from = (struct fetch_result){.url = base, .cookies = cookies};
	assert_true(go_on(fetcher, "/page", &from, &wait) != 0);
	wait_for(&wait);
	assert_int_equal(wait.result.status, FETCH_OK);
	assert_in_range(wait.cookie_bytes, 15 * 1024, 16 * 1024);
	free(wait.result.body);
	curl_slist_free_all(cookies);

	/* The time left is shared by all hops. */
	from = (struct fetch_result){.url = base, .used_us = 60000 * 1000};
	assert_true(go_on(fetcher, "/silent", &from, &wait) != 0);
	wait_for(&wait);
	assert_int_equal(wait.result.status, FETCH_TIMEOUT);
	assert_int_equal(wait.result.limit, 60000);
	assert_true(wait.result.actual >= 60000);
	fetcher_free(fetcher);

	/* A download that was let in goes on, although nobody else is let in. */
	options.max_parallel = options.max_waiting = 1;
	fetcher = fetcher_new(&options);
	from.used_us = 0;
	wait_init(&other[0]);
	wait_init(&other[1]);
	uint64_t first = start(fetcher, silent, 0, on_done, &other[0]);
	uint64_t second = start(fetcher, silent, 0, on_done, &other[1]);
	assert_true(start(fetcher, silent, 0, on_done, &wait) == 0);
	assert_true(go_on(fetcher, "/page", &from, &wait) != 0);
	fetch_cancel(fetcher, first);
	fetch_cancel(fetcher, second);
	wait_for(&wait);
	assert_int_equal(wait.result.status, FETCH_OK);
	free(wait.result.body);
	fetcher_free(fetcher);
	origin_stop(&origin);
}

static void wait_for_active(struct fetcher *fetcher, size_t count)
{
	size_t active = 0, waiting;
	while (active != count) {
		fetcher_load(fetcher, &active, &waiting);
		usleep(1000);
	}
}

/* However many lines there are and however long they take, a request gets its slot. */
static void test_lines(void **state)
{
	struct origin origin;
	char silent[128], page[128];
	struct wait line[5], wait;
	uint64_t id[5];
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	options.max_parallel = 3;
	options.max_waiting = 1;
	snprintf(silent, sizeof silent, "http://127.0.0.1:%u/silent", origin.port);
	snprintf(page, sizeof page, "http://127.0.0.1:%u/page", origin.port);
	struct fetcher *fetcher = fetcher_new(&options);
	for (size_t i = 0; i < 4; i++)
		assert_true((id[i] = start_line(fetcher, i < 3 ? silent : page, &line[i])) != 0);
	wait_for_active(fetcher, 2);
	for (size_t i = 0; i < 3; i++) {
		struct fetch_result got = fetch(fetcher, page, &wait);
		assert_int_equal(got.status, FETCH_OK);
		free(got.body);
	}
	/* A line that a request waits for, too, counts as a request. */
	assert_int_equal(line[3].calls, 0);
	fetch_join(fetcher, id[3], 0, true); /* if another line waits for it, it stays a line */
	fetch_join(fetcher, id[3], 0, false);
	wait_for(&line[3]);
	assert_int_equal(line[3].result.status, FETCH_OK);
	free(line[3].result.body);
	fetch_join(fetcher, id[3], 0, false); /* which has ended already */
	/* The slots of lines go to lines. */
	fetch_cancel(fetcher, id[0]);
	wait_for(&line[0]);
	wait_for_active(fetcher, 2);
	assert_true(start_line(fetcher, page, &line[4]) != 0);
	wait_for_active(fetcher, 2);
	assert_int_equal(line[4].calls, 0);
	/* A running one may be raised, too: its slot then no longer counts as a line's. */
	fetch_join(fetcher, id[1], 0, false);
	wait_for(&line[4]);
	assert_int_equal(line[4].result.status, FETCH_OK);
	free(line[4].result.body);
	fetcher_free(fetcher);

	/* Even if requests always wait, they leave one of several slots to lines. */
	options.max_parallel = 2;
	options.max_waiting = 4;
	fetcher = fetcher_new(&options);
	struct wait waits[3];
	for (size_t i = 0; i < 3; i++) {
		wait_init(&waits[i]);
		assert_true((id[i] = start(fetcher, silent, 0, on_done, &waits[i])) != 0);
	}
	wait_for_active(fetcher, 2);
	for (size_t i = 3; i < 5; i++)
		assert_true(start_line(fetcher, i == 3 ? page : silent, &line[i]) != 0);
	fetch_cancel(fetcher, id[0]);
	wait_for(&line[3]);
	assert_int_equal(line[3].result.status, FETCH_OK);
	free(line[3].result.body);
	fetcher_free(fetcher);

	/* If there is only one slot, a request gets it first. */
	options.max_parallel = 1;
	fetcher = fetcher_new(&options);
	id[0] = start_line(fetcher, silent, &line[0]);
	wait_for_active(fetcher, 1);
	id[1] = start_line(fetcher, silent, &line[1]);
	wait_init(&wait);
	assert_true(start(fetcher, page, 0, on_done, &wait) != 0);
	fetch_cancel(fetcher, id[0]);
	wait_for(&wait);
	assert_int_equal(wait.result.status, FETCH_OK);
	free(wait.result.body);
	fetcher_free(fetcher);
	origin_stop(&origin);
}

/* Stopping calls back every download once, whatever its state. */
static void test_stop(void **state)
{
	enum { COUNT = 40 };
	static struct wait wait[COUNT];
	struct origin origin;
	char url[128];
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	options.max_parallel = 20;
	for (size_t round = 0; round < 5; round++) {
		stuck_may_go = 0;
		struct fetcher *fetcher = fetcher_new(&options);
		for (size_t i = 0; i < COUNT; i++) {
			static const char *const hosts[] = {"127.0.0.1", "stuck.example"};
			static const char *const paths[] = {"silent", "drip"};
			wait_init(&wait[i]);
			snprintf(url, sizeof url, "http://%s:%u/%s", hosts[i % 2], origin.port,
				 paths[i % 4 / 2]);
			assert_true(start(fetcher, url, 0, on_done, &wait[i]) != 0);
		}
		usleep((unsigned)round * 5000);
		fetcher_free(fetcher);
		for (size_t i = 0; i < COUNT; i++) {
			assert_int_equal(wait[i].calls, 1);
			assert_int_equal(wait[i].result.status, FETCH_CANCELLED);
		}
		stuck_may_go = 1;
		usleep(20000); /* the abandoned look-ups free what they held */
	}
	fetcher_free(NULL);
	origin_stop(&origin);
}

static void on_done_again(void *arg, struct fetch_result *result)
{
	static int calls;
	struct wait *wait = ((struct wait **)arg)[0];
	struct fetcher *fetcher = ((struct fetcher **)arg)[1];
	if (++calls < 3) {
		start(fetcher, result->url, 0, on_done_again, arg);
		return; /* the body is left and must be freed */
	}
	on_done(wait, result);
}

static void test_start_from_callback(void **state)
{
	struct origin origin;
	char url[128];
	struct wait wait;
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	options.max_parallel = 1;
	struct fetcher *fetcher = fetcher_new(&options);
	void *both[] = {&wait, fetcher};
	wait_init(&wait);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/page", origin.port);
	assert_true(start(fetcher, url, 0, on_done_again, both) != 0);
	wait_for(&wait);
	assert_int_equal(wait.result.status, FETCH_OK);
	assert_int_equal(origin.connections, 3);
	free(wait.result.body);
	fetcher_free(fetcher);
	origin_stop(&origin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_time_of_all),
		cmocka_unit_test(test_from_many_threads),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_going_on),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_start_from_callback),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
