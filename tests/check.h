#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

/* cmocka wants these before its own header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/span.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Table-driven tests name the case that failed. */
#define CHECK(name, condition)                                                                     \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("%s: %s is false", (name), #condition);                           \
	} while (0)

#define CHECK_SIZE(name, got, want)                                                                \
	do {                                                                                       \
		size_t check_got = (got), check_want = (want);                                     \
		if (check_got != check_want)                                                       \
			fail_msg("%s: %s is %zu, want %zu", (name), #got, check_got, check_want);  \
	} while (0)

#define CHECK_SPAN(name, got, want)                                                                \
	do {                                                                                       \
		struct span check_got = (got), check_want = (want);                                \
		if (!span_equal(check_got, check_want))                                            \
			fail_msg("%s: %s is \"%.*s\", want \"%.*s\"", (name), #got,                \
				 (int)check_got.len, check_got.at ? check_got.at : "",             \
				 (int)check_want.len, check_want.at ? check_want.at : "");         \
	} while (0)

#endif
