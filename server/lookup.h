#ifndef SERVER_LOOKUP_H
#define SERVER_LOOKUP_H

#include "url.h"

#include <sys/socket.h>

enum { LOOKUP_ADDRESSES_MAX = 64 };

/**
 * Look up all addresses of a host name without blocking the caller.
 *
 * Each look-up has a short-lived thread: getaddrinfo() honours the machine's name service switch
 * and cannot be interrupted, so a name server that does not answer holds up one small thread and
 * nothing else. The caller bounds how many look-ups run at a time.
 */
struct lookups;

/** One finished look-up. */
struct lookup {
	struct lookup *next;
	struct lookups *lookups;
	void *owner; /* as given to lookup_start() */
	char host[URL_HOST_MAX + 1];
	struct sockaddr_storage addresses[LOOKUP_ADDRESSES_MAX]; /* port 0 */
	int count; /* how many addresses the name has, perhaps above the maximum; 0: no such name;
		      -1: failed */
};

/** As fetch_options.resolve. */
typedef int lookup_resolve(void *arg, const char *host, struct sockaddr_storage *out, size_t max);

/**
 * `resolve` NULL means getaddrinfo(). `wake` is called from look-up threads, under a lock, when
 * lookups_take() has something to return: it must not block or call back. NULL when out of memory.
 */
struct lookups *lookups_new(lookup_resolve *resolve, void *resolve_arg, void (*wake)(void *),
			    void *wake_arg);

/** Begin. False when there is no thread or memory: then nothing is delivered. Any thread. */
bool lookup_start(struct lookups *lookups, const char *host, void *owner);

/** The look-ups that finished since the last call, as a list; the caller must free() each. */
struct lookup *lookups_take(struct lookups *lookups);

/**
 * Forget everything. `wake` is not called any more once this returns. Look-ups that still run end
 * by themselves and free what is left. NULL is fine.
 */
void lookups_free(struct lookups *lookups);

#endif
