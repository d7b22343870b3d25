#ifndef SERVER_MEMORY_GUARD_H
#define SERVER_MEMORY_GUARD_H

#include <stdbool.h>

/**
 * Two libraries do not survive a failed allocation: lexbor uses the NULL and crashes, uchardet
 * throws a C++ exception that C cannot catch. A guard abandons the call to them instead.
 */

/** Call once before any thread exists. */
void memory_guard_prepare(void);

/**
 * Run `work(arg)`, which may call lexbor and uchardet on this thread; guards do not nest. False:
 * memory ran out, and `work` was abandoned in the middle of a call to one of them; so during such
 * calls it must hold nothing that it would have to release itself. What lexbor allocated and `work`
 * did not free is freed either way; what uchardet had allocated, some kilobytes, is lost.
 */
bool memory_guard(void (*work)(void *), void *arg);

#endif
