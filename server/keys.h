#ifndef SERVER_KEYS_H
#define SERVER_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * API keys from a file, one per line as `name:key`; blank lines and lines that begin with # are
 * skipped. Only hashes are stored, and a look-up takes the same time whichever key it finds.
 */
struct keys;

enum { KEYS_NAME_MAX = 64, KEYS_MIN_LEN = 16 };

/** Without keys, every request is let in. NULL without memory. */
struct keys *keys_new(void);

/** NULL is allowed. */
void keys_free(struct keys *keys);

/**
 * Replace the present keys by those in `path`; other threads may look keys up meanwhile. On a fault
 * nothing changes, and `fault` says what is wrong and in which line.
 */
bool keys_load(struct keys *keys, const char *path, char *fault, size_t fault_size);

/** Are keys required? */
bool keys_wanted(struct keys *keys);

/** Is `key` one of them? Then its name goes to `name`. Any thread. */
bool keys_find(struct keys *keys, const char *key, char name[KEYS_NAME_MAX + 1]);

#endif
