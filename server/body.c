#include "body.h"

#include "admission.h"

#include <stdlib.h>
#include <string.h>

static bool grow_body(struct exchange *x, size_t more)
{
	struct http *http = x->http;
	size_t room = x->body_room == 0 ? 8192 : x->body_room;
	while (room < x->body_len + more)
		room *= 2;
	if (room > http->parts.config->max_body_bytes)
		room = http->parts.config->max_body_bytes;
	size_t added = room - x->body_room;
	if (!budget_take(http->parts.bodies, added)) {
		budget_report(http->parts.bodies, added, &x->report);
		return false;
	}
	char *grown = realloc(x->body, room);
	if (grown == NULL) {
		budget_give(http->parts.bodies, added);
		problem_set(&x->report, PROBLEM_OVERLOADED, "No memory for the body.");
		return false;
	}
	x->body = grown;
	x->body_room = room;
	return true;
}

void body_drop(struct exchange *x)
{
	budget_give(x->http->parts.bodies, x->body_room);
	free(x->body);
	x->body = NULL;
	x->body_len = x->body_room = 0;
}

/* Append to the body; false with `x->report` set if that is not allowed. */
static bool store(struct exchange *x, const char *data, size_t len)
{
	if (len > x->http->parts.config->max_body_bytes - x->body_len) {
		admission_refuse_body(x, x->body_len + len);
		return false;
	}
	if (x->body_len + len > x->body_room && !grow_body(x, len))
		return false;
	/* A gzip header alone unpacks to nothing, and then there may be no memory to copy to. */
	if (len > 0)
		memcpy(x->body + x->body_len, data, len);
	x->body_len += len;
	return true;
}

static void report_bad_gzip(struct exchange *x)
{
	if (gunzip_lacks_memory(x->gunzip))
		problem_set(&x->report, PROBLEM_OVERLOADED, "No memory to unpack the body.");
	else
		problem_set(&x->report, PROBLEM_BAD_REQUEST, "The body is not well-formed gzip.");
}

static bool unpack(struct exchange *x, const char *data, size_t len)
{
	char piece[16 * 1024];
	ssize_t got;
	/* Count the packed bytes, which may unpack to nothing: a name that never ends, or empty
	 * members. */
	x->packed_len += len;
	if (x->packed_len > x->http->parts.config->max_body_bytes) {
		admission_refuse_body(x, x->packed_len);
		return false;
	}
	do {
		size_t taken = len;
		got = gunzip_draw(x->gunzip, data, &taken, piece, sizeof(piece));
		data += taken;
		len -= taken;
		if (got < 0)
			report_bad_gzip(x);
		if (got < 0 || !store(x, piece, (size_t)got))
			return false;
	} while (got > 0);
	return true;
}

enum MHD_Result body_receive(struct exchange *x, const char *data, size_t *size)
{
	size_t len = *size;
	*size = 0;
	if (x->report.problem == PROBLEM_NONE) {
		if (x->gunzip == NULL ? store(x, data, len) : unpack(x, data, len))
			return MHD_YES;
		body_drop(x);
	}
	x->discarded += len;
	return x->discarded > BODY_DISCARD_MAX_BYTES ? MHD_NO : MHD_YES;
}

void body_end(struct exchange *x)
{
	if (x->gunzip != NULL && x->report.problem == PROBLEM_NONE && !gunzip_ended(x->gunzip))
		report_bad_gzip(x);
}

struct arguments {
	char *at;
	size_t len, room;
	bool has_nul;
};

static enum MHD_Result gather_argument(void *arg, enum MHD_ValueKind kind, const char *key,
				       size_t key_len, const char *value, size_t value_len)
{
	struct arguments *arguments = arg;
	if (key_len == 0 && value == NULL)
		return MHD_YES; /* between two '&', or before the first: no argument at all */
	if (arguments->len + key_len + value_len + 2 > arguments->room)
		return MHD_NO; /* cannot happen: head_check() bounded the sum */
	if (value == NULL)
		value_len = 0;
	arguments->has_nul |= memchr(key, '\0', key_len) != NULL;
	arguments->has_nul |= value_len > 0 && memchr(value, '\0', value_len) != NULL;
	memcpy(arguments->at + arguments->len, key, key_len);
	arguments->len += key_len;
	arguments->at[arguments->len++] = '\0';
	if (value_len > 0)
		memcpy(arguments->at + arguments->len, value, value_len);
	arguments->len += value_len;
	arguments->at[arguments->len++] = '\0';
	return MHD_YES;
}

bool body_take_arguments(struct exchange *x)
{
	struct arguments arguments = {.room = 16 * 1024};
	arguments.at = malloc(arguments.room);
	if (arguments.at == NULL) {
		problem_set(&x->report, PROBLEM_OVERLOADED, "No memory for the query string.");
		return false;
	}
	MHD_get_connection_values_n(x->connection, MHD_GET_ARGUMENT_KIND, gather_argument,
				    &arguments);
	body_drop(x); /* a GET may have had a body, too, which means nothing (RFC 9110, 9.3.1) */
	x->body = arguments.at;
	x->body_len = arguments.len;
	if (arguments.has_nul)
		problem_set(&x->report, PROBLEM_NULL_CHARACTER, "It is in the query string.");
	return !arguments.has_nul;
}
