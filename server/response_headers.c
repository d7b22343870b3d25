#include "response_headers.h"

#include "assets.h"
#include "connections.h"

#include <stdio.h>
#include <string.h>

static void add_timing(struct MHD_Response *response, const struct exchange *x)
{
	const struct job_times *times = &x->answer->times;
	char timing[160];
	if (x->ticket == NULL || x->answer->is_shared) { /* the times are another request's */
		MHD_add_response_header(response, "Server-Timing",
					x->ticket == NULL ? "cache;desc=hit" : "cache;desc=shared");
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
	if (x->answer == NULL || !exchange_is_get(x) || x->answer->keep_ms == 0) {
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

void response_headers_add(struct MHD_Response *response, const struct exchange *x, unsigned status,
			  const char *type)
{
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
}
