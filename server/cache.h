#ifndef SERVER_CACHE_H
#define SERVER_CACHE_H

#include "job.h"

/**
 * Answers kept in memory, and the jobs under way, by the same key: a thousand readers who press the
 * button at once cost one computation and one download.
 *
 * The key is the SHA-256 of the engine's version, the kind of request and the raw body, so that the
 * I/O thread finds an answer before anything is decoded. A kept answer has the same bytes as a new
 * one. The cache is bounded in bytes; the least recently used answer goes first, and one larger
 * than the bound is not kept. All functions are thread-safe and hold one short lock.
 */
struct cache;

/** Keep up to `max_bytes` of answers; 0: none, but jobs under way are still shared. */
struct cache *cache_new(size_t max_bytes);

/** Free the cache and all that it keeps; no job may be under way. NULL is allowed. */
void cache_free(struct cache *cache);

/** The key of a request body. */
void cache_key(const char *body, size_t len, bool is_query, unsigned char key[JOB_KEY_BYTES]);

/** The answer kept under `key`, held for the caller, or NULL. */
struct answer *cache_find(struct cache *cache, const unsigned char key[JOB_KEY_BYTES],
			  uint64_t now_ns);

enum cache_result {
	CACHE_LEAD,   /* `job` is registered: the caller must see to it that it is finished */
	CACHE_JOINED, /* the ticket waits for another job with this key; `job` is unused */
	CACHE_FOUND,  /* `*answer` has been cached meanwhile; held for the caller */
	CACHE_NO_MEMORY,
};

/** Let `ticket` wait for the job under way that has the key of `job`, or be the first ticket of
 *  `job`. */
enum cache_result cache_join(struct cache *cache, struct job *job, struct ticket *ticket,
			     uint64_t now_ns, struct answer **answer);

/**
 * The job is done: no more tickets can join it, and `answer` is kept as long as its keep_ms says.
 * Returns the tickets, whose references are the caller's.
 */
struct ticket *cache_leave(struct cache *cache, struct job *job, struct answer *answer);

/** For the metrics: each request and each line of a batch is a hit, a miss (it leads) or joined. */
struct cache_figures {
	uint64_t hits, misses, joined, evicted;
	size_t entries, bytes;
};

struct cache_figures cache_figures(struct cache *cache);

#endif
