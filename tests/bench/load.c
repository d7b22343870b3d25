/* Sends a fixed number of requests a second, whatever the server does.
 *
 * usage: load PORT PATH BODIES CONNECTIONS RATE SECONDS
 *
 * BODIES: a file with a JSON body a line, sent in turn by POST to 127.0.0.1; "-" sends GETs.
 * Request number i is due at i / RATE seconds, and its latency counts from then, even if no
 * connection was free or this program was late: a server that stalls is charged for all requests
 * that it kept waiting (Gil Tene's "coordinated omission"). RATE 0 sends nothing: CONNECTIONS are
 * opened and held until standard input ends.
 *
 * Prints one JSON object: requests answered, errors (other statuses than 200, lost connections),
 * the rate reached, and latencies in milliseconds. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000ull

enum { HEAD_BYTES = 8192, EVENTS = 256, GRACE_S = 10 };

struct client {
	int socket;
	struct client *next; /* in the queue of free ones */
	uint64_t due_ns;
	const char *left; /* of the request */
	size_t left_len;
	char head[HEAD_BYTES];
	size_t head_len;
	uint64_t body_left;
	bool in_body, refused;
};

struct request {
	char *at;
	size_t len;
};

struct load {
	int epoll;
	struct client *clients, *free, **free_end;
	struct request *requests;
	size_t request_count, connections;
	uint64_t start_ns, planned, sent, answered, errors;
	double rate;
	uint32_t *latency_us;
};

static uint64_t now_ns(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (uint64_t)at.tv_sec * NS_PER_S + (uint64_t)at.tv_nsec;
}

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* -------------------------------------------------------------- requests */

static void add_request(struct load *load, const char *path, const char *body, ssize_t len)
{
	load->requests =
		realloc(load->requests, (load->request_count + 1) * sizeof *load->requests);
	struct request *request = &load->requests[load->request_count++];
	request->at = malloc((size_t)len + strlen(path) + 256);
	if (request->at == NULL)
		fail("load: memory");
	int head =
		body == NULL
			? sprintf(request->at, "GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", path)
			: sprintf(request->at,
				  "POST %s HTTP/1.1\r\nHost: bench\r\n"
				  "Content-Type: application/json\r\nContent-Length: %zd\r\n\r\n",
				  path, len);
	memcpy(request->at + head, body == NULL ? "" : body, (size_t)len);
	request->len = (size_t)head + (size_t)len;
}

static void read_requests(struct load *load, const char *path, const char *file_name)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	if (strcmp(file_name, "-") == 0) {
		add_request(load, path, NULL, 0);
		return;
	}
	FILE *file = fopen(file_name, "r");
	if (file == NULL)
		fail(file_name);
	while ((len = getline(&line, &room, file)) > 0)
		add_request(load, path, line, line[len - 1] == '\n' ? len - 1 : len);
	fclose(file);
	free(line);
}

/* ----------------------------------------------------------- connections */

static void connect_client(struct load *load, struct client *client, unsigned short port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int on = 1;
	client->socket = socket(AF_INET, SOCK_STREAM, 0);
	if (client->socket < 0 ||
	    connect(client->socket, (struct sockaddr *)&address, sizeof address) != 0)
		fail("load: connect");
	setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	fcntl(client->socket, F_SETFL, O_NONBLOCK);
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = client};
	epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->socket, &event);
}

/* The one that has been free longest comes first, so that all take part. */
static void set_free(struct load *load, struct client *client)
{
	client->next = NULL;
	*load->free_end = client;
	load->free_end = &client->next;
}

static struct client *take_free(struct load *load)
{
	struct client *client = load->free;
	load->free = client->next;
	if (load->free == NULL)
		load->free_end = &load->free;
	return client;
}

static void send_more(struct client *client)
{
	while (client->left_len > 0) {
		ssize_t n = send(client->socket, client->left, client->left_len, MSG_NOSIGNAL);
		if (n <= 0)
			return; /* full: the next EPOLLOUT goes on; lost: the next read shows it */
		client->left += n;
		client->left_len -= (size_t)n;
	}
}

static void send_due(struct load *load)
{
	uint64_t now = now_ns();
	while (load->free != NULL && load->sent < load->planned) {
		uint64_t due = load->start_ns + (uint64_t)((double)load->sent / load->rate * 1e9);
		if (due > now)
			return;
		struct client *client = take_free(load);
		const struct request *request = &load->requests[load->sent++ % load->request_count];
		client->due_ns = due;
		client->left = request->at;
		client->left_len = request->len;
		client->head_len = 0;
		client->in_body = false;
		send_more(client);
	}
}

/* --------------------------------------------------------------- answers */

static void finish(struct load *load, struct client *client)
{
	uint64_t us = (now_ns() - client->due_ns) / 1000;
	load->latency_us[load->answered++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
	load->errors += client->refused;
	set_free(load, client);
}

/* Looks for the end of the head; what follows it is counted as body. */
static void read_head(struct client *client, size_t more)
{
	client->head_len += more;
	client->head[client->head_len] = '\0';
	char *end = strstr(client->head, "\r\n\r\n");
	if (end == NULL)
		return;
	const char *length = strcasestr(client->head, "\r\nContent-Length:");
	uint64_t whole = length == NULL ? 0 : strtoull(length + 17, NULL, 10);
	uint64_t have = client->head_len - (size_t)(end + 4 - client->head);
	client->refused = strncmp(client->head, "HTTP/1.1 200", 12) != 0;
	client->in_body = true;
	client->body_left = whole - (have < whole ? have : whole);
}

/* False when the connection is lost. */
static bool receive(struct load *load, struct client *client)
{
	char body[65536];
	for (;;) {
		ssize_t n = client->in_body ? recv(client->socket, body, sizeof body, 0)
					    : recv(client->socket, client->head + client->head_len,
						   HEAD_BYTES - 1 - client->head_len, 0);
		if (n < 0)
			return errno == EAGAIN;
		if (n == 0)
			return false;
		if (client->in_body)
			client->body_left -=
				(uint64_t)n < client->body_left ? (uint64_t)n : client->body_left;
		else
			read_head(client, (size_t)n);
		if (client->in_body && client->body_left == 0) {
			client->in_body = false;
			client->head_len = 0;
			finish(load, client);
			return true;
		}
	}
}

static void wait_for_events(struct load *load)
{
	struct epoll_event events[EVENTS];
	uint64_t now = now_ns();
	uint64_t due = load->start_ns + (uint64_t)((double)load->sent / load->rate * 1e9);
	uint64_t wait = load->sent == load->planned || load->free == NULL ? NS_PER_S / 10
			: due > now                                       ? due - now
									  : 0;
	struct timespec timeout = {(time_t)(wait / NS_PER_S), (long)(wait % NS_PER_S)};
	int n = epoll_pwait2(load->epoll, events, EVENTS, &timeout, NULL);
	for (int i = 0; i < n; i++) {
		struct client *client = events[i].data.ptr;
		if (events[i].events & EPOLLOUT)
			send_more(client);
		if ((events[i].events & ~EPOLLOUT) && !receive(load, client)) {
			fprintf(stderr, "load: a connection was lost\n");
			exit(EXIT_FAILURE);
		}
	}
}

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return left < right ? -1 : left > right;
}

static double percentile(const struct load *load, double share)
{
	if (load->answered == 0)
		return 0;
	return load->latency_us[(size_t)(share * (double)(load->answered - 1))] / 1e3;
}

static void run(struct load *load, double seconds)
{
	load->start_ns = now_ns();
	load->planned = (uint64_t)(load->rate * seconds);
	load->latency_us = calloc(load->planned + 1, sizeof *load->latency_us);
	uint64_t until = load->start_ns + (uint64_t)((seconds + GRACE_S) * 1e9);
	while (load->answered < load->planned && now_ns() < until) {
		send_due(load);
		wait_for_events(load);
	}
	double took = (double)(now_ns() - load->start_ns) / 1e9;
	qsort(load->latency_us, load->answered, sizeof *load->latency_us, compare);
	printf("{\"requests\": %llu, \"errors\": %llu, \"rate\": %.1f, \"p50\": %.3f, \"p90\": "
	       "%.3f, "
	       "\"p99\": %.3f, \"p999\": %.3f, \"max\": %.3f}\n",
	       (unsigned long long)load->answered,
	       (unsigned long long)(load->errors + load->planned - load->answered),
	       (double)load->answered / took, percentile(load, 0.5), percentile(load, 0.9),
	       percentile(load, 0.99), percentile(load, 0.999), percentile(load, 1));
}

int main(int argc, char **argv)
{
	if (argc != 7) {
		fprintf(stderr, "usage: load PORT PATH BODIES CONNECTIONS RATE SECONDS\n");
		return EXIT_FAILURE;
	}
	struct load load = {.connections = strtoul(argv[4], NULL, 10), .rate = atof(argv[5])};
	load.free_end = &load.free;
	load.epoll = epoll_create1(0);
	load.clients = calloc(load.connections, sizeof *load.clients);
	struct rlimit files;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	prctl(PR_SET_TIMERSLACK, 1ul); /* waits end on time */
	read_requests(&load, argv[2], argv[3]);
	for (size_t i = 0; i < load.connections; i++) {
		connect_client(&load, &load.clients[i], (unsigned short)atoi(argv[1]));
		set_free(&load, &load.clients[i]);
	}
	if (load.rate > 0) {
		run(&load, atof(argv[6]));
		return EXIT_SUCCESS;
	}
	printf("{\"connections\": %zu}\n", load.connections);
	fflush(stdout);
	while (getchar() != EOF)
		;
	return EXIT_SUCCESS;
}
