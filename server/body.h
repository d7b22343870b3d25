#ifndef SERVER_BODY_H
#define SERVER_BODY_H

#include "exchange.h"

/**
 * A body larger than this that is refused by its head is not read, and the connection closed: up to
 * it it is read and thrown away, because most clients read no answer before they have sent all.
 */
#define BODY_DISCARD_MAX_BYTES (64u * 1024 * 1024)

/**
 * Take a part of the body, unpacked where it is packed; `*size` becomes 0. No answer can be queued
 * meanwhile: where the body is refused, x->report says why, and the rest is thrown away. MHD_NO:
 * even for that it is too long.
 */
enum MHD_Result body_receive(struct exchange *x, const char *data, size_t *size);

/** The body has ended: x->report says so where it should not have yet. */
void body_end(struct exchange *x);

/**
 * The query's arguments as the body of a GET request: name NUL value NUL …; false with x->report
 * set where there are NULs in them, or no memory.
 */
bool body_take_arguments(struct exchange *x);

/** Free the body and stop counting its bytes. */
void body_drop(struct exchange *x);

#endif
