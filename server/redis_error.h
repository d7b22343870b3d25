#ifndef SERVER_REDIS_ERROR_H
#define SERVER_REDIS_ERROR_H

#include <hiredis/hiredis.h>
#include <stdbool.h>

/* What the errors of Redis and Valkey, in all their versions, mean for a connection. */

enum { REDIS_ERROR_CODE_MAX = 31 };

/** The first word of an error, which is a code, or empty. No more: a server that does not know AUTH
 *  repeats the password in its error. */
void redis_error_code(const redisReply *reply, char out[REDIS_ERROR_CODE_MAX + 1]);

/** Is it an error after which the server is of no use to anybody here? */
bool redis_error_is_fatal(const redisReply *reply);

/** Is it an error for which a server that was just connected to is not to be used? Full memory is
 *  no reason: what it holds can be read. A replica is: it takes no leases, and the name may lead to
 *  another server by now. */
bool redis_error_refuses(const redisReply *reply);

#endif
