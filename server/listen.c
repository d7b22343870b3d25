#include "listen.h"

#include "address.h"
#include "log.h"
#include "systemd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096

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

const char *listen_text(const struct sockaddr_storage *address, char out[LISTEN_TEXT_MAX])
{
	char host[INET6_ADDRSTRLEN] = "";
	if (address->ss_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		snprintf(out, LISTEN_TEXT_MAX, "[%s]:%u", host, ntohs(v6->sin6_port));
	} else {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		snprintf(out, LISTEN_TEXT_MAX, "%s:%u", host, ntohs(v4->sin_port));
	}
	return out;
}

static const char *const listen_flags[] = {"listen", "admin-listen"};

static const struct listen_address *asked(const struct config *config, size_t i)
{
	return i == 0 ? &config->listen : &config->admin_listen;
}

static void find_address(struct listeners *all, size_t i)
{
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	if (all->socket[i] < 0 || getsockname(all->socket[i], (struct sockaddr *)&bound, &len) != 0)
		return;
	listen_text(&bound, all->text[i]);
	all->port[i] = address_port((struct sockaddr *)&bound);
}

/* A socket that was handed over replaces the option, which may name another address. */
static void warn_if_ignored(const struct config *config, const struct listeners *all, size_t i)
{
	const struct listen_address *address = asked(config, i);
	char text[LISTEN_TEXT_MAX];
	if (config_given(config, listen_flags[i]) && address->len > 0 &&
	    strcmp(listen_text(&address->address, text), all->text[i]) != 0)
		log_event(LOG_WARN, "option_ignored",
			  ",\"option\":\"%s\",\"value\":\"%s\",\"socket_handed_over\":\"%s\"",
			  listen_flags[i], text, all->text[i]);
}

/* Open one socket; an option that names no address gets none. */
static bool open_one(const struct config *config, struct listeners *all, size_t i)
{
	const struct listen_address *address = asked(config, i);
	char text[LISTEN_TEXT_MAX];
	if (address->len == 0)
		return true;
	all->socket[i] = listen_on(address, BACKLOG, config->reuse_port);
	if (all->socket[i] >= 0)
		return true;
	int error = errno;
	fprintf(stderr, "precis: --%s: cannot listen on %s: %s\n", listen_flags[i],
		listen_text(&address->address, text), strerror(error));
	return false;
}

bool listen_open(const struct config *config, struct listeners *out)
{
	*out = (struct listeners){.socket = {-1, -1}};
	int given = systemd_listeners(out->socket);
	if (given < 0) {
		fputs("precis: LISTEN_FDS: one or two listening TCP sockets are wanted, and no "
		      "other\n",
		      stderr);
		return false;
	}
	out->handed_over = given > 0;
	for (size_t i = 0; i < 2; i++) {
		bool is_given = (int)i < given;
		if (!is_given && !open_one(config, out, i))
			return false;
		find_address(out, i);
		if (is_given)
			warn_if_ignored(config, out, i);
	}
	return true;
}
