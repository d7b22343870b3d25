#ifndef SERVER_URL_H
#define SERVER_URL_H

#include "core/span.h"

#include <stdbool.h>

enum { URL_HOST_MAX = 253 };

/** A URL that may be requested: absolute, http or https, without credentials. */
struct url {
	char *text; /* normalised, without fragment; owned */
	bool https;
	bool literal;                /* the host is an address, not a name */
	bool no_memory;              /* not parsed, for lack of memory */
	unsigned port;               /* always set */
	char host[URL_HOST_MAX + 1]; /* lower-case ASCII, no trailing dot; IPv6 without brackets */
};

/**
 * Read `text` as a browser does (WHATWG URL), relative to `base` (NULL for none).
 *
 * 0177.1, 2130706433, full-width digits and percent-encoded hosts all come out as the address that
 * they mean; names in other scripts come out as Punycode. Refused, with false and `out` cleared:
 * schemes other than http and https, credentials, control characters anywhere, invalid UTF-8,
 * no host, a host that is no DNS name or address, port 0, and anything that libcurl's own
 * parser would understand differently. Without memory it is false too, and out->no_memory says so.
 * Free with url_free().
 */
bool url_parse(struct span text, const struct url *base, struct url *out);

/** Release what url_parse() made; a cleared struct is fine. */
void url_free(struct url *url);

/**
 * Is `patterns` a list of hosts: "*", or names, addresses and suffixes like "*.example.org",
 * comma separated, or empty? On a fault returns false and `*fault` is the 0-based byte offset of
 * the item.
 */
bool url_hosts_check(const char *patterns, size_t *fault);

/**
 * Does `host` (as in struct url) match one? "*.example.org" matches every name below example.org,
 * not example.org itself. Case does not matter. An empty list matches nothing.
 */
bool url_hosts_match(const char *patterns, const char *host);

#endif
