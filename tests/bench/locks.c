/*
 * Loaded before the C library (LD_PRELOAD), it counts what the program's mutexes cost: how often
 * one is locked, how often another thread has it, how long threads wait for it and how long it is
 * held, without waits for conditions. LOCKS names the file written at the end: a line for each
 * mutex, "locks contended waited_ns held_ns". Each hold includes two looks at the clock, 50 ns.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Each answer has a mutex, at as many addresses as the heap has places for it. */
enum { BITS = 18, MUTEXES = 1 << BITS };

struct mutex {
	_Atomic(pthread_mutex_t *) at;
	_Atomic uint64_t locks, contended, waited_ns, held_ns;
	uint64_t since_ns; /* when the holder got it */
};

static struct mutex mutexes[MUTEXES];
static FILE *out;

static int (*real_lock)(pthread_mutex_t *);
static int (*real_trylock)(pthread_mutex_t *);
static int (*real_unlock)(pthread_mutex_t *);
static int (*real_wait)(pthread_cond_t *, pthread_mutex_t *);
static int (*real_timedwait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);

/* On some machines dlsym() would find an old, different version of the condition functions. */
static void *find(const char *name)
{
	void *found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
	return found != NULL ? found : dlsym(RTLD_NEXT, name);
}

static void find_all(void)
{
	real_trylock = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_trylock");
	real_unlock = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_unlock");
	real_wait = (int (*)(pthread_cond_t *, pthread_mutex_t *))find("pthread_cond_wait");
	real_timedwait = (int (*)(pthread_cond_t *, pthread_mutex_t *,
				  const struct timespec *))find("pthread_cond_timedwait");
	real_lock = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_lock");
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("LOCKS");
	if (real_lock == NULL)
		find_all();
	if (path != NULL)
		out = fopen(path, "w"); /* the program may later give up access to files */
}

__attribute__((destructor)) static void end(void)
{
	for (size_t i = 0; out != NULL && i < MUTEXES; i++)
		if (mutexes[i].locks > 0)
			fprintf(out, "%llu %llu %llu %llu\n", (unsigned long long)mutexes[i].locks,
				(unsigned long long)mutexes[i].contended,
				(unsigned long long)mutexes[i].waited_ns,
				(unsigned long long)mutexes[i].held_ns);
	if (out != NULL)
		fclose(out);
}

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Mutexes beyond MUTEXES would share an entry and mix up their times: better to stop. */
static struct mutex *mutex_of(pthread_mutex_t *lock)
{
	size_t at = ((uintptr_t)lock >> 4) * 0x9E3779B97F4A7C15u >> (64 - BITS);
	for (size_t tries = 0; tries < MUTEXES; tries++, at = (at + 1) % MUTEXES) {
		pthread_mutex_t *none = NULL;
		if (mutexes[at].at == lock ||
		    atomic_compare_exchange_strong(&mutexes[at].at, &none, lock) || none == lock)
			return &mutexes[at];
	}
	abort();
}

int pthread_mutex_lock(pthread_mutex_t *lock)
{
	if (real_lock == NULL)
		find_all();
	struct mutex *mutex = mutex_of(lock);
	int result = real_trylock(lock);
	if (result != 0) {
		uint64_t start_ns = now_ns();
		result = real_lock(lock);
		mutex->contended++;
		mutex->waited_ns += now_ns() - start_ns;
	}
	mutex->locks++;
	mutex->since_ns = now_ns();
	return result;
}

int pthread_mutex_unlock(pthread_mutex_t *lock)
{
	if (real_lock == NULL)
		find_all();
	struct mutex *mutex = mutex_of(lock);
	if (mutex->since_ns != 0)
		mutex->held_ns += now_ns() - mutex->since_ns;
	return real_unlock(lock);
}

int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock)
{
	struct mutex *mutex = mutex_of(lock);
	mutex->held_ns += now_ns() - mutex->since_ns;
	int result = real_wait(condition, lock);
	mutex->since_ns = now_ns();
	return result;
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *lock,
			   const struct timespec *until)
{
	struct mutex *mutex = mutex_of(lock);
	mutex->held_ns += now_ns() - mutex->since_ns;
	int result = real_timedwait(condition, lock, until);
	mutex->since_ns = now_ns();
	return result;
}
