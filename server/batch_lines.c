#include "batch_lines.h"

#include "cacheable.h"
#include "core/ascii.h"
#include "monotonic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* How many pieces of a gzipped body, or as many bytes read ahead, are handled in one go before
 * others that wait for the lock or the thread get their turn. */
#define PIECES 16
#define AHEAD_BYTES ((size_t)PIECES * BATCH_PIECE_BYTES)
/* A sender that is silent for this long is waiting for answers, so reading ahead ends. A sender
 * on the other side of the earth is silent for a third of a second during TCP's slow start; any
 * sender is for the 200 ms after which TCP resends lost data. */
#define PAUSE_NS (500 * NS_PER_MS)

static void wake(struct ticket *ticket)
{
	batches_alert(ticket->owner);
}

bool lines_have_room(const struct batch *batch)
{
	return !batch->broken && batch->under_way < batch->batches->parts.window;
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

static void report_too_long(struct problem_report *report, const char *what, size_t actual,
			    size_t limit)
{
	problem_set(report, PROBLEM_BODY_TOO_LARGE, "%s has %zu bytes; at most %zu are allowed.",
		    what, actual, limit);
	problem_set_limit(report, limit, actual);
}

/* Take one of the client's tokens for a line; if there is none, the line is refused. */
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
	for (size_t i = 0; i < line->len; i++)
		if (!ascii_is_in(line->at[i], " \t\r"))
			return false;
	return true;
}

/* Free the bytes of the line, keep what is known about it. */
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

/* Make a job of the line, taking the line's bytes. */
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
	job->is_line = true;
	snprintf(job->request_id, sizeof(job->request_id), "%s", batch->request_id);
	job->has_key = cacheable_body(job->body, job->body_len);
	if (job->has_key)
		cache_key(job->body, job->body_len, false, job->key);
	*slot = (struct slot){.ticket = ticket, .job = job};
	add_slot(batch, slot);
}

/* The line that was arriving is complete. */
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

/* Make room for `len` bytes of the line, by doubling; false without room or memory. */
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

/* Turn as many bytes into lines as there is room for; returns how many. */
static size_t take_lines(struct batch *batch, const char *data, size_t size)
{
	size_t used = 0;
	while (used < size && lines_have_room(batch)) {
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
	batch->taken += used;
	return used;
}

/* Nothing that follows can be trusted: answer the arriving line and the rest with one problem. */
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

/* Refuse a decompression bomb: unpacking it would take long and give no line. */
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
 * The same for a gzipped body. While unpacked bytes are left, we say that the last packed byte was
 * not taken, although zlib has it: libmicrohttpd calls again only for bytes that were not taken.
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
		ssize_t got =
			gunzip_draw(u->gunzip, data + used, &taken, u->piece, BATCH_PIECE_BYTES);
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

size_t lines_take(struct batch *batch, const char *data, size_t size)
{
	return batch->unpacking == NULL ? take_lines(batch, data, size)
					: take_packed_lines(batch, data, size);
}

void lines_end(struct batch *batch)
{
	struct unpacking *unpacking = batch->unpacking;
	if (unpacking != NULL && !unpacking->refused && !gunzip_ended(unpacking->gunzip))
		refuse_packing(batch);
	if (batch->line.len > 0)
		end_line(batch); /* the last line may lack its line feed */
	batch->ended = true;
}

/* ---- ahead of the lines ---------------------------------------------------------------------- */

bool lines_are_ahead(const struct batch *batch)
{
	return batch->ahead.at < batch->ahead.len;
}

static void drop_ahead(struct batch *batch)
{
	budget_give(batch->batches->parts.bodies, batch->ahead.room);
	free(batch->ahead.bytes);
	batch->ahead = (struct ahead){0};
}

/* Make room for `more` bytes, by doubling; false without spare room or memory. */
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

static bool keep(struct batch *batch, const char *data, size_t size)
{
	struct ahead *ahead = &batch->ahead;
	if (!grow_ahead(batch, size))
		return false;
	memcpy(ahead->bytes + ahead->len, data, size);
	ahead->len += size;
	return true;
}

bool lines_read_ahead(struct batch *batch, const char *data, size_t size)
{
	struct ahead *ahead = &batch->ahead;
	if (!ahead->reads)
		return false;
	ahead->to_come -= size < ahead->to_come ? size : ahead->to_come;
	bool kept = keep(batch, data, size);
	ahead->reads = kept && ahead->to_come > 0;
	ahead->came_ns = monotonic_ns();
	return kept;
}

bool lines_come_first(struct batch *batch)
{
	struct ahead *ahead = &batch->ahead;
	uint64_t now = monotonic_ns();
	int unread = 0;
	if (ahead->reads && now >= ahead->came_ns + PAUSE_NS)
		ahead->reads = ioctl(connection_socket(batch->tracked), FIONREAD, &unread) == 0 &&
			       unread > 0;
	ahead->reads &= now < ahead->until_ns;
	return ahead->reads;
}

bool lines_take_ahead(struct batch *batch)
{
	struct ahead *ahead = &batch->ahead;
	size_t before = batch->under_way, len = ahead->len - ahead->at;
	if (len > AHEAD_BYTES)
		len = AHEAD_BYTES;
	if (len > 0)
		ahead->at += lines_take(batch, ahead->bytes + ahead->at, len);
	if (!lines_are_ahead(batch) && ahead->bytes != NULL)
		drop_ahead(batch);
	if (batch->arrived && !batch->ended && !lines_are_ahead(batch))
		lines_end(batch);
	return batch->under_way > before;
}

void lines_refuse(struct batch *batch, const struct problem_report *report)
{
	struct answer *answer = answer_new_problem(report);
	lines_drop(batch);
	batch->line = (struct line){0};
	for (struct slot *slot = batch->first; slot != NULL; slot = slot->next) {
		ticket_finish(slot->ticket, answer);
		job_release(slot->job); /* it will not be queued */
		slot->job = NULL;
	}
	answer_release(answer);
	if (!batch->ended)
		refuse_reported(batch, report);
	batch->ended = true;
}

void lines_drop(struct batch *batch)
{
	drop_line(batch, &batch->line);
	drop_ahead(batch);
}
