#include "check.h"

#include "server/pace.h"

#define MS UINT64_C(1000000)

/* Model a queue in front of one server, in steps of a millisecond: each job costs `cost_ms`,
 * `arrivals` come every millisecond. Gives the longest wait, in ms, of those served in the last
 * half. */
struct model {
	struct pace pace;
	uint64_t now, queued[4096], left_at;
	size_t first, last, accepted, refused, capacity;
};

static uint64_t run(struct model *m, uint64_t ms, uint64_t cost_ms, double arrivals)
{
	uint64_t longest = 0, half = m->now + ms / 2 * MS;
	double due = 0;
	m->accepted = m->refused = 0;
	for (uint64_t i = 0; i < ms; i++, m->now += MS) {
		for (due += arrivals; due >= 1; due--) {
			size_t depth = m->last - m->first;
			if (depth < m->capacity && pace_allows(&m->pace, m->now, depth)) {
				m->queued[m->last++ % 4096] = m->now;
				m->accepted++;
			} else {
				m->refused++;
			}
		}
		if (m->first == m->last || m->now < m->left_at)
			continue;
		uint64_t waited = m->now - m->queued[m->first++ % 4096];
		m->left_at = m->now + cost_ms * MS;
		pace_left(&m->pace, m->now, m->last - m->first);
		pace_waited(&m->pace, m->now, waited);
		if (m->now >= half && waited > longest)
			longest = waited;
	}
	return longest / MS;
}

static struct model model(uint64_t target_ms)
{
	return (struct model){
		.pace = {.target_ns = target_ms * MS}, .now = 1000000 * MS, .capacity = 2000};
}

static void takes_up_a_burst(void **state)
{
	struct model m = model(100);
	/* 300 at once, 3 ms each: the last one waits for 900 ms, and none is refused. */
	run(&m, 1, 3, 300);
	run(&m, 1500, 3, 0);
	run(&m, 5000, 3, 0.2);
	assert_int_equal(m.refused, 0);
	assert_false(m.pace.overloaded);
}

static void bounds_the_wait_whatever_comes(void **state)
{
	static const double rates[] = {0.5, 2, 5, 10};
	for (size_t i = 0; i < 4; i++) {
		struct model m = model(100);
		uint64_t waited = run(&m, 20000, 4, rates[i]);
		/* The worker never rests, and whoever is let in waits for the target plus one
		 * job. */
		assert_in_range(waited, 80, 108);
		assert_in_range(m.accepted, 4800, 6400);
	}
}

static void follows_a_server_that_slows_down(void **state)
{
	struct model m = model(100);
	run(&m, 10000, 2, 5);
	assert_in_range(run(&m, 10000, 8, 5), 80, 120);
	assert_in_range(run(&m, 10000, 2, 5), 80, 110);
}

static void a_few_may_wait_for_slow_ones(void **state)
{
	struct model m = model(100);
	m.pace.few = 3;
	/* Half a second each: every newcomer would wait longer than the target. */
	run(&m, 100000, 500, 0.1);
	assert_true(m.pace.overloaded);
	assert_in_range(m.last - m.first, 3, 4);
	m.pace.few = 0;
	run(&m, 100000, 500, 0.1);
	assert_in_range(m.last - m.first, 0, 1);
}

static void is_over_when_nobody_is_refused_any_more(void **state)
{
	struct model m = model(100);
	run(&m, 10000, 4, 5);
	assert_true(m.pace.overloaded);
	run(&m, 2000, 4, 0.1);
	assert_true(pace_allows(&m.pace, m.now, 1000));
	assert_false(m.pace.overloaded);
}

/* A thread may have read the clock and then waited for the lock while another was refused. */
static void a_clock_read_earlier_ends_no_overload(void **state)
{
	struct model m = model(100);
	run(&m, 10000, 4, 5);
	assert_true(m.pace.overloaded);
	assert_false(pace_allows(&m.pace, m.now, 1000));
	assert_false(pace_allows(&m.pace, m.now - 1, 1000));
	assert_true(m.pace.overloaded);
	assert_int_equal(m.pace.refused_ns, m.now);
}

static void without_a_target_nobody_is_refused(void **state)
{
	struct model m = model(0);
	m.capacity = 4096;
	run(&m, 2000, 4, 2);
	assert_int_equal(m.refused, 0);
	assert_true(pace_allows(&m.pace, m.now, 1000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_up_a_burst),
		cmocka_unit_test(bounds_the_wait_whatever_comes),
		cmocka_unit_test(follows_a_server_that_slows_down),
		cmocka_unit_test(a_few_may_wait_for_slow_ones),
		cmocka_unit_test(is_over_when_nobody_is_refused_any_more),
		cmocka_unit_test(a_clock_read_earlier_ends_no_overload),
		cmocka_unit_test(without_a_target_nobody_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
