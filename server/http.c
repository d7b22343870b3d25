#include "http.h"

#include "admission.h"
#include "body.h"
#include "endpoints.h"
#include "exchange.h"
#include "log.h"
#include "monotonic.h"
#include "respond.h"
#include "submit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for a request's head; our own limits (head.c) are below it, so that over-long heads get an
 * answer in JSON. libmicrohttpd clears all of it for each request: twice as much cost 2% of a
 * summary. */
#define CONNECTION_MEMORY (32 * 1024)

/* If there is an admin listener, it alone serves probes and metrics. */
static void find_route(struct exchange *x, const struct door *door, const char *target)
{
	const char *path = route_path(target);
	x->asset = asset_find(path);
	x->route = route_find(path);
	if (x->route != NULL &&
	    (door->admin ? !x->route->admin : door->http->has_admin && x->route->admin))
		x->route = NULL;
}

/* The request has been let in or refused: answer a refusal, or let the body come. */
static enum MHD_Result decided(struct exchange *x)
{
	if (x->report.problem == PROBLEM_NONE)
		return x->is_batch ? submit_batch(x) : MHD_YES;
	if (x->is_large) {
		x->close = true;
		return respond_problem(x);
	}
	return MHD_YES; /* the body is read first and thrown away */
}

/* The head has come. */
static enum MHD_Result begin(struct door *door, struct MHD_Connection *connection, const char *path,
			     const char *method, const char *version, void **context)
{
	struct exchange *x = *context = exchange_begin(door->http, connection, method);
	if (x == NULL)
		return MHD_NO;
	struct head head;
	if (!head_check(connection, path, version, &head, &x->report)) {
		x->close = true;
		return respond_problem(x); /* before any body: libmicrohttpd then closes */
	}
	x->is_1_1 = head.is_1_1;
	head_traceparent(connection, x->traceparent);
	find_route(x, door, path);
	x->length = head.has_length ? head.length : 0;
	x->is_large =
		head.expects_continue || (head.has_length && head.length > BODY_DISCARD_MAX_BYTES);
	admission_check(x, path, &head);
	return x->asks_rate ? MHD_YES : decided(x);
}

/* The connection was suspended at its head and has been resumed. libmicrohttpd calls with the
 * head again, so the request can still be refused by its head. */
static enum MHD_Result begin_again(struct exchange *x)
{
	exchange_enter(x, CONNECTION_BODY);
	admission_apply_rate(x);
	return decided(x);
}

/* The request is complete. */
static enum MHD_Result answer(struct exchange *x)
{
	x->received_ns = monotonic_ns();
	body_end(x);
	if (x->report.problem != PROBLEM_NONE)
		return respond_problem(x);
	if (strcmp(x->method, "OPTIONS") == 0)
		return respond_constant(x, 204, NULL, "");
	if (x->route->handler == HANDLER_SUMMARIES)
		return submit(x);
	return endpoint_answer(x);
}

/*
 * libmicrohttpd decodes a path before we see it, and ends it at %00. A proxy's rule about
 * "/metrics" would miss "/%6detrics" and "/metrics%00". No path of ours needs escapes, so a path
 * with escapes is not found. Only here is the path seen as sent; the returned pointer becomes the
 * request's first context.
 */
static char escaped_path;

static void *on_uri(void *arg, const char *uri, struct MHD_Connection *connection)
{
	return memchr(uri, '%', strcspn(uri, "?")) == NULL ? NULL : &escaped_path;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **context)
{
	struct exchange *x = *context;
	if (*context == &escaped_path)
		return begin(arg, connection, "", method, version, context);
	if (x == NULL)
		return begin(arg, connection, path, method, version, context);
	if (x->asks_rate)
		return begin_again(x);
	if (x->batch != NULL && *size > 0) {
		batch_receive(x->batch, data, size);
		return MHD_YES;
	}
	if (x->batch != NULL) /* the answer bypasses libmicrohttpd, which only closes */
		return batch_end(x->batch) ? MHD_NO : MHD_YES;
	if (*size > 0)
		return body_receive(x, data, size);
	return x->ticket != NULL ? submit_resumed(x) : answer(x);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode code)
{
	if (*context != NULL && *context != &escaped_path)
		exchange_end(*context);
	*context = NULL;
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **socket_context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct door *door = arg;
	struct connections *connections = door->http->parts.connections;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		/* The first head must come within a request's time: no slow drip of bytes. */
		uint64_t limit = monotonic_ns() + door->http->parts.config->deadline_ms * NS_PER_MS;
		*socket_context =
			connections_add(connections, door->admin, info->connect_fd, limit);
	} else if (*socket_context != NULL) {
		connections_remove(connections, *socket_context);
		*socket_context = NULL;
	}
}

static void log_library(void *arg, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void log_library(void *arg, const char *format, va_list args)
{
	char text[256], quoted[512];
	vsnprintf(text, sizeof(text), format, args);
	log_event(LOG_DEBUG, "libmicrohttpd", ",\"text\":%s",
		  log_quoted(text, quoted, sizeof(quoted)));
}

static bool open_door(struct door *door, int socket, unsigned threads)
{
	struct http *http = door->http;
	unsigned connections = (unsigned)connections_max(http->parts.connections);
	if (connections < threads)
		connections = threads; /* the limit is split among the I/O threads */
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
		/* libmicrohttpd refuses a pool of one; the daemon's own thread does the work
		 * then. */
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
	const struct config *config = parts->config;
	struct batch_parts batch_parts = {.queue = parts->queue,
					  .cache = parts->cache,
					  .shared_cache = parts->shared_cache,
					  .rate = parts->rate,
					  .shared_rate = parts->shared_rate,
					  .connections = parts->connections,
					  .metrics = parts->metrics,
					  .bodies = parts->bodies,
					  .max_line_bytes = config->max_body_bytes,
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

void http_free(struct http *http)
{
	if (http == NULL)
		return;
	/* libmicrohttpd ends the process if a connection is still suspended. A batch's is until
	 * its thread has seen that the connection was cut. */
	drain_requests(http, monotonic_ns() + DRAIN_LAST_MS * NS_PER_MS);
	MHD_stop_daemon(http->service.daemon);
	if (http->admin.daemon != NULL)
		MHD_stop_daemon(http->admin.daemon);
	batches_free(http->batches);
	free(http);
}
