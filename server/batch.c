#include "batch.h"

#include "cacheable.h"
#include "monotonic.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Lines wait for the socket in a buffer of about this size; more stay in their window. */
#define OUT_BYTES (128 * 1024)
/* How soon lines are tried again that found the queue too full. */
#define RETRY_MS 5
#define IDLE_MS 1000
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
	struct job *job; /* not queued yet; else NULL */
	struct ticket *ticket;
	size_t bytes; /* counted in parts.bodies */
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
	char *line; /* the one that is arriving */
	size_t line_len, line_room;
	bool counted;                /* a line has taken the token of the head */
	bool too_long;               /* the arriving line: its rest is passed over */
	struct unpacking *unpacking; /* NULL: the body comes as it is */
	bool started;                /* libmicrohttpd writes nothing more: the socket is ours */
	bool ended, suspended, broken, chunked, closed; /* closed: the last chunk is in `out` */
	char *out;
	size_t out_len, out_sent, out_room;
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

static void append(struct batch *batch, const char *bytes, size_t len)
{
	if (batch->out_len + len > batch->out_room) {
		size_t room = 2 * (batch->out_len + len);
		char *grown = realloc(batch->out, room);
		if (grown == NULL) {
			batch->broken = true;
			return;
		}
		batch->out = grown;
		batch->out_room = room;
	}
	memcpy(batch->out + batch->out_len, bytes, len);
	batch->out_len += len;
}

/* RFC 9112, 7.1; a line with its end is a chunk. */
static void append_line(struct batch *batch, const char *text, size_t len)
{
	char size[24];
	if (batch->chunked)
		append(batch, size, (size_t)snprintf(size, sizeof(size), "%zx\r\n", len + 1));
	append(batch, text, len);
	append(batch, "\n\r\n", batch->chunked ? 3 : 1);
}

static void append_answer(struct batch *batch, const struct slot *slot)
{
	const struct answer *answer = slot->ticket->answer;
	if (answer != NULL && answer->body != NULL) {
		append_line(batch, answer->body, answer->len);
		return;
	}
	struct problem_report report = {.problem = PROBLEM_INTERNAL};
	if (answer != NULL)
		report = answer->report;
	report.line = slot->number;
	size_t len;
	char *text = problem_render(&report, NULL, &len);
	if (text == NULL)
		batch->broken = true;
	else
		append_line(batch, text, len);
	free(text);
}

static void drop_first(struct batch *batch)
{
	struct slot *slot = batch->first;
	batch->first = slot->next;
	if (batch->first == NULL)
		batch->last = &batch->first;
	batch->under_way--;
	budget_give(batch->batches->parts.bodies, slot->bytes);
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
	job->deadline_ns = monotonic_ns() + parts->deadline_ns;
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
	return !batch->broken && batch->under_way < batch->batches->parts.window &&
	       batch->out_len < OUT_BYTES;
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

/* Go on as far as it goes now. True: lines wait for room in the queue. */
static bool pump(struct batch *batch)
{
	const struct batch_parts *parts = &batch->batches->parts;
	bool waiting = false;
	if (!batch->started)
		return false;
	for (struct slot *slot = batch->first; slot != NULL && !batch->broken; slot = slot->next) {
		if (slot->job == NULL)
			continue;
		waiting = queue_depth(parts->queue) >= parts->queue_room;
		if (waiting)
			break;
		submit(batch, slot);
	}
	bool progress = false;
	do {
		while (batch->first != NULL && batch->out_len < OUT_BYTES &&
		       !ticket_is_pending(batch->first->ticket)) {
			append_answer(batch, batch->first);
			drop_first(batch);
		}
		if (batch->ended && batch->first == NULL && !batch->closed) {
			append(batch, "0\r\n\r\n", batch->chunked ? 5 : 0);
			batch->closed = true;
		}
		progress |= send_some(batch);
	} while (batch->out_len == 0 && batch->first != NULL && !batch->broken &&
		 !ticket_is_pending(batch->first->ticket));
	bool resumes = batch->suspended && (is_over(batch) || (!batch->ended && has_room(batch)));
	batch->suspended &= !resumes;
	if (progress || resumes)
		watch(batch, progress);
	if (resumes)
		MHD_resume_connection(batch->connection);
	return waiting;
}

/* Sleep until a ticket is finished or a socket that was full takes more. */
static void wait_for_news(struct batches *batches, bool retry)
{
	enum { MAX_SOCKETS = 1024 };
	struct pollfd polled[MAX_SOCKETS + 1];
	size_t n = 0;
	polled[n++] = (struct pollfd){.fd = batches->event, .events = POLLIN};
	for (struct batch *b = batches->first; b != NULL && n <= MAX_SOCKETS; b = b->next)
		if (b->started && b->out_len > 0 && !b->broken)
			polled[n++] = (struct pollfd){.fd = connection_socket(b->tracked),
						      .events = POLLOUT};
	pthread_mutex_unlock(&batches->lock);
	uint64_t count;
	if (poll(polled, n, retry ? RETRY_MS : IDLE_MS) > 0 && (polled[0].revents & POLLIN) &&
	    read(batches->event, &count, sizeof(count)) < 0)
		count = 0;
	pthread_mutex_lock(&batches->lock);
}

static void *run(void *arg)
{
	struct batches *batches = arg;
	pthread_mutex_lock(&batches->lock);
	while (!batches->stopping) {
		bool retry = false;
		for (struct batch *b = batches->first; b != NULL; b = b->next)
			retry |= pump(b);
		wait_for_news(batches, retry);
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

/* ---- reading ---------------------------------------------------------------------------- */

/*
 * Who expects it gets libmicrohttpd's "100 Continue", which must not come after our head. It goes
 * out between the head's callback and the next one.
 */
static bool may_continue(struct MHD_Connection *connection)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Expect") != NULL;
}

struct batch *batch_begin(struct batches *batches, struct MHD_Connection *connection,
			  struct connection *tracked, const char *client, char *head, bool chunked,
			  struct gunzip *gunzip)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	struct unpacking *unpacking = gunzip == NULL ? NULL : calloc(1, sizeof(*unpacking));
	if (batch == NULL || (gunzip != NULL && unpacking == NULL)) {
		free(batch);
		free(unpacking);
		free(head);
		return NULL;
	}
	if (unpacking != NULL)
		unpacking->gunzip = gunzip;
	*batch = (struct batch){.batches = batches,
				.connection = connection,
				.tracked = tracked,
				.client = client,
				.limit_ns = monotonic_ns() + batches->parts.deadline_ns,
				.unpacking = unpacking,
				.started = !may_continue(connection),
				.chunked = chunked};
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

/* A line that is refused as it stands. */
static void refuse_line(struct batch *batch, enum problem problem, const char *why)
{
	struct problem_report report;
	problem_set(&report, problem, "%s", why);
	refuse_reported(batch, &report);
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

static bool is_blank(const char *line, size_t len)
{
	return len == 0 || (len == 1 && line[0] == '\r');
}

/* The arriving line is complete. */
static void end_line(struct batch *batch)
{
	const struct batch_parts *parts = &batch->batches->parts;
	char *line = batch->line;
	size_t len = batch->line_len;
	bool too_long = batch->too_long;
	batch->line = NULL;
	batch->line_len = batch->line_room = 0;
	batch->too_long = false;
	if (!too_long && is_blank(line, len)) {
		batch->lines++;
		free(line);
		return;
	}
	if (too_long || !budget_take(parts->bodies, len)) {
		free(line);
		refuse_line(batch, too_long ? PROBLEM_BODY_TOO_LARGE : PROBLEM_OVERLOADED,
			    too_long ? "The line is longer than a request's body may be."
				     : "The bodies of all requests together are at their limit.");
		return;
	}
	if (!count_line(batch)) {
		budget_give(parts->bodies, len);
		free(line);
		return;
	}
	struct slot *slot = calloc(1, sizeof(*slot));
	struct ticket *ticket = ticket_new();
	struct job *job = job_new(line, len, false);
	if (slot == NULL || ticket == NULL || job == NULL) {
		free(slot);
		ticket_release(ticket);
		job_release(job);
		budget_give(parts->bodies, len);
		batch->broken = true;
		return;
	}
	job->has_key = cacheable_body(line, len);
	if (job->has_key)
		cache_key(line, len, false, job->key);
	*slot = (struct slot){.ticket = ticket, .job = job, .bytes = len};
	add_slot(batch, slot);
}

static void add_to_line(struct batch *batch, const char *data, size_t len)
{
	if (len == 0)
		return;
	if (batch->too_long || batch->line_len + len > batch->batches->parts.max_line_bytes) {
		batch->too_long = true;
		free(batch->line);
		batch->line = NULL;
		batch->line_len = batch->line_room = 0;
		return;
	}
	if (batch->line_len + len > batch->line_room) {
		size_t room = 2 * (batch->line_len + len);
		char *grown = realloc(batch->line, room);
		if (grown == NULL) {
			batch->broken = true;
			return;
		}
		batch->line = grown;
		batch->line_room = room;
	}
	memcpy(batch->line + batch->line_len, data, len);
	batch->line_len += len;
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
static void refuse_rest(struct batch *batch, enum problem problem, const char *why)
{
	free(batch->line);
	batch->line = NULL;
	batch->line_len = batch->line_room = 0;
	batch->too_long = false;
	batch->unpacking->refused = true;
	batch->unpacking->at = batch->unpacking->len = 0;
	refuse_line(batch, problem, why);
}

static void refuse_packing(struct batch *batch)
{
	if (gunzip_lacks_memory(batch->unpacking->gunzip))
		refuse_rest(batch, PROBLEM_OVERLOADED, "No memory to unpack the body.");
	else
		refuse_rest(batch, PROBLEM_BAD_REQUEST, "The body is not well-formed gzip.");
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
		else if (u->idle > 2 * batch->batches->parts.max_line_bytes) /* a bomb */
			refuse_rest(batch, PROBLEM_BODY_TOO_LARGE,
				    "Twice what a request's body may be has no complete line.");
		else if (got == 0)
			return size;
	}
	u->held = !u->refused && used == size;
	return u->refused ? size : used - u->held;
}

void batch_receive(struct batch *batch, const char *data, size_t *size)
{
	struct batches *batches = batch->batches;
	pthread_mutex_lock(&batches->lock);
	batch->started = true;
	size_t before = batch->under_way;
	size_t used = batch->unpacking == NULL ? take_lines(batch, data, *size)
					       : take_packed_lines(batch, data, *size);
	if (batch->broken)
		used = *size; /* nobody reads the answers: let the rest go by */
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
	batch->started = true;
	size_t before = batch->under_way;
	struct unpacking *unpacking = batch->unpacking;
	if (!batch->ended && unpacking != NULL && !unpacking->refused &&
	    !gunzip_ended(unpacking->gunzip))
		refuse_packing(batch);
	if (!batch->ended && (batch->line_len > 0 || batch->too_long))
		end_line(batch); /* the last line may lack its line feed */
	batch->ended = true;
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
	free(batch->line);
	free(batch->unpacking);
	free(batch->out);
	free(batch);
}
