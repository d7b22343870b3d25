#include "option_value.h"

#include "address.h"
#include "config.h"
#include "cors.h"
#include "option.h"
#include "rate.h"
#include "url.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
	if (option->kind == OPTION_BYTES && *rest != '\0') {
		const char *unit = strchr("KMG", toupper((unsigned char)*rest));
		if (unit == NULL || rest[1] != '\0')
			return false;
		scale = UINT64_C(1) << (*unit == 'K' ? 10 : *unit == 'M' ? 20 : 30);
		rest++;
	}
	if (errno != 0 || *rest != '\0' || __builtin_mul_overflow(n, scale, &n))
		return false;
	*out = n;
	return n >= option->min && n <= option->max;
}

static bool is_choice(const char *choices, const char *value)
{
	size_t value_len = strlen(value);
	for (size_t len; (len = strcspn(choices, " ")) > 0; choices += len + (choices[len] == ' '))
		if (len == value_len && memcmp(choices, value, len) == 0)
			return true;
	return false;
}

/* Files are read more than once, at the start and again on SIGHUP; a pipe is empty then, and one
 * that nobody writes to would be waited for without end. */
static bool is_pipe(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

static bool is_readable(const char *path)
{
	return access(path, R_OK) == 0 && !is_pipe(path);
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
	case OPTION_CHOICE:
		return is_choice(option->choices, value);
	case OPTION_HOSTS:
		return url_hosts_check(value, &fault);
	case OPTION_RATE:
		return rate_rule_parse(value, &rule);
	case OPTION_ORIGINS:
		return cors_fault(value) == NULL;
	case OPTION_CACHE:
		return *value == '\0' || redis_url_parse(value, &server);
	case OPTION_NETS:
		return address_nets_parse(value, nets, CONFIG_MAX_NETS, &fault) >= 0;
	case OPTION_FILE:
		return *value == '\0' || is_readable(value);
	case OPTION_CAS:
		return *value == '\0' || (is_readable(value) && has_certificate(value));
	case OPTION_PAIR:
		return *value == '\0' || (is_readable(value) && has_pair(value));
	default:
		return false; /* no text */
	}
}

bool option_value_store(struct config *config, const struct option *option, const char *value)
{
	void *at = (char *)config + option->offset;
	switch (option->kind) {
	case OPTION_ADDRESS:
		return (*value == '\0' && *option->fallback == '\0') || parse_address(value, at);
	case OPTION_NUMBER:
	case OPTION_BYTES:
	case OPTION_MS:
		return parse_number(option, value, at);
	case OPTION_SWITCH:
		*(bool *)at = strcmp(value, "yes") == 0;
		return *(bool *)at || strcmp(value, "no") == 0;
	default:
		*(const char **)at = value;
		return is_good_text(option, value);
	}
}

const char *option_value_why_refused(const struct option *option, const char *value, char *out,
				     size_t size)
{
	struct address_net nets[CONFIG_MAX_NETS];
	size_t fault = 0;
	*out = '\0';
	if (option->kind == OPTION_ORIGINS)
		return cors_fault(value);
	if (option_is_file(option) && access(value, R_OK) != 0)
		return strerror(errno);
	if (option_is_file(option) && is_pipe(value))
		return "it is a pipe, which cannot be read again";
	if (option->kind == OPTION_CAS)
		return "there is no certificate in it";
	if (option->kind == OPTION_PAIR)
		return "there is no certificate with its key, which may have no passphrase, in it";
	bool is_list = (option->kind == OPTION_NETS &&
			address_nets_parse(value, nets, CONFIG_MAX_NETS, &fault) < 0) ||
		       (option->kind == OPTION_HOSTS && !url_hosts_check(value, &fault));
	const char *item = value + fault + strspn(value + fault, " \t");
	bool is_all = *item == '*' && (item[1] == '\0' || strchr(", \t", item[1]) != NULL);
	if (is_list && is_all && option->kind == OPTION_HOSTS)
		return "'*' stands alone, for every public host; else each is named";
	if (is_list)
		snprintf(out, size, "'%.*s' is %s", (int)strcspn(item, ","), item,
			 option->kind == OPTION_HOSTS
				 ? "no host's name alone"
				 : "no address or network, or has bits behind its prefix");
	return out;
}
const char *option_value_shown(const struct option *option, const char *value,
			       char room[REDIS_URL_SHOWN_MAX])
{
	struct redis_address server;
	if (option->kind != OPTION_CACHE || *value == '\0')
		return value;
	return redis_url_parse(value, &server) ? redis_url_show(&server, room) : "***";
}
/** The option's field in `config`; its type depends on the option's kind. */
static const void *field(const struct option *option, const struct config *config)
{
	return (const char *)config + option->offset;
}

uint64_t option_value_number(const struct option *option, const struct config *config)
{
	return *(const uint64_t *)field(option, config);
}

const char *option_value_text(const struct option *option, const struct config *config)
{
	return *(const char *const *)field(option, config);
}

bool option_value_is_same(const struct option *option, const struct config *a,
			  const struct config *b)
{
	switch (option->kind) {
	case OPTION_ADDRESS:
		return memcmp(field(option, a), field(option, b), sizeof(struct listen_address)) ==
		       0;
	case OPTION_NUMBER:
	case OPTION_BYTES:
	case OPTION_MS:
		return option_value_number(option, a) == option_value_number(option, b);
	case OPTION_SWITCH:
		return *(const bool *)field(option, a) == *(const bool *)field(option, b);
	default:
		return strcmp(option_value_text(option, a), option_value_text(option, b)) == 0;
	}
}
