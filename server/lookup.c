#include "lookup.h"

#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>

/* Name service modules put buffers on the stack; stack pages that nobody touches cost nothing. */
enum { LOOKUP_STACK_BYTES = 512 * 1024 };

struct lookups {
	pthread_mutex_t lock;
	lookup_resolve *resolve;
	void *resolve_arg;
	void (*wake)(void *);
	void *wake_arg;
	struct lookup *done; /* newest first */
	size_t running;
	bool closed; /* the last of the running look-ups frees this struct */
};

static int resolve_by_system(void *arg, const char *host, struct sockaddr_storage *out, size_t max)
{
	/* Ask for both families, whatever the machine can dial: every address counts when the
	 * name is judged. */
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *answers = NULL;
	int fault = getaddrinfo(host, NULL, &hints, &answers);
	if (fault != 0)
		return fault == EAI_NONAME || fault == EAI_NODATA ? 0 : -1;
	int count = 0;
	for (const struct addrinfo *a = answers; a != NULL; a = a->ai_next) {
		if ((size_t)count < max && a->ai_addrlen <= sizeof out[0])
			memcpy(&out[count], a->ai_addr, a->ai_addrlen);
		count++;
	}
	freeaddrinfo(answers);
	return count;
}

struct lookups *lookups_new(lookup_resolve *resolve, void *resolve_arg, void (*wake)(void *),
			    void *wake_arg)
{
	struct lookups *lookups = calloc(1, sizeof *lookups);
	if (lookups == NULL)
		return NULL;
	pthread_mutex_init(&lookups->lock, NULL);
	lookups->resolve = resolve == NULL ? resolve_by_system : resolve;
	lookups->resolve_arg = resolve_arg;
	lookups->wake = wake;
	lookups->wake_arg = wake_arg;
	return lookups;
}

static void free_list(struct lookup *list)
{
	while (list != NULL) {
		struct lookup *next = list->next;
		free(list);
		list = next;
	}
}

static void destroy(struct lookups *lookups)
{
	free_list(lookups->done);
	pthread_mutex_destroy(&lookups->lock);
	free(lookups);
}

/* Deliver the result or, if nobody waits any more, clean up. */
static void deliver(struct lookup *lookup)
{
	struct lookups *lookups = lookup->lookups;
	pthread_mutex_lock(&lookups->lock);
	lookup->next = lookups->done;
	lookups->done = lookup;
	lookups->running--;
	bool last = lookups->closed && lookups->running == 0;
	if (!lookups->closed)
		lookups->wake(lookups->wake_arg);
	pthread_mutex_unlock(&lookups->lock);
	if (last)
		destroy(lookups);
}

static void *lookup_thread(void *arg)
{
	struct lookup *lookup = arg;
	struct lookups *lookups = lookup->lookups;
	lookup->count = lookups->resolve(lookups->resolve_arg, lookup->host, lookup->addresses,
					 LOOKUP_ADDRESSES_MAX);
	deliver(lookup);
	return NULL;
}

static bool start_thread(struct lookup *lookup)
{
	pthread_attr_t attributes;
	pthread_t thread;
	if (pthread_attr_init(&attributes) != 0)
		return false;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, LOOKUP_STACK_BYTES);
	bool started = pthread_create(&thread, &attributes, lookup_thread, lookup) == 0;
	pthread_attr_destroy(&attributes);
	return started;
}

static void count_running(struct lookups *lookups, int change)
{
	pthread_mutex_lock(&lookups->lock);
	lookups->running += (size_t)change;
	pthread_mutex_unlock(&lookups->lock);
}

bool lookup_start(struct lookups *lookups, const char *host, void *owner)
{
	struct lookup *lookup = calloc(1, sizeof *lookup);
	if (lookup == NULL)
		return false;
	lookup->lookups = lookups;
	lookup->owner = owner;
	strncpy(lookup->host, host, URL_HOST_MAX);
	count_running(lookups, 1);
	if (start_thread(lookup))
		return true;
	count_running(lookups, -1);
	free(lookup);
	return false;
}

struct lookup *lookups_take(struct lookups *lookups)
{
	pthread_mutex_lock(&lookups->lock);
	struct lookup *done = lookups->done;
	lookups->done = NULL;
	pthread_mutex_unlock(&lookups->lock);
	return done;
}

void lookups_free(struct lookups *lookups)
{
	if (lookups == NULL)
		return;
	pthread_mutex_lock(&lookups->lock);
	lookups->closed = true;
	bool last = lookups->running == 0;
	pthread_mutex_unlock(&lookups->lock);
	if (last)
		destroy(lookups);
}
