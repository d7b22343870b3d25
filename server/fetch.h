#ifndef SERVER_FETCH_H
#define SERVER_FETCH_H

#include "address.h"
#include "budget.h"

#include <stdint.h>

/**
 * Downloads: a URL in, bytes out, with caps on time, decoded bytes, redirects, content type and
 * parallel work. One thread runs every transfer in one libcurl multi loop, so a slow origin costs
 * a descriptor and never a worker.
 *
 * No URL leads to an address that the operator does not allow. Each hop, the first and every
 * redirect, is parsed (url.h), we look up its name ourselves (lookup.h), and *all* resulting
 * addresses are judged (address.h) before any connection is tried; one bad address refuses the hop.
 * libcurl then gets exactly the judged addresses and looks nothing up, so a second DNS answer
 * cannot change the target. The address is judged once more when its socket is opened, and again
 * before the request is written. Proxies, .netrc, HSTS, Alt-Svc and credentials are all off.
 * Cookies live as long as one download, because many sites set one and redirect to themselves until
 * it comes back.
 */
struct fetcher;

/** How a download ended. The names are those of the public codes, in lower case after "url_". */
enum fetch_status {
	FETCH_OK,
	FETCH_REFUSED,     /* url_refused: malformed, not http(s), host or address not allowed */
	FETCH_UNREACHABLE, /* url_unreachable: no such name, no connection, TLS fault, broken answer
			    */
	FETCH_STATUS,      /* url_status: answered, but not with a page: see http_status */
	FETCH_TOO_LARGE,   /* url_too_large: over max_bytes once decoded, or an oversized head */
	FETCH_NOT_HTML,    /* url_not_html: a feed, a PDF, an image ... */
	FETCH_TIMEOUT,     /* url_timeout: timeout_ms or the job's own deadline passed */
	FETCH_CANCELLED,   /* fetch_cancel() or fetcher_stop() */
	FETCH_BUSY,        /* our own limits: no slot before the deadline, or no room in `budget` */
	FETCH_NO_MEMORY,
};

enum { FETCH_URL_MAX = 8192 }; /* bytes of a URL; longer is FETCH_REFUSED */

struct fetch_options {
	const char *user_agent;  /* NULL: "precis" */
	const char *allow_hosts; /* --url-hosts, as url_hosts_check() wants it; NULL or "*": any */
	const struct address_net *allow_nets; /* --url-allow-nets; copied */
	size_t allow_nets_len;
	const struct sockaddr_storage *own; /* our own listeners, never dialled; copied */
	size_t own_len;
	const char *ca_file;    /* PEM bundle of trusted roots; NULL: the system's */
	unsigned timeout_ms;    /* the whole download with look-ups and redirects; 0: 5,000 */
	unsigned max_redirects; /* hops after the first; FETCH_DEFAULT_REDIRECTS is sensible */
	size_t max_bytes;       /* of one decoded body; 0: 10 MiB */
	struct budget *budget; /* of all bodies together, including those handed over; NULL: none */
	size_t max_parallel; /* downloads at a time; 0: 256. For lines: half of them, at least 1 */
	size_t max_waiting;  /* further ones that wait for a slot; 0: 256. For lines: thousands */
	/**
	 * Replaces getaddrinfo() in tests. Called on a thread of its own, may block. Writes up to
	 * `max` addresses (ports ignored) and returns how many there are; 0: no such name; -1:
	 * failed.
	 */
	int (*resolve)(void *arg, const char *host, struct sockaddr_storage *out, size_t max);
	void *resolve_arg;
};

enum { FETCH_DEFAULT_REDIRECTS = 5 };

struct curl_slist;

/** The result of a download. Borrowed during the callback; fetch_keep() makes it last. */
struct fetch_result {
	enum fetch_status status;
	int http_status;  /* of the last answer; 0 before any */
	const char *why;  /* for the log, never for the client: exactly what went wrong; "" if OK */
	const char *url;  /* the last URL asked for, normalised, without fragment; "" if none */
	char *body;       /* FETCH_OK: decoded bytes, may be taken: free() it. Else NULL */
	size_t body_len;  /* without the NUL that follows the last byte */
	size_t body_room; /* counted in `budget`; whoever takes `body` must give it back */
	struct budget *budget;
	char content_type[64]; /* lower case, without parameters; "" when the origin names none; if
				  the body is a file of another type, that type */
	char charset[64];      /* of the Content-Type header, as written; "" when none */
	const char *refresh;   /* the Refresh header, as written; "" when none */
	struct curl_slist *cookies; /* for the page it leads to, at most 16 KB; may be taken */
	bool first_cookies;         /* the last answer set some, and its request had none */
	/* FETCH_TOO_LARGE and FETCH_BUSY: bytes; FETCH_TIMEOUT: milliseconds; FETCH_STATUS:
	 * redirects. `actual` 0: no limit was passed, or none that is known. */
	uint64_t limit, actual;
	unsigned redirects; /* hops after the first */
	int64_t waited_us;  /* waited for a slot */
	int64_t elapsed_us; /* from the slot to the end */
	int64_t used_us;    /* the same, plus that of the pages that led here */
};

/**
 * Called exactly once for each started download, on the fetcher's thread: be quick. To keep
 * `result->body`, take it and set it to NULL; whatever is left there is freed. May call
 * fetch_start() and fetch_cancel().
 */
typedef void fetch_callback(void *arg, struct fetch_result *result);

/**
 * Everything in `options` is copied. Starts the thread, with the priority of the caller's; libcurl
 * starts with the first download, so that a service that never downloads does not pay for it. NULL
 * when out of memory or threads, or when allow_hosts is malformed.
 */
struct fetcher *fetcher_new(const struct fetch_options *options);

/**
 * Accept nothing from now on. Before this returns, everything outstanding is called back as
 * FETCH_CANCELLED and the thread is joined. Other threads may still call the functions below,
 * without effect. Not to be called from a callback. NULL is fine.
 */
void fetcher_stop(struct fetcher *fetcher);

/** Stop and free. NULL is fine. */
void fetcher_free(struct fetcher *fetcher);

/** What is to be downloaded. Copied, but for `arg` and `id`. */
struct fetch_request {
	const char *url;
	/**
	 * NULL, or the page that leads to `url` by other means than a redirect. Then this is one
	 * more hop of that download: `url` may be relative to the page, the page's time and
	 * redirects count, its cookies are sent, and all rules for redirects apply. There is always
	 * room for it to wait.
	 */
	const struct fetch_result *from;
	int64_t deadline_ms; /* on CLOCK_MONOTONIC; 0 for none beyond timeout_ms */
	bool is_line; /* of a batch: lines get half of the slots at most, and while a request waits
			 for one only one line gets a slot, if there are several */
	fetch_callback *callback;
	void *arg;
	_Atomic uint64_t *id; /* if not NULL, set to the returned id before the callback can come */
};

/**
 * Begin a download and return at once. Any thread may call it.
 *
 * Returns an id for fetch_cancel(), never reused. 0 when there is no room to wait, no memory, or
 * the fetcher is stopping: then the callback is not called, and `*request->id` is not touched.
 */
uint64_t fetch_start(struct fetcher *fetcher, const struct fetch_request *request);

/**
 * To be called in the callback: a copy of `result` without its `why`, to be freed with
 * fetch_drop(). Takes the body and the cookies. NULL without memory.
 */
struct fetch_result *fetch_keep(struct fetch_result *result);

/** Give a kept result's body back to its budget, and free it all. NULL is fine. */
void fetch_drop(struct fetch_result *result);

/**
 * Ask to stop a download. Any thread; returns at once. The callback still comes, with
 * FETCH_CANCELLED unless it was already on its way. An id that has ended does nothing.
 */
void fetch_cancel(struct fetcher *fetcher, uint64_t id);

/**
 * Somebody else waits for this download too, until `deadline_ms`: it no longer ends earlier at the
 * first one's deadline, and it no longer counts as a line's unless this one `is_line`, too. An id
 * that has ended does nothing.
 */
void fetch_join(struct fetcher *fetcher, uint64_t id, int64_t deadline_ms, bool is_line);

/** How many downloads run, and how many wait. For metrics. */
void fetcher_load(struct fetcher *fetcher, size_t *active, size_t *waiting);

#endif
