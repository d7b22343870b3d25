#include "download.h"

#include "core/ascii.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_END_BYTES = 1024 }; /* comments and the like may follow the end */

static CURLcode set_options(struct fetch *fetch)
{
	/* The deadline may still be extended; the fetcher's thread checks it itself. */
	int64_t left_ms = (fetch->limit_us - fetch_now_us()) / 1000;
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
	SET(CURLOPT_FRESH_CONNECT, (long)fetch->fresh);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_USERAGENT, fetch->fetcher->user_agent);
	SET(CURLOPT_HTTPHEADER,
	    fetch->bare ? fetch->fetcher->bare_headers : fetch->fetcher->headers);
	SET(CURLOPT_ACCEPT_ENCODING, fetch->bare ? NULL : "gzip, deflate, br");
	/* libcurl would read a directory of roots again for each connection, but it keeps a
	 * bundle. */
	SET(CURLOPT_CAPATH, (char *)NULL);
	if (fetch->fetcher->ca_file != NULL)
		SET(CURLOPT_CAINFO, fetch->fetcher->ca_file);
	SET(CURLOPT_COOKIEFILE, ""); /* no file: kept in memory */
	for (const struct curl_slist *c = fetch->cookies; c != NULL; c = c->next)
		SET(CURLOPT_COOKIELIST, c->data);
	SET(CURLOPT_SHARE, fetch->share);
	SET(CURLOPT_RESOLVE, fetch->pinned);
	SET(CURLOPT_PRIVATE, fetch);
	SET(CURLOPT_OPENSOCKETFUNCTION, fetch_guard_socket);
	SET(CURLOPT_OPENSOCKETDATA, fetch);
	SET(CURLOPT_PREREQFUNCTION, fetch_guard_request);
	SET(CURLOPT_PREREQDATA, fetch);
	SET(CURLOPT_HEADERFUNCTION, fetch_on_header);
	SET(CURLOPT_HEADERDATA, fetch);
	SET(CURLOPT_WRITEFUNCTION, fetch_on_body);
	SET(CURLOPT_WRITEDATA, fetch);
	SET(CURLOPT_XFERINFOFUNCTION, fetch_on_progress);
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
	bool good = !ferror(out);
	good = fclose(out) == 0 && good;
	struct curl_slist *list = good ? curl_slist_append(NULL, text) : NULL;
	free(text);
	return list;
}

/* `lookup` NULL: the host is an address. */
static void start_transfer(struct fetch *fetch, const struct lookup *lookup)
{
	fetch->state = FETCH_STATE_TRANSFER;
	fetch->easy = curl_easy_init();
	/* libcurl keeps pinned names for ever and for all transfers, so this hop gets its own
	 * cache. */
	fetch->share = curl_share_init();
	fetch->pinned = lookup == NULL ? NULL : pin(&fetch->url, lookup);
	bool ready = fetch->easy != NULL && fetch->share != NULL &&
		     (lookup == NULL || fetch->pinned != NULL) &&
		     curl_share_setopt(fetch->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) ==
			     CURLSHE_OK &&
		     set_options(fetch) == CURLE_OK &&
		     curl_multi_add_handle(fetch->fetcher->multi, fetch->easy) == CURLM_OK;
	if (!ready)
		fetch_finish(fetch, FETCH_NO_MEMORY, "out of memory");
}

static void start_literal(struct fetch *fetch)
{
	struct sockaddr_storage address;
	enum address_verdict verdict = ADDRESS_UNKNOWN;
	if (address_parse(fetch->url.host, fetch->url.port, &address) != 0)
		verdict = fetch_judge(fetch->fetcher, (const struct sockaddr *)&address);
	if (address_may_connect(verdict))
		start_transfer(fetch, NULL);
	else
		fetch_finish(fetch, FETCH_REFUSED, fetch_why_not(verdict));
}

static void start_hop(struct fetch *fetch)
{
	fetch->head_bytes = fetch->dropped_bytes = 0;
	fetch->head_done = fetch->redirecting = fetch->opened = fetch->strange = false;
	fetch->verdict = FETCH_OK;
	if (!url_hosts_match(fetch->fetcher->allow_hosts, fetch->url.host)) {
		fetch_finish(fetch, FETCH_REFUSED, "host is not among the allowed ones");
	} else if (fetch->url.literal) {
		start_literal(fetch);
	} else if (lookup_start(fetch->fetcher->lookups, fetch->url.host, fetch)) {
		fetch->state = FETCH_STATE_LOOKUP;
	} else {
		fetch_finish(fetch, FETCH_BUSY, "no thread for a look-up");
	}
}

void fetch_looked_up(struct fetch *fetch, struct lookup *lookup)
{
	if (fetch->state == FETCH_STATE_ENDED) {
		fetch_release(fetch);
		return;
	}
	fetch->state = FETCH_STATE_TRANSFER;
	if (lookup->count <= 0) {
		fetch_finish(fetch, FETCH_UNREACHABLE,
			     lookup->count == 0 ? "no such host" : "host look-up failed");
		return;
	}
	if (lookup->count > LOOKUP_ADDRESSES_MAX) {
		fetch_finish(fetch, FETCH_REFUSED, "host has too many addresses");
		return;
	}
	for (int i = 0; i < lookup->count; i++) {
		address_set_port(&lookup->addresses[i], fetch->url.port);
		enum address_verdict verdict =
			fetch_judge(fetch->fetcher, (const struct sockaddr *)&lookup->addresses[i]);
		if (!address_may_connect(verdict)) {
			fetch_finish(fetch, FETCH_REFUSED, fetch_why_not(verdict));
			return;
		}
	}
	start_transfer(fetch, lookup);
}

/* Go from the present URL to `location`, given by a redirect or a page. */
static void go_to(struct fetch *fetch, struct span location)
{
	struct url next;
	if (fetch->redirects == fetch->fetcher->options.max_redirects) {
		fetch->result.limit = fetch->redirects;
		fetch->result.actual = fetch->redirects + 1;
		fetch_finish(fetch, FETCH_STATUS, "too many redirects");
		return;
	}
	next.no_memory = false;
	if (location.len > FETCH_URL_MAX || !url_parse(location, &fetch->url, &next)) {
		fetch_finish(fetch, next.no_memory ? FETCH_NO_MEMORY : FETCH_REFUSED,
			     "redirected to no URL that can be asked for");
		return;
	}
	fetch_end_transfer(fetch);
	url_free(&fetch->url);
	fetch->url = next;
	fetch->redirects++;
	fetch->fresh = fetch->bare = false;
	start_hop(fetch);
}

/* Headers are bytes: those beyond ASCII are escaped one by one, whatever their charset. */
static struct span escape(struct span location, char *room)
{
	size_t len = 0;
	for (size_t i = 0; i < location.len; i++) {
		unsigned char c = (unsigned char)location.at[i];
		if (c < 0x80)
			room[len++] = (char)c;
		else
			len += (size_t)sprintf(room + len, "%%%02X", c);
	}
	return (struct span){room, len};
}

static void follow(struct fetch *fetch)
{
	char room[3 * FETCH_URL_MAX + 1];
	struct span location = fetch_header_of(fetch->easy, "Location");
	if (location.len == 0)
		fetch_finish(fetch, FETCH_STATUS, "a redirect without a target");
	else if (location.len > FETCH_URL_MAX)
		go_to(fetch, location);
	else
		go_to(fetch, escape(location, room));
}

void fetch_begin(struct fetch *fetch)
{
	struct fetcher *fetcher = fetch->fetcher;
	int64_t timeout_us = (int64_t)fetcher->options.timeout_ms * 1000;
	fetch->begun_us = fetch_now_us();
	fetch->limit_us = fetch->begun_us + timeout_us - fetch->spent_us;
	atomic_store(&fetcher->active_now, ++fetcher->active);
	fetch->state = FETCH_STATE_TRANSFER;
	struct span text = span_of(fetch->text);
	struct span first = fetch->from == NULL ? text : span_of(fetch->from);
	if (text.len > FETCH_URL_MAX || !url_parse(first, NULL, &fetch->url))
		fetch_finish(fetch, fetch->url.no_memory ? FETCH_NO_MEMORY : FETCH_REFUSED,
			     "not a URL that can be asked for");
	else if (fetch->from != NULL)
		go_to(fetch, text);
	else
		start_hop(fetch);
}

/* Are there bytes that no text has (WHATWG MIME Sniffing, "binary data byte")? */
static bool looks_binary(const char *body, size_t len)
{
	const unsigned char *b = (const unsigned char *)body;
	if (len >= 2 && ((b[0] == 0xFE && b[1] == 0xFF) || (b[0] == 0xFF && b[1] == 0xFE)))
		return false;
	for (size_t i = 0; i < len && i < 512; i++)
		if (b[i] <= 0x08 || b[i] == 0x0B || (b[i] >= 0x0E && b[i] <= 0x1A) ||
		    (b[i] >= 0x1C && b[i] <= 0x1F))
			return true;
	return false;
}

/*
 * The type of a body that is no page, whatever its origin calls it, or NULL: scripts that hand out
 * files often call them text/html, which browsers believe; but no reader wants them summarized.
 */
static const char *file_type(const char *body, size_t len, bool has_type)
{
	static const struct {
		struct span begin;
		const char *type;
	} files[] = {{{"%PDF-", 5}, "application/pdf"},         {{"PK\3\4", 4}, "application/zip"},
		     {{"\x1F\x8B\x08", 3}, "application/gzip"}, {{"\x89PNG\r\n", 6}, "image/png"},
		     {{"\xFF\xD8\xFF", 3}, "image/jpeg"},       {{"GIF89a", 6}, "image/gif"}};
	/* A text may begin with "GIF89a" but has no binary data. Of these types, only PDF may
	 * have none for a while, and no text is known to begin like it. */
	bool binary = looks_binary(body, len);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (len >= files[i].begin.len && (binary || files[i].begin.at[0] == '%') &&
		    memcmp(body, files[i].begin.at, files[i].begin.len) == 0)
			return files[i].type;
	return !has_type && binary ? "application/octet-stream" : NULL;
}

static void got_page(struct fetch *fetch)
{
	struct fetch_result *result = &fetch->result;
	if (!fetch_make_room(fetch, result->body_len)) {
		fetch_finish(fetch, fetch->verdict, fetch->why);
		return;
	}
	result->body[result->body_len] = '\0';
	const char *type =
		file_type(result->body, result->body_len, result->content_type[0] != '\0');
	if (type == NULL) {
		fetch_finish(fetch, FETCH_OK, "");
		return;
	}
	snprintf(result->content_type, sizeof result->content_type, "%s", type);
	fetch_finish(fetch, FETCH_NOT_HTML, "no page, whatever its content type");
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
		return FETCH_TOO_LARGE; /* a header line over libcurl's bound, beyond ours */
	case CURLE_OUT_OF_MEMORY:
		/* libcurl before 8.6 reports an oversized line like this. */
		return head_done ? FETCH_NO_MEMORY : FETCH_TOO_LARGE;
	default:
		return FETCH_UNREACHABLE;
	}
}

/*
 * The origin may close a kept connection just as we reuse it, or may have closed it before: that
 * says nothing about the page. libcurl (7.88) retries by itself for HTTP/1.1, but not for HTTP/2,
 * where it also takes a closed TLS session for an open one.
 */
static bool was_stale(const struct fetch *fetch)
{
	return !fetch->opened && fetch->head_bytes == 0 && !fetch->fresh;
}

/*
 * Has the whole page come, whatever became of the connection? Its closing tag says so, even if a
 * length that is too long (that of the page unpacked), an end without TLS's goodbye, a missing last
 * chunk or bytes after the end of a coding say otherwise. (Browsers show even a page that breaks
 * off.) Only markup may follow the tag, because scripts have it in their strings.
 */
static bool is_whole(const struct fetch *fetch)
{
	static const struct span end = {"</html>", 7};
	size_t len = fetch->result.body_len, tail = len < PAGE_END_BYTES ? len : PAGE_END_BYTES;
	struct span rest = {fetch->result.body, len};
	if (fetch->state != FETCH_STATE_TRANSFER || fetch->verdict != FETCH_OK)
		return false;
	for (size_t i = end.len; i <= tail; i++) {
		if (!ascii_begins(span_slice(rest, len - i, len), end))
			continue;
		rest = span_slice(rest, len - i + end.len, len);
		while (rest.len > 0 && ascii_is_space(rest.at[0]))
			rest = span_slice(rest, 1, rest.len);
		return rest.len == 0 || rest.at[0] == '<';
	}
	return false;
}

void fetch_broken(struct fetch *fetch, enum fetch_status status, const char *why)
{
	if (is_whole(fetch))
		got_page(fetch);
	else
		fetch_finish(fetch, status, why);
}

static void start_again(struct fetch *fetch)
{
	fetch_end_transfer(fetch);
	start_hop(fetch);
}

/*
 * libcurl (7.88) undoes only the first of several members of gzip, and some origins label as packed
 * what is not, or break it. Without a coding, most of them send the same page plain.
 */
static bool was_undecodable(const struct fetch *fetch, CURLcode code)
{
	return (code == CURLE_BAD_CONTENT_ENCODING || code == CURLE_WRITE_ERROR) &&
	       fetch->head_done && !fetch->bare &&
	       fetch_header_of(fetch->easy, "Content-Encoding").len > 0;
}

static void failed(struct fetch *fetch, CURLcode code)
{
	enum fetch_status status = status_of_curl(code, fetch->head_done);
	if (status == FETCH_UNREACHABLE && was_stale(fetch)) {
		fetch->fresh = true;
		start_again(fetch);
		return;
	}
	if (was_undecodable(fetch, code) && !is_whole(fetch)) {
		fetch->bare = true;
		fetch->result.body_len = 0;
		start_again(fetch);
		return;
	}
	if (status == FETCH_TOO_LARGE)
		fetch_blame_size(fetch, status, "header line is too long", FETCH_HEAD_MAX_BYTES,
				 FETCH_HEAD_MAX_BYTES + 1);
	fetch_broken(fetch, status, curl_easy_strerror(code));
}

void fetch_transferred(struct fetch *fetch, CURLcode code)
{
	bool asked_bare = fetch->bare;
	fetch->bare |= fetch->strange;
	if (fetch->bare != asked_bare)
		start_again(fetch);
	else if (fetch->verdict != FETCH_OK)
		fetch_finish(fetch, fetch->verdict, fetch->why);
	else if (fetch->redirecting)
		follow(fetch); /* whatever became of its body */
	else if (code != CURLE_OK)
		failed(fetch, code);
	else if (!fetch->head_done)
		fetch_finish(fetch, FETCH_UNREACHABLE, "no complete answer");
	else
		got_page(fetch);
}
