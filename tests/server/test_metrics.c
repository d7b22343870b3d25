#include "check.h"

#include "server/metrics.h"

#include <stdbool.h>

/* The value on the line that begins with `series` and a space; -1: there is none. */
static double value_of(const char *text, const char *series)
{
	size_t len = strlen(series);
	for (const char *line = text; line != NULL && *line != '\0';) {
		if (strncmp(line, series, len) == 0 && line[len] == ' ')
			return strtod(line + len, NULL);
		line = strchr(line, '\n');
		line = line == NULL ? NULL : line + 1;
	}
	return -1;
}

static char *rendered(const struct metrics *metrics)
{
	struct metrics_gauges gauges = {.queue_depth = 7, .cache_hits = 11, .ready = true};
	size_t len;
	char *text = metrics_render(metrics, &gauges, &len);
	assert_non_null(text);
	assert_int_equal(strlen(text), len);
	return text;
}

static void requests_are_counted_by_route_and_code(void **state)
{
	struct metrics *metrics = metrics_new();
	struct metrics_request good = {
		.handler = HANDLER_SUMMARIES, .status = 200, .body_bytes = 100};
	struct metrics_request kept = {.handler = HANDLER_SUMMARIES, .status = 304};
	struct metrics_request bad = {
		.handler = HANDLER_SUMMARIES, .status = 400, .problem = PROBLEM_BAD_REQUEST};
	struct metrics_request left = {.handler = HANDLER_SUMMARIES};
	for (int i = 0; i < 3; i++)
		metrics_count(metrics, &good);
	metrics_count(metrics, &kept);
	metrics_count(metrics, &bad);
	metrics_count(metrics, &left);
	char *text = rendered(metrics), series[160];
	snprintf(series, sizeof(series),
		 "precis_requests_total{route=\"%s\",status=\"200\",code=\"ok\"}",
		 route_name(HANDLER_SUMMARIES));
	assert_true(value_of(text, series) == 3);
	snprintf(series, sizeof(series),
		 "precis_requests_total{route=\"%s\",status=\"304\",code=\"ok\"}",
		 route_name(HANDLER_SUMMARIES));
	assert_true(value_of(text, series) == 1);
	snprintf(series, sizeof(series),
		 "precis_requests_total{route=\"%s\",status=\"%u\",code=\"%s\"}",
		 route_name(HANDLER_SUMMARIES), problem_status(PROBLEM_BAD_REQUEST),
		 problem_code(PROBLEM_BAD_REQUEST));
	assert_true(value_of(text, series) == 1);
	snprintf(series, sizeof(series), "precis_requests_dropped_total{route=\"%s\"}",
		 route_name(HANDLER_SUMMARIES));
	assert_true(value_of(text, series) == 1);
	assert_true(value_of(text, "precis_request_body_bytes_total") == 300);
	assert_true(value_of(text, "precis_queue_depth") == 7);
	assert_true(value_of(text, "precis_cache_hits_total") == 11);
	assert_true(value_of(text, "precis_ready") == 1);
	free(text);
	metrics_free(metrics);
}

/* Prometheus sees no rise in a series that begins with 1: the first failure would raise no alert.
 */
static void failures_are_there_before_the_first(void **state)
{
	struct metrics *metrics = metrics_new();
	char *text = rendered(metrics), series[160];
	for (enum problem p = PROBLEM_NONE + 1; p < PROBLEM_COUNT; p++) {
		double wanted = problem_status(p) >= 500 ? 0 : -1;
		snprintf(series, sizeof(series),
			 "precis_requests_total{route=\"%s\",status=\"%u\",code=\"%s\"}",
			 route_name(HANDLER_SUMMARIES), problem_status(p), problem_code(p));
		CHECK(series, value_of(text, series) == wanted);
		snprintf(series, sizeof(series),
			 "precis_batch_lines_total{status=\"%u\",code=\"%s\"}", problem_status(p),
			 problem_code(p));
		CHECK(series, value_of(text, series) == wanted);
	}
	snprintf(series, sizeof(series), "precis_requests_dropped_total{route=\"%s\"}",
		 route_name(HANDLER_SUMMARIES));
	CHECK(series, value_of(text, series) == 0);
	free(text);
	metrics_free(metrics);
}

/* Buckets are cumulative, the last one equals the count, and a time is in its own bucket and all
 * later ones. */
static void histograms_are_cumulative(void **state)
{
	static const double times_s[] = {0, 50e-6, 1e-3, 0.3, 100};
	struct metrics *metrics = metrics_new();
	double sum = 0;
	for (size_t i = 0; i < sizeof(times_s) / sizeof(times_s[0]); i++) {
		struct metrics_request request = {.handler = HANDLER_SUMMARIES,
						  .total_ns = (uint64_t)(times_s[i] * 1e9 + 0.5)};
		metrics_count(metrics, &request);
		sum += times_s[i];
	}
	char *text = rendered(metrics);
	static const char prefix[] = "precis_stage_seconds_bucket{stage=\"total\",le=\"";
	size_t buckets = 0;
	for (const char *line = strstr(text, prefix); line != NULL;
	     line = strstr(line + 1, prefix)) {
		double bound = strtod(line + sizeof(prefix) - 1, NULL), below = 0;
		for (size_t i = 0; i < sizeof(times_s) / sizeof(times_s[0]); i++)
			below += times_s[i] <= bound;
		assert_true(strtod(strchr(line, '}') + 1, NULL) == below);
		buckets++;
	}
	assert_true(buckets > 5);
	assert_true(value_of(text, "precis_stage_seconds_count{stage=\"total\"}") == 5);
	double got = value_of(text, "precis_stage_seconds_sum{stage=\"total\"}");
	assert_true(got > sum - 1e-6 && got < sum + 1e-6);
	/* No work was done, so the stages of work have no times. */
	assert_true(value_of(text, "precis_stage_seconds_count{stage=\"summarize\"}") == 0);
	free(text);
	metrics_free(metrics);
}

/* Operators see where the time goes: only for summaries, and only stages that took place. */
static void each_stage_is_counted_where_it_was(void **state)
{
	static const struct {
		const char *stage;
		struct job_times times;
	} cases[] = {
		{"fetch", {.fetch_ns = 5000}},
		{"extract", {.extract_ns = 5000}},
		{"summarize", {.summarize_ns = 5000}},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct metrics *metrics = metrics_new();
		struct metrics_request request = {
			.handler = HANDLER_SUMMARIES, .status = 200, .times = &cases[i].times};
		struct metrics_request probe = {
			.handler = HANDLER_NONE, .status = 404, .times = &cases[i].times};
		char series[80];
		metrics_count(metrics, &request);
		metrics_count(metrics, &probe);
		char *text = rendered(metrics);
		snprintf(series, sizeof(series), "precis_stage_seconds_count{stage=\"%s\"}",
			 cases[i].stage);
		CHECK(series, value_of(text, series) == 1);
		snprintf(series, sizeof(series), "precis_stage_seconds_sum{stage=\"%s\"}",
			 cases[i].stage);
		CHECK(series, value_of(text, series) == 5e-6);
		CHECK(series, value_of(text, "precis_stage_seconds_count{stage=\"total\"}") == 1);
		free(text);
		metrics_free(metrics);
	}
}

/* Text format 0.0.4: each line is a comment, or a name, optional labels and a number; no series
 * occurs twice; the type of each of ours comes before it. */
static void every_line_is_well_formed(void **state)
{
	struct metrics *metrics = metrics_new();
	for (enum problem p = PROBLEM_NONE; p < PROBLEM_COUNT; p++) {
		struct metrics_request request = {
			.handler = HANDLER_NONE, .status = problem_status(p), .problem = p};
		metrics_count(metrics, &request);
	}
	metrics_count_fetch(metrics, FETCH_TIMEOUT);
	char *text = rendered(metrics), name[64], type[96];
	for (char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		size_t len = strcspn(line, "\n");
		assert_int_equal(line[len], '\n');
		if (*line == '#')
			continue;
		size_t name_len = strcspn(line, "{ ");
		assert_true(name_len > 0 && name_len < sizeof(name));
		memcpy(name, line, name_len);
		name[name_len] = '\0';
		const char *value =
			line[name_len] == '{' ? strstr(line, "} ") + 1 : line + name_len;
		char *end;
		strtod(value, &end);
		CHECK(name, *value == ' ' && end == line + len);
		size_t series_len = (size_t)(value - line);
		for (const char *other = line + len + 1; *other != '\0';
		     other = strchr(other, '\n') + 1)
			CHECK(name, strncmp(other, line, series_len + 1) != 0);
		char *suffix = strstr(name, "_seconds_");
		if (suffix != NULL && strncmp(name, "precis_stage", 12) == 0)
			suffix[8] = '\0';
		snprintf(type, sizeof(type), "# TYPE %s ", name);
		const char *said = strstr(text, type);
		CHECK(name, said != NULL && said < line);
	}
	free(text);
	metrics_free(metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_counted_by_route_and_code),
		cmocka_unit_test(failures_are_there_before_the_first),
		cmocka_unit_test(histograms_are_cumulative),
		cmocka_unit_test(each_stage_is_counted_where_it_was),
		cmocka_unit_test(every_line_is_well_formed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
