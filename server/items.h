#ifndef SERVER_ITEMS_H
#define SERVER_ITEMS_H

#include "core/span.h"

#include <string.h>

/** The item of a comma-separated list that begins at `*at`, without the blanks around it; `*at`
 *  moves behind it and its comma. */
static inline struct span items_next(const char **at)
{
	static const char blanks[] = " \t";
	const char *item = *at + strspn(*at, blanks);
	size_t len = strcspn(item, ",");
	*at = item + len + (item[len] == ',');
	while (len > 0 && strchr(blanks, item[len - 1]) != NULL)
		len--;
	return (struct span){item, len};
}

#endif
