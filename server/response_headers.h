#ifndef SERVER_RESPONSE_HEADERS_H
#define SERVER_RESPONSE_HEADERS_H

#include "exchange.h"

/**
 * Add to `response` every header of the answer to `x` with `status`: those of all answers (type,
 * request id, caching, CORS, trace) and those of its kind (Retry-After, Allow, RateLimit,
 * Server-Timing, an asset's). `type` NULL: no body, no Content-Type. False: no memory for one.
 */
bool response_headers_add(struct MHD_Response *response, const struct exchange *x, unsigned status,
			  const char *type);

#endif
