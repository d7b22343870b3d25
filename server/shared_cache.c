#include "shared_cache.h"

#include "digest.h"
#include "monotonic.h"
#include "shared_value.h"
#include "version.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* How long a dead instance can hold up others, and how often a live one renews its lease. */
#define LEASE_MS 1000
#define RENEW_MS 300
/* Pauses between two looks for another instance's answer; each is twice as long. */
#define LOOK_FIRST_MS 1
#define LOOK_MAX_MS 32
/* Larger answers would hold up all others on the one connection: they are not shared. */
#define VALUE_MAX_BYTES (1u << 20)

/* KEYS[1]: the answer's key. Returns what is stored there with its time left; if nothing is,
 * takes the lease and returns nil. */
static const char find_script[] =
	"local v = redis.call('GET', KEYS[1]) "
	"if not v then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return false end "
	"if #v > tonumber(ARGV[3]) then return {'', 0} end "
	"return {v, redis.call('PTTL', KEYS[1])}";

/* Renew the lease only while it is still ours. */
static const char renew_script[] = "if redis.call('GET', KEYS[1]) == ARGV[1] then "
				   "return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0";
static const char release_script[] = "if redis.call('GET', KEYS[1]) == ARGV[1] then "
				     "return redis.call('DEL', KEYS[1]) end return 0";

enum {
	KEY_LEN = sizeof(PRECIS_ENGINE) + 2 * DIGEST_BYTES, /* with ':', without NUL */
	LEASE_LEN = 6 + 32,                                 /* "lease:" and hex digits */
};

struct shared_cache {
	struct redis *redis;
	struct queue *queue;
	struct metrics *metrics;
	unsigned char policy[DIGEST_BYTES];
	uint64_t instance; /* random */
	atomic_uint_fast64_t flights;
};

/* Held by the job from when it goes to the workers, and by what is under way at `redis`. */
struct flight {
	atomic_uint references;
	struct shared_cache *shared;
	struct job *job; /* held until it goes to the workers; else NULL */
	bool leased;
	atomic_bool over; /* the job has ended */
	uint64_t give_up_ns, pause_ms;
	unsigned char job_key[JOB_KEY_BYTES];
	char key[KEY_LEN + 1], lease[LEASE_LEN + 1];
};

static void flight_release(struct flight *flight)
{
	if (atomic_fetch_sub_explicit(&flight->references, 1, memory_order_acq_rel) == 1)
		free(flight);
}

struct shared_cache *shared_cache_new(struct redis *redis, struct queue *queue,
				      struct metrics *metrics, const char *policy)
{
	struct shared_cache *shared = calloc(1, sizeof(*shared));
	if (shared == NULL)
		return NULL;
	shared->redis = redis;
	shared->queue = queue;
	shared->metrics = metrics;
	digest_of(policy, strlen(policy), shared->policy);
	if (getrandom(&shared->instance, sizeof(shared->instance), 0) < 0)
		shared->instance = monotonic_ns() ^ (uint64_t)(uintptr_t)shared;
	return shared;
}

void shared_cache_free(struct shared_cache *shared)
{
	free(shared);
}

static struct flight *flight_new(struct shared_cache *shared, const struct job *job)
{
	struct flight *flight = calloc(1, sizeof(*flight));
	if (flight == NULL)
		return NULL;
	atomic_init(&flight->references, 1);
	flight->shared = shared;
	flight->pause_ms = LOOK_FIRST_MS;
	memcpy(flight->job_key, job->key, JOB_KEY_BYTES);
	unsigned char both[DIGEST_BYTES + JOB_KEY_BYTES], digest[DIGEST_BYTES];
	memcpy(both, shared->policy, DIGEST_BYTES);
	memcpy(both + DIGEST_BYTES, job->key, JOB_KEY_BYTES);
	digest_of(both, sizeof(both), digest);
	int len = snprintf(flight->key, sizeof(flight->key), "%s:", PRECIS_ENGINE);
	digest_hex(digest, sizeof(digest), flight->key + len); /* followed by calloc()'s NUL */
	snprintf(flight->lease, sizeof(flight->lease), "lease:%016" PRIx64 "%016" PRIx64,
		 shared->instance, atomic_fetch_add(&shared->flights, 1));
	return flight;
}

/* ---- the lease -------------------------------------------------------------------------- */

static void ignore(void *arg, const redisReply *reply)
{
}

static void run_on_lease(const struct flight *flight, const char *script, redis_done *done)
{
	char lease_ms[16];
	snprintf(lease_ms, sizeof(lease_ms), "%d", LEASE_MS);
	const char *words[] = {"EVAL", script, "1", flight->key, flight->lease, lease_ms};
	redis_send(flight->shared->redis, 6, words, NULL, done, NULL);
}

static void renew(void *arg)
{
	struct flight *flight = arg;
	bool over = atomic_load(&flight->over);
	if (!over)
		run_on_lease(flight, renew_script, ignore);
	if (over || !redis_after(flight->shared->redis, RENEW_MS, renew, flight))
		flight_release(flight);
}

/* ---- looking ---------------------------------------------------------------------------- */

/* Send the job to the workers; commands under way at redis keep their references to the flight. */
static void compute(struct flight *flight)
{
	struct job *job = flight->job;
	struct queue *queue = flight->shared->queue;
	flight->job = NULL;
	atomic_fetch_add(&flight->references, 1);
	job->flight = flight;
	if (queue_push(queue, &job) == QUEUE_OK)
		return;
	struct problem_report report;
	problem_set(&report, PROBLEM_QUEUE_FULL, "The queue has just filled up.");
	job_fail(job, &report);
	job_release(job);
}

static void compute_and_release(struct flight *flight)
{
	compute(flight);
	flight_release(flight);
}

/* Nobody else has the answer: we make it. */
static void lead(struct flight *flight)
{
	flight->leased = true;
	metrics_count_shared(flight->shared->metrics, SHARED_MISS);
	compute(flight);
	if (!redis_after(flight->shared->redis, RENEW_MS, renew, flight))
		flight_release(flight);
}

static void take_answer(struct flight *flight, struct answer *answer)
{
	struct job *job = flight->job;
	flight->job = NULL;
	metrics_count_shared(flight->shared->metrics, SHARED_HIT);
	job_finish(job, answer);
	job_release(job);
	flight_release(flight);
}

static void look(void *arg);

/* Another instance works on it. */
static void wait_for_other(struct flight *flight)
{
	struct shared_cache *shared = flight->shared;
	uint64_t pause_ms = flight->pause_ms;
	if (pause_ms == LOOK_FIRST_MS)
		metrics_count_shared(shared->metrics, SHARED_WAIT);
	flight->pause_ms = pause_ms >= LOOK_MAX_MS ? LOOK_MAX_MS : 2 * pause_ms;
	if (monotonic_ns() > flight->give_up_ns || !job_is_wanted(flight->job) ||
	    !redis_after(shared->redis, pause_ms, look, flight))
		compute_and_release(flight);
}

static bool is_lease(const redisReply *value)
{
	return value->len == LEASE_LEN && memcmp(value->str, "lease:", 6) == 0;
}

static void on_found(void *arg, const redisReply *reply)
{
	struct flight *flight = arg;
	if (reply != NULL && reply->type == REDIS_REPLY_NIL) {
		lead(flight);
		return;
	}
	if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
	    reply->element[0]->type != REDIS_REPLY_STRING ||
	    reply->element[1]->type != REDIS_REPLY_INTEGER) {
		metrics_count_shared(flight->shared->metrics, SHARED_ERROR);
		compute_and_release(flight);
		return;
	}
	const redisReply *value = reply->element[0];
	long long left_ms = reply->element[1]->integer;
	struct answer *answer = NULL;
	if (left_ms >= 0 && is_lease(value)) { /* 0: the last millisecond */
		wait_for_other(flight);
		return;
	}
	if (left_ms > 0) /* a value without an end is not ours */
		answer = shared_value_decode(value->str, value->len, flight->job_key);
	if (answer == NULL) {
		metrics_count_shared(flight->shared->metrics, SHARED_INVALID);
		compute_and_release(flight);
		return;
	}
	answer->keep_ms = (uint64_t)left_ms;
	answer->is_shared = true;
	take_answer(flight, answer);
}

static bool send_look(struct flight *flight)
{
	char lease_ms[16], max_bytes[16];
	snprintf(lease_ms, sizeof(lease_ms), "%d", LEASE_MS);
	snprintf(max_bytes, sizeof(max_bytes), "%u", 2 * VALUE_MAX_BYTES);
	const char *words[] = {"EVAL",        find_script, "1",      flight->key,
			       flight->lease, lease_ms,    max_bytes};
	return redis_send(flight->shared->redis, 7, words, NULL, on_found, flight);
}

static void look(void *arg)
{
	struct flight *flight = arg;
	if (!send_look(flight))
		compute_and_release(flight);
}

bool shared_cache_ask(struct shared_cache *shared, struct job **job)
{
	if (shared == NULL || !(*job)->has_key)
		return false;
	if (!redis_is_up(shared->redis)) {
		metrics_count_shared(shared->metrics, SHARED_AWAY);
		return false;
	}
	struct flight *flight = flight_new(shared, *job);
	if (flight == NULL)
		return false;
	uint64_t now_ns = monotonic_ns(), deadline_ns = (*job)->deadline_ns;
	/* The rest of the time must suffice to compute it here. */
	flight->give_up_ns = now_ns + (deadline_ns > now_ns ? (deadline_ns - now_ns) / 2 : 0);
	flight->job = *job;
	if (!send_look(flight)) {
		free(flight);
		return false;
	}
	*job = NULL;
	return true;
}

/* ---- keeping ---------------------------------------------------------------------------- */

static void on_stored(void *arg, const redisReply *reply)
{
	bool stored = reply != NULL && reply->type != REDIS_REPLY_ERROR;
	metrics_count_shared(arg, stored ? SHARED_STORED : SHARED_STORE_FAILED);
}

static bool store(const struct flight *flight, const struct answer *answer)
{
	size_t len;
	char keep_ms[24];
	char *value = shared_value_encode(answer, flight->job_key, &len);
	snprintf(keep_ms, sizeof(keep_ms), "%" PRIu64, answer->keep_ms);
	const char *words[] = {"SET", flight->key, value, "PX", keep_ms};
	const size_t lengths[] = {3, strlen(flight->key), len, 2, strlen(keep_ms)};
	bool sent = value != NULL && len <= VALUE_MAX_BYTES &&
		    redis_send(flight->shared->redis, 5, words, lengths, on_stored,
			       flight->shared->metrics);
	free(value);
	return sent;
}

void shared_cache_leave(struct flight *flight, const struct answer *answer)
{
	if (flight == NULL)
		return;
	atomic_store(&flight->over, true);
	bool keeps = answer != NULL && answer->keep_ms > 0;
	if (!(keeps && store(flight, answer)) && flight->leased)
		run_on_lease(flight, release_script, ignore);
	flight_release(flight);
}
