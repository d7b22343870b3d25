#include "config.h"

#include "address.h"
#include "keys.h"
#include "option.h"
#include "option_help.h"
#include "option_value.h"
#include "settings.h"
#include "version.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct config, field)
/* Descriptors for everything else than connections and downloads: listeners, probes, look-ups of
 * names, /proc. */
#define OTHER_DESCRIPTORS 32

static uint64_t cores(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return (uint64_t)CPU_COUNT(&set);
}

static void refuse(const struct option *option, const char *env, const struct setting *setting,
		   FILE *err)
{
	char takes[OPTION_TAKES_MAX], room[REDIS_URL_SHOWN_MAX], reason[400];
	const char *why = option_value_why_refused(option, setting->value, reason, sizeof(reason));
	option_describe(option, takes);
	if (setting->line > 0)
		fprintf(err, "precis: %s, line %zu: %s", setting->origin, setting->line,
			option->flag);
	else
		fprintf(err, "precis: --%s (%s)", option->flag, env);
	fprintf(err, ": '%s' is not allowed%s%s; it takes %s\n",
		option_value_shown(option, setting->value, room), *why == '\0' ? "" : ": ", why,
		takes);
}

/** Store option number `i` as the first of flag, environment, file and default says. With `say`,
 *  tell it what that is. */
static bool store_one(struct config *config, size_t i, struct setting flag, struct setting file,
		      FILE *say, FILE *err)
{
	const struct option *option = &option_table[i];
	char env[OPTION_ENV_MAX], room[REDIS_URL_SHOWN_MAX];
	option_env_name(option, env);
	struct setting setting = settings_choose(option, env, flag, file);
	if (!option_value_store(config, option, setting.value)) {
		refuse(option, env, &setting, err);
		return false;
	}
	if (setting.value != option->fallback)
		config->given |= UINT64_C(1) << i;
	if (say != NULL)
		fprintf(say, "%s = %s (%s)\n", option->flag,
			option_value_shown(option, setting.value, room), setting.origin);
	return true;
}

static bool read_file(struct config *config, struct settings *out, FILE *err)
{
	return *config->config_file == '\0' ||
	       settings_read_file(config->config_file, out, &config->file_text, err);
}

/** Every fault is reported, not only the first. */
static bool store_all(struct config *config, const struct settings *flags, FILE *say, FILE *err)
{
	struct settings file = {0};
	bool good = true;
	for (size_t i = 0; i < option_count; i++) {
		if (!store_one(config, i, flags->of[i], file.of[i], say, err))
			good = false;
		else if (i == 0 && !read_file(config, &file, err))
			good = false;
	}
	return good;
}

bool config_check_keys(const struct config *config, FILE *err)
{
	char fault[160];
	struct keys *keys = *config->api_keys_file == '\0' ? NULL : keys_new();
	bool good = keys == NULL || keys_load(keys, config->api_keys_file, fault, sizeof(fault));
	if (!good)
		fprintf(err, "precis: --api-keys-file %s: %s\n", config->api_keys_file, fault);
	keys_free(keys);
	return good;
}

/** Under --reuse-port both could be bound, and each would get half of the connections. */
static bool admin_is_elsewhere(const struct config *config, FILE *err)
{
	const struct listen_address *admin = &config->admin_listen;
	if (memcmp(admin, &config->listen, sizeof(*admin)) != 0 ||
	    address_port((const struct sockaddr *)&admin->address) == 0)
		return true;
	fputs("precis: --admin-listen is --listen's address; without it probes are there\n", err);
	return false;
}

static void print_doubt(void *err, const char *doubt)
{
	fprintf(err, "precis: warning: %s\n", doubt);
}

/** Read and check everything; with `say`, tell it what each option is set to. Even if this fails,
 *  config_free() is needed. */
static bool read_all(struct config *config, const struct settings *flags, FILE *say, FILE *err)
{
	memset(config, 0, sizeof(*config));
	if (!store_all(config, flags, say, err) || !admin_is_elsewhere(config, err))
		return false;
	if (config->workers == 0)
		config->workers = cores();
	return true;
}

static enum config_result check(const struct settings *flags, FILE *out, FILE *err)
{
	struct config config;
	bool good = read_all(&config, flags, out, err) && config_check_keys(&config, err);
	if (good)
		config_doubts(&config, print_doubt, err);
	config_free(&config);
	return good ? CONFIG_STOP : CONFIG_REFUSED;
}

enum config_result config_read(struct config *config, int argc, char **argv, FILE *out, FILE *err)
{
	struct settings flags = {0};
	switch (settings_read_flags(argc, argv, &flags, err)) {
	case SETTINGS_HELP:
		option_help_print(out);
		return CONFIG_STOP;
	case SETTINGS_VERSION:
		fprintf(out, "precis %s\n", PRECIS_VERSION);
		return CONFIG_STOP;
	case SETTINGS_CHECK:
		return check(&flags, out, err);
	case SETTINGS_REFUSED:
		return CONFIG_REFUSED;
	case SETTINGS_RUN:
		break;
	}
	if (read_all(config, &flags, NULL, err))
		return CONFIG_RUN;
	config_free(config);
	return CONFIG_REFUSED;
}

bool config_read_addresses(struct config *config, FILE *err)
{
	struct setting none = {0};
	struct settings file = {0};
	memset(config, 0, sizeof(*config));
	bool good = true;
	if (store_one(config, 0, none, none, NULL, err))
		read_file(config, &file, err);
	for (size_t i = 1; i < option_count && good; i++)
		if (option_table[i].kind == OPTION_ADDRESS)
			good = store_one(config, i, none, file.of[i], NULL, err);
	if (!good)
		config_free(config);
	return good;
}

bool config_given(const struct config *config, const char *flag)
{
	size_t option = option_find(flag, strlen(flag));
	return option < option_count && (config->given >> option & 1) != 0;
}

uint64_t config_connections(const struct config *config, uint64_t descriptors)
{
	uint64_t others = config->url_downloads + OTHER_DESCRIPTORS, half = descriptors / 2;
	uint64_t most = others < half ? descriptors - others : half;
	return config->connections < most ? config->connections : most;
}

void config_free(struct config *config)
{
	free(config->file_text);
	config->file_text = NULL;
}

/** A running service applies these on SIGHUP. */
static bool is_reloaded(const struct option *option)
{
	return option->offset == AT(rate) || option->offset == AT(log_level) ||
	       option->offset == AT(api_keys_file);
}

const char *config_needs_restart(const struct config *running, const struct config *next,
				 bool has_keys, char *out, size_t size)
{
	size_t len = 0;
	*out = '\0';
	for (size_t i = 0; i < option_count && len < size; i++) {
		const struct option *option = &option_table[i];
		/* A reload never drops keys that were required, as the line may have been lost
		 * by mistake. */
		bool opens = option->offset == AT(api_keys_file) && has_keys &&
			     *next->api_keys_file == '\0';
		if (opens || (!is_reloaded(option) && !option_value_is_same(option, running, next)))
			len += (size_t)snprintf(out + len, size - len, "%s%s", len > 0 ? "," : "",
						option->flag);
	}
	return out;
}

void config_files(const struct config *config, const char *out[CONFIG_MAX_FILES + 1])
{
	size_t count = 0;
	for (size_t i = 0; i < option_count && count < CONFIG_MAX_FILES; i++)
		if (option_is_file(&option_table[i]))
			out[count++] = option_value_text(&option_table[i], config);
	out[count] = NULL;
}
