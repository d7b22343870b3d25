#include "cache.h"

#include "digest.h"
#include "version.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 1024

/** One key: a job under way, or the answer that is kept. */
struct entry {
	struct entry *next;          /* in its bucket */
	struct entry *newer, *older; /* in order of last use; only while an answer is kept */
	unsigned char key[JOB_KEY_BYTES];
	struct job *job; /* borrowed: a job under way leaves the cache before it ends */
	struct answer *answer;
};

struct cache {
	pthread_mutex_t lock; /* guards everything below, and the ticket lists of its jobs */
	struct entry **buckets;
	size_t bucket_count;
	struct entry *newest, *oldest;
	size_t max_bytes;
	struct cache_figures figures; /* figures.entries: only those with an answer */
	size_t keys;
};

struct cache *cache_new(size_t max_bytes)
{
	struct cache *cache = calloc(1, sizeof(*cache));
	if (cache == NULL)
		return NULL;
	cache->max_bytes = max_bytes;
	cache->bucket_count = FIRST_BUCKETS;
	cache->buckets = calloc(FIRST_BUCKETS, sizeof(*cache->buckets));
	if (cache->buckets == NULL) {
		free(cache);
		return NULL;
	}
	pthread_mutex_init(&cache->lock, NULL);
	return cache;
}

void cache_key(const char *body, size_t len, bool is_query, unsigned char key[JOB_KEY_BYTES])
{
	static const char kinds[2][sizeof(PRECIS_ENGINE) + 1] = {PRECIS_ENGINE "B",
								 PRECIS_ENGINE "Q"};
	digest_of_two(kinds[is_query], sizeof(kinds[0]), body, len, key);
}

/* The key is a hash already, so any eight bytes of it will do. */
static struct entry **bucket(struct cache *cache, const unsigned char *key)
{
	uint64_t hash;
	memcpy(&hash, key, sizeof(hash));
	return &cache->buckets[hash & (cache->bucket_count - 1)];
}

static struct entry *find(struct cache *cache, const unsigned char *key)
{
	struct entry *entry = *bucket(cache, key);
	while (entry != NULL && memcmp(entry->key, key, JOB_KEY_BYTES) != 0)
		entry = entry->next;
	return entry;
}

/* Bytes of memory that an entry takes with its answer. */
static size_t cost(const struct answer *answer)
{
	return sizeof(struct entry) + sizeof(*answer) + answer->len;
}

static void unlink_use(struct cache *cache, struct entry *entry)
{
	*(entry->newer != NULL ? &entry->newer->older : &cache->newest) = entry->older;
	*(entry->older != NULL ? &entry->older->newer : &cache->oldest) = entry->newer;
	entry->newer = entry->older = NULL;
}

static void link_newest(struct cache *cache, struct entry *entry)
{
	entry->older = cache->newest;
	entry->newer = NULL;
	if (cache->newest != NULL)
		cache->newest->newer = entry;
	else
		cache->oldest = entry;
	cache->newest = entry;
}

/* Take the entry out of the table and free it with its answer. */
static void drop(struct cache *cache, struct entry *entry)
{
	struct entry **link = bucket(cache, entry->key);
	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	cache->keys--;
	if (entry->answer != NULL) {
		unlink_use(cache, entry);
		cache->figures.bytes -= cost(entry->answer);
		cache->figures.entries--;
		/* The connections that still send it count it in their budget again. */
		budget_add(entry->answer->budget, entry->answer->len);
		answer_release(entry->answer);
	}
	free(entry);
}

/* Double the buckets once there are as many keys; if memory is short, the chains grow instead. */
static void make_room(struct cache *cache)
{
	if (cache->keys < cache->bucket_count)
		return;
	struct entry **old = cache->buckets,
		     **grown = calloc(2 * cache->bucket_count, sizeof(*grown));
	size_t old_count = cache->bucket_count;
	if (grown == NULL)
		return;
	cache->buckets = grown;
	cache->bucket_count *= 2;
	for (size_t i = 0; i < old_count; i++) {
		struct entry *next;
		for (struct entry *entry = old[i]; entry != NULL; entry = next) {
			struct entry **into = bucket(cache, entry->key);
			next = entry->next;
			entry->next = *into;
			*into = entry;
		}
	}
	free(old);
}

/* Under the lock: the answer kept under `key`, held; an expired one is dropped. */
static struct answer *look_up(struct cache *cache, const unsigned char *key, uint64_t now_ns)
{
	struct entry *entry = find(cache, key);
	if (entry == NULL || entry->answer == NULL)
		return NULL;
	if (answer_left_ms(entry->answer, now_ns) == 0) {
		drop(cache, entry);
		return NULL;
	}
	unlink_use(cache, entry);
	link_newest(cache, entry);
	return answer_hold(entry->answer);
}

struct answer *cache_find(struct cache *cache, const unsigned char key[JOB_KEY_BYTES],
			  uint64_t now_ns)
{
	pthread_mutex_lock(&cache->lock);
	struct answer *answer = look_up(cache, key, now_ns);
	cache->figures.hits += answer != NULL;
	pthread_mutex_unlock(&cache->lock);
	return answer;
}

enum cache_result cache_join(struct cache *cache, struct job *job, struct ticket *ticket,
			     uint64_t now_ns, struct answer **answer)
{
	enum cache_result result = CACHE_NO_MEMORY;
	pthread_mutex_lock(&cache->lock);
	*answer = look_up(cache, job->key, now_ns);
	struct entry *entry = find(cache, job->key);
	if (*answer != NULL) {
		cache->figures.hits++;
		result = CACHE_FOUND;
	} else if (entry != NULL && ticket_join_others(ticket, entry->job)) {
		cache->figures.joined++;
		result = CACHE_JOINED;
	} else if (entry != NULL || (entry = calloc(1, sizeof(*entry))) != NULL) {
		/* Otherwise the entry belongs to a job that all its tickets have left. */
		if (entry->job == NULL) {
			make_room(cache);
			memcpy(entry->key, job->key, JOB_KEY_BYTES);
			entry->next = *bucket(cache, job->key);
			*bucket(cache, job->key) = entry;
			cache->keys++;
		}
		entry->job = job;
		job->cache = cache;
		ticket_join(ticket, job);
		cache->figures.misses++;
		result = CACHE_LEAD;
	}
	pthread_mutex_unlock(&cache->lock);
	return result;
}

static void keep(struct cache *cache, struct entry *entry, struct answer *answer)
{
	entry->job = NULL;
	entry->answer = answer_hold(answer);
	budget_give(answer->budget, answer->len); /* while cached, it is counted here */
	link_newest(cache, entry);
	cache->figures.entries++;
	cache->figures.bytes += cost(entry->answer);
	while (cache->figures.bytes > cache->max_bytes) {
		cache->figures.evicted++;
		drop(cache, cache->oldest);
	}
}

struct ticket *cache_leave(struct cache *cache, struct job *job, struct answer *answer)
{
	pthread_mutex_lock(&cache->lock);
	struct entry *entry = find(cache, job->key);
	/* If everybody left the first job, another may have taken over its entry. */
	if (entry != NULL && entry->job == job) {
		/* An answer larger than the whole cache would only push out all others. */
		if (answer != NULL && answer->keep_ms > 0 && cost(answer) <= cache->max_bytes)
			keep(cache, entry, answer);
		else
			drop(cache, entry);
	}
	struct ticket *tickets = ticket_leave(job);
	pthread_mutex_unlock(&cache->lock);
	return tickets;
}

struct cache_figures cache_figures(struct cache *cache)
{
	pthread_mutex_lock(&cache->lock);
	struct cache_figures figures = cache->figures;
	pthread_mutex_unlock(&cache->lock);
	return figures;
}

void cache_free(struct cache *cache)
{
	if (cache == NULL)
		return;
	while (cache->oldest != NULL)
		drop(cache, cache->oldest);
	assert(cache->keys == 0);
	pthread_mutex_destroy(&cache->lock);
	free(cache->buckets);
	free(cache);
}
