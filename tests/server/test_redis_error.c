#include "check.h"

#include "server/redis_error.h"

static redisReply reply_of(int type, const char *text)
{
	redisReply reply = {.type = type, .len = strlen(text)};
	reply.str = (char *)(size_t)text; /* only read */
	return reply;
}

static void errors_are_told_apart(void **state)
{
	static const struct {
		const char *text, *code;
		bool fatal, refuses;
	} cases[] = {
		{"READONLY You can't write against a read only replica.", "READONLY", true, true},
		{"LOADING Redis is loading the dataset in memory", "LOADING", true, true},
		{"MASTERDOWN Link with MASTER is down", "MASTERDOWN", true, true},
		{"NOAUTH Authentication required.", "NOAUTH", true, true},
		{"NOPERM this user has no permissions", "NOPERM", true, true},
		{"CLUSTERDOWN The cluster is down", "CLUSTERDOWN", true, true},
		{"ERR Error running script: -READONLY You can't write", "ERR", true, true},
		{"OOM command not allowed when used memory > 'maxmemory'.", "OOM", false, false},
		{"WRONGTYPE Operation against a key", "WRONGTYPE", false, true},
		{"WRONGPASS invalid username-password pair", "WRONGPASS", false, true},
		/* what was sent is never repeated */
		{"ERR unknown command 'AUTH', with args: 'secret'", "ERR", false, true},
		{"secret", "", false, true},
		{"", "", false, true},
		{"A_CODE_THAT_IS_LONGER_THAN_ANY_THAT_THERE_IS", "A_CODE_THAT_IS_LONGER_THAN_ANY_",
		 false, true},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char code[REDIS_ERROR_CODE_MAX + 1];
		redisReply reply = reply_of(REDIS_REPLY_ERROR, cases[i].text);
		redis_error_code(&reply, code);
		CHECK_SPAN(cases[i].text, span_of(code), span_of(cases[i].code));
		CHECK(cases[i].text, redis_error_is_fatal(&reply) == cases[i].fatal);
		CHECK(cases[i].text, redis_error_refuses(&reply) == cases[i].refuses);
	}
}

static void what_is_no_error_means_no_harm(void **state)
{
	static const int types[] = {REDIS_REPLY_STATUS, REDIS_REPLY_STRING};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		redisReply reply = reply_of(types[i], "READONLY");
		assert_false(redis_error_is_fatal(&reply));
		assert_false(redis_error_refuses(&reply));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_are_told_apart),
		cmocka_unit_test(what_is_no_error_means_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
