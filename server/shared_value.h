#ifndef SERVER_SHARED_VALUE_H
#define SERVER_SHARED_VALUE_H

#include "job.h"

/** The bytes of an answer in the shared cache: a mark of the format, a digest, and the parts of
 *  the answer. */

/** Encode to new memory (free it) of `*len` bytes; NULL without memory. */
char *shared_value_encode(const struct answer *answer, const unsigned char key[JOB_KEY_BYTES],
			  size_t *len);

/**
 * Decode to an answer with one reference; NULL if this version did not write these bytes for this
 * key. The digest covers the engine's version, the key and the content, so that damaged bytes,
 * those of another version, or those of another key are never taken for an answer. (It is no
 * signature: whoever can write to the server can forge.)
 */
struct answer *shared_value_decode(const char *value, size_t len,
				   const unsigned char key[JOB_KEY_BYTES]);

#endif
