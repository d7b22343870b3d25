#include "http.h"

#include "batch.h"
#include "cacheable.h"
#include "assets.h"
#include "client.h"
#include "cors.h"
#include "head.h"
#include "gunzip.h"
#include "info.h"
#include "log.h"
#include "monotonic.h"
#include "routes.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for a request's head; our own limits (head.c) are below it, so that over-long heads get an
 * answer in JSON. libmicrohttpd clears all of it for each request: twice as much cost 2% of a
 * summary. */
#define CONNECTION_MEMORY (32 * 1024)
/* A body that is refused by its head is read and thrown away up to this size, because most clients
 * read no answer before they have sent everything. */
#define DISCARD_MAX_BYTES (64u * 1024 * 1024)
/* Writing an answer may take this much longer than making it. */
#define SEND_MS 60000

/** One daemon: the service's listener, or the admin's. */
struct door {
	struct http *http;
	struct MHD_Daemon *daemon;
	bool admin;
};

struct http {
	struct http_parts parts;
	struct door service, admin;
	bool has_admin;
	struct batches *batches;
	atomic_bool draining;
	/* Requests under way that began before [0] and after [1] the drain did. */
	atomic_size_t under_way[2];
	atomic_size_t body_bytes; /* held for all of them */
	struct address_net trusted[CONFIG_MAX_NETS];
	size_t trusted_len;
};

/** One request on its connection; lives from its head to the end of its answer. */
struct exchange {
	struct http *http;
	struct MHD_Connection *connection;
	struct connection *tracked;
	const struct route *route;    /* NULL: not found */
	const struct asset *asset;    /* the file asked for, where the route serves files */
	const char *method;           /* constant */
	struct batch *batch;          /* JSON lines, answered while they arrive */
	struct ticket *ticket;        /* waits for a job */
	struct answer *answer;        /* what is being answered, where it is more than a problem */
	struct problem_report report; /* already refused, and why */
	struct gunzip *gunzip;        /* NULL: the body comes as it is */
	char *body;
	size_t body_len, body_room, discarded;
	uint64_t begun_ns;
	unsigned generation;
	size_t answer_len;
	bool close;
	unsigned status;
	const char *origin;    /* may call us from its pages; NULL: none, or not allowed */
	struct rate_rule rule; /* quota 0: none holds here */
	struct rate_state state;
	char client[KEYS_NAME_MAX + CLIENT_NAME_MAX]; /* who asks: a key's name or an address */
	char traceparent[56];
	char request_id[129];
};

/* ---- answering -------------------------------------------------------------------------- */

static bool is_get(const struct exchange *x)
{
	return strcmp(x->method, "GET") == 0 || strcmp(x->method, "HEAD") == 0;
}

static void add_timing(struct MHD_Response *response, const struct exchange *x)
{
	const struct job_times *times = &x->answer->times;
	char timing[160];
	if (x->ticket == NULL) { /* the times are those of another request */
		MHD_add_response_header(response, "Server-Timing", "cache;desc=hit");
		return;
	}
	snprintf(timing, sizeof(timing),
		 "queue;dur=%.3f, fetch;dur=%.3f, extract;dur=%.3f, summarize;dur=%.3f",
		 (double)times->queue_ns / 1e6, (double)times->fetch_ns / 1e6,
		 (double)times->extract_ns / 1e6, (double)times->summarize_ns / 1e6);
	MHD_add_response_header(response, "Server-Timing", timing);
}

static void add_asset_headers(struct MHD_Response *response, const struct asset *asset)
{
	char etag[64];
	/* Weak: the packed and the plain bytes share it. */
	snprintf(etag, sizeof(etag), "W/\"%s\"", asset->hash);
	MHD_add_response_header(response, "ETag", etag);
	MHD_add_response_header(response, "Cache-Control", asset_cache_control(asset));
	MHD_add_response_header(response, "Vary", "Accept-Encoding");
	if (asset->shared) {
		/* Pages elsewhere can check its hash only when they may read it. */
		MHD_add_response_header(response, "Access-Control-Allow-Origin", "*");
		MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "cross-origin");
		return;
	}
	MHD_add_response_header(response, "Content-Security-Policy", asset_page_policy);
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
}

/* A summary asked for by GET may be kept by caches on the way; all else is for its asker alone. */
static void add_caching(struct MHD_Response *response, const struct exchange *x)
{
	char value[64];
	if (x->answer == NULL || !is_get(x) || x->answer->keep_ms == 0) {
		MHD_add_response_header(response, "Cache-Control", "no-store");
		return;
	}
	snprintf(value, sizeof(value), "public, max-age=%llu",
		 (unsigned long long)(x->http->parts.config->cache_url_ms / 1000));
	MHD_add_response_header(response, "Cache-Control", value);
	snprintf(value, sizeof(value), "\"%s\"", x->answer->etag);
	MHD_add_response_header(response, "ETag", value);
}

static void add_problem_headers(struct MHD_Response *response, const struct exchange *x)
{
	char seconds[16];
	unsigned retry_after_s = x->report.retry_after_s > 0
					 ? x->report.retry_after_s
					 : problem_retry_after_s(x->report.problem);
	snprintf(seconds, sizeof(seconds), "%u", retry_after_s);
	if (retry_after_s > 0)
		MHD_add_response_header(response, "Retry-After", seconds);
	if (x->report.problem == PROBLEM_UNSUPPORTED_MEDIA_TYPE)
		MHD_add_response_header(response, "Accept-Post",
					"application/json, application/x-ndjson");
	if (x->report.problem == PROBLEM_UNAUTHORIZED)
		MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
}

/* Fetch standard, "CORS protocol": on every answer, errors too, or pages could not read them. */
static void add_cors(struct MHD_Response *response, const struct exchange *x)
{
	const char *list = x->http->parts.config->cors_origins;
	if (*list == '\0')
		return;
	MHD_add_response_header(response, "Vary", "Origin");
	if (x->origin == NULL)
		return;
	MHD_add_response_header(response, "Access-Control-Allow-Origin", x->origin);
	MHD_add_response_header(response, "Access-Control-Expose-Headers",
				"ETag, RateLimit, RateLimit-Policy, Retry-After, Server-Timing, "
				"X-Request-Id");
	if (strcmp(x->method, "OPTIONS") != 0 || x->route == NULL)
		return;
	MHD_add_response_header(response, "Access-Control-Allow-Methods", x->route->allow);
	MHD_add_response_header(
		response, "Access-Control-Allow-Headers",
		"Authorization, Content-Type, If-None-Match, traceparent, X-API-Key, "
		"X-Request-Id");
	MHD_add_response_header(response, "Access-Control-Max-Age", "86400");
}

/* draft-ietf-httpapi-ratelimit-headers */
static void add_rate(struct MHD_Response *response, const struct exchange *x)
{
	char value[96];
	snprintf(value, sizeof(value), "\"client\";q=%llu;w=%llu",
		 (unsigned long long)x->rule.quota, (unsigned long long)x->rule.window_s);
	MHD_add_response_header(response, "RateLimit-Policy", value);
	snprintf(value, sizeof(value), "\"client\";r=%llu;t=%llu",
		 (unsigned long long)x->state.remaining, (unsigned long long)x->state.reset_s);
	MHD_add_response_header(response, "RateLimit", value);
}

/* Queue `response` (taken; NULL: no memory) with the headers that every answer has. */
static enum MHD_Result respond(struct exchange *x, unsigned status, const char *type,
			       struct MHD_Response *response)
{
	if (response == NULL)
		return MHD_NO;
	x->status = status;
	if (type != NULL)
		MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "X-Request-Id", x->request_id);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	bool is_asset = x->asset != NULL && (status == 200 || status == 304);
	if (is_asset)
		add_asset_headers(response, x->asset);
	else
		add_caching(response, x);
	if (x->close || atomic_load(&x->http->draining))
		MHD_add_response_header(response, "Connection", "close");
	if (x->report.problem != PROBLEM_NONE)
		add_problem_headers(response, x);
	if (x->route != NULL && (status == 405 || status == 204))
		MHD_add_response_header(response, "Allow", x->route->allow);
	if (x->answer != NULL)
		add_timing(response, x);
	if (x->rule.quota > 0)
		add_rate(response, x);
	if (x->traceparent[0] != '\0')
		MHD_add_response_header(response, "traceparent", x->traceparent);
	if (!is_asset)
		add_cors(response, x);
	connections_enter(x->http->parts.connections, x->tracked, CONNECTION_SEND,
			  monotonic_ns() + SEND_MS * NS_PER_MS, NULL);
	enum MHD_Result result = MHD_queue_response(x->connection, status, response);
	MHD_destroy_response(response);
	return result;
}

/* The same with `body`, which is taken; NULL: no memory. */
static enum MHD_Result respond_body(struct exchange *x, unsigned status, const char *type,
				    char *body, size_t len)
{
	if (body == NULL)
		return MHD_NO;
	struct MHD_Response *response =
		MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
	if (response == NULL)
		free(body);
	x->answer_len = len;
	return respond(x, status, type, response);
}

static enum MHD_Result respond_constant(struct exchange *x, unsigned status, const char *type,
					const char *text)
{
	return respond(x, status, type,
		       MHD_create_response_from_buffer(strlen(text), (void *)text,
						       MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result send_problem(struct exchange *x)
{
	size_t len;
	char *body = problem_render(&x->report, x->request_id, &len);
	return respond_body(x, problem_status(x->report.problem), "application/problem+json", body,
			    len);
}

static bool is_ready(struct http *http)
{
	uint64_t patience_ns = 2 * http->parts.config->deadline_ms * NS_PER_MS;
	return !atomic_load(&http->draining) &&
	       !workers_stuck(http->parts.workers, monotonic_ns(), patience_ns);
}

static enum MHD_Result send_ready(struct exchange *x)
{
	if (is_ready(x->http))
		return respond_constant(x, 200, "text/plain; charset=utf-8", "ready\n");
	problem_set(&x->report, PROBLEM_NOT_READY,
		    atomic_load(&x->http->draining) ? "The service is shutting down."
						    : "No worker makes progress.");
	return send_problem(x);
}

static char *render_metrics(struct http *http, size_t *len)
{
	const struct http_parts *parts = &http->parts;
	struct cache_figures cache = cache_figures(parts->cache);
	struct metrics_gauges gauges = {.in_flight = atomic_load(&http->under_way[0]) +
						     atomic_load(&http->under_way[1]),
					.queue_depth = queue_depth(parts->queue),
					.workers = parts->config->workers,
					.workers_busy = workers_busy(parts->workers),
					.cache_hits = cache.hits,
					.cache_misses = cache.misses,
					.cache_joined = cache.joined,
					.cache_evicted = cache.evicted,
					.cache_entries = cache.entries,
					.cache_bytes = cache.bytes,
					.body_bytes = atomic_load(&http->body_bytes),
					.ready = is_ready(http)};
	size_t busy, download_bytes;
	connections_count(parts->connections, &gauges.connections, &busy);
	fetcher_load(parts->fetcher, &gauges.downloads, &gauges.downloads_waiting, &download_bytes);
	return metrics_render(parts->metrics, &gauges, len);
}

static bool matches_etag(const struct exchange *x, const char *etag)
{
	const char *given =
		MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, "If-None-Match");
	return given != NULL && is_get(x) &&
	       (strcmp(given, "*") == 0 || strstr(given, etag) != NULL);
}

/* A file that is built into the program. */
static enum MHD_Result send_asset(struct exchange *x)
{
	if (matches_etag(x, x->asset->hash))
		return respond_constant(x, 304, NULL, "");
	bool packed = asset_takes_gzip(
		MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, "Accept-Encoding"));
	const unsigned char *bytes = packed ? x->asset->gzip.at : x->asset->plain.at;
	size_t len = packed ? x->asset->gzip.len : x->asset->plain.len;
	struct MHD_Response *response =
		MHD_create_response_from_buffer(len, (void *)bytes, MHD_RESPMEM_PERSISTENT);
	if (response != NULL && packed)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	x->answer_len = len;
	return respond(x, 200, x->asset->type, response);
}

/* What needs no work but a look. */
static enum MHD_Result send_plain(struct exchange *x)
{
	size_t len;
	char *body;
	switch (x->route->handler) {
	case HANDLER_LIVEZ:
		return respond_constant(x, 200, "text/plain; charset=utf-8", "alive\n");
	case HANDLER_READYZ:
		return send_ready(x);
	case HANDLER_INFO:
		body = info_render(x->http->parts.config, &len);
		return respond_body(x, 200, "application/json", body, len);
	case HANDLER_ASSET:
		return send_asset(x);
	case HANDLER_METRICS:
		body = render_metrics(x->http, &len);
		return respond_body(x, 200, "text/plain; version=0.0.4; charset=utf-8", body, len);
	default:
		return MHD_NO;
	}
}

static void release_answer(void *answer)
{
	answer_release(answer);
}

/* x->answer is there: from the cache, or because the job is done and the connection resumed. */
static enum MHD_Result send_answer(struct exchange *x)
{
	struct answer *answer = x->answer;
	x->report = answer->report;
	if (x->report.problem != PROBLEM_NONE)
		return send_problem(x);
	if (matches_etag(x, answer->etag))
		return respond_constant(x, 304, NULL, "");
	/* The body stays the answer's: many connections may be sending it. */
	struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
		answer->len, answer->body, release_answer, answer);
	if (response != NULL)
		answer_hold(answer);
	x->answer_len = answer->len;
	return respond(x, 200, "application/json", response);
}

/* ---- reading ---------------------------------------------------------------------------- */

static void set_body_limit(struct exchange *x, uint64_t actual)
{
	uint64_t limit = x->http->parts.config->max_body_bytes;
	problem_set(&x->report, PROBLEM_BODY_TOO_LARGE,
		    "The body has %s%llu bytes; at most %llu are allowed.",
		    x->body_len > 0 || actual > limit + 1 ? "" : "over ",
		    (unsigned long long)(actual > limit + 1 ? actual : limit),
		    (unsigned long long)limit);
	x->report.has_limit = 1;
	x->report.limit = limit;
	x->report.actual = actual;
}

/* Is the body packed in a way that is understood? Then `x->gunzip` unpacks it. */
static void check_coding(struct exchange *x, bool is_batch)
{
	const char *coding =
		MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, "Content-Encoding");
	if (coding == NULL || strcasecmp(coding, "identity") == 0)
		return;
	if (is_batch || (strcasecmp(coding, "gzip") != 0 && strcasecmp(coding, "x-gzip") != 0))
		problem_set(&x->report, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
			    "Of Content-Encodings only gzip is understood, and not for batches.");
	else if ((x->gunzip = gunzip_new()) == NULL)
		problem_set(&x->report, PROBLEM_OVERLOADED, "No memory to unpack the body.");
}

/* Refuse by the head alone what can be; `x->report` says why. */
static void check(struct exchange *x, const char *url, const char *method, const struct head *head)
{
	if (x->route == NULL) {
		char quoted[80];
		problem_set(&x->report, PROBLEM_NOT_FOUND, "Nothing is served at %s.",
			    log_quoted(url, quoted, sizeof(quoted)));
		return;
	}
	if (!route_allows(x->route, method)) {
		problem_set(&x->report, PROBLEM_METHOD_NOT_ALLOWED, "%s has %s.", x->route->path,
			    x->route->allow);
		return;
	}
	bool posts = strcmp(method, "POST") == 0;
	bool is_batch = posts && head_is_type(x->connection, "application/x-ndjson");
	if (posts && !is_batch && !head_is_type(x->connection, "application/json")) {
		problem_set(
			&x->report, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
			"A Content-Type of application/json or application/x-ndjson (in UTF-8) is "
			"wanted.");
		return;
	}
	if (posts)
		check_coding(x, is_batch);
	if (x->report.problem == PROBLEM_NONE && !is_batch && head->has_length &&
	    head->length > x->http->parts.config->max_body_bytes)
		set_body_limit(x, head->length);
}

static void refuse_full(struct exchange *x)
{
	uint64_t room = x->http->parts.config->queue;
	problem_set(&x->report, PROBLEM_QUEUE_FULL, "%llu requests are waiting.",
		    (unsigned long long)room);
	x->report.has_limit = 1;
	x->report.limit = x->report.actual = room;
}

/* May this client ask now? */
static void admit(struct exchange *x)
{
	struct http *http = x->http;
	char key_name[KEYS_NAME_MAX + 1];
	if (keys_wanted(http->parts.keys)) {
		const char *key = head_api_key(x->connection);
		if (key == NULL) {
			problem_set(
				&x->report, PROBLEM_UNAUTHORIZED,
				"Send one as \"Authorization: Bearer KEY\" or \"X-API-Key: KEY\".");
			return;
		}
		if (!keys_find(http->parts.keys, key, key_name)) {
			problem_set(&x->report, PROBLEM_FORBIDDEN, "%s", "");
			return;
		}
		snprintf(x->client, sizeof(x->client), "key %s", key_name);
	}
	x->rule = rate_rule(http->parts.rate);
	if (x->rule.quota == 0)
		return;
	x->state = rate_take(http->parts.rate, x->client, x->begun_ns);
	if (x->state.allowed)
		return;
	problem_set(&x->report, PROBLEM_RATE_LIMITED, "%llu in %llu s are allowed.",
		    (unsigned long long)x->rule.quota, (unsigned long long)x->rule.window_s);
	x->report.has_limit = 1;
	x->report.limit = x->rule.quota;
	x->report.actual = x->rule.quota + 1;
	x->report.retry_after_s = x->state.reset_s == 0 ? 1 : (unsigned)x->state.reset_s;
}

static void find_client(struct exchange *x)
{
	struct MHD_Connection *c = x->connection;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (info == NULL || info->client_addr == NULL)
		return;
	client_name(info->client_addr, x->http->trusted, x->http->trusted_len,
		    MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Forwarded"),
		    MHD_lookup_connection_value(c, MHD_HEADER_KIND, "X-Forwarded-For"), x->client);
}

static void find_origin(struct exchange *x)
{
	const char *list = x->http->parts.config->cors_origins;
	const char *origin = MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, "Origin");
	if (origin != NULL && *list != '\0' && cors_allows(list, origin))
		x->origin = origin;
}

static const char *const methods[] = {"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"};

/* The head of the answer, which we write ourselves (see batch.h). */
static char *batch_head(const struct exchange *x)
{
	char *head = NULL;
	bool listed = *x->http->parts.config->cors_origins != '\0';
	int len = asprintf(&head,
			   "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
			   "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
			   "X-Request-Id: %s\r\nConnection: close\r\n%s%s%s%s",
			   x->request_id, listed ? "Vary: Origin\r\n" : "",
			   x->origin != NULL ? "Access-Control-Allow-Origin: " : "",
			   x->origin != NULL ? x->origin : "", x->origin != NULL ? "\r\n" : "");
	return len < 0 ? NULL : head;
}

static enum MHD_Result begin_batch(struct exchange *x, bool is_1_1)
{
	if (!queue_has_room(x->http->parts.queue)) {
		x->close = true;
		refuse_full(x);
		return send_problem(x);
	}
	char *head = batch_head(x);
	if (head != NULL)
		x->batch = batch_begin(x->http->batches, x->connection, x->tracked, head, is_1_1);
	if (x->batch == NULL)
		return MHD_NO;
	x->status = 200;
	return MHD_YES;
}

/* The head is there. */
static enum MHD_Result begin(struct door *door, struct MHD_Connection *connection, const char *url,
			     const char *method, const char *version, struct exchange **out)
{
	struct http *http = door->http;
	const union MHD_ConnectionInfo *context =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct exchange *x = calloc(1, sizeof(*x));
	if (x == NULL || context == NULL || context->socket_context == NULL) {
		free(x);
		return MHD_NO;
	}
	*out = x;
	x->http = http;
	x->connection = connection;
	x->tracked = context->socket_context;
	x->begun_ns = monotonic_ns();
	x->generation = atomic_load(&http->draining);
	x->method = "other";
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(method, methods[i]) == 0)
			x->method = methods[i];
	atomic_fetch_add(&http->under_way[x->generation], 1);
	head_request_id(connection, x->request_id);
	connections_enter(http->parts.connections, x->tracked, CONNECTION_BODY,
			  x->begun_ns + http->parts.config->deadline_ms * NS_PER_MS, NULL);

	struct head head;
	if (!head_check(connection, url, version, &head, &x->report)) {
		x->close = true;
		return send_problem(x); /* before any body: libmicrohttpd then closes */
	}
	x->route = route_find(url);
	x->asset = asset_find(url);
	if (x->route != NULL &&
	    (door->admin ? !x->route->admin : http->has_admin && x->route->admin))
		x->route = NULL;
	find_origin(x);
	head_traceparent(connection, x->traceparent);
	check(x, url, method, &head);
	if (x->report.problem == PROBLEM_NONE && x->route->closed &&
	    strcmp(x->method, "OPTIONS") != 0) {
		find_client(x);
		admit(x);
	}
	if (x->report.problem == PROBLEM_NONE && head_is_type(connection, "application/x-ndjson") &&
	    strcmp(x->method, "POST") == 0)
		return begin_batch(x, strcmp(version, "HTTP/1.1") == 0);
	if (x->report.problem == PROBLEM_NONE)
		return MHD_YES;
	if (head.expects_continue || (head.has_length && head.length > DISCARD_MAX_BYTES)) {
		x->close = true;
		return send_problem(x);
	}
	return MHD_YES; /* the body is read first, and thrown away */
}

static bool grow_body(struct exchange *x, size_t more)
{
	struct http *http = x->http;
	size_t room = x->body_room == 0 ? 8192 : x->body_room;
	while (room < x->body_len + more)
		room *= 2;
	if (room > http->parts.config->max_body_bytes)
		room = http->parts.config->max_body_bytes;
	size_t added = room - x->body_room;
	if (atomic_fetch_add(&http->body_bytes, added) + added >
	    http->parts.config->max_inflight_bytes) {
		atomic_fetch_sub(&http->body_bytes, added);
		problem_set(&x->report, PROBLEM_OVERLOADED,
			    "The bodies of all requests together are at their limit.");
		return false;
	}
	char *grown = realloc(x->body, room);
	if (grown == NULL) {
		atomic_fetch_sub(&http->body_bytes, added);
		problem_set(&x->report, PROBLEM_OVERLOADED, "No memory for the body.");
		return false;
	}
	x->body = grown;
	x->body_room = room;
	return true;
}

static void drop_body(struct exchange *x)
{
	atomic_fetch_sub(&x->http->body_bytes, x->body_room);
	free(x->body);
	x->body = NULL;
	x->body_len = x->body_room = 0;
}

/* Add to the body what is allowed; false with `x->report` set where it is not. */
static bool store(void *arg, const char *data, size_t len)
{
	struct exchange *x = arg;
	if (len > x->http->parts.config->max_body_bytes - x->body_len) {
		set_body_limit(x, x->body_len + len);
		return false;
	}
	if (x->body_len + len > x->body_room && !grow_body(x, len))
		return false;
	memcpy(x->body + x->body_len, data, len);
	x->body_len += len;
	return true;
}

static void report_bad_gzip(struct exchange *x)
{
	if (x->report.problem == PROBLEM_NONE)
		problem_set(&x->report, PROBLEM_BAD_REQUEST, "The body is not well-formed gzip.");
}

/* A part of the body. No answer can be queued here: a refusal waits for the end. */
static enum MHD_Result receive(struct exchange *x, const char *data, size_t *size)
{
	size_t len = *size;
	*size = 0;
	if (x->report.problem == PROBLEM_NONE) {
		if (x->gunzip == NULL ? store(x, data, len)
				      : gunzip_feed(x->gunzip, data, len, store, x))
			return MHD_YES;
		report_bad_gzip(x);
		drop_body(x);
	}
	x->discarded += len;
	return x->discarded > DISCARD_MAX_BYTES ? MHD_NO : MHD_YES;
}

/* ---- work ------------------------------------------------------------------------------- */

struct arguments {
	char *at;
	size_t len, room;
	bool has_nul;
};

static enum MHD_Result gather_argument(void *arg, enum MHD_ValueKind kind, const char *key,
				       size_t key_len, const char *value, size_t value_len)
{
	struct arguments *arguments = arg;
	(void)kind;
	if (arguments->len + key_len + value_len + 2 > arguments->room)
		return MHD_NO; /* cannot be: head_check() bounded the sum */
	if (value == NULL)
		value_len = 0;
	arguments->has_nul |= memchr(key, '\0', key_len) != NULL;
	arguments->has_nul |= value_len > 0 && memchr(value, '\0', value_len) != NULL;
	memcpy(arguments->at + arguments->len, key, key_len);
	arguments->len += key_len;
	arguments->at[arguments->len++] = '\0';
	if (value_len > 0)
		memcpy(arguments->at + arguments->len, value, value_len);
	arguments->len += value_len;
	arguments->at[arguments->len++] = '\0';
	return MHD_YES;
}

static bool take_arguments(struct exchange *x)
{
	struct arguments arguments = {.room = 16 * 1024};
	arguments.at = malloc(arguments.room);
	if (arguments.at == NULL) {
		problem_set(&x->report, PROBLEM_OVERLOADED, "No memory for the query string.");
		return false;
	}
	MHD_get_connection_values_n(x->connection, MHD_GET_ARGUMENT_KIND, gather_argument,
				    &arguments);
	x->body = arguments.at;
	x->body_len = arguments.len;
	if (arguments.has_nul)
		problem_set(&x->report, PROBLEM_NULL_CHARACTER, "In the query string.");
	return !arguments.has_nul;
}

static void resume(struct ticket *ticket)
{
	MHD_resume_connection(ticket->owner);
}

/* Wait suspended for a job of one's own or one that is under way already. */
static enum MHD_Result wait_for_job(struct exchange *x, struct job *job)
{
	struct http *http = x->http;
	struct ticket *ticket = x->ticket;
	struct answer *found = NULL;
	ticket->socket = connection_socket(x->tracked);
	ticket->accepted_ns = x->begun_ns;
	ticket->deadline_ns = job->deadline_ns;
	ticket->wake = resume;
	ticket->owner = x->connection;
	/* Suspended before anybody knows of it: it may be answered before this function returns. */
	MHD_suspend_connection(x->connection);
	enum cache_result result = CACHE_LEAD;
	if (job->has_key)
		result = cache_join(http->parts.cache, job, ticket, x->begun_ns, &found);
	else
		ticket_join(ticket, job);
	connections_enter(http->parts.connections, x->tracked, CONNECTION_WORK, ticket->deadline_ns,
			  ticket);
	struct problem_report report;
	problem_set(&report, PROBLEM_QUEUE_FULL, "The queue has just filled up.");
	struct job *pushed = job_hold(job);
	if (result == CACHE_FOUND || result == CACHE_NO_MEMORY)
		ticket_finish(ticket, found);
	else if (result == CACHE_LEAD && queue_push(http->parts.queue, &pushed) != QUEUE_OK)
		job_fail(pushed, &report);
	answer_release(found);
	job_release(pushed);
	job_release(job);
	return MHD_YES;
}

/* The request is complete: answer from the cache, or hand it to the workers. */
static enum MHD_Result submit(struct exchange *x)
{
	struct http *http = x->http;
	unsigned char key[JOB_KEY_BYTES];
	if (is_get(x) && !take_arguments(x))
		return send_problem(x);
	bool has_key = is_get(x) ? cacheable_query(x->body, x->body_len)
				 : cacheable_body(x->body, x->body_len);
	if (has_key) {
		cache_key(x->body, x->body_len, is_get(x), key);
		x->answer = cache_find(http->parts.cache, key, x->begun_ns);
		if (x->answer != NULL)
			return send_answer(x);
	}
	if (!queue_has_room(http->parts.queue)) {
		refuse_full(x);
		return send_problem(x);
	}
	struct job *job = job_new(x->body, x->body_len, is_get(x));
	x->body = NULL; /* its size stays counted until the exchange ends */
	x->ticket = ticket_new();
	if (job == NULL || x->ticket == NULL) {
		job_release(job);
		return MHD_NO;
	}
	job->has_key = has_key;
	memcpy(job->key, key, sizeof(job->key));
	job->deadline_ns = x->begun_ns + http->parts.config->deadline_ms * NS_PER_MS;
	return wait_for_job(x, job);
}

/* The connection was resumed: its ticket is finished. */
static enum MHD_Result resumed(struct exchange *x)
{
	if (ticket_is_pending(x->ticket))
		return MHD_YES;
	if (x->ticket->answer == NULL)
		return MHD_NO; /* nobody waits any more */
	x->answer = answer_hold(x->ticket->answer);
	return send_answer(x);
}

/*
 * libmicrohttpd decodes a path before it shows it, and ends it at %00. A rule of a proxy about
 * "/metrics" would miss "/%6detrics" and "/metrics%00": no path of ours needs escapes, so one that
 * has them is not found. This is the only place where the path is seen as sent; what it returns is
 * the request's first context.
 */
static char escaped_path;

static void *on_uri(void *arg, const char *uri, struct MHD_Connection *connection)
{
	(void)arg;
	(void)connection;
	return memchr(uri, '%', strcspn(uri, "?")) == NULL ? NULL : &escaped_path;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **context)
{
	struct exchange *x = *context;
	if (*context == &escaped_path)
		return begin(arg, connection, "", method, version, (struct exchange **)context);
	if (x == NULL)
		return begin(arg, connection, url, method, version, (struct exchange **)context);
	if (x->batch != NULL && *size > 0) {
		batch_receive(x->batch, data, size);
		return MHD_YES;
	}
	if (x->batch != NULL) /* answered without libmicrohttpd, which only closes */
		return batch_end(x->batch) ? MHD_NO : MHD_YES;
	if (*size > 0)
		return receive(x, data, size);
	if (x->gunzip != NULL && !gunzip_ended(x->gunzip))
		report_bad_gzip(x);
	if (x->report.problem != PROBLEM_NONE)
		return send_problem(x);
	if (x->ticket != NULL)
		return resumed(x);
	if (strcmp(x->method, "OPTIONS") == 0)
		return respond_constant(x, 204, NULL, "");
	if (x->route->handler == HANDLER_SUMMARIES)
		return submit(x);
	return send_plain(x);
}

static void log_request(const struct exchange *x)
{
	/* Nothing here needs escaping: names are constants, ids are checked, the rest are numbers.
	 */
	enum log_level level = x->status >= 500 ? LOG_WARN : LOG_INFO;
	if (!log_wants(level))
		return;
	static const struct job_times none;
	const struct job_times *times = x->answer == NULL ? &none : &x->answer->times;
	log_event(level, "request",
		  ",\"id\":\"%s\",\"method\":\"%s\",\"route\":\"%s\",\"status\":%u,\"code\":\"%s\","
		  "\"body_bytes\":%zu,\"total_ms\":%.3f,\"queue_ms\":%.3f,\"fetch_ms\":%.3f,"
		  "\"extract_ms\":%.3f,\"summarize_ms\":%.3f,\"trace\":\"%s\"",
		  x->request_id, x->method, x->route == NULL ? "none" : x->route->path, x->status,
		  x->status == 0                      ? "dropped"
		  : x->report.problem == PROBLEM_NONE ? "ok"
						      : problem_code(x->report.problem),
		  x->body_len, (double)(monotonic_ns() - x->begun_ns) / 1e6,
		  (double)times->queue_ns / 1e6, (double)times->fetch_ns / 1e6,
		  (double)times->extract_ns / 1e6, (double)times->summarize_ns / 1e6,
		  x->traceparent);
}

static void count_request(const struct exchange *x)
{
	struct metrics_request request = {
		.handler = x->route == NULL ? HANDLER_NONE : x->route->handler,
		.problem = x->report.problem,
		.dropped = x->status == 0,
		.body_bytes = x->body_len,
		.answer_bytes = x->answer_len,
		.total_ns = monotonic_ns() - x->begun_ns,
		/* A hit has the times of the request that made it. */
		.times = x->ticket == NULL || x->answer == NULL ? NULL : &x->answer->times};
	metrics_count(x->http->parts.metrics, &request);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode code)
{
	struct exchange *x = *context;
	(void)arg;
	(void)connection;
	(void)code;
	if (x == NULL || *context == &escaped_path)
		return;
	*context = NULL;
	struct http *http = x->http;
	log_request(x);
	count_request(x);
	connections_enter(http->parts.connections, x->tracked, CONNECTION_IDLE,
			  monotonic_ns() + http->parts.config->keepalive_ms * NS_PER_MS, NULL);
	batch_free(x->batch);
	gunzip_free(x->gunzip);
	ticket_release(x->ticket);
	answer_release(x->answer);
	drop_body(x);
	atomic_fetch_sub(&http->under_way[x->generation], 1);
	free(x);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **socket_context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct door *door = arg;
	struct connections *connections = door->http->parts.connections;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		/* The first head must come within the time of a request: no slow drip. */
		uint64_t limit = monotonic_ns() + door->http->parts.config->deadline_ms * NS_PER_MS;
		*socket_context = connections_add(connections, info->connect_fd, limit);
	} else if (*socket_context != NULL) {
		connections_remove(connections, *socket_context);
		*socket_context = NULL;
	}
}

/* ---- start and stop --------------------------------------------------------------------- */

static void give_up_download(void *arg, struct job *job)
{
	struct http *http = arg;
	fetch_cancel(http->parts.fetcher, atomic_load(&job->fetch_id));
}

static void log_library(void *arg, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void log_library(void *arg, const char *format, va_list args)
{
	char text[256], quoted[512];
	(void)arg;
	vsnprintf(text, sizeof(text), format, args);
	log_event(LOG_DEBUG, "libmicrohttpd", ",\"text\":%s",
		  log_quoted(text, quoted, sizeof(quoted)));
}

static bool open_door(struct door *door, int socket, unsigned threads)
{
	struct http *http = door->http;
	unsigned connections = (unsigned)http->parts.config->connections;
	if (connections < threads)
		connections = threads; /* it is split over the I/O threads */
	door->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
			MHD_USE_ERROR_LOG | MHD_USE_ITC,
		0, NULL, NULL, on_request, door, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
		MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
		MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, door, MHD_OPTION_CONNECTION_LIMIT, connections,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_CONNECTION_TIMEOUT, 0u,
#if MHD_VERSION >= 0x00097701
		MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1,
#else
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
#endif
		/* A pool of one is refused: then the daemon's own thread does it. */
		threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, threads,
		MHD_OPTION_END);
	return door->daemon != NULL;
}

struct http *http_new(const struct http_parts *parts, int socket, int admin_socket)
{
	struct http *http = calloc(1, sizeof(*http));
	if (http == NULL)
		return NULL;
	http->parts = *parts;
	size_t fault;
	int trusted = address_nets_parse(parts->config->trust_proxies, http->trusted,
					 CONFIG_MAX_NETS, &fault);
	http->trusted_len = trusted < 0 ? 0 : (size_t)trusted;
	http->has_admin = admin_socket >= 0;
	http->service = (struct door){.http = http};
	http->admin = (struct door){.http = http, .admin = true};
	connections_on_give_up(parts->connections, give_up_download, http);
	const struct config *config = parts->config;
	struct batch_parts batch_parts = {.queue = parts->queue,
					  .cache = parts->cache,
					  .connections = parts->connections,
					  .body_bytes = &http->body_bytes,
					  .max_inflight_bytes = config->max_inflight_bytes,
					  .max_line_bytes = config->max_body_bytes,
					  .queue_room = (config->queue + 1) / 2,
					  .window = 2 * config->workers,
					  .deadline_ns = config->deadline_ms * NS_PER_MS};
	http->batches = batches_new(&batch_parts);
	if (http->batches != NULL &&
	    (admin_socket < 0 || open_door(&http->admin, admin_socket, 1)) &&
	    open_door(&http->service, socket, (unsigned)config->io_threads))
		return http;
	if (http->admin.daemon != NULL)
		MHD_stop_daemon(http->admin.daemon);
	batches_free(http->batches);
	free(http);
	return NULL;
}

static void pause_ms(long ms)
{
	struct timespec pause = {.tv_nsec = ms * (long)NS_PER_MS};
	nanosleep(&pause, NULL);
}

/* No more connections; those that the kernel accepted for us meanwhile are still served. */
static void close_listener(struct http *http)
{
	int socket = MHD_quiesce_daemon(http->service.daemon);
	if (socket < 0)
		return;
	while (!http->parts.socket_is_shared) {
		struct sockaddr_storage address;
		socklen_t len = sizeof(address);
		int client = accept4(socket, (struct sockaddr *)&address, &len,
				     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client < 0 && errno == EINTR)
			continue;
		if (client < 0)
			break;
		if (MHD_add_connection(http->service.daemon, client, (struct sockaddr *)&address,
				       len) != MHD_YES)
			pause_ms(1); /* at its limit: the client was closed by the library */
	}
	close(socket);
}

/* Wait until nothing is under way, twice in a row, or until the time is over. */
static bool wait_until_quiet(struct http *http, uint64_t until_ns)
{
	for (int quiet = 0; quiet < 2;) {
		size_t all, busy;
		connections_count(http->parts.connections, &all, &busy);
		quiet = busy == 0 ? quiet + 1 : 0;
		if (quiet < 2 && monotonic_ns() > until_ns)
			return false;
		pause_ms(10);
	}
	return true;
}

size_t http_drain(struct http *http, uint64_t drain_ms)
{
	uint64_t start = monotonic_ns(), until = start + drain_ms * NS_PER_MS;
	atomic_store(&http->draining, true);
	/* While what was under way is being answered the listener stays open, so that a probe sees
	 * readiness turn; a stream of new requests must not hold it open for ever. */
	while (atomic_load(&http->under_way[0]) > 0 && monotonic_ns() < start + (until - start) / 2)
		pause_ms(5);
	close_listener(http);
	if (wait_until_quiet(http, until))
		return 0;
	struct problem_report report;
	problem_set(&report, PROBLEM_NOT_READY, "The service is shutting down.");
	size_t left = atomic_load(&http->under_way[0]) + atomic_load(&http->under_way[1]);
	connections_fail_all(http->parts.connections, &report);
	wait_until_quiet(http, monotonic_ns() + 500 * NS_PER_MS);
	return left;
}

void http_free(struct http *http)
{
	if (http == NULL)
		return;
	MHD_stop_daemon(http->service.daemon);
	if (http->admin.daemon != NULL)
		MHD_stop_daemon(http->admin.daemon);
	batches_free(http->batches);
	free(http);
}

int http_listen(const struct listen_address *address, int backlog, bool reuse_port)
{
	int on = 1;
	int listener =
		socket(address->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener < 0)
		return -1;
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (reuse_port)
		setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (bind(listener, (const struct sockaddr *)&address->address, address->len) == 0 &&
	    listen(listener, backlog) == 0)
		return listener;
	int error = errno;
	close(listener);
	errno = error;
	return -1;
}
