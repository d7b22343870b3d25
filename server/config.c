#include "config.h"

#include "address.h"
#include "cors.h"
#include "keys.h"
#include "rate.h"
#include "redis_url.h"
#include "url.h"
#include "version.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum kind {
	KIND_ADDRESS, /* IP:PORT */
	KIND_COUNT,
	KIND_BYTES, /* 4096, 64K, 10M, 1G */
	KIND_MS,
	KIND_SWITCH,  /* yes or no */
	KIND_HOSTS,   /* as url_hosts_check() takes them */
	KIND_NETS,    /* as address_nets_parse() takes them */
	KIND_FILE,    /* a readable file; empty: none */
	KIND_CAS,     /* the same, with a certificate in it */
	KIND_PAIR,    /* the same, with a certificate and its key */
	KIND_RATE,    /* as rate_rule_parse() takes it */
	KIND_ORIGINS, /* as cors_fault() accepts them */
	KIND_CACHE,   /* as redis_url_parse() takes it; holds a secret, so it is shown nowhere */
	KIND_CHOICE,  /* one of `choices` */
};

struct option {
	const char *flag; /* without the dashes */
	enum kind kind;
	size_t offset; /* offset into struct config */
	const char *fallback;
	uint64_t min, max;
	const char *choices;
	const char *help;
};

#define AT(field) offsetof(struct config, field)
#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define HOUR_MS UINT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define FILE_MAX_BYTES (64 * 1024)
/* Descriptors for everything else than connections and downloads: listeners, probes, look-ups of
 * names, /proc. */
#define OTHER_DESCRIPTORS 32

/* The first option names the file from which the others may come. */
static const struct option options[] = {
	{"config", KIND_FILE, AT(config_file), "", 0, 0, NULL,
	 "file of options, one \"name = value\" per line; flags and the environment win over it; "
	 "on SIGHUP, rate, log-level and api-keys-file are read from it again"},
	{"listen", KIND_ADDRESS, AT(listen), "127.0.0.1:8080", 0, 0, NULL,
	 "address and port of the service"},
	{"admin-listen", KIND_ADDRESS, AT(admin_listen), "", 0, 0, NULL,
	 "separate address for probes and metrics; empty: they are served at --listen"},
	{"reuse-port", KIND_SWITCH, AT(reuse_port), "no", 0, 0, NULL,
	 "share the port with other instances of the same user, so that a new one can start before "
	 "the old one ends"},
	{"io-threads", KIND_COUNT, AT(io_threads), "1", 1, 64, NULL,
	 "threads that read and write sockets"},
	{"workers", KIND_COUNT, AT(workers), "0", 0, 1024, NULL,
	 "threads that summarize; 0: one per core"},
	{"queue", KIND_COUNT, AT(queue), "256", 1, 1000000, NULL,
	 "requests that may wait for a worker; beyond that: 503"},
	{"queue-wait-ms", KIND_MS, AT(queue_wait_ms), "100", 0, HOUR_MS, NULL,
	 "how long a request may wait for a worker; enforced, with 503, once all requests have "
	 "waited longer than this for half a second; 0: no limit"},
	{"connections", KIND_COUNT, AT(connections), "1000", 1, 1000000, NULL,
	 "client connections open at once"},
	{"max-body", KIND_BYTES, AT(max_body_bytes), "10M", 1 * KIB, 1 * GIB, NULL,
	 "largest request body"},
	{"max-text", KIND_BYTES, AT(max_text_bytes), "10M", 1 * KIB, 1 * GIB, NULL,
	 "largest text or HTML inside a request, in UTF-8"},
	{"max-inflight", KIND_BYTES, AT(max_inflight_bytes), "256M", 1 * MIB, 1024 * GIB, NULL,
	 "total bytes of request bodies and of answers being sent; beyond that: 503"},
	{"job-memory", KIND_BYTES, AT(job_memory_bytes), "512M", 8 * MIB, 1024 * GIB, NULL,
	 "memory that one request may use while it is processed"},
	{"deadline-ms", KIND_MS, AT(deadline_ms), "10000", 10, HOUR_MS, NULL,
	 "time for a whole request, from its head to its answer; beyond that: 504, or a closed "
	 "connection if the request has not fully arrived"},
	{"keepalive-ms", KIND_MS, AT(keepalive_ms), "75000", 100, HOUR_MS, NULL,
	 "how long an idle connection is kept open"},
	{"drain-ms", KIND_MS, AT(drain_ms), "15000", 0, HOUR_MS, NULL,
	 "how long accepted requests may take to be answered after SIGTERM"},
	{"url-hosts", KIND_HOSTS, AT(url_hosts), "*", 0, 0, NULL,
	 "hosts that may be downloaded from, comma-separated; *.example.org means its subdomains; "
	 "*: any public host; empty: none"},
	{"url-allow-nets", KIND_NETS, AT(url_allow_nets), "", 0, 0, NULL,
	 "private networks (CIDR, comma-separated) that may be connected to all the same"},
	{"url-timeout-ms", KIND_MS, AT(url_timeout_ms), "5000", 10, HOUR_MS, NULL,
	 "time for one download, including redirects"},
	{"url-max-bytes", KIND_BYTES, AT(url_max_bytes), "10M", 1 * KIB, 1 * GIB, NULL,
	 "largest download, after decompression"},
	{"url-max-redirects", KIND_COUNT, AT(url_max_redirects), "5", 0, 50, NULL,
	 "redirects followed for one download"},
	{"url-downloads", KIND_COUNT, AT(url_downloads), "256", 1, 100000, NULL,
	 "downloads at once, at most half of them for lines of batches; beyond that: 503"},
	{"cache-bytes", KIND_BYTES, AT(cache_bytes), "64M", 0, 1024 * GIB, NULL,
	 "memory for cached answers; 0: no cache in memory"},
	{"cache-text-ms", KIND_MS, AT(cache_text_ms), "86400000", 0, DAY_MS, NULL,
	 "how long an answer for text or HTML is cached"},
	{"cache-url-ms", KIND_MS, AT(cache_url_ms), "300000", 0, DAY_MS, NULL,
	 "how long an answer for a URL is cached"},
	{"cache-failure-ms", KIND_MS, AT(cache_failure_ms), "5000", 0, DAY_MS, NULL,
	 "how long a URL that failed is not tried again"},
	{"cache-url", KIND_CACHE, AT(cache_url), "", 0, 0, NULL,
	 "Redis or Valkey server in which instances share answers and rates"},
	{"cache-timeout-ms", KIND_MS, AT(cache_timeout_ms), "100", 1, 10000, NULL,
	 "how long to wait for a reply of the shared cache; then the service continues without it"},
	{"cache-ca-file", KIND_CAS, AT(cache_ca_file), "", 0, 0, NULL,
	 "CA certificates (PEM) for checking the shared cache's certificate; empty: the system's"},
	{"cache-client-file", KIND_PAIR, AT(cache_client_file), "", 0, 0, NULL,
	 "client certificate and key presented to the shared cache"},
	{"url-ca-file", KIND_CAS, AT(url_ca_file), "", 0, 0, NULL,
	 "CA certificates (PEM) that downloads trust; empty: the system's"},
	{"api-keys-file", KIND_FILE, AT(api_keys_file), "", 0, 0, NULL,
	 "file of API keys, one name:key per line; summaries then require a key; read again on "
	 "SIGHUP; a different file named then must be in /etc or in the folder of a file named at "
	 "start, because the sandbox hides everything else"},
	{"rate", KIND_RATE, AT(rate), "", 0, 0, NULL,
	 "how many summaries one API key, or one address, may request"},
	{"trust-proxies", KIND_NETS, AT(trust_proxies), "", 0, 0, NULL,
	 "proxies whose Forwarded and X-Forwarded-For headers are trusted"},
	{"cors-origins", KIND_ORIGINS, AT(cors_origins), "", 0, 0, NULL,
	 "web origins whose pages may call the service"},
	{"log-level", KIND_CHOICE, AT(log_level), "info", 0, 0, "error warn info debug",
	 "how much is logged to standard error, one JSON line per event; info: one line per "
	 "request; debug: also for probes"},
	{"sandbox", KIND_CHOICE, AT(sandbox), "auto", 0, 0, "auto on off",
	 "give up what a running service does not need (seccomp, Landlock, core dumps); auto: as "
	 "far as the kernel supports it; on: all of it, or refuse to start"},
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))
_Static_assert(OPTION_COUNT <= 64, "a bit for each in config.given");

static void env_name(const struct option *option, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "PRECIS_%s", option->flag);
	for (size_t i = 0; i < n && i < size; i++)
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
	[KIND_ADDRESS] = "IP:PORT, such as 127.0.0.1:8080 or [::1]:8080",
	[KIND_SWITCH] = "yes or no",
	[KIND_HOSTS] = "*, or host names and *.suffixes, comma-separated",
	[KIND_NETS] = "addresses or networks such as 10.0.0.0/8, comma-separated",
	[KIND_FILE] = "a file that can be read",
	[KIND_CAS] = "a file with certificates in PEM",
	[KIND_PAIR] = "a file with a certificate and its key in PEM",
	[KIND_RATE] = "a number per s, m or h, such as 60/m",
	[KIND_ORIGINS] = "*, or origins such as https://news.example, comma-separated",
	[KIND_CACHE] = "redis:// or rediss:// [user:password@]host:port/db, or unix:///path",
};

/** Describe in words what values the option takes. */
static void describe(const struct option *option, char *out, size_t size)
{
	char low[32], high[32];
	switch (option->kind) {
	case KIND_COUNT:
	case KIND_MS:
		snprintf(out, size, "%s from %" PRIu64 " to %" PRIu64,
			 option->kind == KIND_MS ? "milliseconds" : "a number", option->min,
			 option->max);
		break;
	case KIND_BYTES:
		describe_bytes(option->min, low);
		describe_bytes(option->max, high);
		snprintf(out, size, "bytes from %s to %s (with K, M or G)", low, high);
		break;
	case KIND_CHOICE:
		snprintf(out, size, "one of: %s", option->choices);
		break;
	default:
		snprintf(out, size, "%s", takes[option->kind]);
	}
}

static bool parse_address(const char *value, struct listen_address *out)
{
	memset(out, 0, sizeof(*out));
	const char *colon = strrchr(value, ':');
	if (colon == NULL || colon[1] == '\0' ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	unsigned long port = strtoul(colon + 1, NULL, 10);
	char host[INET6_ADDRSTRLEN + 1];
	size_t len = (size_t)(colon - value);
	bool bracketed = len >= 2 && value[0] == '[' && colon[-1] == ']';
	if (bracketed) {
		value++;
		len -= 2;
	}
	if (port > 65535 || len >= sizeof(host))
		return false;
	memcpy(host, value, len);
	host[len] = '\0';
	const char *literal = !bracketed && strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
	socklen_t parsed = address_parse(literal, (unsigned)port, &out->address);
	if ((out->address.ss_family == AF_INET6) != bracketed)
		return false;
	out->len = parsed;
	return parsed != 0;
}

static bool parse_number(const struct option *option, const char *value, uint64_t *out)
{
	if (!isdigit((unsigned char)value[0]))
		return false;
	char *rest;
	errno = 0;
	uint64_t n = strtoull(value, &rest, 10), scale = 1;
	if (option->kind == KIND_BYTES && *rest != '\0') {
		const char *unit = strchr("KMG", toupper((unsigned char)*rest));
		if (unit == NULL || rest[1] != '\0')
			return false;
		scale = *unit == 'K' ? KIB : *unit == 'M' ? MIB : GIB;
		rest++;
	}
	if (errno != 0 || *rest != '\0' || __builtin_mul_overflow(n, scale, &n))
		return false;
	*out = n;
	return n >= option->min && n <= option->max;
}

static bool is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value);
	for (const char *at = choices; len > 0 && (at = strstr(at, value)) != NULL; at += len) {
		bool starts = at == choices || at[-1] == ' ';
		if (starts && (at[len] == ' ' || at[len] == '\0'))
			return true;
	}
	return false;
}

static bool is_file(const struct option *option)
{
	return option->kind == KIND_FILE || option->kind == KIND_CAS || option->kind == KIND_PAIR;
}

static bool has_certificate(const char *path)
{
	FILE *file = fopen(path, "re");
	X509 *first = file == NULL ? NULL : PEM_read_X509_AUX(file, NULL, NULL, NULL);
	bool found = first != NULL;
	X509_free(first);
	ERR_clear_error();
	if (file != NULL)
		fclose(file);
	return found;
}

/* Nobody is there to type a passphrase. */
static int no_passphrase(char *out, int size, int writing, void *arg)
{
	return 0;
}

static bool has_pair(const char *path)
{
	FILE *file = fopen(path, "re");
	X509 *first = file == NULL ? NULL : PEM_read_X509_AUX(file, NULL, NULL, NULL);
	if (file != NULL)
		rewind(file);
	EVP_PKEY *key = first == NULL ? NULL : PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
	bool found = key != NULL && X509_check_private_key(first, key) == 1;
	EVP_PKEY_free(key);
	X509_free(first);
	ERR_clear_error();
	if (file != NULL)
		fclose(file);
	return found;
}

static bool is_good_text(const struct option *option, const char *value)
{
	struct address_net nets[CONFIG_MAX_NETS];
	struct redis_address server;
	struct rate_rule rule;
	size_t fault;
	switch (option->kind) {
	case KIND_CHOICE:
		return is_choice(option->choices, value);
	case KIND_HOSTS:
		return url_hosts_check(value, &fault);
	case KIND_RATE:
		return rate_rule_parse(value, &rule);
	case KIND_ORIGINS:
		return cors_fault(value) == NULL;
	case KIND_CACHE:
		return *value == '\0' || redis_url_parse(value, &server);
	case KIND_NETS:
		return address_nets_parse(value, nets, CONFIG_MAX_NETS, &fault) >= 0;
	case KIND_FILE:
		return *value == '\0' || access(value, R_OK) == 0;
	case KIND_CAS:
		return *value == '\0' || has_certificate(value);
	case KIND_PAIR:
		return *value == '\0' || has_pair(value);
	default:
		return false; /* no text */
	}
}

static bool store(struct config *config, const struct option *option, const char *value)
{
	void *at = (char *)config + option->offset;
	switch (option->kind) {
	case KIND_ADDRESS:
		return (*value == '\0' && *option->fallback == '\0') || parse_address(value, at);
	case KIND_COUNT:
	case KIND_BYTES:
	case KIND_MS:
		return parse_number(option, value, at);
	case KIND_SWITCH:
		*(bool *)at = strcmp(value, "yes") == 0;
		return *(bool *)at || strcmp(value, "no") == 0;
	default:
		*(const char **)at = value;
		return is_good_text(option, value);
	}
}

/** Why store() refused the value, if the description of the option does not say so; else "". */
static const char *why_refused(const struct option *option, const char *value, char *out,
			       size_t size)
{
	struct address_net nets[CONFIG_MAX_NETS];
	size_t fault = 0;
	*out = '\0';
	if (option->kind == KIND_ORIGINS)
		return cors_fault(value);
	if (is_file(option) && access(value, R_OK) != 0)
		return strerror(errno);
	if (option->kind == KIND_CAS)
		return "there is no certificate in it";
	if (option->kind == KIND_PAIR)
		return "there is no certificate with its key, which may have no passphrase, in it";
	bool is_list = (option->kind == KIND_NETS &&
			address_nets_parse(value, nets, CONFIG_MAX_NETS, &fault) < 0) ||
		       (option->kind == KIND_HOSTS && !url_hosts_check(value, &fault));
	const char *item = value + fault + strspn(value + fault, " \t");
	bool is_all = *item == '*' && (item[1] == '\0' || strchr(", \t", item[1]) != NULL);
	if (is_list && is_all && option->kind == KIND_HOSTS)
		return "'*' stands alone, for every public host; else each is named";
	if (is_list)
		snprintf(out, size, "'%.*s' is %s", (int)strcspn(item, ","), item,
			 option->kind == KIND_HOSTS
				 ? "no host's name alone"
				 : "no address or network, or has bits behind its prefix");
	return out;
}

/* The columns at which the help texts begin and end. */
#define HELP_COLUMN 23
#define HELP_WIDTH 79

/** Print words from HELP_COLUMN, where the cursor is, wrapping lines, and end the line. */
static void print_wrapped(FILE *out, const char *text)
{
	size_t column = HELP_COLUMN;
	for (size_t len; (len = strcspn(text, " ")) > 0; text += len + (text[len] == ' ')) {
		if (column > HELP_COLUMN && column + 1 + len > HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		}
		bool is_first = column == HELP_COLUMN;
		fprintf(out, "%s%.*s", is_first ? "" : " ", (int)len, text);
		column += len + !is_first;
	}
	fputc('\n', out);
}

static void print_help(FILE *out)
{
	fprintf(out,
		"precis " PRECIS_VERSION ": summarizes articles over HTTP\n\n"
		"usage: precis [--OPTION VALUE]...\n"
		"       precis health [URL]    exit 0 when the service at URL is alive\n\n"
		"Each option can also be set in the environment (--max-body as PRECIS_MAX_BODY)\n"
		"and in the file of --config (max-body = 10M). An empty variable counts as\n"
		"unset, except PRECIS_URL_HOSTS=, which allows no host.\n\n");
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		char allowed[128], takes_line[200];
		describe(&options[i], allowed, sizeof(allowed));
		snprintf(takes_line, sizeof(takes_line), "takes %s; default %s", allowed,
			 *options[i].fallback == '\0' ? "none" : options[i].fallback);
		fprintf(out, "  --%-*s", HELP_COLUMN - 4, options[i].flag);
		print_wrapped(out, options[i].help);
		fprintf(out, "%*s", HELP_COLUMN, "");
		print_wrapped(out, takes_line);
	}
	fprintf(out, "\n  --check-config       say what every option is set to, and stop\n"
		     "  --version            say the version, and stop\n"
		     "  --help, -h           this\n");
}

static uint64_t cores(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return (uint64_t)CPU_COUNT(&set);
}

/** A value and where it comes from: "flag", "default", a variable, or a file and its line. */
struct setting {
	const char *value, *origin;
	size_t line; /* 0: not from a file */
};

/** The option of that name; OPTION_COUNT where there is none. */
static size_t find_name(const char *name, size_t len)
{
	size_t i = 0;
	while (i < OPTION_COUNT &&
	       (strlen(options[i].flag) != len || memcmp(options[i].flag, name, len) != 0))
		i++;
	return i;
}

/** The option that `argument` ("--queue" or "--queue=9") names; `*value` is what follows '='. */
static size_t find_option(const char *argument, const char **value)
{
	*value = NULL;
	if (strncmp(argument, "--", 2) != 0)
		return OPTION_COUNT;
	size_t len = strcspn(argument + 2, "=");
	if (argument[2 + len] == '=')
		*value = argument + 2 + len + 1;
	return find_name(argument + 2, len);
}

/** The whole file as new memory, with a NUL; NULL with errno. */
static char *read_text(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = file == NULL ? NULL : malloc(FILE_MAX_BYTES + 1);
	if (text != NULL) {
		size_t len = fread(text, 1, FILE_MAX_BYTES, file);
		text[len] = '\0';
		bool fits = !ferror(file) && feof(file);
		if (!fits || strlen(text) != len) {
			errno = ferror(file) ? errno : fits ? EINVAL : EFBIG;
			free(text);
			text = NULL;
		}
	}
	int error = errno;
	if (file != NULL)
		fclose(file);
	errno = error;
	return text;
}

/** Trim white space off both ends, in place. */
static char *trim(char *text)
{
	text += strspn(text, " \t\r");
	size_t len = strlen(text);
	while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL)
		len--;
	text[len] = '\0';
	return text;
}

/** Read one line "name = value" into `settings`; returns NULL, or what is wrong with it. */
static const char *read_line(char *line, const char *path, size_t number, struct setting *settings)
{
	line = trim(line);
	if (*line == '\0' || *line == '#')
		return NULL;
	char *equals = strchr(line, '=');
	if (equals == NULL)
		return "'name = value' is expected";
	*equals = '\0';
	const char *name = trim(line);
	size_t option = find_name(name, strlen(name));
	if (option == OPTION_COUNT)
		return "unknown name; --help lists them, here without the dashes";
	if (option == 0)
		return "a file cannot name another";
	if (settings[option].value != NULL)
		return "this name stood before";
	settings[option] = (struct setting){trim(equals + 1), path, number};
	return NULL;
}

/** Read all lines of `text`, which is cut into pieces that `settings` borrows; wrong lines are
 *  skipped and reported. */
static bool read_lines(char *text, const char *path, struct setting *settings, FILE *err)
{
	char *rest = text, *line;
	bool good = true;
	for (size_t number = 1; (line = strsep(&rest, "\n")) != NULL; number++) {
		const char *wrong = read_line(line, path, number, settings);
		if (wrong != NULL) {
			fprintf(err, "precis: %s, line %zu: %s\n", path, number, wrong);
			good = false;
		}
	}
	return good;
}

static bool read_file(struct config *config, struct setting *settings, FILE *err)
{
	if (*config->config_file == '\0')
		return true;
	config->file_text = read_text(config->config_file);
	if (config->file_text != NULL)
		return read_lines(config->file_text, config->config_file, settings, err);
	fprintf(err, "precis: --config %s: %s\n", config->config_file, strerror(errno));
	return false;
}

static enum config_result read_flags(int argc, char **argv, struct setting *settings, bool *check,
				     FILE *out, FILE *err)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			print_help(out);
			return CONFIG_STOP;
		}
		if (strcmp(argv[i], "--version") == 0) {
			fprintf(out, "precis %s\n", PRECIS_VERSION);
			return CONFIG_STOP;
		}
		if (strcmp(argv[i], "--check-config") == 0) {
			*check = true;
			continue;
		}
		const char *value;
		size_t option = find_option(argv[i], &value);
		if (option == OPTION_COUNT) {
			fprintf(err, "precis: unknown option '%s'; --help lists them\n", argv[i]);
			return CONFIG_REFUSED;
		}
		if (value == NULL) {
			if (++i == argc) {
				fprintf(err, "precis: --%s needs a value\n", options[option].flag);
				return CONFIG_REFUSED;
			}
			value = argv[i];
		}
		settings[option] = (struct setting){value, "flag", 0};
	}
	return CONFIG_RUN;
}

/** The setting in force for the option: flag, environment, file, default. Compose files
 *  and the like turn a variable that was never set into an empty one, which must not
 *  disable keys that the file asks for. An empty variable counts only for options in which
 *  empty differs from the default. */
static struct setting choose(const struct option *option, const char *env, struct setting flag,
			     struct setting file)
{
	const char *inherited = getenv(env);
	if (flag.value != NULL)
		return flag;
	if (inherited != NULL && (*inherited != '\0' || option->kind == KIND_HOSTS))
		return (struct setting){inherited, env, 0};
	if (file.value != NULL)
		return file;
	return (struct setting){option->fallback, "default", 0};
}

/** The value as it may be shown: without a password, even one in the wrong place. */
static const char *shown(const struct option *option, const char *value,
			 char room[REDIS_URL_SHOWN_MAX])
{
	struct redis_address server;
	if (option->kind != KIND_CACHE || *value == '\0')
		return value;
	return redis_url_parse(value, &server) ? redis_url_show(&server, room) : "***";
}

static void refuse(const struct option *option, const char *env, const struct setting *setting,
		   FILE *err)
{
	char allowed[128], room[REDIS_URL_SHOWN_MAX], reason[400];
	const char *why = why_refused(option, setting->value, reason, sizeof(reason));
	describe(option, allowed, sizeof(allowed));
	if (setting->line > 0)
		fprintf(err, "precis: %s, line %zu: %s", setting->origin, setting->line,
			option->flag);
	else
		fprintf(err, "precis: --%s (%s)", option->flag, env);
	fprintf(err, ": '%s' is not allowed%s%s; it takes %s\n",
		shown(option, setting->value, room), *why == '\0' ? "" : ": ", why, allowed);
}

static bool store_one(struct config *config, const struct option *option, struct setting flag,
		      struct setting file, FILE *say, FILE *err)
{
	char env[64], room[REDIS_URL_SHOWN_MAX];
	env_name(option, env, sizeof(env));
	struct setting setting = choose(option, env, flag, file);
	if (!store(config, option, setting.value)) {
		refuse(option, env, &setting, err);
		return false;
	}
	if (setting.value != option->fallback)
		config->given |= UINT64_C(1) << (option - options);
	if (say != NULL)
		fprintf(say, "%s = %s (%s)\n", option->flag, shown(option, setting.value, room),
			setting.origin);
	return true;
}

/** Every fault is reported, not only the first. */
static bool store_all(struct config *config, const struct setting *flags, FILE *say, FILE *err)
{
	struct setting file[OPTION_COUNT] = {{0}};
	bool good = true;
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (!store_one(config, &options[i], flags[i], file[i], say, err))
			good = false;
		else if (i == 0 && !read_file(config, file, err))
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

enum config_result config_read(struct config *config, int argc, char **argv, FILE *out, FILE *err)
{
	struct setting flags[OPTION_COUNT] = {{0}};
	bool check = false;
	enum config_result result = read_flags(argc, argv, flags, &check, out, err);
	if (result != CONFIG_RUN)
		return result;

	memset(config, 0, sizeof(*config));
	if (!store_all(config, flags, check ? out : NULL, err) ||
	    !admin_is_elsewhere(config, err) || (check && !config_check_keys(config, err)))
		result = CONFIG_REFUSED;
	else if (check) {
		config_doubts(config, print_doubt, err);
		result = CONFIG_STOP;
	}
	if (result != CONFIG_RUN)
		config_free(config);
	if (config->workers == 0)
		config->workers = cores();
	return result;
}

bool config_read_addresses(struct config *config, FILE *err)
{
	struct setting none = {0}, file[OPTION_COUNT] = {{0}};
	memset(config, 0, sizeof(*config));
	bool good = true;
	if (store_one(config, &options[0], none, none, NULL, err))
		read_file(config, file, err);
	for (size_t i = 1; i < OPTION_COUNT && good; i++)
		if (options[i].kind == KIND_ADDRESS)
			good = store_one(config, &options[i], none, file[i], NULL, err);
	if (!good)
		config_free(config);
	return good;
}

bool config_given(const struct config *config, const char *flag)
{
	size_t option = find_name(flag, strlen(flag));
	return option < OPTION_COUNT && (config->given >> option & 1) != 0;
}

/** Does `variable` ("PRECIS_QUUE=5") belong to no option? Kubernetes and Docker set others for a
 *  service with our name: PRECIS_SERVICE_HOST, PRECIS_PORT=tcp://10.0.0.1:80,
 *  PRECIS_PORT_80_TCP_ADDR. */
static bool is_unknown(const char *variable, size_t len)
{
	char name[64];
	if (strncmp(variable, "PRECIS_", 7) != 0)
		return false;
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		env_name(&options[i], name, sizeof(name));
		if (strlen(name) == len && memcmp(name, variable, len) == 0)
			return false;
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, variable);
	bool names_port = strncmp(variable + len - 5, "_PORT", 5) == 0;
	return strstr(name, "_SERVICE_") == NULL && strstr(name, "_PORT_") == NULL &&
	       !(names_port && strstr(variable + len, "://") != NULL);
}

/* Pairs of limits that end the same thing. */
static const char *const limits[][2] = {{"url-timeout-ms", "deadline-ms"},
					{"max-text", "max-body"},
					{"max-body", "max-inflight"},
					{"url-max-bytes", "max-inflight"}};

static uint64_t number_of(const struct config *config, const char *flag)
{
	size_t offset = options[find_name(flag, strlen(flag))].offset;
	return *(const uint64_t *)((const char *)config + offset);
}

uint64_t config_connections(const struct config *config, uint64_t descriptors)
{
	uint64_t others = config->url_downloads + OTHER_DESCRIPTORS, half = descriptors / 2;
	uint64_t most = others < half ? descriptors - others : half;
	return config->connections < most ? config->connections : most;
}

void config_doubts(const struct config *config, void (*say)(void *arg, const char *doubt),
		   void *arg)
{
	char doubt[200];
	for (char **at = environ; at != NULL && *at != NULL; at++) {
		size_t len = strcspn(*at, "=");
		if (!is_unknown(*at, len))
			continue;
		snprintf(doubt, sizeof(doubt), "the variable %.*s names no option", (int)len, *at);
		say(arg, doubt);
	}
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
	struct rlimit limit;
	uint64_t most = config->connections;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		most = config_connections(config, limit.rlim_max);
	if (most < config->connections) {
		snprintf(doubt, sizeof(doubt),
			 "connections is %" PRIu64 ", but %" PRIu64
			 " descriptors (ulimit -n) leave room for %" PRIu64 " beside url-downloads",
			 config->connections, (uint64_t)limit.rlim_max, most);
		say(arg, doubt);
	}
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

static bool is_same(const struct option *option, const struct config *a, const struct config *b)
{
	const void *at_a = (const char *)a + option->offset,
		   *at_b = (const char *)b + option->offset;
	switch (option->kind) {
	case KIND_ADDRESS:
		return memcmp(at_a, at_b, sizeof(struct listen_address)) == 0;
	case KIND_COUNT:
	case KIND_BYTES:
	case KIND_MS:
		return *(const uint64_t *)at_a == *(const uint64_t *)at_b;
	case KIND_SWITCH:
		return *(const bool *)at_a == *(const bool *)at_b;
	default:
		return strcmp(*(const char *const *)at_a, *(const char *const *)at_b) == 0;
	}
}

const char *config_needs_restart(const struct config *running, const struct config *next,
				 bool has_keys, char *out, size_t size)
{
	size_t len = 0;
	*out = '\0';
	for (size_t i = 0; i < OPTION_COUNT && len < size; i++) {
		const struct option *option = &options[i];
		/* A reload never drops keys that were required, as the line may have been lost
		 * by mistake. */
		bool opens = option->offset == AT(api_keys_file) && has_keys &&
			     *next->api_keys_file == '\0';
		if (opens || (!is_reloaded(option) && !is_same(option, running, next)))
			len += (size_t)snprintf(out + len, size - len, "%s%s", len > 0 ? "," : "",
						option->flag);
	}
	return out;
}

void config_files(const struct config *config, const char *out[CONFIG_MAX_FILES + 1])
{
	size_t count = 0;
	for (size_t i = 0; i < OPTION_COUNT && count < CONFIG_MAX_FILES; i++)
		if (is_file(&options[i]))
			out[count++] =
				*(const char *const *)((const char *)config + options[i].offset);
	out[count] = NULL;
}
