#include "rate.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define NS_PER_S UINT64_C(1000000000)
/* Sets of a few buckets: an attacker with many addresses can only push out neighbours in the
 * same set, and which clients those are depends on a secret. */
#define SETS 16384
#define WAYS 4

struct bucket {
	uint64_t client;     /* hash; 0: free */
	uint64_t full_at_ns; /* when it will be full again: the whole state of a token bucket (GCRA)
			      */
};

struct rate {
	pthread_mutex_t lock; /* guards everything below */
	struct rate_rule rule;
	uint64_t secret;
	struct bucket sets[SETS][WAYS];
};

bool rate_rule_parse(const char *text, struct rate_rule *out)
{
	char unit = 0, rest = 0;
	unsigned long long quota = 0;
	*out = (struct rate_rule){0, 1};
	if (*text == '\0')
		return true;
	if (*text < '0' || *text > '9' || sscanf(text, "%9llu/%c%c", &quota, &unit, &rest) != 2)
		return false;
	out->quota = quota;
	out->window_s = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : 0;
	return quota > 0 && out->window_s > 0;
}

struct rate *rate_new(struct rate_rule rule)
{
	struct rate *rate = calloc(1, sizeof(*rate));
	if (rate == NULL)
		return NULL;
	pthread_mutex_init(&rate->lock, NULL);
	rate->rule = rule;
	if (getrandom(&rate->secret, sizeof(rate->secret), 0) < 0)
		rate->secret = (uint64_t)(uintptr_t)rate;
	return rate;
}

void rate_free(struct rate *rate)
{
	if (rate == NULL)
		return;
	pthread_mutex_destroy(&rate->lock);
	free(rate);
}

void rate_set_rule(struct rate *rate, struct rate_rule rule)
{
	pthread_mutex_lock(&rate->lock);
	if (rate->rule.quota != rule.quota || rate->rule.window_s != rule.window_s)
		memset(rate->sets, 0, sizeof(rate->sets));
	rate->rule = rule;
	pthread_mutex_unlock(&rate->lock);
}

struct rate_rule rate_rule(struct rate *rate)
{
	pthread_mutex_lock(&rate->lock);
	struct rate_rule rule = rate->rule;
	pthread_mutex_unlock(&rate->lock);
	return rule;
}

void rate_report(struct rate_rule rule, struct rate_state state, struct problem_report *out)
{
	unsigned next_s = state.reset_s == 0 ? 1 : (unsigned)state.reset_s;
	problem_set(out, PROBLEM_RATE_LIMITED, "%llu in %llu s are allowed; the next in %u s.",
		    (unsigned long long)rule.quota, (unsigned long long)rule.window_s, next_s);
	problem_set_limit(out, rule.quota, rule.quota + 1);
	out->retry_after_s = next_s;
}

/* FNV-1a from a secret start, then mixed (the finalizer of MurmurHash3). */
static uint64_t hash(const struct rate *rate, const char *client)
{
	uint64_t h = rate->secret ^ UINT64_C(0xCBF29CE484222325);
	for (; *client != '\0'; client++)
		h = (h ^ (unsigned char)*client) * UINT64_C(0x100000001B3);
	h = (h ^ h >> 33) * UINT64_C(0xFF51AFD7ED558CCD);
	h = (h ^ h >> 33) * UINT64_C(0xC4CEB9FE1A85EC53);
	h ^= h >> 33;
	return h == 0 ? 1 : h;
}

/* The client's bucket, or the one in its set that has been full the longest. */
static struct bucket *find(struct rate *rate, uint64_t client)
{
	struct bucket *set = rate->sets[client % SETS], *oldest = &set[0];
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].client == client)
			return &set[i];
		if (set[i].full_at_ns < oldest->full_at_ns)
			oldest = &set[i];
	}
	return oldest;
}

/* The client's bucket, made if there is none. */
static struct bucket *take_bucket(struct rate *rate, uint64_t client)
{
	struct bucket *bucket = find(rate, client);
	if (bucket->client != client)
		*bucket = (struct bucket){client, 0};
	return bucket;
}

static uint64_t window_ns(struct rate_rule rule)
{
	return rule.window_s * NS_PER_S;
}

static uint64_t token_ns(struct rate_rule rule)
{
	return window_ns(rule) / rule.quota;
}

/* What a client has left; `missing_ns` is how long the tokens taken need to come back. */
static struct rate_state state_of(struct rate_rule rule, bool allowed, uint64_t missing_ns)
{
	uint64_t window = window_ns(rule), token = token_ns(rule);
	struct rate_state state = {.allowed = allowed};
	uint64_t wait_ns = missing_ns;
	if (!allowed)
		wait_ns = missing_ns + token > window ? missing_ns + token - window : 0;
	else if (missing_ns < window)
		state.remaining = (window - missing_ns) / token;
	state.reset_s = (wait_ns + NS_PER_S - 1) / NS_PER_S;
	return state;
}

static uint64_t missing_of(const struct bucket *bucket, uint64_t now_ns)
{
	return bucket->full_at_ns < now_ns ? 0 : bucket->full_at_ns - now_ns;
}

struct rate_state rate_take(struct rate *rate, const char *client, uint64_t now_ns)
{
	struct rate_state state = {.allowed = true};
	pthread_mutex_lock(&rate->lock);
	if (rate->rule.quota > 0) {
		struct bucket *bucket = take_bucket(rate, hash(rate, client));
		uint64_t missing = missing_of(bucket, now_ns), token = token_ns(rate->rule);
		bool allowed = missing + token <= window_ns(rate->rule);
		if (allowed)
			bucket->full_at_ns = now_ns + (missing += token);
		state = state_of(rate->rule, allowed, missing);
	}
	pthread_mutex_unlock(&rate->lock);
	return state;
}

bool rate_is_over(struct rate *rate, const char *client, uint64_t now_ns, struct rate_state *state)
{
	bool over = false;
	pthread_mutex_lock(&rate->lock);
	if (rate->rule.quota > 0) {
		uint64_t name = hash(rate, client);
		const struct bucket *bucket = find(rate, name);
		uint64_t missing = bucket->client == name ? missing_of(bucket, now_ns) : 0;
		over = missing + token_ns(rate->rule) > window_ns(rate->rule);
		if (over)
			*state = state_of(rate->rule, false, missing);
	}
	pthread_mutex_unlock(&rate->lock);
	return over;
}

struct rate_state rate_note(struct rate *rate, struct rate_rule rule, const char *client,
			    uint64_t now_ns, bool allowed, uint64_t missing_ns)
{
	if (missing_ns > window_ns(rule))
		missing_ns = window_ns(rule);
	pthread_mutex_lock(&rate->lock);
	if (rate->rule.quota == rule.quota && rate->rule.window_s == rule.window_s) {
		struct bucket *bucket = take_bucket(rate, hash(rate, client));
		if (missing_ns > missing_of(bucket, now_ns))
			bucket->full_at_ns = now_ns + missing_ns;
	}
	pthread_mutex_unlock(&rate->lock);
	return state_of(rule, allowed, missing_ns);
}
