#include "keys.h"

#include "core/ascii.h"
#include "digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct key {
	char name[KEYS_NAME_MAX + 1];
	unsigned char digest[DIGEST_BYTES];
};

struct keys {
	pthread_rwlock_t lock; /* guards everything below */
	struct key *at;
	size_t len;
	bool wanted;
};

struct keys *keys_new(void)
{
	struct keys *keys = calloc(1, sizeof(*keys));
	if (keys != NULL)
		pthread_rwlock_init(&keys->lock, NULL);
	return keys;
}

void keys_free(struct keys *keys)
{
	if (keys == NULL)
		return;
	pthread_rwlock_destroy(&keys->lock);
	free(keys->at);
	free(keys);
}

/* Read "name:key" into `out`; returns NULL, or what is wrong with the line. */
static const char *read_line(char *line, struct key *out)
{
	char *colon = strchr(line, ':');
	if (colon == NULL || colon == line)
		return "a name, a colon and a key are expected";
	*colon = '\0';
	if (strlen(line) > KEYS_NAME_MAX)
		return "the name is too long";
	for (const char *at = line; *at != '\0'; at++)
		if (!ascii_is_alnum(*at) && strchr("._-", *at) == NULL)
			return "a name may have only letters, digits, '.', '_' and '-'";
	if (strlen(colon + 1) < KEYS_MIN_LEN)
		return "a key must have at least 16 characters";
	for (const char *at = colon + 1; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~')
			return "a key may have only printable ASCII without spaces";
	strcpy(out->name, line);
	digest_of(colon + 1, strlen(colon + 1), out->digest);
	return NULL;
}

/* Add one line of `bytes` to the array, which grows; returns NULL, or what is wrong with the
 * line. */
static const char *add_line(char *line, size_t bytes, struct key **all, size_t *len)
{
	if (strlen(line) != bytes)
		return "it contains a NUL";
	while (bytes > 0 && (line[bytes - 1] == '\n' || line[bytes - 1] == '\r'))
		line[--bytes] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return NULL;
	struct key *grown = realloc(*all, (*len + 1) * sizeof(**all));
	if (grown == NULL)
		return "no memory";
	*all = grown;
	const char *wrong = read_line(line, &grown[*len]);
	*len += wrong == NULL;
	return wrong;
}

/* Read all keys of the file into new memory; NULL with `fault` set. */
static struct key *read_file(FILE *file, size_t *len, char *fault, size_t fault_size)
{
	struct key *all = malloc(sizeof(*all));
	const char *wrong = all == NULL ? "no memory" : NULL;
	char *line = NULL;
	size_t number = 0, room = 0;
	ssize_t bytes;
	*len = 0;
	while (wrong == NULL && (bytes = getline(&line, &room, file)) >= 0) {
		number++;
		wrong = add_line(line, (size_t)bytes, &all, len);
	}
	bool is_readable = wrong != NULL || !ferror(file);
	if (!is_readable)
		wrong = strerror(errno);
	if (line != NULL)
		OPENSSL_cleanse(line, room);
	free(line);
	if (wrong == NULL)
		return all;
	if (is_readable)
		snprintf(fault, fault_size, "line %zu: %s", number, wrong);
	else
		snprintf(fault, fault_size, "%s", wrong);
	free(all);
	return NULL;
}

bool keys_load(struct keys *keys, const char *path, char *fault, size_t fault_size)
{
	FILE *file = fopen(path, "re");
	if (file == NULL) {
		snprintf(fault, fault_size, "%s", strerror(errno));
		return false;
	}
	size_t len;
	struct key *all = read_file(file, &len, fault, fault_size);
	fclose(file);
	if (all == NULL)
		return false;
	pthread_rwlock_wrlock(&keys->lock);
	struct key *old = keys->at;
	keys->at = all;
	keys->len = len;
	keys->wanted = true;
	pthread_rwlock_unlock(&keys->lock);
	free(old);
	return true;
}

bool keys_wanted(struct keys *keys)
{
	pthread_rwlock_rdlock(&keys->lock);
	bool wanted = keys->wanted;
	pthread_rwlock_unlock(&keys->lock);
	return wanted;
}

bool keys_find(struct keys *keys, const char *key, char name[KEYS_NAME_MAX + 1])
{
	unsigned char digest[DIGEST_BYTES];
	digest_of(key, strlen(key), digest);
	bool found = false;
	pthread_rwlock_rdlock(&keys->lock);
	/* Compare with all keys, each in constant time, so that the duration tells nothing about
	 * any key. */
	for (size_t i = 0; i < keys->len; i++) {
		if (CRYPTO_memcmp(keys->at[i].digest, digest, sizeof(digest)) == 0) {
			strcpy(name, keys->at[i].name);
			found = true;
		}
	}
	pthread_rwlock_unlock(&keys->lock);
	return found;
}
