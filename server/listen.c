#include "listen.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int listen_on(const struct listen_address *address, int backlog, bool reuse_port)
{
	int on = 1;
	int listener =
		socket(address->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener < 0)
		return -1;
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (reuse_port)
		setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (bind(listener, (const struct sockaddr *)&address->address, address->len) == 0 &&
	    listen(listener, backlog) == 0)
		return listener;
	int error = errno;
	close(listener);
	errno = error;
	return -1;
}
