#ifndef SERVER_GUNZIP_H
#define SERVER_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** Unpacks a gzip stream (RFC 1952), of one member or several, piece by piece. */
struct gunzip;

/** NULL without memory. About 45 KB. */
struct gunzip *gunzip_new(void);

/** NULL is allowed. */
void gunzip_free(struct gunzip *gunzip);

/**
 * Unpack from bytes[0, *len) into out[0, room), room > 0; *len becomes how many were taken. Returns
 * how many were produced; if some were, call again with the rest, even if that is empty. 0: all
 * bytes were taken, and nothing more comes of them. -1: the stream is malformed, or memory was
 * lacking; every later call returns the same. The caller must bound how much it unpacks: a kilobyte
 * can hold a megabyte.
 */
ssize_t gunzip_draw(struct gunzip *gunzip, const char *bytes, size_t *len, char *out, size_t room);

/** Did gunzip_draw() fail for lack of memory? */
bool gunzip_lacks_memory(const struct gunzip *gunzip);

/** Is it at the end of a member, where the stream may end? */
bool gunzip_ended(const struct gunzip *gunzip);

#endif
