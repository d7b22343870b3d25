#include "routes.h"

#include "assets.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct route routes[] = {
	{"/v1/summaries", "GET, HEAD, POST, OPTIONS", HANDLER_SUMMARIES, false, true},
	{"/v1/info", "GET, HEAD, OPTIONS", HANDLER_INFO, false, false},
	{"/livez", "GET, HEAD, OPTIONS", HANDLER_LIVEZ, true, false},
	{"/readyz", "GET, HEAD, OPTIONS", HANDLER_READYZ, true, false},
	{"/metrics", "GET, HEAD, OPTIONS", HANDLER_METRICS, true, false},
	{"/", "GET, HEAD, OPTIONS", HANDLER_ASSET, false, false},
};

const char *route_path(const char *target)
{
	size_t scheme = strncasecmp(target, "http://", 7) == 0    ? 7
			: strncasecmp(target, "https://", 8) == 0 ? 8
								  : 0;
	if (scheme == 0)
		return target;
	/* The characters of an authority, which must not be empty or hold a user's name (RFC
	 * 9110, 4.2). */
	size_t host = strspn(target + scheme, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "0123456789-._~!$&'()*+,;=:[]");
	const char *path = target + scheme + host;
	if (host == 0 || (*path != '/' && *path != '\0'))
		return target;
	return *path == '\0' ? "/" : path;
}

const struct route *route_find(const char *path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(routes[i].path, path) == 0)
			return &routes[i];
	/* Every file is served like the page "/". */
	return asset_find(path) != NULL ? route_find("/") : NULL;
}

const char *route_name(enum handler handler)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (routes[i].handler == handler)
			return routes[i].path;
	return "none";
}

bool route_allows(const struct route *route, const char *method)
{
	size_t len = strlen(method);
	const char *found = strstr(route->allow, method);
	return len > 0 && found != NULL && (found == route->allow || found[-1] == ' ') &&
	       (found[len] == ',' || found[len] == '\0');
}
