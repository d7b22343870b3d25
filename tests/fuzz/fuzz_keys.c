/* The file of --api-keys-file. Each key in an accepted file lets its bearer in. */
#include "fuzz_file.h"

#include "server/keys.h"

static void ask(struct keys *keys, struct span line)
{
	const char *colon =
		line.len == 0 || *line.at == '#' ? NULL : memchr(line.at, ':', line.len);
	if (colon == NULL || memchr(line.at, '\0', line.len) != NULL)
		return;
	const char *end = line.at + line.len;
	while (end > colon + 1 && end[-1] == '\r')
		end--;
	char *key = new_string((struct span){colon + 1, (size_t)(end - colon) - 1});
	char name[KEYS_NAME_MAX + 1];
	HOLDS(keys_find(keys, key, name));
	HOLDS(strlen(key) >= KEYS_MIN_LEN);
	free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct keys *keys = keys_new();
	char fault[160] = "", name[KEYS_NAME_MAX + 1];
	HOLDS(keys != NULL);
	bool taken = keys_load(keys, file_of((struct span){(const char *)data, size}), fault,
			       sizeof(fault));
	HOLDS(keys_wanted(keys) == taken && taken == (fault[0] == '\0'));
	HOLDS(!keys_find(keys, "", name));
	while (taken && input.len > 0)
		ask(keys, input_line(&input));
	keys_free(keys);
	return 0;
}
