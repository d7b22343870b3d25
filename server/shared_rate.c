#include "shared_rate.h"

#include "digest.h"
#include "monotonic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_S 1000000.0
#define HASH_BYTES 16 /* length of the hash of a client's name in a key */

/* GCRA, as in rate.c: of a bucket only the time when it will be full again is kept, in
 * microseconds of the server's clock. ARGV: the window and the time of one token. Returns whether
 * the request is allowed, and how long the missing tokens take to come back. */
static const char take_script[] =
	"local t = redis.call('TIME') "
	"local now, window, token = t[1] * 1000000 + t[2], tonumber(ARGV[1]), tonumber(ARGV[2]) "
	"local full = tonumber(redis.call('GET', KEYS[1]) or '') or now "
	"local missing = math.min(math.max(full - now, 0), window) "
	"if missing + token > window then return {0, math.ceil(missing)} end "
	"missing = missing + token "
	"redis.call('SET', KEYS[1], string.format('%.3f', now + missing), 'PX', "
	"math.ceil(missing / 1000)) "
	"return {1, math.ceil(missing)}";

struct shared_rate {
	struct redis *redis;
	struct rate *rate;
	struct metrics *metrics;
};

/* One request on its way. */
struct question {
	struct shared_rate *shared;
	struct rate_rule rule;
	shared_rate_decided *decided; /* NULL: the request was counted here, and nobody waits */
	void *arg;
	char client[];
};

struct shared_rate *shared_rate_new(struct redis *redis, struct rate *rate, struct metrics *metrics)
{
	struct shared_rate *shared = calloc(1, sizeof(*shared));
	if (shared != NULL)
		*shared = (struct shared_rate){redis, rate, metrics};
	return shared;
}

void shared_rate_free(struct shared_rate *shared)
{
	free(shared);
}

/* The server cannot help: decide here. */
static struct rate_state take_here(struct shared_rate *shared, const char *client)
{
	metrics_count_shared_rate(shared->metrics, false);
	return rate_take(shared->rate, client, monotonic_ns());
}

static void on_taken(void *arg, const redisReply *reply)
{
	struct question *question = arg;
	struct shared_rate *shared = question->shared;
	struct rate_state state;
	bool told = reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
		    reply->element[0]->type == REDIS_REPLY_INTEGER &&
		    reply->element[1]->type == REDIS_REPLY_INTEGER;
	if (told) {
		metrics_count_shared_rate(shared->metrics, true);
		state = rate_note(shared->rate, question->rule, question->client, monotonic_ns(),
				  reply->element[0]->integer != 0,
				  (uint64_t)reply->element[1]->integer * 1000);
	} else if (question->decided != NULL) {
		state = take_here(shared, question->client);
	} else {
		metrics_count_shared_rate(shared->metrics, false);
	}
	if (question->decided != NULL)
		question->decided(question->arg, state);
	free(question);
}

/* The client's name is not sent: the key holds its hash. Every rule has its own buckets. */
static void write_key(struct rate_rule rule, const char *client, char *out, size_t size)
{
	unsigned char digest[DIGEST_BYTES];
	digest_of(client, strlen(client), digest);
	char name[2 * HASH_BYTES + 1] = "";
	digest_hex(digest, HASH_BYTES, name);
	snprintf(out, size, "precis:rate:%" PRIu64 "/%" PRIu64 ":%s", rule.quota, rule.window_s,
		 name);
}

static bool send_question(struct question *question)
{
	struct rate_rule rule = question->rule;
	char key[128], window[32], token[32];
	double window_us = (double)rule.window_s * US_PER_S;
	write_key(rule, question->client, key, sizeof(key));
	snprintf(window, sizeof(window), "%.0f", window_us);
	snprintf(token, sizeof(token), "%.3f", window_us / (double)rule.quota);
	const char *words[] = {"EVAL", take_script, "1", key, window, token};
	return redis_send(question->shared->redis, 6, words, NULL, on_taken, question);
}

bool shared_rate_decides(struct shared_rate *shared, const char *client, uint64_t now_ns,
			 struct rate_state *state)
{
	if (rate_is_over(shared->rate, client, now_ns, state))
		return true;
	if (redis_is_up(shared->redis))
		return false;
	*state = take_here(shared, client);
	return true;
}

static bool ask(struct shared_rate *shared, const char *client, shared_rate_decided *decided,
		void *arg)
{
	size_t len = strlen(client);
	struct question *question = malloc(sizeof(*question) + len + 1);
	if (question != NULL) {
		*question = (struct question){shared, rate_rule(shared->rate), decided, arg};
		memcpy(question->client, client, len + 1);
		if (question->rule.quota > 0 && send_question(question))
			return true;
	}
	free(question);
	return false;
}

void shared_rate_ask(struct shared_rate *shared, const char *client, shared_rate_decided *decided,
		     void *arg)
{
	if (!ask(shared, client, decided, arg))
		decided(arg, take_here(shared, client));
}

struct rate_state shared_rate_count(struct shared_rate *shared, const char *client, uint64_t now_ns)
{
	struct rate_state state = rate_take(shared->rate, client, now_ns);
	bool known = !state.allowed; /* as in shared_rate_decides(): then the server is not asked */
	if (!redis_is_up(shared->redis) || (!known && !ask(shared, client, NULL, NULL)))
		metrics_count_shared_rate(shared->metrics, false);
	return state;
}
