#include "assets.h"

#include "assets_table.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char asset_button_path[] = BUTTON_PATH;
const char asset_button_integrity[] = BUTTON_INTEGRITY;
const char asset_page_policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; "
				 "connect-src 'self'; img-src data:; "
				 "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
				 "require-trusted-types-for 'script'; trusted-types 'none'";

const struct asset *asset_find(const char *path)
{
	for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++)
		if (strcmp(assets[i].path, path) == 0)
			return &assets[i];
	return NULL;
}

const char *asset_cache_control(const struct asset *asset)
{
	switch (asset->keeping) {
	case ASSET_HOUR:
		return "public, max-age=3600, stale-while-revalidate=86400";
	case ASSET_FOREVER:
		return "public, max-age=31536000, immutable";
	default:
		return "no-cache";
	}
}

bool asset_takes_gzip(const char *accept)
{
	/* RFC 9110, 12.5.3: a list of codings, each with an optional weight; weight 0 refuses. */
	while (accept != NULL && *accept != '\0') {
		accept += strspn(accept, " \t,");
		size_t name = strcspn(accept, " \t,;"), item = strcspn(accept, ",");
		if (name == 4 && strncasecmp(accept, "gzip", 4) == 0) {
			const char *weight = strcasestr(accept, "q=");
			return weight == NULL || weight > accept + item ||
			       strtod(weight + 2, NULL) > 0;
		}
		accept += item;
	}
	return false;
}
