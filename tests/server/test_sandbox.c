#include "check.h"

#include "server/sandbox.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Two folders with a file each: the sandbox is told of the first, not of the second. */
static char known[] = "/tmp/precis-known-XXXXXX", other[] = "/tmp/precis-other-XXXXXX";
static char known_file[64], other_file[64], local_socket[64];
static int tcp_listener, local_listener, replaced[2];

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int prepare(void **state)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	assert_non_null(mkdtemp(known));
	assert_non_null(mkdtemp(other));
	snprintf(known_file, sizeof(known_file), "%s/file", known);
	snprintf(other_file, sizeof(other_file), "%s/file", other);
	snprintf(local_socket, sizeof(local_socket), "%s/socket", other);
	strcpy(local.sun_path, local_socket);
	write_file(known_file, "known");
	write_file(other_file, "other");
	tcp_listener = socket(AF_INET, SOCK_STREAM, 0);
	local_listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(tcp_listener, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(bind(local_listener, (struct sockaddr *)&local, sizeof(local)), 0);
	assert_int_equal(listen(tcp_listener, 8), 0);
	assert_int_equal(listen(local_listener, 8), 0);
	return pipe(replaced);
}

static int clean(void **state)
{
	unlink(known_file);
	unlink(other_file);
	unlink(local_socket);
	return rmdir(known) + rmdir(other);
}

/* ---- what must fail: each returns -1 as system calls do ---------------------------------- */

static int open_for(const char *path, int flags)
{
	return open(path, flags, 0600);
}

static int run_program(void)
{
	char *argv[] = {(char *)(size_t) "true", NULL};
	return execv("/bin/true", argv);
}

static int make_process(void)
{
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (child == 0)
		_exit(0);
	return child;
}

static int write_known(void)
{
	return open_for(known_file, O_WRONLY);
}
static int truncate_known(void)
{
	return open_for(known_file, O_RDONLY | O_TRUNC);
}
static int make_known(void)
{
	return open_for(known, O_RDWR | O_TMPFILE);
}
static int read_other(void)
{
	return open_for(other_file, O_RDONLY);
}
static int read_other_environment(void)
{
	return open_for("/proc/1/environ", O_RDONLY);
}
static int read_root(void)
{
	return open_for("/", O_RDONLY | O_DIRECTORY);
}
static int read_home(void)
{
	return open_for("/root", O_RDONLY | O_DIRECTORY);
}
static int remove_file(void)
{
	return unlink(known_file);
}
static int rename_file(void)
{
	return rename(known_file, other_file);
}
static int make_folder(void)
{
	return mkdir("/tmp/precis-never", 0700);
}
static int make_link(void)
{
	return symlink("/", "/tmp/precis-never");
}
static int change_mode(void)
{
	return chmod(known_file, 0777);
}
static int trace_parent(void)
{
	return (int)ptrace(PTRACE_ATTACH, getppid(), 0, 0);
}
static int be_traced(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, 0, 0);
}
static int signal_parent(void)
{
	return kill(getppid(), 0);
}
static int signal_parent_thread(void)
{
	return (int)syscall(SYS_tgkill, getppid(), getppid(), 0);
}
static int become_other(void)
{
	return setuid(1);
}
static int become_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}
static int raw_packets(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}
static int make_namespace(void)
{
	return (int)syscall(SYS_unshare, CLONE_NEWUSER);
}
static int make_memory_file(void)
{
	return memfd_create("x", 0);
}
static int make_rings(void)
{
	return (int)syscall(SYS_io_uring_setup, 8, NULL);
}
static int load_filter_program(void)
{
	return (int)syscall(SYS_bpf, 0, NULL, 0);
}
static int mount_anything(void)
{
	return (int)syscall(SYS_mount, "x", "/", "tmpfs", 0, NULL);
}

static int listen_anew(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int server = socket(AF_INET, SOCK_STREAM, 0);
	return bind(server, (struct sockaddr *)&any, sizeof(any)) == 0 ? listen(server, 1) : -1;
}

static int map_both(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	return at == MAP_FAILED ? -1 : 0;
}

static int make_executable(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at == MAP_FAILED ? 0 : mprotect(at, 4096, PROT_READ | PROT_EXEC);
}

static int raise_limit(void)
{
	const struct rlimit limit = {1, 1};
	return setrlimit(RLIMIT_CORE, &limit);
}

/* ---- what must work ----------------------------------------------------------------------- */

static int read_known(void)
{
	return open_for(known_file, O_RDONLY);
}
static int read_own_size(void)
{
	return open_for("/proc/self/statm", O_RDONLY);
}
static int read_own_descriptors(void)
{
	return opendir("/proc/self/fd") == NULL ? -1 : 0;
}

/* The parent replaces the known file after this process is confined. */
static int read_replaced(void)
{
	char text[16] = "";
	if (read(replaced[0], text, 1) != 1)
		return -1;
	int file = open_for(known_file, O_RDONLY);
	return file >= 0 && read(file, text, 3) == 3 && memcmp(text, "new", 3) == 0 ? 0 : -1;
}

static void *run_thread(void *ran)
{
	*(bool *)ran = true;
	return NULL;
}

static int make_thread(void)
{
	pthread_t thread;
	bool ran = false;
	if (pthread_create(&thread, NULL, run_thread, &ran) != 0)
		return -1;
	return pthread_join(thread, NULL) == 0 && ran ? 0 : -1;
}

static int connect_ip(void)
{
	struct sockaddr_in there;
	socklen_t len = sizeof(there);
	getsockname(tcp_listener, (struct sockaddr *)&there, &len);
	return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&there, len);
}

static int connect_locally(void)
{
	struct sockaddr_un there = {.sun_family = AF_UNIX};
	strcpy(there.sun_path, local_socket);
	return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&there, sizeof(there));
}

static int accept_client(void)
{
	int events = epoll_create1(EPOLL_CLOEXEC);
	return connect_ip() == 0 ? accept4(tcp_listener, NULL, NULL, SOCK_CLOEXEC) : events;
}

static int look_up(void)
{
	struct addrinfo *found = NULL;
	return getaddrinfo("localhost", "80", NULL, &found) == 0 && found != NULL ? 0 : -1;
}

static int load_library(void)
{
	return dlopen("libnss_compat.so.2", RTLD_NOW) == NULL ? -1 : 0;
}

static const struct {
	const char *name;
	int (*run)(void);
	bool works, by_landlock; /* by_landlock: the filter of system calls alone allows it */
} cases[] = {
	{"run a program", run_program, false, false},
	{"make a process", make_process, false, false},
	{"write", write_known, false, false},
	{"truncate", truncate_known, false, false},
	{"make a file", make_known, false, false},
	{"read a file elsewhere", read_other, false, true},
	{"read another process", read_other_environment, false, true},
	{"list the root folder", read_root, false, true},
	{"list a home", read_home, false, true},
	{"remove", remove_file, false, false},
	{"rename", rename_file, false, false},
	{"make a folder", make_folder, false, false},
	{"make a link", make_link, false, false},
	{"change a mode", change_mode, false, false},
	{"trace", trace_parent, false, false},
	{"be traced", be_traced, false, false},
	{"signal another", signal_parent, false, false},
	{"signal another's thread", signal_parent_thread, false, false},
	{"become another user", become_other, false, false},
	{"become dumpable", become_dumpable, false, false},
	{"raw packets", raw_packets, false, false},
	{"a namespace", make_namespace, false, false},
	{"a file in memory", make_memory_file, false, false},
	{"io_uring", make_rings, false, false},
	{"bpf", load_filter_program, false, false},
	{"mount", mount_anything, false, false},
	{"listen", listen_anew, false, false},
	{"memory to write and execute", map_both, false, false},
	{"execute what was written", make_executable, false, false},
	{"raise a limit", raise_limit, false, false},
	{"read a known file", read_known, true, false},
	{"read a file that replaced it", read_replaced, true, false},
	{"read its own size", read_own_size, true, false},
	{"list its own descriptors", read_own_descriptors, true, false},
	{"make a thread", make_thread, true, false},
	{"connect by IP", connect_ip, true, false},
	{"connect locally", connect_locally, true, false},
	{"accept", accept_client, true, false},
	{"look a name up", look_up, true, false},
	{"load a library", load_library, true, false},
};

/* The result of one case: the exit status of the forked process. */
enum { WORKED = 0, FAILED = 1, NO_FILTER = 2, NO_LANDLOCK = 3, NO_SANDBOX = 4 };

static void run_confined(size_t i)
{
	struct sandbox sandbox;
	const char *files[] = {"", known_file, NULL};
	if (!sandbox_enter(SANDBOX_AUTO, files, &sandbox))
		_exit(NO_SANDBOX);
	if (!sandbox.no_core && !sandbox.syscalls && sandbox.landlock == 0)
		_exit(NO_SANDBOX);
	if (!sandbox.syscalls && !cases[i].by_landlock)
		_exit(NO_FILTER);
	if (sandbox.landlock == 0 && cases[i].by_landlock)
		_exit(NO_LANDLOCK);
	_exit(cases[i].run() < 0 ? FAILED : WORKED);
}

static int status_of(pid_t child)
{
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

/* Reports the result in a sandboxed process; says once what this machine lacks. */
static void what_is_given_up_fails_and_the_rest_works(void **state)
{
	size_t seen = 0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0)
			run_confined(i);
		if (cases[i].run == read_replaced) {
			char fresh[80];
			snprintf(fresh, sizeof(fresh), "%s.new", known_file);
			write_file(fresh, "new");
			assert_int_equal(rename(fresh, known_file), 0);
			assert_int_equal(write(replaced[1], "x", 1), 1);
		}
		int status = status_of(child);
		CHECK(cases[i].name, WIFEXITED(status));
		if (WEXITSTATUS(status) >= NO_FILTER)
			continue;
		seen++;
		CHECK_SIZE(cases[i].name, (size_t)WEXITSTATUS(status),
			   cases[i].works ? WORKED : FAILED);
	}
	if (seen == 0)
		skip(); /* a build with sanitizers, or a kernel without either */
}

/* A failed assertion still ends with its signal, which a supervisor sees, but leaves no core. */
static void an_abort_is_still_one(void **state)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct sandbox sandbox;
		const char *files[] = {NULL};
		sandbox_enter(SANDBOX_AUTO, files, &sandbox);
		abort();
	}
	int status = status_of(child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_false(WCOREDUMP(status));
}

/* Does the kernel accept a filter? Tried with one that allows everything. */
static bool filters_are_to_be_had(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = 1, .filter = &allow};
	return dlsym(RTLD_DEFAULT, "seccomp_init") != NULL && /* built with it */
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

/* A part may be missing only because the kernel lacks it, not through a fault of ours, which
 * would open the sandbox and otherwise show only in the log. */
static void what_the_kernel_has_is_in_force(void **state)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct sandbox sandbox;
		const char *files[] = {NULL};
		bool filters = filters_are_to_be_had();
		long landlock = syscall(SYS_landlock_create_ruleset, NULL, 0,
					LANDLOCK_CREATE_RULESET_VERSION);
		bool entered = sandbox_enter(SANDBOX_AUTO, files, &sandbox);
		if (entered && !sandbox.no_core && !sandbox.syscalls && sandbox.landlock == 0)
			_exit(NO_SANDBOX);
		_exit(entered && sandbox.no_core && sandbox.syscalls == filters &&
				      sandbox.landlock == (landlock > 0 ? landlock : 0)
			      ? WORKED
			      : FAILED);
	}
	int status = status_of(child);
	assert_true(WIFEXITED(status));
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	assert_int_equal(WEXITSTATUS(status), NO_SANDBOX);
#else
	assert_int_equal(WEXITSTATUS(status), WORKED);
#endif
}

static void off_is_off_and_on_is_all(void **state)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct sandbox sandbox;
		const char *files[] = {NULL};
		bool good = sandbox_enter(sandbox_mode("off"), files, &sandbox);
		good = good && !sandbox.no_core && !sandbox.syscalls && sandbox.landlock == 0 &&
		       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
		bool on = sandbox_enter(sandbox_mode("on"), files, &sandbox);
		good = good && on == (sandbox.no_core && sandbox.syscalls && sandbox.landlock > 0);
		_exit(good ? 0 : 1);
	}
	assert_int_equal(status_of(child), 0);
	assert_int_equal(sandbox_mode("auto"), SANDBOX_AUTO);
}

static void it_is_described(void **state)
{
	static const struct {
		struct sandbox sandbox;
		const char *text;
	} described[] = {
		{{false, false, 0}, "off"},
		{{true, true, 7}, "seccomp, landlock 7, no core dumps"},
		{{true, false, 0}, "no seccomp, no landlock, no core dumps"},
		{{false, true, 0}, "seccomp, no landlock, core dumps"},
	};
	char text[80];
	for (size_t i = 0; i < sizeof(described) / sizeof(described[0]); i++)
		assert_string_equal(sandbox_describe(&described[i].sandbox, text, sizeof(text)),
				    described[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_given_up_fails_and_the_rest_works, prepare,
						clean),
		cmocka_unit_test(an_abort_is_still_one),
		cmocka_unit_test(what_the_kernel_has_is_in_force),
		cmocka_unit_test(off_is_off_and_on_is_all),
		cmocka_unit_test(it_is_described),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
