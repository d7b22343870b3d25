#include "url.h"

#include "core/utf8.h"
#include "items.h"
#include "memory_guard.h"
#include "url_path.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <lexbor/url/url.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { LABEL_MAX = 63 };

void url_free(struct url *url)
{
	free(url->text);
	*url = (struct url){0};
}

/* A browser drops tabs and line ends inside a URL. We refuse them: no honest client sends them,
 * and what one parser drops another may keep. */
static bool has_control(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7F)
			return true;
	return false;
}

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Labels of 1 to 63 letters, digits, hyphens and underscores, 253 bytes in all (RFC 1035). */
static bool is_dns_name(const char *host, size_t len)
{
	size_t label = 0;
	if (len == 0 || len > URL_HOST_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (host[i] == '.' ? label == 0 : !is_name_byte(host[i]) || label == LABEL_MAX)
			return false;
		label = host[i] == '.' ? 0 : label + 1;
	}
	return label > 0;
}

static bool host_of(const lxb_url_host_t *host, struct url *out)
{
	if (host->type == LXB_URL_HOST_TYPE_IPV4) {
		struct in_addr ipv4 = {htonl(host->u.ipv4)};
		out->literal = true;
		return inet_ntop(AF_INET, &ipv4, out->host, sizeof out->host) != NULL;
	}
	if (host->type == LXB_URL_HOST_TYPE_IPV6) {
		struct in6_addr ipv6;
		for (size_t i = 0; i < 8; i++) {
			ipv6.s6_addr[2 * i] = (unsigned char)(host->u.ipv6[i] >> 8);
			ipv6.s6_addr[2 * i + 1] = (unsigned char)host->u.ipv6[i];
		}
		out->literal = true;
		return inet_ntop(AF_INET6, &ipv6, out->host, sizeof out->host) != NULL;
	}
	if (host->type != LXB_URL_HOST_TYPE_DOMAIN)
		return false;
	/* "example.org." names the same host, but certificates and caches have it without the dot.
	 */
	const char *name = (const char *)host->u.domain.data;
	size_t len = host->u.domain.length;
	if (len > 0 && name[len - 1] == '.')
		len--;
	if (!is_dns_name(name, len))
		return false;
	memcpy(out->host, name, len);
	out->host[len] = '\0';
	return true;
}

/* Write scheme://host[:port]/path?query from the parts that were checked, so that nothing
 * unchecked gets in. */
static bool text_of(const char *path, struct url *out)
{
	size_t len;
	FILE *text = open_memstream(&out->text, &len);
	if (text == NULL) {
		out->no_memory = true;
		return false;
	}
	bool bracket = strchr(out->host, ':') != NULL;
	fprintf(text, "http%s://%s%s%s", out->https ? "s" : "", bracket ? "[" : "", out->host,
		bracket ? "]" : "");
	if (out->port != (out->https ? 443u : 80u))
		fprintf(text, ":%u", out->port);
	fputs(path, text);
	out->no_memory = ferror(text);
	/* A stream in memory can fail only for lack of memory. */
	if (fclose(text) != 0)
		out->no_memory = true;
	return !out->no_memory;
}

static bool url_of(const lxb_url_t *parsed, const char *path, struct url *out)
{
	if (parsed->scheme.type != LXB_URL_SCHEMEL_TYPE_HTTP &&
	    parsed->scheme.type != LXB_URL_SCHEMEL_TYPE_HTTPS)
		return false;
	if (parsed->username.length > 0 || parsed->password.length > 0)
		return false;
	out->https = parsed->scheme.type == LXB_URL_SCHEMEL_TYPE_HTTPS;
	out->port = parsed->has_port ? parsed->port : out->https ? 443 : 80;
	return out->port != 0 && host_of(&parsed->host, out) && text_of(path, out);
}

/* False if libcurl refuses it; url->no_memory says whether memory was lacking. */
static bool set_url(CURLU *handle, struct url *url)
{
	CURLUcode code = curl_url_set(handle, CURLUPART_URL, url->text, CURLU_DISALLOW_USER);
	url->no_memory |= code == CURLUE_OUT_OF_MEMORY;
	return code == CURLUE_OK;
}

static bool part_equals(CURLU *handle, struct url *url, CURLUPart part, const char *want)
{
	char *got = NULL;
	CURLUcode code = curl_url_get(handle, part, &got, CURLU_DEFAULT_PORT);
	bool equal = code == CURLUE_OK && strcasecmp(got, want) == 0;
	url->no_memory |= code == CURLUE_OUT_OF_MEMORY;
	curl_free(got);
	return equal;
}

/* If two parsers read one URL differently, an attacker can get past the guard. */
static bool curl_agrees(struct url *url)
{
	char port[8], host[URL_HOST_MAX + 3];
	bool ipv6 = strchr(url->host, ':') != NULL;
	snprintf(port, sizeof port, "%u", url->port);
	snprintf(host, sizeof host, "%s%s%s", ipv6 ? "[" : "", url->host, ipv6 ? "]" : "");
	CURLU *handle = curl_url();
	url->no_memory |= handle == NULL;
	bool agrees = handle != NULL && set_url(handle, url) &&
		      part_equals(handle, url, CURLUPART_SCHEME, url->https ? "https" : "http") &&
		      part_equals(handle, url, CURLUPART_HOST, host) &&
		      part_equals(handle, url, CURLUPART_PORT, port);
	curl_url_cleanup(handle);
	return agrees;
}

struct parsing {
	struct span text;
	const struct url *base;
	const char *path; /* with the query */
	struct url *out;
	bool good;
};

static bool parse(lxb_url_parser_t *parser, const struct parsing *parsing)
{
	const lxb_url_t *parsed_base = NULL;
	const struct url *base = parsing->base;
	if (base != NULL) {
		parsed_base = lxb_url_parse(parser, NULL, (const lxb_char_t *)base->text,
					    strlen(base->text));
		if (parsed_base == NULL)
			return false;
		lxb_url_parser_clean(parser);
	}
	const lxb_url_t *parsed = lxb_url_parse(
		parser, parsed_base, (const lxb_char_t *)parsing->text.at, parsing->text.len);
	return parsed != NULL && url_of(parsed, parsing->path, parsing->out) &&
	       curl_agrees(parsing->out);
}

static void parse_guarded(void *arg)
{
	struct parsing *parsing = arg;
	lxb_url_parser_t *parser = lxb_url_parser_create();
	if (lxb_url_parser_init(parser, NULL) == LXB_STATUS_OK)
		parsing->good = parse(parser, parsing);
	if (parser != NULL && parser->mraw != NULL)
		lxb_url_parser_memory_destroy(parser);
	lxb_url_parser_destroy(parser, true);
}

bool url_parse(struct span text, const struct url *base, struct url *out)
{
	*out = (struct url){0};
	if (text.len == 0 || has_control(text) || utf8_check(text) != text.len)
		return false;
	char *path = url_path(text, base != NULL ? base->text : NULL);
	struct parsing parsing = {text, base, path, out, false};
	bool no_memory = path == NULL || !memory_guard(parse_guarded, &parsing) || out->no_memory;
	free(path);
	bool good = parsing.good && !no_memory;
	if (!good)
		url_free(out);
	out->no_memory = no_memory;
	return good;
}

static bool is_pattern(struct span item)
{
	char name[URL_HOST_MAX + 1];
	struct in6_addr address;
	if (span_equal(item, SPAN("*")))
		return true;
	if (item.len == 0 || item.len > URL_HOST_MAX)
		return false;
	for (size_t i = 0; i < item.len; i++)
		name[i] = item.at[i] >= 'A' && item.at[i] <= 'Z' ? (char)(item.at[i] | 0x20)
								 : item.at[i];
	name[item.len] = '\0';
	if (inet_pton(AF_INET6, name, &address) == 1)
		return true;
	size_t skip = strncmp(name, "*.", 2) == 0 ? 2 : 0;
	return is_dns_name(name + skip, item.len - skip);
}

bool url_hosts_check(const char *patterns, size_t *fault)
{
	const char *at = patterns;
	if (*patterns == '\0')
		return true;
	do {
		*fault = (size_t)(at - patterns);
		bool more = strchr(at, ',') != NULL;
		struct span item = items_next(&at);
		bool is_all = span_equal(item, SPAN("*")), is_alone = *fault == 0 && !more;
		if (is_all ? !is_alone : !is_pattern(item))
			return false;
		if (!more)
			return true;
	} while (true);
}

static bool pattern_matches(struct span item, const char *host, size_t host_len)
{
	if (span_equal(item, SPAN("*")))
		return true;
	if (item.len > 2 && item.at[0] == '*') {
		size_t suffix = item.len - 1; /* including the dot */
		return host_len > suffix &&
		       strncasecmp(host + host_len - suffix, item.at + 1, suffix) == 0;
	}
	return item.len == host_len && strncasecmp(host, item.at, host_len) == 0;
}

bool url_hosts_match(const char *patterns, const char *host)
{
	size_t host_len = strlen(host);
	const char *at = patterns;
	while (*at != '\0')
		if (pattern_matches(items_next(&at), host, host_len))
			return true;
	return false;
}
