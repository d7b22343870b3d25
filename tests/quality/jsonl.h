#ifndef TESTS_QUALITY_JSONL_H
#define TESTS_QUALITY_JSONL_H

#include "core/span.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/** Shared by the filters that read a corpus as JSON lines from standard input. */

/** A string of an object, borrowed from it; empty where there is none. */
static inline struct span jsonl_string(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	return (struct span){json_string_value(value), json_string_length(value)};
}

/** Call `take` with each line's value. False, and a word on standard error: a line is not JSON. */
static inline bool jsonl_each(void (*take)(void *arg, const json_t *value), void *arg)
{
	char *line = NULL;
	size_t room = 0;
	bool good = true;
	while (good && getline(&line, &room, stdin) > 0) {
		json_t *value = json_loads(line, 0, NULL);
		good = value != NULL;
		if (good)
			take(arg, value);
		else
			fprintf(stderr, "not JSON: %.60s\n", line);
		json_decref(value);
	}
	free(line);
	return good;
}

#endif
