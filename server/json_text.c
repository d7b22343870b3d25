#include "json_text.h"

#include <stdlib.h>

char *json_text(const json_t *json, size_t *len)
{
	*len = json == NULL ? 0 : json_dumpb(json, NULL, 0, JSON_COMPACT);
	char *text = *len == 0 ? NULL : malloc(*len + 1);
	if (text != NULL && json_dumpb(json, text, *len, JSON_COMPACT) == *len) {
		text[*len] = '\0';
		return text;
	}
	free(text);
	*len = 0;
	return NULL;
}
