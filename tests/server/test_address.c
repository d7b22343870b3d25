/* Which addresses may be dialled: the edges of every special range, and every disguise. */
#include "tests/check.h"

#include "server/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static enum address_verdict judge(const struct address_policy *policy, const char *literal,
				  unsigned port)
{
	struct sockaddr_storage address;
	if (address_parse(literal, port, &address) == 0)
		fail_msg("%s is no address", literal);
	return address_judge(policy, (const struct sockaddr *)&address);
}

static void check_all(const struct address_policy *policy, const char *const *literals,
		      enum address_verdict want)
{
	for (; *literals != NULL; literals++)
		CHECK_SIZE(*literals, judge(policy, *literals, 443), want);
}

/* First and last address of every range. */
static void test_special(void **state)
{
	static const struct address_policy nothing = {0};
	static const char *const special[] = {
		"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0",
		"100.127.255.255", "127.0.0.0", "127.0.0.1", "127.255.255.255", "169.254.0.0",
		"169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.9",
		"192.0.0.170", "192.0.0.255", "192.0.2.0", "192.0.2.255", "192.31.196.0",
		"192.31.196.255", "192.52.193.0", "192.52.193.255", "192.88.99.0", "192.88.99.255",
		"192.168.0.0", "192.168.255.255", "192.175.48.0", "192.175.48.255", "198.18.0.0",
		"198.19.255.255", "198.51.100.0", "198.51.100.255", "203.0.113.0", "203.0.113.255",
		"224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.254", "255.255.255.255",
		/* IPv6 */
		"::", "::1", "::2", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
		"64:ff9b:1::808:808", "100::", "100::ffff:ffff:ffff:ffff",
		"100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff",
		"2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "2001:1::1", "2001:1::3",
		"2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "2001:3::1", "2001:4:112::1",
		"2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff",
		"2001:20::", "2001:30::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
		"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
		"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "3ffe::1",
		"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
		"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::", "fe80::1",
		"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ff00::", "ff02::1",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		/* outside the only block assigned as global unicast */
		"200::1", "400::1", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::1", "8000::1",
		NULL};
	check_all(&nothing, special, ADDRESS_SPECIAL);
}

static void test_public(void **state)
{
	static const struct address_policy nothing = {0};
	static const char *const open[] = {"1.0.0.0",         "9.255.255.255",
					   "11.0.0.0",        "8.8.8.8",
					   "100.63.255.255",  "100.128.0.0",
					   "126.255.255.255", "128.0.0.0",
					   "169.253.255.255", "169.255.0.0",
					   "172.15.255.255",  "172.32.0.0",
					   "192.0.1.0",       "192.0.3.0",
					   "192.31.195.255",  "192.31.197.0",
					   "192.52.192.255",  "192.52.194.0",
					   "192.88.98.255",   "192.88.100.0",
					   "192.167.255.255", "192.169.0.0",
					   "192.175.47.255",  "192.175.49.0",
					   "198.17.255.255",  "198.20.0.0",
					   "198.51.99.255",   "198.51.101.0",
					   "203.0.112.255",   "203.0.114.0",
					   "223.255.255.255", "2000::1",
					   "2001:200::1",     "2001:4860:4860::8888",
					   "2001:db7::1",     "2001:db9::1",
					   "2003::1",         "2606:4700::1111",
					   "2620:4f:7fff::1", "2620:4f:8001::1",
					   "2a00::1",         "3ffd::1",
					   "3fff:1000::1",    NULL};
	check_all(&nothing, open, ADDRESS_PUBLIC);
}

/* IPv4 inside IPv6. */
static void test_carried(void **state)
{
	static const struct address_policy nothing = {0};
	static const char *const special[] = {"::ffff:127.0.0.1",
					      "::ffff:10.0.0.1",
					      "::ffff:169.254.1.1",
					      "::ffff:8.8.8.8", /* mapped */
					      "::127.0.0.1",
					      "::10.0.0.1",
					      "::8.8.8.8", /* compatible */
					      "::ffff:0:127.0.0.1",
					      "::ffff:0:10.0.0.1",
					      "::ffff:0:8.8.8.8", /* translated */
					      "64:ff9b::127.0.0.1",
					      "64:ff9b::10.0.0.1",
					      "64:ff9b::192.168.1.1", /* NAT64 */
					      "64:ff9b::169.254.169.254",
					      "64:ff9b::168.63.129.16",
					      "64:ff9b::0.0.0.0",
					      "64:ff9b:1::127.0.0.1",
					      "64:ff9b:1:7f00:0:100::",
					      "64:ff9b:1::8.8.8.8",
					      "2002:7f00:1::",
					      "2002:a00:1::1",
					      "2002:808:808::1", /* 6to4 */
					      "2001:0:7f00:1::",
					      "2001:0:4136:e378:8000:63bf:80ff:fffe", /* Teredo */
					      "2a00::5efe:127.0.0.1",
					      "2a00::200:5efe:10.0.0.1", /* ISATAP */
					      "2a00:1:2:3:0:5efe:192.168.0.1",
					      "2a00::5efe:169.254.169.254",
					      "fe80::5efe:8.8.8.8",
					      NULL};
	static const char *const open[] = {
		"64:ff9b::8.8.8.8", "64:ff9b::93.184.215.14", "2a00::5efe:8.8.8.8",
		/* looks alike but is none: other bytes precede the identifier */
		"2a00::100:5efe:127.0.0.1", "2a00::7f00:1", NULL};
	check_all(&nothing, special, ADDRESS_SPECIAL);
	check_all(&nothing, open, ADDRESS_PUBLIC);
}

static void test_metadata(void **state)
{
	static const struct address_policy nothing = {0};
	static const char *const metadata[] = {"169.254.169.254",      "169.254.170.2",
					       "169.254.170.23",       "169.254.42.42",
					       "100.100.100.200",      "168.63.129.16",
					       "192.0.0.192",          "fd00:ec2::254",
					       "fd00:ec2::23",         "fd20:ce::254",
					       "fd00:42::42",          "::ffff:169.254.169.254",
					       "::ffff:168.63.129.16", NULL};
	check_all(&nothing, metadata, ADDRESS_METADATA);

	/* Allowing a wide network does not open them; naming the exact address does. */
	struct address_net nets[8];
	size_t fault;
	int count = address_nets_parse("169.254.0.0/16,100.64.0.0/10,168.63.0.0/16,192.0.0.0/24,"
				       "fc00::/7,fd00::/8",
				       nets, 8, &fault);
	assert_int_equal(count, 6);
	struct address_policy wide = {.allow = nets, .allow_len = (size_t)count};
	check_all(&wide, metadata, ADDRESS_METADATA);
	assert_int_equal(judge(&wide, "169.254.1.1", 80), ADDRESS_ALLOWED);

	count = address_nets_parse("169.254.169.254, fd00:ec2::254/128", nets, 8, &fault);
	struct address_policy exact = {.allow = nets, .allow_len = (size_t)count};
	assert_int_equal(judge(&exact, "169.254.169.254", 80), ADDRESS_ALLOWED);
	assert_int_equal(judge(&exact, "fd00:ec2::254", 80), ADDRESS_ALLOWED);
	assert_int_equal(judge(&exact, "168.63.129.16", 80), ADDRESS_METADATA);
}

static void test_allowed(void **state)
{
	struct address_net nets[8];
	size_t fault;
	int count = address_nets_parse("127.0.0.0/8, 10.1.2.3,fd00:1::/32", nets, 8, &fault);
	assert_int_equal(count, 3);
	struct address_policy policy = {.allow = nets, .allow_len = (size_t)count};
	static const char *const allowed[] = {
		"127.0.0.1",     "127.9.9.9", "::ffff:127.0.0.1", "10.1.2.3", "fd00:1::1",
		"fd00:1:ffff::", NULL};
	static const char *const special[] = {"10.1.2.4", "10.1.2.2", "::1", "fd00:2::1", NULL};
	check_all(&policy, allowed, ADDRESS_ALLOWED);
	check_all(&policy, special, ADDRESS_SPECIAL);
	/* An IPv4 network opens no IPv6 address that carries such an address. */
	assert_int_equal(judge(&policy, "64:ff9b::127.0.0.1", 80), ADDRESS_SPECIAL);
	assert_int_equal(judge(&policy, "2002:7f00:1::", 80), ADDRESS_SPECIAL);

	/* A wide IPv6 network opens no IPv4. */
	count = address_nets_parse("::/1", nets, 8, &fault);
	assert_int_equal(count, 1);
	struct address_policy ipv6 = {.allow = nets, .allow_len = 1};
	assert_int_equal(judge(&ipv6, "::1", 80), ADDRESS_ALLOWED);
	assert_int_equal(judge(&ipv6, "127.0.0.1", 80), ADDRESS_SPECIAL);
	assert_int_equal(judge(&ipv6, "::ffff:127.0.0.1", 80), ADDRESS_SPECIAL);
}

static void test_ports(void **state)
{
	static const struct address_policy nothing = {0};
	static const unsigned web[] = {80, 443, 8080, 8443};
	static const unsigned odd[] = {0, 1, 22, 25, 79, 81, 6379, 11211, 8081, 65535};
	for (size_t i = 0; i < sizeof web / sizeof web[0]; i++)
		assert_int_equal(judge(&nothing, "8.8.8.8", web[i]), ADDRESS_PUBLIC);
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		assert_int_equal(judge(&nothing, "8.8.8.8", odd[i]), ADDRESS_PORT);
		assert_int_equal(judge(&nothing, "2606:4700::1111", odd[i]), ADDRESS_PORT);
	}
	struct address_net net;
	size_t fault;
	assert_int_equal(address_nets_parse("10.0.0.0/8", &net, 1, &fault), 1);
	struct address_policy policy = {.allow = &net, .allow_len = 1};
	assert_int_equal(judge(&policy, "10.0.0.1", 25), ADDRESS_ALLOWED);
	assert_int_equal(judge(&policy, "8.8.8.8", 25), ADDRESS_PORT);
}

/* Our own listeners stay closed even inside an allowed network, through every address they have. */
static void test_own(void **state)
{
	struct address_net nets[4];
	size_t fault;
	int count = address_nets_parse("127.0.0.0/8,0.0.0.0/8,10.0.0.0/8,::/64", nets, 4, &fault);
	assert_int_equal(count, 4);
	struct sockaddr_storage own[2];
	address_parse("127.0.0.1", 8080, &own[0]);
	address_parse("0.0.0.0", 9090, &own[1]);
	struct address_policy policy = {.allow = nets, .allow_len = 4, .own = own, .own_len = 2};
	assert_int_equal(judge(&policy, "127.0.0.1", 8080), ADDRESS_OWN);
	assert_int_equal(judge(&policy, "::ffff:127.0.0.1", 8080), ADDRESS_OWN);
	assert_int_equal(judge(&policy, "0.0.0.0", 8080), ADDRESS_OWN);
	assert_int_equal(judge(&policy, "::", 8080), ADDRESS_OWN);
	assert_int_equal(judge(&policy, "127.0.0.1", 8081), ADDRESS_ALLOWED);
	/* the wildcard listener */
	assert_int_equal(judge(&policy, "127.0.0.1", 9090), ADDRESS_OWN);
	assert_int_equal(judge(&policy, "127.5.5.5", 9090), ADDRESS_OWN);
	assert_int_equal(judge(&policy, "::1", 9090), ADDRESS_OWN);
	assert_int_equal(judge(&policy, "10.0.0.8", 9090), ADDRESS_ALLOWED);
	policy.is_local = true;
	assert_int_equal(judge(&policy, "10.0.0.8", 9090), ADDRESS_OWN);
	assert_int_equal(judge(&policy, "10.0.0.8", 8080), ADDRESS_ALLOWED);
}

static void test_equal(void **state)
{
	static const struct {
		const char *one, *other;
		bool equal;
	} cases[] = {{"10.0.0.1", "10.0.0.1", true},    {"10.0.0.1", "10.0.0.2", false},
		     {"fd00::1", "fd00::1", true},      {"fd00::1", "fd00::2", false},
		     {"10.0.0.1", "::10.0.0.1", false}, {"10.0.0.1", "::ffff:10.0.0.1", true}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sockaddr_storage one, other;
		address_parse(cases[i].one, 80, &one);
		address_parse(cases[i].other, 8080, &other);
		CHECK(cases[i].other, address_equal((struct sockaddr *)&one,
						    (struct sockaddr *)&other) == cases[i].equal);
	}
	struct sockaddr_storage none = {.ss_family = AF_UNIX};
	assert_false(address_equal((struct sockaddr *)&none, (struct sockaddr *)&none));
}

static void test_unknown(void **state)
{
	static const struct address_policy nothing = {0};
	struct sockaddr_storage address = {.ss_family = AF_UNIX};
	assert_int_equal(address_judge(&nothing, (struct sockaddr *)&address), ADDRESS_UNKNOWN);
	assert_false(address_may_connect(ADDRESS_UNKNOWN));
	assert_false(address_may_connect(ADDRESS_PORT));
	assert_true(address_may_connect(ADDRESS_ALLOWED));
}

static void test_parse(void **state)
{
	static const struct {
		const char *list;
		int count; /* -1: refused */
		size_t fault;
	} cases[] = {
		{"", 0, 0},
		{"  ", 0, 0},
		{"10.0.0.0/8", 1, 0},
		{"10.0.0.1/32", 1, 0},
		{"::1", 1, 0},
		{" 10.0.0.0/8 ,\tfd00::/8 ", 2, 0},
		{"128.0.0.0/1", 1, 0},
		{"10.0.0.0/33", -1, 0},
		{"10.0.0.0/0", -1, 0},
		{"::/0", -1, 0},
		{"::/129", -1, 0},
		{"10.0.0.1/8", -1, 0},
		{"10.0.0.0/08", -1, 0},
		{"10.0.0.0/", -1, 0},
		{"10.0.0.0/8x", -1, 0},
		{"10.0.0.0/-8", -1, 0},
		{"10.0.0.0 /8", -1, 0},
		{"10.0.0/8", -1, 0},
		{"localhost", -1, 0},
		{"0x7f.1", -1, 0},
		{"fe80::1%eth0", -1, 0},
		{"10.0.0.0/8,", -1, 11},
		{",10.0.0.0/8", -1, 0},
		{"10.0.0.0/8, nonsense", -1, 12},
		{"10.0.0.0/8,,::1", -1, 11},
		{"1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1", -1, 32},
		{"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee/128", -1,
		 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct address_net nets[4];
		size_t fault = 0;
		int count = address_nets_parse(cases[i].list, nets, 4, &fault);
		CHECK(cases[i].list, count == cases[i].count);
		if (count < 0)
			CHECK_SIZE(cases[i].list, fault, cases[i].fault);
	}
}

static void test_port_of_an_address(void **state)
{
	static const char *const literals[] = {"192.0.2.1", "2001:db8::1"};
	struct sockaddr_storage address, changed;
	for (size_t i = 0; i < 2; i++) {
		address_parse(literals[i], 0, &address);
		changed = address;
		address_set_port(&changed, 65535);
		CHECK_SIZE(literals[i], address_port((struct sockaddr *)&changed), 65535);
		address_set_port(&changed, 0);
		CHECK(literals[i], memcmp(&changed, &address, sizeof address) == 0);
	}
	memset(&address, 0xFF, sizeof address);
	address.ss_family = AF_UNIX;
	changed = address;
	address_set_port(&changed, 1);
	assert_memory_equal(&changed, &address, sizeof address);
	assert_int_equal(address_port((struct sockaddr *)&address), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_special),
		cmocka_unit_test(test_public),
		cmocka_unit_test(test_carried),
		cmocka_unit_test(test_metadata),
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_port_of_an_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
