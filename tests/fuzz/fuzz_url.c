/* The first line is a base URL, the second a list of hosts, the rest a URL. */
#include "fuzz.h"

#include "server/address.h"
#include "server/url.h"

static void check(const struct url *url)
{
	struct sockaddr_storage address;
	HOLDS(url->port > 0 && url->port < 65536);
	HOLDS(url->host[0] != '\0' && url->host[strlen(url->host) - 1] != '.');
	HOLDS((address_parse(url->host, url->port, &address) > 0) == url->literal);
	for (const char *at = url->text; *at != '\0'; at++)
		HOLDS(*at > ' ' && *at < 0x7F);
	/* The text given to libcurl must parse to the same URL again. */
	struct url again;
	HOLDS(url_parse(span_of(url->text), NULL, &again));
	HOLDS(strcmp(again.text, url->text) == 0 && strcmp(again.host, url->host) == 0);
	HOLDS(again.port == url->port && again.https == url->https);
	url_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct span base_text = input_line(&input), list = input_line(&input);
	struct span text = input_rest(&input);
	char *hosts = new_string(list);
	struct url base, url;
	size_t fault = 0;
	bool hosts_are_good = url_hosts_check(hosts, &fault);
	HOLDS(hosts_are_good || fault <= strlen(hosts));
	bool has_base = url_parse(base_text, NULL, &base);
	if (has_base)
		check(&base);
	if (url_parse(text, has_base ? &base : NULL, &url)) {
		check(&url);
		if (hosts_are_good)
			url_hosts_match(hosts, url.host);
	}
	url_free(&url);
	url_free(&base);
	free(hosts);
	return 0;
}
