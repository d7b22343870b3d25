#ifndef SERVER_CONNECTIONS_H
#define SERVER_CONNECTIONS_H

#include "job.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * All client connections, what each is doing and until when, and a thread that watches them.
 * libmicrohttpd notices only inactivity, and nothing about suspended connections; so slow drips of
 * bytes, deadlines and clients that left are noticed here.
 */
struct connections;
struct connection;

enum connection_phase {
	CONNECTION_IDLE,  /* no request yet, or none any more */
	CONNECTION_BODY,  /* a head came; the body is arriving */
	CONNECTION_BATCH, /* lines are arriving and being answered */
	CONNECTION_HELD,  /* suspended without a ticket; an end of input is ignored */
	CONNECTION_WORK,  /* suspended; a ticket waits for its job */
	CONNECTION_SEND,  /* the answer is being written */
};

/**
 * Start the watching thread. NULL without memory or thread. When one listener has `max`
 * connections, those that have been idle for longest, and for at least a second, are cut to make
 * room.
 */
struct connections *connections_new(size_t max);

/** How many one listener may have at once. */
size_t connections_max(const struct connections *connections);

/** Stop the thread and free; all connections must have been removed. NULL is allowed. */
void connections_free(struct connections *connections);

/** A client connected by `socket` (borrowed until it is removed) to the service's listener, or the
 *  admin's. NULL without memory. */
struct connection *connections_add(struct connections *connections, bool admin, int socket,
				   uint64_t limit_ns);

/** The connection closes: call this before its descriptor is closed. */
void connections_remove(struct connections *connections, struct connection *connection);

int connection_socket(const struct connection *connection);

/**
 * The connection enters `phase`, which may last until `limit_ns` (monotonic). After that, a ticket
 * is answered with PROBLEM_DEADLINE_EXCEEDED; in every other phase the connection is cut. `ticket`
 * is held while the phase is CONNECTION_WORK, else NULL.
 */
void connections_enter(struct connections *connections, struct connection *connection,
		       enum connection_phase phase, uint64_t limit_ns, struct ticket *ticket);

/** How many there are, and how many of them have unread input or a request under way. */
void connections_count(struct connections *connections, size_t *all, size_t *busy);

/**
 * How many sockets on the local TCP port `port` were accepted by this process but not added yet.
 * Looks at every descriptor, so use it only at the end.
 */
size_t connections_unknown(struct connections *connections, unsigned port);

/** Answer every waiting ticket with `report`, at the end of the drain time. */
void connections_fail_all(struct connections *connections, const struct problem_report *report);

/** Shut down every connection's socket, whatever its phase: nothing more is read or sent. */
void connections_cut_all(struct connections *connections);

#endif
