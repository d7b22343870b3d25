#ifndef SERVER_RATE_H
#define SERVER_RATE_H

#include "problem.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * How often one client may ask: a token bucket for each. A bucket holds as many tokens as `quota`
 * and fills up within `window_s`; a request takes one. Buckets are kept for a bounded number of
 * clients; the one that has been full the longest makes room (a full bucket need not be
 * remembered).
 */
struct rate;

struct rate_rule {
	uint64_t quota; /* 0: no limit */
	uint64_t window_s;
};

/** What a client has left, for the RateLimit header and Retry-After. */
struct rate_state {
	bool allowed;
	uint64_t remaining;
	uint64_t reset_s; /* until one more is allowed (refused) or all are (allowed) */
};

/** Parse "100/s", "60/m", "1000/h", or an empty string for no limit. False for anything else. */
bool rate_rule_parse(const char *text, struct rate_rule *out);

/** NULL without memory. */
struct rate *rate_new(struct rate_rule rule);

/** NULL is allowed. */
void rate_free(struct rate *rate);

/** Change the rule. This fills every bucket, because fill levels under different rules cannot be
 *  compared. Setting the rule already in force changes nothing. Any thread. */
void rate_set_rule(struct rate *rate, struct rate_rule rule);

struct rate_rule rate_rule(struct rate *rate);

/** Fill `out` with what a refused client is told. */
void rate_report(struct rate_rule rule, struct rate_state state, struct problem_report *out);

/** Count one request of `client` (any string). O(1), one short lock. Any thread. */
struct rate_state rate_take(struct rate *rate, const char *client, uint64_t now_ns);

/** Is the client known to be over its limit? Then `*state` is that of a refusal. Takes no token and
 * makes no bucket, so that asking for many clients pushes none out. */
bool rate_is_over(struct rate *rate, const char *client, uint64_t now_ns, struct rate_state *state);

/**
 * The server that counts for several instances decided on a request of `client` by `rule`:
 * `missing_ns` is how long the missing tokens take to come back. This is noted, unless more are
 * known to be missing here or another rule is now in force. Returns what the client is told.
 */
struct rate_state rate_note(struct rate *rate, struct rate_rule rule, const char *client,
			    uint64_t now_ns, bool allowed, uint64_t missing_ns);

#endif
