#ifndef SERVER_SUBMIT_H
#define SERVER_SUBMIT_H

#include "exchange.h"

/**
 * The request is complete: answer from the cache, or hand it to the workers and suspend the
 * connection until they are done.
 */
enum MHD_Result submit(struct exchange *x);

/** The connection was resumed: x->ticket is finished. */
enum MHD_Result submit_resumed(struct exchange *x);

/** The head of a batch has come: begin the batch, whose lines go to the workers as they arrive. */
enum MHD_Result submit_batch(struct exchange *x);

#endif
