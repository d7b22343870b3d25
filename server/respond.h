#ifndef SERVER_RESPOND_H
#define SERVER_RESPOND_H

#include "exchange.h"

/**
 * Answer an exchange. Each function queues a response with all headers and returns what the
 * callback of libmicrohttpd has to return: MHD_NO, which drops the connection, only if memory ran
 * out.
 */

/** `response` is taken; NULL: there was no memory for it. `type` NULL: no Content-Type. */
enum MHD_Result respond(struct exchange *x, unsigned status, const char *type,
			struct MHD_Response *response);

/** Answer with `body`, malloc'ed, which is taken; NULL: there was no memory for it. */
enum MHD_Result respond_body(struct exchange *x, unsigned status, const char *type, char *body,
			     size_t len);

/** Answer with a text that lives as long as the program. */
enum MHD_Result respond_constant(struct exchange *x, unsigned status, const char *type,
				 const char *text);

/** Answer with x->report (RFC 9457). */
enum MHD_Result respond_problem(struct exchange *x);

/** Answer with x->answer, from the cache or from its job; or with its problem; or with 304. */
enum MHD_Result respond_answer(struct exchange *x);

/** Does the client already have the content that `etag` (without quotes) names? */
bool respond_matches_etag(const struct exchange *x, const char *etag);

#endif
