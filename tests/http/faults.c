/*
 * Loaded in front of the C library (LD_PRELOAD), makes parts of the machine fail on command: an
 * allocation, the wall clock, a worker that never comes back, a connection that is accepted late, a
 * "100 Continue" that is sent late, a thread that loses its core before it looks at its sockets.
 * The file named by FAULTS holds the commands; it is mapped and shared, so that a test turns them
 * while the program runs.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Laid out as tests/http/test_faults.py writes it. */
struct commands {
	_Atomic int64_t fail_at;     /* the allocation that fails, counted from 1; 0: none */
	_Atomic int64_t fail_length; /* how many fail from there on */
	_Atomic int64_t seen;        /* allocations counted while fail_at is set */
	_Atomic int64_t failed;
	_Atomic int64_t clock_offset_s; /* added to the wall clock */
	_Atomic int64_t stuck;          /* while it is not 0, whoever stems a word waits */
	_Atomic int64_t waiting;        /* threads that wait so */
	_Atomic int64_t hold_accepted;  /* while it is not 0, accept4() returns no connection */
	_Atomic int64_t holding;        /* threads that have one and wait so */
	_Atomic int64_t hold_continue;  /* while it is not 0, no "100 Continue" is sent */
	_Atomic int64_t continuing;     /* threads that have one to send and wait so */
	_Atomic int64_t
		slow_looks;    /* while it is not 0, to look at several sockets takes a while */
	_Atomic int64_t looks; /* how many did */
};

static struct commands none, *commands = &none;

struct sb_stemmer;

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);
static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_poll)(struct pollfd *, nfds_t, int);
static const unsigned char *(*real_stem)(struct sb_stemmer *, const unsigned char *, int);

/*
 * Asked before the real functions are known: from here, and never given back. A sanitizer allocates
 * before this library is even relocated, so until then nothing outside may be touched.
 */
static int ready;
static char early[1 << 20];
static _Atomic size_t early_used;

static void *take_early(size_t size)
{
	size_t at = atomic_fetch_add(&early_used, (size + 15) & ~(size_t)15);
	return at + size > sizeof(early) ? NULL : early + at;
}

static int is_early(const void *at)
{
	return (const char *)at >= early && (const char *)at < early + sizeof(early);
}

__attribute__((constructor)) static void read_commands(void)
{
	const char *path = getenv("FAULTS");
	int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *mapped = file < 0 ? MAP_FAILED
				: mmap(NULL, sizeof(*commands), PROT_READ | PROT_WRITE, MAP_SHARED,
				       file, 0);
	if (file >= 0)
		close(file);
	if (mapped == MAP_FAILED)
		_exit(99); /* a test without its faults would say that all is well */
	commands = mapped;
	real_malloc = dlsym(RTLD_NEXT, "malloc");
	real_calloc = dlsym(RTLD_NEXT, "calloc");
	real_realloc = dlsym(RTLD_NEXT, "realloc");
	real_free = dlsym(RTLD_NEXT, "free");
	real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	real_poll = dlsym(RTLD_NEXT, "poll");
	real_stem = dlsym(RTLD_NEXT, "sb_stemmer_stem");
	ready = 1;
}

/* Is it this allocation's turn? */
static int fails(void)
{
	int64_t first = atomic_load(&commands->fail_at);
	if (first == 0)
		return 0;
	int64_t number = atomic_fetch_add(&commands->seen, 1) + 1;
	if (number < first || number - first >= atomic_load(&commands->fail_length))
		return 0;
	atomic_fetch_add(&commands->failed, 1);
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	if (!ready)
		return take_early(size);
	return fails() ? NULL : real_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	if (!ready)
		return take_early(count * size);
	return fails() ? NULL : real_calloc(count, size);
}

void *realloc(void *at, size_t size)
{
	if (!ready || is_early(at)) {
		void *moved = malloc(size);
		size_t left = at == NULL ? 0 : (size_t)(early + sizeof(early) - (char *)at);
		return moved == NULL ? NULL : memcpy(moved, at, size < left ? size : left);
	}
	return fails() ? NULL : real_realloc(at, size);
}

void free(void *at)
{
	if (ready && !is_early(at))
		real_free(at);
}

/* Sanitizers bring a strdup of their own, which does not come by malloc above. */
char *strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = malloc(size);
	return copy == NULL ? NULL : memcpy(copy, text, size);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (!ready)
		return (int)syscall(SYS_clock_gettime, clock, now);
	int result = real_clock_gettime(clock, now);
	if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += atomic_load(&commands->clock_offset_s);
	return result;
}

time_t time(time_t *out)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return 0;
}

/* Has its connection from the kernel, and does not come back with it. */
int accept4(int listener, struct sockaddr *restrict address, socklen_t *restrict len, int flags)
{
	int accepted = (int)syscall(SYS_accept4, listener, address, len, flags);
	if (accepted < 0 || atomic_load(&commands->hold_accepted) == 0)
		return accepted;
	atomic_fetch_add(&commands->holding, 1);
	while (atomic_load(&commands->hold_accepted) != 0)
		usleep(1000);
	atomic_fetch_sub(&commands->holding, 1);
	return accepted;
}

/* Not where there is something to wait for: as if another thread had the core just then. */
int poll(struct pollfd *sockets, nfds_t count, int timeout_ms)
{
	if (count > 1 && timeout_ms == 0 && atomic_load(&commands->slow_looks) != 0) {
		atomic_fetch_add(&commands->looks, 1);
		usleep(5000);
	}
	return real_poll(sockets, count, timeout_ms);
}

/* libmicrohttpd sends it alone. */
ssize_t send(int socket, const void *bytes, size_t len, int flags)
{
	static const char line[] = "HTTP/1.1 100 ";
	if (len > sizeof(line) && memcmp(bytes, line, sizeof(line) - 1) == 0 &&
	    atomic_load(&commands->hold_continue) != 0) {
		atomic_fetch_add(&commands->continuing, 1);
		while (atomic_load(&commands->hold_continue) != 0)
			usleep(1000);
		atomic_fetch_sub(&commands->continuing, 1);
	}
	return syscall(SYS_sendto, socket, bytes, len, flags, NULL, 0);
}

/* libstemmer's; only workers call it. */
const unsigned char *sb_stemmer_stem(struct sb_stemmer *stemmer, const unsigned char *word,
				     int size);

const unsigned char *sb_stemmer_stem(struct sb_stemmer *stemmer, const unsigned char *word,
				     int size)
{
	if (atomic_load(&commands->stuck) != 0) {
		atomic_fetch_add(&commands->waiting, 1);
		while (atomic_load(&commands->stuck) != 0)
			usleep(1000);
		atomic_fetch_sub(&commands->waiting, 1);
	}
	return real_stem(stemmer, word, size);
}
