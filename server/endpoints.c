#include "endpoints.h"

#include "assets.h"
#include "info.h"
#include "monotonic.h"
#include "respond.h"

#include <string.h>

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
						    : "No worker is making progress.");
	return respond_problem(x);
}

static char *render_metrics(struct http *http, size_t *len)
{
	const struct http_parts *parts = &http->parts;
	struct cache_figures cache = cache_figures(parts->cache);
	struct metrics_gauges gauges = {
		.in_flight = atomic_load(&http->under_way[0]) + atomic_load(&http->under_way[1]),
		.queue_depth = queue_depth(parts->queue),
		.workers = parts->config->workers,
		.workers_busy = workers_busy(parts->workers),
		.cache_hits = cache.hits,
		.cache_misses = cache.misses,
		.cache_joined = cache.joined,
		.cache_evicted = cache.evicted,
		.cache_entries = cache.entries,
		.cache_bytes = cache.bytes,
		.body_bytes = atomic_load(&parts->bodies->used_bytes),
		.ready = is_ready(http),
		.sandbox = parts->sandbox,
		.has_redis = parts->redis != NULL,
		.redis_up = parts->redis != NULL && redis_is_up(parts->redis)};
	size_t busy;
	connections_count(parts->connections, &gauges.connections, &busy);
	fetcher_load(parts->fetcher, &gauges.downloads, &gauges.downloads_waiting);
	return metrics_render(parts->metrics, &gauges, len);
}

/* A file that is built into the program. */
static enum MHD_Result send_asset(struct exchange *x)
{
	if (respond_matches_etag(x, x->asset->hash))
		return respond_constant(x, 304, NULL, "");
	bool packed = asset_takes_gzip(
		MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, "Accept-Encoding"));
	const unsigned char *bytes = packed ? x->asset->gzip.at : x->asset->plain.at;
	size_t len = packed ? x->asset->gzip.len : x->asset->plain.len;
	struct MHD_Response *response =
		MHD_create_response_from_buffer(len, (void *)bytes, MHD_RESPMEM_PERSISTENT);
	if (response != NULL && packed &&
	    MHD_add_response_header(response, "Content-Encoding", "gzip") != MHD_YES) {
		MHD_destroy_response(response); /* packed bytes need that header */
		response = NULL;
	}
	x->answer_len = len;
	return respond(x, 200, x->asset->type, response);
}

enum MHD_Result endpoint_answer(struct exchange *x)
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
