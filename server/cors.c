#include "cors.h"

#include <string.h>
#include <strings.h>

/* The item at `at`, without the blanks around it; moves `at` behind it. */
static const char *next_item(const char **at, size_t *len)
{
	const char *item = *at + strspn(*at, " \t");
	*len = strcspn(item, ",");
	*at = item + *len + (item[*len] == ',');
	while (*len > 0 && (item[*len - 1] == ' ' || item[*len - 1] == '\t'))
		--*len;
	return item;
}

bool cors_allows(const char *list, const char *origin)
{
	size_t len, origin_len = strlen(origin);
	for (const char *at = list; *at != '\0';) {
		const char *item = next_item(&at, &len);
		if (len == 1 && *item == '*')
			return true;
		if (len == origin_len && len > 0 && strncasecmp(item, origin, len) == 0)
			return true;
	}
	return false;
}

bool cors_check(const char *list)
{
	size_t len;
	for (const char *at = list; *at != '\0';) {
		const char *item = next_item(&at, &len);
		if (len == 1 && *item == '*')
			continue;
		size_t scheme = len > 8 && strncasecmp(item, "https://", 8) == 0  ? 8
				: len > 7 && strncasecmp(item, "http://", 7) == 0 ? 7
										  : 0;
		if (scheme == 0 || memchr(item + scheme, '/', len - scheme) != NULL ||
		    memchr(item + scheme, ' ', len - scheme) != NULL)
			return false;
	}
	return true;
}
