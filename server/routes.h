#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

#include <stdbool.h>

/** What answers at a path. */
enum handler {
	HANDLER_SUMMARIES,
	HANDLER_LIVEZ,
	HANDLER_READYZ,
	HANDLER_INFO,
};

struct route {
	const char *path;
	const char *allow; /* the methods, as the Allow header lists them */
	enum handler handler;
	bool admin; /* also on the admin listener, and there alone when there is one */
};

/** The route of `path`, or NULL. */
const struct route *route_find(const char *path);

/** Is `method` among those of `route`? */
bool route_allows(const struct route *route, const char *method);

#endif
