#ifndef SERVER_HEAD_H
#define SERVER_HEAD_H

#include "problem.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

/** What a request's head says about its body and its sender. */
struct head {
	bool is_1_1; /* else HTTP/1.0 */
	bool chunked;
	bool has_length;
	bool expects_continue;
	uint64_t length; /* Content-Length */
};

/**
 * Check the head before anything is done with the request. libmicrohttpd 0.9.75 looks at the first
 * of two Content-Lengths, ignores one beside Transfer-Encoding and reads an unknown coding until
 * close: behind a proxy each of these allows request smuggling (RFC 9112, 6.3), so they are refused
 * here. False: `report` says why, and the connection must be closed after the answer.
 */
bool head_check(struct MHD_Connection *connection, const char *url, const char *version,
		struct head *head, struct problem_report *report);

/**
 * The request id: the client's X-Request-Id where it is 1 to 128 characters of A-Z a-z 0-9 . _ -,
 * else a new random one.
 */
void head_request_id(struct MHD_Connection *connection, char out[129]);

/**
 * The W3C trace context to echo and log: the client's traceparent where it is valid, else empty.
 */
void head_traceparent(struct MHD_Connection *connection, char out[56]);

/** The API key of "Authorization: Bearer …" or else X-API-Key, or NULL. Borrowed. */
const char *head_api_key(struct MHD_Connection *connection);

/** Is the Content-Type `type`, ignoring parameters? False if it has a charset other than UTF-8. */
bool head_is_type(struct MHD_Connection *connection, const char *type);

#endif
