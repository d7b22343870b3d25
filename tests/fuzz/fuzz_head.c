/* The first line is the path, the second the version, each further one a header field. The two
 * libmicrohttpd functions that return parts of a request's head are replaced by ones that return
 * these. */
#include "fuzz.h"

#include "server/head.h"

#include <strings.h>

enum { MAX_FIELDS = 128 };

static struct {
	char *name, *value;
} fields[MAX_FIELDS];
static size_t field_count;

int MHD_get_connection_values_n(struct MHD_Connection *connection, enum MHD_ValueKind kind,
				MHD_KeyValueIteratorN iterator, void *arg)
{
	if (kind != MHD_HEADER_KIND)
		return 0;
	for (size_t i = 0; i < field_count; i++)
		iterator(arg, kind, fields[i].name, strlen(fields[i].name), fields[i].value,
			 strlen(fields[i].value));
	return (int)field_count;
}

const char *MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind,
					const char *key)
{
	for (size_t i = 0; i < field_count; i++)
		if (strcasecmp(fields[i].name, key) == 0)
			return fields[i].value;
	return NULL;
}

static void add_field(struct span line)
{
	const char *colon = line.len == 0 ? NULL : memchr(line.at, ':', line.len);
	if (colon == NULL || field_count == MAX_FIELDS)
		return;
	size_t name_len = (size_t)(colon - line.at);
	fields[field_count].name = new_string(span_slice(line, 0, name_len));
	fields[field_count++].value = new_string(span_slice(line, name_len + 1, line.len));
}

static size_t count(const char *name)
{
	size_t n = 0;
	for (size_t i = 0; i < field_count; i++)
		n += strcasecmp(fields[i].name, name) == 0;
	return n;
}

/* An accepted head must leave one reading only of where the body ends. */
static void check(const struct head *head)
{
	size_t lengths = count("Content-Length"), codings = count("Transfer-Encoding");
	HOLDS(lengths + codings <= 1 && count("Host") <= 1);
	HOLDS(head->has_length == (lengths == 1) && head->chunked == (codings == 1));
	for (size_t i = 0; i < field_count; i++)
		HOLDS(strpbrk(fields[i].value, "\r\n") == NULL && fields[i].name[0] != ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	char *path = new_string(input_line(&input)), *version = new_string(input_line(&input));
	char id[129], trace[56];
	struct head head;
	struct problem_report report = {0};
	field_count = 0;
	while (input.len > 0)
		add_field(input_line(&input));
	if (head_check(NULL, path, version, &head, &report))
		check(&head);
	else
		HOLDS(report.problem != PROBLEM_NONE);
	head_request_id(NULL, id);
	HOLDS(id[0] != '\0' && strpbrk(id, " \"\r\n,;") == NULL);
	head_traceparent(NULL, trace);
	HOLDS(trace[0] == '\0' || strlen(trace) == 55);
	head_api_key(NULL);
	head_is_type(NULL, "application/json");
	for (size_t i = 0; i < field_count; i++) {
		free(fields[i].name);
		free(fields[i].value);
	}
	free(version);
	free(path);
	return 0;
}
