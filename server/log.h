#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include <stdbool.h>

/**
 * One JSON line per event, on standard error. Lines are gathered under a short lock and written by
 * a separate thread, so that a stalled pipe or a full disk never holds up a request: lines that no
 * longer fit are dropped, and the next line that fits says how many. That one starts on a new line
 * even if the disk took only half of the last one. No article text is logged.
 */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/** Start the thread, which writes what was logged before. `level` is "error", "warn", "info" or
 * "debug". False when it can't start. */
bool log_start(const char *level);

/** Write the waiting lines and end the thread; what standard error does not take within a second
 *  is lost. If there is no thread because the start failed, the lines are written directly. */
void log_stop(void);

bool log_wants(enum log_level level);
void log_set_level(const char *level);

/**
 * Log the event `event` (a constant). `fields` is a printf format that makes further JSON members,
 * each with a leading comma: `,"port":%u`. Strings among them must need no escaping, or go through
 * log_quoted(). Any thread.
 */
void log_event(enum log_level level, const char *event, const char *fields, ...)
	__attribute__((format(printf, 3, 4)));

/** `text` as a JSON string with its quotes, cut to fit `out` of `size` bytes; returns `out`. */
const char *log_quoted(const char *text, char *out, unsigned size);

#endif
