#include "download.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	IDLE_CONNECTIONS = 64,
	POLL_MAX_MS = 60 * 1000,
	/* While a transfer runs. libcurl before 8.4 drops an "at once" timer when an earlier one
	 * is due and less than a millisecond has passed since it looked at the clock: what it has
	 * read of an HTTP/2 answer would lie there until somebody else wakes us. */
	POLL_RUNNING_MS = 100,
	COOKIES_MAX_BYTES = 16 * 1024,
	MAX_LINES = 4096, /* each turn of the thread walks over them */
};

int64_t fetch_now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t fetch_limit_us(const struct fetch *fetch)
{
	int64_t deadline_us = atomic_load(&fetch->deadline_us);
	return fetch->limit_us < deadline_us ? fetch->limit_us : deadline_us;
}

static void fetch_free(struct fetch *fetch)
{
	url_free(&fetch->url);
	curl_slist_free_all(fetch->cookies);
	free(fetch->refresh);
	free(fetch->from);
	free(fetch->text);
	free(fetch);
}

static void unlink_fetch(struct fetch *fetch)
{
	struct fetcher *fetcher = fetch->fetcher;
	pthread_mutex_lock(&fetcher->lock);
	*(fetch->prev == NULL ? &fetcher->all : &fetch->prev->next) = fetch->next;
	*(fetch->next == NULL ? &fetcher->last : &fetch->next->prev) = fetch->prev;
	fetcher->count[fetch->is_line]--;
	pthread_mutex_unlock(&fetcher->lock);
}

void fetch_release(struct fetch *fetch)
{
	if (fetch->begun_us != 0) {
		fetch->fetcher->active--;
		atomic_store(&fetch->fetcher->active_now, fetch->fetcher->active);
	}
	fetch->fetcher->again = true;
	unlink_fetch(fetch);
	fetch_free(fetch);
}

/*
 * Keep the cookies for the next hop: this hop's, with the changes made by its answer. No more than
 * can be sent, because each head may set 64 KB of them, which no budget counts.
 */
static void keep_cookies(struct fetch *fetch)
{
	struct curl_slist *cookies = NULL;
	curl_easy_getinfo(fetch->easy, CURLINFO_COOKIELIST, &cookies);
	fetch->result.first_cookies = fetch->cookies == NULL && cookies != NULL;
	curl_slist_free_all(fetch->cookies);
	fetch->cookies = cookies;
	size_t bytes = 0;
	for (struct curl_slist **at = &fetch->cookies; *at != NULL; at = &(*at)->next) {
		bytes += strlen((*at)->data);
		if (bytes <= COOKIES_MAX_BYTES)
			continue;
		curl_slist_free_all(*at);
		*at = NULL;
		break;
	}
}

void fetch_end_transfer(struct fetch *fetch)
{
	if (fetch->easy != NULL) {
		curl_multi_remove_handle(fetch->fetcher->multi, fetch->easy);
		keep_cookies(fetch);
	}
	curl_easy_cleanup(fetch->easy);
	curl_share_cleanup(fetch->share);
	curl_slist_free_all(fetch->pinned);
	fetch->easy = NULL;
	fetch->share = NULL;
	fetch->pinned = NULL;
}

static void drop_body(struct fetch_result *result)
{
	if (result->body != NULL)
		budget_give(result->budget, result->body_room);
	free(result->body);
	result->body = NULL;
	result->body_len = result->body_room = 0;
}

void fetch_blame(struct fetch *fetch, enum fetch_status verdict, const char *why)
{
	if (fetch->verdict != FETCH_OK)
		return;
	fetch->verdict = verdict;
	fetch->why = why;
}

void fetch_blame_size(struct fetch *fetch, enum fetch_status verdict, const char *why,
		      uint64_t limit, uint64_t actual)
{
	if (fetch->verdict != FETCH_OK)
		return;
	fetch_blame(fetch, verdict, why);
	fetch->result.limit = limit;
	fetch->result.actual = actual;
}

void fetch_finish(struct fetch *fetch, enum fetch_status status, const char *why)
{
	struct fetch_result *result = &fetch->result;
	int64_t now = fetch_now_us();
	fetch_end_transfer(fetch);
	if (status != FETCH_OK)
		drop_body(result);
	result->status = status;
	result->why = why;
	result->url = fetch->url.text == NULL ? "" : fetch->url.text;
	result->redirects = fetch->redirects;
	result->waited_us = (fetch->begun_us == 0 ? now : fetch->begun_us) - fetch->made_us;
	result->elapsed_us = fetch->begun_us == 0 ? 0 : now - fetch->begun_us;
	result->used_us = fetch->spent_us + result->elapsed_us;
	result->refresh = fetch->refresh == NULL ? "" : fetch->refresh;
	result->cookies = fetch->cookies;
	fetch->cookies = NULL;
	if (status == FETCH_TIMEOUT) {
		int64_t had_us = fetch_limit_us(fetch) - fetch->begun_us + fetch->spent_us;
		result->limit = had_us > 0 ? (uint64_t)had_us / 1000 : 0;
		result->actual = (uint64_t)result->used_us / 1000;
		if (result->actual < result->limit)
			result->actual = result->limit; /* libcurl may stop a little early */
	}
	fetch->callback(fetch->arg, result);
	drop_body(result);
	curl_slist_free_all(result->cookies);
	if (fetch->state == FETCH_STATE_LOOKUP)
		fetch->state = FETCH_STATE_ENDED;
	else
		fetch_release(fetch);
}

/* -- The thread ---------------------------------------------------------------------------- */

/* How many slots waiting requests and lines may take, indexed by is_line. Under the lock. */
static void share_slots(const struct fetcher *fetcher, size_t slots[2])
{
	const size_t most = (fetcher->options.max_parallel + 1) / 2;
	size_t waiting = 0, lines = most;
	slots[false] = fetcher->options.max_parallel - fetcher->active;
	for (const struct fetch *fetch = fetcher->all; fetch != NULL; fetch = fetch->next) {
		bool waits = fetch->state == FETCH_STATE_WAITING;
		waiting += waits && !fetch->is_line;
		lines -= !waits && fetch->is_line;
	}
	size_t left = slots[false] > waiting ? slots[false] - waiting : 0;
	slots[true] = left < lines ? left : lines;
	/* Even if requests always wait, one line runs, or no batch would make progress. */
	if (slots[true] == 0 && slots[false] > 0 && lines == most && fetcher->count[true] > 0 &&
	    fetcher->options.max_parallel > 1) {
		slots[true] = 1;
		slots[false]--;
	}
}

/*
 * A list of the downloads to act on now; `*limit_us` becomes the time of the next one due. Two
 * walks per turn over a few hundred downloads are cheaper than keeping them in order.
 */
static struct fetch *collect(struct fetcher *fetcher, int64_t now, int64_t *limit_us,
			     bool *stopping)
{
	struct fetch *first = NULL, **end = &first;
	size_t slots[2];
	pthread_mutex_lock(&fetcher->lock);
	share_slots(fetcher, slots);
	*stopping = fetcher->stopping;
	for (struct fetch *fetch = fetcher->all; fetch != NULL; fetch = fetch->next) {
		if (fetch->state == FETCH_STATE_ENDED)
			continue;
		fetch->begins = fetch->state == FETCH_STATE_WAITING && slots[fetch->is_line] > 0;
		if (fetcher->stopping)
			fetch->cancelled = true;
		int64_t limit = fetch_limit_us(fetch);
		if (fetch->cancelled || fetch->begins || limit <= now) {
			*end = fetch;
			end = &fetch->todo;
			slots[fetch->is_line] -= fetch->begins;
		}
		/* Also for those that begin now, because a look-up wakes nobody before it has
		 * ended. */
		if (limit < *limit_us)
			*limit_us = limit;
	}
	*end = NULL;
	pthread_mutex_unlock(&fetcher->lock);
	return first;
}

static void act(struct fetch *fetch, int64_t now)
{
	if (fetch->cancelled)
		fetch_finish(fetch, FETCH_CANCELLED, "cancelled");
	else if (fetch_limit_us(fetch) <= now && fetch->state == FETCH_STATE_WAITING)
		fetch_finish(fetch, FETCH_BUSY, "no slot before the deadline");
	else if (fetch_limit_us(fetch) <= now)
		fetch_broken(fetch, FETCH_TIMEOUT, "took too long");
	else if (fetch->begins) /* else somebody joined meanwhile and extended its deadline */
		fetch_begin(fetch);
}

static void take_lookups(struct fetcher *fetcher)
{
	struct lookup *lookup = lookups_take(fetcher->lookups);
	while (lookup != NULL) {
		struct lookup *next = lookup->next;
		fetch_looked_up(lookup->owner, lookup);
		free(lookup);
		lookup = next;
	}
}

static void take_transfers(struct fetcher *fetcher)
{
	int left;
	for (CURLMsg *message; (message = curl_multi_info_read(fetcher->multi, &left)) != NULL;) {
		struct fetch *fetch = NULL;
		CURLcode code = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&fetch);
		fetch_transferred(fetch, code);
	}
}

/* False: the fetcher stops before any download. */
static bool wait_for_first(struct fetcher *fetcher)
{
	pthread_mutex_lock(&fetcher->lock);
	while (!fetcher->ready && !fetcher->stopping)
		pthread_cond_wait(&fetcher->changed, &fetcher->lock);
	bool ready = fetcher->ready;
	pthread_mutex_unlock(&fetcher->lock);
	return ready;
}

static void *fetcher_thread(void *arg)
{
	struct fetcher *fetcher = arg;
	pthread_setname_np(pthread_self(), "fetch");
	bool stopping = !wait_for_first(fetcher);
	while (!stopping) {
		int running;
		int64_t now = fetch_now_us(), limit_us = now + (int64_t)POLL_MAX_MS * 1000;
		struct fetch *todo = collect(fetcher, now, &limit_us, &stopping);
		fetcher->again = false;
		while (todo != NULL) {
			struct fetch *next = todo->todo;
			act(todo, now);
			todo = next;
		}
		take_lookups(fetcher);
		curl_multi_perform(fetcher->multi, &running);
		take_transfers(fetcher);
		int64_t wait_ms = (limit_us - fetch_now_us() + 999) / 1000;
		if (running > 0 && wait_ms > POLL_RUNNING_MS)
			wait_ms = POLL_RUNNING_MS;
		if (!stopping && !fetcher->again)
			curl_multi_poll(fetcher->multi, NULL, 0, wait_ms > 0 ? (int)wait_ms : 0,
					NULL);
	}
	return NULL;
}

/* -- From other threads -------------------------------------------------------------------- */

static void wake(void *arg)
{
	curl_multi_wakeup(arg);
}

/* Not at the first download: that comes from a worker, and its low priority would be inherited. */
static bool start_thread(struct fetcher *fetcher)
{
	sigset_t all, before;
	/* Signals are for the thread that waits for them; SIGPIPE must not end the process. The
	 * look-up threads inherit this. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool started = pthread_create(&fetcher->thread, NULL, fetcher_thread, fetcher) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static void free_engine(struct fetcher *fetcher)
{
	lookups_free(fetcher->lookups);
	curl_multi_cleanup(fetcher->multi);
	curl_global_cleanup();
	fetcher->lookups = NULL;
	fetcher->multi = NULL;
}

/* Called for the first download: starts libcurl and with it the TLS library. That takes 2 MB and
 * 2 ms, which a service that only gets text and HTML never pays and no start waits for. Under the
 * lock. */
static bool start_engine(struct fetcher *fetcher)
{
	const struct fetch_options *options = &fetcher->options;
	if (fetcher->ready)
		return true;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return false;
	fetcher->multi = curl_multi_init();
	/* If descriptors have run out, libcurl silently goes without its wake-up, and every
	 * download would wait for the next timeout. Then refuse this download, and try again at the
	 * next. */
	if (fetcher->multi != NULL && curl_multi_wakeup(fetcher->multi) == CURLM_OK)
		fetcher->lookups =
			lookups_new(options->resolve, options->resolve_arg, wake, fetcher->multi);
	if (fetcher->lookups != NULL) {
		/* One request at a time per connection: downloads of strangers must not share
		 * its fate. */
		curl_multi_setopt(fetcher->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
		curl_multi_setopt(fetcher->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
		fetcher->ready = true;
		pthread_cond_signal(&fetcher->changed);
	} else {
		free_engine(fetcher);
	}
	return fetcher->ready;
}

/*
 * Lines have their own room and leave that of requests alone. A batch reads on as its lines are
 * answered, so refusing lines would only make more come faster. A download that follows a page was
 * let in already.
 */
static bool has_room(const struct fetcher *fetcher, const struct fetch_request *request)
{
	size_t room = request->is_line
			      ? MAX_LINES
			      : fetcher->options.max_parallel + fetcher->options.max_waiting;
	return !fetcher->stopping &&
	       (request->from != NULL || fetcher->count[request->is_line] < room);
}

static struct curl_slist *copy_list(const struct curl_slist *list)
{
	struct curl_slist *out = NULL;
	for (; list != NULL; list = list->next) {
		struct curl_slist *longer = curl_slist_append(out, list->data);
		if (longer == NULL) {
			curl_slist_free_all(out);
			return NULL;
		}
		out = longer;
	}
	return out;
}

/* Continue the download of the page that led here; false without memory. */
static bool go_on(struct fetch *fetch, const struct fetch_result *from)
{
	if (from == NULL)
		return true;
	fetch->from = strdup(from->url);
	fetch->cookies = copy_list(from->cookies);
	fetch->redirects = from->redirects;
	fetch->spent_us = from->used_us;
	return fetch->from != NULL && (fetch->cookies != NULL || from->cookies == NULL);
}

static int64_t deadline_us(int64_t deadline_ms)
{
	return deadline_ms == 0 ? INT64_MAX : deadline_ms * 1000;
}

uint64_t fetch_start(struct fetcher *fetcher, const struct fetch_request *request)
{
	struct fetch *fetch = calloc(1, sizeof *fetch);
	if (fetch == NULL)
		return 0;
	fetch->fetcher = fetcher;
	fetch->result.budget = fetcher->options.budget;
	fetch->text = strdup(request->url);
	fetch->is_line = request->is_line;
	fetch->callback = request->callback;
	fetch->arg = request->arg;
	fetch->made_us = fetch_now_us();
	atomic_init(&fetch->deadline_us, deadline_us(request->deadline_ms));
	fetch->limit_us = fetch->made_us + (int64_t)fetcher->options.timeout_ms * 1000;

	uint64_t id = 0;
	bool made = fetch->text != NULL && go_on(fetch, request->from);
	pthread_mutex_lock(&fetcher->lock);
	if (made && has_room(fetcher, request) && start_engine(fetcher)) {
		id = fetch->id = ++fetcher->last_id;
		if (request->id != NULL)
			atomic_store(request->id, id);
		fetch->prev = fetcher->last;
		*(fetch->prev == NULL ? &fetcher->all : &fetch->prev->next) = fetch;
		fetcher->last = fetch;
		fetcher->count[fetch->is_line]++;
	}
	pthread_mutex_unlock(&fetcher->lock);
	if (id == 0)
		fetch_free(fetch);
	else
		curl_multi_wakeup(fetcher->multi);
	return id;
}

struct fetch_result *fetch_keep(struct fetch_result *result)
{
	struct fetch_result *kept = malloc(sizeof *kept);
	char *url = strdup(result->url), *refresh = strdup(result->refresh);
	if (kept == NULL || url == NULL || refresh == NULL) {
		free(kept);
		free(url);
		free(refresh);
		return NULL;
	}
	*kept = *result;
	kept->url = url;
	kept->refresh = refresh;
	kept->why = NULL;
	result->body = NULL;
	result->cookies = NULL;
	return kept;
}

void fetch_drop(struct fetch_result *result)
{
	if (result == NULL)
		return;
	drop_body(result);
	curl_slist_free_all(result->cookies);
	free((char *)result->refresh);
	free((char *)result->url);
	free(result);
}

/* Called under the lock; NULL: it has ended. */
static struct fetch *find(const struct fetcher *fetcher, uint64_t id)
{
	struct fetch *fetch = fetcher->all;
	while (fetch != NULL && fetch->id != id)
		fetch = fetch->next;
	return fetch;
}

void fetch_join(struct fetcher *fetcher, uint64_t id, int64_t deadline_ms, bool is_line)
{
	pthread_mutex_lock(&fetcher->lock);
	struct fetch *fetch = find(fetcher, id);
	bool raised = fetch != NULL && fetch->is_line && !is_line;
	if (fetch != NULL && fetch->deadline_us < deadline_us(deadline_ms))
		fetch->deadline_us = deadline_us(deadline_ms);
	if (raised) {
		fetch->is_line = false;
		fetcher->count[true]--;
		fetcher->count[false]++;
	}
	pthread_mutex_unlock(&fetcher->lock);
	if (raised)
		curl_multi_wakeup(fetcher->multi);
}

void fetch_cancel(struct fetcher *fetcher, uint64_t id)
{
	pthread_mutex_lock(&fetcher->lock);
	struct fetch *fetch = find(fetcher, id);
	if (fetch != NULL)
		fetch->cancelled = true;
	pthread_mutex_unlock(&fetcher->lock);
	if (fetch != NULL)
		curl_multi_wakeup(fetcher->multi);
}

void fetcher_load(struct fetcher *fetcher, size_t *active, size_t *waiting)
{
	pthread_mutex_lock(&fetcher->lock);
	size_t count = fetcher->count[false] + fetcher->count[true];
	pthread_mutex_unlock(&fetcher->lock);
	*active = atomic_load(&fetcher->active_now);
	*waiting = count > *active ? count - *active : 0;
}

static void *copy(const void *from, size_t count, size_t size)
{
	void *to = calloc(count + 1, size);
	if (to != NULL && count > 0)
		memcpy(to, from, count * size);
	return to;
}

static bool copy_options(struct fetcher *fetcher, const struct fetch_options *given)
{
	struct fetch_options *options = &fetcher->options;
	size_t fault;
	*options = *given;
	options->user_agent = options->allow_hosts = options->ca_file = NULL; /* not ours to keep */
	const char *allow_hosts = given->allow_hosts == NULL ? "*" : given->allow_hosts;
	if (!url_hosts_check(allow_hosts, &fault))
		return false;
	/* Without it libcurl accepts anything, and origins that have several formats send data. */
	static const char accept[] =
		"Accept: text/html, application/xhtml+xml, text/plain;q=0.9, */*;q=0.1";
	fetcher->headers = curl_slist_append(NULL, accept);
	fetcher->bare_headers = curl_slist_append(NULL, accept);
	bool bare = curl_slist_append(fetcher->bare_headers, "Accept-Encoding: identity") != NULL;
	fetcher->allow_hosts = strdup(allow_hosts);
	fetcher->user_agent = strdup(given->user_agent == NULL ? "precis" : given->user_agent);
	fetcher->ca_file = given->ca_file == NULL ? NULL : strdup(given->ca_file);
	fetcher->allow_nets =
		copy(given->allow_nets, given->allow_nets_len, sizeof *given->allow_nets);
	fetcher->own = copy(given->own, given->own_len, sizeof *given->own);
	fetcher->policy = (struct address_policy){.allow = fetcher->allow_nets,
						  .allow_len = given->allow_nets_len,
						  .own = fetcher->own,
						  .own_len = given->own_len};
	options->timeout_ms = given->timeout_ms == 0 ? 5000 : given->timeout_ms;
	options->max_bytes = given->max_bytes == 0 ? (size_t)10 << 20 : given->max_bytes;
	options->max_parallel = given->max_parallel == 0 ? 256 : given->max_parallel;
	options->max_waiting = given->max_waiting == 0 ? 256 : given->max_waiting;
	return fetcher->headers != NULL && bare && fetcher->allow_hosts != NULL &&
	       fetcher->user_agent != NULL &&
	       (given->ca_file == NULL || fetcher->ca_file != NULL) &&
	       fetcher->allow_nets != NULL && fetcher->own != NULL;
}

/* Everything but the thread. */
static void destroy(struct fetcher *fetcher)
{
	if (fetcher->ready)
		free_engine(fetcher);
	while (fetcher->all != NULL) {
		struct fetch *next = fetcher->all->next;
		fetch_free(fetcher->all);
		fetcher->all = next;
	}
	pthread_cond_destroy(&fetcher->changed);
	pthread_mutex_destroy(&fetcher->lock);
	curl_slist_free_all(fetcher->headers);
	curl_slist_free_all(fetcher->bare_headers);
	free(fetcher->allow_hosts);
	free(fetcher->user_agent);
	free(fetcher->ca_file);
	free(fetcher->allow_nets);
	free(fetcher->own);
	free(fetcher);
}

struct fetcher *fetcher_new(const struct fetch_options *options)
{
	struct fetcher *fetcher = calloc(1, sizeof *fetcher);
	if (fetcher == NULL)
		return NULL;
	pthread_mutex_init(&fetcher->lock, NULL);
	pthread_cond_init(&fetcher->changed, NULL);
	fetcher->running = copy_options(fetcher, options) && start_thread(fetcher);
	if (fetcher->running)
		return fetcher;
	destroy(fetcher);
	return NULL;
}

void fetcher_stop(struct fetcher *fetcher)
{
	if (fetcher == NULL)
		return;
	pthread_mutex_lock(&fetcher->lock);
	bool ends = fetcher->running && !fetcher->stopping;
	fetcher->stopping = true;
	pthread_cond_signal(&fetcher->changed);
	pthread_mutex_unlock(&fetcher->lock);
	if (ends) {
		if (fetcher->ready)
			curl_multi_wakeup(fetcher->multi);
		pthread_join(fetcher->thread, NULL);
	}
}

void fetcher_free(struct fetcher *fetcher)
{
	fetcher_stop(fetcher);
	if (fetcher != NULL)
		destroy(fetcher);
}
