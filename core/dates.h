#ifndef CORE_DATES_H
#define CORE_DATES_H

#include "span.h"

#include <stdbool.h>

enum { DATE_MAX = 32 };

/**
 * Turn a date as pages write it into RFC 3339: "2024-03-12T08:30:00+01:00" if time and offset are
 * given, else "2024-03-12". It reads ISO 8601 forms, 12.3.2024 and 12/3/2024 (day first,
 * unless that is impossible or `month_first`), RFC 822, seconds and milliseconds of Unix time,
 * dates of Chinese, Japanese and Korean, and those with the month's name in about thirty-five
 * languages, in digits of any of the usual scripts, anywhere in a short text.
 *
 * False if it contains no date from 1990 to 2099. Pure. O(text.len), first 200 bytes only.
 */
bool date_read(struct span text, bool month_first, char out[DATE_MAX]);

/** The date in a URL's path: /2024/03/12/ or /2024-03-12. False if there is none. */
bool date_read_url(struct span url, char out[DATE_MAX]);

#endif
