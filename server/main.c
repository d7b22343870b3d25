/* Read configuration, start, wait for a signal, drain, stop. */
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
#include "reload.h"
#include "sandbox.h"
#include "start_pages.h"
#include "systemd.h"
#include "version.h"
#include "worker.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Jobs per worker that may always wait: as many as two batches keep there. */
#define FEW_A_WORKER 4
/* How long we wait for a worker that is still busy after the drain time. */
#define ABANDON_MS 1000

/* If a standard stream was closed, the next socket would get its number, and what is written to
 * standard error would go to that socket. */
static void open_standard_streams(void)
{
	int fd = 0;
	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = open("/dev/null", O_RDWR);
	if (fd >= 0)
		close(fd);
}

/* Descriptors for every connection and download; the soft limit is often only 1024. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static size_t connection_limit(const struct config *config)
{
	struct rlimit limit;
	bool known = getrlimit(RLIMIT_NOFILE, &limit) == 0;
	return known ? config_connections(config, limit.rlim_cur) : config->connections;
}

/* Block the signals that wait_for_end() waits for, before any thread exists and before the first
 * file is read: one that comes during the start takes effect once the service runs. Other signals
 * that would end the service are ignored. */
static sigset_t block_signals(void)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGXFSZ, SIG_IGN); /* if a log file reaches its size limit */
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	return signals;
}

static void wait_for_end(const sigset_t *signals, const struct reload *reload)
{
	int signal_number = 0;
	while (sigwait(signals, &signal_number) != 0 || signal_number == SIGHUP)
		reload_all(reload);
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

static bool enter_sandbox(const struct config *config, struct sandbox *out)
{
	const char *files[CONFIG_MAX_FILES + 1];
	char parts[80];
	config_files(config, files);
	if (sandbox_enter(sandbox_mode(config->sandbox), files, out))
		return true;
	fprintf(stderr, "precis: --sandbox on: not all of it is to be had here: %s\n",
		sandbox_describe(out, parts, sizeof(parts)));
	return false;
}

/** All parts of the running service; parts that were not started are NULL. */
struct service {
	struct listeners listeners;
	struct budget bodies, downloads;
	struct http_parts parts;
	struct http *http;
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

/* Start what instances share; nothing without --cache-url. */
static bool start_sharing(const struct config *config, struct http_parts *out)
{
	struct redis_options options = {.ca_file = config->cache_ca_file,
					.client_file = config->cache_client_file,
					.timeout_ms = config->cache_timeout_ms,
					.metrics = out->metrics};
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
		out->shared_cache = shared_cache_new(out->redis, out->queue, out->metrics, policy);
	free(policy);
	out->shared_rate = shared_rate_new(out->redis, out->rate, out->metrics);
	return out->shared_cache != NULL && out->shared_rate != NULL;
}

static struct workers *start_workers(const struct config *config, const struct http_parts *parts)
{
	struct worker_options options = {.count = config->workers,
					 .max_text_bytes = config->max_text_bytes,
					 .job_memory_bytes = config->job_memory_bytes,
					 .keep_text_ms = config->cache_text_ms,
					 .keep_url_ms = config->cache_url_ms,
					 .keep_failure_ms = config->cache_failure_ms,
					 .url_timeout_ms = config->url_timeout_ms};
	return workers_new(&options, parts->queue, parts->fetcher, parts->metrics);
}

/* False: free_service() frees what was started before. */
static bool start_service(const struct config *config, struct service *service)
{
	struct http_parts *parts = &service->parts;
	const int *sockets = service->listeners.socket;
	struct rate_rule rule;
	rate_rule_parse(config->rate, &rule);
	service->bodies.max_bytes = service->downloads.max_bytes = config->max_inflight_bytes;
	parts->config = config;
	parts->bodies = &service->bodies;
	parts->socket_is_shared = service->listeners.handed_over;
	return log_start(config->log_level) &&
	       (parts->fetcher = start_fetcher(config, sockets, &service->downloads)) != NULL &&
	       (parts->queue = queue_new(config->queue, config->queue_wait_ms * NS_PER_MS,
					 FEW_A_WORKER * config->workers)) != NULL &&
	       (parts->cache = cache_new(config->cache_bytes)) != NULL &&
	       (parts->metrics = metrics_new()) != NULL && (parts->rate = rate_new(rule)) != NULL &&
	       (parts->keys = keys_new()) != NULL && start_sharing(config, parts) &&
	       (parts->workers = start_workers(config, parts)) != NULL &&
	       (parts->connections = connections_new(connection_limit(config))) != NULL &&
	       reload_keys(parts->keys, config->api_keys_file) &&
	       (service->http = http_new(parts, sockets[0], sockets[1])) != NULL;
}

static void free_service(struct service *service)
{
	struct http_parts *parts = &service->parts;
	redis_stop(parts->redis);     /* jobs that wait for it go on without it */
	fetcher_stop(parts->fetcher); /* brings the job of every download back to the queue */
	if (parts->queue != NULL)
		queue_close(parts->queue);
	workers_free(parts->workers);
	http_free(service->http);
	connections_free(parts->connections);
	fetcher_free(parts->fetcher); /* after all who begin or cancel downloads have ended */
	queue_free(parts->queue);
	cache_free(parts->cache);
	redis_free(parts->redis);
	shared_cache_free(parts->shared_cache);
	shared_rate_free(parts->shared_rate);
	rate_free(parts->rate);
	keys_free(parts->keys);
	metrics_free(parts->metrics);
	log_stop();
}

/* Run until a signal says to end and all requests are answered or given up. Ends the process if
 * a worker stays busy. */
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
		  sandbox_describe(&service->parts.sandbox, confined, sizeof(confined)),
		  service->listeners.text[0], service->listeners.text[1]);
	systemd_notify("READY=1");
	start_pages_drop();
	wait_for_end(signals, reload);
	systemd_notify("STOPPING=1");
	log_event(LOG_INFO, "draining", "%s", "");
	size_t given_up = http_drain(service->http, config->drain_ms);
	log_event(LOG_INFO, "stopped", ",\"given_up\":%zu", given_up);
	if (given_up > 0 && !workers_end(service->parts.workers, ABANDON_MS)) {
		/* Its clients were answered already; waiting for its result would be pointless. */
		log_event(LOG_WARN, "worker_abandoned", "%s", "");
		log_stop();
		_exit(1);
	}
}

static int serve(const struct config *config, const sigset_t *signals, int argc, char **argv)
{
	raise_descriptor_limit();
	workers_prepare();
	struct service service = {0};
	if (!listen_open(config, &service.listeners) ||
	    !enter_sandbox(config, &service.parts.sandbox))
		return 1;
	bool started = start_service(config, &service);
	if (started) {
		struct reload reload = {argc, argv, config, service.parts.keys, service.parts.rate};
		run_service(&service, signals, &reload);
	}
	free_service(&service); /* this ends the log, so that the next line comes after it */
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
	open_standard_streams();
	if (argc >= 2 && strcmp(argv[1], "health") == 0)
		return health_command(argc - 2, argv + 2);
	sigset_t signals = block_signals();
	struct config config;
	int exit_code;
	switch (config_read(&config, argc, argv, stdout, stderr)) {
	case CONFIG_RUN:
		/* Not earlier, so that `precis --help | head` ends as every program does. */
		signal(SIGPIPE, SIG_IGN);
		log_set_level(config.log_level);
		config_doubts(&config, log_doubt, NULL);
		exit_code = config_check_keys(&config, stderr)
				    ? serve(&config, &signals, argc, argv)
				    : 2;
		log_stop(); /* writes the warnings from before a failed start */
		config_free(&config);
		return exit_code;
	case CONFIG_STOP:
		if (fflush(stdout) == 0 && !ferror(stdout))
			return 0;
		fputs("precis: standard output did not take all that was to be said\n", stderr);
		return 1;
	case CONFIG_REFUSED:
		break;
	}
	return 2;
}
