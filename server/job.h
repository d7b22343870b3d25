#ifndef SERVER_JOB_H
#define SERVER_JOB_H

#include "fetch.h"
#include "problem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/** A finished download, kept for the worker that goes on with the job. */
struct download {
	enum fetch_status status;
	int http_status;
	char *body, *url; /* malloc'ed */
	size_t body_len;
	char content_type[64], charset[64];
};

struct queue;

/** How long each stage took, for Server-Timing, the log and the metrics. */
struct job_times {
	uint64_t queue_ns, fetch_ns, extract_ns, summarize_ns;
};

/** What a job ends with: a body, a problem, or (`dropped`) nothing, because nobody waits for it. */
struct answer {
	char *body; /* malloc'ed; NULL where `report` says why */
	size_t len;
	struct problem_report report;
	struct job_times times;
	bool dropped;
};

enum job_state { JOB_PENDING, JOB_FINISHED };

/**
 * One request for a summary on its way: HTTP thread → queue → worker (→ fetcher → queue → worker)
 * → HTTP thread.
 *
 * Two hold it: the connection it came by, and whoever works on it (queue, worker or fetcher); the
 * last to job_release() it frees it. Everything in it is written by its present worker only, but
 * for `state` and `answer`: whoever wins job_finish() writes the answer, once. So a deadline can
 * answer while a worker is still busy, and the worker's late answer goes nowhere.
 */
struct job {
	struct job *next; /* the queue's */
	atomic_uint references;
	atomic_int state;

	char *body; /* malloc'ed: JSON, or a query string's arguments (see request.h) */
	size_t body_len;
	bool is_query;
	int socket; /* the client's; looked at, never read */

	uint64_t accepted_ns, deadline_ns, queued_ns; /* monotonic */
	struct download *download;                    /* NULL until it is there */
	_Atomic uint64_t fetch_id;                    /* of the running download; 0: none */
	struct job_times times;
	struct answer answer;

	struct queue *queue;            /* where a finished download goes back to */
	void (*finished)(struct job *); /* wakes the owner; runs on the finishing thread */
	void *owner;
};

/** A pending job with one reference, or NULL without memory. Takes `body`, also on failure. */
struct job *job_new(char *body, size_t body_len, bool is_query);

struct job *job_hold(struct job *job);

/** Let go; the last one frees the job with its body, download and answer. NULL is allowed. */
void job_release(struct job *job);

/** Is there anything left to do, or did somebody (the deadline) answer already? */
bool job_is_pending(const struct job *job);

/**
 * Answer the job, once: the first caller's answer is taken (`*answer` is then cleared) and the
 * owner woken; true. A later caller's is freed; false.
 */
bool job_finish(struct job *job, struct answer *answer);

/** job_finish() with a problem. */
bool job_fail(struct job *job, const struct problem_report *report);

/** Free a download with what it holds. NULL is allowed. */
void download_free(struct download *download);

/** Has the client gone away, so that nobody would read the answer? One system call. */
bool job_client_gone(const struct job *job, uint64_t now_ns);

#endif
