#include "exchange.h"
#include "monotonic.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static void pause_ms(long ms)
{
	struct timespec pause = {.tv_nsec = ms * (long)NS_PER_MS};
	nanosleep(&pause, NULL);
}

/* No more connections; those that the kernel accepted for us meanwhile are still served. */
static void close_listener(struct http *http)
{
	int socket = MHD_quiesce_daemon(http->service.daemon);
	if (socket < 0)
		return;
	while (!http->parts.socket_is_shared) {
		struct sockaddr_storage address;
		socklen_t len = sizeof(address);
		int client = accept4(socket, (struct sockaddr *)&address, &len,
				     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client < 0 && errno == EINTR)
			continue;
		if (client < 0)
			break;
		if (MHD_add_connection(http->service.daemon, client, (struct sockaddr *)&address,
				       len) != MHD_YES)
			pause_ms(1); /* at its limit: the client was closed by the library */
	}
	close(socket);
}

/* Wait until nothing is under way, twice in a row, or until the time is over. */
static bool wait_until_quiet(struct http *http, uint64_t until_ns)
{
	for (int quiet = 0; quiet < 2;) {
		size_t all, busy;
		connections_count(http->parts.connections, &all, &busy);
		quiet = busy == 0 ? quiet + 1 : 0;
		if (quiet < 2 && monotonic_ns() > until_ns)
			return false;
		pause_ms(10);
	}
	return true;
}

size_t http_drain(struct http *http, uint64_t drain_ms)
{
	uint64_t start = monotonic_ns(), until = start + drain_ms * NS_PER_MS;
	atomic_store(&http->draining, true);
	/* While what was under way is being answered the listener stays open, so that a probe sees
	 * readiness turn; a stream of new requests must not hold it open for ever. */
	while (atomic_load(&http->under_way[0]) > 0 && monotonic_ns() < start + (until - start) / 2)
		pause_ms(5);
	close_listener(http);
	if (wait_until_quiet(http, until))
		return 0;
	struct problem_report report;
	problem_set(&report, PROBLEM_NOT_READY, "The service is shutting down.");
	size_t left = atomic_load(&http->under_way[0]) + atomic_load(&http->under_way[1]);
	connections_fail_all(http->parts.connections, &report);
	wait_until_quiet(http, monotonic_ns() + 500 * NS_PER_MS);
	return left;
}
