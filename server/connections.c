#include "connections.h"

#include "address.h"
#include "monotonic.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* How often the thread looks, and so how late a deadline may be noticed. */
#define TICK_MS 50
/* Tickets given up in one go; the rest follow in the next. */
#define BATCH 64
/* At the limit: how many idle connections are cut per tick, and how long they must have been
 * idle. */
#define ROOM_A_TICK 4
#define ROOM_IDLE_MS 1000

struct connection {
	struct connection *next, **link; /* link: what points here */
	int socket;
	enum connection_phase phase;
	uint64_t limit_ns, since_ns; /* of the phase */
	bool admin;                  /* on the admin's listener, which has its own limit */
	bool is_cut;
	bool ended; /* at our last look, its input had ended in the middle of a request */
	struct ticket *ticket;
};

struct connections {
	pthread_mutex_t lock; /* guards everything below */
	pthread_cond_t stop;
	pthread_t thread;
	bool stopping;
	struct connection *first;
	size_t count[2], max; /* of each listener: [false] the service's, [true] the admin's */
	unsigned ticks;
};

/* Has the client ended its input before the request was complete? libmicrohttpd does not see an
 * end that comes right after other bytes. It must be seen twice, a tick apart, because a request
 * that has just been read may not have been counted yet. */
static bool ended_early(struct connection *c)
{
	int unread = 0;
	struct pollfd poll_socket = {.fd = c->socket, .events = POLLRDHUP};
	bool before = c->ended;
	c->ended = c->phase != CONNECTION_SEND && c->phase != CONNECTION_HELD &&
		   poll(&poll_socket, 1, 0) > 0 &&
		   (poll_socket.revents & (POLLRDHUP | POLLERR | POLLHUP)) != 0 &&
		   ioctl(c->socket, FIONREAD, &unread) == 0 && unread == 0;
	return before && c->ended;
}

static bool has_unread(const struct connection *c)
{
	int unread = 0;
	ioctl(c->socket, FIONREAD, &unread);
	return unread > 0;
}

/* The I/O thread sees the end of input and closes; the descriptor stays its own. */
static void cut(struct connection *c)
{
	shutdown(c->socket, SHUT_RDWR);
	c->limit_ns = UINT64_MAX;
	c->is_cut = true;
}

/*
 * At its limit libmicrohttpd accepts nobody. So those idle for longest make room, or a thousand
 * silent clients would lock everybody out.
 */
static void make_room(struct connections *connections, bool admin, uint64_t now)
{
	for (size_t i = 0; i < ROOM_A_TICK && connections->count[admin] >= connections->max; i++) {
		struct connection *oldest = NULL;
		for (struct connection *c = connections->first; c != NULL; c = c->next)
			if (c->admin == admin && c->phase == CONNECTION_IDLE && !c->is_cut &&
			    c->since_ns + ROOM_IDLE_MS * NS_PER_MS < now &&
			    (oldest == NULL || c->since_ns < oldest->since_ns))
				oldest = c;
		if (oldest == NULL)
			return;
		/* One system call for the final candidate, not one for each on the way. */
		if (has_unread(oldest))
			oldest->since_ns = now; /* it is no longer idle */
		else
			cut(oldest);
	}
}

/* Under the lock: hold up to BATCH tickets that are late or that nobody waits for any more. */
static size_t gather(struct connections *connections, uint64_t now, struct ticket *tickets[BATCH])
{
	size_t n = 0;
	/* Thousands may be idle, so they are looked at only in two ticks of twenty. */
	bool look_at_idle = connections->ticks++ % 20 < 2;
	for (struct connection *c = connections->first; c != NULL && n < BATCH; c = c->next) {
		if (c->phase == CONNECTION_WORK) {
			if (ticket_is_pending(c->ticket) &&
			    (now > c->limit_ns || ticket_client_gone(c->ticket, now)))
				tickets[n++] = ticket_hold(c->ticket);
		} else if (now > c->limit_ns ||
			   ((c->phase == CONNECTION_BODY || look_at_idle) && ended_early(c))) {
			cut(c);
		}
	}
	make_room(connections, false, now);
	make_room(connections, true, now);
	return n;
}

/* Takes the reference. */
static void give_up(struct ticket *ticket)
{
	uint64_t now = monotonic_ns();
	if (now > ticket->deadline_ns)
		ticket_expire(ticket, now);
	else
		ticket_finish(ticket, NULL);
	ticket_release(ticket);
}

static void *watch(void *arg)
{
	struct connections *connections = arg;
	struct ticket *tickets[BATCH];
	pthread_mutex_lock(&connections->lock);
	while (!connections->stopping) {
		size_t n = gather(connections, monotonic_ns(), tickets);
		/* Finishing resumes a connection, which takes libmicrohttpd's own locks, so
		 * release ours first. */
		pthread_mutex_unlock(&connections->lock);
		for (size_t i = 0; i < n; i++)
			give_up(tickets[i]);
		pthread_mutex_lock(&connections->lock);
		if (n == BATCH)
			continue;
		const struct timespec until = monotonic_in(TICK_MS);
		pthread_cond_clockwait(&connections->stop, &connections->lock, CLOCK_MONOTONIC,
				       &until);
	}
	pthread_mutex_unlock(&connections->lock);
	return NULL;
}

struct connections *connections_new(size_t max)
{
	struct connections *connections = calloc(1, sizeof(*connections));
	if (connections == NULL)
		return NULL;
	connections->max = max;
	pthread_mutex_init(&connections->lock, NULL);
	pthread_cond_init(&connections->stop, NULL);
	if (pthread_create(&connections->thread, NULL, watch, connections) == 0)
		return connections;
	free(connections);
	return NULL;
}

size_t connections_max(const struct connections *connections)
{
	return connections->max;
}

void connections_free(struct connections *connections)
{
	if (connections == NULL)
		return;
	pthread_mutex_lock(&connections->lock);
	connections->stopping = true;
	pthread_mutex_unlock(&connections->lock);
	pthread_cond_signal(&connections->stop);
	pthread_join(connections->thread, NULL);
	pthread_cond_destroy(&connections->stop);
	pthread_mutex_destroy(&connections->lock);
	free(connections);
}

struct connection *connections_add(struct connections *connections, bool admin, int socket,
				   uint64_t limit_ns)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	if (connection == NULL)
		return NULL;
	connection->admin = admin;
	connection->socket = socket;
	connection->limit_ns = limit_ns;
	connection->since_ns = monotonic_ns();
	pthread_mutex_lock(&connections->lock);
	connection->next = connections->first;
	connection->link = &connections->first;
	if (connection->next != NULL)
		connection->next->link = &connection->next;
	connections->first = connection;
	connections->count[admin]++;
	pthread_mutex_unlock(&connections->lock);
	return connection;
}

void connections_remove(struct connections *connections, struct connection *connection)
{
	pthread_mutex_lock(&connections->lock);
	*connection->link = connection->next;
	if (connection->next != NULL)
		connection->next->link = connection->link;
	connections->count[connection->admin]--;
	pthread_mutex_unlock(&connections->lock);
	ticket_release(connection->ticket);
	free(connection);
}

int connection_socket(const struct connection *connection)
{
	return connection->socket;
}

void connections_enter(struct connections *connections, struct connection *connection,
		       enum connection_phase phase, uint64_t limit_ns, struct ticket *ticket)
{
	struct ticket *held = ticket == NULL ? NULL : ticket_hold(ticket);
	uint64_t now = monotonic_ns();
	pthread_mutex_lock(&connections->lock);
	struct ticket *before = connection->ticket;
	connection->phase = phase;
	connection->limit_ns = limit_ns;
	connection->since_ns = now;
	connection->ended = false;
	connection->ticket = held;
	pthread_mutex_unlock(&connections->lock);
	ticket_release(before);
}

void connections_count(struct connections *connections, size_t *all, size_t *busy)
{
	*busy = 0;
	pthread_mutex_lock(&connections->lock);
	*all = connections->count[false] + connections->count[true];
	for (const struct connection *c = connections->first; c != NULL; c = c->next) {
		int unread = 0;
		if (c->phase == CONNECTION_IDLE)
			ioctl(c->socket, FIONREAD, &unread);
		*busy += c->phase != CONNECTION_IDLE || unread > 0;
	}
	pthread_mutex_unlock(&connections->lock);
}

/* Is it a connected, not a listening, socket on this local port? */
static bool talks_through(int socket, unsigned port)
{
	struct sockaddr_storage own;
	int listens = 0;
	socklen_t len = sizeof(own), listens_len = sizeof(listens);
	if (getsockname(socket, (struct sockaddr *)&own, &len) != 0 ||
	    getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_len) != 0 || listens)
		return false;
	return port != 0 && address_port((struct sockaddr *)&own) == port;
}

/*
 * Count our descriptors below `*end` that do. A new one gets the lowest free number, so the end is
 * where a thousand in a row are free (the limit may be a thousand millions). One poll() says which
 * of these are open.
 */
static size_t count_talking(unsigned port, int *end)
{
	struct pollfd each[1024];
	struct rlimit limit;
	size_t found = 0, n = sizeof(each) / sizeof(each[0]);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < n)
		n = limit.rlim_cur; /* poll() takes no more than that */
	bool any = true;
	for (*end = 0; any; *end += (int)n) {
		any = false;
		for (size_t i = 0; i < n; i++)
			each[i] = (struct pollfd){.fd = *end + (int)i};
		if (poll(each, n, 0) < 0)
			break;
		for (size_t i = 0; i < n; i++) {
			if (each[i].revents & POLLNVAL)
				continue;
			any = true;
			found += talks_through(each[i].fd, port);
		}
	}
	return found;
}

size_t connections_unknown(struct connections *connections, unsigned port)
{
	int end;
	size_t known = 0;
	/* Descriptors are closed only after connections_remove(), so under the lock none is
	 * missed. */
	pthread_mutex_lock(&connections->lock);
	size_t all = count_talking(port, &end);
	for (const struct connection *c = connections->first; c != NULL; c = c->next)
		known += c->socket < end && talks_through(c->socket, port);
	pthread_mutex_unlock(&connections->lock);
	return all > known ? all - known : 0;
}

void connections_fail_all(struct connections *connections, const struct problem_report *report)
{
	struct answer *answer = answer_new_problem(report);
	struct ticket *tickets[BATCH];
	size_t n;
	do {
		n = 0;
		pthread_mutex_lock(&connections->lock);
		for (struct connection *c = connections->first; c != NULL && n < BATCH; c = c->next)
			if (c->phase == CONNECTION_WORK && ticket_is_pending(c->ticket))
				tickets[n++] = ticket_hold(c->ticket);
		pthread_mutex_unlock(&connections->lock);
		for (size_t i = 0; i < n; i++) {
			ticket_finish(tickets[i], answer);
			ticket_release(tickets[i]);
		}
	} while (n > 0);
	answer_release(answer);
}

void connections_cut_all(struct connections *connections)
{
	pthread_mutex_lock(&connections->lock);
	for (struct connection *c = connections->first; c != NULL; c = c->next)
		cut(c);
	pthread_mutex_unlock(&connections->lock);
}
