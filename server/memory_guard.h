#ifndef SERVER_MEMORY_GUARD_H
#define SERVER_MEMORY_GUARD_H

#include <stdbool.h>

/**
 * Two libraries do not survive a failed allocation: lexbor goes on through the NULL and crashes,
 * uchardet throws a C++ exception that no C can catch. Under a guard both are left where they
 * stand instead.
 */

/** Call once before any thread exists. */
void memory_guard_prepare(void);

/**
 * Run `work(arg)`, which may call lexbor and uchardet on this thread; guards do not nest. False:
 * memory ran out, and `work` was left in the middle of a call to one of them; at such a place it
 * must hold nothing that only its own end would give back. What lexbor allocated and `work` did not
 * free is freed either way; what uchardet had allocated, some kilobytes, is lost.
 */
bool memory_guard(void (*work)(void *), void *arg);

#endif
