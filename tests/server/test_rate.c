#include "check.h"

#include "server/rate.h"

#define S UINT64_C(1000000000)

static void rules_are_read(void **state)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t quota, window_s;
	} cases[] = {
		{"", true, 0, 1},
		{"10/s", true, 10, 1},
		{"60/m", true, 60, 60},
		{"1000/h", true, 1000, 3600},
		{"0/s", false, 0, 0},
		{"10", false, 0, 0},
		{"10/d", false, 0, 0},
		{"-1/s", false, 0, 0},
		{"10/s ", false, 0, 0},
		{"/s", false, 0, 0},
		{"99999999999/s", false, 0, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rate_rule rule;
		CHECK(cases[i].text, rate_rule_parse(cases[i].text, &rule) == cases[i].good);
		if (cases[i].good) {
			CHECK_SIZE(cases[i].text, rule.quota, cases[i].quota);
			CHECK_SIZE(cases[i].text, rule.window_s, cases[i].window_s);
		}
	}
}

static void a_bucket_empties_and_fills(void **state)
{
	struct rate *rate = rate_new((struct rate_rule){6, 60});
	uint64_t now = 1000 * S;
	for (uint64_t left = 6; left-- > 0;) {
		struct rate_state got = rate_take(rate, "a", now);
		assert_true(got.allowed);
		assert_int_equal(got.remaining, left);
	}
	struct rate_state got = rate_take(rate, "a", now);
	assert_false(got.allowed);
	assert_int_equal(got.reset_s, 10);
	assert_true(rate_take(rate, "b", now).allowed); /* others have their own */
	assert_false(rate_take(rate, "a", now + 9 * S).allowed);
	assert_true(rate_take(rate, "a", now + 10 * S).allowed);
	assert_false(rate_take(rate, "a", now + 10 * S).allowed);
	got = rate_take(rate, "a", now + 1000 * S);
	assert_int_equal(got.remaining, 5); /* never more than full */
	rate_free(rate);
}

/* Asking whether a token is left takes none, and says the same as taking it would. */
static void a_look_says_what_a_take_would(void **state)
{
	struct rate *rate = rate_new((struct rate_rule){6, 60});
	for (uint64_t at = 1000 * S; at < 1100 * S; at += at < 1050 * S ? S : 11 * S) {
		struct rate_state seen = {.allowed = true};
		bool over = rate_is_over(rate, "a", at, &seen);
		struct rate_state got = rate_take(rate, "a", at);
		assert_int_equal(got.allowed, !over);
		assert_int_equal(seen.allowed, !over);
		assert_true(!over || seen.reset_s == got.reset_s);
	}
	rate_free(rate);
}

/* A reload gives nobody new tokens unless it changes the rule. */
static void a_reload_forgets_nobody(void **state)
{
	struct rate *rate = rate_new((struct rate_rule){1, 60});
	assert_true(rate_take(rate, "a", S).allowed);
	rate_set_rule(rate, (struct rate_rule){1, 60});
	assert_false(rate_take(rate, "a", S).allowed);
	rate_set_rule(rate, (struct rate_rule){1, 3600});
	assert_true(rate_take(rate, "a", S).allowed);
	assert_false(rate_take(rate, "a", S).allowed);
	rate_set_rule(rate, (struct rate_rule){2, 3600});
	assert_true(rate_take(rate, "a", S).allowed);
	rate_free(rate);
}

static void no_rule_allows_all(void **state)
{
	struct rate *rate = rate_new((struct rate_rule){0, 1});
	for (int i = 0; i < 1000; i++)
		assert_true(rate_take(rate, "a", S).allowed);
	rate_set_rule(rate, (struct rate_rule){1, 1});
	assert_true(rate_take(rate, "a", S).allowed);
	assert_false(rate_take(rate, "a", S).allowed);
	rate_free(rate);
}

static void a_crowd_does_not_free_one_client(void **state)
{
	struct rate *rate = rate_new((struct rate_rule){10, 3600});
	uint64_t allowed = 0;
	for (int i = 0; i < 20000; i++) {
		char name[32];
		snprintf(name, sizeof(name), "client %d", i);
		rate_take(rate, name, S);
		if (i % 100 == 0)
			allowed += rate_take(rate, "greedy", S).allowed;
	}
	assert_int_equal(allowed, 10);
	rate_free(rate);
}

/* How many of so many clients are known to be over the limit. */
static size_t count_over(struct rate *rate, size_t clients)
{
	struct rate_state told;
	char name[32];
	size_t over = 0;
	for (size_t i = 0; i < clients; i++) {
		snprintf(name, sizeof(name), "client %zu", i);
		over += rate_is_over(rate, name, S, &told);
	}
	return over;
}

/* Asking about more clients than there is room for makes none of those forgotten that were
 * counted. */
static void looks_push_nobody_out(void **state)
{
	enum { CLIENTS = 200000 };
	struct rate *rate = rate_new((struct rate_rule){1, 3600});
	char name[32];
	for (size_t i = 0; i < CLIENTS; i++) {
		snprintf(name, sizeof(name), "client %zu", i);
		rate_take(rate, name, S);
	}
	size_t over = count_over(rate, CLIENTS);
	assert_true(over > 0 && over < CLIENTS);
	assert_int_equal(count_over(rate, CLIENTS), over);
	rate_free(rate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_read),
		cmocka_unit_test(a_bucket_empties_and_fills),
		cmocka_unit_test(a_look_says_what_a_take_would),
		cmocka_unit_test(a_reload_forgets_nobody),
		cmocka_unit_test(looks_push_nobody_out),
		cmocka_unit_test(no_rule_allows_all),
		cmocka_unit_test(a_crowd_does_not_free_one_client),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
