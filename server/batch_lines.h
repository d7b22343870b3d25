#ifndef SERVER_BATCH_LINES_H
#define SERVER_BATCH_LINES_H

#include "batch.h"

#include <pthread.h>

/**
 * What the two files of batches share; nobody else includes this. The way of a batch through them:
 * batch.c (the I/O threads' calls) → batch_lines.c (its bytes become lines, its lines slots with a
 * job or a problem) → batch.c (a thread queues the jobs and writes the answers). Everything is
 * called under the lock of `struct batches`.
 */

enum {
	/* What waits for the socket; the rest stays in its window, where all that read it have one
	   copy. */
	BATCH_OUT_BYTES = 16 * 1024,
	/* A packed body is unpacked in pieces of this size. */
	BATCH_PIECE_BYTES = 16 * 1024,
};

/* One line under way, in the input's order. */
struct slot {
	struct slot *next;
	size_t number;   /* of the line, from 1 */
	size_t copied;   /* bytes of its answer that have been in `out` */
	struct job *job; /* not queued yet; else NULL */
	struct ticket *ticket;
};

/* The line that is arriving. */
struct line {
	char *at;
	size_t len, room;     /* room: counted in parts.bodies */
	enum problem refused; /* why what comes of it is passed over; `len` is counted on */
};

/*
 * What was read ahead of the lines under way. Proxies and simple clients send no more of a request
 * once its answer has begun (nginx), or read nothing before they have sent all: a body that says
 * that it is no longer than a single request's may be is read to its end before the answer begins,
 * unless its sender pauses.
 */
struct ahead {
	char *bytes;
	size_t at, len, room; /* bytes[at, len) is not taken yet; room: counted in parts.bodies */
	size_t to_come;       /* of the body */
	uint64_t came_ns;     /* the last of it */
	uint64_t until_ns;    /* no longer than until then */
	bool reads;           /* it still does, and nothing is begun before */
};

/* A body packed by gzip. */
struct unpacking {
	struct gunzip *gunzip; /* borrowed */
	size_t at, len;        /* piece[at, len) has not become lines yet */
	size_t idle;           /* bytes of blank lines and of the arriving one */
	bool held;             /* the first byte of what comes next was taken already */
	bool refused;          /* the rest is passed over */
	char piece[BATCH_PIECE_BYTES];
};

struct batch {
	struct batches *batches;
	struct batch *next, **link; /* link: what points here */
	struct MHD_Connection *connection;
	struct connection *tracked;
	const char *client, *request_id;
	uint64_t limit_ns; /* by then a line comes or an answer goes */
	struct slot *first, **last;
	size_t under_way, lines;
	size_t taken, answered; /* bytes: of lines, and of their answers */
	struct ahead ahead;
	struct line line;
	bool counted;                /* a line has taken the token of the head */
	struct unpacking *unpacking; /* NULL: the body comes as it is */
	bool started;                /* libmicrohttpd writes nothing more: the socket is ours */
	bool held;                   /* libmicrohttpd keeps some of the body, for want of room */
	bool arrived, ended;         /* the body; the last line */
	bool suspended, broken, chunked, closed; /* closed: the last chunk is in `out` */
	size_t cost;                             /* of this itself, counted in parts.bodies */
	size_t out_len, out_sent;
	char out[BATCH_OUT_BYTES];
};

struct batches {
	struct batch_parts parts;
	pthread_t thread;
	int event;            /* written to when a ticket is finished or a batch changed */
	pthread_mutex_t lock; /* guards everything below, and all batches */
	struct batch *first;
	bool stopping;
	struct pollfd *polled; /* the thread's alone: the event, and a socket for each batch */
	size_t polled_room;
};

/** Let the thread look at all batches again. */
void batches_alert(struct batches *batches);

/** May one more line be under way? */
bool lines_have_room(const struct batch *batch);

/** Make lines of as much of data[0, size) as the window allows; returns how much. What is left is
 *  to be brought again, with what follows it or without. */
size_t lines_take(struct batch *batch, const char *data, size_t size);

/** There is nothing behind what was taken: the last line ends here. */
void lines_end(struct batch *batch);

/** Keep all of data[0, size) for later, if the batch is read ahead and there is room to spare; else
 *  false. */
bool lines_read_ahead(struct batch *batch, const char *data, size_t size);

/** Does more of the body come before the answer is to begin? One system call where it pauses. */
bool lines_come_first(struct batch *batch);

/** Has anything been read ahead that is not taken yet? */
bool lines_are_ahead(const struct batch *batch);

/** lines_take() of what was read ahead, so much as is done in one go, and lines_end() behind the
 *  last of it. True: some. */
bool lines_take_ahead(struct batch *batch);

/** End here: `report` in place of every line under way, and one for all that would follow. */
void lines_refuse(struct batch *batch, const struct problem_report *report);

/** Free what came and was not taken. */
void lines_drop(struct batch *batch);

#endif
