#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include "option.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** What somebody set an option to: text, not yet checked; all borrowed. */
struct setting {
	const char *value;  /* NULL: not set */
	const char *origin; /* "flag", "default", the variable's name or the file's path */
	size_t line;        /* of the file, from 1; 0: from elsewhere */
};

/** The settings of one source, in the order of option_table. */
struct settings {
	struct setting of[OPTION_MAX];
};

enum settings_wish {
	SETTINGS_RUN,
	SETTINGS_CHECK, /* --check-config */
	SETTINGS_HELP,
	SETTINGS_VERSION,
	SETTINGS_REFUSED, /* there is no such option, or its value is missing: reported on `err` */
};

/** Read the flags in `argv` into `out`, which borrows them, and find out what is wished. Of --help
 *  and --version the first counts, and nothing after it. */
enum settings_wish settings_read_flags(int argc, char **argv, struct settings *out, FILE *err);

/**
 * Read the file at `path`, lines of "name = value", into `out`, which borrows `path` and `*text`:
 * the file's text as new memory, cut into pieces, which the caller frees. False: it could not be
 * read (then `*text` is NULL) or has wrong lines, which are left out; each is reported on `err`.
 */
bool settings_read_file(const char *path, struct settings *out, char **text, FILE *err);

/** The setting in force for the option: by flag, environment (the variable `env`, borrowed), file
 *  or default. */
struct setting settings_choose(const struct option *option, const char *env, struct setting flag,
			       struct setting file);

#endif
