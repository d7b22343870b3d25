#include "worker.h"

#include "core/ascii.h"
#include "core/charset.h"
#include "core/extract.h"
#include "core/metadata.h"
#include "core/refresh.h"
#include "core/summary.h"
#include "log.h"
#include "memory_guard.h"
#include "monotonic.h"
#include "render.h"
#include "request.h"
#include "url.h"

#include <jansson.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define MAX_KEYWORDS 10
/* When cores are scarce, reading, refusing and answering goes before summarizing; else I/O
 * threads wait for a core behind each summary, and everybody waits behind them. More than 1 costs
 * throughput: with 3, 64 clients that wait for their answers got 14% fewer. */
#define NICE 1
/* After a job that took more, the memory goes back to the system: glibc keeps it where anything
 * younger stands above it, such as the answer. */
#define LARGE_JOB_BYTES ((size_t)16 << 20)

struct worker {
	struct workers *pool;
	struct arena arena;
	struct stems *stems; /* NULL for lack of memory: then made for each job */
	pthread_t thread;
	_Atomic uint64_t busy_since_ns; /* 0: waiting for a job */
};

struct workers {
	struct worker_options options;
	struct queue *queue;
	struct fetcher *fetcher;
	struct metrics *metrics;
	size_t count; /* threads that run */
	struct worker *at;
};

static _Thread_local struct arena *json_arena;

static void *json_alloc(size_t size)
{
	return json_arena == NULL ? malloc(size) : arena_alloc(json_arena, size, 1);
}

static void json_free(void *at)
{
	if (json_arena == NULL)
		free(at); /* memory from an arena is freed with the arena */
}

void workers_prepare(void)
{
	json_set_alloc_funcs(json_alloc, json_free);
	json_object_seed(0);
	memory_guard_prepare();
}

/* What the steps of one job share. */
struct work {
	struct worker *worker;
	struct job *job;
	struct request request;
	struct article article;
	struct span text;
	struct problem_report report;
};

/* The report is for the ticket that came last: only that one still waits. */
static void report_late(const struct job *job, const char *when, struct problem_report *report)
{
	uint64_t came_ns = job->deadline_ns - job->allowed_ns;
	problem_set(report, PROBLEM_DEADLINE_EXCEEDED, "%s", when);
	problem_set_limit(report, job->allowed_ns / NS_PER_MS,
			  (monotonic_ns() - came_ns) / NS_PER_MS);
}

/* ---- download --------------------------------------------------------------------------- */

/* Reads it as url.c does: blanks in front are skipped. */
static bool has_web_scheme(struct span url)
{
	while (url.len > 0 && (unsigned char)url.at[0] <= ' ')
		url = span_slice(url, 1, url.len);
	return ascii_begins(url, SPAN("http:")) || ascii_begins(url, SPAN("https:"));
}

/* `asked` is the URL in the request. */
static void report_download(const struct fetch_result *download, struct span asked,
			    struct problem_report *report)
{
	unsigned long long limit = download->limit, actual = download->actual;
	switch (download->status) {
	case FETCH_OK:
		return;
	case FETCH_REFUSED:
		/* One text for every reason that the URL itself does not show: the client must
		 * not learn what is at that address. */
		problem_set_field(report, PROBLEM_URL_REFUSED, "url",
				  has_web_scheme(asked)
					  ? "This URL is not allowed here."
					  : "The URL must begin with http:// or https://.");
		return;
	case FETCH_UNREACHABLE:
		problem_set_field(report, PROBLEM_URL_UNREACHABLE, "url",
				  "The server could not be reached or gave no valid answer.");
		return;
	case FETCH_STATUS:
		if (download->actual == 0) {
			problem_set_field(report, PROBLEM_URL_STATUS, "url",
					  "The server answered %d.", download->http_status);
			return;
		}
		problem_set_field(
			report, PROBLEM_URL_STATUS, "url",
			"The URL redirects %llu times or more; at most %llu are followed.", actual,
			limit);
		break;
	case FETCH_TOO_LARGE:
		problem_set_field(report, PROBLEM_URL_TOO_LARGE, "url",
				  "The page has %llu bytes or more; at most %llu are allowed.",
				  actual, limit);
		break;
	case FETCH_NOT_HTML:
		problem_set_field(report, PROBLEM_URL_NOT_HTML, "url",
				  "The content type is \"%.60s\"; it must be HTML or plain text.",
				  download->content_type);
		return;
	case FETCH_TIMEOUT:
		problem_set_field(report, PROBLEM_URL_TIMEOUT, "url",
				  "The page did not arrive within %llu milliseconds.", limit);
		break;
	case FETCH_BUSY:
	case FETCH_NO_MEMORY:
		problem_set(report, PROBLEM_OVERLOADED, "Too many downloads are running.");
		break;
	case FETCH_CANCELLED:
		problem_set(report, PROBLEM_NOT_READY, "The download was given up.");
		return;
	}
	if (actual > 0)
		problem_set_limit(report, limit, actual);
}

/* The client gets a code; the exact reason is for the operator; no log holds the URL. */
static void log_failure(const struct job *job, const struct fetch_result *result)
{
	char why[256];
	if (result->status == FETCH_OK || !log_wants(LOG_INFO))
		return;
	log_event(
		LOG_INFO, "download_failed",
		",\"id\":\"%s\",\"why\":%s,\"http_status\":%d,\"redirects\":%u,\"elapsed_ms\":%.3f",
		job->request_id, log_quoted(result->why, why, sizeof(why)), result->http_status,
		result->redirects, (double)result->elapsed_us / 1000);
}

/* Runs on the fetcher's thread: keep what came and send the job back to the workers. */
static void on_fetched(void *arg, struct fetch_result *result)
{
	struct job *job = arg;
	struct problem_report report;
	log_failure(job, result);
	metrics_count_fetch(job->workers->metrics, result->status);
	atomic_store(&job->fetch_id, JOB_FETCHED);
	job->times.fetch_ns += (uint64_t)(result->waited_us + result->elapsed_us) * 1000;
	job->download = fetch_keep(result);
	if (job->download != NULL && queue_push_again(job->workers->queue, &job) == QUEUE_OK)
		return;
	problem_set(&report, PROBLEM_INTERNAL, "%s", "");
	job_fail(job, &report);
	job_release(job);
}

/*
 * Give the job to the fetcher, for `url` or for where the page that the job has leads. True: the
 * fetcher owns it now.
 */
static bool start_download(struct work *work, struct span url)
{
	struct job *job = work->job;
	struct fetch_result *from = job->download;
	if (from == NULL) { /* the second time, others may be reading this */
		job->workers = work->worker->pool;
		job->fetcher = job->workers->fetcher;
	}
	uint64_t deadline_ns = job->deadline_ns;
	if (monotonic_ns() > deadline_ns) {
		report_late(job, "The time ran out while it waited for a worker.", &work->report);
		return false;
	}
	const struct fetch_request request = {.url = arena_copy(&work->worker->arena, url),
					      .from = from,
					      .deadline_ms = (int64_t)(deadline_ns / NS_PER_MS),
					      .is_line = job->is_line,
					      .callback = on_fetched,
					      .arg = job,
					      .id = &job->fetch_id};
	if (request.url == NULL) {
		problem_set(&work->report, PROBLEM_TOO_COMPLEX, "No memory for the URL.");
		return false;
	}
	job_hold(job); /* the callback may end the job before fetch_start() returns */
	job->download = NULL;
	uint64_t id = fetch_start(job->fetcher, &request);
	fetch_drop(from);
	if (id == 0) {
		job_release(job);
		problem_set(&work->report, PROBLEM_OVERLOADED, "Too many downloads are waiting.");
		return false;
	}
	/* Whoever left or joined meanwhile had no id to name. */
	if (!job_is_wanted(job))
		fetch_cancel(job->fetcher, id);
	if (job->is_raised || job->deadline_ns > deadline_ns)
		job_join_download(job, job->is_line && !job->is_raised);
	job_release(job);
	return true;
}

/* ---- text ------------------------------------------------------------------------------- */

static bool job_expired(void *arg)
{
	struct work *work = arg;
	return !job_is_wanted(work->job) || monotonic_ns() > work->job->deadline_ns;
}

static void report_empty(struct work *work)
{
	problem_set_field(&work->report, PROBLEM_EMPTY_TEXT, request_kinds[work->request.kind],
			  "There is no visible character in it.");
}

struct extraction {
	struct work *work;
	struct span html, base_url, refresh;
	bool given;
	enum extract_status status;
};

static void extract_guarded(void *arg)
{
	struct extraction *e = arg;
	const struct extract_limits limits = {.expired = job_expired, .expired_arg = e->work};
	struct arena *arena = &e->work->worker->arena;
	struct article *article = &e->work->article;
	struct span url;
	e->status = extract_article(arena, e->html, e->base_url, e->given, &limits, article);
	if (article->little && article->leads_to.len == 0 && refresh_read(e->refresh, &url))
		article->leads_to = metadata_resolve(arena, url, e->base_url);
}

/* `download` NULL: the HTML was given in the request, as an article. */
static bool extract(struct work *work, struct span html, struct span base_url,
		    const struct fetch_result *download)
{
	struct extraction e = {work,
			       html,
			       base_url,
			       span_of(download == NULL ? "" : download->refresh),
			       download == NULL,
			       EXTRACT_OK};
	uint64_t start = monotonic_ns();
	if (!memory_guard(extract_guarded, &e)) {
		work->article = (struct article){0};
		e.status = EXTRACT_NO_MEMORY; /* memory may have run out after the article */
	}
	work->job->times.extract_ns += monotonic_ns() - start;
	work->text = work->article.text;
	switch (e.status) {
	case EXTRACT_OK:
		return true;
	case EXTRACT_NO_ARTICLE:
		if (download == NULL) { /* all its text is the article */
			report_empty(work);
			return false;
		}
		problem_set_field(&work->report, PROBLEM_NO_ARTICLE,
				  request_kinds[work->request.kind], "The page seems to be %s.",
				  work->article.seen == NULL ? "empty" : work->article.seen);
		return false;
	case EXTRACT_EXPIRED:
		report_late(work->job, "The time ran out while reading the HTML.", &work->report);
		return false;
	case EXTRACT_NO_MEMORY:
		break;
	}
	problem_set(&work->report, PROBLEM_TOO_COMPLEX,
		    "The memory ran out while reading the HTML.");
	return false;
}

/* The base of relative links must itself be a full URL. */
static bool base_url_holds(struct work *work)
{
	struct span base = work->request.base_url;
	struct url url;
	if (base.len == 0)
		return true;
	bool holds = url_parse(base, NULL, &url);
	if (holds)
		url_free(&url);
	else if (url.no_memory)
		problem_set(&work->report, PROBLEM_TOO_COMPLEX,
			    "The memory ran out while reading \"base_url\".");
	else
		problem_set_field(&work->report, PROBLEM_INVALID_VALUE, "base_url",
				  "\"base_url\" is no absolute http or https URL.");
	return holds;
}

struct decoding {
	struct arena *arena;
	const struct fetch_result *download;
	struct span utf8;
};

static void decode_guarded(void *arg)
{
	struct decoding *d = arg;
	struct span bytes = {d->download->body, d->download->body_len};
	d->utf8 = charset_to_utf8(d->arena, bytes, span_of(d->download->charset), NULL);
}

/* Servers label as text whatever they have no type for, even a page without a suffix. */
static bool is_plain_text(const struct fetch_result *download, struct span text)
{
	if (strcmp(download->content_type, "text/plain") != 0)
		return false;
	if (span_begins(text, SPAN("\xEF\xBB\xBF")))
		text = span_slice(text, 3, text.len);
	while (text.len > 0 && ascii_is_space(text.at[0]))
		text = span_slice(text, 1, text.len);
	return !ascii_begins(text, SPAN("<!doctype html")) && !ascii_begins(text, SPAN("<html"));
}

/* Find the text to summarize, from whatever was given. */
static bool find_text(struct work *work)
{
	const struct request *request = &work->request;
	const struct fetch_result *download = work->job->download;
	struct arena *arena = &work->worker->arena;
	if (request->kind == REQUEST_TEXT) {
		work->text = request->input;
		return true;
	}
	if (request->kind == REQUEST_HTML)
		return base_url_holds(work) &&
		       extract(work, request->input, request->base_url, NULL);

	if (download->status != FETCH_OK) {
		report_download(download, request->input, &work->report);
		return false;
	}
	struct decoding d = {.arena = arena, .download = download};
	if (!memory_guard(decode_guarded, &d) || arena->failed) {
		problem_set(&work->report, PROBLEM_TOO_COMPLEX,
			    "The memory ran out while decoding the page.");
		return false;
	}
	if (!is_plain_text(download, d.utf8))
		return extract(work, d.utf8, span_of(download->url), download);
	work->text = d.utf8;
	return true;
}

/* Compares URLs as the fetcher spells them. */
static bool is_its_own(struct span url, const struct fetch_result *download)
{
	struct url parsed;
	bool same = url_parse(url, NULL, &parsed) &&
		    span_equal(span_of(parsed.text), span_of(download->url));
	url_free(&parsed);
	return same;
}

/* Where a page without an article sends its readers; empty: nowhere. */
static struct span leads_to(const struct work *work)
{
	struct span url = work->article.leads_to;
	const struct fetch_result *download = work->job->download;
	if (work->report.problem == PROBLEM_NO_ARTICLE)
		return url;
	/* Without memory this may be half a URL. A page that has text and leads to itself only
	 * reloads, unless it waits for its cookie. */
	bool leads = work->report.problem == PROBLEM_NONE && url.len > 0 &&
		     (download->first_cookies || !is_its_own(url, download));
	return leads ? url : (struct span){0};
}

/* Returns new (malloc'ed) JSON of `*len` bytes, or NULL with work->report set. */
static char *summarize(struct work *work, size_t *len)
{
	char *body = NULL;
	const struct request *request = &work->request;
	struct arena *arena = &work->worker->arena;
	struct summary_input input = {.text = work->text,
				      .title = request->title.len > 0 ? request->title
								      : work->article.title,
				      .query = request->query,
				      .items = work->article.items,
				      .item_count = work->article.item_count,
				      .language = request->language,
				      .stems = work->worker->stems};
	struct summary_options options = {
		.select = request->select,
		.max_keywords = request->include & INCLUDE_KEYWORDS ? MAX_KEYWORDS : 0};
	if (input.language == NULL && work->article.language.len > 0)
		input.language =
			language_believe(language_from_tag(work->article.language), work->text);
	uint64_t start = monotonic_ns();
	struct summary summary;
	enum summary_status status = summary_make(arena, &input, &options, &summary);
	if (status == SUMMARY_OK) {
		struct render_input render = {
			.request = request,
			.text = work->text,
			.article = request->kind == REQUEST_TEXT ? NULL : &work->article,
			.url = work->job->download == NULL ? (struct span){0}
							   : span_of(work->job->download->url),
			.summary = &summary};
		body = render_answer(arena, &render, len);
		if (body == NULL)
			status = SUMMARY_NO_MEMORY;
	}
	work->job->times.summarize_ns += monotonic_ns() - start;
	if (status == SUMMARY_EMPTY)
		report_empty(work);
	else if (status == SUMMARY_NO_MEMORY)
		problem_set(&work->report, PROBLEM_TOO_COMPLEX,
			    "Summarizing it needs more memory than one request may use.");
	return body;
}

/* ---- the loop --------------------------------------------------------------------------- */

static bool decode(struct work *work)
{
	const struct job *job = work->job;
	struct span body = {job->body, job->body_len};
	size_t max_text = work->worker->pool->options.max_text_bytes;
	bool decoded = job->is_query
			       ? request_decode_query(body, max_text, &work->request, &work->report)
			       : request_decode(body, max_text, &work->request, &work->report);
	/* jansson does not always distinguish lack of memory from a fault in the JSON. */
	if (work->worker->arena.failed)
		problem_set(&work->report, PROBLEM_TOO_COMPLEX,
			    "Decoding it needs more memory than one request may use.");
	return decoded && !work->worker->arena.failed;
}

/* How long the result may be kept: failures of somebody else's server only for seconds. */
static uint64_t keep_ms(const struct work *work)
{
	const struct worker_options *options = &work->worker->pool->options;
	if (work->request.json == NULL || !work->request.cache)
		return 0;
	switch (work->report.problem) {
	case PROBLEM_NONE:
		return work->request.kind == REQUEST_URL ? options->keep_url_ms
							 : options->keep_text_ms;
	case PROBLEM_URL_REFUSED:
	case PROBLEM_URL_UNREACHABLE:
	case PROBLEM_URL_STATUS:
	case PROBLEM_URL_TOO_LARGE:
	case PROBLEM_URL_NOT_HTML:
	case PROBLEM_NO_ARTICLE:
		return options->keep_failure_ms;
	case PROBLEM_URL_TIMEOUT:
		return work->report.limit < options->url_timeout_ms ? 0 : options->keep_failure_ms;
	default:
		return 0;
	}
}

/* Work on one job as far as it goes now; takes the reference that came from the queue. */
static void run(struct worker *worker, struct job *job)
{
	struct work work = {.worker = worker, .job = job};
	char *body = NULL;
	size_t len = 0;
	job->times.queue_ns += monotonic_ns() - job->queued_ns;
	if (!job_is_wanted(job)) {
		problem_set(&work.report, PROBLEM_DEADLINE_EXCEEDED, "Nobody waits any more.");
	} else if (decode(&work)) {
		bool download_first = work.request.kind == REQUEST_URL && job->download == NULL;
		if (download_first && start_download(&work, work.request.input))
			return;
		bool found = work.report.problem == PROBLEM_NONE && find_text(&work);
		struct span next = leads_to(&work);
		if (next.len > 0 && start_download(&work, next))
			return;
		if (found && work.report.problem == PROBLEM_NONE)
			body = summarize(&work, &len);
	}
	if (body == NULL && work.request.json != NULL)
		problem_set_id(&work.report, work.request.id);
	struct answer *answer = answer_new(body, len);
	if (answer != NULL) {
		answer->report = work.report;
		answer->times = job->times;
		answer->keep_ms = keep_ms(&work);
	}
	job_finish(job, answer);
	job_release(job);
}

static void *loop(void *arg)
{
	struct worker *worker = arg;
	struct job *job;
	pthread_setname_np(pthread_self(), "worker");
	setpriority(PRIO_PROCESS, 0,
		    getpriority(PRIO_PROCESS, 0) + NICE); /* for this thread alone */
	json_arena = &worker->arena;
	worker->stems = stems_new();
	while ((job = queue_take(worker->pool->queue)) != NULL) {
		atomic_store_explicit(&worker->busy_since_ns, monotonic_ns(), memory_order_relaxed);
		run(worker, job);
		bool large = worker->arena.used_bytes > LARGE_JOB_BYTES;
		arena_reset(&worker->arena);
		if (large)
			malloc_trim(0);
		atomic_store_explicit(&worker->busy_since_ns, 0, memory_order_relaxed);
	}
	stems_free(worker->stems);
	arena_free(&worker->arena);
	return NULL;
}

struct workers *workers_new(const struct worker_options *options, struct queue *queue,
			    struct fetcher *fetcher, struct metrics *metrics)
{
	struct workers *workers = calloc(1, sizeof(*workers));
	if (workers == NULL)
		return NULL;
	*workers = (struct workers){
		.options = *options, .queue = queue, .fetcher = fetcher, .metrics = metrics};
	workers->at = calloc(options->count, sizeof(*workers->at));
	for (; workers->at != NULL && workers->count < options->count; workers->count++) {
		struct worker *worker = &workers->at[workers->count];
		worker->pool = workers;
		arena_init(&worker->arena, options->job_memory_bytes);
		if (pthread_create(&worker->thread, NULL, loop, worker) != 0)
			break;
	}
	if (workers->count == options->count)
		return workers;
	queue_close(queue);
	workers_free(workers);
	return NULL;
}

void workers_free(struct workers *workers)
{
	if (workers == NULL)
		return;
	for (size_t i = 0; i < workers->count; i++)
		pthread_join(workers->at[i].thread, NULL);
	free(workers->at);
	free(workers);
}

bool workers_end(const struct workers *workers, uint64_t wait_ms)
{
	uint64_t until = monotonic_ns() + wait_ms * NS_PER_MS;
	while (workers_busy(workers) > 0) {
		struct timespec pause = {.tv_nsec = (long)NS_PER_MS};
		if (monotonic_ns() > until)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

size_t workers_busy(const struct workers *workers)
{
	size_t busy = 0;
	for (size_t i = 0; i < workers->count; i++)
		busy += atomic_load_explicit(&workers->at[i].busy_since_ns, memory_order_relaxed) !=
			0;
	return busy;
}

bool workers_stuck(const struct workers *workers, uint64_t now_ns, uint64_t limit_ns)
{
	for (size_t i = 0; i < workers->count; i++) {
		uint64_t since =
			atomic_load_explicit(&workers->at[i].busy_since_ns, memory_order_relaxed);
		if (since == 0 || now_ns < since || now_ns - since < limit_ns)
			return false;
	}
	return true;
}
