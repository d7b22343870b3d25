#include "check.h"

#include "server/cache.h"
#include "server/monotonic.h"

#include <pthread.h>

static void wake(struct ticket *ticket)
{
	atomic_fetch_add((atomic_int *)ticket->owner, 1);
}

static struct ticket *new_ticket(atomic_int *woken)
{
	struct ticket *ticket = ticket_new();
	ticket->owner = woken;
	ticket->wake = wake;
	return ticket;
}

static struct job *new_job(const char *body)
{
	struct job *job = job_new(strdup(body), strlen(body), false);
	job->has_key = true;
	cache_key(job->body, job->body_len, false, job->key);
	return job;
}

static struct answer *new_answer(const char *body, uint64_t keep_ms)
{
	struct answer *answer = answer_new(strdup(body), strlen(body));
	answer->keep_ms = keep_ms;
	return answer;
}

/* Put `answer` under the key of `body`, the way a job does. */
static void put(struct cache *cache, const char *body, struct answer *answer)
{
	atomic_int woken = 0;
	struct answer *found;
	struct job *job = new_job(body);
	struct ticket *ticket = new_ticket(&woken);
	assert_int_equal(cache_join(cache, job, ticket, monotonic_ns(), &found), CACHE_LEAD);
	job_finish(job, answer);
	assert_int_equal(woken, 1);
	ticket_release(ticket);
	job_release(job);
}

static bool has(struct cache *cache, const char *body, uint64_t now_ns)
{
	unsigned char key[JOB_KEY_BYTES];
	cache_key(body, strlen(body), false, key);
	struct answer *answer = cache_find(cache, key, now_ns);
	answer_release(answer);
	return answer != NULL;
}

static void keys_tell_requests_apart(void **state)
{
	unsigned char a[JOB_KEY_BYTES], b[JOB_KEY_BYTES];
	cache_key("x", 1, false, a);
	cache_key("x", 1, true, b);
	assert_memory_not_equal(a, b, JOB_KEY_BYTES);
	cache_key("y", 1, false, b);
	assert_memory_not_equal(a, b, JOB_KEY_BYTES);
	cache_key("x", 1, false, b);
	assert_memory_equal(a, b, JOB_KEY_BYTES);
}

static void keeps_what_may_be_kept_and_as_long(void **state)
{
	struct cache *cache = cache_new(1 << 20);
	put(cache, "kept", new_answer("body", 1000));
	put(cache, "not kept", new_answer("body", 0));
	uint64_t now = monotonic_ns();
	assert_true(has(cache, "kept", now));
	assert_false(has(cache, "not kept", now));
	assert_false(has(cache, "never seen", now));
	struct answer *answer = new_answer("body", 1000);
	assert_int_equal(answer_left_ms(answer, answer->made_ns), 1000);
	assert_int_equal(answer_left_ms(answer, answer->made_ns - 1), 1000);
	assert_int_equal(answer_left_ms(answer, answer->made_ns + 400 * NS_PER_MS), 600);
	assert_int_equal(answer_left_ms(answer, answer->made_ns + 1000 * NS_PER_MS), 0);
	answer_release(answer);
	assert_false(has(cache, "kept", now + 2000 * NS_PER_MS));
	assert_false(has(cache, "kept", now)); /* gone for good */
	assert_int_equal(cache_figures(cache).hits, 1);
	assert_int_equal(cache_figures(cache).misses, 2); /* one for each of the two jobs */
	assert_int_equal(cache_figures(cache).entries, 0);
	assert_int_equal(cache_figures(cache).bytes, 0);
	cache_free(cache);
}

static void the_least_recently_used_goes_first(void **state)
{
	char body[1000] = "";
	memset(body, 'b', sizeof(body) - 1);
	struct cache *cache = cache_new(10 * 2000);
	char name[16];
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		put(cache, name, new_answer(body, 60000));
		assert_true(has(cache, "0", monotonic_ns())); /* used all the time */
		assert_true(cache_figures(cache).bytes <= 10 * 2000);
	}
	assert_true(has(cache, "999", monotonic_ns()));
	assert_false(has(cache, "1", monotonic_ns()));
	cache_free(cache);
}

static void without_bytes_nothing_is_kept(void **state)
{
	struct cache *cache = cache_new(0);
	put(cache, "a", new_answer("body", 60000));
	assert_false(has(cache, "a", monotonic_ns()));
	cache_free(cache);
}

/* Otherwise one long article would empty the cache in vain. */
static void what_is_larger_than_all_pushes_nothing_out(void **state)
{
	char large[5000];
	memset(large, 'l', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	struct cache *cache = cache_new(4000);
	put(cache, "small", new_answer("body", 60000));
	put(cache, "large", new_answer(large, 60000));
	assert_true(has(cache, "small", monotonic_ns()));
	assert_false(has(cache, "large", monotonic_ns()));
	assert_int_equal(cache_figures(cache).entries, 1);
	assert_int_equal(cache_figures(cache).evicted, 0);
	cache_free(cache);
}

static void one_flight_per_key(void **state)
{
	enum { READERS = 100 };
	struct cache *cache = cache_new(1 << 20);
	atomic_int woken = 0;
	struct ticket *tickets[READERS];
	struct job *lead = NULL;
	struct answer *found;
	for (int i = 0; i < READERS; i++) {
		struct job *job = new_job("same");
		tickets[i] = new_ticket(&woken);
		enum cache_result want = i == 0 ? CACHE_LEAD : CACHE_JOINED;
		assert_int_equal(cache_join(cache, job, tickets[i], monotonic_ns(), &found), want);
		if (i == 0)
			lead = job;
		else
			job_release(job);
	}
	job_finish(lead, new_answer("body", 1000));
	job_release(lead);
	assert_int_equal(woken, READERS);
	for (int i = 0; i < READERS; i++) {
		assert_ptr_equal(tickets[i]->answer, tickets[0]->answer);
		if (i > 0)
			ticket_release(tickets[i]);
	}
	ticket_release(tickets[0]);
	struct job *late = new_job("same");
	struct ticket *ticket = new_ticket(&woken);
	assert_int_equal(cache_join(cache, late, ticket, monotonic_ns(), &found), CACHE_FOUND);
	answer_release(found);
	ticket_release(ticket);
	job_release(late);
	cache_free(cache);
}

/* Whoever comes late has as much time as the first. */
static void a_job_may_take_as_long_as_any_of_its_tickets(void **state)
{
	struct cache *cache = cache_new(1 << 20);
	atomic_int woken = 0;
	struct job *lead = NULL;
	static const uint64_t deadlines_ns[] = {100, 300, 200};
	struct ticket *tickets[3];
	for (size_t i = 0; i < 3; i++) {
		struct answer *found;
		struct job *job = new_job("same");
		tickets[i] = new_ticket(&woken);
		tickets[i]->deadline_ns = deadlines_ns[i];
		job->deadline_ns = deadlines_ns[i];
		cache_join(cache, job, tickets[i], monotonic_ns(), &found);
		if (i == 0)
			lead = job;
		else
			job_release(job);
	}
	assert_int_equal(lead->deadline_ns, 300);
	job_finish(lead, NULL);
	job_release(lead);
	for (size_t i = 0; i < 3; i++)
		ticket_release(tickets[i]);
	cache_free(cache);
}

static void a_job_that_all_have_left_is_not_joined(void **state)
{
	struct cache *cache = cache_new(1 << 20);
	atomic_int woken = 0;
	struct answer *found;
	struct job *left = new_job("same"), *next = new_job("same");
	struct ticket *first = new_ticket(&woken), *second = new_ticket(&woken);
	assert_int_equal(cache_join(cache, left, first, monotonic_ns(), &found), CACHE_LEAD);
	assert_true(ticket_finish(first, NULL));
	assert_int_equal(cache_join(cache, next, second, monotonic_ns(), &found), CACHE_LEAD);
	job_finish(left, new_answer("of nobody", 1000));
	assert_false(has(cache, "same", monotonic_ns()));
	job_finish(next, new_answer("of the second", 1000));
	assert_string_equal(second->answer->body, "of the second");
	assert_true(has(cache, "same", monotonic_ns()));
	ticket_release(first);
	ticket_release(second);
	job_release(left);
	job_release(next);
	cache_free(cache);
}

/* Spins at first, because both threads must meet within nanoseconds. */
static void wait_for_turn(atomic_int *turn, int wanted)
{
	for (int i = 0; atomic_load(turn) != wanted; i++)
		if (i % 4096 == 4095)
			sched_yield();
}

struct leaver {
	struct ticket *ticket;
	atomic_int turn; /* number of the round that may begin, then of the one that has ended */
	bool gave_up;
};

enum { LEAVES = 20000 };

static void *leave(void *arg)
{
	struct leaver *leaver = arg;
	for (int round = 1; round <= LEAVES; round++) {
		wait_for_turn(&leaver->turn, round);
		struct job *job = leaver->ticket->job;
		leaver->gave_up = ticket_finish(leaver->ticket, NULL) && !job_is_wanted(job);
		atomic_store(&leaver->turn, -round);
	}
	return NULL;
}

/* The last ticket leaves a job while the next one joins: either the job goes on, or it is not
 * joined. */
static void a_job_that_is_given_up_is_not_joined(void **state)
{
	struct cache *cache = cache_new(1 << 20);
	struct leaver leaver = {0};
	atomic_int woken = 0;
	pthread_t thread;
	pthread_create(&thread, NULL, leave, &leaver);
	for (int round = 1; round <= LEAVES; round++) {
		struct answer *found;
		struct job *job = new_job("same"), *next = new_job("same");
		struct ticket *second = new_ticket(&woken);
		leaver.ticket = new_ticket(&woken);
		cache_join(cache, job, leaver.ticket, monotonic_ns(), &found);
		atomic_store(&leaver.turn, round);
		for (int i = 0; i < round % 128; i++)
			atomic_load(&leaver.turn); /* so that both meet in some round */
		enum cache_result result = cache_join(cache, next, second, monotonic_ns(), &found);
		wait_for_turn(&leaver.turn, -round);
		assert_int_equal(result, leaver.gave_up ? CACHE_LEAD : CACHE_JOINED);
		job_finish(job, NULL);
		job_finish(next, NULL);
		ticket_release(leaver.ticket);
		ticket_release(second);
		job_release(job);
		job_release(next);
	}
	pthread_join(thread, NULL);
	cache_free(cache);
}

struct crowd {
	struct cache *cache;
	atomic_int computed;
};

static void *ask(void *arg)
{
	struct crowd *crowd = arg;
	for (int i = 0; i < 2000; i++) {
		char body[16];
		atomic_int woken = 0;
		struct answer *found = NULL;
		snprintf(body, sizeof(body), "%d", i / 4);
		struct job *job = new_job(body);
		struct ticket *ticket = new_ticket(&woken);
		enum cache_result result =
			cache_join(crowd->cache, job, ticket, monotonic_ns(), &found);
		if (result == CACHE_LEAD) {
			atomic_fetch_add(&crowd->computed, 1);
			job_finish(job, new_answer(body, 60000));
		}
		while (result != CACHE_FOUND && atomic_load(&woken) == 0)
			sched_yield();
		const struct answer *answer = found != NULL ? found : ticket->answer;
		assert_string_equal(answer->body, body);
		answer_release(found);
		ticket_release(ticket);
		job_release(job);
	}
	return NULL;
}

static void threads_compute_each_key_once(void **state)
{
	struct crowd crowd = {.cache = cache_new(64 << 20)};
	pthread_t threads[4];
	for (size_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, ask, &crowd);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(crowd.computed, 500);
	cache_free(crowd.cache);
}

/* An answer is counted in the cache or, while only somebody else holds it, outside. */
static void what_left_the_cache_is_counted_until_it_was_read(void **state)
{
	struct budget budget = {.max_bytes = 10000};
	struct cache *cache = cache_new(2000);
	char body[1000];
	struct answer *held[5];
	memset(body, 'a', sizeof(body));
	body[sizeof(body) - 1] = '\0';
	for (size_t i = 0; i < 5; i++) {
		atomic_int woken = 0;
		struct answer *found;
		body[0] = (char)('a' + i);
		struct job *job = new_job(body);
		struct ticket *ticket = new_ticket(&woken);
		assert_true(budget_take(&budget, 1024));
		job_count(job, &budget, 1024);
		assert_int_equal(cache_join(cache, job, ticket, monotonic_ns(), &found),
				 CACHE_LEAD);
		job_finish(job, new_answer(body, 60000));
		held[i] = answer_hold(ticket->answer);
		ticket_release(ticket);
		job_release(job);
		/* One fits into the cache; only the test holds the others. */
		assert_int_equal(cache_figures(cache).entries, 1);
		assert_int_equal(budget.used_bytes, i * 999);
	}
	for (size_t i = 0; i < 4; i++)
		answer_release(held[i]);
	assert_int_equal(budget.used_bytes, 0);
	answer_release(held[4]); /* still kept */
	cache_free(cache);
	assert_int_equal(budget.used_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_tell_requests_apart),
		cmocka_unit_test(keeps_what_may_be_kept_and_as_long),
		cmocka_unit_test(the_least_recently_used_goes_first),
		cmocka_unit_test(without_bytes_nothing_is_kept),
		cmocka_unit_test(what_is_larger_than_all_pushes_nothing_out),
		cmocka_unit_test(what_left_the_cache_is_counted_until_it_was_read),
		cmocka_unit_test(one_flight_per_key),
		cmocka_unit_test(a_job_may_take_as_long_as_any_of_its_tickets),
		cmocka_unit_test(a_job_that_all_have_left_is_not_joined),
		cmocka_unit_test(a_job_that_is_given_up_is_not_joined),
		cmocka_unit_test(threads_compute_each_key_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
