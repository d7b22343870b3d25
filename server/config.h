#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** An address to listen on; `len` is 0 if none was asked for. */
struct listen_address {
	struct sockaddr_storage address;
	socklen_t len;
};

enum {
	CONFIG_MAX_NETS = 64,  /* in url_allow_nets */
	CONFIG_MAX_FILES = 16, /* options that name a file */
};

/** Everything an operator can set. One table in option.c makes the flags, the environment
 *  variables, --help, --check-config and the README's table of it. Strings are borrowed from argv,
 *  the environment, the table or `file_text`. */
struct config {
	char *file_text; /* the contents of the --config file, owned: config_free() */
	const char *config_file;
	struct listen_address listen, admin_listen;
	bool reuse_port;
	uint64_t io_threads;
	uint64_t workers; /* resolved: never 0 */
	uint64_t queue, queue_wait_ms;
	uint64_t connections;
	uint64_t max_body_bytes, max_text_bytes, max_inflight_bytes, job_memory_bytes;
	uint64_t deadline_ms, keepalive_ms, drain_ms;
	const char *url_hosts, *url_allow_nets, *url_ca_file;
	uint64_t url_timeout_ms, url_max_bytes, url_max_redirects, url_downloads;
	uint64_t cache_bytes, cache_text_ms, cache_url_ms, cache_failure_ms;
	const char *cache_url, *cache_ca_file, *cache_client_file;
	uint64_t cache_timeout_ms;
	const char *api_keys_file, *trust_proxies, *cors_origins, *rate;
	const char *log_level, *sandbox;
	uint64_t given; /* a bit for each option that was set: config_given() */
};

enum config_result {
	CONFIG_RUN,     /* start the service */
	CONFIG_STOP,    /* --help, --version or --check-config is done: exit 0 */
	CONFIG_REFUSED, /* a wrong value was reported on `err`: exit 2 */
};

/**
 * Read flags, environment and the --config file, in this order of precedence, into `config`. After
 * CONFIG_RUN, free it with config_free(); otherwise there is nothing to free. The output of --help
 * and the like goes to `out`; a wrong name or value is reported on `err` with the name, the value
 * and what is allowed.
 */
enum config_result config_read(struct config *config, int argc, char **argv, FILE *out, FILE *err);

/** Can the keys of --api-keys-file be read? If not, says on `err` what is wrong and in which
 *  line. For the start and --check-config only; a reload reads the keys straight into the running
 *  service. */
bool config_check_keys(const struct config *config, FILE *err);

/**
 * Read only the addresses, from environment and file, to ask a running service how it is. A service
 * keeps running when its file gets a fault later, so such faults are reported on `err` and
 * otherwise ignored. False: the addresses themselves are at fault, and there is nothing to free.
 */
bool config_read_addresses(struct config *config, FILE *err);

/** Was the option `flag` set, by flag, environment or file? */
bool config_given(const struct config *config, const char *flag);

/**
 * How many client connections `descriptors` file descriptors are enough for: --connections, or as
 * many as leave room for downloads and a few others, but at least half. Clients with idle
 * connections must not use up the descriptors that a probe on the admin listener needs, or the
 * service would be taken for dead.
 */
uint64_t config_connections(const struct config *config, uint64_t descriptors);

/**
 * Call `say` for each setting that is allowed but probably a mistake: a variable PRECIS_* that
 * names no option, or a limit set above another one that takes effect first.
 */
void config_doubts(const struct config *config, void (*say)(void *arg, const char *doubt),
		   void *arg);

/** Free what config_read() made; strings borrowed from it end here. */
void config_free(struct config *config);

/**
 * The comma-separated names of options that a running service cannot change and in which `next`
 * differs from `running`, the configuration at start; "" if there are none. `has_keys`: the service
 * requires API keys, since its start or a reload, and still will if `next` names no file of them.
 * Cut to fit `size`; returns `out`.
 */
const char *config_needs_restart(const struct config *running, const struct config *next,
				 bool has_keys, char *out, size_t size);

/** The paths of all files that options name, then NULL; an option without one gives "". */
void config_files(const struct config *config, const char *out[CONFIG_MAX_FILES + 1]);

#endif
