#ifndef SERVER_ADMISSION_H
#define SERVER_ADMISSION_H

#include "exchange.h"

/**
 * Refuse by its head alone, before a byte of its body is kept, a request that has no chance: no
 * such path, method, type or coding, fields beside the body, too long, no key, too many from this
 * client. x->report says why; PROBLEM_NONE lets it in. Who asks, and from which origin, is known
 * afterwards.
 */
void admission_check(struct exchange *x, const char *path, const struct head *head);

/** x->state is known: refuse a client that has no requests left. If admission_check() left
 *  x->asks_rate set, its caller suspends the connection until then, and then calls this. */
void admission_apply_rate(struct exchange *x);

/** Is there room in the queue, and a worker in time? If not, x->report says so. */
bool admission_check_queue(struct exchange *x);

/** The body has `actual` bytes, or more: too many. */
void admission_refuse_body(struct exchange *x, uint64_t actual);

#endif
