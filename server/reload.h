#ifndef SERVER_RELOAD_H
#define SERVER_RELOAD_H

#include "config.h"
#include "keys.h"
#include "rate.h"

#include <stdbool.h>

/** What SIGHUP reads again, and what it changes; all borrowed. */
struct reload {
	int argc;
	char **argv;
	const struct config *running; /* as it started */
	struct keys *keys;
	struct rate *rate;
};

/**
 * Read flags, environment and file again, and apply what a running service can change: keys, rate
 * and log level. On a fault everything stays as it is. The supervisor is told. The outcome goes to
 * the log, because the log's thread may wait for standard error; the thread that waits for signals
 * may not.
 */
void reload_all(const struct reload *reload);

/** Load the keys of the file at `path` ("": none, and nothing changes). False if it has a fault,
 *  which the log names; the old keys stay valid. */
bool reload_keys(struct keys *keys, const char *path);

#endif
