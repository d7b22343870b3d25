#include "cacheable.h"

#include <string.h>

static bool is_blank_or_colon(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ':';
}

bool cacheable_body(const char *body, size_t len)
{
	static const char name[] = "\"cache\"";
	if (len == 0)
		return false;
	const char *at = memmem(body, len, name, sizeof(name) - 1), *end = body + len;
	if (at == NULL)
		return true;
	at += sizeof(name) - 1;
	while (at < end && is_blank_or_colon(*at))
		at++;
	return end - at >= 4 && memcmp(at, "true", 4) == 0;
}

bool cacheable_query(const char *arguments, size_t len)
{
	const char *end = arguments + len;
	for (const char *name = arguments; name < end;) {
		const char *value = name + strlen(name) + 1;
		if (strcmp(name, "cache") == 0)
			return strcmp(value, "true") == 0;
		name = value + strlen(value) + 1;
	}
	return len > 0;
}
