#include "redis_command.h"

#include "monotonic.h"

#include <stdlib.h>

struct redis_command *redis_command_new(int argc, const char *const *argv, const size_t *lengths,
					redis_done *done, void *arg)
{
	struct redis_command *command = calloc(1, sizeof(*command));
	if (command == NULL)
		return NULL;
	/* It takes pointers to const that it does not declare as such. */
	int len = (int)redisFormatCommandArgv(&command->bytes, argc, (const char **)argv, lengths);
	if (len <= 0) {
		free(command);
		return NULL;
	}
	command->len = (size_t)len;
	command->sent_ns = monotonic_ns();
	command->done = done;
	command->arg = arg;
	return command;
}

void redis_command_drop_bytes(struct redis_command *command)
{
	if (command->bytes != NULL)
		redisFreeCommand(command->bytes);
	command->bytes = NULL;
}

void redis_command_free(struct redis_command *command)
{
	if (command != NULL)
		redis_command_drop_bytes(command);
	free(command);
}

void redis_commands_init(struct redis_commands *commands)
{
	commands->first = NULL;
	commands->last = &commands->first;
}

void redis_commands_add(struct redis_commands *commands, struct redis_command *command)
{
	command->next = NULL;
	*commands->last = command;
	commands->last = &command->next;
}

void redis_commands_move(struct redis_commands *to, struct redis_commands *from)
{
	if (from->first == NULL)
		return;
	*to->last = from->first;
	to->last = from->last;
	redis_commands_init(from);
}

struct redis_command *redis_commands_take(struct redis_commands *commands)
{
	struct redis_command *command = commands->first;
	if (command != NULL && (commands->first = command->next) == NULL)
		commands->last = &commands->first;
	return command;
}
