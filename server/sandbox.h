#ifndef SERVER_SANDBOX_H
#define SERVER_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/** What confines the process, for the log and the metrics. */
struct sandbox {
	bool no_core;      /* no core dumps, and no debugger of the same user */
	bool syscalls;     /* seccomp: only the system calls that a running service makes */
	unsigned landlock; /* the version of the kernel's Landlock that is in force; 0: none */
};

enum sandbox_mode {
	SANDBOX_AUTO, /* what the kernel has */
	SANDBOX_ON,   /* all of it, or an error */
	SANDBOX_OFF,
};

/** `text` is "auto", "on" or "off": the table of options accepts no other. */
enum sandbox_mode sandbox_mode(const char *text);

/**
 * Give up for good what a running service does not need. Afterwards the process cannot create
 * processes, run programs, look into other processes, write or create files, listen on further
 * sockets, or map memory that is both writable and executable. It can read the resolver's and TLS
 * library's files, the libraries that it loaded, and everything in the folders of the `files`
 * (NULL-terminated; empty names are skipped), so that a file that was replaced is still found. No
 * core is dumped, and no privileges can be gained.
 *
 * Call it before any thread exists and after all listeners do: Landlock binds the calling thread
 * and those that it makes. `out` tells what is in force. False if `mode` is SANDBOX_ON and a part
 * is missing: then the caller must end. Builds with the address or thread sanitizer need what is
 * given up here, so they have no sandbox.
 */
bool sandbox_enter(enum sandbox_mode mode, const char *const *files, struct sandbox *out);

/** `sandbox` in a few words, without characters that JSON would escape. */
const char *sandbox_describe(const struct sandbox *sandbox, char *out, size_t size);

/* -- sandbox_files.c: the version of Landlock now in force, 0 for none -- */
unsigned sandbox_restrict_files(const char *const *files);

/* -- sandbox_syscalls.c: is the filter in force? -- */
bool sandbox_restrict_syscalls(void);

#endif
