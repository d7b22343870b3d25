#include "log.h"

#include "monotonic.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES (256 * 1024)
#define LINE_BYTES 2048
#define DROPPED_BYTES 128
/* How long lines are gathered after each write: a thread that woke for every line would take the
 * core from the I/O thread each time. */
#define GATHER_MS 5
/* How long log_stop() waits for the reader of standard error. */
#define LAST_LINES_MS 1000

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static struct {
	pthread_mutex_t lock; /* guards everything but `level` */
	pthread_cond_t filled, emptied, hurry;
	pthread_t thread;
	bool running, stopping, ended;
	size_t fill;
	uint64_t dropped;
	char waiting[BUFFER_BYTES];
	atomic_int level;
} logger = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.filled = PTHREAD_COND_INITIALIZER,
	.emptied = PTHREAD_COND_INITIALIZER,
	.hurry = PTHREAD_COND_INITIALIZER,
	.level = LOG_INFO,
};

/* Another process that shares the pipe may have made it non-blocking for all: then writing to a
 * full pipe is an error instead of a pause. */
static bool can_go_on(void)
{
	struct pollfd writable = {.fd = STDERR_FILENO, .events = POLLOUT};
	if (errno == EAGAIN)
		return poll(&writable, 1, -1) == 1 || errno == EINTR;
	return errno == EINTR;
}

/* Returns how much was taken: not all if the disk is full or nobody reads. */
static size_t write_all(const char *text, size_t len)
{
	size_t taken = 0;
	while (taken < len) {
		ssize_t n = write(STDERR_FILENO, text + taken, len - taken);
		if (n < 0 && can_go_on())
			continue;
		if (n <= 0)
			break;
		taken += (size_t)n;
	}
	return taken;
}

/* Write the beginning of a line; returns its length. */
static size_t begin_line(char *out, size_t size, enum log_level level, const char *event)
{
	struct timespec now;
	struct tm utc;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	return (size_t)snprintf(out, size,
				"{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ\",\"level\":"
				"\"%s\",\"event\":\"%s\"",
				utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
				utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000, level_names[level],
				event);
}

static size_t dropped_line(char *out, size_t size, uint64_t lines)
{
	size_t n = begin_line(out, size, LOG_WARN, "log_dropped");
	return n +
	       (size_t)snprintf(out + n, size - n, ",\"lines\":%llu}\n", (unsigned long long)lines);
}

/* For the writing thread: how many lines were lost since the last one was taken, and whether the
 * last byte that was taken is in the middle of a line. */
static uint64_t lost;
static bool cut;

static bool tell_lost(void)
{
	char note[DROPPED_BYTES] = "\n";
	size_t len = cut + dropped_line(note + cut, sizeof(note) - cut, lost);
	size_t taken = write_all(note, len);
	if (taken > 0)
		cut = note[taken - 1] != '\n';
	return taken == len;
}

/* Lines that are not taken are counted; the count is written before the next line that is. */
static void write_or_count(const char *lines, size_t len)
{
	size_t taken = 0;
	if (lost == 0 || tell_lost()) {
		lost = 0;
		taken = write_all(lines, len);
	}
	if (taken > 0)
		cut = lines[taken - 1] != '\n';
	for (; taken < len; taken++)
		lost += lines[taken] == '\n';
}

/* Under the lock. */
static void gather(void)
{
	const struct timespec until = monotonic_in(GATHER_MS);
	while (!logger.stopping &&
	       pthread_cond_clockwait(&logger.hurry, &logger.lock, CLOCK_MONOTONIC, &until) == 0)
		;
}

static void *write_lines(void *arg)
{
	static char writing[BUFFER_BYTES];
	pthread_mutex_lock(&logger.lock);
	while (logger.fill > 0 || !logger.stopping) {
		if (logger.fill == 0) {
			pthread_cond_wait(&logger.filled, &logger.lock);
			continue;
		}
		size_t len = logger.fill;
		memcpy(writing, logger.waiting, len);
		logger.fill = 0;
		pthread_mutex_unlock(&logger.lock);
		write_or_count(writing, len);
		pthread_mutex_lock(&logger.lock);
		gather();
	}
	logger.ended = true;
	pthread_cond_signal(&logger.emptied);
	pthread_mutex_unlock(&logger.lock);
	return arg;
}

void log_set_level(const char *level)
{
	for (int i = LOG_ERROR; i <= LOG_DEBUG; i++)
		if (strcmp(level, level_names[i]) == 0)
			atomic_store(&logger.level, i);
}

bool log_start(const char *level)
{
	log_set_level(level);
	logger.stopping = logger.ended = false; /* after log_stop() */
	logger.running = pthread_create(&logger.thread, NULL, write_lines, NULL) == 0;
	return logger.running;
}

void log_stop(void)
{
	if (!logger.running) {
		write_all(logger.waiting, logger.fill);
		logger.fill = 0;
		return;
	}
	/* A pipe that nobody reads must not keep the service from ending. */
	const struct timespec until = monotonic_in(LAST_LINES_MS);
	int late = 0;
	pthread_mutex_lock(&logger.lock);
	logger.stopping = true;
	pthread_cond_signal(&logger.filled);
	pthread_cond_signal(&logger.hurry);
	while (!logger.ended && late == 0)
		late = pthread_cond_clockwait(&logger.emptied, &logger.lock, CLOCK_MONOTONIC,
					      &until);
	bool ended = logger.ended;
	logger.fill = 0; /* what was not taken is lost */
	pthread_mutex_unlock(&logger.lock);
	if (ended)
		pthread_join(logger.thread, NULL);
	else
		pthread_detach(logger.thread);
	logger.running = false;
}

bool log_wants(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&logger.level, memory_order_relaxed);
}

/* Append under the lock; returns whether it fitted. */
static bool append(const char *line, size_t len)
{
	if (len > BUFFER_BYTES - logger.fill)
		return false;
	memcpy(logger.waiting + logger.fill, line, len);
	logger.fill += len;
	return true;
}

static void put(const char *line, size_t len)
{
	char note[DROPPED_BYTES];
	pthread_mutex_lock(&logger.lock);
	bool was_empty = logger.fill == 0;
	if (logger.dropped > 0 && append(note, dropped_line(note, sizeof(note), logger.dropped)))
		logger.dropped = 0;
	logger.dropped += !append(line, len);
	pthread_mutex_unlock(&logger.lock);
	if (was_empty)
		pthread_cond_signal(&logger.filled);
}

void log_event(enum log_level level, const char *event, const char *fields, ...)
{
	if (!log_wants(level))
		return;
	char line[LINE_BYTES];
	size_t room = sizeof(line) - 2;
	size_t n = begin_line(line, room, level, event);
	va_list args;
	va_start(args, fields);
	int more = vsnprintf(line + n, room - n, fields, args);
	va_end(args);
	/* A line that was cut would be no JSON, so leave out fields that do not fit. */
	if (more > 0 && (size_t)more < room - n)
		n += (size_t)more;
	line[n++] = '}';
	line[n++] = '\n';
	put(line, n);
}

const char *log_quoted(const char *text, char *out, unsigned size)
{
	unsigned n = 0;
	out[n++] = '"';
	for (; *text != '\0' && n + 8 < size; text++) {
		unsigned char c = (unsigned char)*text;
		if (c < 0x20 || c >= 0x7F || c == '"' || c == '\\')
			n += (unsigned)snprintf(out + n, 7, "\\u%04x", c);
		else
			out[n++] = (char)c;
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}
