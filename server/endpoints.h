#ifndef SERVER_ENDPOINTS_H
#define SERVER_ENDPOINTS_H

#include "exchange.h"

/**
 * Answer, on the I/O thread, what needs no work but a look: probes, metrics, /v1/info, the files
 * built into the program. x->route is one of theirs.
 */
enum MHD_Result endpoint_answer(struct exchange *x);

#endif
