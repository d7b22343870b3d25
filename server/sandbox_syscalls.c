#include "sandbox.h"

#ifndef HAVE_SECCOMP

bool sandbox_restrict_syscalls(void)
{
	return false;
}

#else

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a running service, its libraries and the C library call, whatever the arguments. Not
 * listed, and so refused: execve, fork, ptrace, kill, listen, everything that writes to the file
 * system, makes memory executable, or changes our identity or rights, and all newer calls. */
static const char allowed[] =
	/* memory */
	"brk munmap mremap madvise membarrier "
	/* threads */
	"exit exit_group futex futex_waitv get_robust_list set_robust_list rseq sched_yield "
	"sched_getaffinity sched_getparam sched_getscheduler gettid set_tid_address getcpu "
	"restart_syscall "
	/* signals */
	"rt_sigaction rt_sigprocmask rt_sigpending rt_sigtimedwait rt_sigtimedwait_time64 "
	"rt_sigsuspend rt_sigreturn sigaltstack "
	/* clocks */
	"clock_gettime clock_gettime64 clock_getres clock_nanosleep clock_nanosleep_time64 "
	"nanosleep gettimeofday time times "
	/* who and where we are */
	"getpid getppid getuid geteuid getgid getegid uname sysinfo getrusage getrlimit "
	"getcwd "
	/* open files; which may be opened is decided below and by Landlock */
	"read readv pread64 write writev close close_range lseek fstat fstat64 newfstatat "
	"fstatat64 stat stat64 lstat lstat64 statx statfs fstatfs access faccessat faccessat2 "
	"readlink readlinkat getdents64 fcntl fcntl64 dup fadvise64 sendfile "
	/* sockets */
	"socketpair connect bind accept accept4 getsockname getpeername getsockopt setsockopt "
	"send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg shutdown "
	/* waiting for them */
	"poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create "
	"epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd2 pipe pipe2 "
	/* random numbers */
	"getrandom ";

/* A call that is allowed only if an argument, masked, has this value. */
struct condition {
	const char *name;
	unsigned argument;
	scmp_datum_t mask, value;
};

/* clone()'s flags are another argument there. */
#if defined(__s390__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

#define ANY_BIT ((scmp_datum_t)-1)
#define FAMILY ((scmp_datum_t)0xFFFFFFFF)
#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC)

static const struct condition conditions[] = {
	/* Memory is written or executed, never both: libraries are loaded, code is not made. */
	{"mmap", 2, PROT_EXEC, 0},
	{"mmap", 2, PROT_EXEC | PROT_WRITE, PROT_EXEC},
	{"mmap2", 2, PROT_EXEC, 0},
	{"mmap2", 2, PROT_EXEC | PROT_WRITE, PROT_EXEC},
	{"mprotect", 2, PROT_EXEC, 0},
	/* Threads, but no processes. clone3() hides its flags in memory; the C library can do
	 * without it. */
	{"clone", CLONE_FLAGS, CLONE_THREAD, CLONE_THREAD},
	/* A thread's own priority. */
	{"getpriority", 1, FAMILY, 0},
	{"setpriority", 1, FAMILY, 0},
	/* Limits may only be read. */
	{"prlimit64", 2, ANY_BIT, 0},
	/* Files may only be read. */
	{"open", 1, WRITING, O_RDONLY},
	{"openat", 2, WRITING, O_RDONLY},
	/* IP; a supervisor's, a cache's or the resolver's local socket; the machine's addresses. */
	{"socket", 0, FAMILY, AF_INET},
	{"socket", 0, FAMILY, AF_INET6},
	{"socket", 0, FAMILY, AF_UNIX},
	{"socket", 0, FAMILY, AF_NETLINK},
	{"ioctl", 1, FAMILY, FIONREAD},
	{"ioctl", 1, FAMILY, FIONBIO},
	{"ioctl", 1, FAMILY, TCGETS},
	{"ioctl", 1, FAMILY, SIOCGIFINDEX},
	{"prctl", 0, FAMILY, PR_SET_NAME},
	{"prctl", 0, FAMILY, PR_SET_VMA},
};

/* Skip calls that this machine or this library does not know. */
static bool add_name(scmp_filter_ctx filter, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);
	return number == __NR_SCMP_ERROR ||
	       seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) == 0;
}

static bool add(scmp_filter_ctx filter, const struct condition *condition)
{
	int number = seccomp_syscall_resolve_name(condition->name);
	return number == __NR_SCMP_ERROR ||
	       seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
				SCMP_CMP(condition->argument, SCMP_CMP_MASKED_EQ, condition->mask,
					 condition->value)) == 0;
}

static bool add_all(scmp_filter_ctx filter)
{
	bool good = true;
	size_t len;
	for (const char *at = allowed; (len = strcspn(at, " ")) > 0; at += len + 1) {
		char name[40];
		snprintf(name, sizeof(name), "%.*s", (int)len, at);
		good &= add_name(filter, name);
	}
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		good &= add(filter, &conditions[i]);
	/* abort() signals its own thread. */
	const struct condition own = {"tgkill", 0, FAMILY, (scmp_datum_t)getpid()};
	return good && add(filter, &own);
}

bool sandbox_restrict_syscalls(void)
{
	/* Answer ENOSYS, as a kernel that lacks the call does: the C library then uses an older
	 * one. */
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	if (filter == NULL)
		return false;
	/* Use a search tree instead of a list, and do not slow down memory to guard programs
	 * that share a process from each other, which we are not. (Both only tune, so it does not
	 * matter if they are unknown.) */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	bool good = add_all(filter) && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return good;
}

#endif
