#ifndef SERVER_DOWNLOAD_H
#define SERVER_DOWNLOAD_H

#include "fetch.h"
#include "lookup.h"
#include "url.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

/**
 * Shared by the files of the fetcher; no other file includes it. A download passes through fetch.c
 * (the thread, the list, begin and end) → fetch_hop.c (look-up, connection, redirects) →
 * fetch_guard.c (may this address be dialled?) → fetch_answer.c (head and body).
 */

enum { FETCH_HEAD_MAX_BYTES = 64 * 1024 }; /* all header lines of one answer */

enum fetch_state {
	FETCH_STATE_WAITING,  /* waits for a slot */
	FETCH_STATE_LOOKUP,   /* a look-up thread runs for it */
	FETCH_STATE_TRANSFER, /* libcurl transfers it */
	FETCH_STATE_ENDED,    /* called back; only its look-up is still running */
};

/*
 * One download. Made by fetch_start(); from then on only the fetcher's thread touches it, except
 * for `cancelled`, `deadline_us` and the fields marked "lock".
 */
struct fetch {
	struct fetch *next, *prev; /* lock: the list fetcher->all, oldest first */
	atomic_bool cancelled;
	bool is_line;       /* lock */
	struct fetch *todo; /* list of what one turn works on */
	bool begins;        /* it gets a slot in this turn */
	uint64_t id;
	struct fetcher *fetcher;
	enum fetch_state state;
	char *text; /* the URL as given */
	char *from; /* the page that led to it; NULL: none */
	fetch_callback *callback;
	void *arg;
	int64_t made_us, begun_us;
	_Atomic int64_t deadline_us; /* the job's, may be extended; INT64_MAX: none */
	int64_t limit_us;            /* when timeout_ms ends for the present state */
	int64_t spent_us;            /* time used by the pages that led here */
	struct curl_slist *cookies;  /* set by the hops before the present one */
	char *refresh;               /* the Refresh header; NULL: none */

	/* The present hop. */
	struct url url;
	unsigned redirects;
	CURL *easy;
	CURLSH *share;
	struct curl_slist *pinned;
	size_t head_bytes, dropped_bytes;
	bool head_done, redirecting;
	bool opened;  /* libcurl asked for a socket: a kept connection was not enough */
	bool fresh;   /* retried on a new connection, because the kept one had been closed */
	bool bare;    /* no coding is offered, and none is decoded */
	bool strange; /* the answer came in a coding that was not offered */
	enum fetch_status verdict; /* set by a callback that stops the transfer */
	const char *why;

	struct fetch_result result;
};

struct fetcher {
	CURLM *multi; /* this and `lookups` exist from the first download on */
	struct lookups *lookups;
	pthread_t thread;
	size_t active; /* slots taken, also by look-ups whose download has ended */
	bool again;    /* a slot became free during this turn */

	pthread_mutex_t lock;
	struct fetch *all, *last; /* lock */
	size_t count[2];          /* lock; how many are for requests, and for lines */
	uint64_t last_id;         /* lock */
	bool running;             /* is there a thread? */
	bool ready, stopping;     /* lock; did the first download come? must the thread end? */
	pthread_cond_t changed;   /* one of the two */

	atomic_size_t active_now; /* for fetcher_load(); written by the thread */

	struct fetch_options options;
	struct address_policy policy;
	char *user_agent, *allow_hosts, *ca_file;
	struct curl_slist *headers, *bare_headers; /* sent with every request */
	struct address_net *allow_nets;
	struct sockaddr_storage *own;
};

/* -- fetch.c -- */

/** CLOCK_MONOTONIC in microseconds. */
int64_t fetch_now_us(void);

/** When the present state must have ended. */
int64_t fetch_limit_us(const struct fetch *fetch);

/** Stop libcurl's transfer of this hop and free it. */
void fetch_end_transfer(struct fetch *fetch);

/** Call back with `status`; `fetch` is freed then, or once its look-up has come back. */
void fetch_finish(struct fetch *fetch, enum fetch_status status, const char *why);

/** Free a download that was called back. */
void fetch_release(struct fetch *fetch);

/**
 * Note why a callback stops the transfer. The first reason stands; later ones are only libcurl's
 * view of our own refusal.
 */
void fetch_blame(struct fetch *fetch, enum fetch_status verdict, const char *why);

/** The same for a size over a limit: `actual` bytes or more. */
void fetch_blame_size(struct fetch *fetch, enum fetch_status verdict, const char *why,
		      uint64_t limit, uint64_t actual);

/* -- fetch_hop.c -- */

/** The download has got a slot: start its first hop. */
void fetch_begin(struct fetch *fetch);

/** The present hop's name was looked up: judge all of its addresses, and connect. */
void fetch_looked_up(struct fetch *fetch, struct lookup *lookup);

/** The present hop was cut short: finish with `status`, unless the whole page has arrived. */
void fetch_broken(struct fetch *fetch, enum fetch_status status, const char *why);

/** libcurl is done with the present hop: follow its redirect, or finish. */
void fetch_transferred(struct fetch *fetch, CURLcode code);

/* -- fetch_guard.c -- */

/** May `address` be dialled? If the port is ours, ask the kernel whether the address is, too. */
enum address_verdict fetch_judge(const struct fetcher *fetcher, const struct sockaddr *address);

/** For the log. */
const char *fetch_why_not(enum address_verdict verdict);

/** CURLOPT_OPENSOCKETFUNCTION: no socket for an address that must not be dialled. */
curl_socket_t fetch_guard_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address);

/** CURLOPT_PREREQFUNCTION: also called for reused connections, which open no socket. */
int fetch_guard_request(void *arg, char *ip, char *local_ip, int port, int local_port);

/* -- fetch_answer.c -- */

/** CURLOPT_HEADERFUNCTION: when the head is complete, decide whether a page follows. */
size_t fetch_on_header(char *line, size_t size, size_t count, void *arg);

/** CURLOPT_WRITEFUNCTION: keep the decoded body, within all bounds. */
size_t fetch_on_body(char *bytes, size_t size, size_t count, void *arg);

/**
 * CURLOPT_XFERINFOFUNCTION: counts bytes as they arrive, because compressed data that decodes to
 * nothing would never fill a body.
 */
int fetch_on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
		      curl_off_t up_now);

/** Make room for `need` bytes of body and a NUL, by doubling; beyond a bound, false, with the
 *  reason noted. */
bool fetch_make_room(struct fetch *fetch, size_t need);

/** A header of the last answer, trimmed; empty if it has none. Borrowed until the transfer ends. */
struct span fetch_header_of(CURL *easy, const char *name);

#endif
