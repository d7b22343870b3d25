#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include "cache.h"
#include "config.h"
#include "connections.h"
#include "fetch.h"
#include "keys.h"
#include "metrics.h"
#include "rate.h"
#include "queue.h"
#include "sandbox.h"
#include "redis.h"
#include "shared_cache.h"
#include "shared_rate.h"
#include "worker.h"

#include <stdbool.h>

/**
 * The libmicrohttpd glue: bytes in, response out. I/O threads read requests, hand jobs to the
 * queue, suspend the connection meanwhile and write the answer when it is resumed.
 */
struct http;

/** What the HTTP side works with; all borrowed, and must outlive it. */
struct http_parts {
	const struct config *config;
	struct connections *connections;
	struct cache *cache;
	struct queue *queue;
	struct workers *workers;
	struct fetcher *fetcher;
	struct keys *keys;
	struct metrics *metrics;
	struct rate *rate;
	struct budget *bodies;  /* of all requests */
	struct sandbox sandbox; /* what is in force, for the metrics */
	struct redis *redis;    /* these three: NULL without --cache-url */
	struct shared_cache *shared_cache;
	struct shared_rate *shared_rate;
	/* Somebody else also holds the service's socket and gives it to the next
	 * instance: connections that wait in its queue when we end are not lost, and we
	 * need not answer them. */
	bool socket_is_shared;
};

/**
 * Serve. Both are bound, listening descriptors: the service's, and the admin's or -1; http_free()
 * closes them. NULL when libmicrohttpd can't start; then the sockets may still be open.
 */
struct http *http_new(const struct http_parts *parts, int socket, int admin_socket);

/**
 * Stop serving without losing an accepted request: readiness turns to 503 and answers close their
 * connections; requests under way are answered; then the listener is closed, and what it had
 * accepted is answered too; all within `drain_ms`. Returns how many requests had to be given up
 * after that time: they were answered with 503, and if their clients did not read even that, their
 * connections were cut.
 */
size_t http_drain(struct http *http, uint64_t drain_ms);

/** Stop and free; http_drain() must have returned, and the workers have ended, so that no request
 *  waits for them. NULL is allowed. */
void http_free(struct http *http);

#endif
