#include "job.h"

#include "monotonic.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* A client that ends its own half of the connection right behind the request may still be
 * reading (`nc -N`), so an end of input counts as gone only once the answer is this late. */
#define HALF_CLOSE_GRACE_NS (1000 * NS_PER_MS)

struct job *job_new(char *body, size_t body_len, bool is_query)
{
	struct job *job = calloc(1, sizeof(*job));
	if (job == NULL) {
		free(body);
		return NULL;
	}
	atomic_init(&job->references, 1);
	atomic_init(&job->state, JOB_PENDING);
	job->body = body;
	job->body_len = body_len;
	job->is_query = is_query;
	job->socket = -1;
	return job;
}

struct job *job_hold(struct job *job)
{
	atomic_fetch_add_explicit(&job->references, 1, memory_order_relaxed);
	return job;
}

void job_release(struct job *job)
{
	if (job == NULL || atomic_fetch_sub_explicit(&job->references, 1, memory_order_acq_rel) > 1)
		return;
	download_free(job->download);
	free(job->body);
	free(job->answer.body);
	free(job);
}

void download_free(struct download *download)
{
	if (download == NULL)
		return;
	free(download->body);
	free(download->url);
	free(download);
}

bool job_is_pending(const struct job *job)
{
	return atomic_load_explicit(&job->state, memory_order_acquire) == JOB_PENDING;
}

bool job_finish(struct job *job, struct answer *answer)
{
	int pending = JOB_PENDING;
	if (!atomic_compare_exchange_strong(&job->state, &pending, JOB_FINISHED)) {
		free(answer->body);
		*answer = (struct answer){0};
		return false;
	}
	/* Nobody reads the answer before finished() resumes the connection, which takes a lock. */
	job->answer = *answer;
	*answer = (struct answer){0};
	job->finished(job);
	return true;
}

bool job_fail(struct job *job, const struct problem_report *report)
{
	struct answer answer = {.report = *report};
	return job_finish(job, &answer);
}

bool job_client_gone(const struct job *job, uint64_t now_ns)
{
	if (job->socket < 0)
		return false;
	struct pollfd poll_socket = {.fd = job->socket, .events = POLLRDHUP};
	if (poll(&poll_socket, 1, 0) <= 0)
		return false;
	if (poll_socket.revents & (POLLERR | POLLHUP))
		return true;
	return (poll_socket.revents & POLLRDHUP) && now_ns - job->accepted_ns > HALF_CLOSE_GRACE_NS;
}
