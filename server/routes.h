#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

#include <stdbool.h>

/** What answers at a path. */
enum handler {
	HANDLER_SUMMARIES,
	HANDLER_LIVEZ,
	HANDLER_READYZ,
	HANDLER_INFO,
	HANDLER_METRICS,
	HANDLER_ASSET, /* a file of assets.h */
	HANDLER_NONE,  /* no route: not found */
	HANDLER_COUNT
};

struct route {
	const char *path;
	const char *allow; /* the methods, as the Allow header lists them */
	enum handler handler;
	bool admin;  /* on the admin listener alone, if there is one */
	bool closed; /* requires an API key, if keys are used, and counts against the rate */
};

/** The handler's path, for metrics and logs; "none" without a route. */
const char *route_name(enum handler handler);

/**
 * The path that a request's target names: in "http://host/path", the form for proxies that every
 * server must accept (RFC 9112, 3.2.2), the part after the host; otherwise `target` itself. As with
 * the Host field, any host is accepted. Points into `target`, or to a constant.
 */
const char *route_path(const char *target);

/** The route of `path`, or NULL. */
const struct route *route_find(const char *path);

/** Is `method` among those of `route`? */
bool route_allows(const struct route *route, const char *method);

#endif
