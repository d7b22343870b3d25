#ifndef SERVER_BATCH_H
#define SERVER_BATCH_H

#include "budget.h"
#include "cache.h"
#include "connections.h"
#include "gunzip.h"
#include "queue.h"
#include "shared_cache.h"
#include "shared_rate.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Many requests in one: a body of JSON lines (application/x-ndjson), answered line by line, in the
 * input's order, while the input is still arriving.
 *
 * libmicrohttpd cannot answer before a request has ended. So it only reads: a thread of ours writes
 * the answer to the socket, in chunks, and the connection is closed at the end without
 * libmicrohttpd ever having answered. A window of lines is under way at a time; while it is full,
 * or the client does not read, the connection is suspended, and TCP slows the sender down. So a
 * gigabyte takes no more memory than a megabyte. The same holds for a gzipped body: it is
 * decompressed only as far as lines fit into the window.
 *
 * But some proxies and simple clients stop sending once an answer begins, or read nothing until
 * they have sent everything. So if the head announces a short body, that is read to its end first,
 * as long as half of `bodies` stays free, the sender does not pause, and it takes no longer than a
 * single request's body may.
 */
struct batches;
struct batch;

struct batch_parts {
	struct queue *queue;
	struct cache *cache;
	struct shared_cache *shared_cache; /* NULL: none */
	struct rate *rate;
	struct shared_rate *shared_rate; /* NULL: none */
	struct connections *connections;
	struct metrics *metrics;
	struct budget *bodies; /* shared by all requests: a line that does not fit is answered
				  `overloaded` */
	size_t max_line_bytes;
	size_t window;        /* lines under way for one batch */
	uint64_t deadline_ns; /* for one line to arrive, to be answered, and to be read */
};

/** Start the thread; NULL where that fails. `parts` is copied, what it points to borrowed. Only
 *  one per process, because the recv() defined in batch.c looks for its batches. */
struct batches *batches_new(const struct batch_parts *parts);

/** Stop it; all batches must be freed. NULL is allowed. */
void batches_free(struct batches *batches);

/** What the head of a batch says; all borrowed until batch_free(). */
struct batch_request {
	struct MHD_Connection *connection;
	struct connection *tracked; /* the same; its socket is written to */
	const char *client; /* whose rate limit the lines count against; the head has counted for
			       the first one */
	const char *request_id; /* for the log */
	struct gunzip *gunzip;  /* unpacks the body; NULL: it comes as it is */
	size_t ahead; /* length of a body to read before the answer begins; 0: answer at once */
	bool chunked; /* false for HTTP/1.0 clients, whose answer ends with the connection */
};

/**
 * Begin to answer with `head`: a status line and header fields without the empty line, taken. NULL
 * without memory, or room for it in `bodies`.
 */
struct batch *batch_begin(struct batches *batches, const struct batch_request *request, char *head);

/**
 * Take some more of the body, on the I/O thread. Takes as much of data[0, *size) as the window
 * allows and sets *size to what is left. If something is left, the connection was suspended: call
 * this again with it.
 */
void batch_receive(struct batch *batch, const char *data, size_t *size);

/** The body has ended. True: all is answered, close the connection. False: the connection was
 *  suspended; call this again when it is resumed. */
bool batch_end(struct batch *batch);

/** At the end of the drain time: answer every line under way with `report`, and all that would
 *  follow with one more. */
void batches_end_all(struct batches *batches, const struct problem_report *report);

/** How many decompressed bytes became lines, and how many bytes of answers were written. True:
 *  the answer is complete. */
bool batch_bytes(struct batch *batch, size_t *taken, size_t *answered);

/** Free it; lines still under way are dropped. NULL is allowed. */
void batch_free(struct batch *batch);

#endif
