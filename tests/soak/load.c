/*
 * Sends a plan of raw HTTP requests over many connections and counts what comes back.
 *
 *   load PORT CONNECTIONS REQUESTS RATE [SECONDS] < PLAN
 *
 * The plan is a sequence of records: a line "NAME STATUS[,STATUS…] LEN", then LEN bytes that are
 * sent as they are, except that @@@@@@@@ becomes the number of the request. Records are sent in
 * turn. STATUS - means: send, and leave without waiting for an answer; + after the list: no answer
 * is fine too (the service closes).
 *
 * RATE 0: each connection sends its next request when it has its answer. Otherwise request i is due
 * at i/RATE seconds whatever happened to those before it, and its latency counts from that moment,
 * even while it waits here for a free connection: a service that stalls cannot hide it by slowing
 * down its client (coordinated omission). Requests of the first SECONDS (0) are left out of the
 * latencies but are still counted.
 *
 * It ends when REQUESTS are sent and answered, or when nobody listens any more. One line of JSON
 * tells what happened; exit 1 when an answer was none that the plan expected.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_STATUSES 6
#define HEAD_BYTES 16384
#define NEVER UINT64_MAX

struct record {
	char name[40];
	unsigned statuses[MAX_STATUSES];
	size_t status_count;
	bool leaves, may_close;
	char *bytes;
	size_t len;
	size_t number_at; /* SIZE_MAX: it has no number */
	uint64_t answered[600];
};

struct connection {
	int socket; /* -1: not connected */
	bool busy, reused;
	struct record *record;
	char *out;
	size_t out_len, out_at, out_room;
	char head[HEAD_BYTES + 1]; /* head of the answer */
	size_t head_len;
	bool head_done, until_close, closes;
	unsigned status;
	uint64_t body_left, due_ns;
	char tail[5]; /* the last bytes of an answer that ends with its connection */
};

/* Log-linear: 64 buckets per doubling, so that each value is known to 2%. */
enum { STEPS = 64, BUCKETS = 40 * STEPS };

struct histogram {
	uint64_t count, max_us, buckets[BUCKETS];
};

static struct {
	int poll;
	struct sockaddr_in address;
	struct record *records;
	size_t record_count;
	struct connection *connections;
	size_t connection_count, busy;
	size_t *idle; /* stack of free connections */
	size_t idle_count;
	uint64_t sent, wanted, answered, left, unanswered, broken, unexpected, refused_connects;
	uint64_t start_ns, warm_ns, interval_ns, late_ns;
	bool gone;
	struct histogram good, turned_away;
} load;

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void *need(void *at)
{
	if (at == NULL)
		die("memory");
	return at;
}

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- latencies -------------------------------------------------------------------------- */

static void observe(struct histogram *h, uint64_t ns)
{
	uint64_t us = ns / 1000;
	size_t shift = 0;
	while (us >> shift >= 2 * STEPS)
		shift++;
	size_t bucket = shift * STEPS + (size_t)(us >> shift);
	h->buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
	h->count++;
	if (us > h->max_us)
		h->max_us = us;
}

static double quantile_ms(const struct histogram *h, double q)
{
	uint64_t wanted = (uint64_t)(q * (double)h->count), seen = 0;
	for (size_t i = 0; i < BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen <= wanted)
			continue;
		size_t shift = i < 2 * STEPS ? 0 : i / STEPS - 1;
		return (double)((uint64_t)(i - shift * STEPS + 1) << shift) / 1000;
	}
	return (double)h->max_us / 1000;
}

static void print_histogram(const char *name, const struct histogram *h)
{
	printf(", \"%s\": {\"count\": %llu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
	       "\"p999_ms\": %.3f, \"max_ms\": %.3f}",
	       name, (unsigned long long)h->count, quantile_ms(h, 0.5), quantile_ms(h, 0.99),
	       quantile_ms(h, 0.999), (double)h->max_us / 1000);
}

/* ---- the plan --------------------------------------------------------------------------- */

static void read_statuses(struct record *record, char *list)
{
	size_t len = strlen(list);
	if (len > 0 && list[len - 1] == '+') {
		record->may_close = true;
		list[len - 1] = '\0';
	}
	record->leaves = strcmp(list, "-") == 0;
	for (char *at = list; !record->leaves && *at != '\0' && record->status_count < MAX_STATUSES;
	     at += *at == ',')
		record->statuses[record->status_count++] = (unsigned)strtoul(at, &at, 10);
}

static void read_plan(void)
{
	char line[256], list[128];
	size_t room = 0;
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (load.record_count == room) {
			room = room == 0 ? 64 : 2 * room;
			load.records = need(realloc(load.records, room * sizeof(*load.records)));
		}
		struct record *record = &load.records[load.record_count++];
		memset(record, 0, sizeof(*record));
		if (sscanf(line, "%39s %127s %zu", record->name, list, &record->len) != 3)
			die("a record of the plan");
		read_statuses(record, list);
		record->bytes = need(malloc(record->len + 1));
		if (fread(record->bytes, 1, record->len, stdin) != record->len)
			die("the plan ends early");
		const char *number = memmem(record->bytes, record->len, "@@@@@@@@", 8);
		record->number_at = number == NULL ? SIZE_MAX : (size_t)(number - record->bytes);
	}
	if (load.record_count == 0)
		die("an empty plan");
}

/* ---- connections ------------------------------------------------------------------------ */

static void hang_up(struct connection *c)
{
	if (c->socket >= 0)
		close(c->socket);
	c->socket = -1;
}

static void make_idle(struct connection *c)
{
	c->busy = false;
	load.busy--;
	load.idle[load.idle_count++] = (size_t)(c - load.connections);
}

static bool expected(const struct connection *c)
{
	for (size_t i = 0; i < c->record->status_count; i++)
		if (c->record->statuses[i] == c->status)
			return true;
	return false;
}

static void complain(const struct connection *c, const char *why)
{
	if (load.unexpected++ < 5)
		fprintf(stderr, "load: %s: %s, status %u\n%.*s\n", c->record->name, why, c->status,
			(int)(c->head_len < 600 ? c->head_len : 600), c->head);
}

/* A complete answer has come. */
static void answered(struct connection *c)
{
	uint64_t now = now_ns();
	load.answered++;
	c->record->answered[c->status < 600 ? c->status : 599]++;
	if (!expected(c))
		complain(c, "not expected");
	if (now - load.start_ns >= load.warm_ns) {
		if (c->status < 400)
			observe(&load.good, now - c->due_ns);
		else if (c->status == 503 || c->status == 429)
			observe(&load.turned_away, now - c->due_ns);
	}
	c->reused = true;
	if (c->closes || c->out_at < c->out_len)
		hang_up(c);
	make_idle(c);
}

/* The connection ended or failed before the answer was complete. */
static void ended(struct connection *c)
{
	hang_up(c);
	if (c->head_done && c->until_close &&
	    (strcasestr(c->head, "\nTransfer-Encoding: chunked") == NULL ||
	     memcmp(c->tail, "0\r\n\r\n", 5) == 0)) {
		answered(c);
		return;
	}
	if (c->head_len > 0) {
		load.broken++;
		complain(c, "cut in the middle of an answer");
	} else {
		load.unanswered++;
		if (!c->record->may_close)
			complain(c, "closed without an answer");
	}
	make_idle(c);
}

static bool dial(struct connection *c)
{
	int yes = 1;
	c->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->socket < 0)
		die("socket");
	if (connect(c->socket, (struct sockaddr *)&load.address, sizeof(load.address)) != 0) {
		hang_up(c);
		load.refused_connects++;
		return false;
	}
	setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	fcntl(c->socket, F_SETFL, O_NONBLOCK);
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLOUT | EPOLLET,
				    .data.ptr = c};
	if (epoll_ctl(load.poll, EPOLL_CTL_ADD, c->socket, &event) != 0)
		die("epoll_ctl");
	c->reused = false;
	return true;
}

/* ---- one request ------------------------------------------------------------------------ */

/* Fill in what the record leaves open. */
static void compose(struct connection *c, struct record *record, uint64_t number)
{
	if (record->len > c->out_room) {
		c->out_room = record->len;
		c->out = need(realloc(c->out, c->out_room));
	}
	memcpy(c->out, record->bytes, record->len);
	if (record->number_at != SIZE_MAX) {
		char digits[9];
		snprintf(digits, sizeof(digits), "%08llu",
			 (unsigned long long)(number % 100000000));
		memcpy(c->out + record->number_at, digits, 8);
	}
	c->record = record;
	c->out_len = record->len;
	c->out_at = c->head_len = 0;
	c->head_done = c->until_close = c->closes = false;
	c->status = 0;
}

static void send_more(struct connection *c)
{
	while (c->out_at < c->out_len) {
		ssize_t n =
			send(c->socket, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break; /* full, or closed: what was answered is still to be read */
		c->out_at += (size_t)n;
	}
	if (c->record->leaves && c->out_at == c->out_len) {
		load.left++;
		hang_up(c);
		make_idle(c);
	}
}

static const char *field(const struct connection *c, const char *name)
{
	const char *at = strcasestr(c->head, name);
	return at == NULL ? NULL : at + strlen(name);
}

static void read_head(struct connection *c, size_t end)
{
	c->head_done = true;
	c->head[end] = '\0';
	if (sscanf(c->head, "HTTP/%*s %u", &c->status) != 1)
		c->status = 599;
	const char *length = field(c, "\nContent-Length: ");
	c->until_close = length == NULL && c->status != 304 && c->status != 204;
	c->body_left = length == NULL ? 0 : strtoull(length, NULL, 10);
	c->closes = c->until_close || field(c, "\nConnection: close") != NULL;
}

static void keep_tail(struct connection *c, const char *at, size_t len)
{
	if (len >= sizeof(c->tail)) {
		memcpy(c->tail, at + len - sizeof(c->tail), sizeof(c->tail));
	} else {
		memmove(c->tail, c->tail + len, sizeof(c->tail) - len);
		memcpy(c->tail + sizeof(c->tail) - len, at, len);
	}
}

/* Take bytes of the answer; false once it is complete. */
static bool take(struct connection *c, const char *at, size_t len)
{
	if (!c->head_done) {
		size_t room = HEAD_BYTES - c->head_len, taken = len < room ? len : room;
		memcpy(c->head + c->head_len, at, taken);
		c->head_len += taken;
		c->head[c->head_len] = '\0';
		const char *end = strstr(c->head, "\r\n\r\n");
		if (end == NULL)
			return true;
		size_t head_len = (size_t)(end - c->head) + 4;
		size_t behind = c->head_len - head_len + (len - taken);
		read_head(c, head_len);
		at += len - behind;
		len = behind;
	}
	keep_tail(c, at, len);
	if (c->until_close)
		return true;
	c->body_left -= len < c->body_left ? len : c->body_left;
	return c->body_left > 0;
}

static void receive(struct connection *c)
{
	static char buffer[256 * 1024];
	while (c->busy && c->socket >= 0) {
		ssize_t n = recv(c->socket, buffer, sizeof(buffer), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0)
			ended(c);
		else if (!take(c, buffer, (size_t)n))
			answered(c);
	}
	if (!c->busy && c->socket >= 0) {
		/* If it was closed while idle, the next request dials again. */
		char byte;
		if (recv(c->socket, &byte, 1, MSG_PEEK) == 0)
			hang_up(c);
	}
}

static void start(uint64_t due_ns)
{
	struct connection *c = &load.connections[load.idle[--load.idle_count]];
	c->busy = true;
	load.busy++;
	compose(c, &load.records[load.sent % load.record_count], load.sent);
	if (c->socket < 0 && !dial(c)) {
		load.gone = true;
		make_idle(c);
		return;
	}
	load.sent++;
	c->due_ns = due_ns;
	send_more(c);
}

/* Start the requests that are due; returns nanoseconds until the next one, or NEVER. */
static uint64_t start_due(void)
{
	while (!load.gone && load.sent < load.wanted && load.idle_count > 0) {
		uint64_t now = now_ns(), due = now;
		if (load.interval_ns > 0) {
			due = load.start_ns + load.sent * load.interval_ns;
			if (due > now)
				return due - now;
			if (now - due > load.late_ns)
				load.late_ns = now - due;
		}
		start(due);
	}
	return NEVER;
}

static void run(void)
{
	struct epoll_event events[256];
	load.start_ns = now_ns();
	for (;;) {
		uint64_t wait_ns = start_due();
		struct timespec wait = {.tv_sec = (time_t)(wait_ns / 1000000000),
					.tv_nsec = (long)(wait_ns % 1000000000)};
		if (load.busy == 0 && (load.gone || load.sent == load.wanted))
			return;
		int n = epoll_pwait2(load.poll, events, 256, wait_ns == NEVER ? NULL : &wait, NULL);
		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;
			if (c->busy && c->out_at < c->out_len)
				send_more(c);
			if (c->socket >= 0)
				receive(c);
		}
	}
}

static void print_result(void)
{
	double seconds = (double)(now_ns() - load.start_ns) / 1e9;
	printf("{\"seconds\": %.3f, \"sent\": %llu, \"answered\": %llu, \"left\": %llu, "
	       "\"unanswered\": %llu, \"broken\": %llu, \"unexpected\": %llu, \"gone\": %s, "
	       "\"latest_ms\": %.3f",
	       seconds, (unsigned long long)load.sent, (unsigned long long)load.answered,
	       (unsigned long long)load.left, (unsigned long long)load.unanswered,
	       (unsigned long long)load.broken, (unsigned long long)load.unexpected,
	       load.gone ? "true" : "false", (double)load.late_ns / 1e6);
	print_histogram("good", &load.good);
	print_histogram("turned_away", &load.turned_away);
	const char *between = "";
	printf(", \"answers\": {");
	for (unsigned status = 0; status < 600; status++) {
		uint64_t count = 0;
		for (size_t i = 0; i < load.record_count; i++)
			count += load.records[i].answered[status];
		if (count > 0) {
			printf("%s\"%u\": %llu", between, status, (unsigned long long)count);
			between = ", ";
		}
	}
	printf("}}\n");
}

int main(int argc, char **argv)
{
	if (argc < 5) {
		fputs("usage: load PORT CONNECTIONS REQUESTS RATE [SECONDS] < PLAN\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	load.address = (struct sockaddr_in){.sin_family = AF_INET,
					    .sin_port = htons((uint16_t)atoi(argv[1])),
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	load.connection_count = strtoul(argv[2], NULL, 10);
	load.wanted = strtoull(argv[3], NULL, 10);
	double rate = strtod(argv[4], NULL);
	load.interval_ns = rate > 0 ? (uint64_t)(1e9 / rate) : 0;
	load.warm_ns = argc > 5 ? (uint64_t)(strtod(argv[5], NULL) * 1e9) : 0;
	read_plan();
	load.poll = epoll_create1(EPOLL_CLOEXEC);
	load.connections = need(calloc(load.connection_count, sizeof(*load.connections)));
	load.idle = need(calloc(load.connection_count, sizeof(*load.idle)));
	for (size_t i = load.connection_count; i-- > 0;) {
		load.connections[i].socket = -1;
		load.idle[load.idle_count++] = i;
	}
	run();
	print_result();
	return load.unexpected > 0;
}
