/* Read configuration, start, wait for a signal, drain, stop; no logic. */
#include "address.h"
#include "budget.h"
#include "cache.h"
#include "config.h"
#include "connections.h"
#include "fetch.h"
#include "health.h"
#include "http.h"
#include "listen.h"
#include "keys.h"
#include "log.h"
#include "monotonic.h"
#include "queue.h"
#include "sandbox.h"
#include "start_pages.h"
#include "systemd.h"
#include "version.h"
#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define BACKLOG 4096
/* Jobs that may always wait for each worker: as many as two batches keep there. */
#define FEW_A_WORKER 4
/* How long a worker that is still busy after the drain time is waited for. */
#define ABANDON_MS 1000

/* Descriptors for every connection and download; the soft limit is often only 1024. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Block what wait_for_end() waits for, before any thread exists and before the first file is read:
 * a signal in the midst of starting counts once the service runs. What it has no use for does not
 * end it. */
static sigset_t block_signals(void)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a log that may grow no more */
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	return signals;
}

/* Take the keys of the file in; the old ones stay good where it has a fault. Only the log is told:
 * its thread may wait for standard error, the one that waits for signals may not. */
static bool load_keys(struct keys *keys, const char *path)
{
	char fault[160], quoted[400];
	if (path[0] == '\0' || keys_load(keys, path, fault, sizeof(fault)))
		return true;
	log_event(LOG_ERROR, "api_keys_refused", ",\"option\":\"api-keys-file\",\"why\":%s",
		  log_quoted(fault, quoted, sizeof(quoted)));
	return false;
}

/** What SIGHUP reads again, and what it changes. */
struct reload {
	int argc;
	char **argv;
	const struct config *running;
	struct keys *keys;
	struct rate *rate;
};

/* Keys first: of all that is taken in only they can have a fault yet, and on a fault everything
 * stays as it is. */
static void take_in(const struct reload *reload, const struct config *next)
{
	struct rate_rule rule;
	char names[400];
	if (!load_keys(reload->keys, next->api_keys_file))
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

/* Refusals as they are printed, a line each, as one line for the log. Cuts `said` into its lines.
 */
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

/* On a fault everything stays as it is. */
static void read_again(const struct reload *reload)
{
	struct config next;
	char *said = NULL, why[500], quoted[600];
	size_t len;
	systemd_notify_reloading();
	FILE *err = open_memstream(&said, &len);
	if (err != NULL) {
		bool good = config_read(&next, reload->argc, reload->argv, err, err) == CONFIG_RUN;
		fclose(err);
		if (good) {
			take_in(reload, &next);
			config_free(&next);
		} else {
			log_event(LOG_ERROR, "config_refused", ",\"why\":%s",
				  log_quoted(in_one_line(said, why, sizeof(why)), quoted,
					     sizeof(quoted)));
		}
		free(said);
	}
	systemd_notify("READY=1");
}

static void wait_for_end(const sigset_t *signals, const struct reload *reload)
{
	int signal_number = 0;
	while (sigwait(signals, &signal_number) != 0 || signal_number == SIGHUP)
		read_again(reload);
}

/* The service's socket and the admin's, or -1: handed over by a supervisor, or opened here. */
struct listeners {
	int socket[2];
	unsigned port[2];
	char text[2][LISTEN_TEXT_MAX]; /* the addresses; empty where there is no socket */
	bool handed_over;
};

static const char *const listen_flags[] = {"listen", "admin-listen"};

static void find_address(struct listeners *all, size_t i)
{
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	if (all->socket[i] < 0 || getsockname(all->socket[i], (struct sockaddr *)&bound, &len) != 0)
		return;
	listen_text(&bound, all->text[i]);
	all->port[i] = address_port((struct sockaddr *)&bound);
}

/* A socket that was handed over comes in the place of the option, which may name another address.
 */
static void warn_if_ignored(const struct config *config, const struct listeners *all, size_t i)
{
	const struct listen_address *asked = i == 0 ? &config->listen : &config->admin_listen;
	char text[LISTEN_TEXT_MAX];
	if (config_given(config, listen_flags[i]) && asked->len > 0 &&
	    strcmp(listen_text(&asked->address, text), all->text[i]) != 0)
		log_event(LOG_WARN, "option_ignored",
			  ",\"option\":\"%s\",\"value\":\"%s\",\"socket_handed_over\":\"%s\"",
			  listen_flags[i], text, all->text[i]);
}

static int listen_or_exit(const struct listen_address *address, const char *flag, bool reuse_port)
{
	char text[LISTEN_TEXT_MAX];
	if (address->len == 0)
		return -1;
	int listener = listen_on(address, BACKLOG, reuse_port);
	if (listener < 0) {
		int error = errno;
		fprintf(stderr, "precis: --%s: cannot listen on %s: %s\n", flag,
			listen_text(&address->address, text), strerror(error));
		exit(1);
	}
	return listener;
}

static struct listeners open_listeners(const struct config *config)
{
	struct listeners all = {.socket = {-1, -1}};
	int given = systemd_listeners(all.socket);
	if (given < 0) {
		fprintf(stderr,
			"precis: LISTEN_FDS: one or two listening TCP sockets are wanted: %s\n",
			strerror(errno));
		exit(1);
	}
	all.handed_over = given > 0;
	if (given < 1)
		all.socket[0] =
			listen_or_exit(&config->listen, listen_flags[0], config->reuse_port);
	if (given < 2)
		all.socket[1] =
			listen_or_exit(&config->admin_listen, listen_flags[1], config->reuse_port);
	for (int i = 0; i < 2; i++) {
		find_address(&all, (size_t)i);
		if (i < given)
			warn_if_ignored(config, &all, (size_t)i);
	}
	return all;
}

static struct fetcher *start_fetcher(const struct config *config, const int listeners[2],
				     struct budget *budget)
{
	struct address_net nets[CONFIG_MAX_NETS];
	struct sockaddr_storage own[2];
	size_t fault, own_len = 0;
	int nets_len = address_nets_parse(config->url_allow_nets, nets, CONFIG_MAX_NETS, &fault);
	for (size_t i = 0; i < 2; i++) {
		socklen_t len = sizeof(own[own_len]);
		if (getsockname(listeners[i], (struct sockaddr *)&own[own_len], &len) == 0)
			own_len++;
	}
	struct fetch_options options = {
		.user_agent = "Mozilla/5.0 (compatible; precis/" PRECIS_VERSION ")",
		.allow_hosts = config->url_hosts,
		.allow_nets = nets,
		.allow_nets_len = nets_len < 0 ? 0 : (size_t)nets_len,
		.own = own,
		.own_len = own_len,
		.ca_file = config->url_ca_file[0] == '\0' ? NULL : config->url_ca_file,
		.timeout_ms = (unsigned)config->url_timeout_ms,
		.max_redirects = (unsigned)config->url_max_redirects,
		.max_bytes = config->url_max_bytes,
		.budget = budget,
		.max_parallel = config->url_downloads,
		.max_waiting = config->url_downloads};
	return fetcher_new(&options);
}

static struct sandbox enter_sandbox_or_exit(const struct config *config)
{
	const char *files[CONFIG_MAX_FILES + 1];
	struct sandbox sandbox;
	char parts[80];
	config_files(config, files);
	if (!sandbox_enter(sandbox_mode(config->sandbox), files, &sandbox)) {
		fprintf(stderr, "precis: --sandbox on: not all of it is to be had here: %s\n",
			sandbox_describe(&sandbox, parts, sizeof(parts)));
		exit(1);
	}
	return sandbox;
}

/** What instances share; all NULL without --cache-url. */
struct sharing {
	struct redis *redis;
	struct shared_cache *cache;
	struct shared_rate *rate;
};

/* Instances that may download different things must not share answers. */
static char *sharing_policy(const struct config *config)
{
	char *policy = NULL;
	int len = asprintf(&policy, "%s\n%s\n%llu\n%llu", config->url_hosts, config->url_allow_nets,
			   (unsigned long long)config->url_max_bytes,
			   (unsigned long long)config->url_max_redirects);
	return len < 0 ? NULL : policy;
}

static bool start_sharing(const struct config *config, struct queue *queue, struct rate *rate,
			  struct metrics *metrics, struct sharing *out)
{
	struct redis_options options = {.ca_file = config->cache_ca_file,
					.client_file = config->cache_client_file,
					.timeout_ms = config->cache_timeout_ms,
					.metrics = metrics};
	char fault[160];
	if (*config->cache_url == '\0')
		return true;
	redis_url_parse(config->cache_url, &options.address);
	out->redis = redis_new(&options, fault, sizeof(fault));
	if (out->redis == NULL) {
		fprintf(stderr, "precis: --cache-url: %s\n", fault);
		return false;
	}
	char *policy = sharing_policy(config);
	if (policy != NULL)
		out->cache = shared_cache_new(out->redis, queue, metrics, policy);
	free(policy);
	out->rate = shared_rate_new(out->redis, rate, metrics);
	return out->cache != NULL && out->rate != NULL;
}

static void free_sharing(struct sharing *sharing)
{
	redis_free(sharing->redis);
	shared_cache_free(sharing->cache);
	shared_rate_free(sharing->rate);
}

/** All that there is while the service runs; what was not started is NULL. */
struct service {
	struct listeners listeners;
	struct sandbox sandbox;
	struct budget bodies, downloads;
	struct fetcher *fetcher;
	struct queue *queue;
	struct cache *cache;
	struct metrics *metrics;
	struct rate *rate;
	struct keys *keys;
	struct sharing sharing;
	struct workers *workers;
	struct connections *connections;
	struct http *http;
};

static struct workers *start_workers(const struct config *config, const struct service *service)
{
	struct worker_options options = {.count = config->workers,
					 .max_text_bytes = config->max_text_bytes,
					 .job_memory_bytes = config->job_memory_bytes,
					 .keep_text_ms = config->cache_text_ms,
					 .keep_url_ms = config->cache_url_ms,
					 .keep_failure_ms = config->cache_failure_ms};
	return workers_new(&options, service->queue, service->fetcher, service->metrics);
}

static struct http *start_http(const struct config *config, struct service *service)
{
	struct http_parts parts = {.config = config,
				   .connections = service->connections,
				   .cache = service->cache,
				   .queue = service->queue,
				   .workers = service->workers,
				   .fetcher = service->fetcher,
				   .keys = service->keys,
				   .metrics = service->metrics,
				   .rate = service->rate,
				   .bodies = &service->bodies,
				   .sandbox = service->sandbox,
				   .redis = service->sharing.redis,
				   .shared_cache = service->sharing.cache,
				   .shared_rate = service->sharing.rate,
				   .socket_is_shared = service->listeners.handed_over};
	return http_new(&parts, service->listeners.socket[0], service->listeners.socket[1]);
}

/* False: free_service() frees what was started before. */
static bool start_service(const struct config *config, struct service *out)
{
	struct rate_rule rule;
	rate_rule_parse(config->rate, &rule);
	out->bodies.max_bytes = out->downloads.max_bytes = config->max_inflight_bytes;
	return log_start(config->log_level) &&
	       (out->fetcher = start_fetcher(config, out->listeners.socket, &out->downloads)) !=
		       NULL &&
	       (out->queue = queue_new(config->queue, config->queue_wait_ms * NS_PER_MS,
				       FEW_A_WORKER * config->workers)) != NULL &&
	       (out->cache = cache_new(config->cache_bytes)) != NULL &&
	       (out->metrics = metrics_new()) != NULL && (out->rate = rate_new(rule)) != NULL &&
	       (out->keys = keys_new()) != NULL &&
	       start_sharing(config, out->queue, out->rate, out->metrics, &out->sharing) &&
	       (out->workers = start_workers(config, out)) != NULL &&
	       (out->connections = connections_new(config->connections)) != NULL &&
	       load_keys(out->keys, config->api_keys_file) &&
	       (out->http = start_http(config, out)) != NULL;
}

static void free_service(struct service *service)
{
	redis_stop(service->sharing.redis); /* what waits for it goes on without */
	fetcher_free(service->fetcher);     /* brings every download's job back to the queue */
	if (service->queue != NULL)
		queue_close(service->queue);
	workers_free(service->workers);
	http_free(service->http);
	connections_free(service->connections);
	queue_free(service->queue);
	cache_free(service->cache);
	free_sharing(&service->sharing);
	rate_free(service->rate);
	keys_free(service->keys);
	metrics_free(service->metrics);
	log_stop();
}

/* Until a signal says to end, and until all requests are answered or given up. Ends the process
 * where a worker cannot be waited for. */
static void run_service(struct service *service, const sigset_t *signals,
			const struct reload *reload)
{
	const struct config *config = reload->running;
	char confined[80];
	log_event(LOG_INFO, "started",
		  ",\"version\":\"%s\",\"port\":%u,\"admin_port\":%u,\"workers\":%llu,"
		  "\"sandbox\":\"%s\",\"listen\":\"%s\",\"admin_listen\":\"%s\"",
		  PRECIS_VERSION, service->listeners.port[0], service->listeners.port[1],
		  (unsigned long long)config->workers,
		  sandbox_describe(&service->sandbox, confined, sizeof(confined)),
		  service->listeners.text[0], service->listeners.text[1]);
	systemd_notify("READY=1");
	start_pages_drop();
	wait_for_end(signals, reload);
	systemd_notify("STOPPING=1");
	log_event(LOG_INFO, "draining", "%s", "");
	size_t given_up = http_drain(service->http, config->drain_ms);
	log_event(LOG_INFO, "stopped", ",\"given_up\":%zu", given_up);
	if (given_up > 0 && !workers_end(service->workers, ABANDON_MS)) {
		/* Its clients were answered already; to wait for what it does would be in vain. */
		log_event(LOG_WARN, "worker_abandoned", "%s", "");
		log_stop();
		_exit(1);
	}
}

static int serve(const struct config *config, const sigset_t *signals, int argc, char **argv)
{
	raise_descriptor_limit();
	workers_prepare();
	struct service service = {.listeners = open_listeners(config)};
	service.sandbox = enter_sandbox_or_exit(config);
	bool started = start_service(config, &service);
	if (started) {
		struct reload reload = {argc, argv, config, service.keys, service.rate};
		run_service(&service, signals, &reload);
	}
	free_service(&service); /* which ends the log, so that this comes behind it */
	if (!started)
		fputs("precis: cannot start: see above, and else memory or threads are lacking\n",
		      stderr);
	return started ? 0 : 1;
}

static void log_doubt(void *unused, const char *doubt)
{
	char quoted[600];
	(void)unused;
	log_event(LOG_WARN, "config_doubtful", ",\"why\":%s",
		  log_quoted(doubt, quoted, sizeof(quoted)));
}

int main(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "health") == 0)
		return health_check(argc >= 3 ? argv[2] : NULL);
	sigset_t signals = block_signals();
	struct config config;
	int exit_code;
	switch (config_read(&config, argc, argv, stdout, stderr)) {
	case CONFIG_RUN:
		log_set_level(config.log_level);
		config_doubts(&config, log_doubt, NULL);
		exit_code = config_check_keys(&config, stderr)
				    ? serve(&config, &signals, argc, argv)
				    : 2;
		config_free(&config);
		return exit_code;
	case CONFIG_STOP:
		return 0;
	case CONFIG_REFUSED:
		break;
	}
	return 2;
}
