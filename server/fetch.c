#include "fetch.h"

#include "lookup.h"
#include "url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum {
	HEAD_MAX_BYTES = 64 * 1024,          /* all header lines of one answer */
	REDIRECT_BODY_MAX_BYTES = 16 * 1024, /* read and dropped, to keep the connection */
	BODY_FIRST_BYTES = 32 * 1024,
	LOCAL_ADDRESSES_MAX = 64,
	IDLE_CONNECTIONS = 64,
	POLL_MAX_MS = 60 * 1000,
};

enum fetch_state {
	FETCH_STATE_WAITING,  /* for a slot */
	FETCH_STATE_LOOKUP,   /* a look-up thread runs for it */
	FETCH_STATE_TRANSFER, /* libcurl has it */
	FETCH_STATE_ENDED,    /* called back; only its look-up is still out */
};

/*
 * One download. Made by fetch_start(); from then on only the fetcher's thread touches it, except
 * for `cancelled` and the fields marked "lock".
 */
struct fetch {
	struct fetch *next, *prev; /* lock: fetcher->all, oldest first */
	atomic_bool cancelled;
	struct fetch *todo; /* chain of one turn's work */
	uint64_t id;
	struct fetcher *fetcher;
	enum fetch_state state;
	char *text; /* the URL as given */
	fetch_callback *callback;
	void *arg;
	int64_t made_us, begun_us;
	int64_t deadline_us; /* the job's; INT64_MAX for none */
	int64_t limit_us;    /* when the present state must have ended */

	/* The present hop. */
	struct url url;
	unsigned redirects;
	CURL *easy;
	CURLSH *share;
	struct curl_slist *pinned;
	size_t head_bytes, dropped_bytes;
	bool head_done, redirecting;
	enum fetch_status verdict; /* set by a callback that stops the transfer */
	const char *why;

	size_t body_room;
	struct fetch_result result;
};

struct fetcher {
	CURLM *multi;
	struct lookups *lookups;
	pthread_t thread;
	size_t active; /* slots taken, also by look-ups whose download has ended */
	bool again;    /* a slot came free during this turn */

	pthread_mutex_t lock;
	struct fetch *all, *last; /* lock */
	size_t count;             /* lock */
	uint64_t last_id;         /* lock */
	bool stopping;            /* lock */

	atomic_size_t active_now, body_bytes; /* for fetcher_load(); written by the thread */

	struct fetch_options options;
	struct address_policy policy;
	char *user_agent, *allow_hosts, *ca_file;
	struct address_net *allow_nets;
	struct sockaddr_storage *own;
};

static int64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* -- May we? ------------------------------------------------------------------------------- */

static unsigned port_of(const struct sockaddr *address)
{
	struct sockaddr_in any; /* both families have the port at the same place */
	memcpy(&any, address, sizeof any);
	return ntohs(any.sin_port);
}

static size_t local_addresses(struct sockaddr_storage *out, size_t max)
{
	struct ifaddrs *interfaces = NULL;
	size_t count = 0;
	if (getifaddrs(&interfaces) != 0)
		return 0;
	for (const struct ifaddrs *i = interfaces; i != NULL && count < max; i = i->ifa_next) {
		if (i->ifa_addr == NULL)
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			memcpy(&out[count++], i->ifa_addr, sizeof(struct sockaddr_in));
		else if (i->ifa_addr->sa_family == AF_INET6)
			memcpy(&out[count++], i->ifa_addr, sizeof(struct sockaddr_in6));
	}
	freeifaddrs(interfaces);
	return count;
}

/* Interfaces come and go, so they are asked for when the port could be ours, and only then. */
static enum address_verdict judge(const struct fetcher *fetcher, const struct sockaddr *address)
{
	struct sockaddr_storage local[LOCAL_ADDRESSES_MAX];
	struct address_policy policy = fetcher->policy;
	for (size_t i = 0; i < policy.own_len && policy.local_len == 0; i++) {
		if (port_of((const struct sockaddr *)&policy.own[i]) != port_of(address))
			continue;
		policy.local = local;
		policy.local_len = local_addresses(local, LOCAL_ADDRESSES_MAX);
	}
	return address_judge(&policy, address);
}

static const char *why_not(enum address_verdict verdict)
{
	switch (verdict) {
	case ADDRESS_SPECIAL:
		return "address is private, local or reserved";
	case ADDRESS_METADATA:
		return "address of a metadata service";
	case ADDRESS_OWN:
		return "address of this service";
	case ADDRESS_PORT:
		return "port is not one of the web's";
	default:
		return "address is of an unknown kind";
	}
}

/* The first reason stands: what follows from it is libcurl's view of our own refusal. */
static void blame(struct fetch *fetch, enum fetch_status verdict, const char *why)
{
	if (fetch->verdict != FETCH_OK)
		return;
	fetch->verdict = verdict;
	fetch->why = why;
}

/* -- The list ------------------------------------------------------------------------------ */

static void fetch_free(struct fetch *fetch)
{
	url_free(&fetch->url);
	free(fetch->text);
	free(fetch);
}

static void unlink_fetch(struct fetch *fetch)
{
	struct fetcher *fetcher = fetch->fetcher;
	pthread_mutex_lock(&fetcher->lock);
	*(fetch->prev == NULL ? &fetcher->all : &fetch->prev->next) = fetch->next;
	*(fetch->next == NULL ? &fetcher->last : &fetch->next->prev) = fetch->prev;
	fetcher->count--;
	pthread_mutex_unlock(&fetcher->lock);
}

static void release(struct fetch *fetch)
{
	if (fetch->begun_us != 0) {
		fetch->fetcher->active--;
		atomic_store(&fetch->fetcher->active_now, fetch->fetcher->active);
	}
	fetch->fetcher->again = true;
	unlink_fetch(fetch);
	fetch_free(fetch);
}

/* -- The end of a download ----------------------------------------------------------------- */

static void end_transfer(struct fetch *fetch)
{
	if (fetch->easy != NULL) {
		curl_multi_remove_handle(fetch->fetcher->multi, fetch->easy);
		curl_easy_cleanup(fetch->easy);
		curl_share_cleanup(fetch->share);
	}
	curl_slist_free_all(fetch->pinned);
	fetch->easy = NULL;
	fetch->share = NULL;
	fetch->pinned = NULL;
}

static void drop_body(struct fetch *fetch)
{
	atomic_fetch_sub(&fetch->fetcher->body_bytes, fetch->body_room);
	fetch->body_room = 0;
	free(fetch->result.body);
	fetch->result.body = NULL;
	fetch->result.body_len = 0;
}

static void finish(struct fetch *fetch, enum fetch_status status, const char *why)
{
	struct fetch_result *result = &fetch->result;
	int64_t now = now_us();
	end_transfer(fetch);
	if (status != FETCH_OK)
		drop_body(fetch);
	result->status = status;
	result->why = why;
	result->url = fetch->url.text == NULL ? "" : fetch->url.text;
	result->redirects = fetch->redirects;
	result->waited_us = (fetch->begun_us == 0 ? now : fetch->begun_us) - fetch->made_us;
	result->elapsed_us = fetch->begun_us == 0 ? 0 : now - fetch->begun_us;
	fetch->callback(fetch->arg, result);
	drop_body(fetch);
	if (fetch->state == FETCH_STATE_LOOKUP)
		fetch->state = FETCH_STATE_ENDED;
	else
		release(fetch);
}

/* -- The answer ---------------------------------------------------------------------------- */

static bool equals_any_case(struct span text, const char *word)
{
	return text.len == strlen(word) && strncasecmp(text.at, word, text.len) == 0;
}

static struct span trim(struct span text)
{
	while (text.len > 0 && (text.at[0] == ' ' || text.at[0] == '\t'))
		text = span_slice(text, 1, text.len);
	while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
		text.len--;
	return text;
}

/* Cut `*rest` at its first `separator` and return what stood before it, trimmed. */
static struct span next_part(struct span *rest, char separator)
{
	const char *end = rest->len == 0 ? NULL : memchr(rest->at, separator, rest->len);
	size_t len = end == NULL ? rest->len : (size_t)(end - rest->at);
	struct span part = span_slice(*rest, 0, len);
	*rest = span_slice(*rest, len + (end != NULL), rest->len);
	return trim(part);
}

/* Cut where it is too long: never empty, which would mean that there was none. */
static void copy_part(char *out, size_t room, struct span part)
{
	size_t len = part.len < room ? part.len : room - 1;
	if (len > 0)
		memcpy(out, part.at, len);
	out[len] = '\0';
}

/* Content-Type: type/subtype *( ; name=value ), RFC 9110 8.3. */
static void read_content_type(struct fetch_result *result, struct span value)
{
	copy_part(result->content_type, sizeof result->content_type, next_part(&value, ';'));
	for (char *c = result->content_type; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c | 0x20);
	while (value.len > 0 && result->charset[0] == '\0') {
		struct span parameter = next_part(&value, ';');
		if (!equals_any_case(next_part(&parameter, '='), "charset"))
			continue;
		parameter = trim(parameter);
		if (parameter.len >= 2 && parameter.at[0] == '"' &&
		    parameter.at[parameter.len - 1] == '"')
			parameter = span_slice(parameter, 1, parameter.len - 1);
		copy_part(result->charset, sizeof result->charset, parameter);
	}
}

static bool is_page_type(const char *content_type)
{
	static const char *const types[] = {"", "text/html", "application/xhtml+xml", "text/plain"};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(content_type, types[i]) == 0)
			return true;
	return false;
}

static bool all_among(struct span codings, const char *const *known, size_t known_len)
{
	while (codings.len > 0) {
		struct span coding = next_part(&codings, ',');
		bool found = coding.len == 0;
		for (size_t i = 0; i < known_len; i++)
			found = found || equals_any_case(coding, known[i]);
		if (!found)
			return false;
	}
	return true;
}

/*
 * Only codings that were offered: libcurl would also undo others it was built with, in either
 * header, such as zstd, whose window can take 128 MiB for each download.
 */
static bool is_offered_coding(CURL *easy)
{
	static const char *const content[] = {"identity", "gzip", "x-gzip", "deflate", "br"};
	static const char *const transfer[] = {"identity", "chunked"};
	struct curl_header *header = NULL;
	while ((header = curl_easy_nextheader(easy, CURLH_HEADER, -1, header)) != NULL) {
		struct span value = span_of(header->value);
		if (strcasecmp(header->name, "Content-Encoding") == 0 &&
		    !all_among(value, content, sizeof content / sizeof content[0]))
			return false;
		if (strcasecmp(header->name, "Transfer-Encoding") == 0 &&
		    !all_among(value, transfer, sizeof transfer / sizeof transfer[0]))
			return false;
	}
	return true;
}

static struct span header_of(CURL *easy, const char *name)
{
	struct curl_header *header;
	if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return (struct span){"", 0};
	return trim(span_of(header->value));
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* The whole head is here: is a body of ours to come? */
static void judge_head(struct fetch *fetch)
{
	long status = 0;
	curl_off_t len = -1; /* unknown */
	curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(fetch->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &len);
	if (status < 200)
		return;
	fetch->head_done = true;
	fetch->result.http_status = (int)status;
	fetch->redirecting = is_redirect(status);
	if (fetch->redirecting)
		return;
	/* 204 to 206 have no page, or a part of one that was not asked for. */
	if (status > 203) {
		blame(fetch, FETCH_STATUS, "the origin answered with this status");
		return;
	}
	read_content_type(&fetch->result, header_of(fetch->easy, "Content-Type"));
	if (!is_page_type(fetch->result.content_type))
		blame(fetch, FETCH_NOT_HTML, "content type is not that of a page");
	else if (!is_offered_coding(fetch->easy))
		blame(fetch, FETCH_UNREACHABLE, "content coding was not offered");
	else if (len > 0 && (uint64_t)len > fetch->fetcher->options.max_bytes)
		blame(fetch, FETCH_TOO_LARGE, "answer announces too much");
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct fetch *fetch = arg;
	size_t len = size * count;
	fetch->head_bytes += len;
	if (fetch->head_bytes > HEAD_MAX_BYTES)
		blame(fetch, FETCH_TOO_LARGE, "head is too large");
	else if (!fetch->head_done && (line[0] == '\r' || line[0] == '\n'))
		judge_head(fetch);
	return fetch->verdict == FETCH_OK ? len : 0;
}

/* Room for `need` bytes and a NUL, by doubling, within both bounds. */
static bool make_room(struct fetch *fetch, size_t need)
{
	const struct fetch_options *options = &fetch->fetcher->options;
	size_t room = fetch->body_room == 0 ? BODY_FIRST_BYTES : fetch->body_room;
	if (need > options->max_bytes) {
		blame(fetch, FETCH_TOO_LARGE, "body is too large");
		return false;
	}
	while (room < need + 1)
		room *= 2;
	if (room > options->max_bytes + 1)
		room = options->max_bytes + 1;
	if (room == fetch->body_room)
		return true;
	size_t grown = room - fetch->body_room;
	if (atomic_load(&fetch->fetcher->body_bytes) + grown > options->max_total_bytes) {
		blame(fetch, FETCH_BUSY, "all downloads together hold too many bytes");
		return false;
	}
	char *body = realloc(fetch->result.body, room);
	if (body == NULL) {
		blame(fetch, FETCH_NO_MEMORY, "out of memory");
		return false;
	}
	atomic_fetch_add(&fetch->fetcher->body_bytes, grown);
	fetch->result.body = body;
	fetch->body_room = room;
	return true;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct fetch *fetch = arg;
	struct fetch_result *result = &fetch->result;
	size_t len = size * count;
	if (fetch->redirecting) {
		fetch->dropped_bytes += len;
		return fetch->dropped_bytes > REDIRECT_BODY_MAX_BYTES ? 0 : len;
	}
	if (!make_room(fetch, result->body_len + len))
		return 0;
	memcpy(result->body + result->body_len, bytes, len);
	result->body_len += len;
	return len;
}

/* Bytes as they arrive: compressed nothings decode to nothing and would never fill a body. */
static int on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
		       curl_off_t up_now)
{
	struct fetch *fetch = arg;
	if ((uint64_t)now <= fetch->fetcher->options.max_bytes)
		return 0;
	blame(fetch, FETCH_TOO_LARGE, "answer is too large");
	return 1;
}

/* -- The connection ------------------------------------------------------------------------ */

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetch *fetch = arg;
	enum address_verdict verdict = judge(fetch->fetcher, &address->addr);
	if (!address_may_connect(verdict)) {
		blame(fetch, FETCH_REFUSED, why_not(verdict));
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Also asked for connections that are used again, which open no socket. */
static int on_request(void *arg, char *ip, char *local_ip, int port, int local_port)
{
	struct fetch *fetch = arg;
	struct sockaddr_storage address;
	enum address_verdict verdict = ADDRESS_UNKNOWN;
	if (address_parse(ip, (unsigned)port, &address) != 0)
		verdict = judge(fetch->fetcher, (const struct sockaddr *)&address);
	if (address_may_connect(verdict))
		return CURL_PREREQFUNC_OK;
	blame(fetch, FETCH_REFUSED, why_not(verdict));
	return CURL_PREREQFUNC_ABORT;
}

static CURLcode set_options(struct fetch *fetch)
{
	int64_t left_ms = (fetch->limit_us - now_us()) / 1000;
	CURLcode code = CURLE_OK;
#define SET(option, value)                                                                         \
	(code = code == CURLE_OK ? curl_easy_setopt(fetch->easy, option, value) : code)
	SET(CURLOPT_URL, fetch->url.text);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, ""); /* not even from the environment */
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_TIMEOUT_MS, left_ms > 0 ? (long)left_ms : 1L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_USERAGENT, fetch->fetcher->user_agent);
	SET(CURLOPT_ACCEPT_ENCODING, "gzip, deflate, br");
	/* A directory of roots would be read again for each connection; a bundle is kept. */
	SET(CURLOPT_CAPATH, (char *)NULL);
	if (fetch->fetcher->ca_file != NULL)
		SET(CURLOPT_CAINFO, fetch->fetcher->ca_file);
	SET(CURLOPT_SHARE, fetch->share);
	SET(CURLOPT_RESOLVE, fetch->pinned);
	SET(CURLOPT_PRIVATE, fetch);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
	SET(CURLOPT_OPENSOCKETDATA, fetch);
	SET(CURLOPT_PREREQFUNCTION, on_request);
	SET(CURLOPT_PREREQDATA, fetch);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, fetch);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, fetch);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, fetch);
	SET(CURLOPT_NOPROGRESS, 0L);
#undef SET
	return code;
}

/* "host:port:address,address", as CURLOPT_RESOLVE wants it. */
static struct curl_slist *pin(const struct url *url, const struct lookup *lookup)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	if (out == NULL)
		return NULL;
	fprintf(out, "%s:%u:", url->host, url->port);
	for (int i = 0; i < lookup->count; i++) {
		const struct sockaddr_storage *address = &lookup->addresses[i];
		char ip[INET6_ADDRSTRLEN] = "";
		if (address->ss_family == AF_INET)
			inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, ip,
				  sizeof ip);
		else
			inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, ip,
				  sizeof ip);
		fprintf(out, "%s%s", i == 0 ? "" : ",", ip);
	}
	bool good = fclose(out) == 0;
	struct curl_slist *list = good ? curl_slist_append(NULL, text) : NULL;
	free(text);
	return list;
}

/* `lookup` NULL: the host is an address. */
static void start_transfer(struct fetch *fetch, const struct lookup *lookup)
{
	fetch->state = FETCH_STATE_TRANSFER;
	fetch->easy = curl_easy_init();
	/* libcurl keeps pinned names for ever and for everybody: this hop gets a cache of its own.
	 */
	fetch->share = curl_share_init();
	fetch->pinned = lookup == NULL ? NULL : pin(&fetch->url, lookup);
	bool ready = fetch->easy != NULL && fetch->share != NULL &&
		     (lookup == NULL || fetch->pinned != NULL) &&
		     curl_share_setopt(fetch->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) ==
			     CURLSHE_OK &&
		     set_options(fetch) == CURLE_OK &&
		     curl_multi_add_handle(fetch->fetcher->multi, fetch->easy) == CURLM_OK;
	if (!ready)
		finish(fetch, FETCH_NO_MEMORY, "out of memory");
}

/* -- One hop after the other --------------------------------------------------------------- */

static void start_literal(struct fetch *fetch)
{
	struct sockaddr_storage address;
	enum address_verdict verdict = ADDRESS_UNKNOWN;
	if (address_parse(fetch->url.host, fetch->url.port, &address) != 0)
		verdict = judge(fetch->fetcher, (const struct sockaddr *)&address);
	if (address_may_connect(verdict))
		start_transfer(fetch, NULL);
	else
		finish(fetch, FETCH_REFUSED, why_not(verdict));
}

static void start_hop(struct fetch *fetch)
{
	fetch->head_bytes = fetch->dropped_bytes = 0;
	fetch->head_done = fetch->redirecting = false;
	if (!url_hosts_match(fetch->fetcher->allow_hosts, fetch->url.host)) {
		finish(fetch, FETCH_REFUSED, "host is not among the allowed ones");
	} else if (fetch->url.literal) {
		start_literal(fetch);
	} else if (lookup_start(fetch->fetcher->lookups, fetch->url.host, fetch)) {
		fetch->state = FETCH_STATE_LOOKUP;
	} else {
		finish(fetch, FETCH_BUSY, "no thread for a look-up");
	}
}

static void set_port(struct sockaddr_storage *address, unsigned port)
{
	if (address->ss_family == AF_INET)
		((struct sockaddr_in *)address)->sin_port = htons((uint16_t)port);
	else if (address->ss_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port = htons((uint16_t)port);
}

static void looked_up(struct fetch *fetch, struct lookup *lookup)
{
	if (fetch->state == FETCH_STATE_ENDED) {
		release(fetch);
		return;
	}
	fetch->state = FETCH_STATE_TRANSFER;
	if (lookup->count <= 0) {
		finish(fetch, FETCH_UNREACHABLE,
		       lookup->count == 0 ? "no such host" : "host look-up failed");
		return;
	}
	if (lookup->count > LOOKUP_ADDRESSES_MAX) {
		finish(fetch, FETCH_REFUSED, "host has too many addresses");
		return;
	}
	for (int i = 0; i < lookup->count; i++) {
		set_port(&lookup->addresses[i], fetch->url.port);
		enum address_verdict verdict =
			judge(fetch->fetcher, (const struct sockaddr *)&lookup->addresses[i]);
		if (!address_may_connect(verdict)) {
			finish(fetch, FETCH_REFUSED, why_not(verdict));
			return;
		}
	}
	start_transfer(fetch, lookup);
}

static void begin(struct fetch *fetch)
{
	struct fetcher *fetcher = fetch->fetcher;
	int64_t timeout_us = (int64_t)fetcher->options.timeout_ms * 1000;
	fetch->begun_us = now_us();
	fetch->limit_us = fetch->begun_us + timeout_us;
	if (fetch->limit_us > fetch->deadline_us)
		fetch->limit_us = fetch->deadline_us;
	atomic_store(&fetcher->active_now, ++fetcher->active);
	fetch->state = FETCH_STATE_TRANSFER;
	struct span text = span_of(fetch->text);
	if (text.len <= FETCH_URL_MAX && url_parse(text, NULL, &fetch->url))
		start_hop(fetch);
	else
		finish(fetch, FETCH_REFUSED, "not a URL that can be asked for");
}

static void follow(struct fetch *fetch)
{
	struct url next;
	struct span location = header_of(fetch->easy, "Location");
	if (location.len == 0) {
		finish(fetch, FETCH_STATUS, "a redirect without a target");
		return;
	}
	if (fetch->redirects == fetch->fetcher->options.max_redirects) {
		finish(fetch, FETCH_STATUS, "too many redirects");
		return;
	}
	if (location.len > FETCH_URL_MAX || !url_parse(location, &fetch->url, &next)) {
		finish(fetch, FETCH_REFUSED, "redirected to no URL that can be asked for");
		return;
	}
	if (fetch->url.https && !next.https) {
		url_free(&next);
		finish(fetch, FETCH_REFUSED, "redirected from https to http");
		return;
	}
	end_transfer(fetch);
	url_free(&fetch->url);
	fetch->url = next;
	fetch->redirects++;
	start_hop(fetch);
}

/* Bytes that no text has (WHATWG MIME Sniffing, "binary data byte"). */
static bool looks_binary(const char *body, size_t len)
{
	const unsigned char *b = (const unsigned char *)body;
	if (len >= 2 && ((b[0] == 0xFE && b[1] == 0xFF) || (b[0] == 0xFF && b[1] == 0xFE)))
		return false;
	for (size_t i = 0; i < len && i < 512; i++)
		if (b[i] <= 0x08 || b[i] == 0x0B || (b[i] >= 0x0E && b[i] <= 0x1A) ||
		    (b[i] >= 0x1C && b[i] <= 0x1F))
			return true;
	return len >= 5 && memcmp(body, "%PDF-", 5) == 0;
}

static void got_page(struct fetch *fetch)
{
	struct fetch_result *result = &fetch->result;
	if (!make_room(fetch, result->body_len)) {
		finish(fetch, fetch->verdict, fetch->why);
		return;
	}
	result->body[result->body_len] = '\0';
	if (result->content_type[0] == '\0' && looks_binary(result->body, result->body_len))
		finish(fetch, FETCH_NOT_HTML, "no content type, and not text");
	else
		finish(fetch, FETCH_OK, "");
}

static enum fetch_status status_of_curl(CURLcode code, bool head_done)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return FETCH_TIMEOUT;
	case CURLE_FILESIZE_EXCEEDED:
#if LIBCURL_VERSION_NUM >= 0x080600
	case CURLE_TOO_LARGE:
#endif
		return FETCH_TOO_LARGE;
	case CURLE_OUT_OF_MEMORY:
		/* libcurl before 8.6 says so of a header line above its own bound. */
		return head_done ? FETCH_NO_MEMORY : FETCH_TOO_LARGE;
	default:
		return FETCH_UNREACHABLE;
	}
}

static void transferred(struct fetch *fetch, CURLcode code)
{
	if (fetch->verdict != FETCH_OK)
		finish(fetch, fetch->verdict, fetch->why);
	else if (fetch->redirecting)
		follow(fetch); /* whatever became of its body */
	else if (code != CURLE_OK)
		finish(fetch, status_of_curl(code, fetch->head_done), curl_easy_strerror(code));
	else if (!fetch->head_done)
		finish(fetch, FETCH_UNREACHABLE, "no complete answer");
	else
		got_page(fetch);
}

/* -- The thread ---------------------------------------------------------------------------- */

/*
 * What there is to do now, as a chain; `*limit_us` becomes the next time at which there is. One
 * walk over a few hundred downloads a turn is cheaper than any order kept among them.
 */
static struct fetch *collect(struct fetcher *fetcher, int64_t now, int64_t *limit_us,
			     bool *stopping)
{
	struct fetch *first = NULL, **end = &first;
	size_t free_slots = fetcher->options.max_parallel - fetcher->active;
	pthread_mutex_lock(&fetcher->lock);
	*stopping = fetcher->stopping;
	for (struct fetch *fetch = fetcher->all; fetch != NULL; fetch = fetch->next) {
		bool begins = fetch->state == FETCH_STATE_WAITING && free_slots > 0;
		if (fetch->state == FETCH_STATE_ENDED)
			continue;
		if (fetcher->stopping)
			fetch->cancelled = true;
		if (fetch->cancelled || begins || fetch->limit_us <= now) {
			*end = fetch;
			end = &fetch->todo;
			free_slots -= begins;
		} else if (fetch->limit_us < *limit_us) {
			*limit_us = fetch->limit_us;
		}
	}
	*end = NULL;
	pthread_mutex_unlock(&fetcher->lock);
	return first;
}

static void act(struct fetch *fetch, int64_t now)
{
	if (fetch->cancelled)
		finish(fetch, FETCH_CANCELLED, "cancelled");
	else if (fetch->limit_us > now)
		begin(fetch);
	else if (fetch->state == FETCH_STATE_WAITING)
		finish(fetch, FETCH_BUSY, "no slot before the deadline");
	else
		finish(fetch, FETCH_TIMEOUT, "took too long");
}

static void take_lookups(struct fetcher *fetcher)
{
	struct lookup *lookup = lookups_take(fetcher->lookups);
	while (lookup != NULL) {
		struct lookup *next = lookup->next;
		looked_up(lookup->owner, lookup);
		free(lookup);
		lookup = next;
	}
}

static void take_transfers(struct fetcher *fetcher)
{
	int left;
	for (CURLMsg *message; (message = curl_multi_info_read(fetcher->multi, &left)) != NULL;) {
		struct fetch *fetch = NULL;
		CURLcode code = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&fetch);
		transferred(fetch, code);
	}
}

static void *fetcher_thread(void *arg)
{
	struct fetcher *fetcher = arg;
	bool stopping = false;
	pthread_setname_np(pthread_self(), "fetch");
	while (!stopping) {
		int running;
		int64_t now = now_us(), limit_us = now + (int64_t)POLL_MAX_MS * 1000;
		struct fetch *todo = collect(fetcher, now, &limit_us, &stopping);
		fetcher->again = false;
		while (todo != NULL) {
			struct fetch *next = todo->todo;
			act(todo, now);
			todo = next;
		}
		take_lookups(fetcher);
		curl_multi_perform(fetcher->multi, &running);
		take_transfers(fetcher);
		int64_t wait_ms = (limit_us - now_us() + 999) / 1000;
		if (!stopping && !fetcher->again)
			curl_multi_poll(fetcher->multi, NULL, 0, wait_ms > 0 ? (int)wait_ms : 0,
					NULL);
	}
	return NULL;
}

/* -- From other threads -------------------------------------------------------------------- */

uint64_t fetch_start(struct fetcher *fetcher, const char *url, int64_t deadline_ms,
		     fetch_callback *callback, void *arg)
{
	struct fetch *fetch = calloc(1, sizeof *fetch);
	char *text = strdup(url);
	if (fetch == NULL || text == NULL) {
		free(fetch);
		free(text);
		return 0;
	}
	fetch->fetcher = fetcher;
	fetch->text = text;
	fetch->callback = callback;
	fetch->arg = arg;
	fetch->made_us = now_us();
	fetch->deadline_us = deadline_ms == 0 ? INT64_MAX : deadline_ms * 1000;
	fetch->limit_us = fetch->made_us + (int64_t)fetcher->options.timeout_ms * 1000;
	if (fetch->limit_us > fetch->deadline_us)
		fetch->limit_us = fetch->deadline_us;

	uint64_t id = 0;
	pthread_mutex_lock(&fetcher->lock);
	if (!fetcher->stopping &&
	    fetcher->count < fetcher->options.max_parallel + fetcher->options.max_waiting) {
		id = fetch->id = ++fetcher->last_id;
		fetch->prev = fetcher->last;
		*(fetch->prev == NULL ? &fetcher->all : &fetch->prev->next) = fetch;
		fetcher->last = fetch;
		fetcher->count++;
	}
	pthread_mutex_unlock(&fetcher->lock);
	if (id == 0)
		fetch_free(fetch);
	else
		curl_multi_wakeup(fetcher->multi);
	return id;
}

void fetch_cancel(struct fetcher *fetcher, uint64_t id)
{
	pthread_mutex_lock(&fetcher->lock);
	struct fetch *fetch = fetcher->all;
	while (fetch != NULL && fetch->id != id)
		fetch = fetch->next;
	if (fetch != NULL)
		fetch->cancelled = true;
	pthread_mutex_unlock(&fetcher->lock);
	if (fetch != NULL)
		curl_multi_wakeup(fetcher->multi);
}

void fetcher_load(struct fetcher *fetcher, size_t *active, size_t *waiting, size_t *bytes)
{
	pthread_mutex_lock(&fetcher->lock);
	size_t count = fetcher->count;
	pthread_mutex_unlock(&fetcher->lock);
	*active = atomic_load(&fetcher->active_now);
	*waiting = count > *active ? count - *active : 0;
	*bytes = atomic_load(&fetcher->body_bytes);
}

static void wake(void *arg)
{
	curl_multi_wakeup(arg);
}

static void *copy(const void *from, size_t count, size_t size)
{
	void *to = calloc(count + 1, size);
	if (to != NULL && count > 0)
		memcpy(to, from, count * size);
	return to;
}

static bool copy_options(struct fetcher *fetcher, const struct fetch_options *given)
{
	struct fetch_options *options = &fetcher->options;
	size_t fault;
	*options = *given;
	options->user_agent = options->allow_hosts = options->ca_file = NULL; /* not ours to keep */
	const char *allow_hosts = given->allow_hosts == NULL ? "*" : given->allow_hosts;
	if (!url_hosts_check(allow_hosts, &fault))
		return false;
	fetcher->allow_hosts = strdup(allow_hosts);
	fetcher->user_agent = strdup(given->user_agent == NULL ? "precis" : given->user_agent);
	fetcher->ca_file = given->ca_file == NULL ? NULL : strdup(given->ca_file);
	fetcher->allow_nets =
		copy(given->allow_nets, given->allow_nets_len, sizeof *given->allow_nets);
	fetcher->own = copy(given->own, given->own_len, sizeof *given->own);
	fetcher->policy = (struct address_policy){.allow = fetcher->allow_nets,
						  .allow_len = given->allow_nets_len,
						  .own = fetcher->own,
						  .own_len = given->own_len};
	options->timeout_ms = given->timeout_ms == 0 ? 5000 : given->timeout_ms;
	options->max_bytes = given->max_bytes == 0 ? (size_t)10 << 20 : given->max_bytes;
	options->max_total_bytes =
		given->max_total_bytes == 0 ? (size_t)256 << 20 : given->max_total_bytes;
	options->max_parallel = given->max_parallel == 0 ? 256 : given->max_parallel;
	options->max_waiting = given->max_waiting == 0 ? 256 : given->max_waiting;
	return fetcher->allow_hosts != NULL && fetcher->user_agent != NULL &&
	       (given->ca_file == NULL || fetcher->ca_file != NULL) &&
	       fetcher->allow_nets != NULL && fetcher->own != NULL;
}

static bool start_thread(struct fetcher *fetcher)
{
	sigset_t all, before;
	/* Signals are for the thread that waits for them; SIGPIPE must not end the process. The
	   look-up threads inherit this. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool started = pthread_create(&fetcher->thread, NULL, fetcher_thread, fetcher) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

/* Everything but the thread. */
static void destroy(struct fetcher *fetcher)
{
	lookups_free(fetcher->lookups);
	while (fetcher->all != NULL) {
		struct fetch *next = fetcher->all->next;
		fetch_free(fetcher->all);
		fetcher->all = next;
	}
	curl_multi_cleanup(fetcher->multi);
	pthread_mutex_destroy(&fetcher->lock);
	free(fetcher->allow_hosts);
	free(fetcher->user_agent);
	free(fetcher->ca_file);
	free(fetcher->allow_nets);
	free(fetcher->own);
	free(fetcher);
	curl_global_cleanup();
}

struct fetcher *fetcher_new(const struct fetch_options *options)
{
	struct fetcher *fetcher = calloc(1, sizeof *fetcher);
	if (fetcher == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(fetcher);
		return NULL;
	}
	pthread_mutex_init(&fetcher->lock, NULL);
	fetcher->multi = curl_multi_init();
	if (fetcher->multi != NULL)
		fetcher->lookups =
			lookups_new(options->resolve, options->resolve_arg, wake, fetcher->multi);
	if (!copy_options(fetcher, options) || fetcher->lookups == NULL)
		goto fail;
	/* One request at a time on a connection: strangers' downloads must not share one's fate. */
	curl_multi_setopt(fetcher->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(fetcher->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
	if (start_thread(fetcher))
		return fetcher;
fail:
	destroy(fetcher);
	return NULL;
}

void fetcher_free(struct fetcher *fetcher)
{
	if (fetcher == NULL)
		return;
	pthread_mutex_lock(&fetcher->lock);
	fetcher->stopping = true;
	pthread_mutex_unlock(&fetcher->lock);
	curl_multi_wakeup(fetcher->multi);
	pthread_join(fetcher->thread, NULL);
	destroy(fetcher);
}
