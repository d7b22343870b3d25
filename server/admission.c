#include "admission.h"

#include "cors.h"
#include "monotonic.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void admission_refuse_body(struct exchange *x, uint64_t actual)
{
	uint64_t limit = x->http->parts.config->max_body_bytes;
	problem_set(&x->report, PROBLEM_BODY_TOO_LARGE,
		    "The body has %llu bytes or more; at most %llu are allowed.",
		    (unsigned long long)actual, (unsigned long long)limit);
	problem_set_limit(&x->report, limit, actual);
}

/* If the body is packed in a way we understand, `x->gunzip` will unpack it; else refuse it. */
static void check_coding(struct exchange *x)
{
	const char *coding =
		MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, "Content-Encoding");
	if (coding == NULL || strcasecmp(coding, "identity") == 0)
		return;
	if (strcasecmp(coding, "gzip") != 0 && strcasecmp(coding, "x-gzip") != 0)
		problem_set(&x->report, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
			    "The only Content-Encoding supported is gzip.");
	else if ((x->gunzip = gunzip_new()) == NULL)
		problem_set(&x->report, PROBLEM_OVERLOADED, "No memory to unpack the body.");
}

static enum MHD_Result note_argument(void *arg, enum MHD_ValueKind kind, const char *key,
				     size_t key_len, const char *value, size_t value_len)
{
	if (key_len == 0 && value == NULL)
		return MHD_YES; /* none at all: see body.c */
	*(const char **)arg = key;
	return MHD_NO;
}

/* If there is a body, nobody reads the query: "?sentences=3" would be ignored silently. */
static void check_query(struct exchange *x)
{
	const char *name = NULL;
	MHD_get_connection_values_n(x->connection, MHD_GET_ARGUMENT_KIND, note_argument, &name);
	if (name != NULL)
		problem_set(&x->report, PROBLEM_UNKNOWN_FIELD,
			    "\"%.60s\" stands in the query string; with POST all fields are in the "
			    "body.",
			    name);
}

static void check_head(struct exchange *x, const char *path, const struct head *head)
{
	if (x->route == NULL) {
		/* Does not name a path that had escapes: see on_uri() in http.c. */
		problem_set(&x->report, PROBLEM_NOT_FOUND,
			    *path == '\0' ? "No path of this service has percent-escapes."
					  : "Nothing is served at \"%.80s\".",
			    path);
		return;
	}
	if (!route_allows(x->route, x->method)) {
		problem_set(&x->report, PROBLEM_METHOD_NOT_ALLOWED, "%s supports %s.",
			    x->route->path, x->route->allow);
		return;
	}
	bool posts = strcmp(x->method, "POST") == 0;
	x->is_batch = posts && head_is_type(x->connection, "application/x-ndjson");
	if (posts && !x->is_batch && !head_is_type(x->connection, "application/json")) {
		problem_set(
			&x->report, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
			"A Content-Type of application/json or application/x-ndjson (in UTF-8) is "
			"required.");
		return;
	}
	if (posts)
		check_query(x);
	if (posts && x->report.problem == PROBLEM_NONE)
		check_coding(x);
	if (x->report.problem == PROBLEM_NONE && !x->is_batch && head->has_length &&
	    head->length > x->http->parts.config->max_body_bytes)
		admission_refuse_body(x, head->length);
}

bool admission_check_queue(struct exchange *x)
{
	const struct config *config = x->http->parts.config;
	uint64_t wait_ns, limit = config->queue, actual = config->queue;
	switch (queue_look(x->http->parts.queue, &wait_ns)) {
	case QUEUE_OK:
		return true;
	case QUEUE_SLOW:
		limit = config->queue_wait_ms;
		actual = wait_ns / NS_PER_MS;
		problem_set(&x->report, PROBLEM_OVERLOADED,
			    "The request would wait for about %llu ms; %llu are allowed.",
			    (unsigned long long)actual, (unsigned long long)limit);
		break;
	case QUEUE_FULL:
	case QUEUE_CLOSED:
		problem_set(&x->report, PROBLEM_QUEUE_FULL, "%llu requests are waiting.",
			    (unsigned long long)actual);
		break;
	}
	problem_set_limit(&x->report, limit, actual);
	return false;
}

static void on_rate_decided(void *arg, struct rate_state state)
{
	struct exchange *x = arg;
	x->state = state;
	MHD_resume_connection(x->connection);
}

/* Does this client have a key, and requests left? */
static void check_client(struct exchange *x)
{
	struct http *http = x->http;
	if (keys_wanted(http->parts.keys)) {
		const char *key = head_api_key(x->connection);
		if (key == NULL) {
			problem_set(
				&x->report, PROBLEM_UNAUTHORIZED,
				"Send one as \"Authorization: Bearer KEY\" or \"X-API-Key: KEY\".");
			return;
		}
		if (!keys_find(http->parts.keys, key, x->key_name)) {
			problem_set(&x->report, PROBLEM_FORBIDDEN, "%s", "");
			return;
		}
		snprintf(x->client, sizeof(x->client), "key %s", x->key_name);
	}
	x->rule = rate_rule(http->parts.rate);
	if (x->rule.quota == 0)
		return;
	if (http->parts.shared_rate == NULL) {
		x->state = rate_take(http->parts.rate, x->client, x->begun_ns);
	} else if (!shared_rate_decides(http->parts.shared_rate, x->client, x->begun_ns,
					&x->state)) {
		x->asks_rate = true;
		exchange_enter(x, CONNECTION_HELD);
		/* Suspend first, because the decision may come before the next line returns. */
		MHD_suspend_connection(x->connection);
		shared_rate_ask(http->parts.shared_rate, x->client, on_rate_decided, x);
		return;
	}
	admission_apply_rate(x);
}

void admission_apply_rate(struct exchange *x)
{
	x->asks_rate = false;
	if (!x->state.allowed)
		rate_report(x->rule, x->state, &x->report);
}

/* What proxies say about the client. */
struct client_lists {
	struct client_list forwarded, x_forwarded_for;
};

static enum MHD_Result add_line(void *arg, enum MHD_ValueKind kind, const char *name,
				const char *value)
{
	struct client_lists *lists = arg;
	if (value == NULL)
		return MHD_YES;
	if (strcasecmp(name, "Forwarded") == 0)
		client_list_add(&lists->forwarded, value);
	else if (strcasecmp(name, "X-Forwarded-For") == 0)
		client_list_add(&lists->x_forwarded_for, value);
	return MHD_YES;
}

static void find_client(struct exchange *x)
{
	struct MHD_Connection *c = x->connection;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (info == NULL || info->client_addr == NULL)
		return;
	struct client_lists lists;
	client_list_clear(&lists.forwarded);
	client_list_clear(&lists.x_forwarded_for);
	if (x->http->trusted_len > 0)
		MHD_get_connection_values(c, MHD_HEADER_KIND, add_line, &lists);
	client_name(info->client_addr, x->http->trusted, x->http->trusted_len, &lists.forwarded,
		    &lists.x_forwarded_for, x->client);
}

static void find_origin(struct exchange *x)
{
	const char *list = x->http->parts.config->cors_origins;
	const char *origin = MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, "Origin");
	if (origin != NULL && *list != '\0' && cors_allows(list, origin))
		x->origin = origin;
}

void admission_check(struct exchange *x, const char *path, const struct head *head)
{
	find_origin(x);
	check_head(x, path, head);
	if (x->report.problem != PROBLEM_NONE || !x->route->closed ||
	    strcmp(x->method, "OPTIONS") == 0)
		return;
	find_client(x);
	check_client(x);
}
