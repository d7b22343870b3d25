#ifndef SERVER_DIGEST_H
#define SERVER_DIGEST_H

#include <stddef.h>

enum { DIGEST_BYTES = 32 };

/** SHA-256 of `len` bytes; `bytes` may be NULL when there are none. */
void digest_of(const void *bytes, size_t len, unsigned char out[DIGEST_BYTES]);

/** SHA-256 of two strings joined. */
void digest_of_two(const void *first, size_t first_len, const void *second, size_t second_len,
		   unsigned char out[DIGEST_BYTES]);

/** Write `len` bytes as 2 * `len` lower-case hexadecimal digits, without a NUL after them. */
void digest_hex(const unsigned char *bytes, size_t len, char *out);

#endif
