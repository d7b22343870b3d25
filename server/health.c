#include "health.h"

#include "listen.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static size_t discard(char *bytes, size_t size, size_t count, void *arg)
{
	return size * count;
}

/* A wildcard is an address to listen on, not one to connect to. */
static void url_of(const struct listen_address *listen, char *out, size_t size)
{
	struct sockaddr_storage to = listen->address;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&to;
	char text[LISTEN_TEXT_MAX];
	if (to.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr))
		v6->sin6_addr = in6addr_loopback;
	else if (to.ss_family == AF_INET && v4->sin_addr.s_addr == htonl(INADDR_ANY))
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	snprintf(out, size, "http://%s/livez", listen_text(&to, text));
}

static bool own_url(char *out, size_t size)
{
	struct config config;
	if (!config_read_addresses(&config, stderr))
		return false;
	url_of(config.admin_listen.len > 0 ? &config.admin_listen : &config.listen, out, size);
	config_free(&config);
	return true;
}

/* The URL to ask, with /livez if it names no path; NULL if it is no URL. */
static CURLU *probe(const char *url)
{
	CURLU *parts = curl_url();
	char *path = NULL;
	bool good = parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
		    curl_url_get(parts, CURLUPART_PATH, &path, 0) == CURLUE_OK;
	if (good && strcmp(path, "/") == 0)
		good = curl_url_set(parts, CURLUPART_PATH, "/livez", 0) == CURLUE_OK;
	curl_free(path);
	if (good)
		return parts;
	curl_url_cleanup(parts);
	return NULL;
}

/* Returns 0, or 1 with the reason on standard error. */
static int ask(CURL *curl, const char *url)
{
	char error[CURL_ERROR_SIZE] = "";
	long status = 0;
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 5000L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard);
	CURLcode code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && status == 200)
		return 0;
	if (code != CURLE_OK)
		fprintf(stderr, "precis health: %s: %s\n", url,
			error[0] ? error : curl_easy_strerror(code));
	else
		fprintf(stderr, "precis health: %s: status %ld\n", url, status);
	return 1;
}

/* `url` NULL: our own address. */
static int check(const char *url)
{
	char own[256];
	int exit_code = 1;
	if (url == NULL && !own_url(own, sizeof(own)))
		return 1;
	if (url == NULL)
		url = own;
	CURLU *parts = probe(url);
	CURL *curl = curl_easy_init();
	if (parts == NULL)
		fprintf(stderr, "precis health: %s is no URL\n", url);
	else if (curl == NULL)
		fputs("precis health: no memory\n", stderr);
	else if (curl_easy_setopt(curl, CURLOPT_CURLU, parts) == CURLE_OK)
		exit_code = ask(curl, url);
	curl_easy_cleanup(curl);
	curl_url_cleanup(parts);
	return exit_code;
}

int health_command(int count, char **arguments)
{
	const char *first = count > 0 ? arguments[0] : NULL;
	if (first != NULL && (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0)) {
		puts("usage: precis health [URL]    exit 0 when the service at URL is alive, else "
		     "1\n\n"
		     "Without a path it asks for /livez; without a URL, at the address that\n"
		     "PRECIS_ADMIN_LISTEN or PRECIS_LISTEN names, or the file of PRECIS_CONFIG.");
		return 0;
	}
	if (count > 1 || (first != NULL && *first == '-')) {
		fputs("precis health: at most a URL is wanted, and no options\n", stderr);
		return 1;
	}
	return check(first);
}
