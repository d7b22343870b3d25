#ifndef SERVER_INFO_H
#define SERVER_INFO_H

#include "config.h"

#include <stddef.h>

/**
 * The answer to /v1/info: version, limits, languages, Unicode version. New (malloc'ed) JSON of
 * `*len` bytes, or NULL without memory.
 */
char *info_render(const struct config *config, size_t *len);

#endif
