#ifndef SERVER_JOB_H
#define SERVER_JOB_H

#include "answer.h"
#include "fetch.h"
#include "problem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct cache;
struct flight;
struct job;
struct workers;

/** TAKEN: somebody has won ticket_finish() and is storing the answer right now. */
enum ticket_state { TICKET_WAITING, TICKET_TAKEN, TICKET_FINISHED };

/**
 * One connection that waits for an answer. Whoever wins ticket_finish() answers it, once: its job,
 * its own deadline, or the watcher that sees its client leave.
 */
struct ticket {
	struct ticket *next; /* its job's */
	atomic_uint references;
	atomic_int state;                  /* enum ticket_state */
	struct answer *answer;             /* once finished; NULL: its client no longer waits */
	struct job *job;                   /* held */
	int socket;                        /* the client's; only peeked at, never read */
	uint64_t accepted_ns, deadline_ns; /* monotonic */
	void (*wake)(struct ticket *);     /* runs on the finishing thread */
	void *owner;
};

enum { JOB_KEY_BYTES = 32 };

#define JOB_FETCHED UINT64_MAX

/**
 * The work on one request body as it travels: HTTP thread → queue → worker (→ fetcher → queue →
 * worker), with the tickets of all connections that meanwhile asked the same.
 *
 * The job is held by its tickets and by whoever works on it (queue, worker or fetcher). Only
 * whoever works on it writes to it, except for `fetch_id`, `deadline_ns` and the list of tickets.
 */
struct job {
	struct job *next, **link; /* in the queue; link: what points here, NULL outside the queue */
	atomic_uint references;
	atomic_size_t waiting; /* unfinished tickets; at 0 nobody needs the work any more */
	struct ticket
		*tickets; /* guarded by the cache's lock, or the one ticket of a job without key */

	char *body; /* malloc'ed: JSON, or a query string's arguments (see request.h) */
	size_t body_len;
	size_t body_room;      /* counted in `budget` */
	struct budget *budget; /* NULL: nothing is counted */
	bool is_query, has_key;
	bool is_line;                     /* a line of a batch: requests go first, see queue.h */
	atomic_bool is_raised;            /* for the queue: a request has joined the line */
	unsigned char key[JOB_KEY_BYTES]; /* of the body and the engine: see cache.h */

	char request_id[129];          /* of the request or batch that began it, for the log */
	uint64_t queued_ns;            /* monotonic */
	uint64_t allowed_ns;           /* how long each ticket waits for it at most */
	_Atomic uint64_t deadline_ns;  /* the latest deadline of its tickets */
	bool came_last;                /* it was queued behind others, not ahead of them */
	struct fetch_result *download; /* NULL until downloaded; kept by fetch_keep() */
	struct fetcher *fetcher;       /* that fetched it */
	_Atomic uint64_t fetch_id;     /* 0: no download has begun; JOB_FETCHED: it has ended */
	struct job_times times;
	struct workers *workers; /* those that continue it after its download */
	struct cache *cache;     /* where its answer is to be left; NULL: nowhere */
	struct flight *flight;   /* the same for other instances (shared_cache.h); NULL: nowhere */
};

/** A job with one reference, or NULL without memory. Takes `body`, also on failure. */
struct job *job_new(char *body, size_t body_len, bool is_query);

/** Hand the job `room` bytes of `budget`: they are given back when its body is freed. */
void job_count(struct job *job, struct budget *budget, size_t room);

struct job *job_hold(struct job *job);

/** Let go; the last one frees the job with its body and download. NULL is allowed. */
void job_release(struct job *job);

/** Somebody has joined the job, which may have begun its download: a request or (`is_line`) a line.
 */
void job_join_download(struct job *job, bool is_line);

/** Does anybody still wait for it? */
bool job_is_wanted(const struct job *job);

/**
 * Answer all tickets of the job and leave the answer in its cache. Takes `answer`; NULL: no memory.
 * The job's body and download are freed, and the answer is counted in the job's budget instead; if
 * it does not fit, the answer is `overloaded`.
 */
void job_finish(struct job *job, struct answer *answer);

/** job_finish() with a problem. */
void job_fail(struct job *job, const struct problem_report *report);

/** A ticket with one reference, or NULL without memory. It waits for nothing yet. */
struct ticket *ticket_new(void);

struct ticket *ticket_hold(struct ticket *ticket);

/** Let go; the last one frees the ticket. NULL is allowed. */
void ticket_release(struct ticket *ticket);

/** Let the ticket wait for `job`, which no ticket has left yet. Not thread-safe: see
 *  job.tickets. */
void ticket_join(struct ticket *ticket, struct job *job);

/**
 * Let the ticket also wait for `job`, which must not be finished, and extend the job's deadline to
 * the ticket's. False, with nothing changed: all others have left the job, and it is being given
 * up. Not thread-safe either.
 */
bool ticket_join_others(struct ticket *ticket, struct job *job);

/** Take all tickets of the job, with their references. Not thread-safe either. */
struct ticket *ticket_leave(struct job *job);

bool ticket_is_pending(const struct ticket *ticket);

/**
 * Answer the ticket, once: true for the first caller, whose answer is held and whose call wakes the
 * owner. `answer` is borrowed; NULL: nobody waits any more. After the last ticket of a job, its
 * download is cancelled.
 */
bool ticket_finish(struct ticket *ticket, struct answer *answer);

/** Answer the ticket, whose deadline has passed at `now_ns`, with deadline exceeded. */
void ticket_expire(struct ticket *ticket, uint64_t now_ns);

/** Has the client gone away, so that nobody would read the answer? Costs one system call. */
bool ticket_client_gone(const struct ticket *ticket, uint64_t now_ns);

#endif
