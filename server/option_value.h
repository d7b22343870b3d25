#ifndef SERVER_OPTION_VALUE_H
#define SERVER_OPTION_VALUE_H

#include "redis_url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct option;

/** Check `value` and store it in the option's field of `config`, which borrows it if the field is
 *  a string. Files are opened for that. False: it is not allowed, and the field holds nothing of
 *  use. */
bool option_value_store(struct config *config, const struct option *option, const char *value);

/** Why option_value_store() has just refused `value`, if option_describe() does not say so; else
 *  "". The answer is in `out` or lives until the next strerror(). */
const char *option_value_why_refused(const struct option *option, const char *value, char *out,
				     size_t size);

/** `value`, allowed or not, as it may be printed: without a password, even one in the wrong place.
 *  The answer is `value`, in `room`, or static. */
const char *option_value_shown(const struct option *option, const char *value,
			       char room[REDIS_URL_SHOWN_MAX]);

/** The option's number; only for the kinds that have one. */
uint64_t option_value_number(const struct option *option, const struct config *config);

/** The option's text; only for the kinds that have one. */
const char *option_value_text(const struct option *option, const struct config *config);

/** Is the option set to the same in `a` and `b`? */
bool option_value_is_same(const struct option *option, const struct config *a,
			  const struct config *b);

#endif
