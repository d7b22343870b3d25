#include "exchange.h"
#include "monotonic.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * When MHD_quiesce_daemon() meets an I/O thread at the wrong moment, both take the listener out of
 * the epoll set, and libmicrohttpd (at least to 1.0.1) ends the process because the second one
 * fails. If it is already out, that is fine: so this function replaces the C library's.
 */
#ifndef __SANITIZE_THREAD__ /* that sanitizer must see the real one */
int epoll_ctl(int set, int operation, int file, struct epoll_event *event)
{
	int result = (int)syscall(SYS_epoll_ctl, set, operation, file, event);
	if (operation == EPOLL_CTL_DEL && result != 0 && (errno == ENOENT || errno == EBADF))
		return 0;
	return result;
}
#endif

static void pause_ms(long ms)
{
	struct timespec pause = {.tv_nsec = ms * (long)NS_PER_MS};
	nanosleep(&pause, NULL);
}

static unsigned port_of(int socket)
{
	struct sockaddr_storage own;
	socklen_t len = sizeof(own);
	bool known = getsockname(socket, (struct sockaddr *)&own, &len) == 0;
	return known ? address_port((struct sockaddr *)&own) : 0;
}

/* Take the connections that the kernel accepted for us and nobody took yet, as new (malloc'ed)
 * `*out`; returns how many. If memory or descriptors run out, the rest is lost. */
static size_t take_backlog(int listener, int **out)
{
	size_t count = 0, room = 0;
	*out = NULL;
	for (;;) {
		if (count == room) {
			int *grown = realloc(*out, (2 * room + 64) * sizeof(**out));
			if (grown == NULL)
				return count;
			*out = grown;
			room = 2 * room + 64;
		}
		int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client >= 0)
			(*out)[count++] = client;
		else if (errno != EINTR && errno != ECONNABORTED)
			return count;
	}
}

/* libmicrohttpd closes the client if it does not take it. */
static void hand_over(struct http *http, int client)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	if (getpeername(client, (struct sockaddr *)&address, &len) != 0)
		close(client); /* it has left */
	else
		MHD_add_connection(http->service.daemon, client, (struct sockaddr *)&address, len);
}

/* Would libmicrohttpd take one more, while we still hold `left`? */
static bool has_room(struct http *http, unsigned port, size_t left)
{
	/* Uses its own count, which lags behind ours when a connection has closed. */
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(http->service.daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
	return info != NULL && info->num_connections < connections_max(http->parts.connections) &&
	       connections_unknown(http->parts.connections, port) <= left;
}

/*
 * Accept no more connections. Those that the kernel has accepted for us are still served while
 * there is time. Returns the port that was listened on.
 *
 * They are handed over one by one, each after the I/O threads have taken the one before: if several
 * wait and one finds the limit reached, libmicrohttpd 0.9.75 returns with a lock held, and the I/O
 * thread never gets it again.
 */
static unsigned close_listener(struct http *http, uint64_t until_ns)
{
	int socket = MHD_quiesce_daemon(http->service.daemon);
	if (socket < 0)
		return 0;
	unsigned port = port_of(socket);
	int *clients = NULL;
	size_t count = http->parts.socket_is_shared ? 0 : take_backlog(socket, &clients);
	close(socket);
	for (size_t i = 0; i < count; i++) {
		bool room;
		while (!(room = has_room(http, port, count - i)) && monotonic_ns() < until_ns)
			pause_ms(1);
		if (room)
			hand_over(http, clients[i]);
		else
			close(clients[i]);
	}
	free(clients);
	return port;
}

/* Is nothing under way? An accepted connection that its I/O thread has not taken yet counts,
 * too. */
static bool is_quiet(struct http *http, unsigned port)
{
	size_t all, busy;
	if (connections_unknown(http->parts.connections, port) > 0)
		return false;
	connections_count(http->parts.connections, &all, &busy);
	return busy == 0;
}

/* Wait until nothing is under way five times in a row, or until the time is over. Once is not
 * enough: neither count sees bytes that were read from a socket but are no request yet, and an I/O
 * thread may lose its core in between. */
static bool wait_until_quiet(struct http *http, unsigned port, uint64_t until_ns)
{
	for (int quiet = 0; quiet < 5;) {
		quiet = is_quiet(http, port) ? quiet + 1 : 0;
		if (quiet < 5 && monotonic_ns() > until_ns)
			return false;
		pause_ms(10);
	}
	return true;
}

bool drain_requests(struct http *http, uint64_t until_ns)
{
	size_t all, busy;
	atomic_store(&http->ended, true);
	while (connections_count(http->parts.connections, &all, &busy), busy > 0) {
		if (monotonic_ns() > until_ns)
			return false;
		pause_ms(1);
	}
	return true;
}

size_t http_drain(struct http *http, uint64_t drain_ms)
{
	uint64_t start = monotonic_ns(), until = start + drain_ms * NS_PER_MS;
	atomic_store(&http->draining, true);
	/* The listener stays open while requests under way are answered, so that a probe sees
	 * readiness turn; but a stream of new requests must not keep it open for ever. */
	while (atomic_load(&http->under_way[0]) > 0 && monotonic_ns() < start + (until - start) / 2)
		pause_ms(5);
	unsigned port = close_listener(http, until);
	if (wait_until_quiet(http, port, until) && drain_requests(http, until))
		return 0;
	struct problem_report report;
	problem_set(&report, PROBLEM_NOT_READY, "The service is shutting down.");
	size_t left = atomic_load(&http->under_way[0]) + atomic_load(&http->under_way[1]);
	connections_fail_all(http->parts.connections, &report);
	batches_end_all(http->batches, &report);
	if (!drain_requests(http, monotonic_ns() + DRAIN_LAST_MS * NS_PER_MS))
		connections_cut_all(http->parts.connections);
	return left;
}
