#include "job.h"

#include "cache.h"
#include "monotonic.h"
#include "shared_cache.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* A client that closes its half of the connection right after the request may still be reading
 * (`nc -N`), so an end of input means that it has gone only once the answer is this late. */
#define HALF_CLOSE_GRACE_NS (1000 * NS_PER_MS)

struct job *job_new(char *body, size_t body_len, bool is_query)
{
	struct job *job = calloc(1, sizeof(*job));
	if (job == NULL) {
		free(body);
		return NULL;
	}
	atomic_init(&job->references, 1);
	job->body = body;
	job->body_len = body_len;
	job->is_query = is_query;
	return job;
}

void job_count(struct job *job, struct budget *budget, size_t room)
{
	job->budget = budget;
	job->body_room = room;
}

static void drop_input(struct job *job)
{
	fetch_drop(job->download);
	budget_give(job->budget, job->body_room);
	free(job->body);
	job->download = NULL;
	job->body = NULL;
	job->body_room = 0;
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
	drop_input(job);
	free(job);
}

bool job_is_wanted(const struct job *job)
{
	return atomic_load(&job->waiting) > 0;
}

/*
 * Slow readers may hold the answer for long, so it is counted in place of all that it was made
 * from. If there is no room even then, `overloaded` is the answer. Takes and returns a reference.
 */
static struct answer *replace_input(struct job *job, struct answer *answer)
{
	drop_input(job);
	if (answer == NULL || answer_count(answer, job->budget))
		return answer;
	struct problem_report report;
	budget_report(job->budget, answer->len, &report);
	struct answer *refusal = answer_new_problem(&report);
	if (refusal != NULL)
		refusal->times = answer->times;
	answer_release(answer);
	return refusal;
}

void job_finish(struct job *job, struct answer *answer)
{
	static const struct problem_report no_memory = {.problem = PROBLEM_INTERNAL};
	answer = replace_input(job, answer);
	if (answer == NULL)
		answer = answer_new_problem(&no_memory);
	/* From here on nobody can join: the next request with the same body looks in the cache. */
	struct ticket *ticket =
		job->cache != NULL ? cache_leave(job->cache, job, answer) : ticket_leave(job);
	while (ticket != NULL) {
		struct ticket *next = ticket->next;
		ticket_finish(ticket, answer);
		ticket_release(ticket);
		ticket = next;
	}
	shared_cache_leave(job->flight, answer);
	job->flight = NULL;
	answer_release(answer);
}

void job_fail(struct job *job, const struct problem_report *report)
{
	job_finish(job, answer_new_problem(report));
}

struct ticket *ticket_new(void)
{
	struct ticket *ticket = calloc(1, sizeof(*ticket));
	if (ticket == NULL)
		return NULL;
	atomic_init(&ticket->references, 1);
	ticket->socket = -1;
	return ticket;
}

struct ticket *ticket_hold(struct ticket *ticket)
{
	atomic_fetch_add_explicit(&ticket->references, 1, memory_order_relaxed);
	return ticket;
}

void ticket_release(struct ticket *ticket)
{
	if (ticket == NULL ||
	    atomic_fetch_sub_explicit(&ticket->references, 1, memory_order_acq_rel) > 1)
		return;
	answer_release(ticket->answer);
	job_release(ticket->job);
	free(ticket);
}

static void add_ticket(struct job *job, struct ticket *ticket)
{
	ticket->job = job_hold(job);
	ticket->next = job->tickets;
	job->tickets = ticket_hold(ticket);
}

void ticket_join(struct ticket *ticket, struct job *job)
{
	atomic_fetch_add(&job->waiting, 1);
	add_ticket(job, ticket);
}

bool ticket_join_others(struct ticket *ticket, struct job *job)
{
	size_t waiting = atomic_load(&job->waiting);
	do {
		if (waiting == 0)
			return false;
	} while (!atomic_compare_exchange_weak(&job->waiting, &waiting, waiting + 1));
	if (job->deadline_ns < ticket->deadline_ns)
		job->deadline_ns = ticket->deadline_ns;
	add_ticket(job, ticket);
	return true;
}

struct ticket *ticket_leave(struct job *job)
{
	struct ticket *tickets = job->tickets;
	job->tickets = NULL;
	return tickets;
}

bool ticket_is_pending(const struct ticket *ticket)
{
	return atomic_load_explicit(&ticket->state, memory_order_acquire) != TICKET_FINISHED;
}

static bool is_downloading(struct job *job, uint64_t *id)
{
	*id = atomic_load(&job->fetch_id);
	return *id != 0 && *id != JOB_FETCHED;
}

void job_join_download(struct job *job, bool is_line)
{
	uint64_t id;
	if (is_downloading(job, &id))
		fetch_join(job->fetcher, id, (int64_t)(job->deadline_ns / NS_PER_MS), is_line);
}

/* A download that nobody waits for would only take a place from others. */
static void leave(struct job *job)
{
	if (atomic_fetch_sub(&job->waiting, 1) > 1)
		return;
	uint64_t id;
	if (is_downloading(job, &id))
		fetch_cancel(job->fetcher, id);
}

bool ticket_finish(struct ticket *ticket, struct answer *answer)
{
	int waiting = TICKET_WAITING;
	if (!atomic_compare_exchange_strong(&ticket->state, &waiting, TICKET_TAKEN))
		return false;
	ticket->answer = answer == NULL ? NULL : answer_hold(answer);
	atomic_store_explicit(&ticket->state, TICKET_FINISHED, memory_order_release);
	if (ticket->job != NULL)
		leave(ticket->job);
	ticket->wake(ticket);
	return true;
}

void ticket_expire(struct ticket *ticket, uint64_t now_ns)
{
	struct problem_report report;
	problem_set(&report, PROBLEM_DEADLINE_EXCEEDED,
		    "The request was not finished within the time allowed for it.");
	problem_set_limit(&report, (ticket->deadline_ns - ticket->accepted_ns) / NS_PER_MS,
			  (now_ns - ticket->accepted_ns) / NS_PER_MS);
	struct answer *answer = answer_new_problem(&report);
	ticket_finish(ticket, answer);
	answer_release(answer);
}

bool ticket_client_gone(const struct ticket *ticket, uint64_t now_ns)
{
	if (ticket->socket < 0)
		return false;
	struct pollfd poll_socket = {.fd = ticket->socket, .events = POLLRDHUP};
	if (poll(&poll_socket, 1, 0) <= 0)
		return false;
	if (poll_socket.revents & (POLLERR | POLLHUP))
		return true;
	return (poll_socket.revents & POLLRDHUP) &&
	       now_ns - ticket->accepted_ns > HALF_CLOSE_GRACE_NS;
}
