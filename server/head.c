#include "head.h"

#include "core/ascii.h"
#include "digest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#define MAX_HEAD_BYTES (16 * 1024)
#define MAX_HEADERS 100
#define MAX_URI_BYTES (12 * 1024)

struct tally {
	struct head *head;
	size_t bytes, headers, hosts, lengths, codings;
	bool malformed;
};

static bool read_length(const char *value, size_t len, uint64_t *out)
{
	*out = 0;
	if (len == 0 || len > 18)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!ascii_is_digit(value[i]))
			return false;
		*out = *out * 10 + (uint64_t)(value[i] - '0');
	}
	return true;
}

static enum MHD_Result see_header(void *arg, enum MHD_ValueKind kind, const char *key,
				  size_t key_len, const char *value, size_t value_len)
{
	struct tally *tally = arg;
	tally->headers++;
	tally->bytes += key_len + value_len + 4;
	for (size_t i = 0; i < value_len; i++)
		if (((unsigned char)value[i] < 0x20 && value[i] != '\t') || value[i] == 0x7F)
			tally->malformed = true;
	for (size_t i = 0; i < key_len; i++)
		if (!ascii_is_alnum(key[i]) && strchr("!#$%&'*+-.^_`|~", key[i]) == NULL)
			tally->malformed = true;
	if (value == NULL)
		value = "";
	if (strcasecmp(key, "Host") == 0) {
		tally->hosts++;
	} else if (strcasecmp(key, "Content-Length") == 0) {
		tally->lengths++;
		tally->head->has_length = true;
		tally->malformed |= !read_length(value, value_len, &tally->head->length);
	} else if (strcasecmp(key, "Transfer-Encoding") == 0) {
		tally->codings++;
		tally->head->chunked = true;
		tally->malformed |= strcasecmp(value, "chunked") != 0;
	} else if (strcasecmp(key, "Expect") == 0) {
		tally->head->expects_continue = strcasecmp(value, "100-continue") == 0;
	}
	return MHD_YES;
}

static enum MHD_Result see_argument(void *arg, enum MHD_ValueKind kind, const char *key,
				    size_t key_len, const char *value, size_t value_len)
{
	*(size_t *)arg += key_len + value_len + 2;
	return MHD_YES;
}

bool head_check(struct MHD_Connection *connection, const char *url, const char *version,
		struct head *head, struct problem_report *report)
{
	*head = (struct head){.is_1_1 = strcmp(version, "HTTP/1.1") == 0};
	struct tally tally = {.head = head};
	size_t uri_bytes = strlen(url);
	MHD_get_connection_values_n(connection, MHD_HEADER_KIND, see_header, &tally);
	MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, see_argument, &uri_bytes);

	if (!head->is_1_1 && strcmp(version, "HTTP/1.0") != 0)
		problem_set(report, PROBLEM_BAD_REQUEST,
			    "Only HTTP/1.0 and HTTP/1.1 are supported.");
	else if (tally.malformed)
		problem_set(report, PROBLEM_BAD_REQUEST, "A header field is malformed.");
	else if (tally.hosts > 1 || (head->is_1_1 && tally.hosts == 0))
		problem_set(report, PROBLEM_BAD_REQUEST, "Exactly one Host header is required.");
	else if (tally.lengths > 1)
		problem_set(report, PROBLEM_BAD_REQUEST, "Content-Length is given twice.");
	else if (tally.codings > 0 && (tally.lengths > 0 || tally.codings > 1 || !head->is_1_1))
		problem_set(
			report, PROBLEM_BAD_REQUEST,
			"Transfer-Encoding is allowed once, in HTTP/1.1, without Content-Length.");
	else if (uri_bytes > MAX_URI_BYTES) {
		problem_set(report, PROBLEM_URI_TOO_LONG,
			    "The URI has %zu bytes; at most %d are allowed.", uri_bytes,
			    MAX_URI_BYTES);
		problem_set_limit(report, MAX_URI_BYTES, uri_bytes);
	} else if (tally.bytes > MAX_HEAD_BYTES || tally.headers > MAX_HEADERS) {
		bool large = tally.bytes > MAX_HEAD_BYTES;
		problem_set(report, PROBLEM_HEADERS_TOO_LARGE,
			    "%zu header fields with %zu bytes; at most %d with %d are allowed.",
			    tally.headers, tally.bytes, MAX_HEADERS, MAX_HEAD_BYTES);
		problem_set_limit(report, large ? MAX_HEAD_BYTES : MAX_HEADERS,
				  large ? tally.bytes : tally.headers);
	} else {
		return true;
	}
	return false;
}

static bool is_id(const char *id)
{
	size_t len = 0;
	for (; id[len] != '\0'; len++)
		if (len == 128 || (!ascii_is_alnum(id[len]) && strchr("._-", id[len]) == NULL))
			return false;
	return len > 0;
}

void head_request_id(struct MHD_Connection *connection, char out[129])
{
	/* Random bytes for many ids at once: a system call for each would be a tenth of a
	 * request's cost. */
	static _Thread_local unsigned char pool[16 * 64];
	static _Thread_local size_t left;
	const char *given =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-Request-Id");
	if (given != NULL && is_id(given)) {
		strcpy(out, given);
		return;
	}
	if (left == 0 && getrandom(pool, sizeof(pool), 0) == (ssize_t)sizeof(pool))
		left = sizeof(pool) / 16;
	if (left > 0)
		left--;
	digest_hex(pool + 16 * left, 16, out);
	out[32] = '\0';
}

void head_traceparent(struct MHD_Connection *connection, char out[56])
{
	/* version "-" trace-id "-" parent-id "-" flags, all lower-case hexadecimal */
	static const char shape[] = "00-00000000000000000000000000000000-0000000000000000-00";
	const char *given = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "traceparent");
	out[0] = '\0';
	if (given == NULL || strlen(given) != sizeof(shape) - 1)
		return;
	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == '-' ? given[i] != '-'
				    : strchr("0123456789abcdef", given[i]) == NULL)
			return;
	bool no_trace = strspn(given + 3, "0") == 32, no_parent = strspn(given + 36, "0") == 16;
	if (strncmp(given, "ff", 2) == 0 || no_trace || no_parent)
		return; /* of the right shape, but still invalid */
	strcpy(out, given);
}

const char *head_api_key(struct MHD_Connection *connection)
{
	const char *given =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
	if (given != NULL && strncasecmp(given, "Bearer ", 7) == 0)
		return given + 7 + strspn(given + 7, " ");
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-API-Key");
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

bool head_is_type(struct MHD_Connection *connection, const char *type)
{
	const char *given =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Type");
	if (given == NULL)
		return false;
	given = skip_blanks(given);
	size_t len = strlen(type);
	if (strncasecmp(given, type, len) != 0)
		return false;
	given = skip_blanks(given + len);
	if (*given == '\0')
		return true;
	if (*given != ';')
		return false;
	const char *charset = strcasestr(given, "charset=");
	if (charset == NULL)
		return true;
	charset += strlen("charset=");
	charset += *charset == '"';
	return strncasecmp(charset, "utf-8", 5) == 0 && !ascii_is_alnum(charset[5]);
}
