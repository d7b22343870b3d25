#include "check.h"

#include "server/client.h"

static const struct {
	const char *name, *peer, *forwarded, *x_forwarded_for, *client;
} cases[] = {
	{"no proxy", "198.51.100.7", NULL, NULL, "198.51.100.7"},
	{"headers of strangers are lies", "198.51.100.7", "for=192.0.2.1", "192.0.2.1",
	 "198.51.100.7"},
	{"one proxy", "10.0.0.1", NULL, "192.0.2.1", "192.0.2.1"},
	{"the client's own list comes first", "10.0.0.1", NULL, "6.6.6.6, 192.0.2.1", "192.0.2.1"},
	{"two proxies", "10.0.0.1", NULL, "6.6.6.6, 192.0.2.1,10.0.0.2", "192.0.2.1"},
	{"proxies only", "10.0.0.1", NULL, "10.0.0.3, 10.0.0.2", "10.0.0.3"},
	{"with a port", "10.0.0.1", NULL, "192.0.2.1:4711", "192.0.2.1"},
	{"Forwarded", "10.0.0.1", "for=192.0.2.60;proto=http;by=203.0.113.43", NULL, "192.0.2.60"},
	{"both, agreed", "10.0.0.1", "for=\"192.0.2.1:4711\"", "6.6.6.6, 192.0.2.1", "192.0.2.1"},
	{"one of both is the client's own", "10.0.0.1", "for=6.6.6.6", "192.0.2.1", "10.0.0.1"},
	{"whichever it is", "10.0.0.1", "for=192.0.2.1", "6.6.6.6", "10.0.0.1"},
	{"one that cannot be read, too", "10.0.0.1", "for=", "192.0.2.1", "10.0.0.1"},
	{"a line of the client, one of the proxy", "10.0.0.1", NULL, "6.6.6.6|192.0.2.1",
	 "192.0.2.1"},
	{"a line a proxy", "10.0.0.1", NULL, "6.6.6.6|192.0.2.1|10.0.0.2", "192.0.2.1"},
	{"lines of Forwarded", "10.0.0.1", "for=6.6.6.6, for=1.1.1.1|for=192.0.2.1", NULL,
	 "192.0.2.1"},
	{"Forwarded, quoted IPv6", "10.0.0.1", "proto=https; For=\"[2001:db8:cafe::17]:4711\"",
	 NULL, "2001:db8:cafe::"},
	{"Forwarded, a list", "10.0.0.1", "for=6.6.6.6, for=192.0.2.43, for=10.0.0.9", NULL,
	 "192.0.2.43"},
	{"obfuscated", "10.0.0.1", "for=_hidden", NULL, "10.0.0.1"},
	{"nonsense stops the walk", "10.0.0.1", NULL, "192.0.2.1, what, 10.0.0.2", "10.0.0.2"},
	{"empty", "10.0.0.1", NULL, "", "10.0.0.1"},
	{"IPv6 by its network", "2001:db8:1:2:3:4:5:6", NULL, NULL, "2001:db8:1:2::"},
	{"IPv4 in IPv6", "::ffff:198.51.100.7", NULL, NULL, "198.51.100.7"},
	{"proxy mapped in IPv6", "::ffff:10.0.0.1", NULL, "192.0.2.1", "192.0.2.1"},
};

/* The lines of `text`, separated by bars; none if it is NULL. */
static struct client_list list_of(const char *text)
{
	struct client_list list = {.len = 0};
	char lines[CLIENT_LIST_MAX], *rest;
	if (text == NULL)
		return list;
	snprintf(lines, sizeof(lines), "%s", text);
	if (*lines == '\0')
		client_list_add(&list, "");
	for (char *line = strtok_r(lines, "|", &rest); line != NULL;
	     line = strtok_r(NULL, "|", &rest))
		client_list_add(&list, line);
	return list;
}

static void clients_are_named(void **state)
{
	struct address_net trusted[4];
	size_t fault;
	assert_int_equal(address_nets_parse("10.0.0.0/8", trusted, 4, &fault), 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sockaddr_storage peer;
		char client[CLIENT_NAME_MAX + 1];
		assert_true(address_parse(cases[i].peer, 0, &peer) > 0);
		struct client_list forwarded = list_of(cases[i].forwarded),
				   x_forwarded_for = list_of(cases[i].x_forwarded_for);
		client_name((struct sockaddr *)&peer, trusted, 1, &forwarded, &x_forwarded_for,
			    client);
		CHECK_SPAN(cases[i].name, span_of(client), span_of(cases[i].client));
	}
}

/* A list is read as a whole, however it is split into lines, or not at all. */
static void lists_have_an_end(void **state)
{
	struct sockaddr_storage peer;
	struct address_net trusted[1];
	struct client_list none = {.len = 0};
	char line[CLIENT_LIST_MAX + 1], client[CLIENT_NAME_MAX + 1];
	size_t fault;
	assert_int_equal(address_nets_parse("10.0.0.0/8", trusted, 1, &fault), 1);
	assert_true(address_parse("10.0.0.1", 0, &peer) > 0);
	for (size_t len = 0; len < sizeof(line); len++) {
		struct client_list list = {.len = 0};
		memset(line, ' ', len);
		line[len] = '\0';
		client_list_add(&list, line);
		client_list_add(&list, "192.0.2.1");
		client_list_add(&list, "10.0.0.9");
		client_name((struct sockaddr *)&peer, trusted, 1, &none, &list, client);
		bool fits = len + strlen(",192.0.2.1,10.0.0.9") <= CLIENT_LIST_MAX;
		assert_string_equal(client, fits ? "192.0.2.1" : "10.0.0.1");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(clients_are_named),
					   cmocka_unit_test(lists_have_an_end)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
