#include "metrics.h"

#include "version.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum stage { STAGE_QUEUE, STAGE_FETCH, STAGE_EXTRACT, STAGE_SUMMARIZE, STAGE_TOTAL, STAGE_COUNT };

static const char *const stage_names[STAGE_COUNT] = {"queue", "fetch", "extract", "summarize",
						     "total"};

/* Upper bounds of the histograms' buckets, in microseconds. */
static const uint32_t bounds_us[] = {50,     100,     250,     500,     1000,    2500,
				     5000,   10000,   25000,   50000,   100000,  250000,
				     500000, 1000000, 2500000, 5000000, 10000000};
#define BOUNDS (sizeof(bounds_us) / sizeof(bounds_us[0]))

static const char *const fetch_names[] = {
	[FETCH_OK] = "ok",
	[FETCH_REFUSED] = "refused",
	[FETCH_UNREACHABLE] = "unreachable",
	[FETCH_STATUS] = "status",
	[FETCH_TOO_LARGE] = "too_large",
	[FETCH_NOT_HTML] = "not_html",
	[FETCH_TIMEOUT] = "timeout",
	[FETCH_CANCELLED] = "cancelled",
	[FETCH_BUSY] = "busy",
	[FETCH_NO_MEMORY] = "no_memory",
};
static const char *const shared_names[SHARED_RESULT_COUNT] = {
	[SHARED_HIT] = "hit",         [SHARED_MISS] = "miss",           [SHARED_WAIT] = "wait",
	[SHARED_INVALID] = "invalid", [SHARED_ERROR] = "error",         [SHARED_AWAY] = "away",
	[SHARED_STORED] = "stored",   [SHARED_STORE_FAILED] = "failed",
};
#define FETCHES (sizeof(fetch_names) / sizeof(fetch_names[0]))

/* The statuses of answers without a problem; each problem has its own. */
static const unsigned good_statuses[] = {200, 204, 304};
#define GOOD_STATUSES (sizeof(good_statuses) / sizeof(good_statuses[0]))

struct histogram {
	atomic_uint_fast64_t buckets[BOUNDS + 1], sum_ns;
};

struct metrics {
	atomic_uint_fast64_t good[HANDLER_COUNT][GOOD_STATUSES];
	atomic_uint_fast64_t problems[HANDLER_COUNT][PROBLEM_COUNT], dropped[HANDLER_COUNT];
	atomic_uint_fast64_t fetches[FETCHES], body_bytes, answer_bytes;
	atomic_uint_fast64_t lines[PROBLEM_COUNT];
	struct histogram stages[STAGE_COUNT];
	atomic_uint_fast64_t shared[SHARED_RESULT_COUNT], rates[2];
	struct histogram redis;
	time_t started;
};

struct metrics *metrics_new(void)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));
	if (metrics != NULL)
		metrics->started = time(NULL);
	return metrics;
}

void metrics_free(struct metrics *metrics)
{
	free(metrics);
}

static void add(atomic_uint_fast64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t get(const atomic_uint_fast64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void observe(struct histogram *histogram, uint64_t ns)
{
	size_t bucket = 0;
	while (bucket < BOUNDS && ns > (uint64_t)bounds_us[bucket] * 1000)
		bucket++;
	add(&histogram->buckets[bucket], 1);
	add(&histogram->sum_ns, ns);
}

static atomic_uint_fast64_t *counter_of(struct metrics *metrics,
					const struct metrics_request *request)
{
	if (request->status == 0)
		return &metrics->dropped[request->handler];
	if (request->problem != PROBLEM_NONE)
		return &metrics->problems[request->handler][request->problem];
	size_t i = GOOD_STATUSES - 1;
	while (i > 0 && good_statuses[i] != request->status)
		i--;
	return &metrics->good[request->handler][i];
}

void metrics_count(struct metrics *metrics, const struct metrics_request *request)
{
	add(counter_of(metrics, request), 1);
	add(&metrics->body_bytes, request->body_bytes);
	add(&metrics->answer_bytes, request->answer_bytes);
	if (request->handler != HANDLER_SUMMARIES || request->is_batch)
		return;
	observe(&metrics->stages[STAGE_TOTAL], request->total_ns);
	const struct job_times *times = request->times;
	if (times == NULL)
		return;
	observe(&metrics->stages[STAGE_QUEUE], times->queue_ns);
	observe(&metrics->stages[STAGE_SUMMARIZE], times->summarize_ns);
	/* A text skips these stages; zeros would only hide the durations of others. */
	if (times->fetch_ns > 0)
		observe(&metrics->stages[STAGE_FETCH], times->fetch_ns);
	if (times->extract_ns > 0)
		observe(&metrics->stages[STAGE_EXTRACT], times->extract_ns);
}

void metrics_count_line(struct metrics *metrics, enum problem problem)
{
	add(&metrics->lines[problem], 1);
}

void metrics_count_fetch(struct metrics *metrics, enum fetch_status status)
{
	add(&metrics->fetches[status], 1);
}

void metrics_count_shared(struct metrics *metrics, enum shared_result result)
{
	add(&metrics->shared[result], 1);
}

void metrics_count_shared_rate(struct metrics *metrics, bool shared)
{
	add(&metrics->rates[shared], 1);
}

void metrics_count_redis(struct metrics *metrics, uint64_t ns)
{
	observe(&metrics->redis, ns);
}

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP precis_%s %s\n# TYPE precis_%s %s\n", name, help, name, type);
}

static void one(FILE *out, const char *name, const char *type, const char *help, double value)
{
	head(out, name, type, help);
	fprintf(out, "precis_%s %.15g\n", name, value);
}

/* Show failures of the service from the start, with 0: Prometheus sees no rise in a series that
 * begins with 1, and its alerts would miss the first failure. */
static bool is_shown(uint64_t count, unsigned status)
{
	return count > 0 || status >= 500;
}

static void write_request_count(FILE *out, enum handler handler, unsigned status, const char *code,
				uint64_t count)
{
	if (is_shown(count, handler == HANDLER_SUMMARIES ? status : 0))
		fprintf(out,
			"precis_requests_total{route=\"%s\",status=\"%u\",code=\"%s\"} %" PRIu64
			"\n",
			route_name(handler), status, code, count);
}

static void write_requests(FILE *out, const struct metrics *metrics)
{
	head(out, "requests_total", "counter", "Requests answered, by route, status and code.");
	for (enum handler h = 0; h < HANDLER_COUNT; h++) {
		for (size_t i = 0; i < GOOD_STATUSES; i++)
			write_request_count(out, h, good_statuses[i], "ok",
					    get(&metrics->good[h][i]));
		for (enum problem p = PROBLEM_NONE + 1; p < PROBLEM_COUNT; p++)
			write_request_count(out, h, problem_status(p), problem_code(p),
					    get(&metrics->problems[h][p]));
	}
	head(out, "requests_dropped_total", "counter",
	     "Requests whose client left before the answer, by route.");
	for (size_t h = 0; h < HANDLER_COUNT; h++)
		if (h == HANDLER_SUMMARIES || get(&metrics->dropped[h]) > 0)
			fprintf(out, "precis_requests_dropped_total{route=\"%s\"} %" PRIu64 "\n",
				route_name((enum handler)h), get(&metrics->dropped[h]));
}

static void write_lines(FILE *out, const struct metrics *metrics)
{
	head(out, "batch_lines_total", "counter", "Lines of batches answered, by status and code.");
	for (enum problem p = PROBLEM_NONE; p < PROBLEM_COUNT; p++)
		if (p == PROBLEM_NONE || is_shown(get(&metrics->lines[p]), problem_status(p)))
			fprintf(out,
				"precis_batch_lines_total{status=\"%u\",code=\"%s\"} %" PRIu64 "\n",
				p == PROBLEM_NONE ? 200 : problem_status(p),
				p == PROBLEM_NONE ? "ok" : problem_code(p),
				get(&metrics->lines[p]));
}

/* `label` is `name="value"`, or empty. */
static void write_histogram(FILE *out, const char *name, const char *label,
			    const struct histogram *histogram)
{
	const char *comma = *label == '\0' ? "" : ",";
	uint64_t count = 0;
	for (size_t b = 0; b < BOUNDS; b++) {
		count += get(&histogram->buckets[b]);
		fprintf(out, "precis_%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, label, comma,
			bounds_us[b] / 1e6, count);
	}
	count += get(&histogram->buckets[BOUNDS]);
	fprintf(out, "precis_%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, label, comma, count);
	const char *open = *label == '\0' ? "" : "{", *close = *label == '\0' ? "" : "}";
	fprintf(out, "precis_%s_sum%s%s%s %.9f\n", name, open, label, close,
		(double)get(&histogram->sum_ns) / 1e9);
	fprintf(out, "precis_%s_count%s%s%s %" PRIu64 "\n", name, open, label, close, count);
}

static void write_stages(FILE *out, const struct metrics *metrics)
{
	head(out, "stage_seconds", "histogram", "Time of each stage of a summary, batches apart.");
	for (size_t s = 0; s < STAGE_COUNT; s++) {
		char label[32];
		snprintf(label, sizeof(label), "stage=\"%s\"", stage_names[s]);
		write_histogram(out, "stage_seconds", label, &metrics->stages[s]);
	}
}

static void write_shared(FILE *out, const struct metrics *metrics, bool up)
{
	one(out, "shared_cache_up", "gauge", "Does the server of --cache-url answer?", up);
	head(out, "shared_cache_lookups_total", "counter",
	     "Jobs looked up in the shared cache, by result.");
	for (size_t i = SHARED_HIT; i < SHARED_STORED; i++)
		fprintf(out, "precis_shared_cache_lookups_total{result=\"%s\"} %" PRIu64 "\n",
			shared_names[i], get(&metrics->shared[i]));
	head(out, "shared_cache_stores_total", "counter",
	     "Answers given to the shared cache, by result.");
	for (size_t i = SHARED_STORED; i < SHARED_RESULT_COUNT; i++)
		fprintf(out, "precis_shared_cache_stores_total{result=\"%s\"} %" PRIu64 "\n",
			shared_names[i], get(&metrics->shared[i]));
	head(out, "shared_rate_total", "counter",
	     "Requests counted against --rate, by who counts.");
	fprintf(out,
		"precis_shared_rate_total{by=\"shared\"} %" PRIu64 "\n"
		"precis_shared_rate_total{by=\"instance\"} %" PRIu64 "\n",
		get(&metrics->rates[true]), get(&metrics->rates[false]));
	head(out, "shared_cache_seconds", "histogram",
	     "Time from a command to its reply, waiting included.");
	write_histogram(out, "shared_cache_seconds", "", &metrics->redis);
}

static void write_gauges(FILE *out, const struct metrics_gauges *g)
{
	one(out, "connections", "gauge", "Client connections.", (double)g->connections);
	one(out, "requests_in_flight", "gauge", "Requests under way.", (double)g->in_flight);
	one(out, "queue_depth", "gauge", "Jobs that wait for a worker.", (double)g->queue_depth);
	one(out, "workers", "gauge", "Worker threads.", (double)g->workers);
	one(out, "workers_busy", "gauge", "Worker threads at work.", (double)g->workers_busy);
	one(out, "downloads_active", "gauge", "Downloads under way.", (double)g->downloads);
	one(out, "downloads_waiting", "gauge", "Downloads that wait.",
	    (double)g->downloads_waiting);
	one(out, "request_body_held_bytes", "gauge",
	    "Bytes of request bodies, and of answers outside the cache, held.",
	    (double)g->body_bytes);
	one(out, "cache_hits_total", "counter", "Requests and lines answered from the cache.",
	    (double)g->cache_hits);
	one(out, "cache_misses_total", "counter", "Requests and lines that had to be worked on.",
	    (double)g->cache_misses);
	one(out, "cache_joined_total", "counter", "Requests and lines that shared another's job.",
	    (double)g->cache_joined);
	one(out, "cache_evicted_total", "counter", "Answers that made room for others.",
	    (double)g->cache_evicted);
	one(out, "cache_entries", "gauge", "Answers kept.", (double)g->cache_entries);
	one(out, "cache_bytes", "gauge", "Memory of the answers kept.", (double)g->cache_bytes);
	one(out, "ready", "gauge", "Does /readyz say yes?", g->ready);
	head(out, "sandbox", "gauge",
	     "What holds the process in: 0, not in force; of Landlock, its version.");
	fprintf(out,
		"precis_sandbox{part=\"seccomp\"} %d\nprecis_sandbox{part=\"landlock\"} %u\n"
		"precis_sandbox{part=\"no_core_dumps\"} %d\n",
		g->sandbox.syscalls, g->sandbox.landlock, g->sandbox.no_core);
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double resident_bytes(void)
{
	unsigned long size = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (file != NULL) {
		if (fscanf(file, "%lu %lu", &size, &resident) != 2)
			resident = 0;
		fclose(file);
	}
	return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static double open_descriptors(void)
{
	double count = 0;
	DIR *folder = opendir("/proc/self/fd");
	for (; folder != NULL && readdir(folder) != NULL; count++)
		;
	if (folder != NULL)
		closedir(folder);
	return count > 3 ? count - 3 : 0; /* ".", ".." and the folder itself */
}

static double allowed_descriptors(void)
{
	struct rlimit limit;
	return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (double)limit.rlim_cur : 0;
}

static void write_process(FILE *out, const struct metrics *metrics)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	/* These have the names and helps that Prometheus' own client libraries give them. */
	fprintf(out,
		"# HELP process_cpu_seconds_total Total user and system CPU time spent in "
		"seconds.\n"
		"# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %.6f\n"
		"# HELP process_resident_memory_bytes Resident memory size in bytes.\n"
		"# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %.0f\n"
		"# HELP process_open_fds Number of open file descriptors.\n"
		"# TYPE process_open_fds gauge\nprocess_open_fds %.0f\n"
		"# HELP process_max_fds Maximum number of open file descriptors.\n"
		"# TYPE process_max_fds gauge\nprocess_max_fds %.0f\n"
		"# HELP process_start_time_seconds Start time of the process since unix epoch in "
		"seconds.\n"
		"# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %lld\n",
		seconds(usage.ru_utime) + seconds(usage.ru_stime), resident_bytes(),
		open_descriptors(), allowed_descriptors(), (long long)metrics->started);
}

char *metrics_render(const struct metrics *metrics, const struct metrics_gauges *gauges,
		     size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	if (out == NULL)
		return NULL;
	head(out, "build_info", "gauge", "The version that runs.");
	fprintf(out, "precis_build_info{version=\"%s\"} 1\n", PRECIS_VERSION);
	write_requests(out, metrics);
	write_lines(out, metrics);
	write_stages(out, metrics);
	head(out, "fetches_total", "counter", "Downloads ended, by result.");
	for (size_t i = 0; i < FETCHES; i++)
		fprintf(out, "precis_fetches_total{result=\"%s\"} %" PRIu64 "\n", fetch_names[i],
			get(&metrics->fetches[i]));
	one(out, "request_body_bytes_total", "counter", "Bytes of request bodies read.",
	    (double)get(&metrics->body_bytes));
	one(out, "response_body_bytes_total", "counter", "Bytes of answers.",
	    (double)get(&metrics->answer_bytes));
	write_gauges(out, gauges);
	if (gauges->has_redis)
		write_shared(out, metrics, gauges->redis_up);
	write_process(out, metrics);
	bool good = !ferror(out);
	if (fclose(out) == 0 && good)
		return text;
	free(text);
	return NULL;
}
