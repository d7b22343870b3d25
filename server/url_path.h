#ifndef SERVER_URL_PATH_H
#define SERVER_URL_PATH_H

#include "core/span.h"

/**
 * The path and the query (with its question mark; none if empty) of the http or https URL `text`,
 * relative to the normalised URL `base` (NULL for none): it begins with a slash, has no dot
 * segments and is visible ASCII. Empty segments stay, wherever they are, so that parsing the result
 * again does not change it.
 *
 * `text` is valid UTF-8 without control characters. O(length). Returns new, NULL without memory.
 *
 * WHATWG URL, "basic URL parser", the states from "scheme start" to "query" for special schemes.
 * lexbor does this too, but drops an empty segment before a dot segment, an empty first one before
 * a byte that must be encoded ("//a b" becomes "/a%20b"), and bytes of queries that hold a question
 * mark.
 */
char *url_path(struct span text, const char *base);

#endif
