#ifndef SERVER_PROBLEM_H
#define SERVER_PROBLEM_H

#include "core/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Every way to fail. problem.c alone knows HTTP status, public code and title of each. */
enum problem {
	PROBLEM_NONE,
	/* the HTTP message */
	PROBLEM_BAD_REQUEST,
	PROBLEM_UNAUTHORIZED,
	PROBLEM_FORBIDDEN,
	PROBLEM_NOT_FOUND,
	PROBLEM_METHOD_NOT_ALLOWED,
	PROBLEM_BODY_TOO_LARGE,
	PROBLEM_URI_TOO_LONG,
	PROBLEM_UNSUPPORTED_MEDIA_TYPE,
	PROBLEM_HEADERS_TOO_LARGE,
	/* the JSON */
	PROBLEM_INVALID_JSON,
	PROBLEM_DUPLICATE_KEY,
	PROBLEM_INVALID_UTF8,
	PROBLEM_NULL_CHARACTER,
	/* its fields */
	PROBLEM_UNKNOWN_FIELD,
	PROBLEM_WRONG_TYPE,
	PROBLEM_OUT_OF_RANGE,
	PROBLEM_INVALID_VALUE,
	PROBLEM_MISSING_INPUT,
	PROBLEM_CONFLICTING_INPUT,
	PROBLEM_TEXT_TOO_LARGE,
	PROBLEM_EMPTY_TEXT,
	PROBLEM_TOO_COMPLEX,
	/* the URL */
	PROBLEM_URL_REFUSED,
	PROBLEM_URL_UNREACHABLE,
	PROBLEM_URL_STATUS,
	PROBLEM_URL_TOO_LARGE,
	PROBLEM_URL_NOT_HTML,
	PROBLEM_URL_TIMEOUT,
	PROBLEM_NO_ARTICLE,
	/* the service */
	PROBLEM_RATE_LIMITED,
	PROBLEM_QUEUE_FULL,
	PROBLEM_OVERLOADED,
	PROBLEM_NOT_READY,
	PROBLEM_DEADLINE_EXCEEDED,
	PROBLEM_INTERNAL,
	PROBLEM_COUNT
};

enum { PROBLEM_ID_BYTES = 256 };

/** One occurrence of a problem, with its details. */
struct problem_report {
	enum problem problem;
	char detail[256]; /* for people; empty: the title says enough */
	char pointer[64]; /* JSON pointer to the field at fault; only where has_pointer */
	bool has_pointer;
	uint64_t limit, actual; /* only where has_limit */
	bool has_limit;
	size_t line;                   /* line of a batch, from 1; 0: none */
	char id[PROBLEM_ID_BYTES + 1]; /* id of the request; empty: it has none, or was not read */
	unsigned retry_after_s;        /* instead of the problem's own value; 0: use that */
};

unsigned problem_status(enum problem problem);
const char *problem_code(enum problem problem);

/** Seconds for Retry-After, 0 where there is none. */
unsigned problem_retry_after_s(enum problem problem);

/** Fill `report` with `problem` and a printf-style detail; clear everything else. */
void problem_set(struct problem_report *report, enum problem problem, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** The same with a JSON pointer to the field `name` (NULL: the whole document); a name that is
 *  too long gets no pointer. */
void problem_set_field(struct problem_report *report, enum problem problem, const char *name,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));

/** Add the request's own id to a filled report; an id that is too long is left out. */
void problem_set_id(struct problem_report *report, struct span id);

/** Add the limit that was exceeded and the actual value to a filled report. */
void problem_set_limit(struct problem_report *report, uint64_t limit, uint64_t actual);

/**
 * The application/problem+json body (RFC 9457). Returns new memory (free it), or NULL without
 * memory. `request_id` may be NULL.
 */
char *problem_render(const struct problem_report *report, const char *request_id, size_t *len);

#endif
