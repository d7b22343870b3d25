#include "redis_url.h"

#include "core/ascii.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_PORT 6379
#define DATABASE_MAX 1000000

/* Decode percent-encoding into `out`, which has room for `max` bytes and a NUL; the result must
 * not contain a NUL. */
static bool decode(const char *at, const char *end, char *out, size_t max)
{
	size_t len = 0;
	while (at < end) {
		char c = *at++;
		if (c == '%') {
			unsigned high, low;
			if (end - at < 2 || (high = ascii_digit(at[0])) == 16 ||
			    (low = ascii_digit(at[1])) == 16)
				return false;
			c = (char)(high << 4 | low);
			at += 2;
		}
		if (c == '\0' || len == max)
			return false;
		out[len++] = c;
	}
	out[len] = '\0';
	return true;
}

/* Digits alone, from `at` to `end`, not above `max`. */
static bool read_number(const char *at, const char *end, unsigned max, unsigned *out)
{
	unsigned n = 0;
	if (at == end)
		return false;
	for (; at < end; at++) {
		if (!ascii_is_digit(*at) || (n = 10 * n + (unsigned)(*at - '0')) > max)
			return false;
	}
	*out = n;
	return true;
}

/* Read "user:password@" in front, if present; a user without a password is refused, as it would
 * not log in at all. */
static bool read_login(const char **at, const char *end, struct redis_address *out)
{
	const char *sign = memrchr(*at, '@', (size_t)(end - *at));
	if (sign == NULL)
		return true;
	const char *colon = memchr(*at, ':', (size_t)(sign - *at));
	if (colon == NULL || colon + 1 == sign || !decode(*at, colon, out->user, REDIS_NAME_MAX) ||
	    !decode(colon + 1, sign, out->password, REDIS_PASSWORD_MAX))
		return false;
	*at = sign + 1;
	return true;
}

static bool is_host_character(char c)
{
	return ascii_is_alnum(c) || ascii_is_in(c, ".-_");
}

static bool read_host(const char *at, const char *end, struct redis_address *out)
{
	const char *host = at, *host_end;
	if (at < end && *at == '[') {
		host++;
		host_end = memchr(at, ']', (size_t)(end - at));
		if (host_end == NULL)
			return false;
		at = host_end + 1;
	} else {
		while (at < end && is_host_character(*at))
			at++;
		host_end = at;
	}
	size_t len = (size_t)(host_end - host);
	if (len == 0 || len > REDIS_HOST_MAX)
		return false;
	memcpy(out->host, host, len);
	out->host[len] = '\0';
	out->port = DEFAULT_PORT;
	if (at == end)
		return true;
	return *at == ':' && read_number(at + 1, end, 65535, &out->port) && out->port > 0;
}

static bool read_server(const char *at, struct redis_address *out)
{
	const char *end = at + strcspn(at, "/?#"), *rest = end + (*end == '/');
	if (!read_login(&at, end, out) || !read_host(at, end, out))
		return false;
	return *rest == '\0' || (*end == '/' && read_number(rest, rest + strlen(rest), DATABASE_MAX,
							    &out->database));
}

static bool read_socket(const char *at, struct redis_address *out)
{
	const char *end = at + strcspn(at, "?"), *start = at + strcspn(at, "/");
	if (start >= end || !read_login(&at, start, out) || at != start ||
	    !decode(start, end, out->path, REDIS_PATH_MAX))
		return false;
	return *end == '\0' ||
	       (strncmp(end, "?db=", 4) == 0 &&
		read_number(end + 4, end + strlen(end), DATABASE_MAX, &out->database));
}

bool redis_url_parse(const char *text, struct redis_address *out)
{
	static const struct {
		const char *scheme;
		bool tls, is_socket;
	} schemes[] = {{"redis://", false, false},
		       {"rediss://", true, false},
		       {"unix://", false, true},
		       {"redis+unix://", false, true}};
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t len = strlen(schemes[i].scheme);
		if (strncmp(text, schemes[i].scheme, len) != 0)
			continue;
		out->tls = schemes[i].tls;
		return schemes[i].is_socket ? read_socket(text + len, out)
					    : read_server(text + len, out);
	}
	return false;
}

const char *redis_url_show(const struct redis_address *address, char out[REDIS_URL_SHOWN_MAX])
{
	const char *login = address->password[0] == '\0' ? "" : "***@";
	bool is_v6 = strchr(address->host, ':') != NULL;
	if (address->path[0] != '\0')
		snprintf(out, REDIS_URL_SHOWN_MAX, "unix://%s%s?db=%u", login, address->path,
			 address->database);
	else
		snprintf(out, REDIS_URL_SHOWN_MAX, "%s://%s%s%s%s:%u/%u",
			 address->tls ? "rediss" : "redis", login, is_v6 ? "[" : "", address->host,
			 is_v6 ? "]" : "", address->port, address->database);
	return out;
}
