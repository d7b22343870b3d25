#include "exchange.h"

#include "body.h"
#include "log.h"
#include "monotonic.h"

#include <stdlib.h>
#include <string.h>

/* The names that logs and metrics may hold. */
static const char *const methods[] = {"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"};

bool exchange_is_get(const struct exchange *x)
{
	return strcmp(x->method, "GET") == 0 || strcmp(x->method, "HEAD") == 0;
}

void exchange_enter(struct exchange *x, enum connection_phase phase)
{
	const struct http_parts *parts = &x->http->parts;
	connections_enter(parts->connections, x->tracked, phase,
			  x->begun_ns + parts->config->deadline_ms * NS_PER_MS, NULL);
}

struct exchange *exchange_begin(struct http *http, struct MHD_Connection *connection,
				const char *method)
{
	const union MHD_ConnectionInfo *context =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	if (context == NULL || context->socket_context == NULL)
		return NULL;
	struct exchange *x = calloc(1, sizeof(*x));
	if (x == NULL)
		return NULL;
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
	exchange_enter(x, CONNECTION_BODY);
	/* Check this after exchange_enter(): either the drain sees this request and waits for
	 * it, or the request sees here that the drain has ended. */
	if (!atomic_load(&http->ended))
		return x;
	atomic_fetch_sub(&http->under_way[x->generation], 1);
	free(x);
	return NULL;
}

static uint64_t ns_since(uint64_t from_ns, uint64_t to_ns)
{
	return from_ns == 0 ? 0 : to_ns - from_ns;
}

const char *exchange_cache(const struct exchange *x)
{
	if (x->answer == NULL)
		return "none";
	return x->ticket == NULL ? "hit" : x->answer->is_shared ? "shared" : "none";
}

const struct job_times *exchange_times(const struct exchange *x)
{
	return x->answer == NULL || x->ticket == NULL || x->answer->is_shared ? NULL
									      : &x->answer->times;
}

static void log_request(const struct exchange *x)
{
	/* Nothing needs escaping: names are constants, ids are checked, the rest are numbers. */
	enum log_level level = x->status >= 500                      ? LOG_WARN
			       : x->route != NULL && x->route->admin ? LOG_DEBUG /* probes */
								     : LOG_INFO;
	if (!log_wants(level))
		return;
	static const struct job_times none;
	const struct job_times *own = exchange_times(x), *times = own == NULL ? &none : own;
	uint64_t now = monotonic_ns();
	log_event(level, "request",
		  ",\"id\":\"%s\",\"key\":\"%s\",\"method\":\"%s\",\"route\":\"%s\",\"status\":%u,"
		  "\"code\":\"%s\","
		  "\"body_bytes\":%zu,\"total_ms\":%" MS_FORMAT ",\"receive_ms\":%" MS_FORMAT
		  ",\"queue_ms\":%" MS_FORMAT ",\"fetch_ms\":%" MS_FORMAT
		  ",\"extract_ms\":%" MS_FORMAT ",\"summarize_ms\":%" MS_FORMAT
		  ",\"send_ms\":%" MS_FORMAT ",\"cache\":\"%s\",\"trace\":\"%s\"",
		  x->request_id, x->key_name, x->method, x->route == NULL ? "none" : x->route->path,
		  x->status,
		  x->status == 0                      ? "dropped"
		  : x->report.problem == PROBLEM_NONE ? "ok"
						      : problem_code(x->report.problem),
		  x->body_len, MS_OF(ns_since(x->begun_ns, now)),
		  MS_OF(x->received_ns == 0 ? 0 : ns_since(x->begun_ns, x->received_ns)),
		  MS_OF(times->queue_ns), MS_OF(times->fetch_ns), MS_OF(times->extract_ns),
		  MS_OF(times->summarize_ns), MS_OF(ns_since(x->answered_ns, now)),
		  exchange_cache(x), x->traceparent);
}

static void count_request(const struct exchange *x)
{
	struct metrics_request request = {.handler = x->route == NULL ? HANDLER_NONE
								      : x->route->handler,
					  .status = x->status,
					  .is_batch = x->batch != NULL,
					  .problem = x->report.problem,
					  .body_bytes = x->body_len,
					  .answer_bytes = x->answer_len,
					  .total_ns = monotonic_ns() - x->begun_ns,
					  .times = exchange_times(x)};
	metrics_count(x->http->parts.metrics, &request);
}

void exchange_end(struct exchange *x)
{
	struct http *http = x->http;
	if (x->batch != NULL && !batch_bytes(x->batch, &x->body_len, &x->answer_len))
		x->status = 0; /* its client left before the end */
	/* Count before logging: whoever has seen the line finds the request counted. */
	count_request(x);
	log_request(x);
	connections_enter(http->parts.connections, x->tracked, CONNECTION_IDLE,
			  monotonic_ns() + http->parts.config->keepalive_ms * NS_PER_MS, NULL);
	batch_free(x->batch);
	gunzip_free(x->gunzip);
	ticket_release(x->ticket);
	answer_release(x->answer);
	body_drop(x);
	atomic_fetch_sub(&http->under_way[x->generation], 1);
	free(x);
}
