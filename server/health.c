#include "health.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t discard(char *bytes, size_t size, size_t count, void *arg)
{
	(void)bytes;
	(void)arg;
	return size * count;
}

/* A wildcard is an address to listen on, not one to connect to. */
static void own_url(char *out, size_t size)
{
	const char *listen = getenv("PRECIS_ADMIN_LISTEN");
	if (listen == NULL || *listen == '\0')
		listen = getenv("PRECIS_LISTEN");
	if (listen == NULL || *listen == '\0')
		listen = "127.0.0.1:8080";
	const char *port = strrchr(listen, ':');
	if (strncmp(listen, "0.0.0.0:", 8) == 0)
		snprintf(out, size, "http://127.0.0.1%s/livez", port);
	else if (strncmp(listen, "[::]:", 5) == 0)
		snprintf(out, size, "http://[::1]%s/livez", port);
	else
		snprintf(out, size, "http://%s/livez", listen);
}

int health_check(const char *url)
{
	char own[256], error[CURL_ERROR_SIZE] = "";
	long status = 0;
	if (url == NULL) {
		own_url(own, sizeof(own));
		url = own;
	}
	CURL *curl = curl_easy_init();
	if (curl == NULL) {
		fputs("precis health: no memory\n", stderr);
		return 1;
	}
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 5000L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard);
	CURLcode code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	if (code == CURLE_OK && status == 200)
		return 0;
	if (code != CURLE_OK)
		fprintf(stderr, "precis health: %s: %s\n", url,
			error[0] ? error : curl_easy_strerror(code));
	else
		fprintf(stderr, "precis health: %s: status %ld\n", url, status);
	return 1;
}
