#ifndef SERVER_REDIS_ERROR_H
#define SERVER_REDIS_ERROR_H

#include <hiredis/hiredis.h>
#include <stdbool.h>

/* What the errors of Redis and Valkey, in all their versions, mean for a connection. */

enum { REDIS_ERROR_CODE_MAX = 31 };

/** The first word of an error, which is a code, or empty. Not more, because a server that does not
 *  know AUTH repeats the password in its error. */
void redis_error_code(const redisReply *reply, char out[REDIS_ERROR_CODE_MAX + 1]);

/** Is it an error after which the server is of no use to us at all? */
bool redis_error_is_fatal(const redisReply *reply);

/** Is it an error after which a server that was just connected to must not be used? Full memory is
 * no reason: what the server holds can be read. Being a replica is one: it takes no leases, and the
 *  name may lead to another server by now. */
bool redis_error_refuses(const redisReply *reply);

#endif
