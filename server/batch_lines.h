#ifndef SERVER_BATCH_LINES_H
#define SERVER_BATCH_LINES_H

#include "batch.h"

#include <pthread.h>

/**
 * Shared by the two files that implement batches; no other file includes it. A batch passes through
 * batch.c (the I/O threads' calls) → batch_lines.c (its bytes become lines, its lines slots with a
 * job or a problem) → batch.c (a thread queues the jobs and writes the answers). Every function is
 * called with the lock of `struct batches` held.
 */

enum {
	/* Bytes waiting for the socket. The rest of an answer stays in its slot, where all who
	 * read it share one copy. */
	BATCH_OUT_BYTES = 16 * 1024,
	/* A gzipped body is unpacked in pieces of this size. */
	BATCH_PIECE_BYTES = 16 * 1024,
};

/* One line under way, in the input's order. */
struct slot {
	struct slot *next;
	size_t number;   /* the line's number, from 1 */
	size_t copied;   /* bytes of its answer that have been in `out` */
	struct job *job; /* not queued yet; NULL once it is */
	struct ticket *ticket;
};

/* The line that is arriving. */
struct line {
	char *at;
	size_t len, room;     /* room: counted in parts.bodies */
	enum problem refused; /* why the rest of it is skipped; `len` still counts it */
};

/*
 * What was read ahead of the lines under way. Some clients and proxies (nginx) stop sending a
 * request once its answer begins, or read nothing until they have sent everything. So a body whose
 * head announces no more than a single request may have is read to its end before the answer
 * begins, unless its sender pauses.
 */
struct ahead {
	char *bytes;
	size_t at, len, room; /* bytes[at, len) is not taken yet; room: counted in parts.bodies */
	size_t to_come;       /* of the body */
	uint64_t came_ns;     /* when the last bytes came */
	uint64_t until_ns;    /* when reading ahead ends at the latest */
	bool reads;           /* still reading ahead; the answer begins afterwards */
};

/* A gzipped body. */
struct unpacking {
	struct gunzip *gunzip; /* borrowed */
	size_t at, len;        /* piece[at, len) has not become lines yet */
	size_t idle;           /* bytes of blank lines and of the line that is arriving */
	bool held;             /* the first byte of the next input was taken already */
	bool refused;          /* the rest is skipped */
	char piece[BATCH_PIECE_BYTES];
};

struct batch {
	struct batches *batches;
	struct batch *next, **link; /* link: what points here */
	struct MHD_Connection *connection;
	struct connection *tracked;
	const char *client, *request_id;
	uint64_t limit_ns; /* when a line must have arrived, or an answer have been sent */
	struct slot *first, **last;
	size_t under_way, lines;
	size_t taken, answered; /* bytes: of lines, and of their answers */
	struct ahead ahead;
	struct line line;
	bool counted;                /* a line has used the token that the head took */
	struct unpacking *unpacking; /* NULL: the body comes as it is */
	bool started;                /* libmicrohttpd writes no more; the socket is ours */
	bool held;           /* there was no room, so libmicrohttpd keeps some of the body */
	bool arrived, ended; /* the body; the last line */
	bool suspended, broken, chunked, closed; /* closed: the last chunk is in `out` */
	size_t cost; /* bytes of this struct itself, counted in parts.bodies */
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
	struct pollfd *polled; /* the thread's: the event, and a socket for each batch */
	size_t polled_room;
};

/** Let the thread look at all batches again. */
void batches_alert(struct batches *batches);

/** May one more line be under way? */
bool lines_have_room(const struct batch *batch);

/** Turn as much of data[0, size) into lines as the window allows; returns how many bytes. The
 *  caller must offer the rest again, alone or with what follows it. */
size_t lines_take(struct batch *batch, const char *data, size_t size);

/** The body ends after what was taken, and so does the last line. */
void lines_end(struct batch *batch);

/** Keep all of data[0, size) for later, if the batch is read ahead and there is room to spare; else
 *  false. */
bool lines_read_ahead(struct batch *batch, const char *data, size_t size);

/** Must more of the body be read before the answer may begin? Costs one system call if the
 *  sender pauses. */
bool lines_come_first(struct batch *batch);

/** Are there bytes read ahead that have not been taken yet? */
bool lines_are_ahead(const struct batch *batch);

/** lines_take() some of what was read ahead, as much as one turn may do, and lines_end() after
 *  the last of it. True: something was taken. */
bool lines_take_ahead(struct batch *batch);

/** End the batch: answer every line under way with `report`, and all that would follow with one
 *  more. */
void lines_refuse(struct batch *batch, const struct problem_report *report);

/** Free the bytes that arrived and were not taken. */
void lines_drop(struct batch *batch);

#endif
