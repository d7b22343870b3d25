/* Values of the shared cache: what was written comes back, and nothing else is accepted. */
#include "tests/check.h"

#include "server/digest.h"
#include "server/shared_value.h"
#include "server/version.h"

#include <stdlib.h>

/* mark, digest and kind come before the content */
enum { DIGEST_AT = 8, KIND_AT = DIGEST_AT + DIGEST_BYTES, CONTENT_AT = KIND_AT + 8 };
enum { DETAIL_AT = CONTENT_AT + 32, POINTER_AT = DETAIL_AT + 256, NUMBERS_AT = POINTER_AT + 64 };

static const unsigned char key[JOB_KEY_BYTES] = "a key";

/* The digest as shared_value.c makes it, of a value that was changed. */
static void sign(char *value, size_t len)
{
	unsigned char parts[sizeof(PRECIS_ENGINE) + JOB_KEY_BYTES + DIGEST_BYTES];
	memcpy(parts, PRECIS_ENGINE, sizeof(PRECIS_ENGINE));
	memcpy(parts + sizeof(PRECIS_ENGINE), key, JOB_KEY_BYTES);
	digest_of(value + KIND_AT, len - KIND_AT, parts + sizeof(PRECIS_ENGINE) + JOB_KEY_BYTES);
	digest_of(parts, sizeof(parts), (unsigned char *)value + DIGEST_AT);
}

static char *new_problem_value(size_t *len)
{
	struct problem_report report;
	problem_set(&report, PROBLEM_TEXT_TOO_LARGE, "So it is.");
	struct answer *answer = answer_new_problem(&report);
	char *value = shared_value_encode(answer, key, len);
	answer_release(answer);
	assert_non_null(value);
	return value;
}

static void test_problems(void **state)
{
	size_t len;
	char *value = new_problem_value(&len);
	struct answer *answer = shared_value_decode(value, len, key);
	assert_non_null(answer);
	assert_int_equal(answer->report.problem, PROBLEM_TEXT_TOO_LARGE);
	assert_string_equal(answer->report.detail, "So it is.");
	answer_release(answer);
	free(value);
}

static void test_damage(void **state)
{
	size_t len;
	char *value = new_problem_value(&len);
	for (size_t i = 0; i < len; i++) {
		assert_null(shared_value_decode(value, i, key));
		value[i] ^= 1;
		assert_null(shared_value_decode(value, len, key));
		value[i] ^= 1;
	}
	free(value);
}

/* A value with a valid digest whose strings do not end: easy to make, because nothing is signed. */
static void test_strings_that_never_end(void **state)
{
	static const struct {
		size_t from, to;
	} filled[] = {{CONTENT_AT, DETAIL_AT}, {DETAIL_AT, POINTER_AT}, {POINTER_AT, NUMBERS_AT}};
	for (size_t i = 0; i < sizeof(filled) / sizeof(filled[0]); i++) {
		size_t len;
		char *value = new_problem_value(&len);
		memset(value + filled[i].from, 'x', filled[i].to - filled[i].from);
		sign(value, len);
		assert_null(shared_value_decode(value, len, key));
		free(value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_strings_that_never_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
