#ifndef TESTS_FUZZ_FILE_H
#define TESTS_FUZZ_FILE_H

#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

/** The path of a file without a name that holds `bytes`; the same one each time. */
static inline const char *file_of(struct span bytes)
{
	static int file = -1;
	static char path[40];
	if (file < 0) {
		file = memfd_create("input", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	}
	HOLDS(file >= 0 && ftruncate(file, 0) == 0);
	HOLDS(pwrite(file, bytes.at, bytes.len, 0) == (ssize_t)bytes.len);
	return path;
}

#endif
