/* What an operator has set that is allowed but probably a mistake. */
#include "config.h"

#include "option.h"
#include "option_value.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/** Does `variable` ("PRECIS_QUUE=5") belong to no option? Kubernetes and Docker set others for a
 *  service with our name: PRECIS_SERVICE_HOST, PRECIS_PORT=tcp://10.0.0.1:80,
 *  PRECIS_PORT_80_TCP_ADDR. */
static bool is_unknown(const char *variable, size_t len)
{
	char name[OPTION_ENV_MAX];
	if (strncmp(variable, "PRECIS_", 7) != 0)
		return false;
	for (size_t i = 0; i < option_count; i++) {
		option_env_name(&option_table[i], name);
		if (strlen(name) == len && memcmp(name, variable, len) == 0)
			return false;
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, variable);
	bool names_port = strncmp(variable + len - 5, "_PORT", 5) == 0;
	return strstr(name, "_SERVICE_") == NULL && strstr(name, "_PORT_") == NULL &&
	       !(names_port && strstr(variable + len, "://") != NULL);
}

static void doubt_variables(void (*say)(void *, const char *), void *arg)
{
	char doubt[200];
	for (char **at = environ; at != NULL && *at != NULL; at++) {
		size_t len = strcspn(*at, "=");
		if (!is_unknown(*at, len))
			continue;
		snprintf(doubt, sizeof(doubt), "the variable %.*s names no option", (int)len, *at);
		say(arg, doubt);
	}
}

static uint64_t number_of(const struct config *config, const char *flag)
{
	return option_value_number(&option_table[option_find(flag, strlen(flag))], config);
}

static void doubt_limits(const struct config *config, void (*say)(void *, const char *), void *arg)
{
	/* Pairs of limits that end the same thing. */
	static const char *const limits[][2] = {{"url-timeout-ms", "deadline-ms"},
						{"max-text", "max-body"},
						{"max-body", "max-inflight"},
						{"url-max-bytes", "max-inflight"}};
	char doubt[200];
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const char *flag = limits[i][0], *end = limits[i][1];
		uint64_t limit = number_of(config, flag), end_limit = number_of(config, end);
		if (!config_given(config, flag) || limit <= end_limit)
			continue;
		snprintf(doubt, sizeof(doubt),
			 "%s is %" PRIu64 ", but %s, %" PRIu64 ", is reached first", flag, limit,
			 end, end_limit);
		say(arg, doubt);
	}
}

static void doubt_descriptors(const struct config *config, void (*say)(void *, const char *),
			      void *arg)
{
	char doubt[200];
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	uint64_t most = config_connections(config, limit.rlim_max);
	if (most == config->connections)
		return;
	snprintf(doubt, sizeof(doubt),
		 "connections is %" PRIu64 ", but %" PRIu64
		 " descriptors (ulimit -n) leave room for %" PRIu64 " beside url-downloads",
		 config->connections, (uint64_t)limit.rlim_max, most);
	say(arg, doubt);
}

void config_doubts(const struct config *config, void (*say)(void *arg, const char *doubt),
		   void *arg)
{
	doubt_variables(say, arg);
	doubt_limits(config, say, arg);
	doubt_descriptors(config, say, arg);
}
