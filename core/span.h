#ifndef CORE_SPAN_H
#define CORE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** How many elements an array has; not for pointers. */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** A view of bytes owned elsewhere, not NUL-terminated. `at` may be NULL when `len` is 0. */
struct span {
	const char *at;
	size_t len;
};

/** Bytes [start_byte, end_byte) of a text below 4 GiB. */
struct text_range {
	uint32_t start_byte, end_byte;
};

/** A span over a string literal. */
#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})

static inline struct span span_of(const char *string)
{
	return (struct span){string, string == NULL ? 0 : strlen(string)};
}

/** Bytes [start, end) of `whole`; the caller has checked the bounds. */
static inline struct span span_slice(struct span whole, size_t start, size_t end)
{
	return (struct span){whole.at + start, end - start};
}

static inline bool span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool span_begins(struct span text, struct span with)
{
	return text.len >= with.len && span_equal(span_slice(text, 0, with.len), with);
}

static inline bool span_ends(struct span text, struct span with)
{
	return text.len >= with.len &&
	       span_equal(span_slice(text, text.len - with.len, text.len), with);
}

static inline bool span_contains(struct span whole, struct span part)
{
	return whole.len >= part.len &&
	       (part.len == 0 || memmem(whole.at, whole.len, part.at, part.len) != NULL);
}

#endif
