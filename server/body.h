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
 * queued meanwhile: if the body is refused, x->report says why, and the rest is thrown away.
 * MHD_NO: it is too long even for that.
 */
enum MHD_Result body_receive(struct exchange *x, const char *data, size_t *size);

/** The body has ended; if it should not have yet, x->report says so. */
void body_end(struct exchange *x);

/**
 * The query's arguments as the body of a GET request: name NUL value NUL …; false with x->report
 * set where there are NULs in them, or no memory.
 */
bool body_take_arguments(struct exchange *x);

/** Free the body and stop counting its bytes. */
void body_drop(struct exchange *x);

#endif
