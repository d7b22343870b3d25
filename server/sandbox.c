#include "sandbox.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum sandbox_mode sandbox_mode(const char *text)
{
	return strcmp(text, "on") == 0    ? SANDBOX_ON
	       : strcmp(text, "off") == 0 ? SANDBOX_OFF
					  : SANDBOX_AUTO;
}

/* A limit alone is not enough: it does not apply to a core that is piped into a program. */
static bool forbid_cores(void)
{
	const struct rlimit none = {0, 0};
	return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

bool sandbox_enter(enum sandbox_mode mode, const char *const *files, struct sandbox *out)
{
	*out = (struct sandbox){0};
	if (mode == SANDBOX_OFF)
		return true;
	if (SANITIZED)
		return mode == SANDBOX_AUTO;
	/* Without this the kernel accepts neither a filter nor a ruleset from an ordinary user. */
	bool locked = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	out->no_core = forbid_cores();
	out->landlock = locked ? sandbox_restrict_files(files) : 0;
	/* Last, because the filter forbids what the calls above need. */
	out->syscalls = locked && sandbox_restrict_syscalls();
	return mode == SANDBOX_AUTO || (out->no_core && out->landlock > 0 && out->syscalls);
}

const char *sandbox_describe(const struct sandbox *sandbox, char *out, size_t size)
{
	char landlock[32] = "no landlock";
	if (sandbox->landlock > 0)
		snprintf(landlock, sizeof(landlock), "landlock %u", sandbox->landlock);
	if (!sandbox->no_core && !sandbox->syscalls && sandbox->landlock == 0)
		snprintf(out, size, "off");
	else
		snprintf(out, size, "%s, %s, %s", sandbox->syscalls ? "seccomp" : "no seccomp",
			 landlock, sandbox->no_core ? "no core dumps" : "core dumps");
	return out;
}
