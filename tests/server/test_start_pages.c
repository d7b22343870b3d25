#include "tests/check.h"

#include "server/digest.h"
#include "server/start_pages.h"

#include <stdlib.h>
#include <unistd.h>

/* Pages of files that this process has in memory. */
static long pages_of_files(void)
{
	long size, resident, shared = -1;
	FILE *file = fopen("/proc/self/statm", "r");
	if (file != NULL && fscanf(file, "%ld %ld %ld", &size, &resident, &shared) != 3)
		shared = -1;
	if (file != NULL)
		fclose(file);
	return shared;
}

/* Constants and written data are unchanged afterwards. */
static char written[] = "written by start";

static void test_gives_back_and_works_on(void **state)
{
	unsigned char before[DIGEST_BYTES], behind[DIGEST_BYTES];
	char *heap = malloc(sizeof written);
	assert_non_null(heap);
	written[0] = 'W';
	memcpy(heap, written, sizeof written);
	digest_of(written, sizeof written, before);
	long pages = pages_of_files();
	if (pages < 0) {
		free(heap);
		skip();
	}
	start_pages_drop();
	long left = pages_of_files();
	digest_of(heap, sizeof written, behind);
	assert_memory_equal(before, behind, sizeof before);
	CHECK_SPAN("what was written", span_of(written), SPAN("Written by start"));
	CHECK("half of it is gone", left * 2 < pages);
	free(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gives_back_and_works_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
