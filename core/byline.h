#ifndef CORE_BYLINE_H
#define CORE_BYLINE_H

#include "span.h"

#include <stdbool.h>

enum { BYLINE_MAX_BYTES = 120 };

/** Stands between the texts of two elements, which cannot be parts of the same name. */
#define BYLINE_BREAK " | "

/**
 * The names in a line that pages put them in: "By Jane Doe", "Author: | Jane Doe | 3 May" -> "Jane
 * Doe". A slice of `line`. Pure. O(line.len) for lines as short as bylines; each comma may look at
 * what is before it.
 */
struct span byline_bare(struct span line);

/** Can a bare byline be a name, rather than an address, a label or a month? Pure. O(bare.len). */
bool byline_may_be_name(struct span bare);

/** What kind of name it is. The best kind wins, and among equals the first name. */
enum byline_kind {
	BYLINE_NAME,
	BYLINE_ACCOUNT, /* "jdoe": one word in lower case, or with digits */
	BYLINE_SITE,    /* the site itself: its name, or a host's */
};

enum byline_kind byline_kind(struct span bare, struct span site_name);

/** Is `name` one word, and the first of `other`: "Jane" of "Jane Doe"? */
bool byline_is_first_name(struct span name, struct span other);

/** Does a text say by itself that a name follows? */
enum byline_lead {
	BYLINE_NO_LEAD,
	BYLINE_LEAD, /* wherever it stands */
	BYLINE_PART, /* if it begins an element, and no text stands before that */
	BYLINE_LINE, /* if it begins a short line of its own */
};

/** `text` from a label and colon in it that do not belong to a word before them: "3 May | Author:
 * Jane Doe"; else all of it. Pure. O(text.len) for texts as short as bylines. */
struct span byline_from_label(struct span text);

/** Is it worth asking the functions above and below? Quick, because nearly all texts are not. */
bool byline_may_lead(struct span text);

/**
 * Whether a name follows in `text` ("By Jane Doe") or in the next element ("Author:"), on a page
 * in `language` (a tag, or empty). Stricter than byline_bare(), because it is asked about the text
 * of any element. Pure. O(text.len) for texts as short as bylines.
 */
enum byline_lead byline_lead(struct span text, struct span language);

/**
 * The name in a signature, which says behind it what its bearer does: "Jane Doe, Staff Writer",
 * "Jane Doe | Senior Editor | May 2", and in Korean "홍길동 기자 hong@paper.example" or
 * "[서울] 홍길동 기자 = ". Empty if `text` is none. A slice of it. Pure. O(text.len).
 */
struct span byline_signed(struct span text);

/** Are all words of a bare byline written as in names? "Jane van der Doe", not "the end of it". */
bool byline_looks_written(struct span bare);

#endif
