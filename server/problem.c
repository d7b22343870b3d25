#include "problem.h"

#include "core/utf8.h"
#include "json_text.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	unsigned status;
	const char *code, *title;
	unsigned retry_after_s;
} table[PROBLEM_COUNT] = {
	[PROBLEM_NONE] = {200, "none", "No problem", 0},
	[PROBLEM_BAD_REQUEST] = {400, "bad_request", "Not a well-formed HTTP request", 0},
	[PROBLEM_UNAUTHORIZED] = {401, "unauthorized", "An API key is required", 0},
	[PROBLEM_FORBIDDEN] = {403, "forbidden", "The API key is unknown", 0},
	[PROBLEM_NOT_FOUND] = {404, "not_found", "Nothing is served at this path", 0},
	[PROBLEM_METHOD_NOT_ALLOWED] = {405, "method_not_allowed",
					"This path does not support the method", 0},
	[PROBLEM_BODY_TOO_LARGE] = {413, "body_too_large", "The request body is too large", 0},
	[PROBLEM_URI_TOO_LONG] = {414, "uri_too_long", "The request's URI is too long", 0},
	[PROBLEM_UNSUPPORTED_MEDIA_TYPE] = {415, "unsupported_media_type",
					    "The body's type or coding is not supported", 0},
	[PROBLEM_HEADERS_TOO_LARGE] = {431, "headers_too_large",
				       "The request's header fields are too large", 0},
	[PROBLEM_INVALID_JSON] = {400, "invalid_json", "The body is not JSON", 0},
	[PROBLEM_DUPLICATE_KEY] = {400, "duplicate_key", "A key appears twice in one object", 0},
	[PROBLEM_INVALID_UTF8] = {400, "invalid_utf8", "The body is not UTF-8", 0},
	[PROBLEM_NULL_CHARACTER] = {400, "null_character", "A string contains a NUL character", 0},
	[PROBLEM_UNKNOWN_FIELD] = {422, "unknown_field", "There is no such field", 0},
	[PROBLEM_WRONG_TYPE] = {422, "wrong_type", "A field has the wrong type", 0},
	[PROBLEM_OUT_OF_RANGE] = {422, "out_of_range", "A field's value is out of range", 0},
	[PROBLEM_INVALID_VALUE] = {422, "invalid_value", "A field's value is not valid", 0},
	[PROBLEM_MISSING_INPUT] = {422, "missing_input", "Nothing to summarize was given", 0},
	[PROBLEM_CONFLICTING_INPUT] = {422, "conflicting_input",
				       "Fields were given that exclude each other", 0},
	[PROBLEM_TEXT_TOO_LARGE] = {413, "text_too_large", "The text is too large", 0},
	[PROBLEM_EMPTY_TEXT] = {422, "empty_text", "The text has no visible characters", 0},
	[PROBLEM_TOO_COMPLEX] = {422, "too_complex",
				 "The request needs more memory than is allowed", 0},
	[PROBLEM_URL_REFUSED] = {422, "url_refused", "The URL may not be fetched", 0},
	[PROBLEM_URL_UNREACHABLE] = {502, "url_unreachable", "The URL's server cannot be reached",
				     0},
	[PROBLEM_URL_STATUS] = {502, "url_status", "The URL's server did not answer with a page",
				0},
	[PROBLEM_URL_TOO_LARGE] = {422, "url_too_large", "The page is too large", 0},
	[PROBLEM_URL_NOT_HTML] = {422, "url_not_html",
				  "The URL leads to neither HTML nor plain text", 0},
	[PROBLEM_URL_TIMEOUT] = {504, "url_timeout", "The URL's server took too long", 0},
	[PROBLEM_NO_ARTICLE] = {422, "no_article", "No article was found in the page", 0},
	[PROBLEM_RATE_LIMITED] = {429, "rate_limited", "Too many requests from this client", 1},
	[PROBLEM_QUEUE_FULL] = {503, "queue_full", "Too many requests are waiting", 1},
	[PROBLEM_OVERLOADED] = {503, "overloaded", "The service is at one of its limits", 1},
	[PROBLEM_NOT_READY] = {503, "not_ready", "The service is not accepting requests", 1},
	[PROBLEM_DEADLINE_EXCEEDED] = {504, "deadline_exceeded",
				       "The request could not be answered in time", 0},
	[PROBLEM_INTERNAL] = {500, "internal", "The service failed", 0},
};

unsigned problem_status(enum problem problem)
{
	return table[problem].status;
}

const char *problem_code(enum problem problem)
{
	return table[problem].code;
}

unsigned problem_retry_after_s(enum problem problem)
{
	return table[problem].retry_after_s;
}

/* A precision or the end of the buffer may have cut a character: remove what is left of it. */
static void cut_to_utf8(char *text)
{
	while (text += utf8_check(span_of(text)), *text != '\0')
		memmove(text, text + 1, strlen(text)); /* with the NUL */
}

static void fill(struct problem_report *report, enum problem problem, const char *format,
		 va_list args)
{
	*report = (struct problem_report){.problem = problem};
	vsnprintf(report->detail, sizeof(report->detail), format, args);
	cut_to_utf8(report->detail);
}

void problem_set(struct problem_report *report, enum problem problem, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fill(report, problem, format, args);
	va_end(args);
}

/* RFC 6901: inside a name '~' is written ~0 and '/' is written ~1. */
static void set_pointer(struct problem_report *report, const char *name)
{
	size_t n = 0;
	if (name != NULL)
		report->pointer[n++] = '/';
	else
		name = "";
	for (; *name != '\0' && n + 3 < sizeof(report->pointer); name++) {
		if (*name == '~' || *name == '/') {
			report->pointer[n++] = '~';
			report->pointer[n++] = *name == '~' ? '0' : '1';
		} else {
			report->pointer[n++] = *name;
		}
	}
	report->pointer[n] = '\0';
	report->has_pointer = *name == '\0'; /* a cut pointer would point elsewhere */
}

void problem_set_field(struct problem_report *report, enum problem problem, const char *name,
		       const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fill(report, problem, format, args);
	va_end(args);
	set_pointer(report, name);
}

void problem_set_id(struct problem_report *report, struct span id)
{
	size_t len = id.len <= PROBLEM_ID_BYTES ? id.len : 0;
	if (len > 0)
		memcpy(report->id, id.at, len);
	report->id[len] = '\0';
}

void problem_set_limit(struct problem_report *report, uint64_t limit, uint64_t actual)
{
	report->has_limit = true;
	report->limit = limit;
	report->actual = actual;
}

char *problem_render(const struct problem_report *report, const char *request_id, size_t *len)
{
	char type[80];
	snprintf(type, sizeof(type), "urn:precis:problem:%s", problem_code(report->problem));
	json_t *body = json_pack("{s:s, s:s, s:i, s:s, s:s*, s:s*}", "type", type, "title",
				 table[report->problem].title, "status",
				 (int)problem_status(report->problem), "code",
				 problem_code(report->problem), "detail",
				 report->detail[0] == '\0' ? NULL : report->detail, "pointer",
				 report->has_pointer ? report->pointer : NULL);
	if (body != NULL && report->has_limit) {
		json_object_set_new(body, "limit", json_integer((json_int_t)report->limit));
		json_object_set_new(body, "actual", json_integer((json_int_t)report->actual));
	}
	if (body != NULL && report->id[0] != '\0')
		json_object_set_new(body, "id", json_string(report->id));
	if (body != NULL && report->line > 0)
		json_object_set_new(body, "line", json_integer((json_int_t)report->line));
	if (body != NULL && request_id != NULL)
		json_object_set_new(body, "request_id", json_string(request_id));
	char *text = json_text(body, len);
	json_decref(body);
	return text;
}
