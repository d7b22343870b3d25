#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** An address to listen on; `len` is 0 where none was asked for. */
struct listen_address {
	struct sockaddr_storage address;
	socklen_t len;
};

enum { CONFIG_MAX_NETS = 64 }; /* in url_allow_nets */

/** Everything an operator can turn. One table in config.c makes the flags, the environment
 *  variables, --help, --check-config and the README's table of it. Strings are borrowed from
 *  argv, the environment or the table, and live as long as the process. */
struct config {
	struct listen_address listen, admin_listen;
	uint64_t io_threads;
	uint64_t workers; /* resolved: never 0 */
	uint64_t queue;
	uint64_t connections;
	uint64_t max_body_bytes, max_text_bytes, max_inflight_bytes, job_memory_bytes;
	uint64_t deadline_ms, keepalive_ms, drain_ms;
	const char *url_hosts, *url_allow_nets, *url_ca_file;
	uint64_t url_timeout_ms, url_max_bytes, url_max_redirects, url_downloads;
	uint64_t cache_bytes, cache_text_ms, cache_url_ms, cache_failure_ms;
	const char *api_keys_file, *trust_proxies, *cors_origins, *rate;
	const char *log_level;
};

enum config_result {
	CONFIG_RUN,     /* start the service */
	CONFIG_STOP,    /* --help, --version or --check-config was answered: exit 0 */
	CONFIG_REFUSED, /* a wrong value: said on `err`, exit 2 */
};

/**
 * Read flags and environment (flags win) into `config`. Answers of --help and the like go to
 * `out`; a wrong name or value is refused on `err` with the name, the value and what is allowed.
 */
enum config_result config_read(struct config *config, int argc, char **argv, FILE *out, FILE *err);

#endif
