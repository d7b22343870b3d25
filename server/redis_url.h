#ifndef SERVER_REDIS_URL_H
#define SERVER_REDIS_URL_H

#include <stdbool.h>
#include <stddef.h>

enum { REDIS_HOST_MAX = 253, REDIS_PATH_MAX = 107, REDIS_NAME_MAX = 128, REDIS_PASSWORD_MAX = 512 };

/** Where a Redis or Valkey server is, and as whom to speak to it. */
struct redis_address {
	bool tls;
	char path[REDIS_PATH_MAX + 1]; /* of a Unix socket; empty: host and port apply */
	char host[REDIS_HOST_MAX + 1]; /* a name or an address, IPv6 without brackets */
	unsigned port, database;
	char user[REDIS_NAME_MAX + 1];         /* empty: the server's default user */
	char password[REDIS_PASSWORD_MAX + 1]; /* empty: none */
};

/**
 * Read redis://, rediss:// (TLS): //[[user]:password@]host[:port][/database], and unix:// or
 * redis+unix://: //[[user]:password@]/path[?db=database]. User, password and path may be
 * percent-encoded. False, with `out` undefined, for anything else.
 */
bool redis_url_parse(const char *text, struct redis_address *out);

enum { REDIS_URL_SHOWN_MAX = REDIS_HOST_MAX + 64 };

/** The address as a URL with *** in place of user and password; returns `out`. */
const char *redis_url_show(const struct redis_address *address, char out[REDIS_URL_SHOWN_MAX]);

#endif
