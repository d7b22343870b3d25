/*
 * Sends raw bytes to the running HTTP side: libmicrohttpd, admission, bodies, batches, cache,
 * workers, on a loopback port of this process. The input is what one client sends; the byte 0xFF,
 * which no well-formed request has, ends a packet. Only well-formed answers may come back.
 */
#include "fuzz.h"

#include "server/http.h"
#include "server/listen.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_storage address;
static socklen_t address_len;

static void serve(const struct config *config)
{
	struct listen_address any = {.len = sizeof(struct sockaddr_in)};
	*(struct sockaddr_in *)&any.address = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = listen_on(&any, 64, false);
	address_len = sizeof(address);
	HOLDS(listener >= 0);
	HOLDS(getsockname(listener, (struct sockaddr *)&address, &address_len) == 0);

	workers_prepare();
	static struct budget bodies = {.max_bytes = 1 << 20};
	const struct fetch_options fetch = {.allow_hosts = ""};
	const struct worker_options work = {
		.count = 1, .max_text_bytes = 1 << 20, .job_memory_bytes = (size_t)128 << 20};
	struct http_parts parts = {.config = config,
				   .connections = connections_new(config->connections),
				   .cache = cache_new(1 << 20),
				   .queue = queue_new(config->queue, 0, 0),
				   .keys = keys_new(),
				   .metrics = metrics_new(),
				   .bodies = &bodies,
				   .rate = rate_new((struct rate_rule){0}),
				   .fetcher = fetcher_new(&fetch)};
	HOLDS(parts.queue != NULL && parts.fetcher != NULL && parts.connections != NULL);
	parts.workers = workers_new(&work, parts.queue, parts.fetcher, parts.metrics);
	HOLDS(parts.workers != NULL && http_new(&parts, listener, -1) != NULL);
}

static void start(void)
{
	static struct config config;
	/* Short limits, so that the service itself cuts a client that sends nothing more. */
	static char command[][20] = {"precis", "--deadline-ms=300", "--keepalive-ms=100",
				     "--max-body=64K", "--workers=1"};
	static char origins[] = "--cors-origins=https://a.example";
	static char proxies[] = "--trust-proxies=127.0.0.1";
	char *argv[] = {command[0], command[1], command[2], command[3],
			command[4], origins,    proxies};
	if (address_len > 0)
		return;
	signal(SIGPIPE, SIG_IGN);
	HOLDS(config_read(&config, 7, argv, stderr, stderr) == CONFIG_RUN);
	serve(&config);
}

static int connect_to_it(void)
{
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	HOLDS(client >= 0);
	HOLDS(connect(client, (struct sockaddr *)&address, address_len) == 0);
	return client;
}

/* The service may close before all is sent; then the rest is not needed. */
static void send_all(int client, const uint8_t *at, size_t len)
{
	while (len > 0) {
		const uint8_t *end = memchr(at, 0xFF, len);
		size_t packet = end == NULL ? len : (size_t)(end - at);
		if (packet > 0 && send(client, at, packet, MSG_NOSIGNAL) < 0)
			return;
		packet += end != NULL;
		at += packet;
		len -= packet;
	}
	shutdown(client, SHUT_WR);
}

/* Receive everything until the service closes; cut to `room`. */
static struct span receive_all(int client, char *out, size_t room)
{
	char rest[4096];
	size_t len = 0;
	ssize_t n;
	while ((n = len < room ? recv(client, out + len, room - len, 0)
			       : recv(client, rest, sizeof(rest), 0)) > 0)
		len += len < room ? (size_t)n : 0;
	return (struct span){out, len};
}

/* The length of one head with its empty line; 0 if the client left before it was complete. */
static size_t check_head(struct span answer)
{
	static const char version[] = "HTTP/1.";
	HOLDS(answer.len < strlen(version) || memcmp(answer.at, version, strlen(version)) == 0);
	const char *end = memmem(answer.at, answer.len, "\r\n\r\n", 4);
	if (end == NULL)
		return 0;
	for (const char *at = answer.at; at < end; at++) {
		HOLDS((unsigned char)*at >= ' ' || *at == '\t' || *at == '\r' || *at == '\n');
		HOLDS((*at == '\r') == (at[1] == '\n') && *at != 0x7F);
	}
	return (size_t)(end - answer.at) + 4;
}

/* The number after `name` in the head, or `otherwise`. */
static size_t number_of(struct span head, const char *name, size_t otherwise)
{
	const char *at = memmem(head.at, head.len, name, strlen(name));
	return at == NULL ? otherwise : strtoul(at + strlen(name), NULL, 10);
}

/* Does libmicrohttpd itself answer, and close? Version 0.9.75 sends such a head twice. */
static bool is_library_answer(struct span head)
{
	static const char ours[] = "\r\nX-Request-Id: ";
	return memmem(head.at, head.len, ours, strlen(ours)) == NULL;
}

/* Check one answer after the other. Answers to HEAD have a length and no body: if the input may
 * be a HEAD, only the first head is checked. */
static void check_answers(struct span all, bool may_be_head)
{
	while (all.len > 0) {
		size_t head = check_head(all);
		size_t body = number_of(span_slice(all, 0, head), "\r\nContent-Length: ", all.len);
		if (head == 0 || may_be_head || body >= all.len - head ||
		    is_library_answer(span_slice(all, 0, head)))
			return;
		all = span_slice(all, head + body, all.len);
	}
}

static void send_and_check(const uint8_t *data, size_t size)
{
	static char out[1 << 18];
	int client = connect_to_it();
	send_all(client, data, size);
	struct span all = receive_all(client, out, sizeof(out));
	close(client);
	check_answers(all, memmem(data, size, "HEAD", 4) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char probe[] = "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	static unsigned count;
	static char out[1024];
	start();
	send_and_check(data, size);
	if (count++ % 64 == 0) { /* check that it still serves */
		int client = connect_to_it();
		send_all(client, (const uint8_t *)probe, strlen(probe));
		struct span all = receive_all(client, out, sizeof(out));
		close(client);
		HOLDS(all.len > 12 && memcmp(all.at, "HTTP/1.1 200", 12) == 0);
	}
	return 0;
}
