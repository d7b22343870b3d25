#ifndef SERVER_GUNZIP_H
#define SERVER_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>

/** Unpacks a gzip stream (RFC 1952) as its pieces come, into pieces of bounded size. */
struct gunzip;

/** NULL without memory. */
struct gunzip *gunzip_new(void);

/** NULL is allowed. */
void gunzip_free(struct gunzip *gunzip);

/** Called with each piece of the unpacked bytes; false stops. */
typedef bool gunzip_sink(void *arg, const char *bytes, size_t len);

/**
 * Unpack some more. False: the stream is malformed, or `sink` stopped it. What it unpacks to is for
 * `sink` to bound: a stream of a kilobyte can hold a megabyte.
 */
bool gunzip_feed(struct gunzip *gunzip, const char *bytes, size_t len, gunzip_sink *sink,
		 void *arg);

/** Was it for want of memory that gunzip_feed() said no? */
bool gunzip_lacks_memory(const struct gunzip *gunzip);

/** Did the stream come to its proper end? */
bool gunzip_ended(const struct gunzip *gunzip);

#endif
