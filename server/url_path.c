#include "url_path.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_slash(char c)
{
	return c == '/' || c == '\\';
}

static struct span skip(struct span text, size_t count)
{
	return (struct span){text.at + count, text.len - count};
}

static struct span skip_slashes(struct span text)
{
	while (text.len > 0 && is_slash(text.at[0]))
		text = skip(text, 1);
	return text;
}

/* How many bytes come before the first slash, or all. */
static size_t until_slash(struct span text)
{
	size_t len = 0;
	while (len < text.len && !is_slash(text.at[len]))
		len++;
	return len;
}

/* The length with its colon: 5 for "http:"; 0 if the text does not begin with a scheme. */
static size_t scheme_len(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = (char)(text.at[i] | 0x20);
		bool letter = c >= 'a' && c <= 'z';
		if (text.at[i] == ':' && i > 0)
			return i + 1;
		if (!letter && (i == 0 || strchr("0123456789+-.", text.at[i]) == NULL))
			return 0;
	}
	return 0;
}

static struct span without_spaces(struct span text)
{
	while (text.len > 0 && text.at[0] == ' ')
		text = skip(text, 1);
	while (text.len > 0 && text.at[text.len - 1] == ' ')
		text.len--;
	return text;
}

/* Cut the text at the first `mark`, and return what follows the mark. */
static struct span cut_at(struct span *text, char mark)
{
	const char *at = text->len == 0 ? NULL : memchr(text->at, mark, text->len);
	if (at == NULL)
		return (struct span){0};
	size_t len = (size_t)(at - text->at);
	struct span rest = skip(*text, len + 1);
	text->len = len;
	return rest;
}

/* The path of a normalised URL; its query, if it has one, is in `*query` (else that is empty). */
static struct span path_of_base(const char *base, struct span *query)
{
	struct span rest = span_of(base);
	*query = cut_at(&rest, '?');
	rest = skip_slashes(skip(rest, scheme_len(rest)));
	return skip(rest, until_slash(rest));
}

/* `*path` becomes what follows the authority; false if there is none, so that the text is
 * relative. */
static bool has_authority(struct span text, const char *base, struct span *path)
{
	size_t scheme = scheme_len(text);
	struct span rest = skip(text, scheme);
	bool like_base = base != NULL && strncasecmp(base, text.at, scheme) == 0;
	bool slashes = rest.len > 1 && is_slash(rest.at[0]) && is_slash(rest.at[1]);
	*path = rest;
	if (like_base && !slashes)
		return false;
	rest = skip_slashes(rest);
	*path = skip(rest, until_slash(rest));
	return true;
}

/* 1 for ".", 2 for "..", also if spelt with %2e; 0 for anything else. */
static int dots_of(struct span segment)
{
	int dots = 0;
	while (segment.len > 0) {
		bool encoded = segment.len > 2 && strncasecmp(segment.at, "%2e", 3) == 0;
		if (!encoded && segment.at[0] != '.')
			return 0;
		segment = skip(segment, encoded ? 3 : 1);
		dots++;
	}
	return dots > 2 ? 0 : dots;
}

/* A path as it grows: a slash before each segment. */
struct path {
	char *at;
	size_t len;
};

static void shorten(struct path *path)
{
	while (path->len > 0 && path->at[--path->len] != '/')
		;
}

/* Visible ASCII is copied as it is, except for the characters in `escaped`. */
static void append(struct path *path, char before, struct span bytes, const char *escaped)
{
	static const char hex[] = "0123456789ABCDEF";
	path->at[path->len++] = before;
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.at[i];
		if (c > ' ' && c < 0x7F && strchr(escaped, c) == NULL) {
			path->at[path->len++] = (char)c;
			continue;
		}
		path->at[path->len++] = '%';
		path->at[path->len++] = hex[c >> 4];
		path->at[path->len++] = hex[c & 15];
	}
}

/* The "path state", once per segment. */
static void append_segments(struct path *path, struct span text)
{
	static const char escaped[] = "\"<>^`{}";
	bool more;
	if (text.len > 0 && is_slash(text.at[0]))
		text = skip(text, 1);
	do {
		struct span segment = {text.at, until_slash(text)};
		int dots = dots_of(segment);
		more = segment.len < text.len;
		text = skip(text, segment.len + more);
		if (dots == 2)
			shorten(path);
		if (dots == 0)
			append(path, '/', segment, escaped);
		else if (!more)
			append(path, '/', SPAN(""), escaped);
	} while (more);
}

char *url_path(struct span text, const char *base)
{
	struct span rest, old = {0}, old_query = {0};
	text = without_spaces(text);
	cut_at(&text, '#');
	struct span query = cut_at(&text, '?');
	bool absolute = has_authority(text, base, &rest);
	if (!absolute)
		old = path_of_base(base, &old_query);
	/* A byte becomes three at most; add a slash, a question mark and the NUL. */
	size_t room = 3 * (rest.len + query.len) + old.len + old_query.len + 3;
	struct path path = {malloc(room), 0};
	if (path.at == NULL)
		return NULL;
	if (!absolute && (rest.len == 0 || !is_slash(rest.at[0]))) {
		memcpy(path.at, old.at, old.len);
		path.len = old.len;
		if (rest.len > 0)
			shorten(&path);
	}
	if (absolute || rest.len > 0)
		append_segments(&path, rest);
	else if (query.at == NULL)
		query = old_query;
	if (query.len > 0)
		append(&path, '?', query, "\"'<>");
	path.at[path.len] = '\0';
	return path.at;
}
