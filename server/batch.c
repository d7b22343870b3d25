#include "batch_lines.h"

#include "metrics.h"
#include "monotonic.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* No problem in JSON is longer. With less room no answer is begun, as it may be a problem. */
#define PROBLEM_BYTES (4 * 1024)
/* Room for the chunk size before a line, */
#define SIZE_BYTES 24
/* and for the end of the last chunk with the end of the whole. */
#define END_BYTES 8
/* What zlib needs for a gzipped body. */
#define GUNZIP_BYTES (48 * 1024)
#define IDLE_MS 1000
/* Initial room in `polled`. */
#define POLLED_ROOM 16
/* How soon to look again at a sender whose body is read ahead. */
#define AHEAD_MS 25
/* A line that misses its deadline is answered by its job, which knows why; if the job has not
 * answered this much later, by us. The connection is cut later still. */
#define LATE_NS (500 * NS_PER_MS)
#define GRACE_NS (1000 * NS_PER_MS)

/* The one of this process, for recv() below. */
static _Atomic(struct batches *) batches_now;

void batches_alert(struct batches *batches)
{
	uint64_t one = 1;
	if (write(batches->event, &one, sizeof(one)) < 0)
		return; /* full: it is awake already */
}

/* ---- writing ---------------------------------------------------------------------------- */

/* The caller has checked that there is room. */
static void append(struct batch *batch, const char *bytes, size_t len)
{
	assert(len <= BATCH_OUT_BYTES - batch->out_len);
	memcpy(batch->out + batch->out_len, bytes, len);
	batch->out_len += len;
}

/* Each line is a chunk (RFC 9112, 7.1): its length on a line of its own comes first. */
static void append_size(struct batch *batch, size_t len)
{
	char size[SIZE_BYTES];
	if (batch->chunked)
		append(batch, size, (size_t)snprintf(size, sizeof(size), "%zx\r\n", len + 1));
}

static void append_end(struct batch *batch)
{
	append(batch, "\n\r\n", batch->chunked ? 3 : 1);
	batch->answered++;
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
		batch->answered += len;
	}
	free(text);
}

/* Put as much of the first line's answer into `out` as there is room for; true: to its end. */
static bool append_some(struct batch *batch)
{
	struct slot *slot = batch->first;
	const struct answer *answer = slot->ticket->answer;
	if (batch->out_len > BATCH_OUT_BYTES - END_BYTES - SIZE_BYTES - PROBLEM_BYTES)
		return false;
	if (answer == NULL || answer->body == NULL) {
		append_problem(batch, slot);
		return true;
	}
	if (slot->copied == 0)
		append_size(batch, answer->len);
	size_t room = BATCH_OUT_BYTES - END_BYTES - batch->out_len;
	size_t left = answer->len - slot->copied, len = left < room ? left : room;
	append(batch, answer->body + slot->copied, len);
	slot->copied += len;
	batch->answered += len;
	if (len == left)
		append_end(batch);
	return len == left;
}

static void count_first(const struct batch *batch)
{
	const struct answer *answer = batch->first->ticket->answer;
	metrics_count_line(batch->batches->parts.metrics,
			   answer == NULL ? PROBLEM_INTERNAL : answer->report.problem);
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

/* Send what the socket takes. True: something was sent. */
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
	uint64_t now = monotonic_ns();
	job->allowed_ns = parts->deadline_ns;
	slot->ticket->accepted_ns = now;
	slot->ticket->deadline_ns = now + parts->deadline_ns;
	job->deadline_ns = slot->ticket->deadline_ns;
	if (job->has_key)
		result = cache_join(parts->cache, job, slot->ticket, now, &found);
	else
		ticket_join(slot->ticket, job);
	struct job *pushed = job_hold(job);
	if (result == CACHE_FOUND || result == CACHE_NO_MEMORY)
		ticket_finish(slot->ticket, found);
	else if (result == CACHE_JOINED)
		job_join_download(slot->ticket->job, true);
	else if (!shared_cache_ask(parts->shared_cache, &pushed) &&
		 queue_push(parts->queue, &pushed) != QUEUE_OK)
		job_finish(pushed, NULL);
	answer_release(found);
	job_release(pushed);
	job_release(job);
}

static bool is_over(const struct batch *batch)
{
	return batch->broken || (batch->closed && batch->out_len == 0);
}

/*
 * Tell the watcher how long the connection may go on. While it is suspended or its input has ended,
 * an end of input means nothing, because unread bytes may still be in libmicrohttpd's buffer.
 */
static void watch(struct batch *batch, bool progress)
{
	const struct batch_parts *parts = &batch->batches->parts;
	if (progress)
		batch->limit_ns = monotonic_ns() + parts->deadline_ns + GRACE_NS;
	connections_enter(parts->connections, batch->tracked,
			  batch->suspended ? CONNECTION_HELD : CONNECTION_BATCH, batch->limit_ns,
			  NULL);
}

/* All other answers wait for the first line's, so end it when it is late. Returns in how many
 * milliseconds it will be. */
static int expire_first(const struct batch *batch)
{
	if (batch->first == NULL || !ticket_is_pending(batch->first->ticket))
		return IDLE_MS;
	struct ticket *ticket = batch->first->ticket;
	uint64_t now = monotonic_ns(), limit = ticket->deadline_ns + LATE_NS;
	if (now > limit)
		ticket_expire(ticket, now);
	return now > limit || limit - now >= IDLE_MS * NS_PER_MS
		       ? IDLE_MS
		       : (int)((limit - now) / NS_PER_MS) + 1;
}

/* ---- the thread ------------------------------------------------------------------------- */

/* Advance the batch as far as possible now. Returns in how many milliseconds to look again. */
static int pump(struct batch *batch)
{
	if (!batch->started)
		return IDLE_MS;
	if (lines_come_first(batch))
		return AHEAD_MS;
	bool progress = lines_take_ahead(batch);
	for (struct slot *slot = batch->first; slot != NULL && !batch->broken; slot = slot->next)
		if (slot->job != NULL)
			submit(batch, slot);
	int late_ms;
	do {
		late_ms = expire_first(batch);
		while (batch->first != NULL && !ticket_is_pending(batch->first->ticket) &&
		       append_some(batch)) {
			count_first(batch);
			drop_first(batch);
		}
		if (batch->ended && batch->first == NULL && !batch->closed) {
			append(batch, "0\r\n\r\n", batch->chunked ? 5 : 0);
			batch->closed = true;
		}
		progress |= send_some(batch);
	} while (batch->out_len == 0 && batch->first != NULL && !batch->broken &&
		 !ticket_is_pending(batch->first->ticket));
	bool more = !batch->ended && lines_have_room(batch);
	bool resumes = batch->suspended &&
		       (is_over(batch) || (more && !batch->arrived && !lines_are_ahead(batch)));
	batch->suspended &= !resumes;
	if (progress || resumes)
		watch(batch, progress);
	if (resumes)
		MHD_resume_connection(batch->connection);
	return more && lines_are_ahead(batch) ? 0 : late_ms;
}

/* What to poll the socket for: that it takes more, or else only its end. */
static struct pollfd polled_of(const struct batch *batch)
{
	bool sends = batch->started && !batch->ahead.reads && batch->out_len > 0;
	return (struct pollfd){.fd = sends || batch->suspended ? connection_socket(batch->tracked)
							       : -1,
			       .events = sends ? POLLOUT : 0};
}

/* The wake-up's descriptor, and the sockets of as many batches as there is memory for. */
static size_t fill_polled(struct batches *batches)
{
	size_t wanted = 1, n = 0;
	for (const struct batch *b = batches->first; b != NULL; b = b->next)
		wanted++;
	if (wanted > batches->polled_room) {
		size_t room = wanted + wanted / 2;
		struct pollfd *more = realloc(batches->polled, room * sizeof(*more));
		if (more != NULL) {
			batches->polled = more;
			batches->polled_room = room;
		}
	}
	batches->polled[n++] = (struct pollfd){.fd = batches->event, .events = POLLIN};
	for (struct batch *b = batches->first; b != NULL && n < batches->polled_room; b = b->next)
		if (!b->broken)
			batches->polled[n++] = polled_of(b);
	return n;
}

/* Sleep until a ticket is finished, a socket that was full takes more, or a client that
 * libmicrohttpd does not look at has left; `ms` at most. */
static void wait_for_news(struct batches *batches, int ms)
{
	size_t n = fill_polled(batches);
	struct pollfd *polled = batches->polled; /* this thread's alone */
	pthread_mutex_unlock(&batches->lock);
	uint64_t count;
	if (poll(polled, n, ms) > 0 && (polled[0].revents & POLLIN) &&
	    read(batches->event, &count, sizeof(count)) < 0)
		count = 0;
	bool left = false;
	for (size_t i = 1; i < n; i++)
		left |= (polled[i].revents & (POLLERR | POLLHUP)) != 0;
	pthread_mutex_lock(&batches->lock);
	/* Poll again to find which one it was, because batches may have come and gone. */
	for (struct batch *b = left ? batches->first : NULL; b != NULL; b = b->next) {
		struct pollfd again = polled_of(b);
		b->broken |= poll(&again, 1, 0) > 0 && (again.revents & (POLLERR | POLLHUP));
	}
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
	batches->polled_room = POLLED_ROOM;
	batches->polled = calloc(POLLED_ROOM, sizeof(*batches->polled));
	batches->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&batches->lock, NULL);
	if (batches->polled != NULL && batches->event >= 0 &&
	    pthread_create(&batches->thread, NULL, run, batches) == 0) {
		atomic_store(&batches_now, batches);
		return batches;
	}
	if (batches->event >= 0)
		close(batches->event);
	free(batches->polled);
	free(batches);
	return NULL;
}

void batches_end_all(struct batches *batches, const struct problem_report *report)
{
	pthread_mutex_lock(&batches->lock);
	for (struct batch *b = batches->first; b != NULL; b = b->next)
		lines_refuse(b, report);
	pthread_mutex_unlock(&batches->lock);
	batches_alert(batches);
}

void batches_free(struct batches *batches)
{
	if (batches == NULL)
		return;
	pthread_mutex_lock(&batches->lock);
	batches->stopping = true;
	pthread_mutex_unlock(&batches->lock);
	batches_alert(batches);
	pthread_join(batches->thread, NULL);
	atomic_store(&batches_now, NULL);
	close(batches->event);
	pthread_mutex_destroy(&batches->lock);
	free(batches->polled);
	free(batches);
}

/* ---- what the I/O threads call ------------------------------------------------------------ */

/*
 * A client that expects it gets libmicrohttpd's "100 Continue", which must not come after our head.
 * It is sent between the head's callback and the next one.
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

/* NULL without memory, or without room in the budget. */
static struct batch *batch_new(struct batches *batches, struct gunzip *gunzip)
{
	size_t cost = cost_of(gunzip);
	if (!budget_take(batches->parts.bodies, cost))
		return NULL;
	struct batch *batch = calloc(1, sizeof(*batch));
	struct unpacking *unpacking = gunzip == NULL ? NULL : calloc(1, sizeof(*unpacking));
	if (batch == NULL || (gunzip != NULL && unpacking == NULL)) {
		free(batch);
		free(unpacking);
		budget_give(batches->parts.bodies, cost);
		return NULL;
	}
	if (unpacking != NULL)
		unpacking->gunzip = gunzip;
	batch->batches = batches;
	batch->unpacking = unpacking;
	batch->cost = cost;
	batch->last = &batch->first;
	return batch;
}

struct batch *batch_begin(struct batches *batches, const struct batch_request *request, char *head)
{
	const char *end = request->chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n";
	bool fits = strlen(head) + strlen(end) <= BATCH_OUT_BYTES;
	struct batch *batch = fits ? batch_new(batches, request->gunzip) : NULL;
	if (batch != NULL) {
		append(batch, head, strlen(head));
		append(batch, end, strlen(end));
	}
	free(head);
	if (batch == NULL)
		return NULL;
	batch->connection = request->connection;
	batch->tracked = request->tracked;
	batch->client = request->client;
	batch->request_id = request->request_id;
	batch->chunked = request->chunked;
	batch->started = !may_continue(request->connection);
	uint64_t now = monotonic_ns();
	batch->ahead = (struct ahead){.reads = request->ahead > 0,
				      .to_come = request->ahead,
				      .came_ns = now,
				      .until_ns = now + batches->parts.deadline_ns};
	batch->limit_ns = batch->ahead.until_ns + GRACE_NS; /* bytes read ahead come first */
	pthread_mutex_lock(&batches->lock);
	batch->next = batches->first;
	batch->link = &batches->first;
	batches->first = batch;
	if (batch->next != NULL)
		batch->next->link = &batch->next;
	pthread_mutex_unlock(&batches->lock);
	return batch;
}

/* Does libmicrohttpd hold back part of a batch that arrives on this socket? */
static bool is_held(int socket)
{
	struct batches *batches = atomic_load(&batches_now);
	bool held = false;
	if (batches == NULL)
		return false;
	pthread_mutex_lock(&batches->lock);
	for (struct batch *b = batches->first; b != NULL && !held; b = b->next)
		held = b->held && connection_socket(b->tracked) == socket;
	pthread_mutex_unlock(&batches->lock);
	return held;
}

/*
 * When libmicrohttpd (at least to 0.9.75) resumes with bytes that it held because the window was
 * full, it may read the socket first and take an end of input for a broken request. If it is told
 * that there is no data yet, it goes on. So this function replaces the C library's. A request that
 * really broke off is noticed by connections.c.
 */
ssize_t recv(int socket, void *out, size_t size, int flags)
{
	ssize_t n = recvfrom(socket, out, size, flags, NULL, NULL);
	if (n != 0 || size == 0 || !is_held(socket))
		return n;
	errno = EAGAIN;
	return -1;
}

void batch_receive(struct batch *batch, const char *data, size_t *size)
{
	struct batches *batches = batch->batches;
	pthread_mutex_lock(&batches->lock);
	batch->started = true;
	size_t before = batch->under_way, used = 0;
	bool ahead = batch->ahead.len > 0, still_ahead = lines_read_ahead(batch, data, *size);
	if (still_ahead || batch->broken || batch->ended)
		used = *size; /* nobody reads the answers, or no line follows: skip the rest */
	else if (!lines_are_ahead(batch))
		used = lines_take(batch, data, *size);
	*size -= used;
	batch->suspended = batch->held = *size > 0;
	if (batch->suspended)
		MHD_suspend_connection(batch->connection);
	watch(batch, batch->under_way > before);
	pthread_mutex_unlock(&batches->lock);
	if (!(ahead && still_ahead)) /* else the thread looks every AHEAD_MS anyway */
		batches_alert(batches);
}

bool batch_end(struct batch *batch)
{
	struct batches *batches = batch->batches;
	pthread_mutex_lock(&batches->lock);
	batch->started = batch->arrived = true;
	batch->held = batch->ahead.reads = false;
	size_t before = batch->under_way;
	if (!batch->ended && !lines_are_ahead(batch))
		lines_end(batch);
	bool over = is_over(batch);
	batch->suspended = !over;
	if (!over) {
		MHD_suspend_connection(batch->connection);
		watch(batch, batch->under_way > before);
	}
	pthread_mutex_unlock(&batches->lock);
	batches_alert(batches);
	return over;
}

bool batch_bytes(struct batch *batch, size_t *taken, size_t *answered)
{
	pthread_mutex_lock(&batch->batches->lock);
	*taken = batch->taken;
	*answered = batch->answered;
	bool whole = batch->closed && batch->out_len == 0;
	pthread_mutex_unlock(&batch->batches->lock);
	return whole;
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
	lines_drop(batch);
	free(batch->unpacking);
	budget_give(batches->parts.bodies, batch->cost);
	free(batch);
}
