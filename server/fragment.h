#ifndef SERVER_FRAGMENT_H
#define SERVER_FRAGMENT_H

#include "core/arena.h"
#include "core/span.h"

/**
 * The text fragment ("#:~:text=…", WICG URL Fragment Text Directives) that takes a browser to the
 * bytes [start_byte, end_byte) of the page text `text`.
 *
 * A long passage is named by its first and last words. Where those words stand earlier in the text
 * too, words are added until they do not, then the words before and behind as prefix and suffix.
 * The result lives in `arena`; empty where memory ran out. O(text.len).
 */
struct span fragment_make(struct arena *arena, struct span text, size_t start_byte,
			  size_t end_byte);

#endif
