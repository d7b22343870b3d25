#include "option.h"

#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define AT(field) offsetof(struct config, field)
#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define HOUR_MS UINT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

/* The first option names the file from which the others may come. */
const struct option option_table[] = {
	{"config", OPTION_FILE, AT(config_file), "", 0, 0, NULL,
	 "file of options, one \"name = value\" per line; flags and the environment win over it; "
	 "on SIGHUP, rate, log-level and api-keys-file are read from it again"},
	{"listen", OPTION_ADDRESS, AT(listen), "127.0.0.1:8080", 0, 0, NULL,
	 "address and port of the service"},
	{"admin-listen", OPTION_ADDRESS, AT(admin_listen), "", 0, 0, NULL,
	 "separate address for probes and metrics; empty: they are served at --listen"},
	{"reuse-port", OPTION_SWITCH, AT(reuse_port), "no", 0, 0, NULL,
	 "share the port with other instances of the same user, so that a new one can start before "
	 "the old one ends"},
	{"io-threads", OPTION_NUMBER, AT(io_threads), "1", 1, 64, NULL,
	 "threads that read and write sockets"},
	{"workers", OPTION_NUMBER, AT(workers), "0", 0, 1024, NULL,
	 "threads that summarize; 0: one per core"},
	{"queue", OPTION_NUMBER, AT(queue), "256", 1, 1000000, NULL,
	 "requests that may wait for a worker; beyond that: 503"},
	{"queue-wait-ms", OPTION_MS, AT(queue_wait_ms), "100", 0, HOUR_MS, NULL,
	 "how long a request may wait for a worker; enforced, with 503, once all requests have "
	 "waited longer than this for half a second; 0: no limit"},
	{"connections", OPTION_NUMBER, AT(connections), "1000", 1, 1000000, NULL,
	 "client connections open at once"},
	{"max-body", OPTION_BYTES, AT(max_body_bytes), "10M", 1 * KIB, 1 * GIB, NULL,
	 "largest request body"},
	{"max-text", OPTION_BYTES, AT(max_text_bytes), "10M", 1 * KIB, 1 * GIB, NULL,
	 "largest text or HTML inside a request, in UTF-8"},
	{"max-inflight", OPTION_BYTES, AT(max_inflight_bytes), "256M", 1 * MIB, 1024 * GIB, NULL,
	 "total bytes of request bodies and of answers being sent; beyond that: 503"},
	{"job-memory", OPTION_BYTES, AT(job_memory_bytes), "512M", 8 * MIB, 1024 * GIB, NULL,
	 "memory that one request may use while it is processed"},
	{"deadline-ms", OPTION_MS, AT(deadline_ms), "10000", 10, HOUR_MS, NULL,
	 "time for a whole request, from its head to its answer; beyond that: 504, or a closed "
	 "connection if the request has not fully arrived"},
	{"keepalive-ms", OPTION_MS, AT(keepalive_ms), "75000", 100, HOUR_MS, NULL,
	 "how long an idle connection is kept open"},
	{"drain-ms", OPTION_MS, AT(drain_ms), "15000", 0, HOUR_MS, NULL,
	 "how long accepted requests may take to be answered after SIGTERM"},
	{"url-hosts", OPTION_HOSTS, AT(url_hosts), "*", 0, 0, NULL,
	 "hosts that may be downloaded from, comma-separated; *.example.org means its subdomains; "
	 "*: any public host; empty: none"},
	{"url-allow-nets", OPTION_NETS, AT(url_allow_nets), "", 0, 0, NULL,
	 "private networks (CIDR, comma-separated) that may be connected to all the same"},
	{"url-timeout-ms", OPTION_MS, AT(url_timeout_ms), "5000", 10, HOUR_MS, NULL,
	 "time for one download, including redirects"},
	{"url-max-bytes", OPTION_BYTES, AT(url_max_bytes), "10M", 1 * KIB, 1 * GIB, NULL,
	 "largest download, after decompression"},
	{"url-max-redirects", OPTION_NUMBER, AT(url_max_redirects), "5", 0, 50, NULL,
	 "redirects followed for one download"},
	{"url-downloads", OPTION_NUMBER, AT(url_downloads), "256", 1, 100000, NULL,
	 "downloads at once, at most half of them for lines of batches; beyond that: 503"},
	{"cache-bytes", OPTION_BYTES, AT(cache_bytes), "64M", 0, 1024 * GIB, NULL,
	 "memory for cached answers; 0: no cache in memory"},
	{"cache-text-ms", OPTION_MS, AT(cache_text_ms), "86400000", 0, DAY_MS, NULL,
	 "how long an answer for text or HTML is cached"},
	{"cache-url-ms", OPTION_MS, AT(cache_url_ms), "300000", 0, DAY_MS, NULL,
	 "how long an answer for a URL is cached"},
	{"cache-failure-ms", OPTION_MS, AT(cache_failure_ms), "5000", 0, DAY_MS, NULL,
	 "how long a URL that failed is not tried again"},
	{"cache-url", OPTION_CACHE, AT(cache_url), "", 0, 0, NULL,
	 "Redis or Valkey server in which instances share answers and rates"},
	{"cache-timeout-ms", OPTION_MS, AT(cache_timeout_ms), "100", 1, 10000, NULL,
	 "how long to wait for a reply of the shared cache; then the service continues without it"},
	{"cache-ca-file", OPTION_CAS, AT(cache_ca_file), "", 0, 0, NULL,
	 "CA certificates (PEM) for checking the shared cache's certificate; empty: the system's"},
	{"cache-client-file", OPTION_PAIR, AT(cache_client_file), "", 0, 0, NULL,
	 "client certificate and key presented to the shared cache"},
	{"url-ca-file", OPTION_CAS, AT(url_ca_file), "", 0, 0, NULL,
	 "CA certificates (PEM) that downloads trust; empty: the system's"},
	{"api-keys-file", OPTION_FILE, AT(api_keys_file), "", 0, 0, NULL,
	 "file of API keys, one name:key per line; summaries then require a key; read again on "
	 "SIGHUP; a different file named then must be in /etc or in the folder of a file named at "
	 "start, because the sandbox hides everything else"},
	{"rate", OPTION_RATE, AT(rate), "", 0, 0, NULL,
	 "how many summaries one API key, or one address, may request"},
	{"trust-proxies", OPTION_NETS, AT(trust_proxies), "", 0, 0, NULL,
	 "proxies whose Forwarded and X-Forwarded-For headers are trusted"},
	{"cors-origins", OPTION_ORIGINS, AT(cors_origins), "", 0, 0, NULL,
	 "web origins whose pages may call the service"},
	{"log-level", OPTION_CHOICE, AT(log_level), "info", 0, 0, "error warn info debug",
	 "how much is logged to standard error, one JSON line per event; info: one line per "
	 "request; debug: also for probes"},
	{"sandbox", OPTION_CHOICE, AT(sandbox), "auto", 0, 0, "auto on off",
	 "give up what a running service does not need (seccomp, Landlock, core dumps); auto: as "
	 "far as the kernel supports it; on: all of it, or refuse to start"},
};
const size_t option_count = sizeof(option_table) / sizeof(option_table[0]);
_Static_assert(sizeof(option_table) / sizeof(option_table[0]) <= OPTION_MAX,
	       "a bit for each in config.given");

size_t option_find(const char *name, size_t len)
{
	size_t i = 0;
	while (i < option_count && (strlen(option_table[i].flag) != len ||
				    memcmp(option_table[i].flag, name, len) != 0))
		i++;
	return i;
}
bool option_is_file(const struct option *option)
{
	return option->kind == OPTION_FILE || option->kind == OPTION_CAS ||
	       option->kind == OPTION_PAIR;
}
void option_env_name(const struct option *option, char out[OPTION_ENV_MAX])
{
	size_t n = (size_t)snprintf(out, OPTION_ENV_MAX, "PRECIS_%s", option->flag);
	for (size_t i = 0; i < n && i < OPTION_ENV_MAX; i++)
		out[i] = out[i] == '-' ? '_' : (char)toupper((unsigned char)out[i]);
}

static void describe_bytes(uint64_t n, char out[32])
{
	static const char units[] = " KMGT";
	size_t unit = 0;
	while (n >= 1024 && n % 1024 == 0 && unit < 4) {
		n /= 1024;
		unit++;
	}
	snprintf(out, 32, unit == 0 ? "%" PRIu64 : "%" PRIu64 "%c", n, units[unit]);
}

/* For the kinds that take the same values in every option. */
static const char *const takes[] = {
	[OPTION_ADDRESS] = "IP:PORT, such as 127.0.0.1:8080 or [::1]:8080",
	[OPTION_SWITCH] = "yes or no",
	[OPTION_HOSTS] = "*, or host names and *.suffixes, comma-separated",
	[OPTION_NETS] = "addresses or networks such as 10.0.0.0/8, comma-separated",
	[OPTION_FILE] = "a file that can be read",
	[OPTION_CAS] = "a file with certificates in PEM",
	[OPTION_PAIR] = "a file with a certificate and its key in PEM",
	[OPTION_RATE] = "a number per s, m or h, such as 60/m",
	[OPTION_ORIGINS] = "*, or origins such as https://news.example, comma-separated",
	[OPTION_CACHE] = "redis:// or rediss:// [user:password@]host:port/db, or unix:///path",
};

void option_describe(const struct option *option, char out[OPTION_TAKES_MAX])
{
	char low[32], high[32];
	switch (option->kind) {
	case OPTION_NUMBER:
	case OPTION_MS:
		snprintf(out, OPTION_TAKES_MAX, "%s from %" PRIu64 " to %" PRIu64,
			 option->kind == OPTION_MS ? "milliseconds" : "a number", option->min,
			 option->max);
		break;
	case OPTION_BYTES:
		describe_bytes(option->min, low);
		describe_bytes(option->max, high);
		snprintf(out, OPTION_TAKES_MAX, "bytes from %s to %s (with K, M or G)", low, high);
		break;
	case OPTION_CHOICE:
		snprintf(out, OPTION_TAKES_MAX, "one of: %s", option->choices);
		break;
	default:
		snprintf(out, OPTION_TAKES_MAX, "%s", takes[option->kind]);
	}
}
