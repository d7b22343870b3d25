#ifndef SERVER_SHARED_RATE_H
#define SERVER_SHARED_RATE_H

#include "metrics.h"
#include "rate.h"
#include "redis.h"

/**
 * One token bucket per client for all instances, kept in Redis or Valkey by the server's clock. The
 * server's decisions are noted in this instance's own buckets (rate.h). These refuse, without
 * asking, clients that they know to be over their limit, and decide alone while the server is away.
 */
struct shared_rate;

/** All parts are borrowed. NULL without memory. */
struct shared_rate *shared_rate_new(struct redis *redis, struct rate *rate,
				    struct metrics *metrics);

/** Free; its redis must be stopped. NULL is allowed. */
void shared_rate_free(struct shared_rate *shared);

/**
 * Can a request of `client` be decided without asking, because the server is away (then it counts
 * here) or the client is known to be over its limit? Then `*state` says how. Any thread.
 */
bool shared_rate_decides(struct shared_rate *shared, const char *client, uint64_t now_ns,
			 struct rate_state *state);

/** What was decided: on the thread of redis, or before shared_rate_ask() returns. */
typedef void shared_rate_decided(void *arg, struct rate_state state);

/** Ask the server about one request of `client`. `decided` is called once. Never blocks. */
void shared_rate_ask(struct shared_rate *shared, const char *client, shared_rate_decided *decided,
		     void *arg);

/**
 * Count one of the requests of `client` that come by the thousand and cannot each wait for the
 * server: it is decided here, at once. The server is told; its answer counts for the next one.
 */
struct rate_state shared_rate_count(struct shared_rate *shared, const char *client,
				    uint64_t now_ns);

#endif
