/* The first line is a list of origins, the rest an Origin. */
#include "fuzz.h"

#include "server/cors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	char *list = new_string(input_line(&input)), *origin = new_string(input_rest(&input));
	bool good = cors_fault(list) == NULL;
	bool allowed = cors_allows(list, origin);
	if (good && allowed && strchr(list, '*') == NULL)
		HOLDS(strcasestr(list, origin) != NULL && *origin != '\0');
	HOLDS(!allowed || *list != '\0');
	free(origin);
	free(list);
	return 0;
}
