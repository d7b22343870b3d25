#include "check.h"

#include "server/log.h"

#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

static void strings_are_quoted_as_json(void **state)
{
	char all[256], out[2048];
	for (int i = 1; i < 256; i++)
		all[i - 1] = (char)i;
	all[255] = '\0';
	json_t *json = json_loads(log_quoted(all, out, sizeof(out)), JSON_DECODE_ANY, NULL);
	assert_non_null(json);
	assert_int_equal(json_string_value(json)[0], 1);
	json_decref(json);
	for (unsigned size = 4; size < 64; size++) {
		assert_true(strlen(log_quoted(all, out, size)) < size);
		json = json_loads(out, JSON_DECODE_ANY, NULL);
		assert_non_null(json);
		json_decref(json);
	}
}

/* Everything logged between start and stop is read as one string. */
static void every_line_is_json_and_none_is_lost(void **state)
{
	int pipes[2], saved = dup(STDERR_FILENO);
	assert_int_equal(pipe(pipes), 0);
	dup2(pipes[1], STDERR_FILENO);
	close(pipes[1]);
	assert_true(log_start("warn"));
	log_event(LOG_INFO, "quiet", "%s", "");
	for (int i = 0; i < 100; i++)
		log_event(LOG_WARN, "loud", ",\"number\":%d", i);
	log_stop();
	dup2(saved, STDERR_FILENO);
	close(saved);

	FILE *in = fdopen(pipes[0], "r");
	char line[4096];
	int lines = 0;
	while (fgets(line, sizeof(line), in) != NULL) {
		json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(json);
		assert_string_equal(json_string_value(json_object_get(json, "event")), "loud");
		assert_int_equal(json_integer_value(json_object_get(json, "number")), lines);
		json_decref(json);
		lines++;
	}
	fclose(in);
	assert_int_equal(lines, 100);
}

struct reader {
	int from;
	size_t written;
	atomic_size_t lines, dropped; /* lines that came, and those reported as dropped */
	bool good;                    /* every line is whole */
};

/* Read all lines until the other end is closed. */
static void *read_lines(void *arg)
{
	struct reader *reader = arg;
	FILE *in = fdopen(reader->from, "r");
	char line[4096];
	while (fgets(line, sizeof(line), in) != NULL) {
		json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		const json_t *dropped = json_object_get(json, "lines");
		reader->good &= json != NULL;
		atomic_fetch_add(&reader->dropped, (size_t)json_integer_value(dropped));
		atomic_fetch_add(&reader->lines, dropped == NULL);
		json_decref(json);
	}
	fclose(in);
	return arg;
}

static bool all_are_known(const struct reader *reader)
{
	return atomic_load(&reader->lines) + atomic_load(&reader->dropped) == reader->written;
}

/* Write `count` lines to a pipe of two pages that nobody reads until it is full, and then, if
 * some were dropped, as many as it takes until all of these are reported. Stops when all have come,
 * however slow the reader is. */
static void write_to_full_pipe(int count, bool drops)
{
	int pipes[2], saved = dup(STDERR_FILENO);
	assert_int_equal(pipe(pipes), 0);
	assert_true(fcntl(pipes[1], F_SETPIPE_SZ, 8192) >= 0);
	assert_int_equal(fcntl(pipes[1], F_SETFL, O_NONBLOCK), 0);
	dup2(pipes[1], STDERR_FILENO);
	close(pipes[1]);
	assert_true(log_start("warn"));
	for (int i = 0; i < count; i++)
		log_event(LOG_WARN, "loud", ",\"number\":%d,\"padding\":\"%0100d\"", i, i);
	struct pollfd full = {.fd = STDERR_FILENO, .events = POLLOUT};
	while (poll(&full, 1, 0) == 1)
		usleep(1000);
	struct reader reader = {.from = pipes[0], .good = true, .written = (size_t)count};
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, read_lines, &reader), 0);
	while (!all_are_known(&reader)) {
		if (drops) {
			log_event(LOG_WARN, "late", "%s", "");
			reader.written++;
		}
		usleep(10000);
	}
	log_stop();
	dup2(saved, STDERR_FILENO);
	close(saved);
	pthread_join(thread, NULL);
	assert_true(reader.good);
	assert_true(all_are_known(&reader)); /* not reported again */
	assert_true(drops == (reader.dropped > 0));
}

/* 256 KB of lines are written as soon as there is room. */
static void a_full_pipe_that_does_not_block_is_waited_for(void **state)
{
	write_to_full_pipe(1000, false);
}

/* With more lines than are kept for a reader that does not read, each comes or is counted once. */
static void what_the_buffer_does_not_hold_is_counted(void **state)
{
	write_to_full_pipe(5000, true);
}

/* A file that may not grow for a while simulates a full disk. */
static void what_a_full_disk_does_not_take_is_counted(void **state)
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	struct rlimit before, tight;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight = (struct rlimit){.rlim_cur = 150, .rlim_max = before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	dup2(fileno(file), STDERR_FILENO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	assert_true(log_start("warn"));
	/* One line and part of the second fit; by the time it has stopped, all were tried. */
	for (int i = 0; i < 50; i++)
		log_event(LOG_WARN, "loud", ",\"number\":%d,\"padding\":\"%020d\"", i, i);
	log_stop();
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(log_start("warn"));
	log_event(LOG_WARN, "late", "%s", "");
	log_stop();
	dup2(saved, STDERR_FILENO);
	close(saved);

	rewind(file);
	char line[4096];
	const char *expected[] = {"loud", NULL, "log_dropped", "late"};
	int lines = 0;
	for (; fgets(line, sizeof(line), file) != NULL; lines++) {
		json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		assert_true(lines < 4);
		if (expected[lines] == NULL)
			assert_null(json);
		else
			assert_string_equal(json_string_value(json_object_get(json, "event")),
					    expected[lines]);
		if (lines == 2) {
			assert_int_equal(json_integer_value(json_object_get(json, "lines")), 49);
			assert_true(json_is_string(json_object_get(json, "time")));
		}
		json_decref(json);
	}
	assert_int_equal(lines, 4);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_quoted_as_json),
		cmocka_unit_test(every_line_is_json_and_none_is_lost),
		cmocka_unit_test(a_full_pipe_that_does_not_block_is_waited_for),
		cmocka_unit_test(what_the_buffer_does_not_hold_is_counted),
		cmocka_unit_test(what_a_full_disk_does_not_take_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
