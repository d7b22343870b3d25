#ifndef SERVER_REDIS_ERROR_H
#define SERVER_REDIS_ERROR_H

#include <hiredis/hiredis.h>
#include <stdbool.h>

/* What the errors of Redis and Valkey, in all their versions, mean for a connection. */

enum { REDIS_ERROR_CODE_MAX = 31 };

/** The first word of an error, which is a code; empty if there is none. Not the rest, because a
 *  server that does not know AUTH repeats the password in its error. */
void redis_error_code(const redisReply *reply, char out[REDIS_ERROR_CODE_MAX + 1]);

/** Does this error make the server useless to us? */
bool redis_error_is_fatal(const redisReply *reply);

/** Does this error forbid using a server that we have just connected to? Full memory does not,
 *  because what the server holds can still be read. Being a replica does: it takes no leases, and
 *  the name may lead to another server by now. */
bool redis_error_refuses(const redisReply *reply);

#endif
