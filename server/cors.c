#include "cors.h"

#include "items.h"

#include <string.h>
#include <strings.h>

bool cors_allows(const char *list, const char *origin)
{
	size_t origin_len = strlen(origin);
	for (const char *at = list; *at != '\0';) {
		struct span item = items_next(&at);
		if (span_equal(item, SPAN("*")))
			return true;
		if (item.len == origin_len && item.len > 0 &&
		    strncasecmp(item.at, origin, item.len) == 0)
			return true;
	}
	return false;
}

/* Is what follows the host, such as ":3000", a port as a browser would write it? */
static bool is_port(const char *at, size_t len, bool https)
{
	unsigned long port = 0;
	if (len < 2 || len > 6 || at[1] == '0')
		return false;
	for (size_t i = 1; i < len; i++) {
		if (at[i] < '0' || at[i] > '9')
			return false;
		port = 10 * port + (unsigned long)(at[i] - '0');
	}
	return port <= 65535 && port != (https ? 443 : 80);
}

/* NULL, or why no browser sends this item as an Origin. */
static const char *item_fault(const char *item, size_t len)
{
	if (*item == '*' && len == 1)
		return "'*' stands alone, for all origins; else each is named";
	bool https = len >= 8 && strncasecmp(item, "https://", 8) == 0;
	size_t scheme = https ? 8 : len >= 7 && strncasecmp(item, "http://", 7) == 0 ? 7 : 0;
	if (scheme == 0)
		return "an origin begins with http:// or https://";
	const char *host = item + scheme;
	len -= scheme;
	if (memchr(host, '*', len) != NULL)
		return "'*' stands alone, for all origins; else each is named";
	for (size_t i = 0; i < len; i++) {
		if (strchr("/?#", host[i]) != NULL)
			return "an origin ends behind host and port, without a slash";
		if (host[i] == '@' || host[i] <= ' ' || host[i] > '~')
			return "a host is ASCII (xn-- in place of other letters), without spaces "
			       "and names of users";
	}
	const char *bracket = *host == '[' ? memchr(host, ']', len) : NULL;
	const char *from = bracket == NULL ? host : bracket;
	const char *colon = memchr(from, ':', len - (size_t)(from - host));
	size_t host_len = colon == NULL ? len : (size_t)(colon - host);
	if (host_len == 0)
		return "a host is missing";
	if (colon != NULL && !is_port(colon, len - host_len, https))
		return "a port is a number, and browsers leave out 443 of https and 80 of http";
	return NULL;
}

const char *cors_fault(const char *list)
{
	const char *fault = NULL;
	for (const char *at = list; *at != '\0' && fault == NULL;) {
		struct span item = items_next(&at);
		bool is_alone = strspn(list, " \t") == (size_t)(item.at - list) && *at == '\0';
		bool is_all = is_alone && span_equal(item, SPAN("*"));
		fault = is_all ? NULL : item_fault(item.at, item.len);
	}
	return fault;
}
