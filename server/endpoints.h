#ifndef SERVER_ENDPOINTS_H
#define SERVER_ENDPOINTS_H

#include "exchange.h"

/**
 * Answer, on the I/O thread, what needs no worker: probes, metrics, /v1/info, the files built into
 * the program. x->route is one of these.
 */
enum MHD_Result endpoint_answer(struct exchange *x);

#endif
