#ifndef TESTS_SERVER_FETCH_CHECK_H
#define TESTS_SERVER_FETCH_CHECK_H

/* What the tests of downloads have in common: a loopback origin, a resolver, and one download that
   is waited for. */
#include "tests/check.h"

#include "server/fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

/* -- The origin ---------------------------------------------------------------------------- */

enum manner {
	MANNER_CLOSE, /* answer, then close */
	MANNER_HANG,  /* answer, then neither write nor close */
	MANNER_DRIP,  /* repeat the answer's last byte until the client leaves */
	MANNER_FLOOD, /* the same without pause */
};

#define PAGE "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
#define SIZED(type, len) "HTTP/1.1 200 OK\r\n" type "Content-Length: " len "\r\n\r\n"

/* Answers by path. `%s` in an answer stands for the origin's own "127.0.0.1:port". */
static const struct route {
	const char *path, *answer;
	enum manner manner;
} routes[] = {
	{"/page", SIZED("Content-Type: Text/HTML ; Charset=\"utf-8\"\r\n", "5") "hello",
	 MANNER_CLOSE},
	{"/kept", SIZED("Content-Type: text/html\r\n", "5") "hello", MANNER_HANG},
	{"/untyped", SIZED("", "5") "hello", MANNER_CLOSE},
	{"/untyped-pdf", SIZED("", "8") "%%PDF-1.4", MANNER_CLOSE},
	{"/untyped-binary", SIZED("", "5") "he\x01lo", MANNER_CLOSE},
	{"/untyped-utf16", SIZED("", "6") "\xFE\xFF\x05\xD0\x05\xD1", MANNER_CLOSE},
	{"/xhtml", SIZED("Content-Type: application/xhtml+xml\r\n", "2") "ok", MANNER_CLOSE},
	{"/plain", SIZED("Content-Type: text/plain;charset=koi8-r\r\n", "2") "ok", MANNER_CLOSE},
	{"/until-close", PAGE "\r\nuntil close", MANNER_CLOSE},
	{"/chunked", PAGE "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
	 MANNER_CLOSE},
	{"/empty", SIZED("Content-Type: text/html\r\n", "0"), MANNER_CLOSE},
	{"/early-hints", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" PAGE "\r\nok",
	 MANNER_CLOSE},
	{"/rss", SIZED("Content-Type: application/rss+xml\r\n", "2") "ok", MANNER_HANG},
	{"/docx",
	 SIZED("Content-Type: application/"
	       "vnd.openxmlformats-officedocument.wordprocessingml.document\r\n",
	       "2") "ok",
	 MANNER_HANG},
	{"/pdf", SIZED("Content-Type: application/pdf\r\n", "2") "ok", MANNER_HANG},
	{"/json", SIZED("Content-Type: application/json\r\n", "2") "{}", MANNER_HANG},
	{"/xml", SIZED("Content-Type: text/xml\r\n", "2") "ok", MANNER_HANG},
	{"/404", "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\ngone", MANNER_CLOSE},
	{"/403", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", MANNER_CLOSE},
	{"/401", "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n",
	 MANNER_CLOSE},
	{"/407", "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
	 MANNER_CLOSE},
	{"/500", "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", MANNER_CLOSE},
	{"/204", "HTTP/1.1 204 No Content\r\n\r\n", MANNER_CLOSE},
	{"/206", "HTTP/1.1 206 Part\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\nx",
	 MANNER_CLOSE},
	{"/304", "HTTP/1.1 304 Same\r\n\r\n", MANNER_CLOSE},
	{"/300", "HTTP/1.1 300 Many\r\nLocation: /page\r\nContent-Length: 0\r\n\r\n", MANNER_CLOSE},
	{"/999", "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", MANNER_CLOSE},
	{"/too-large", SIZED("Content-Type: text/html\r\n", "9999999999"), MANNER_FLOOD},
	{"/endless", PAGE "\r\nx", MANNER_FLOOD},
	{"/endless-head", "HTTP/1.1 200 OK\r\nX: x", MANNER_FLOOD},
	{"/drip", PAGE "\r\nx", MANNER_DRIP},
	{"/drip-head", "HTTP/1.1 200 OK\r\nX: x", MANNER_DRIP},
	{"/silent", "", MANNER_HANG},
	{"/head-only", PAGE "Content-Length: 5\r\n\r\n", MANNER_HANG},
	{"/cut", SIZED("Content-Type: text/html\r\n", "50") "hello", MANNER_CLOSE},
	{"/cut-chunk", PAGE "Transfer-Encoding: chunked\r\n\r\n5\r\nab", MANNER_CLOSE},
	{"/bad-chunk", PAGE "Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n", MANNER_CLOSE},
	{"/nothing", "", MANNER_CLOSE},
	{"/http09", "<p>hello", MANNER_CLOSE},
	{"/garbage", "\x16\x03\x01\x02", MANNER_CLOSE},
	{"/minus", SIZED("Content-Type: text/html\r\n", "-5") "hello", MANNER_CLOSE},
	{"/not-gzip", PAGE "Content-Encoding: gzip\r\n\r\nhello", MANNER_CLOSE},
	{"/zstd", PAGE "Content-Encoding: zstd\r\n\r\nhello", MANNER_HANG},
	{"/zstd-second", PAGE "Content-Encoding: identity\r\nContent-Encoding: zstd\r\n\r\nx",
	 MANNER_HANG},
	{"/te-gzip", PAGE "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", MANNER_HANG},
	{"/to-page", "HTTP/1.1 302 Go\r\nLocation: /page?a#b\r\nContent-Length: 2\r\n\r\nxx",
	 MANNER_CLOSE},
	{"/to-flood", "HTTP/1.1 302 Go\r\nLocation: /page\r\n\r\nx", MANNER_FLOOD},
	{"/to-absolute", "HTTP/1.1 301 Go\r\nLocation: http://%s/page\r\n\r\n", MANNER_CLOSE},
	{"/307", "HTTP/1.1 307 Go\r\nLocation: page\r\n\r\n", MANNER_CLOSE},
	{"/308", "HTTP/1.1 308 Go\r\nLocation: //%s/page\r\n\r\n", MANNER_CLOSE},
	{"/loop", "HTTP/1.1 302 Go\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n", MANNER_CLOSE},
	{"/nowhere", "HTTP/1.1 302 Go\r\nContent-Length: 0\r\n\r\n", MANNER_CLOSE},
	{"/to-ftp", "HTTP/1.1 302 Go\r\nLocation: ftp://example.org/\r\n\r\n", MANNER_CLOSE},
	{"/to-file", "HTTP/1.1 302 Go\r\nLocation: file:///etc/passwd\r\n\r\n", MANNER_CLOSE},
	{"/to-user", "HTTP/1.1 302 Go\r\nLocation: http://user:pass@%s/page\r\n\r\n", MANNER_CLOSE},
	{"/to-private", "HTTP/1.1 302 Go\r\nLocation: http://10.0.0.1/\r\n\r\n", MANNER_CLOSE},
	{"/to-metadata", "HTTP/1.1 302 Go\r\nLocation: http://169.254.169.254/latest\r\n\r\n",
	 MANNER_CLOSE},
	{"/to-mixed", "HTTP/1.1 302 Go\r\nLocation: http://mixed.example/\r\n\r\n", MANNER_CLOSE},
	{"/to-https", "HTTP/1.1 302 Go\r\nLocation: https://%s/page\r\n\r\n", MANNER_CLOSE},
};

struct origin {
	int listener;
	unsigned port;
	pthread_t thread;
	atomic_int connections; /* ever */
	pthread_mutex_t lock;
	pthread_cond_t closed;
	int open;             /* lock */
	char last_head[4096]; /* lock: of the last request */
};

struct connection {
	struct origin *origin;
	int socket;
};

static inline bool send_all(int socket, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(socket, bytes, len, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		bytes += sent;
		len -= (size_t)sent;
	}
	return true;
}

static const struct route *route_of(const char *head)
{
	char path[64] = "";
	sscanf(head, "GET %63[^ ?]", path);
	for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
		if (strcmp(path, routes[i].path) == 0)
			return &routes[i];
	return NULL;
}

static inline bool answer(const struct connection *connection, const char *head)
{
	char text[1024], address[32], block[4096];
	const struct route *route = route_of(head);
	if (route == NULL)
		return false;
	snprintf(address, sizeof address, "127.0.0.1:%u", connection->origin->port);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
	size_t len = (size_t)snprintf(text, sizeof text, route->answer, address);
#pragma GCC diagnostic pop
	if (!send_all(connection->socket, text, len))
		return false;
	memset(block, len > 0 ? text[len - 1] : 0, sizeof block);
	while (route->manner == MANNER_FLOOD && send_all(connection->socket, block, sizeof block))
		;
	while (route->manner == MANNER_DRIP && send_all(connection->socket, block, 1))
		usleep(20000);
	return route->manner == MANNER_HANG;
}

static inline void count_open(struct origin *origin, int change)
{
	pthread_mutex_lock(&origin->lock);
	origin->open += change;
	pthread_cond_signal(&origin->closed);
	pthread_mutex_unlock(&origin->lock);
}

/* Requests on one connection, until the client leaves or an answer closes it. */
static inline void *serve(void *arg)
{
	struct connection connection = *(struct connection *)arg;
	char head[4096];
	size_t len = 0;
	free(arg);
	for (;;) {
		ssize_t got = recv(connection.socket, head + len, sizeof head - 1 - len, 0);
		if (got <= 0)
			break;
		len += (size_t)got;
		head[len] = '\0';
		if (head[0] != 'G') /* TLS, which this origin does not speak */
			break;
		if (strstr(head, "\r\n\r\n") == NULL)
			continue;
		pthread_mutex_lock(&connection.origin->lock);
		memcpy(connection.origin->last_head, head, len + 1);
		pthread_mutex_unlock(&connection.origin->lock);
		if (!answer(&connection, head))
			break;
		len = 0;
	}
	close(connection.socket);
	count_open(connection.origin, -1);
	return NULL;
}

static inline void *accept_all(void *arg)
{
	struct origin *origin = arg;
	for (;;) {
		int socket = accept(origin->listener, NULL, NULL);
		if (socket < 0)
			return NULL;
		origin->connections++;
		count_open(origin, 1);
		struct connection *connection = malloc(sizeof *connection);
		*connection = (struct connection){origin, socket};
		pthread_t thread;
		pthread_create(&thread, NULL, serve, connection);
		pthread_detach(thread);
	}
}

static inline void origin_start(struct origin *origin, const char *literal)
{
	struct sockaddr_storage address;
	socklen_t len = address_parse(literal, 0, &address);
	*origin = (struct origin){0};
	pthread_mutex_init(&origin->lock, NULL);
	pthread_cond_init(&origin->closed, NULL);
	origin->listener = socket(address.ss_family, SOCK_STREAM, 0);
	assert_int_equal(bind(origin->listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(origin->listener, 64), 0);
	getsockname(origin->listener, (struct sockaddr *)&address, &len);
	origin->port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	pthread_create(&origin->thread, NULL, accept_all, origin);
}

/* After fetcher_free(): what is left of its connections ends by itself. */
static inline void origin_stop(struct origin *origin)
{
	shutdown(origin->listener, SHUT_RDWR);
	pthread_join(origin->thread, NULL);
	close(origin->listener);
	pthread_mutex_lock(&origin->lock);
	while (origin->open > 0)
		pthread_cond_wait(&origin->closed, &origin->lock);
	pthread_mutex_unlock(&origin->lock);
}

/* -- The resolver -------------------------------------------------------------------------- */

static atomic_int rebind_calls, stuck_may_go;

static inline int resolve(void *arg, const char *host, struct sockaddr_storage *out, size_t max)
{
	static const struct {
		const char *host, *first, *second;
	} names[] = {
		{"one.example", "127.0.0.1", NULL},
		{"dead.example", "127.0.0.3", "127.0.0.1"}, /* nobody listens with the first */
		{"mixed.example", "127.0.0.1", "10.0.0.1"},
		{"mixed6.example", "127.0.0.1", "::1"},
		{"private.example", "192.168.1.1", NULL},
		{"localhost", "127.0.0.1", NULL},
	};
	if (strcmp(host, "rebind.example") == 0) {
		address_parse(rebind_calls++ == 0 ? "127.0.0.1" : "10.0.0.1", 0, &out[0]);
		return 1;
	}
	if (strcmp(host, "many.example") == 0)
		return 1000;
	if (strcmp(host, "broken.example") == 0)
		return -1;
	if (strcmp(host, "stuck.example") == 0)
		while (!stuck_may_go)
			usleep(1000);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(host, names[i].host) != 0)
			continue;
		address_parse(names[i].first, 0, &out[0]);
		if (names[i].second == NULL)
			return 1;
		address_parse(names[i].second, 0, &out[1]);
		return 2;
	}
	return 0;
}

/* -- One download -------------------------------------------------------------------------- */

struct wait {
	pthread_mutex_t lock;
	pthread_cond_t done;
	int calls;
	struct fetch_result result;
	size_t cookie_bytes;
	char url[FETCH_URL_MAX + 64];
};

static inline void wait_init(struct wait *wait)
{
	memset(wait, 0, sizeof *wait);
	pthread_mutex_init(&wait->lock, NULL);
	pthread_cond_init(&wait->done, NULL);
}

static _Atomic(struct fetcher *) watched; /* until its next download ends */

static inline void on_done(void *arg, struct fetch_result *result)
{
	struct wait *wait = arg;
	atomic_store(&watched, NULL);
	pthread_mutex_lock(&wait->lock);
	wait->calls++;
	wait->result = *result;
	snprintf(wait->url, sizeof wait->url, "%s", result->url);
	for (const struct curl_slist *c = result->cookies; c != NULL; c = c->next)
		wait->cookie_bytes += strlen(c->data);
	result->body = NULL;
	pthread_cond_signal(&wait->done);
	pthread_mutex_unlock(&wait->lock);
}

static inline void wait_for(struct wait *wait)
{
	pthread_mutex_lock(&wait->lock);
	while (wait->calls == 0)
		pthread_cond_wait(&wait->done, &wait->lock);
	pthread_mutex_unlock(&wait->lock);
}

static inline uint64_t start(struct fetcher *fetcher, const char *url, int64_t deadline_ms,
			     fetch_callback *callback, void *arg)
{
	return fetch_start(fetcher, &(struct fetch_request){.url = url,
							    .deadline_ms = deadline_ms,
							    .callback = callback,
							    .arg = arg});
}

/* The caller frees the body. */
static inline struct fetch_result fetch(struct fetcher *fetcher, const char *url, struct wait *wait)
{
	wait_init(wait);
	if (start(fetcher, url, 0, on_done, wait) == 0)
		fail_msg("%s was not started", url);
	wait_for(wait);
	return wait->result;
}

static inline int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct address_net loopback; /* 127.0.0.0/8 */

static inline struct fetch_options local_options(void)
{
	size_t fault;
	assert_int_equal(address_nets_parse("127.0.0.0/8", &loopback, 1, &fault), 1);
	return (struct fetch_options){.allow_nets = &loopback,
				      .allow_nets_len = 1,
				      .max_redirects = 3,
				      .resolve = resolve,
				      .timeout_ms = 60000,
				      .max_bytes = 100000};
}

#endif
