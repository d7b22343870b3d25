#ifndef SERVER_DOWNLOAD_H
#define SERVER_DOWNLOAD_H

#include "fetch.h"
#include "lookup.h"
#include "url.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

/**
 * What the files of the fetcher share; nobody else includes this. The way of a download through
 * them: fetch.c (the thread, the list, begin and end) → fetch_hop.c (look-up, connection,
 * redirects) → fetch_guard.c (may this address be dialled?) → fetch_answer.c (head and body).
 */

enum { FETCH_HEAD_MAX_BYTES = 64 * 1024 }; /* all header lines of one answer */

enum fetch_state {
	FETCH_STATE_WAITING,  /* for a slot */
	FETCH_STATE_LOOKUP,   /* a look-up thread runs for it */
	FETCH_STATE_TRANSFER, /* libcurl has it */
	FETCH_STATE_ENDED,    /* called back; only its look-up is still out */
};

/*
 * One download. Made by fetch_start(); from then on only the fetcher's thread touches it, except
 * for `cancelled`, `deadline_us` and the fields marked "lock".
 */
struct fetch {
	struct fetch *next, *prev; /* lock: fetcher->all, oldest first */
	atomic_bool cancelled;
	bool is_line;       /* lock */
	struct fetch *todo; /* chain of one turn's work */
	bool begins;        /* in this turn: there is a slot */
	uint64_t id;
	struct fetcher *fetcher;
	enum fetch_state state;
	char *text; /* the URL as given */
	char *from; /* the page that leads there; NULL: none */
	fetch_callback *callback;
	void *arg;
	int64_t made_us, begun_us;
	_Atomic int64_t deadline_us; /* the job's, which may become later; INT64_MAX for none */
	int64_t limit_us;            /* when the present state has taken timeout_ms */
	int64_t spent_us;            /* by the pages that led here */
	struct curl_slist *cookies;  /* of the hops before the present one */
	char *refresh;               /* the Refresh header; NULL: none */

	/* The present hop. */
	struct url url;
	unsigned redirects;
	CURL *easy;
	CURLSH *share;
	struct curl_slist *pinned;
	size_t head_bytes, dropped_bytes;
	bool head_done, redirecting;
	bool opened;  /* a socket was asked for: no kept connection, or not that alone */
	bool fresh;   /* on a new connection: the kept one had been closed */
	bool bare;    /* no coding is offered, none undone */
	bool strange; /* it came in a coding that was not offered */
	enum fetch_status verdict; /* set by a callback that stops the transfer */
	const char *why;

	struct fetch_result result;
};

struct fetcher {
	CURLM *multi; /* this, `lookups` and the thread: from the first download on */
	struct lookups *lookups;
	pthread_t thread;
	size_t active; /* slots taken, also by look-ups whose download has ended */
	bool again;    /* a slot came free during this turn */

	pthread_mutex_t lock;
	struct fetch *all, *last; /* lock */
	size_t count[2];          /* lock; of requests, and of lines */
	uint64_t last_id;         /* lock */
	bool running, stopping;   /* lock; is there a thread? shall it end? */

	atomic_size_t active_now; /* for fetcher_load(); written by the thread */

	struct fetch_options options;
	struct address_policy policy;
	char *user_agent, *allow_hosts, *ca_file;
	struct curl_slist *headers, *bare_headers; /* of every request */
	struct address_net *allow_nets;
	struct sockaddr_storage *own;
};

/* -- fetch.c -- */

/** CLOCK_MONOTONIC in microseconds. */
int64_t fetch_now_us(void);

/** When the present state must have ended. */
int64_t fetch_limit_us(const struct fetch *fetch);

/** Stop what libcurl does for this hop and free it. */
void fetch_end_transfer(struct fetch *fetch);

/** Call back with `status`; `fetch` is gone afterwards, or when its look-up has come back. */
void fetch_finish(struct fetch *fetch, enum fetch_status status, const char *why);

/** Free a download that was called back. */
void fetch_release(struct fetch *fetch);

/**
 * Why a callback stops the transfer. The first reason stands: what follows from it is libcurl's
 * view of our own refusal.
 */
void fetch_blame(struct fetch *fetch, enum fetch_status verdict, const char *why);

/** The same where so many bytes, `actual` or more, are over a limit. */
void fetch_blame_size(struct fetch *fetch, enum fetch_status verdict, const char *why,
		      uint64_t limit, uint64_t actual);

/* -- fetch_hop.c -- */

/** The download has its slot: ask for its first hop. */
void fetch_begin(struct fetch *fetch);

/** The present hop's name was looked up: judge all of its addresses, and connect. */
void fetch_looked_up(struct fetch *fetch, struct lookup *lookup);

/** The present hop ends before its time: finish with `status`, unless all of the page is there. */
void fetch_broken(struct fetch *fetch, enum fetch_status status, const char *why);

/** libcurl is done with the present hop: follow its redirect, or finish. */
void fetch_transferred(struct fetch *fetch, CURLcode code);

/* -- fetch_guard.c -- */

/** May `address` be dialled? Our own addresses are asked of the kernel when the port is ours. */
enum address_verdict fetch_judge(const struct fetcher *fetcher, const struct sockaddr *address);

/** For the log. */
const char *fetch_why_not(enum address_verdict verdict);

/** CURLOPT_OPENSOCKETFUNCTION: no socket for an address that must not be dialled. */
curl_socket_t fetch_guard_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address);

/** CURLOPT_PREREQFUNCTION: asked for connections that are used again, too, which open no socket. */
int fetch_guard_request(void *arg, char *ip, char *local_ip, int port, int local_port);

/* -- fetch_answer.c -- */

/** CURLOPT_HEADERFUNCTION: when the head is complete, judge whether a page is to come. */
size_t fetch_on_header(char *line, size_t size, size_t count, void *arg);

/** CURLOPT_WRITEFUNCTION: keep the decoded body, within all bounds. */
size_t fetch_on_body(char *bytes, size_t size, size_t count, void *arg);

/**
 * CURLOPT_XFERINFOFUNCTION: counts bytes as they arrive. Compressed nothings decode to nothing and
 * would never fill a body.
 */
int fetch_on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
		      curl_off_t up_now);

/** Room for `need` bytes of body and a NUL, by doubling; false, with the blame, beyond bounds. */
bool fetch_make_room(struct fetch *fetch, size_t need);

/** A header of the last answer, trimmed; empty when there is none. Lent until the transfer ends. */
struct span fetch_header_of(CURL *easy, const char *name);

#endif
