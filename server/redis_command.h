#ifndef SERVER_REDIS_COMMAND_H
#define SERVER_REDIS_COMMAND_H

#include "redis.h"

#include <stddef.h>
#include <stdint.h>

/** One command to a Redis server, until its outcome has been reported. */
struct redis_command {
	struct redis_command *next;
	char *bytes; /* as sent; freed by redis_command_drop_bytes() once they are */
	size_t len;
	uint64_t sent_ns; /* when it was made */
	redis_done *done;
	void *arg;
};

/** First in, first out; for one thread at a time. */
struct redis_commands {
	struct redis_command *first, **last;
};

/** `lengths` NULL: the words end with NUL. The words are copied. NULL without memory. */
struct redis_command *redis_command_new(int argc, const char *const *argv, const size_t *lengths,
					redis_done *done, void *arg);

void redis_command_drop_bytes(struct redis_command *command);

/** NULL is allowed. */
void redis_command_free(struct redis_command *command);

void redis_commands_init(struct redis_commands *commands);

/** Takes `command`. */
void redis_commands_add(struct redis_commands *commands, struct redis_command *command);

/** Put all of `from` behind those of `to`; `from` is empty then. O(1). */
void redis_commands_move(struct redis_commands *to, struct redis_commands *from);

/** Take out the first, which the caller then owns; NULL if there is none. */
struct redis_command *redis_commands_take(struct redis_commands *commands);

#endif
