#include "check.h"

#include "server/timers.h"

enum { MANY = 1000 };

struct fired {
	struct timers timers;
	uint64_t due[MANY]; /* times of those that were called, in this order */
	size_t count;
};

/* One timer that notes its time. */
struct note {
	struct fired *fired;
	uint64_t due_ns;
	size_t calls;
};

static void note(void *arg)
{
	struct note *note = arg;
	note->calls++;
	note->fired->due[note->fired->count++] = note->due_ns;
}

static void each_fires_once_in_order_of_time(void **state)
{
	static struct fired fired;
	static struct note notes[MANY];
	uint32_t random = 1;
	for (size_t i = 0; i < MANY; i++) {
		random = random * 1664525 + 1013904223;
		notes[i] = (struct note){&fired, random >> 23, 0}; /* many at the same time */
		assert_true(timers_add(&fired.timers, notes[i].due_ns, note, &notes[i]));
	}
	size_t before = 0;
	for (uint64_t now = 0; now < 512; now += 7) {
		timers_fire(&fired.timers, now);
		for (; before < fired.count; before++)
			assert_true(fired.due[before] <= now && fired.due[before] + 7 > now);
		assert_true(timers_next_ns(&fired.timers) > now);
	}
	timers_fire(&fired.timers, UINT64_MAX);
	assert_int_equal(fired.count, MANY);
	for (size_t i = 1; i < MANY; i++)
		assert_true(fired.due[i - 1] <= fired.due[i]);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(notes[i].calls, 1);
	timers_free(&fired.timers);
}

static void the_next_is_known(void **state)
{
	struct fired fired = {.count = 0};
	struct note late = {&fired, 9, 0}, early = {&fired, 3, 0};
	assert_true(timers_next_ns(&fired.timers) == UINT64_MAX);
	timers_add(&fired.timers, 9, note, &late);
	assert_int_equal(timers_next_ns(&fired.timers), 9);
	timers_add(&fired.timers, 3, note, &early);
	assert_int_equal(timers_next_ns(&fired.timers), 3);
	timers_fire(&fired.timers, 2);
	assert_int_equal(fired.count, 0);
	timers_fire(&fired.timers, 3);
	assert_int_equal(fired.count, 1);
	assert_int_equal(timers_next_ns(&fired.timers), 9);
	timers_free(&fired.timers); /* the other is forgotten */
	assert_int_equal(fired.count, 1);
	assert_true(timers_next_ns(&fired.timers) == UINT64_MAX);
}

/* A timer that starts itself again until ten have been called. */
static void again(void *arg)
{
	struct note *mine = arg;
	note(mine);
	mine->due_ns += 2;
	if (mine->fired->count < 10)
		assert_true(timers_add(&mine->fired->timers, mine->due_ns, again, mine));
}

static void what_they_add_is_called_when_it_is_due(void **state)
{
	struct fired fired = {.count = 0};
	struct note mine = {&fired, 1, 0};
	timers_add(&fired.timers, 1, again, &mine);
	timers_fire(&fired.timers, 6); /* 1, 3, 5 */
	assert_int_equal(fired.count, 3);
	assert_int_equal(timers_next_ns(&fired.timers), 7);
	timers_fire(&fired.timers, UINT64_MAX);
	assert_int_equal(fired.count, 10);
	assert_true(timers_next_ns(&fired.timers) == UINT64_MAX);
	timers_free(&fired.timers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fires_once_in_order_of_time),
		cmocka_unit_test(the_next_is_known),
		cmocka_unit_test(what_they_add_is_called_when_it_is_due),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
