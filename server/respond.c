#include "respond.h"

#include "monotonic.h"
#include "response_headers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* An answer may take this much longer to send than to make. */
#define SEND_MS 60000

enum MHD_Result respond(struct exchange *x, unsigned status, const char *type,
			struct MHD_Response *response)
{
	if (response == NULL)
		return MHD_NO;
	enum MHD_Result result = MHD_NO;
	/* An answer that lacks a header would mean something else. */
	if (response_headers_add(response, x, status, type)) {
		x->answered_ns = monotonic_ns();
		connections_enter(x->http->parts.connections, x->tracked, CONNECTION_SEND,
				  x->answered_ns + SEND_MS * NS_PER_MS, NULL);
		result = MHD_queue_response(x->connection, status, response);
	}
	MHD_destroy_response(response);
	if (result == MHD_YES)
		x->status = status;
	return result;
}

enum MHD_Result respond_body(struct exchange *x, unsigned status, const char *type, char *body,
			     size_t len)
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

enum MHD_Result respond_constant(struct exchange *x, unsigned status, const char *type,
				 const char *text)
{
	return respond(x, status, type,
		       MHD_create_response_from_buffer(strlen(text), (void *)text,
						       MHD_RESPMEM_PERSISTENT));
}

enum MHD_Result respond_problem(struct exchange *x)
{
	size_t len;
	char *body = problem_render(&x->report, x->request_id, &len);
	return respond_body(x, problem_status(x->report.problem), "application/problem+json", body,
			    len);
}

struct etag_search {
	const char *etag;
	bool found;
};

static enum MHD_Result look_for_etag(void *arg, enum MHD_ValueKind kind, const char *name,
				     const char *value)
{
	struct etag_search *search = arg;
	if (value != NULL && strcasecmp(name, "If-None-Match") == 0)
		search->found |= strcmp(value, "*") == 0 || strstr(value, search->etag) != NULL;
	return MHD_YES;
}

bool respond_matches_etag(const struct exchange *x, const char *etag)
{
	struct etag_search search = {.etag = etag};
	/* The header is a list, which may continue on further lines. */
	if (exchange_is_get(x))
		MHD_get_connection_values(x->connection, MHD_HEADER_KIND, look_for_etag, &search);
	return search.found;
}

static void release_answer(void *answer)
{
	answer_release(answer);
}

enum MHD_Result respond_answer(struct exchange *x)
{
	struct answer *answer = x->answer;
	x->report = answer->report;
	if (x->report.problem != PROBLEM_NONE)
		return respond_problem(x);
	if (respond_matches_etag(x, answer->etag))
		return respond_constant(x, 304, NULL, "");
	/* The answer keeps its body, because many connections may be sending it. */
	struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
		answer->len, answer->body, release_answer, answer);
	if (response != NULL)
		answer_hold(answer);
	x->answer_len = answer->len;
	return respond(x, 200, "application/json", response);
}
