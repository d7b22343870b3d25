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
	{"Forwarded wins", "10.0.0.1", "for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.1",
	 "192.0.2.60"},
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

static void clients_are_named(void **state)
{
	struct address_net trusted[4];
	size_t fault;
	assert_int_equal(address_nets_parse("10.0.0.0/8", trusted, 4, &fault), 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sockaddr_storage peer;
		char client[CLIENT_NAME_MAX + 1];
		assert_true(address_parse(cases[i].peer, 0, &peer) > 0);
		client_name((struct sockaddr *)&peer, trusted, 1, cases[i].forwarded,
			    cases[i].x_forwarded_for, client);
		CHECK_SPAN(cases[i].name, span_of(client), span_of(cases[i].client));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(clients_are_named)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
