#ifndef SERVER_BODY_H
#define SERVER_BODY_H

#include "exchange.h"

/**
 * If a request is refused by its head and its body is larger than this, the body is not read and
 * the connection is closed. A smaller body is read and thrown away, because most clients read no
 * answer before they have sent everything.
 */
#define BODY_DISCARD_MAX_BYTES (64u * 1024 * 1024)

/**
 * Take a part of the body, decompressing it if necessary; `*size` becomes 0. No answer can be
 * queued while the body arrives: if it is refused, x->report says why and the rest is thrown away.
 * MHD_NO: it is too long even for that.
 */
enum MHD_Result body_receive(struct exchange *x, const char *data, size_t *size);

/** The body has ended; x->report says so if it ended too early. */
void body_end(struct exchange *x);

/**
 * Store the query's arguments as the body of a GET request: name NUL value NUL …; false with
 * x->report set if they contain a NUL or memory is lacking.
 */
bool body_take_arguments(struct exchange *x);

/** Free the body and stop counting its bytes. */
void body_drop(struct exchange *x);

#endif
