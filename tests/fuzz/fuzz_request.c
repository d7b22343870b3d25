/* The first byte: bit 0, the rest is a query string's arguments (name NUL value NUL), else JSON. */
#include "fuzz.h"

#include "server/cacheable.h"
#include "server/request.h"

static void check(const struct request *request)
{
	HOLDS(request->input.len <= 4096 && request->kind <= REQUEST_URL);
	HOLDS(utf8_check(request->input) == request->input.len);
	HOLDS(utf8_check(request->title) == request->title.len);
	HOLDS(utf8_check(request->query) == request->query.len);
	HOLDS(utf8_check(request->id) == request->id.len);
	HOLDS(request->title.len <= REQUEST_MAX_TITLE_BYTES);
	HOLDS(request->query.len <= REQUEST_MAX_QUERY_BYTES);
	HOLDS(request->id.len <= REQUEST_MAX_ID_BYTES);
	HOLDS(request->select.max_sentences <= REQUEST_MAX_SENTENCES);
	HOLDS(request->select.ratio >= 0 && request->select.ratio <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	bool is_query = input_byte(&input) & 1;
	struct span body = input_rest(&input);
	struct request request;
	struct problem_report report = {0};
	if (is_query && !are_pairs(body))
		return 0;
	if (is_query ? request_decode_query(body, 4096, &request, &report)
		     : request_decode(body, 4096, &request, &report)) {
		check(&request);
		request_release(&request);
	} else {
		size_t len;
		HOLDS(report.problem != PROBLEM_NONE);
		HOLDS(utf8_check(span_of(report.detail)) == strlen(report.detail));
		char *text = problem_render(&report, NULL, &len);
		HOLDS(text != NULL && strlen(text) == len);
		free(text);
	}
	if (is_query)
		cacheable_query(body.at, body.len);
	else
		cacheable_body(body.at, body.len);
	return 0;
}
