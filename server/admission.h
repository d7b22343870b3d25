#ifndef SERVER_ADMISSION_H
#define SERVER_ADMISSION_H

#include "exchange.h"

/**
 * Refuse a hopeless request by its head alone, before a byte of its body is stored: unknown path,
 * method, type or coding, query arguments beside a body, body too long, no key, or too many
 * requests from this client. x->report says why; PROBLEM_NONE lets the request in. Afterwards,
 * client and origin are known.
 */
void admission_check(struct exchange *x, const char *path, const struct head *head);

/** Once x->state is known: refuse a client that has no requests left. If admission_check() left
 *  x->asks_rate set, its caller suspends the connection until it is known, then calls this. */
void admission_apply_rate(struct exchange *x);

/** Is there room in the queue, and a worker in time? If not, x->report says so. */
bool admission_check_queue(struct exchange *x);

/** Refuse a body that is too long: `actual` bytes or more. */
void admission_refuse_body(struct exchange *x, uint64_t actual);

#endif
