#ifndef CORE_CHARSET_H
#define CORE_CHARSET_H

#include "arena.h"
#include "span.h"

/**
 * Bytes of a web page as UTF-8, the way browsers do it (WHATWG HTML, "determining the character
 * encoding"): byte order mark, then `declared` (the charset of the Content-Type header, empty when
 * none), then <meta> in the first kilobyte, then valid UTF-8, then detection over the text.
 * Malformed sequences become U+FFFD. A declaration that the bytes contradict is not believed; bytes
 * that are valid UTF-8 beyond ASCII contradict any other encoding. Browsers show a single U+FFFD
 * for a page in iso-2022-kr or hz-gb-2312; here such a label is ignored.
 *
 * The result is valid UTF-8 without a byte order mark. It is `bytes` itself if these already are
 * that; otherwise it lives in `arena`. `*name`, when not NULL, gets the encoding's WHATWG name
 * (constant). O(bytes). Fails only for lack of memory: then the result is empty and arena->failed
 * is set.
 */
struct span charset_to_utf8(struct arena *arena, struct span bytes, struct span declared,
			    const char **name);

#endif
