#ifndef SERVER_OPTION_H
#define SERVER_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What an option takes, and the type of its field in struct config. */
enum option_kind {
	/* struct listen_address */
	OPTION_ADDRESS, /* IP:PORT; empty where that is the default: none */
	/* uint64_t */
	OPTION_NUMBER,
	OPTION_BYTES, /* 4096, 64K, 10M, 1G */
	OPTION_MS,
	/* bool */
	OPTION_SWITCH, /* yes or no */
	/* const char *, never NULL */
	OPTION_HOSTS,   /* as url_hosts_check() takes them */
	OPTION_NETS,    /* as address_nets_parse() takes them */
	OPTION_FILE,    /* a readable file; empty: none */
	OPTION_CAS,     /* the same, with a certificate in it */
	OPTION_PAIR,    /* the same, with a certificate and its key */
	OPTION_RATE,    /* as rate_rule_parse() takes it */
	OPTION_ORIGINS, /* as cors_fault() accepts them */
	OPTION_CACHE,   /* as redis_url_parse() takes it; holds a secret, so it is shown nowhere */
	OPTION_CHOICE,  /* one of `choices` */
};

struct option {
	const char *flag; /* without the dashes */
	enum option_kind kind;
	size_t offset;        /* of its field in struct config */
	const char *fallback; /* its default, as text */
	uint64_t min, max;    /* of OPTION_NUMBER, OPTION_BYTES and OPTION_MS; else 0 */
	const char *choices;  /* of OPTION_CHOICE, separated by spaces; else NULL */
	const char *help;
};

enum {
	OPTION_MAX = 64,        /* no more options than this */
	OPTION_ENV_MAX = 64,    /* bytes of a variable's name, with its NUL */
	OPTION_TAKES_MAX = 128, /* bytes of what option_describe() says */
};

/** Every option, in the order of --help. The first names the file from which the others may come.
 */
extern const struct option option_table[];
extern const size_t option_count;

/** The index in option_table of the option called `name`; option_count if there is none. */
size_t option_find(const char *name, size_t len);

/** Does it name a file? */
bool option_is_file(const struct option *option);

/** Its environment variable: PRECIS_MAX_BODY for max-body. */
void option_env_name(const struct option *option, char out[OPTION_ENV_MAX]);

/** What values it takes, in words. */
void option_describe(const struct option *option, char out[OPTION_TAKES_MAX]);

#endif
