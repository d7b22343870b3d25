#include "systemd.h"

#include "monotonic.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_DESCRIPTOR 3

/* The value of a variable that is a plain number; -1 if it is absent or anything else. */
static long number_of(const char *variable)
{
	const char *text = getenv(variable);
	if (text == NULL || *text < '0' || *text > '9')
		return -1;
	char *rest;
	errno = 0;
	long number = strtol(text, &rest, 10);
	return errno == 0 && *rest == '\0' ? number : -1;
}

static bool is_tcp_listener(int descriptor)
{
	struct sockaddr_storage address;
	socklen_t address_len = sizeof(address);
	int listens = 0, type = 0;
	socklen_t len = sizeof(listens), type_len = sizeof(type);
	return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 &&
	       getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 &&
	       getsockname(descriptor, (struct sockaddr *)&address, &address_len) == 0 &&
	       listens != 0 && type == SOCK_STREAM &&
	       (address.ss_family == AF_INET || address.ss_family == AF_INET6);
}

static bool take(int descriptor)
{
	if (!is_tcp_listener(descriptor)) {
		errno = ENOTSOCK;
		return false;
	}
	int flags = fcntl(descriptor, F_GETFL);
	return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 &&
	       fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0;
}

int systemd_listeners(int out[SYSTEMD_MAX_LISTENERS])
{
	/* The process id shows that the sockets are meant for us and not for a parent that left
	 * the variables in its environment. */
	long count = number_of("LISTEN_PID") == (long)getpid() ? number_of("LISTEN_FDS") : 0;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (count > SYSTEMD_MAX_LISTENERS || count < 0) {
		errno = EINVAL;
		return -1;
	}
	for (int i = 0; i < count; i++) {
		out[i] = FIRST_DESCRIPTOR + i;
		if (!take(out[i]))
			return -1;
	}
	return (int)count;
}

bool systemd_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (path == NULL || (*path != '/' && *path != '@') ||
	    strlen(path) >= sizeof(address.sun_path))
		return false;
	size_t len = strlen(path);
	memcpy(address.sun_path, path, len);
	if (*path == '@')
		address.sun_path[0] = '\0';
	int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sender < 0)
		return false;
	/* Do not wait: a supervisor that reads nothing must not hold up the service. */
	ssize_t sent = sendto(sender, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
			      (const struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(sender);
	return sent == (ssize_t)strlen(state);
}

bool systemd_notify_reloading(void)
{
	/* The time lets the supervisor tell this reload from an earlier one. */
	char state[64];
	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		 monotonic_ns() / 1000);
	return systemd_notify(state);
}
