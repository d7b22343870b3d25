/* Downloads against a loopback origin that this test runs: what comes back, and that nothing is
   dialled that should not be. */
#include "tests/check.h"

#include "server/fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <netdb.h>
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

static bool send_all(int socket, const char *bytes, size_t len)
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

static bool answer(const struct connection *connection, const char *head)
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

static void count_open(struct origin *origin, int change)
{
	pthread_mutex_lock(&origin->lock);
	origin->open += change;
	pthread_cond_signal(&origin->closed);
	pthread_mutex_unlock(&origin->lock);
}

/* Requests on one connection, until the client leaves or an answer closes it. */
static void *serve(void *arg)
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

static void *accept_all(void *arg)
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

static void origin_start(struct origin *origin, const char *literal)
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
static void origin_stop(struct origin *origin)
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

static int resolve(void *arg, const char *host, struct sockaddr_storage *out, size_t max)
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

static struct addrinfo crowd[1000];

/* In front of the C library's: a name with more addresses than there is room for. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		struct addrinfo **out)
{
	typedef int look_up(const char *, const char *, const struct addrinfo *,
			    struct addrinfo **);
	static struct sockaddr_in public = {.sin_family = AF_INET};
	if (strcmp(host, "crowd.example") != 0)
		return ((look_up *)dlsym(RTLD_NEXT, "getaddrinfo"))(host, service, hints, out);
	public.sin_addr.s_addr = htonl(0x08080808);
	for (size_t i = 0; i < sizeof crowd / sizeof crowd[0]; i++)
		crowd[i] = (struct addrinfo){.ai_family = AF_INET,
					     .ai_addr = (struct sockaddr *)&public,
					     .ai_addrlen = sizeof public,
					     .ai_next = i > 0 ? &crowd[i - 1] : NULL};
	*out = &crowd[sizeof crowd / sizeof crowd[0] - 1];
	return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
	typedef void give_back(struct addrinfo *);
	if (list < crowd || list >= crowd + sizeof crowd / sizeof crowd[0])
		((give_back *)dlsym(RTLD_NEXT, "freeaddrinfo"))(list);
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

static void wait_init(struct wait *wait)
{
	memset(wait, 0, sizeof *wait);
	pthread_mutex_init(&wait->lock, NULL);
	pthread_cond_init(&wait->done, NULL);
}

static _Atomic(struct fetcher *) watched; /* until its next download ends */
static atomic_int longest_poll_ms;        /* of its thread, while it downloads */

/* In front of libcurl's: how long would the thread sleep? */
CURLMcode curl_multi_poll(CURLM *multi, struct curl_waitfd *more, unsigned more_len, int timeout_ms,
			  int *ready)
{
	typedef CURLMcode poll(CURLM *, struct curl_waitfd *, unsigned, int, int *);
	poll *next = (poll *)dlsym(RTLD_NEXT, "curl_multi_poll");
	struct fetcher *fetcher = atomic_load(&watched);
	size_t active = 0, waiting;
	if (fetcher != NULL)
		fetcher_load(fetcher, &active, &waiting);
	if (active > 0 && timeout_ms > atomic_load(&longest_poll_ms))
		atomic_store(&longest_poll_ms, timeout_ms);
	return next(multi, more, more_len, timeout_ms, ready);
}

static void on_done(void *arg, struct fetch_result *result)
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

static void wait_for(struct wait *wait)
{
	pthread_mutex_lock(&wait->lock);
	while (wait->calls == 0)
		pthread_cond_wait(&wait->done, &wait->lock);
	pthread_mutex_unlock(&wait->lock);
}

static uint64_t start(struct fetcher *fetcher, const char *url, int64_t deadline_ms,
		      fetch_callback *callback, void *arg)
{
	return fetch_start(fetcher, &(struct fetch_request){.url = url,
							    .deadline_ms = deadline_ms,
							    .callback = callback,
							    .arg = arg});
}

/* The caller frees the body. */
static struct fetch_result fetch(struct fetcher *fetcher, const char *url, struct wait *wait)
{
	wait_init(wait);
	if (start(fetcher, url, 0, on_done, wait) == 0)
		fail_msg("%s was not started", url);
	wait_for(wait);
	return wait->result;
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct address_net loopback; /* 127.0.0.0/8 */

static struct fetch_options local_options(void)
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

/* -- Tests --------------------------------------------------------------------------------- */

static void test_answers(void **state)
{
	static const struct {
		const char *path;
		enum fetch_status status;
		int http_status;
		const char *body;
	} cases[] = {
		{"/page", FETCH_OK, 200, "hello"},
		{"/kept", FETCH_OK, 200, "hello"},
		{"/untyped", FETCH_OK, 200, "hello"},
		{"/untyped-pdf", FETCH_NOT_HTML, 200, NULL},
		{"/untyped-binary", FETCH_NOT_HTML, 200, NULL},
		{"/untyped-utf16", FETCH_OK, 200, "\xFE\xFF\x05\xD0\x05\xD1"},
		{"/xhtml", FETCH_OK, 200, "ok"},
		{"/plain", FETCH_OK, 200, "ok"},
		{"/until-close", FETCH_OK, 200, "until close"},
		{"/chunked", FETCH_OK, 200, "abcde"},
		{"/empty", FETCH_OK, 200, ""},
		{"/early-hints", FETCH_OK, 200, "ok"},
		{"/rss", FETCH_NOT_HTML, 200, NULL},
		{"/docx", FETCH_NOT_HTML, 200, NULL},
		{"/pdf", FETCH_NOT_HTML, 200, NULL},
		{"/json", FETCH_NOT_HTML, 200, NULL},
		{"/xml", FETCH_NOT_HTML, 200, NULL},
		{"/404", FETCH_STATUS, 404, NULL},
		{"/403", FETCH_STATUS, 403, NULL},
		{"/401", FETCH_STATUS, 401, NULL},
		{"/407", FETCH_STATUS, 407, NULL},
		{"/500", FETCH_STATUS, 500, NULL},
		{"/204", FETCH_STATUS, 204, NULL},
		{"/206", FETCH_STATUS, 206, NULL},
		{"/304", FETCH_STATUS, 304, NULL},
		{"/300", FETCH_STATUS, 300, NULL},
		{"/999", FETCH_STATUS, 999, NULL},
		{"/too-large", FETCH_TOO_LARGE, 200, NULL},
		{"/endless", FETCH_TOO_LARGE, 200, NULL},
		{"/endless-head", FETCH_TOO_LARGE, 0, NULL},
		{"/cut", FETCH_UNREACHABLE, 200, NULL},
		{"/cut-chunk", FETCH_UNREACHABLE, 200, NULL},
		{"/bad-chunk", FETCH_UNREACHABLE, 200, NULL},
		{"/nothing", FETCH_UNREACHABLE, 0, NULL},
		{"/http09", FETCH_UNREACHABLE, 0, NULL},
		{"/garbage", FETCH_UNREACHABLE, 0, NULL},
		{"/minus", FETCH_UNREACHABLE, 0, NULL},
		{"/not-gzip", FETCH_UNREACHABLE, 200, NULL},
		{"/zstd", FETCH_UNREACHABLE, 200, NULL},
		{"/zstd-second", FETCH_UNREACHABLE, 200, NULL},
		{"/te-gzip", FETCH_UNREACHABLE, 0, NULL},
		{"/to-page", FETCH_OK, 200, "hello"},
		{"/to-flood", FETCH_OK, 200, "hello"},
		{"/to-absolute", FETCH_OK, 200, "hello"},
		{"/307", FETCH_OK, 200, "hello"},
		{"/308", FETCH_OK, 200, "hello"},
		{"/loop", FETCH_STATUS, 302, NULL},
		{"/nowhere", FETCH_STATUS, 302, NULL},
		{"/to-ftp", FETCH_REFUSED, 302, NULL},
		{"/to-file", FETCH_REFUSED, 302, NULL},
		{"/to-user", FETCH_REFUSED, 302, NULL},
		{"/to-private", FETCH_REFUSED, 302, NULL},
		{"/to-metadata", FETCH_REFUSED, 302, NULL},
		{"/to-mixed", FETCH_REFUSED, 302, NULL},
		{"/to-https", FETCH_UNREACHABLE, 0, NULL},
	};
	struct origin origin;
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	struct budget budget = {.max_bytes = 64 << 20};
	size_t kept = 0;
	options.budget = &budget;
	struct fetcher *fetcher = fetcher_new(&options);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char url[128];
		struct wait wait;
		snprintf(url, sizeof url, "http://127.0.0.1:%u%s", origin.port, cases[i].path);
		struct fetch_result result = fetch(fetcher, url, &wait);
		if (result.status != cases[i].status)
			fail_msg("%s: status %d (%s), want %d", cases[i].path, result.status,
				 result.why, cases[i].status);
		if (cases[i].http_status != 0)
			CHECK_SIZE(cases[i].path, (size_t)result.http_status,
				   (size_t)cases[i].http_status);
		CHECK(cases[i].path, (result.body == NULL) == (cases[i].body == NULL));
		CHECK(cases[i].path, (result.why[0] == '\0') == (result.status == FETCH_OK));
		if (result.body != NULL) {
			CHECK_SPAN(cases[i].path, span_of(result.body), span_of(cases[i].body));
			CHECK_SIZE(cases[i].path, result.body_len, strlen(cases[i].body));
			CHECK(cases[i].path, result.body_room > result.body_len);
			kept += result.body_room;
		}
		free(result.body);
	}
	assert_int_equal(budget.used_bytes, kept);
	budget_give(&budget, kept);
	fetcher_free(fetcher);
	origin_stop(&origin);
}

static void test_details(void **state)
{
	struct origin origin;
	char url[128], want[128];
	struct wait wait;
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	/* What surrounds the process must not matter. */
	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	setenv("all_proxy", "http://127.0.0.1:1/", 1);
	struct fetcher *fetcher = fetcher_new(&options);

	snprintf(url, sizeof url, "http://One.example:%u/to-page", origin.port);
	snprintf(want, sizeof want, "http://one.example:%u/page?a", origin.port);
	struct fetch_result result = fetch(fetcher, url, &wait);
	assert_int_equal(result.status, FETCH_OK);
	assert_string_equal(wait.url, want);
	assert_string_equal(result.content_type, "text/html");
	assert_string_equal(result.charset, "utf-8");
	assert_int_equal(result.redirects, 1);
	assert_true(result.elapsed_us > 0);
	free(result.body);
	snprintf(want, sizeof want, "Host: one.example:%u\r\n", origin.port);
	pthread_mutex_lock(&origin.lock);
	assert_non_null(strstr(origin.last_head, want));
	assert_null(strstr(origin.last_head, "Cookie"));
	assert_null(strstr(origin.last_head, "Authorization"));
	assert_null(strstr(origin.last_head, "Referer"));
	pthread_mutex_unlock(&origin.lock);

	snprintf(url, sizeof url, "http://one.example:%u/plain", origin.port);
	result = fetch(fetcher, url, &wait);
	assert_string_equal(result.content_type, "text/plain");
	assert_string_equal(result.charset, "koi8-r");
	free(result.body);

	/* The next address is tried when the first does not answer. */
	snprintf(url, sizeof url, "http://dead.example:%u/page", origin.port);
	result = fetch(fetcher, url, &wait);
	assert_int_equal(result.status, FETCH_OK);
	free(result.body);

	fetcher_free(fetcher);
	origin_stop(&origin);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
}

/* No answer of this table may lead to a connection. */
static void test_refused(void **state)
{
	static const char *const hosts[] = {
		"127.0.0.1",
		"127.1",
		"2130706433",
		"0x7f000001",
		"0177.0.0.1",
		"0x7f.1",
		"0",
		"0.0.0.0",
		"127.0.0.1.",
		"localhost",
		"LOCALHOST",
		"localhost.",
		"%6cocalhost",
		"127%2e0.0.1",
		"\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1",
		("127\xE3\x80\x82"
		 "1"),
		"[::1]",
		"[::]",
		"[::ffff:127.0.0.1]",
		"[::127.0.0.1]",
		"[::ffff:0:127.0.0.1]",
		"[64:ff9b::127.0.0.1]",
		"[64:ff9b:1::7f00:1]",
		"[2002:7f00:1::]",
		"[2001:0:7f00:1::]",
		"[fe80::1]",
		"[::1%25lo]",
		"user@127.0.0.1",
		"user:pass@one.example",
		"one.example\\@127.0.0.1",
		"one.example",
		"mixed.example",
		"private.example",
		"many.example",
		"rebind.example",
		"one.example%00",
		"127.0.0.1\t",
		"127.0.0.1\r\nHost:x",
		"localho\xC5\xBFt",
		"169.254.169.254",
		"168.63.129.16",
	};
	struct origin origin, origin6;
	origin_start(&origin, "127.0.0.1");
	origin_start(&origin6, "::1");
	struct fetch_options options = {
		.resolve = resolve, .timeout_ms = 60000, .max_redirects = 3};
	struct fetcher *fetcher = fetcher_new(&options);
	for (size_t i = 0; i < 2 * sizeof hosts / sizeof hosts[0]; i++) {
		char url[256];
		struct wait wait;
		snprintf(url, sizeof url, "http://%s:%u/page", hosts[i / 2],
			 i % 2 == 0 ? origin.port : origin6.port);
		struct fetch_result result = fetch(fetcher, url, &wait);
		CHECK(url, result.status == FETCH_REFUSED);
		CHECK(url, result.http_status == 0);
	}
	fetcher_free(fetcher);
	assert_int_equal(origin.connections, 0);
	assert_int_equal(origin6.connections, 0);
	origin_stop(&origin);
	origin_stop(&origin6);
}

/* Names whose every answer must be good, on a listener that would answer. */
static void test_names(void **state)
{
	static const struct {
		const char *host;
		enum fetch_status status;
	} cases[] = {
		{"mixed.example", FETCH_REFUSED},    {"mixed6.example", FETCH_REFUSED},
		{"private.example", FETCH_REFUSED},  {"many.example", FETCH_REFUSED},
		{"none.example", FETCH_UNREACHABLE}, {"broken.example", FETCH_UNREACHABLE},
	};
	struct origin origin;
	char url[128];
	struct wait wait;
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	struct fetcher *fetcher = fetcher_new(&options);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(url, sizeof url, "http://%s:%u/page", cases[i].host, origin.port);
		CHECK(url, fetch(fetcher, url, &wait).status == cases[i].status);
	}
	assert_int_equal(origin.connections, 0);

	/* The name is asked once a hop, and what was judged is what is dialled; the next download
	   asks again, although a connection to the first answer is still open. */
	rebind_calls = 0;
	snprintf(url, sizeof url, "http://rebind.example:%u/kept", origin.port);
	struct fetch_result result = fetch(fetcher, url, &wait);
	assert_int_equal(result.status, FETCH_OK);
	assert_int_equal(rebind_calls, 1);
	free(result.body);
	assert_int_equal(fetch(fetcher, url, &wait).status, FETCH_REFUSED);
	assert_int_equal(origin.connections, 1);

	/* Nobody listens: only a connection that was kept is tried anew. */
	struct origin gone;
	origin_start(&gone, "127.0.0.1");
	origin_stop(&gone);
	rebind_calls = 0;
	snprintf(url, sizeof url, "http://rebind.example:%u/page", gone.port);
	assert_int_equal(fetch(fetcher, url, &wait).status, FETCH_UNREACHABLE);
	assert_int_equal(rebind_calls, 1);
	fetcher_free(fetcher);
	origin_stop(&origin);
}

static void test_allowed_hosts(void **state)
{
	struct origin origin;
	char url[128];
	struct wait wait;
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	options.allow_hosts = "one.example, *.two.example";
	struct fetcher *fetcher = fetcher_new(&options);
	snprintf(url, sizeof url, "http://one.example:%u/page", origin.port);
	struct fetch_result result = fetch(fetcher, url, &wait);
	assert_int_equal(result.status, FETCH_OK);
	free(result.body);
	assert_int_equal(origin.connections, 1);
	snprintf(url, sizeof url, "http://localhost:%u/page", origin.port);
	assert_int_equal(fetch(fetcher, url, &wait).status, FETCH_REFUSED);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/page", origin.port);
	assert_int_equal(fetch(fetcher, url, &wait).status, FETCH_REFUSED);
	assert_int_equal(origin.connections, 1);
	/* a redirect leads out of the list */
	snprintf(url, sizeof url, "http://one.example:%u/to-absolute", origin.port);
	assert_int_equal(fetch(fetcher, url, &wait).status, FETCH_REFUSED);
	assert_int_equal(origin.connections, 2);
	fetcher_free(fetcher);

	options.allow_hosts = "http://one.example";
	assert_null(fetcher_new(&options));
	origin_stop(&origin);
}

static void test_own_listener(void **state)
{
	struct origin origin;
	char url[128];
	struct wait wait;
	struct sockaddr_storage own[2];
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	address_parse("127.0.0.1", origin.port, &own[0]);
	address_parse("0.0.0.0", origin.port, &own[1]);
	options.own_len = 1;
	static const char *const hosts[] = {"127.0.0.1", "one.example", "0.0.0.0", "127.8.8.8"};
	for (size_t i = 0; i < 2; i++) {
		options.own = &own[i];
		struct fetcher *fetcher = fetcher_new(&options);
		for (size_t k = 0; k < (i == 0 ? 3 : 4); k++) {
			snprintf(url, sizeof url, "http://%s:%u/page", hosts[k], origin.port);
			CHECK(url, fetch(fetcher, url, &wait).status == FETCH_REFUSED);
		}
		fetcher_free(fetcher);
	}
	assert_int_equal(origin.connections, 0);
	origin_stop(&origin);
}

static void test_time(void **state)
{
	static const char *const paths[] = {"/silent", "/head-only", "/drip", "/drip-head"};
	struct origin origin;
	char url[128];
	struct wait wait;
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	options.timeout_ms = 150;
	struct fetcher *fetcher = fetcher_new(&options);
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		snprintf(url, sizeof url, "http://127.0.0.1:%u%s", origin.port, paths[i]);
		struct fetch_result result = fetch(fetcher, url, &wait);
		CHECK(url, result.status == FETCH_TIMEOUT);
		CHECK(url, result.elapsed_us >= 100000);
	}
	/* A name server that does not answer, and no other download that wakes the thread. */
	stuck_may_go = 0;
	atomic_store(&watched, fetcher);
	assert_int_equal(fetch(fetcher, "http://stuck.example/", &wait).status, FETCH_TIMEOUT);
	assert_in_range(atomic_load(&longest_poll_ms), 1, options.timeout_ms);
	stuck_may_go = 1;
	fetcher_free(fetcher);

	/* The job's own deadline is nearer. */
	options.timeout_ms = 60000;
	fetcher = fetcher_new(&options);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/silent", origin.port);
	wait_init(&wait);
	assert_true(start(fetcher, url, now_ms() + 100, on_done, &wait) != 0);
	wait_for(&wait);
	assert_int_equal(wait.result.status, FETCH_TIMEOUT);
	fetcher_free(fetcher);
	origin_stop(&origin);
}

/* A name server may say as many as it likes: what there is no room for is not written, and the name
 * is refused, since one of them might be private. */
static void test_crowded_name(void **state)
{
	struct fetch_options options = local_options();
	struct wait wait;
	options.resolve = NULL;
	struct fetcher *fetcher = fetcher_new(&options);
	struct fetch_result result = fetch(fetcher, "http://crowd.example/", &wait);
	assert_int_equal(result.status, FETCH_REFUSED);
	assert_string_equal(result.why, "host has too many addresses");
	fetcher_free(fetcher);
}

static void *start_and_cancel(void *arg)
{
	struct fetcher *fetcher = arg;
	for (int i = 0; i < 50; i++) {
		struct wait wait;
		size_t active, waiting;
		wait_init(&wait);
		uint64_t id = start(fetcher, "http://none.example/", 0, on_done, &wait);
		assert_true(id != 0);
		fetcher_load(fetcher, &active, &waiting);
		fetch_cancel(fetcher, id);
		wait_for(&wait);
	}
	return arg;
}

/* As workers do; the thread sanitizer sees that no list is walked while it changes. */
static void test_from_many_threads(void **state)
{
	pthread_t threads[4];
	struct fetch_options options = local_options();
	struct fetcher *fetcher = fetcher_new(&options);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, start_and_cancel, fetcher), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	fetcher_free(fetcher);
}

static void test_bounds(void **state)
{
	struct origin origin;
	char silent[128], page[128];
	struct wait wait[4];
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	options.max_parallel = 1;
	options.max_waiting = 2;
	snprintf(silent, sizeof silent, "http://127.0.0.1:%u/silent", origin.port);
	snprintf(page, sizeof page, "http://127.0.0.1:%u/page", origin.port);
	struct fetcher *fetcher = fetcher_new(&options);
	for (size_t i = 0; i < 4; i++)
		wait_init(&wait[i]);
	uint64_t first = start(fetcher, silent, 0, on_done, &wait[0]);
	assert_true(first != 0);
	assert_true(start(fetcher, page, 0, on_done, &wait[1]) != 0);
	uint64_t third = start(fetcher, page, 0, on_done, &wait[2]);
	assert_true(third != 0);
	assert_true(start(fetcher, page, 0, on_done, &wait[3]) == 0);
	size_t active, waiting;
	fetcher_load(fetcher, &active, &waiting);
	assert_int_equal(active + waiting, 3);
	fetch_cancel(fetcher, third);
	wait_for(&wait[2]);
	assert_int_equal(wait[2].result.status, FETCH_CANCELLED);
	wait_init(&wait[2]);
	/* Its room comes free just after its callback. */
	while (start(fetcher, page, now_ms() + 50, on_done, &wait[2]) == 0)
		usleep(1000);
	wait_for(&wait[2]);
	assert_int_equal(wait[2].result.status, FETCH_BUSY);
	/* The slot goes to the one that waits. */
	fetch_cancel(fetcher, first);
	wait_for(&wait[0]);
	assert_int_equal(wait[0].result.status, FETCH_CANCELLED);
	wait_for(&wait[1]);
	assert_int_equal(wait[1].result.status, FETCH_OK);
	free(wait[1].result.body);
	fetch_cancel(fetcher, first);
	fetch_cancel(fetcher, 12345);
	fetcher_free(fetcher);
	assert_int_equal(wait[0].calls, 1);
	assert_int_equal(wait[3].calls, 0);

	/* All bodies together. */
	struct budget budget = {.max_bytes = 1000};
	options.budget = &budget;
	fetcher = fetcher_new(&options);
	assert_int_equal(fetch(fetcher, page, &wait[0]).status, FETCH_BUSY);
	assert_int_equal(budget.used_bytes, 0);
	/* Also one that somebody has taken and still holds. */
	budget.max_bytes = 50000;
	struct fetch_result taken = fetch(fetcher, page, &wait[0]);
	assert_int_equal(taken.status, FETCH_OK);
	assert_int_equal(budget.used_bytes, taken.body_room);
	assert_int_equal(fetch(fetcher, page, &wait[0]).status, FETCH_BUSY);
	budget_give(taken.budget, taken.body_room);
	free(taken.body);
	taken = fetch(fetcher, page, &wait[0]);
	assert_int_equal(taken.status, FETCH_OK);
	free(taken.body);
	fetcher_free(fetcher);
	origin_stop(&origin);
}

/* Stopping calls back everything that is out, wherever it is, once. */
static uint64_t start_line(struct fetcher *fetcher, const char *url, struct wait *wait)
{
	wait_init(wait);
	return fetch_start(fetcher,
			   &(struct fetch_request){
				   .url = url, .is_line = true, .callback = on_done, .arg = wait});
}

/* What the page `from` leads to; wait->result is it, where it was started. */
static uint64_t go_on(struct fetcher *fetcher, const char *url, const struct fetch_result *from,
		      struct wait *wait)
{
	wait_init(wait);
	return fetch_start(fetcher,
			   &(struct fetch_request){
				   .url = url, .from = from, .callback = on_done, .arg = wait});
}

static void test_going_on(void **state)
{
	struct origin origin;
	char base[128], silent[128];
	struct wait wait, other[2];
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	options.max_redirects = 5;
	options.timeout_ms = 60000;
	struct fetcher *fetcher = fetcher_new(&options);
	snprintf(base, sizeof base, "http://127.0.0.1:%u/a/b?c", origin.port);
	snprintf(silent, sizeof silent, "http://127.0.0.1:%u/silent", origin.port);

	struct fetch_result from = {.url = base, .redirects = 4, .used_us = 1000};
	assert_true(go_on(fetcher, "../page", &from, &wait) != 0);
	wait_for(&wait);
	assert_int_equal(wait.result.status, FETCH_OK);
	assert_int_equal(wait.result.redirects, 5);
	assert_int_equal(wait.result.used_us, wait.result.elapsed_us + 1000);
	free(wait.result.body);

	from.redirects = 5;
	assert_true(go_on(fetcher, "../page", &from, &wait) != 0);
	wait_for(&wait);
	assert_int_equal(wait.result.status, FETCH_STATUS);
	assert_int_equal(wait.result.actual, 6);

	/* However many cookies there were. */
	struct curl_slist *cookies = NULL;
	for (int i = 0; i < 40; i++) {
		char cookie[1100];
		snprintf(cookie, sizeof cookie, "127.0.0.1\tFALSE\t/x\tFALSE\t0\tn%d\t%01000d", i,
			 0);
		cookies = curl_slist_append(cookies, cookie);
	}
	from = (struct fetch_result){.url = base, .cookies = cookies};
	assert_true(go_on(fetcher, "/page", &from, &wait) != 0);
	wait_for(&wait);
	assert_int_equal(wait.result.status, FETCH_OK);
	assert_in_range(wait.cookie_bytes, 15 * 1024, 16 * 1024);
	free(wait.result.body);
	curl_slist_free_all(cookies);

	/* The time that is left is that of all hops. */
	from = (struct fetch_result){.url = base, .used_us = 60000 * 1000};
	assert_true(go_on(fetcher, "/silent", &from, &wait) != 0);
	wait_for(&wait);
	assert_int_equal(wait.result.status, FETCH_TIMEOUT);
	assert_int_equal(wait.result.limit, 60000);
	assert_true(wait.result.actual >= 60000);
	fetcher_free(fetcher);

	/* What was let in goes on, although nobody else is let in. */
	options.max_parallel = options.max_waiting = 1;
	fetcher = fetcher_new(&options);
	from.used_us = 0;
	wait_init(&other[0]);
	wait_init(&other[1]);
	uint64_t first = start(fetcher, silent, 0, on_done, &other[0]);
	uint64_t second = start(fetcher, silent, 0, on_done, &other[1]);
	assert_true(start(fetcher, silent, 0, on_done, &wait) == 0);
	assert_true(go_on(fetcher, "/page", &from, &wait) != 0);
	fetch_cancel(fetcher, first);
	fetch_cancel(fetcher, second);
	wait_for(&wait);
	assert_int_equal(wait.result.status, FETCH_OK);
	free(wait.result.body);
	fetcher_free(fetcher);
	origin_stop(&origin);
}

static void wait_for_active(struct fetcher *fetcher, size_t count)
{
	size_t active = 0, waiting;
	while (active != count) {
		fetcher_load(fetcher, &active, &waiting);
		usleep(1000);
	}
}

/* However many lines there are, and however long theirs take, a request gets its slot. */
static void test_lines(void **state)
{
	struct origin origin;
	char silent[128], page[128];
	struct wait line[5], wait;
	uint64_t id[5];
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	options.max_parallel = 3;
	options.max_waiting = 1;
	snprintf(silent, sizeof silent, "http://127.0.0.1:%u/silent", origin.port);
	snprintf(page, sizeof page, "http://127.0.0.1:%u/page", origin.port);
	struct fetcher *fetcher = fetcher_new(&options);
	for (size_t i = 0; i < 4; i++)
		assert_true((id[i] = start_line(fetcher, i < 3 ? silent : page, &line[i])) != 0);
	wait_for_active(fetcher, 2);
	for (size_t i = 0; i < 3; i++) {
		struct fetch_result got = fetch(fetcher, page, &wait);
		assert_int_equal(got.status, FETCH_OK);
		free(got.body);
	}
	/* A line that a request waits for too is a request. */
	assert_int_equal(line[3].calls, 0);
	fetch_raise(fetcher, id[3]);
	wait_for(&line[3]);
	assert_int_equal(line[3].result.status, FETCH_OK);
	free(line[3].result.body);
	fetch_raise(fetcher, id[3]); /* which has ended */
	/* The slots of lines go to lines. */
	fetch_cancel(fetcher, id[0]);
	wait_for(&line[0]);
	wait_for_active(fetcher, 2);
	assert_true(start_line(fetcher, page, &line[4]) != 0);
	wait_for_active(fetcher, 2);
	assert_int_equal(line[4].calls, 0);
	/* One that runs may be raised, too: its slot is no line's then. */
	fetch_raise(fetcher, id[1]);
	wait_for(&line[4]);
	assert_int_equal(line[4].result.status, FETCH_OK);
	free(line[4].result.body);
	fetcher_free(fetcher);

	/* Requests that always wait leave one of several slots to lines all the same. */
	options.max_parallel = 2;
	options.max_waiting = 4;
	fetcher = fetcher_new(&options);
	struct wait waits[3];
	for (size_t i = 0; i < 3; i++) {
		wait_init(&waits[i]);
		assert_true((id[i] = start(fetcher, silent, 0, on_done, &waits[i])) != 0);
	}
	wait_for_active(fetcher, 2);
	for (size_t i = 3; i < 5; i++)
		assert_true(start_line(fetcher, i == 3 ? page : silent, &line[i]) != 0);
	fetch_cancel(fetcher, id[0]);
	wait_for(&line[3]);
	assert_int_equal(line[3].result.status, FETCH_OK);
	free(line[3].result.body);
	fetcher_free(fetcher);

	/* Of one slot that comes free a request has the first use. */
	options.max_parallel = 1;
	fetcher = fetcher_new(&options);
	id[0] = start_line(fetcher, silent, &line[0]);
	wait_for_active(fetcher, 1);
	id[1] = start_line(fetcher, silent, &line[1]);
	wait_init(&wait);
	assert_true(start(fetcher, page, 0, on_done, &wait) != 0);
	fetch_cancel(fetcher, id[0]);
	wait_for(&wait);
	assert_int_equal(wait.result.status, FETCH_OK);
	free(wait.result.body);
	fetcher_free(fetcher);
	origin_stop(&origin);
}

static void test_stop(void **state)
{
	enum { COUNT = 40 };
	static struct wait wait[COUNT];
	struct origin origin;
	char url[128];
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	options.max_parallel = 20;
	for (size_t round = 0; round < 5; round++) {
		stuck_may_go = 0;
		struct fetcher *fetcher = fetcher_new(&options);
		for (size_t i = 0; i < COUNT; i++) {
			static const char *const hosts[] = {"127.0.0.1", "stuck.example"};
			static const char *const paths[] = {"silent", "drip"};
			wait_init(&wait[i]);
			snprintf(url, sizeof url, "http://%s:%u/%s", hosts[i % 2], origin.port,
				 paths[i % 4 / 2]);
			assert_true(start(fetcher, url, 0, on_done, &wait[i]) != 0);
		}
		usleep((unsigned)round * 5000);
		fetcher_free(fetcher);
		for (size_t i = 0; i < COUNT; i++) {
			assert_int_equal(wait[i].calls, 1);
			assert_int_equal(wait[i].result.status, FETCH_CANCELLED);
		}
		stuck_may_go = 1;
		usleep(20000); /* the abandoned look-ups free what they held */
	}
	fetcher_free(NULL);
	origin_stop(&origin);
}

static void on_done_again(void *arg, struct fetch_result *result)
{
	static int calls;
	struct wait *wait = ((struct wait **)arg)[0];
	struct fetcher *fetcher = ((struct fetcher **)arg)[1];
	if (++calls < 3) {
		start(fetcher, result->url, 0, on_done_again, arg);
		return; /* the body is left and must be freed */
	}
	on_done(wait, result);
}

static void test_start_from_callback(void **state)
{
	struct origin origin;
	char url[128];
	struct wait wait;
	origin_start(&origin, "127.0.0.1");
	struct fetch_options options = local_options();
	options.max_parallel = 1;
	struct fetcher *fetcher = fetcher_new(&options);
	void *both[] = {&wait, fetcher};
	wait_init(&wait);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/page", origin.port);
	assert_true(start(fetcher, url, 0, on_done_again, both) != 0);
	wait_for(&wait);
	assert_int_equal(wait.result.status, FETCH_OK);
	assert_int_equal(origin.connections, 3);
	free(wait.result.body);
	fetcher_free(fetcher);
	origin_stop(&origin);
}

static void test_long_url(void **state)
{
	static char url[FETCH_URL_MAX + 32];
	struct wait wait;
	struct fetch_options options = local_options();
	struct fetcher *fetcher = fetcher_new(&options);
	memset(url, 'a', sizeof url - 1);
	memcpy(url, "http://none.example/", 20);
	assert_int_equal(fetch(fetcher, url, &wait).status, FETCH_REFUSED);
	url[FETCH_URL_MAX] = '\0';
	assert_int_equal(fetch(fetcher, url, &wait).status, FETCH_UNREACHABLE);
	fetcher_free(fetcher);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_allowed_hosts),
		cmocka_unit_test(test_own_listener),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_going_on),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_start_from_callback),
		cmocka_unit_test(test_long_url),
		cmocka_unit_test(test_crowded_name),
		cmocka_unit_test(test_from_many_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
