#ifndef SERVER_EXCHANGE_H
#define SERVER_EXCHANGE_H

#include "answer.h"
#include "assets.h"
#include "batch.h"
#include "client.h"
#include "gunzip.h"
#include "head.h"
#include "http.h"
#include "job.h"
#include "problem.h"
#include "rate.h"
#include "routes.h"

#include <microhttpd.h>
#include <stdatomic.h>

/**
 * Shared by the files of the HTTP side; no other file includes it. A request passes through http.c
 * (libmicrohttpd's callbacks) → admission.c → body.c → submit.c, or endpoints.c if there is nothing
 * to compute → respond.c → response_headers.c. drain.c ends all requests without losing one.
 */

/** One libmicrohttpd daemon: the service's listener, or the admin's. */
struct door {
	struct http *http;
	struct MHD_Daemon *daemon;
	bool admin;
};

struct http {
	struct http_parts parts;
	struct door service, admin;
	bool has_admin;
	struct batches *batches;
	atomic_bool draining;
	atomic_bool ended; /* no new request begins */
	/* Requests under way that began before [0] and after [1] the drain began. */
	atomic_size_t under_way[2];
	struct address_net trusted[CONFIG_MAX_NETS];
	size_t trusted_len;
};

/** One request on its connection; lives from its head to the end of its answer. */
struct exchange {
	struct http *http;
	struct MHD_Connection *connection;
	struct connection *tracked;
	const struct route *route;    /* NULL: not found */
	const struct asset *asset;    /* the file asked for, where the route serves files */
	const char *method;           /* constant */
	struct batch *batch;          /* JSON lines, answered while they arrive */
	struct ticket *ticket;        /* waits for its job */
	struct answer *answer;        /* what is being sent, if it is more than a problem */
	struct problem_report report; /* refused already, and why */
	struct gunzip *gunzip;        /* NULL: the body comes as it is */
	char *body;
	uint64_t length; /* of the body, as announced by the head; 0: not announced */
	size_t body_len, body_room, discarded;
	size_t packed_len; /* bytes that came for `gunzip` */
	/* When its head came, its end came (0: answered by its head alone), its answer was
	 * ready. */
	uint64_t begun_ns, received_ns, answered_ns;
	unsigned generation; /* index into http's under_way */
	size_t answer_len;
	bool is_1_1; /* else HTTP/1.0 */
	bool is_batch;
	bool is_large;         /* refused, and its body is not worth reading */
	bool close;            /* close the connection after the answer */
	unsigned status;       /* 0: nothing answered yet */
	const char *origin;    /* whose pages may call us; NULL: none, or not allowed */
	struct rate_rule rule; /* quota 0: no limit applies */
	struct rate_state state;
	bool asks_rate; /* suspended until the shared rate limit has decided on `state` */
	char key_name[KEYS_NAME_MAX + 1]; /* name of the API key that was sent; empty: none */
	char client[KEYS_NAME_MAX + CLIENT_NAME_MAX]; /* a key's name or an address */
	char traceparent[56];
	char request_id[129];
};

/**
 * A request's head has come. It counts as under way until exchange_end(). NULL: no memory, the
 * connection is unknown, or the service has ended.
 */
struct exchange *exchange_begin(struct http *http, struct MHD_Connection *connection,
				const char *method);

/** Its connection enters `phase`, for as long as the request may take. */
void exchange_enter(struct exchange *x, enum connection_phase phase);

/** It was answered, or its client left: log it, count it, give back all that it holds. */
void exchange_end(struct exchange *x);

/** Where its answer was cached: "hit" for this instance's cache, "shared" for another instance's
 * answer, or "none". */
const char *exchange_cache(const struct exchange *x);

/** How long each stage of its answer took. NULL for a cached answer, whose times are those of
 *  the request that made it. */
const struct job_times *exchange_times(const struct exchange *x);

/** GET, or HEAD, which is GET with its body withheld. */
bool exchange_is_get(const struct exchange *x);

/* How long, after the drain time, answers may take to be sent or connections to close. */
enum { DRAIN_LAST_MS = 2000 };

/** Let no new request begin, and wait until those that have begun are answered and the answers
 *  sent. False if one is still under way at `until_ns`. */
bool drain_requests(struct http *http, uint64_t until_ns);

#endif
