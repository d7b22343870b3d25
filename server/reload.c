#include "reload.h"

#include "log.h"
#include "systemd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool reload_keys(struct keys *keys, const char *path)
{
	char fault[160], quoted[400];
	if (path[0] == '\0' || keys_load(keys, path, fault, sizeof(fault)))
		return true;
	log_event(LOG_ERROR, "api_keys_refused", ",\"option\":\"api-keys-file\",\"why\":%s",
		  log_quoted(fault, quoted, sizeof(quoted)));
	return false;
}

/* Keys first: only they can still have a fault, and on a fault everything stays as it is. */
static void take_in(const struct reload *reload, const struct config *next)
{
	struct rate_rule rule;
	char names[400];
	if (!reload_keys(reload->keys, next->api_keys_file))
		return;
	if (rate_rule_parse(next->rate, &rule))
		rate_set_rule(reload->rate, rule);
	log_set_level(next->log_level);
	config_needs_restart(reload->running, next, keys_wanted(reload->keys), names,
			     sizeof(names));
	if (*names != '\0')
		log_event(LOG_WARN, "restart_needed", ",\"options\":\"%s\"", names);
	log_event(LOG_INFO, "reloaded", "%s", "");
}

/* Join refusals, which are printed one per line, into one line for the log. Cuts `said` into its
 * lines. */
static const char *in_one_line(char *said, char *out, size_t size)
{
	static const char prefix[] = "precis: ";
	size_t len = 0;
	*out = '\0';
	for (char *line; (line = strsep(&said, "\n")) != NULL && len < size;) {
		if (strncmp(line, prefix, sizeof(prefix) - 1) == 0)
			line += sizeof(prefix) - 1;
		if (*line != '\0')
			len += (size_t)snprintf(out + len, size - len, "%s%s", len > 0 ? "; " : "",
						line);
	}
	return out;
}

void reload_all(const struct reload *reload)
{
	struct config next;
	char *said = NULL, why[500], quoted[600];
	size_t len;
	systemd_notify_reloading();
	FILE *err = open_memstream(&said, &len);
	bool good = err != NULL &&
		    config_read(&next, reload->argc, reload->argv, err, err) == CONFIG_RUN;
	if (err != NULL)
		fclose(err);
	if (good) {
		take_in(reload, &next);
		config_free(&next);
	} else {
		const char *fault = err == NULL ? "no memory" : in_one_line(said, why, sizeof(why));
		log_event(LOG_ERROR, "config_refused", ",\"why\":%s",
			  log_quoted(fault, quoted, sizeof(quoted)));
	}
	free(said);
	systemd_notify("READY=1");
}
