#ifndef SERVER_REDIS_H
#define SERVER_REDIS_H

#include "metrics.h"
#include "redis_url.h"

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * A Redis or Valkey server as the service uses it: one thread with one connection, on which all
 * commands are pipelined. No call ever waits: the outcome of a command is reported later, on that
 * thread.
 *
 * A circuit breaker: commands are taken only while the server is known to answer. The first one not
 * answered within `timeout_ms` (or the first sign that the server cannot be written to) ends the
 * connection and fails all commands under way. From then on commands are refused at once, while the
 * thread tries to reconnect, one attempt at a time, less and less often, down to every few seconds.
 */
struct redis;

struct redis_options {
	struct redis_address address;
	const char *ca_file, *client_file; /* PEM, for TLS; empty: the system's roots, none */
	uint64_t timeout_ms;               /* for one command */
	struct metrics *metrics;           /* borrowed */
};

/**
 * Start the thread. NULL when memory, a thread or a file is not available: then `fault` says why.
 * The server need not be reachable.
 */
struct redis *redis_new(const struct redis_options *options, char *fault, size_t size);

/**
 * End the thread; before that, everything under way fails and every timer fires. Commands are
 * refused from now on. NULL is allowed.
 */
void redis_stop(struct redis *redis);

/** Free what redis_stop() has stopped. NULL is allowed. */
void redis_free(struct redis *redis);

bool redis_is_up(const struct redis *redis);

/**
 * The outcome of a command, on the thread of `redis`. `reply` is borrowed and may be an error from
 * the server; NULL: none came, or not in time. Must not block.
 */
typedef void redis_done(void *arg, const redisReply *reply);

/**
 * Send a command of `argc` words. True: `done` is called once, perhaps before this returns. False:
 * refused, `done` is not called. Any thread; never blocks; the words are copied.
 */
bool redis_send(struct redis *redis, int argc, const char *const *argv, const size_t *lengths,
		redis_done *done, void *arg);

/**
 * Call `fire(arg)` on the thread of `redis` after `delay_ms`, or when that thread ends. Call this
 * only on that thread. False: it is ending, or there is no memory, and `fire` is not called.
 */
bool redis_after(struct redis *redis, uint64_t delay_ms, void (*fire)(void *arg), void *arg);

#endif
