#ifndef SERVER_ASSETS_H
#define SERVER_ASSETS_H

#include <stdbool.h>
#include <stddef.h>

/* The files of web/, built into the program by web/build.py: the demo page and the button. */

/** How long caches may keep a file. */
enum asset_keeping {
	ASSET_CHECKED, /* caches must ask each time whether it changed */
	ASSET_HOUR,    /* the name stays, the bytes change with the version */
	ASSET_FOREVER, /* the name holds the bytes' hash */
};

struct asset {
	const char *path;
	const char *type; /* Content-Type */
	const char *hash; /* of the plain bytes; an ETag without quotes */
	enum asset_keeping keeping;
	bool shared; /* pages of any origin may load it, with its hash checked */
	struct {
		const unsigned char *at;
		size_t len;
	} plain, gzip;
};

/** The file at `path`, or NULL. */
const struct asset *asset_find(const char *path);

/** The value of Cache-Control. */
const char *asset_cache_control(const struct asset *asset);

/** Does an Accept-Encoding header (NULL: none was sent) accept gzip? */
bool asset_takes_gzip(const char *accept_encoding);

/** The path under which the button's bytes never change, such as "/button-HASH.js". */
extern const char asset_button_path[];

/** The hash of those bytes for the integrity attribute, such as "sha384-…". */
extern const char asset_button_integrity[];

/** The page's Content-Security-Policy: run and style itself, call this service, and nothing
 *  else. */
extern const char asset_page_policy[];

#endif
