#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "core/span.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** What the fuzzer calls; each fuzz_NAME.c has one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Stop with the name of what does not hold; asserts of the code under test stop it as well. */
#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/** The input that is left. */
struct input {
	const uint8_t *at;
	size_t len;
};

/** The next byte; 0 when there is none left. */
static inline uint8_t input_byte(struct input *input)
{
	if (input->len == 0)
		return 0;
	input->len--;
	return *input->at++;
}

/** What stands before the next line feed, or all that is left; the line feed is dropped. */
static inline struct span input_line(struct input *input)
{
	if (input->len == 0)
		return (struct span){NULL, 0};
	const uint8_t *end = memchr(input->at, '\n', input->len);
	struct span line = {(const char *)input->at,
			    end == NULL ? input->len : (size_t)(end - input->at)};
	size_t used = line.len + (end != NULL);
	input->at += used;
	input->len -= used;
	return line;
}

/** All that is left. */
static inline struct span input_rest(struct input *input)
{
	struct span rest = {(const char *)input->at, input->len};
	input->len = 0;
	return rest;
}

/** Is `bytes` name NUL value NUL … as a query string's arguments are handed over? */
static inline bool are_pairs(struct span bytes)
{
	size_t ends = 0;
	for (size_t i = 0; i < bytes.len; i++)
		ends += bytes.at[i] == '\0';
	return ends % 2 == 0 && (bytes.len == 0 || bytes.at[bytes.len - 1] == '\0');
}

/** A new string of the bytes up to the first NUL: exactly as large, so that reads beyond are seen.
 */
static inline char *new_string(struct span bytes)
{
	size_t len = bytes.len == 0 ? 0 : strnlen(bytes.at, bytes.len);
	char *string = malloc(len + 1);
	HOLDS(string != NULL);
	if (len > 0)
		memcpy(string, bytes.at, len);
	string[len] = '\0';
	return string;
}

#endif
