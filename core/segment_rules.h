#ifndef CORE_SEGMENT_RULES_H
#define CORE_SEGMENT_RULES_H

/* Private to segmenting: segment.c runs over the text and asks the rules of the other files. Every
 * rule looks at a bounded stretch around its place, or at white space and stops that the scan then
 * skips: so the whole is linear. */

#include "arena.h"
#include "glyph.h"
#include "language.h"
#include "segment.h"
#include "span.h"

/** The mark that a list item begins with. */
struct marker {
	enum { MARKER_NONE, MARKER_BULLET, MARKER_NUMBER, MARKER_LETTER, MARKER_ROMAN } style;
	uint32_t form;  /* the bullet; or what follows the number: '.' or ')'; ':' for ".)" and '('
			   for (1) */
	unsigned value; /* of the number or letter, from 1 */
	size_t len;     /* bytes, without the space after it */
};

/** What precedes a line's text and says who speaks, or when. */
struct label {
	size_t len;   /* bytes; 0: none */
	uint32_t key; /* of labels of one kind */
	bool stamped; /* with a time */
	bool named;   /* with a name */
	bool brief;   /* of one or two letters */
	bool dated;   /* with a year */
};

/** Everything the scan carries along. */
struct segmenter {
	struct span text;
	const struct language *language;
	struct arena *arena;
	struct sentences *out;
	size_t capacity;    /* of out->at */
	size_t start;       /* byte where the sentence being read begins */
	size_t line_start;  /* byte where the line being read begins */
	uint32_t paragraph; /* of the sentence being read */
	bool line_first;    /* the sentence begins its line */
	size_t width;      /* hard-wrapped at this many characters; 0: a newline ends a paragraph */
	size_t newline_at; /* the newline that line_ends() looked at last, and its answer */
	bool newline_breaks;
	struct marker marker;  /* that the sentence begins with */
	bool quoted;           /* inside straight double quotes */
	bool answered;         /* the line is one of the mail that is answered: "> …" */
	uint32_t learned[256]; /* hashes of words seen with a full stop inside a sentence */
	bool often[256];       /* … and not only once */
	uint32_t labels[256];  /* keys of labels that begin several lines */
	bool labelled;         /* there are any */
	unsigned lines;        /* in which a dateline was looked for, this one included */
	bool dialogue;         /* so many labels that names of any length are speakers */
};

/* Lines: segment_line.c. */

/** Is the text hard-wrapped, and at what width in characters? 0 where a newline ends a paragraph.
 * O(text). */
size_t line_width(const struct segmenter *g);

/** Does the newline at `at` end a sentence? */
bool line_ends(struct segmenter *g, size_t at);

/** Skip white space from `at` on, over newlines that end nothing; stops at one that does. */
size_t line_skip_space(struct segmenter *g, size_t at);

/**
 * The list marker at `at`: a bullet, or a number, letter or small Roman number with a stop or a
 * bracket, and white space after it. Style MARKER_NONE where there is none.
 */
struct marker marker_read(const struct segmenter *g, size_t at);

/** Is `next` the item after `item`? */
bool marker_follows(const struct marker *next, const struct marker *item);

/* Labels: segment_label.c. */

/**
 * The label at `at`: a name and a colon ("Q: ", "SPEAKER 2: ", "Margaret Ellis (00:19): "), with a
 * time ("[10:02] alice: ", "12.03.25, 18:01 - Lena: "), or a time in brackets alone.
 */
struct label label_read(const struct segmenter *g, size_t at);

/** Find the labels that come more than once: one alone may belong to its sentence ("Note: "). */
void label_learn(struct segmenter *g);

/** The label at `at`, which begins a line, if label_learn() found it. */
struct label label_at(const struct segmenter *g, size_t at);

/* Datelines: segment_dateline.c. */

/**
 * Length in bytes of the dateline at `at`, which begins a line, without the spaces after it; 0:
 * there is none. "HANOI, Vietnam (AP) —", "(Reuters) -", "Bonn, 3. Mai 2024 –", "NEW DELHI:",
 * "[Seoul=Yonhap]".
 */
size_t dateline_len(const struct segmenter *g, size_t at);

/** The same for one in letters without case, where any sentence begins: "Tehran - IRNA:" in
 * Persian. */
size_t dateline_caseless_len(const struct segmenter *g, size_t at);

/* Words: segment_word.c. */

/** A word of the text, folded to lower case for the lists. */
struct word {
	char fold[LANGUAGE_WORD_BYTES + 4]; /* `len` bytes of it */
	size_t len;
	size_t at, end;       /* bytes of the text */
	size_t chars;         /* 0: no word here */
	bool dotted;          /* has full stops inside */
	bool letters, digits; /* has any */
	bool all_upper;
	enum glyph_kind first; /* of its first character */
	unsigned classes;      /* bits of enum word_class */
};

/** The word that ends at `end`, at most LANGUAGE_WORD_BYTES of it and none of it before the
 * sentence. */
struct word word_before(const struct segmenter *g, size_t end);

/** The word that begins at `at`, at most LANGUAGE_WORD_BYTES of it; and only where it ends. */
struct word word_after(const struct segmenter *g, size_t at);
size_t word_end(const struct segmenter *g, size_t at);

/** The word from `at` to `end`, where word_end() said so. */
struct word word_between(const struct segmenter *g, size_t at, size_t end);

/**
 * May the word at `at` be listed as one that begins sentences? Most capitals begin nouns or names,
 * which their first letters tell: a third of the time of German.
 */
bool word_may_start(const struct segmenter *g, size_t at);

/** Is it a Roman number below 400, in capitals? */
bool word_is_roman(const struct word *word);

/** Find the text's own abbreviations; ask whether a word is one; whether it was seen as one more
 * than once. */
void word_learn(struct segmenter *g);
bool word_is_learned(const struct segmenter *g, const struct word *word);
bool word_is_learned_well(const struct segmenter *g, const struct word *word);

/* Ends without a stop: segment_space.c. */

/**
 * Does the sentence end before the space at `at`: before a capital after a heading that lost its
 * line, before the next item of a list, or after a Korean ending or a Thai phrase? `*end`,
 * initially `at`, is then moved past what belongs to the sentence.
 */
bool space_ends(struct segmenter *g, size_t at, size_t *end);

/* Stops: segment_stop.c. */

/** A run of stops, and what closes after it. */
struct stop {
	size_t at, end; /* of the stops */
	size_t close;   /* after brackets, quotes, references and emoticons */
	unsigned dots;
	bool strong, ellipsis;
	bool pause; /* dots in the middle of a sentence */
	bool whole; /* a full stop before dots that begin the next sentence */
};

/** What stands after a possible end of a sentence. */
struct next {
	size_t at;             /* first visible character */
	enum glyph_kind kind;  /* of it; GLYPH_COMMA where the sentence must go on */
	enum glyph_kind first; /* of the first letter or digit, after quotes and brackets */
	size_t word_at;        /* where that is */
};

/** Is it a stop in the language of the text? */
bool stop_is(const struct segmenter *g, const struct glyph *glyph);

/** The stops at `at`, where stop_is(). */
struct stop stop_read(struct segmenter *g, size_t at);

/** Does the sentence end after `stop`? */
bool stop_ends(struct segmenter *g, const struct stop *stop);

struct next stop_look_ahead(struct segmenter *g, size_t at);

/** The end of what belongs to the sentence despite the white space before it: . " [3] :-) */
size_t stop_trailers_end(struct segmenter *g, size_t at);

/** Length of an emoticon at `at`, such as :-) ;) :D <3 ^^, or of emoji; 0 where there is none. */
size_t stop_emoticon_len(const struct segmenter *g, size_t at);

#endif
