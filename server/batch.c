#include "batch.h"

#include "cacheable.h"
#include "monotonic.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What waits for the socket; the rest stays in its window, where all that read it have one copy. */
#define OUT_BYTES (16 * 1024)
/* A problem in JSON has no more; and less must not begin where only parts of it would fit. */
#define PROBLEM_BYTES (4 * 1024)
/* Before a line, */
#define SIZE_BYTES 24
/* and behind the last one, with the end of the whole. */
#define END_BYTES 8
/* zlib's share of a packed body. */
#define GUNZIP_BYTES (48 * 1024)
/* How soon lines are tried again that found the queue too full. */
#define RETRY_MS 5
#define IDLE_MS 1000
/* A sender that is silent for so long waits for answers, and is not read ahead of them any more. */
#define PAUSE_MS 100
/* What is late is answered so, first; the connection is cut this much later. */
#define GRACE_NS (1000 * NS_PER_MS)
/* A packed body is unpacked in pieces of this size, */
#define PIECE_BYTES (16 * 1024)
/* and so many in one go, before other connections of the I/O thread have their turn. */
#define PIECES 16

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
	char piece[PIECE_BYTES];
};

struct batch {
	struct batches *batches;
	struct batch *next, **link; /* link: what points here */
	struct MHD_Connection *connection;
	struct connection *tracked;
	const char *client;
	uint64_t limit_ns; /* by then a line comes or an answer goes */
	struct slot *first, **last;
	size_t under_way, lines;
	struct ahead ahead;
	struct line line;
	bool counted;                /* a line has taken the token of the head */
	struct unpacking *unpacking; /* NULL: the body comes as it is */
	bool started;                /* libmicrohttpd writes nothing more: the socket is ours */
	bool arrived, ended;         /* the body; the last line */
	bool suspended, broken, chunked, closed; /* closed: the last chunk is in `out` */
	size_t cost;                             /* of this itself, counted in parts.bodies */
	size_t out_len, out_sent;
	char out[OUT_BYTES];
};

struct batches {
	struct batch_parts parts;
	pthread_t thread;
	int event;            /* written to when a ticket is finished or a batch changed */
	pthread_mutex_t lock; /* guards everything below, and all batches */
	struct batch *first;
	bool stopping;
};

static void alert(struct batches *batches)
{
	uint64_t one = 1;
	if (write(batches->event, &one, sizeof(one)) < 0)
		return; /* full: it is awake already */
}

static void wake(struct ticket *ticket)
{
	alert(ticket->owner);
}

/* ---- writing ---------------------------------------------------------------------------- */

/* There must be room. */
static void append(struct batch *batch, const char *bytes, size_t len)
{
	assert(len <= OUT_BYTES - batch->out_len);
	memcpy(batch->out + batch->out_len, bytes, len);
	batch->out_len += len;
}

/* A line is a chunk (RFC 9112, 7.1); before it stands its length with its end. */
static void append_size(struct batch *batch, size_t len)
{
	char size[SIZE_BYTES];
	if (batch->chunked)
		append(batch, size, (size_t)snprintf(size, sizeof(size), "%zx\r\n", len + 1));
}

static void append_end(struct batch *batch)
{
	append(batch, "\n\r\n", batch->chunked ? 3 : 1);
}

static void append_problem(struct batch *batch, const struct slot *slot)
{
	const struct answer *answer = slot->ticket->answer;
	struct problem_report report = {.problem = PROBLEM_INTERNAL};
	if (answer != NULL)
		report = answer->report;
	report.line = slot->number;
	size_t len;
	char *text = problem_render(&report, NULL, &len);
	if (text == NULL || len > PROBLEM_BYTES) {
		batch->broken = true;
	} else {
		append_size(batch, len);
		append(batch, text, len);
		append_end(batch);
	}
	free(text);
}

/* Put as much of the first line's answer into `out` as there is room for; true: to its end. */
static bool append_some(struct batch *batch)
{
	struct slot *slot = batch->first;
	const struct answer *answer = slot->ticket->answer;
	if (batch->out_len > OUT_BYTES - END_BYTES - SIZE_BYTES - PROBLEM_BYTES)
		return false;
	if (answer == NULL || answer->body == NULL) {
		append_problem(batch, slot);
		return true;
	}
	if (slot->copied == 0)
		append_size(batch, answer->len);
	size_t room = OUT_BYTES - END_BYTES - batch->out_len;
	size_t left = answer->len - slot->copied, len = left < room ? left : room;
	append(batch, answer->body + slot->copied, len);
	slot->copied += len;
	if (len == left)
		append_end(batch);
	return len == left;
}

static void drop_first(struct batch *batch)
{
	struct slot *slot = batch->first;
	batch->first = slot->next;
	if (batch->first == NULL)
		batch->last = &batch->first;
	batch->under_way--;
	ticket_release(slot->ticket);
	job_release(slot->job);
	free(slot);
}

/* Send what the socket takes. True: something went out. */
static bool send_some(struct batch *batch)
{
	size_t before = batch->out_sent;
	while (!batch->broken && batch->out_sent < batch->out_len) {
		ssize_t n = send(connection_socket(batch->tracked), batch->out + batch->out_sent,
				 batch->out_len - batch->out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			batch->broken = errno != EAGAIN && errno != EWOULDBLOCK;
			break;
		}
		batch->out_sent += (size_t)n;
	}
	bool progress = batch->out_sent > before;
	if (batch->out_sent == batch->out_len)
		batch->out_sent = batch->out_len = 0;
	return progress;
}

/* ---- the work --------------------------------------------------------------------------- */

/* Let the slot's ticket wait for its job, or for another with the same key. */
static void submit(struct batch *batch, struct slot *slot)
{
	const struct batch_parts *parts = &batch->batches->parts;
	struct job *job = slot->job;
	struct answer *found = NULL;
	enum cache_result result = CACHE_LEAD;
	slot->job = NULL;
	job->begun_ns = monotonic_ns();
	job->deadline_ns = job->begun_ns + parts->deadline_ns;
	if (job->has_key)
		result = cache_join(parts->cache, job, slot->ticket, monotonic_ns(), &found);
	else
		ticket_join(slot->ticket, job);
	struct job *pushed = job_hold(job);
	if (result == CACHE_FOUND || result == CACHE_NO_MEMORY)
		ticket_finish(slot->ticket, found);
	else if (result == CACHE_LEAD && !shared_cache_ask(parts->shared_cache, &pushed, true) &&
		 queue_push_last(parts->queue, &pushed) != QUEUE_OK)
		job_finish(pushed, NULL);
	answer_release(found);
	job_release(pushed);
	job_release(job);
}

static bool has_room(const struct batch *batch)
{
	return !batch->broken && batch->under_way < batch->batches->parts.window;
}

static bool is_over(const struct batch *batch)
{
	return batch->broken || (batch->closed && batch->out_len == 0);
}

/*
 * Tell who watches the connection how long it may go on. While it is suspended or its input has
 * ended, the end of input means nothing: what is still to be read may be in libmicrohttpd's buffer.
 */
static void watch(struct batch *batch, bool progress)
{
	const struct batch_parts *parts = &batch->batches->parts;
	if (progress)
		batch->limit_ns = monotonic_ns() + parts->deadline_ns + GRACE_NS;
	connections_enter(parts->connections, batch->tracked,
			  batch->suspended ? CONNECTION_SEND : CONNECTION_BATCH, batch->limit_ns,
			  NULL);
}

/* ---- reading ---------------------------------------------------------------------------- */

static void add_slot(struct batch *batch, struct slot *slot)
{
	slot->number = ++batch->lines;
	slot->ticket->wake = wake;
	slot->ticket->owner = batch->batches;
	*batch->last = slot;
	batch->last = &slot->next;
	batch->under_way++;
	if (batch->unpacking != NULL)
		batch->unpacking->idle = 0;
}

static void refuse_reported(struct batch *batch, const struct problem_report *report)
{
	struct slot *slot = calloc(1, sizeof(*slot));
	struct ticket *ticket = ticket_new();
	struct answer *answer = answer_new_problem(report);
	if (slot == NULL || ticket == NULL || answer == NULL) {
		free(slot);
		ticket_release(ticket);
		batch->broken = true;
	} else {
		slot->ticket = ticket;
		add_slot(batch, slot);
		ticket_finish(ticket, answer);
	}
	answer_release(answer);
}

static void report_too_long(struct problem_report *report, const char *what, size_t actual,
			    size_t limit)
{
	problem_set(report, PROBLEM_BODY_TOO_LARGE, "%s has %zu bytes; at most %zu are allowed.",
		    what, actual, limit);
	problem_set_limit(report, limit, actual);
}

/* Has the client a token for one more line? Else it is refused. */
static bool count_line(struct batch *batch)
{
	const struct batch_parts *parts = &batch->batches->parts;
	struct rate_rule rule = rate_rule(parts->rate);
	bool first = !batch->counted;
	batch->counted = true;
	if (first || rule.quota == 0)
		return true;
	struct rate_state state =
		parts->shared_rate == NULL
			? rate_take(parts->rate, batch->client, monotonic_ns())
			: shared_rate_count(parts->shared_rate, batch->client, monotonic_ns());
	struct problem_report report;
	if (!state.allowed) {
		rate_report(rule, state, &report);
		refuse_reported(batch, &report);
	}
	return state.allowed;
}

static bool is_blank(const struct line *line)
{
	return line->len == 0 || (line->len == 1 && line->at[0] == '\r');
}

/* Free what came of the line, keep what is known of it. */
static void drop_line(const struct batch *batch, struct line *line)
{
	budget_give(batch->batches->parts.bodies, line->room);
	free(line->at);
	line->at = NULL;
	line->room = 0;
}

static void refuse_arrived(struct batch *batch, const struct line *line)
{
	const struct batch_parts *parts = &batch->batches->parts;
	struct problem_report report;
	if (line->refused == PROBLEM_OVERLOADED)
		budget_report(parts->bodies, line->len, &report);
	else
		report_too_long(&report, "The line", line->len, parts->max_line_bytes);
	refuse_reported(batch, &report);
}

/* Make a job of the line, whose bytes it takes. */
static void begin_job(struct batch *batch, struct line *line)
{
	struct slot *slot = calloc(1, sizeof(*slot));
	struct ticket *ticket = ticket_new();
	struct job *job = job_new(line->at, line->len, false);
	line->at = NULL;
	if (slot == NULL || ticket == NULL || job == NULL) {
		free(slot);
		ticket_release(ticket);
		job_release(job);
		batch->broken = true;
		return;
	}
	job_count(job, batch->batches->parts.bodies, line->room);
	line->room = 0;
	job->has_key = cacheable_body(job->body, job->body_len);
	if (job->has_key)
		cache_key(job->body, job->body_len, false, job->key);
	*slot = (struct slot){.ticket = ticket, .job = job};
	add_slot(batch, slot);
}

/* The arriving line is complete. */
static void end_line(struct batch *batch)
{
	struct line line = batch->line;
	batch->line = (struct line){0};
	if (line.refused != PROBLEM_NONE)
		refuse_arrived(batch, &line);
	else if (is_blank(&line))
		batch->lines++;
	else if (count_line(batch))
		begin_job(batch, &line);
	drop_line(batch, &line);
}

/* Room for `len` bytes of the line, by doubling; false where there is none, or no memory. */
static bool grow_line(struct batch *batch, size_t len)
{
	const struct batch_parts *parts = &batch->batches->parts;
	struct line *line = &batch->line;
	size_t room = 2 * line->room < len ? len : 2 * line->room;
	if (room > parts->max_line_bytes)
		room = parts->max_line_bytes;
	if (len > room)
		line->refused = PROBLEM_BODY_TOO_LARGE;
	else if (!budget_take(parts->bodies, room - line->room))
		line->refused = PROBLEM_OVERLOADED;
	if (line->refused != PROBLEM_NONE)
		return false;
	char *grown = realloc(line->at, room);
	if (grown == NULL) {
		budget_give(parts->bodies, room - line->room);
		line->refused = PROBLEM_OVERLOADED;
		batch->broken = true;
		return false;
	}
	line->at = grown;
	line->room = room;
	return true;
}

static void add_to_line(struct batch *batch, const char *data, size_t len)
{
	struct line *line = &batch->line;
	if (len == 0)
		return;
	if (line->refused == PROBLEM_NONE &&
	    (line->len + len <= line->room || grow_line(batch, line->len + len)))
		memcpy(line->at + line->len, data, len);
	else
		drop_line(batch, line);
	line->len += len;
}

/* Make lines of as much as there is room for; returns how much. */
static size_t take_lines(struct batch *batch, const char *data, size_t size)
{
	size_t used = 0;
	while (used < size && has_room(batch)) {
		const char *end = memchr(data + used, '\n', size - used);
		size_t len = (end == NULL ? size : (size_t)(end - data)) - used;
		add_to_line(batch, data + used, len);
		used += len;
		if (batch->unpacking != NULL)
			batch->unpacking->idle += len + 1;
		if (end != NULL) {
			used++;
			end_line(batch);
		}
	}
	return used;
}

/* Nothing that follows can be trusted: one problem in place of the arriving line and the rest. */
static void refuse_rest(struct batch *batch, const struct problem_report *report)
{
	drop_line(batch, &batch->line);
	batch->line = (struct line){0};
	batch->unpacking->refused = true;
	batch->unpacking->at = batch->unpacking->len = 0;
	refuse_reported(batch, report);
}

static void refuse_packing(struct batch *batch)
{
	struct problem_report report;
	if (gunzip_lacks_memory(batch->unpacking->gunzip))
		problem_set(&report, PROBLEM_OVERLOADED, "No memory to unpack the body.");
	else
		problem_set(&report, PROBLEM_BAD_REQUEST, "The body is not well-formed gzip.");
	refuse_rest(batch, &report);
}

/* Is it a bomb? Then it is defused: it would be unpacked for long, and for no line. */
static void refuse_bomb(struct batch *batch)
{
	struct problem_report report;
	size_t limit = 2 * batch->batches->parts.max_line_bytes;
	if (batch->unpacking->idle <= limit)
		return;
	report_too_long(&report, "What is not a complete line", batch->unpacking->idle, limit);
	refuse_rest(batch, &report);
}

/*
 * The same for a packed body. While what was unpacked is not all used, its last byte stays with
 * libmicrohttpd although zlib has it: only what was not taken is brought again.
 */
static size_t take_packed_lines(struct batch *batch, const char *data, size_t size)
{
	struct unpacking *u = batch->unpacking;
	size_t used = u->held, pieces = 0;
	u->held = false;
	while (!u->refused) {
		u->at += take_lines(batch, u->piece + u->at, u->len - u->at);
		if (u->at < u->len || pieces++ == PIECES)
			break;
		size_t taken = size - used;
		ssize_t got = gunzip_draw(u->gunzip, data + used, &taken, u->piece, PIECE_BYTES);
		used += taken;
		u->at = 0;
		u->len = got > 0 ? (size_t)got : 0;
		if (got < 0)
			refuse_packing(batch);
		else
			refuse_bomb(batch);
		if (got == 0)
			return size;
	}
	u->held = !u->refused && used == size;
	return u->refused ? size : used - u->held;
}

static size_t take(struct batch *batch, const char *data, size_t size)
{
	return batch->unpacking == NULL ? take_lines(batch, data, size)
					: take_packed_lines(batch, data, size);
}

/* There is nothing behind the lines that were made. */
static void end_lines(struct batch *batch)
{
	struct unpacking *unpacking = batch->unpacking;
	if (unpacking != NULL && !unpacking->refused && !gunzip_ended(unpacking->gunzip))
		refuse_packing(batch);
	if (batch->line.len > 0)
		end_line(batch); /* the last line may lack its line feed */
	batch->ended = true;
}

/* ---- reading ahead ---------------------------------------------------------------------- */

static bool has_ahead(const struct batch *batch)
{
	return batch->ahead.at < batch->ahead.len;
}

static void drop_ahead(struct batch *batch)
{
	budget_give(batch->batches->parts.bodies, batch->ahead.room);
	free(batch->ahead.bytes);
	batch->ahead = (struct ahead){0};
}

/* Room for `more` bytes, by doubling; false where there is none to spare, or no memory. */
static bool grow_ahead(struct batch *batch, size_t more)
{
	struct ahead *ahead = &batch->ahead;
	struct budget *bodies = batch->batches->parts.bodies;
	size_t room = ahead->len + more, whole = room + ahead->to_come;
	if (room <= ahead->room)
		return true;
	if (room < 2 * ahead->room)
		room = 2 * ahead->room < whole ? 2 * ahead->room : whole;
	if (!budget_take_spare(bodies, room - ahead->room))
		return false;
	char *grown = realloc(ahead->bytes, room);
	if (grown == NULL) {
		budget_give(bodies, room - ahead->room);
		return false;
	}
	ahead->bytes = grown;
	ahead->room = room;
	return true;
}

/* Keep all of data[0, size), if it is to be read ahead and there is room. */
static bool read_ahead(struct batch *batch, const char *data, size_t size)
{
	struct ahead *ahead = &batch->ahead;
	if (!ahead->reads)
		return false;
	ahead->to_come -= size < ahead->to_come ? size : ahead->to_come;
	ahead->reads = ahead->to_come > 0;
	/* What has come whole, or finds no room, is taken from where it is. */
	if ((!ahead->reads && ahead->len == 0) || !grow_ahead(batch, size)) {
		ahead->reads = false;
		return false;
	}
	memcpy(ahead->bytes + ahead->len, data, size);
	ahead->len += size;
	ahead->came_ns = monotonic_ns();
	return true;
}

/* Does more come before the answer is to begin? */
static bool reads_ahead(struct batch *batch)
{
	struct ahead *ahead = &batch->ahead;
	uint64_t now = monotonic_ns();
	int unread = 0;
	if (ahead->reads && now >= ahead->came_ns + PAUSE_MS * NS_PER_MS)
		ahead->reads = ioctl(connection_socket(batch->tracked), FIONREAD, &unread) == 0 &&
			       unread > 0;
	ahead->reads &= now < ahead->until_ns;
	return ahead->reads;
}

/* Make lines of what was read ahead, as the window allows. True: some. */
static bool take_ahead(struct batch *batch)
{
	struct ahead *ahead = &batch->ahead;
	size_t before = batch->under_way;
	if (has_ahead(batch))
		ahead->at += take(batch, ahead->bytes + ahead->at, ahead->len - ahead->at);
	if (!has_ahead(batch) && ahead->bytes != NULL)
		drop_ahead(batch);
	if (batch->arrived && !batch->ended && !has_ahead(batch))
		end_lines(batch);
	return batch->under_way > before;
}

/* ---- the thread ------------------------------------------------------------------------- */

/* Go on as far as it goes now. Returns in how many milliseconds to look again. */
static int pump(struct batch *batch)
{
	const struct batch_parts *parts = &batch->batches->parts;
	bool waiting = false;
	if (!batch->started)
		return IDLE_MS;
	if (reads_ahead(batch))
		return PAUSE_MS / 4;
	bool progress = take_ahead(batch);
	for (struct slot *slot = batch->first; slot != NULL && !batch->broken; slot = slot->next) {
		if (slot->job == NULL)
			continue;
		waiting = queue_depth(parts->queue) >= parts->queue_room;
		if (waiting)
			break;
		submit(batch, slot);
	}
	do {
		while (batch->first != NULL && !ticket_is_pending(batch->first->ticket) &&
		       append_some(batch))
			drop_first(batch);
		if (batch->ended && batch->first == NULL && !batch->closed) {
			append(batch, "0\r\n\r\n", batch->chunked ? 5 : 0);
			batch->closed = true;
		}
		progress |= send_some(batch);
	} while (batch->out_len == 0 && batch->first != NULL && !batch->broken &&
		 !ticket_is_pending(batch->first->ticket));
	bool more = !batch->ended && has_room(batch);
	bool resumes = batch->suspended &&
		       (is_over(batch) || (more && !batch->arrived && !has_ahead(batch)));
	batch->suspended &= !resumes;
	if (progress || resumes)
		watch(batch, progress);
	if (resumes)
		MHD_resume_connection(batch->connection);
	if (more && has_ahead(batch))
		return 0;
	return waiting ? RETRY_MS : IDLE_MS;
}

/* Sleep until a ticket is finished or a socket that was full takes more; `ms` at most. */
static void wait_for_news(struct batches *batches, int ms)
{
	enum { MAX_SOCKETS = 1024 };
	struct pollfd polled[MAX_SOCKETS + 1];
	size_t n = 0;
	polled[n++] = (struct pollfd){.fd = batches->event, .events = POLLIN};
	for (struct batch *b = batches->first; b != NULL && n <= MAX_SOCKETS; b = b->next)
		if (b->started && !b->ahead.reads && b->out_len > 0 && !b->broken)
			polled[n++] = (struct pollfd){.fd = connection_socket(b->tracked),
						      .events = POLLOUT};
	pthread_mutex_unlock(&batches->lock);
	uint64_t count;
	if (poll(polled, n, ms) > 0 && (polled[0].revents & POLLIN) &&
	    read(batches->event, &count, sizeof(count)) < 0)
		count = 0;
	pthread_mutex_lock(&batches->lock);
}

static void *run(void *arg)
{
	struct batches *batches = arg;
	pthread_mutex_lock(&batches->lock);
	while (!batches->stopping) {
		int wait_ms = IDLE_MS;
		for (struct batch *b = batches->first; b != NULL; b = b->next) {
			int ms = pump(b);
			wait_ms = ms < wait_ms ? ms : wait_ms;
		}
		wait_for_news(batches, wait_ms);
	}
	pthread_mutex_unlock(&batches->lock);
	return NULL;
}

struct batches *batches_new(const struct batch_parts *parts)
{
	struct batches *batches = calloc(1, sizeof(*batches));
	if (batches == NULL)
		return NULL;
	batches->parts = *parts;
	batches->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&batches->lock, NULL);
	if (batches->event >= 0 && pthread_create(&batches->thread, NULL, run, batches) == 0)
		return batches;
	if (batches->event >= 0)
		close(batches->event);
	free(batches);
	return NULL;
}

void batches_free(struct batches *batches)
{
	if (batches == NULL)
		return;
	pthread_mutex_lock(&batches->lock);
	batches->stopping = true;
	pthread_mutex_unlock(&batches->lock);
	alert(batches);
	pthread_join(batches->thread, NULL);
	close(batches->event);
	pthread_mutex_destroy(&batches->lock);
	free(batches);
}

/* ---- what the I/O threads call ------------------------------------------------------------ */

/*
 * Who expects it gets libmicrohttpd's "100 Continue", which must not come after our head. It goes
 * out between the head's callback and the next one.
 */
static bool may_continue(struct MHD_Connection *connection)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Expect") != NULL;
}

static size_t cost_of(const struct gunzip *gunzip)
{
	return sizeof(struct batch) +
	       (gunzip == NULL ? 0 : sizeof(struct unpacking) + GUNZIP_BYTES);
}

/* NULL without memory. */
static struct batch *batch_new(struct batches *batches, struct gunzip *gunzip)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	if (batch != NULL && gunzip != NULL) {
		batch->unpacking = calloc(1, sizeof(*batch->unpacking));
		if (batch->unpacking == NULL) {
			free(batch);
			return NULL;
		}
		batch->unpacking->gunzip = gunzip;
	}
	if (batch != NULL)
		batch->batches = batches;
	return batch;
}

struct batch *batch_begin(struct batches *batches, struct MHD_Connection *connection,
			  struct connection *tracked, const char *client, char *head, bool chunked,
			  struct gunzip *gunzip, size_t ahead)
{
	size_t cost = cost_of(gunzip);
	struct batch *batch = NULL;
	if (strlen(head) + 64 <= OUT_BYTES && budget_take(batches->parts.bodies, cost) &&
	    (batch = batch_new(batches, gunzip)) == NULL)
		budget_give(batches->parts.bodies, cost);
	if (batch == NULL) {
		free(head);
		return NULL;
	}
	batch->cost = cost;
	batch->connection = connection;
	batch->tracked = tracked;
	batch->client = client;
	uint64_t now = monotonic_ns();
	batch->limit_ns = now + batches->parts.deadline_ns;
	batch->ahead = (struct ahead){.reads = ahead > 0,
				      .to_come = ahead,
				      .came_ns = now,
				      .until_ns = now + batches->parts.deadline_ns / 2};
	batch->started = !may_continue(connection);
	batch->chunked = chunked;
	batch->last = &batch->first;
	append(batch, head, strlen(head));
	append(batch, chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n", chunked ? 30 : 2);
	free(head);
	pthread_mutex_lock(&batches->lock);
	batch->next = batches->first;
	batch->link = &batches->first;
	batches->first = batch;
	if (batch->next != NULL)
		batch->next->link = &batch->next;
	pthread_mutex_unlock(&batches->lock);
	return batch;
}

void batch_receive(struct batch *batch, const char *data, size_t *size)
{
	struct batches *batches = batch->batches;
	pthread_mutex_lock(&batches->lock);
	batch->started = true;
	size_t before = batch->under_way, used = 0;
	if (read_ahead(batch, data, *size) || batch->broken)
		used = *size; /* broken: nobody reads the answers, let the rest go by */
	else if (!has_ahead(batch))
		used = take(batch, data, *size);
	*size -= used;
	batch->suspended = *size > 0;
	if (batch->suspended)
		MHD_suspend_connection(batch->connection);
	watch(batch, batch->under_way > before);
	pthread_mutex_unlock(&batches->lock);
	alert(batches);
}

bool batch_end(struct batch *batch)
{
	struct batches *batches = batch->batches;
	pthread_mutex_lock(&batches->lock);
	batch->started = batch->arrived = true;
	batch->ahead.reads = false;
	size_t before = batch->under_way;
	if (!batch->ended && !has_ahead(batch))
		end_lines(batch);
	bool over = is_over(batch);
	batch->suspended = !over;
	if (!over) {
		MHD_suspend_connection(batch->connection);
		watch(batch, batch->under_way > before);
	}
	pthread_mutex_unlock(&batches->lock);
	alert(batches);
	return over;
}

void batch_free(struct batch *batch)
{
	if (batch == NULL)
		return;
	struct batches *batches = batch->batches;
	pthread_mutex_lock(&batches->lock);
	*batch->link = batch->next;
	if (batch->next != NULL)
		batch->next->link = batch->link;
	pthread_mutex_unlock(&batches->lock);
	while (batch->first != NULL) {
		if (batch->first->job == NULL)
			ticket_finish(batch->first->ticket, NULL);
		drop_first(batch);
	}
	drop_line(batch, &batch->line);
	drop_ahead(batch);
	free(batch->unpacking);
	budget_give(batches->parts.bodies, batch->cost);
	free(batch);
}
