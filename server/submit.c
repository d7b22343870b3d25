#include "submit.h"

#include "admission.h"
#include "body.h"
#include "cacheable.h"
#include "monotonic.h"
#include "respond.h"
#include "response_headers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void resume(struct ticket *ticket)
{
	MHD_resume_connection(ticket->owner);
}

/* In this order, because a worker that begins a download then checks whether its job was raised. */
static void raise_job(struct http *http, struct job *job)
{
	queue_raise(http->parts.queue, job);
	job_join_download(job, false);
}

/* Suspend the connection and wait for its own job or one already under way. */
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
	/* Suspend first, because the ticket may be answered before this function returns. */
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
	else if (result == CACHE_JOINED)
		raise_job(http, ticket->job);
	else if (!shared_cache_ask(http->parts.shared_cache, &pushed) &&
		 queue_push(http->parts.queue, &pushed) != QUEUE_OK)
		job_fail(pushed, &report);
	answer_release(found);
	job_release(pushed);
	job_release(job);
	return MHD_YES;
}

enum MHD_Result submit(struct exchange *x)
{
	struct http *http = x->http;
	unsigned char key[JOB_KEY_BYTES];
	if (exchange_is_get(x) && !body_take_arguments(x))
		return respond_problem(x);
	bool has_key = exchange_is_get(x) ? cacheable_query(x->body, x->body_len)
					  : cacheable_body(x->body, x->body_len);
	if (has_key) {
		cache_key(x->body, x->body_len, exchange_is_get(x), key);
		x->answer = cache_find(http->parts.cache, key, x->begun_ns);
		if (x->answer != NULL)
			return respond_answer(x);
	}
	if (!admission_check_queue(x))
		return respond_problem(x);
	struct job *job = job_new(x->body, x->body_len, exchange_is_get(x));
	x->body = NULL;
	x->ticket = ticket_new();
	if (job == NULL || x->ticket == NULL) {
		job_release(job);
		return MHD_NO;
	}
	job_count(job, http->parts.bodies, x->body_room);
	x->body_room = 0;
	job->has_key = has_key;
	if (has_key)
		memcpy(job->key, key, sizeof(job->key));
	memcpy(job->request_id, x->request_id, sizeof(job->request_id));
	job->allowed_ns = http->parts.config->deadline_ms * NS_PER_MS;
	job->deadline_ns = x->begun_ns + job->allowed_ns;
	return wait_for_job(x, job);
}

enum MHD_Result submit_resumed(struct exchange *x)
{
	if (ticket_is_pending(x->ticket))
		return MHD_YES;
	if (x->ticket->answer == NULL)
		return MHD_NO; /* nobody waits any more */
	x->answer = answer_hold(x->ticket->answer);
	return respond_answer(x);
}

static enum MHD_Result write_header(void *arg, enum MHD_ValueKind kind, const char *name,
				    const char *value)
{
	fprintf(arg, "%s: %s\r\n", name, value);
	return MHD_YES;
}

static char *write_head(struct MHD_Response *response)
{
	char *head = NULL;
	size_t len;
	FILE *out = open_memstream(&head, &len);
	if (out == NULL)
		return NULL;
	fputs("HTTP/1.1 200 OK\r\n", out);
	MHD_get_response_headers(response, write_header, out);
	bool good = !ferror(out);
	if (fclose(out) == 0 && good)
		return head;
	free(head);
	return NULL;
}

/* The head of a batch's answer, which we write ourselves (see batch.h). */
static char *batch_head(const struct exchange *x)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	if (response == NULL)
		return NULL;
	char *head = response_headers_add(response, x, 200, "application/x-ndjson")
			     ? write_head(response)
			     : NULL;
	MHD_destroy_response(response);
	return head;
}

enum MHD_Result submit_batch(struct exchange *x)
{
	x->close = true;
	if (!admission_check_queue(x))
		return respond_problem(x);
	bool is_short = x->length <= x->http->parts.config->max_body_bytes;
	const struct batch_request request = {.connection = x->connection,
					      .tracked = x->tracked,
					      .client = x->client,
					      .request_id = x->request_id,
					      .gunzip = x->gunzip,
					      .ahead = is_short ? (size_t)x->length : 0,
					      .chunked = x->is_1_1};
	char *head = batch_head(x);
	if (head != NULL)
		x->batch = batch_begin(x->http->batches, &request, head);
	if (x->batch == NULL) {
		problem_set(&x->report, PROBLEM_OVERLOADED, "No memory for one more batch.");
		return respond_problem(x);
	}
	x->status = 200;
	return MHD_YES;
}
