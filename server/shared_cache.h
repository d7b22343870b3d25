#ifndef SERVER_SHARED_CACHE_H
#define SERVER_SHARED_CACHE_H

#include "metrics.h"
#include "queue.h"
#include "redis.h"

/**
 * Answers that several instances share in Redis or Valkey, behind each one's own cache in memory,
 * and one flight per key among all of them.
 *
 * The first job that misses takes a lease, which its instance renews while the job is under way;
 * other instances ask again every few milliseconds until the answer is there. A lease that is not
 * renewed (its instance died, hangs, or cannot reach the server) ends within a second, and the next
 * instance that asks takes it. Whenever the server cannot help, jobs go straight to the workers.
 */
struct shared_cache;

/** A job that was looked up in the shared cache, until it ends; see shared_cache_leave(). */
struct flight;

/**
 * `policy` is every setting of this instance that decides what an answer holds or may hold (above
 * all, which URLs may be downloaded): only instances with the same policy share answers. All parts
 * are borrowed. NULL without memory.
 */
struct shared_cache *shared_cache_new(struct redis *redis, struct queue *queue,
				      struct metrics *metrics, const char *policy);

/** Free; its redis must be stopped and no job under way. NULL is allowed. */
void shared_cache_free(struct shared_cache *shared);

/**
 * Look for the answer of `*job` (the first with its key, see cache.h), and hand the job to the
 * queue if there is none. Never blocks. True: the caller's reference is taken and `*job` is NULL.
 * False: nothing changed (no server, or `shared` is NULL), and the caller goes to the queue itself.
 */
bool shared_cache_ask(struct shared_cache *shared, struct job **job);

/**
 * The job ended with `answer` (borrowed; NULL: none): keep it for all instances, as long as its
 * keep_ms says, or give up the lease. Takes `flight`; NULL is allowed. Any thread; never blocks.
 */
void shared_cache_leave(struct flight *flight, const struct answer *answer);

#endif
