#include "redis_error.h"

#include <string.h>

void redis_error_code(const redisReply *reply, char out[REDIS_ERROR_CODE_MAX + 1])
{
	size_t len = 0;
	for (; len < REDIS_ERROR_CODE_MAX && len < reply->len; len++) {
		char c = reply->str[len];
		if ((c < 'A' || c > 'Z') && c != '_')
			break;
		out[len] = c;
	}
	out[len] = '\0';
}

bool redis_error_is_fatal(const redisReply *reply)
{
	static const char *const codes[] = {"READONLY", "LOADING", "MASTERDOWN",
					    "NOAUTH",   "NOPERM",  "CLUSTERDOWN"};
	if (reply->type != REDIS_REPLY_ERROR)
		return false;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strstr(reply->str, codes[i]) != NULL) /* older versions say it after "ERR" */
			return true;
	return false;
}

bool redis_error_refuses(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "OOM", 3) != 0;
}
