#ifndef SERVER_START_PAGES_H
#define SERVER_START_PAGES_H

/**
 * Call once when all has started. Start reads much that nothing reads again: relocations, tables of
 * symbols, constructors of libraries of libraries. These pages of program and libraries are given
 * back to the system; whatever is wanted after all comes back from the files, 64 KB a fault. The
 * process has half as much in memory while it is idle.
 */
void start_pages_drop(void);

#endif
