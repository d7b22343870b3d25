#include "response_headers.h"

#include "assets.h"
#include "connections.h"
#include "monotonic.h"

#include <stdio.h>
#include <string.h>

struct headers {
	struct MHD_Response *response;
	bool failed; /* one could not be added: no memory */
};

static void add(struct headers *to, const char *name, const char *value)
{
	to->failed |= MHD_add_response_header(to->response, name, value) != MHD_YES;
}

static void add_timing(struct headers *to, const struct exchange *x)
{
	const struct job_times *times = exchange_times(x);
	char timing[200];
	if (times == NULL) {
		snprintf(timing, sizeof(timing), "cache;desc=%s", exchange_cache(x));
		add(to, "Server-Timing", timing);
		return;
	}
	snprintf(timing, sizeof(timing),
		 "queue;dur=%" MS_FORMAT ", fetch;dur=%" MS_FORMAT ", extract;dur=%" MS_FORMAT
		 ", summarize;dur=%" MS_FORMAT,
		 MS_OF(times->queue_ns), MS_OF(times->fetch_ns), MS_OF(times->extract_ns),
		 MS_OF(times->summarize_ns));
	add(to, "Server-Timing", timing);
}

static void add_asset_headers(struct headers *to, const struct asset *asset)
{
	char etag[64];
	/* Weak, because the packed and the plain bytes share it. */
	snprintf(etag, sizeof(etag), "W/\"%s\"", asset->hash);
	add(to, "ETag", etag);
	add(to, "Cache-Control", asset_cache_control(asset));
	add(to, "Vary", "Accept-Encoding");
	if (asset->shared) {
		/* Pages of other origins can check its hash only if they may read it. */
		add(to, "Access-Control-Allow-Origin", "*");
		add(to, "Cross-Origin-Resource-Policy", "cross-origin");
		return;
	}
	add(to, "Content-Security-Policy", asset_page_policy);
	add(to, "Referrer-Policy", "no-referrer");
}

/* A summary requested by GET may be cached, by shared caches only if anybody may request it;
 * every other answer is for its client alone. */
static void add_caching(struct headers *to, const struct exchange *x)
{
	char value[64];
	const struct answer *answer = x->answer;
	if (answer == NULL || !exchange_is_get(x) || answer->keep_ms == 0) {
		add(to, "Cache-Control", "no-store");
		return;
	}
	/* Send only the time that is left, or it would begin anew in every cache on the way. The
	 * age is in whole seconds, as in the Age header, so that a new answer may be kept as long
	 * as configured. */
	uint64_t age_ms = answer->keep_ms - answer_left_ms(answer, monotonic_ns());
	/* Ask for the current state, because a reload may have brought keys. */
	snprintf(value, sizeof(value), "%s, max-age=%llu",
		 keys_wanted(x->http->parts.keys) ? "private" : "public",
		 (unsigned long long)(answer->keep_ms / 1000 - age_ms / 1000));
	add(to, "Cache-Control", value);
	if (x->report.problem != PROBLEM_NONE)
		return;
	snprintf(value, sizeof(value), "\"%s\"", answer->etag);
	add(to, "ETag", value);
}

static void add_problem_headers(struct headers *to, const struct exchange *x)
{
	char seconds[16];
	unsigned retry_after_s = x->report.retry_after_s > 0
					 ? x->report.retry_after_s
					 : problem_retry_after_s(x->report.problem);
	snprintf(seconds, sizeof(seconds), "%u", retry_after_s);
	if (retry_after_s > 0)
		add(to, "Retry-After", seconds);
	if (x->report.problem == PROBLEM_UNSUPPORTED_MEDIA_TYPE)
		add(to, "Accept-Post", "application/json, application/x-ndjson");
	if (x->report.problem == PROBLEM_UNAUTHORIZED)
		add(to, "WWW-Authenticate", "Bearer");
}

/* Fetch standard, "CORS protocol": needed on every answer, even errors, or pages could not read
 * it. */
static void add_cors(struct headers *to, const struct exchange *x)
{
	const char *list = x->http->parts.config->cors_origins;
	if (*list == '\0')
		return;
	add(to, "Vary", "Origin");
	if (x->origin == NULL)
		return;
	add(to, "Access-Control-Allow-Origin", x->origin);
	add(to, "Access-Control-Expose-Headers",
	    "ETag, RateLimit, RateLimit-Policy, Retry-After, Server-Timing, "
	    "X-Request-Id");
	if (strcmp(x->method, "OPTIONS") != 0 || x->route == NULL)
		return;
	add(to, "Access-Control-Allow-Methods", x->route->allow);
	add(to, "Access-Control-Allow-Headers",
	    "Authorization, Content-Encoding, Content-Type, If-None-Match, traceparent, X-API-Key, "
	    "X-Request-Id");
	add(to, "Access-Control-Max-Age", "86400");
}

/* draft-ietf-httpapi-ratelimit-headers */
static void add_rate(struct headers *to, const struct exchange *x)
{
	char value[96];
	snprintf(value, sizeof(value), "\"client\";q=%llu;w=%llu",
		 (unsigned long long)x->rule.quota, (unsigned long long)x->rule.window_s);
	add(to, "RateLimit-Policy", value);
	snprintf(value, sizeof(value), "\"client\";r=%llu;t=%llu",
		 (unsigned long long)x->state.remaining, (unsigned long long)x->state.reset_s);
	add(to, "RateLimit", value);
}

bool response_headers_add(struct MHD_Response *response, const struct exchange *x, unsigned status,
			  const char *type)
{
	struct headers headers = {.response = response}, *to = &headers;
	if (type != NULL)
		add(to, "Content-Type", type);
	add(to, "X-Request-Id", x->request_id);
	add(to, "X-Content-Type-Options", "nosniff");
	bool is_asset = x->asset != NULL && (status == 200 || status == 304);
	if (is_asset)
		add_asset_headers(to, x->asset);
	else
		add_caching(to, x);
	if (x->close || atomic_load(&x->http->draining))
		add(to, "Connection", "close");
	if (x->report.problem != PROBLEM_NONE)
		add_problem_headers(to, x);
	if (x->route != NULL && (status == 405 || status == 204))
		add(to, "Allow", x->route->allow);
	if (x->answer != NULL)
		add_timing(to, x);
	if (x->rule.quota > 0)
		add_rate(to, x);
	if (x->traceparent[0] != '\0')
		add(to, "traceparent", x->traceparent);
	if (!is_asset)
		add_cors(to, x);
	return !headers.failed;
}
