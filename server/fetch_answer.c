#include "download.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	REDIRECT_BODY_MAX_BYTES = 16 * 1024, /* read and dropped, to keep the connection */
	BODY_FIRST_BYTES = 32 * 1024,
};

static bool equals_any_case(struct span text, const char *word)
{
	return text.len == strlen(word) && strncasecmp(text.at, word, text.len) == 0;
}

/* Includes line ends: libcurl (7.88) leaves the CR if a header has no value. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span trim(struct span text)
{
	while (text.len > 0 && is_blank(text.at[0]))
		text = span_slice(text, 1, text.len);
	while (text.len > 0 && is_blank(text.at[text.len - 1]))
		text.len--;
	return text;
}

/* Cut `*rest` at its first `separator` and return what stood before it, trimmed. */
static struct span next_part(struct span *rest, char separator)
{
	const char *end = rest->len == 0 ? NULL : memchr(rest->at, separator, rest->len);
	size_t len = end == NULL ? rest->len : (size_t)(end - rest->at);
	struct span part = span_slice(*rest, 0, len);
	*rest = span_slice(*rest, len + (end != NULL), rest->len);
	return trim(part);
}

/* Cut it if it is too long, but never to nothing, which would mean that there was none. */
static void copy_part(char *out, size_t room, struct span part)
{
	size_t len = part.len < room ? part.len : room - 1;
	if (len > 0)
		memcpy(out, part.at, len);
	out[len] = '\0';
}

/* These types say nothing: WHATWG MIME Sniffing then looks at the bytes, as if there were no
 * type. */
static bool is_no_type(const char *type)
{
	return strchr(type, '/') == NULL || strchr(type, ' ') != NULL || strcmp(type, "*/*") == 0 ||
	       strcmp(type, "unknown/unknown") == 0 || strcmp(type, "application/unknown") == 0;
}

/* Content-Type: type/subtype *( ; name=value ), RFC 9110 8.3. Some servers send a list. */
static void read_content_type(struct fetch_result *result, struct span value)
{
	result->charset[0] = '\0';
	struct span type = next_part(&value, ';');
	copy_part(result->content_type, sizeof result->content_type, next_part(&type, ','));
	for (char *c = result->content_type; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c | 0x20);
	if (is_no_type(result->content_type))
		result->content_type[0] = '\0';
	while (value.len > 0 && result->charset[0] == '\0') {
		struct span parameter = next_part(&value, ';');
		if (!equals_any_case(next_part(&parameter, '='), "charset"))
			continue;
		parameter = trim(parameter);
		if (parameter.len >= 2 && parameter.at[0] == '"' &&
		    parameter.at[parameter.len - 1] == '"')
			parameter = span_slice(parameter, 1, parameter.len - 1);
		copy_part(result->charset, sizeof result->charset, parameter);
	}
}

static bool is_page_type(const char *content_type)
{
	static const char *const types[] = {"", "text/html", "application/xhtml+xml", "text/plain"};
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(content_type, types[i]) == 0)
			return true;
	return false;
}

enum {
	WORDS_MAX = 8,
	CODING_LINES_MAX = 8, /* of one header; a packed page has one */
};

/*
 * Are all of a header's codings among `words`, or none of them? No, if it has very many lines. They
 * are asked for by name: each step of curl_easy_nextheader() goes over the whole head again, and a
 * head of 16,000 lines took the fetcher's thread ten seconds.
 */
static bool codings_are(CURL *easy, const char *name, bool among,
			const char *const words[WORDS_MAX])
{
	struct curl_header *header;
	for (size_t i = 0; curl_easy_header(easy, name, i, CURLH_HEADER, -1, &header) == CURLHE_OK;
	     i++) {
		if (header->amount > CODING_LINES_MAX)
			return false;
		struct span codings = span_of(header->value);
		while (codings.len > 0) {
			struct span coding = next_part(&codings, ',');
			bool found = false;
			for (size_t w = 0; w < WORDS_MAX && words[w] != NULL; w++)
				found = found || equals_any_case(coding, words[w]);
			if (coding.len > 0 && found != among)
				return false;
		}
	}
	return true;
}

/*
 * Allow only codings that were offered: libcurl would also decode others it was built with, in
 * either header, such as zstd, whose window can take 128 MiB per download. Names that are no coding
 * at all ("utf-8", "aws-chunked"), which browsers ignore, are an error to libcurl: so such a page
 * is requested again without any coding, and then any name is accepted but those of real packing.
 */
static bool is_offered(struct fetch *fetch)
{
	static const char *const transfer[WORDS_MAX] = {"identity", "chunked"},
				 *const content[WORDS_MAX] = {"identity", "gzip", "x-gzip",
							      "deflate", "br"},
				 *const packed[WORDS_MAX] = {"gzip", "x-gzip",   "deflate",   "br",
							     "zstd", "compress", "x-compress"};
	fetch->strange = !codings_are(fetch->easy, "Content-Encoding", !fetch->bare,
				      fetch->bare ? packed : content);
	return !fetch->strange && codings_are(fetch->easy, "Transfer-Encoding", true, transfer);
}

struct span fetch_header_of(CURL *easy, const char *name)
{
	struct curl_header *header;
	if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return (struct span){"", 0};
	return trim(span_of(header->value));
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* The head is complete: decide whether a page for us follows. */
static void judge_head(struct fetch *fetch)
{
	long status = 0;
	curl_off_t len = -1; /* unknown */
	curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(fetch->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &len);
	if (status < 200)
		return;
	fetch->head_done = true;
	fetch->result.http_status = (int)status;
	fetch->redirecting = is_redirect(status);
	if (fetch->redirecting)
		return;
	/* 204 to 206 have no page, or only a part of one. */
	if (status > 203) {
		fetch_blame(fetch, FETCH_STATUS, "the origin answered with this status");
		return;
	}
	read_content_type(&fetch->result, fetch_header_of(fetch->easy, "Content-Type"));
	struct span refresh = fetch_header_of(fetch->easy, "Refresh");
	free(fetch->refresh);
	fetch->refresh = NULL;
	if (refresh.len > 0 && (fetch->refresh = strndup(refresh.at, refresh.len)) == NULL)
		fetch_blame(fetch, FETCH_NO_MEMORY, "out of memory");
	if (!is_page_type(fetch->result.content_type))
		fetch_blame(fetch, FETCH_NOT_HTML, "content type is not that of a page");
	else if (!is_offered(fetch))
		fetch_blame(fetch, FETCH_UNREACHABLE, "coding was not offered");
	else if (len > 0 && (uint64_t)len > fetch->fetcher->options.max_bytes)
		fetch_blame_size(fetch, FETCH_TOO_LARGE, "answer announces too much",
				 fetch->fetcher->options.max_bytes, (uint64_t)len);
}

size_t fetch_on_header(char *line, size_t size, size_t count, void *arg)
{
	struct fetch *fetch = arg;
	size_t len = size * count;
	fetch->head_bytes += len;
	if (fetch->head_bytes > FETCH_HEAD_MAX_BYTES)
		fetch_blame_size(fetch, FETCH_TOO_LARGE, "head is too large", FETCH_HEAD_MAX_BYTES,
				 fetch->head_bytes);
	else if (!fetch->head_done && (line[0] == '\r' || line[0] == '\n'))
		judge_head(fetch);
	return fetch->verdict == FETCH_OK ? len : 0;
}

bool fetch_make_room(struct fetch *fetch, size_t need)
{
	const struct fetch_options *options = &fetch->fetcher->options;
	size_t room = fetch->result.body_room == 0 ? BODY_FIRST_BYTES : fetch->result.body_room;
	if (need > options->max_bytes) {
		fetch_blame_size(fetch, FETCH_TOO_LARGE, "body is too large", options->max_bytes,
				 need);
		return false;
	}
	while (room < need + 1)
		room *= 2;
	if (room > options->max_bytes + 1)
		room = options->max_bytes + 1;
	if (room == fetch->result.body_room)
		return true;
	size_t grown = room - fetch->result.body_room;
	if (!budget_take(options->budget, grown)) {
		fetch_blame_size(fetch, FETCH_BUSY, "all downloads together hold too many bytes",
				 options->budget->max_bytes,
				 atomic_load(&options->budget->used_bytes) + grown);
		return false;
	}
	char *body = realloc(fetch->result.body, room);
	if (body == NULL) {
		budget_give(options->budget, grown);
		fetch_blame(fetch, FETCH_NO_MEMORY, "out of memory");
		return false;
	}
	fetch->result.body = body;
	fetch->result.body_room = room;
	return true;
}

size_t fetch_on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct fetch *fetch = arg;
	struct fetch_result *result = &fetch->result;
	size_t len = size * count;
	if (fetch->redirecting) {
		fetch->dropped_bytes += len;
		return fetch->dropped_bytes > REDIRECT_BODY_MAX_BYTES ? 0 : len;
	}
	if (!fetch_make_room(fetch, result->body_len + len))
		return 0;
	memcpy(result->body + result->body_len, bytes, len);
	result->body_len += len;
	return len;
}

int fetch_on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
		      curl_off_t up_now)
{
	struct fetch *fetch = arg;
	if ((uint64_t)now <= fetch->fetcher->options.max_bytes)
		return 0;
	fetch_blame_size(fetch, FETCH_TOO_LARGE, "answer is too large",
			 fetch->fetcher->options.max_bytes, (uint64_t)now);
	return 1;
}
