#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include "core/select.h"
#include "core/language.h"
#include "core/span.h"
#include "core/utf8.h"
#include "problem.h"

#include <jansson.h>
#include <stdbool.h>

enum request_kind { REQUEST_TEXT, REQUEST_HTML, REQUEST_URL };
enum request_order { ORDER_SOURCE, ORDER_SCORE };

/** The names used in fields and answers. */
extern const char *const request_kinds[], *const request_units[];

/** Extra parts of the answer. */
enum {
	INCLUDE_TEXT = 1,
	INCLUDE_SENTENCES = 2,
	INCLUDE_KEYWORDS = 4,
	INCLUDE_HTML_OFFSETS = 8,
};

/** Bounds that no configuration can change. */
enum {
	REQUEST_MAX_SENTENCES = 100,
	REQUEST_MAX_TITLE_BYTES = 2048,
	REQUEST_MAX_QUERY_BYTES = 2048,
	REQUEST_MAX_ID_BYTES = PROBLEM_ID_BYTES,
	REQUEST_MAX_URL_BYTES = 8192,
};

/** A checked request. Spans are empty where nothing was given; they point into `json`. */
struct request {
	enum request_kind kind;
	struct span input; /* the text, the HTML or the URL */
	struct span base_url, title, query, id;
	const struct language *language; /* NULL: detect */
	struct select_options select;
	enum request_order order;
	enum offset_unit offset_unit;
	unsigned include; /* INCLUDE_* */
	bool cache;
	json_t *json; /* owns the strings */
};

/**
 * Decode and check one JSON request body; every bound on a field is tested here.
 *
 * On success returns true and `out` is filled; its strings live until request_release(). On
 * failure returns false, `report` says what and where, and nothing is held. `max_text_bytes`
 * bounds text and html. O(len).
 */
bool request_decode(struct span body, size_t max_text_bytes, struct request *out,
		    struct problem_report *report);

/**
 * The same for a query string's arguments: `arguments` holds "name", "value" pairs, each ended by
 * a NUL, already percent-decoded. Lists are comma-separated, numbers decimal.
 */
bool request_decode_query(struct span arguments, size_t max_text_bytes, struct request *out,
			  struct problem_report *report);

void request_release(struct request *request);

#endif
