#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS_BYTES = 16, IPV4_BITS = 96 };

/*
 * Every block of the IANA special-purpose address registries (RFC 6890 and its updates), with
 * multicast, former class E, and blocks that the registries call reachable but that cannot hold an
 * article: anycast services for relays, black holes and address translation.
 */
static const struct {
	uint32_t net;
	unsigned bits;
} special_ipv4[] = {
	{0x00000000,
	 8}, /* 0.0.0.0/8        this network; Linux dials 0.0.0.0 as loopback, RFC 791 */
	{0x0A000000, 8}, /* 10.0.0.0/8       private use, RFC 1918 */
	{0x64400000,
	 10}, /* 100.64.0.0/10    shared by carriers, and some clouds' insides, RFC 6598 */
	{0x7F000000, 8},  /* 127.0.0.0/8      loopback, RFC 1122 */
	{0xA9FE0000, 16}, /* 169.254.0.0/16   link local, most clouds' metadata, RFC 3927 */
	{0xAC100000, 12}, /* 172.16.0.0/12    private use, RFC 1918 */
	{0xC0000000, 24}, /* 192.0.0.0/24     IETF protocol assignments, RFC 6890 */
	{0xC0000200, 24}, /* 192.0.2.0/24     documentation, RFC 5737 */
	{0xC01FC400, 24}, /* 192.31.196.0/24  AS112, RFC 7535 */
	{0xC034C100, 24}, /* 192.52.193.0/24  multicast tunnels (AMT), RFC 7450 */
	{0xC0586300, 24}, /* 192.88.99.0/24   6to4 relays, RFC 7526 */
	{0xC0A80000, 16}, /* 192.168.0.0/16   private use, RFC 1918 */
	{0xC0AF3000, 24}, /* 192.175.48.0/24  AS112, RFC 7534 */
	{0xC6120000, 15}, /* 198.18.0.0/15    benchmarks, RFC 2544 */
	{0xC6336400, 24}, /* 198.51.100.0/24  documentation, RFC 5737 */
	{0xCB007100, 24}, /* 203.0.113.0/24   documentation, RFC 5737 */
	{0xE0000000, 4},  /* 224.0.0.0/4      multicast, RFC 5771 */
	{0xF0000000, 4},  /* 240.0.0.0/4      reserved, and limited broadcast, RFC 1112, RFC 919 */
};

/*
 * Only 2000::/3 is assigned as global unicast (RFC 4291, RFC 3587); everything outside it, except
 * for the NAT64 prefix, is refused without being listed. That covers ::/96 (unspecified, loopback,
 * IPv4-compatible), ::ffff:0:0/96 (mapped), ::ffff:0:0:0/96 (translated, RFC 2765), 64:ff9b:1::/48
 * (local NAT64, RFC 8215), 100::/64 (discard, RFC 6666), 100:0:0:1::/64 (dummy, RFC 9780),
 * 5f00::/16 (segment routing, RFC 9602), fc00::/7 (unique local, RFC 4193), fe80::/10 (link local),
 * fec0::/10 (site local, RFC 3879) and ff00::/8 (multicast).
 */
static const struct address_net global_unicast = {{0x20}, 3};
static const struct address_net nat64 = {{0x00, 0x64, 0xFF, 0x9B}, 96}; /* RFC 6052 */

/* What is special inside 2000::/3. */
static const struct address_net special_ipv6[] = {
	{{0x20, 0x01, 0x00, 0x00},
	 23}, /* 2001::/23       IETF protocol assignments, RFC 2928: Teredo
		 (RFC 4380), benchmarks (RFC 5180), AMT (RFC 7450), AS112
		 (RFC 7535), ORCHID (RFC 4843, 7343), drones (RFC 9374) */
	{{0x20, 0x01, 0x0D, 0xB8}, 32}, /* 2001:db8::/32   documentation, RFC 3849 */
	{{0x20, 0x02}, 16},             /* 2002::/16       6to4, RFC 3056, withdrawn by RFC 7526 */
	{{0x26, 0x20, 0x00, 0x4F, 0x80, 0x00}, 48}, /* 2620:4f:8000::/48  AS112, RFC 7534 */
	{{0x3F, 0xFE}, 16},                         /* 3ffe::/16       the former 6bone, RFC 3701 */
	{{0x3F, 0xFF, 0x00}, 20},                   /* 3fff::/20       documentation, RFC 9637 */
};

/* Addresses that give a machine's credentials to whoever can ask. Those inside a range above are
 * listed, too, because an operator who allows that range hardly means these. */
static const char *const metadata[] = {
	"169.254.169.254",    /* AWS, Google, Azure, OpenStack, DigitalOcean, Oracle, Hetzner */
	"169.254.169.253",    /* AWS resolver */
	"169.254.169.123",    /* AWS clock */
	"169.254.170.2",      /* AWS ECS tasks */
	"169.254.170.23",     /* AWS EKS pods */
	"169.254.42.42",      /* Scaleway */
	"169.254.0.23",       /* Tencent */
	"100.100.100.200",    /* Alibaba */
	"168.63.129.16",      /* Azure host agent: a public address */
	"192.0.0.192",        /* Oracle, classic */
	"fd00:ec2::254",      /* AWS */
	"fd00:ec2::253",      /* AWS resolver */
	"fd00:ec2::23",       /* AWS EKS pods */
	"fd20:ce::254",       /* Google */
	"fd00:42::42",        /* Scaleway */
	"fd00:c1::a9fe:a9fe", /* Oracle */
};

/* Which bits of byte `i` belong to the prefix. */
static unsigned prefix_mask(const struct address_net *net, unsigned i)
{
	if (net->bits >= 8 * (i + 1))
		return 0xFF;
	return net->bits <= 8 * i ? 0 : 0xFF00 >> (net->bits - 8 * i) & 0xFF;
}

static bool net_contains(const struct address_net *net, const unsigned char bytes[ADDRESS_BYTES])
{
	unsigned differing = 0;
	for (unsigned i = 0; i < ADDRESS_BYTES; i++)
		differing |= (unsigned)(net->bytes[i] ^ bytes[i]) & prefix_mask(net, i);
	return differing == 0;
}

static const struct address_net mapped = {{[10] = 0xFF, [11] = 0xFF}, IPV4_BITS};

static void ipv4_to_bytes(uint32_t ipv4, unsigned char bytes[ADDRESS_BYTES])
{
	memcpy(bytes, mapped.bytes, 12);
	ipv4 = htonl(ipv4);
	memcpy(bytes + 12, &ipv4, 4);
}

static uint32_t ipv4_of_bytes(const unsigned char last[4])
{
	return (uint32_t)last[0] << 24 | (uint32_t)last[1] << 16 | (uint32_t)last[2] << 8 | last[3];
}

/* Both families as 16 bytes: an IPv4 address and its mapped form reach the same machine. */
static bool address_bytes(const struct sockaddr *address, unsigned char bytes[ADDRESS_BYTES],
			  unsigned *port)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in ipv4;
		memcpy(&ipv4, address, sizeof ipv4);
		ipv4_to_bytes(ntohl(ipv4.sin_addr.s_addr), bytes);
		*port = ntohs(ipv4.sin_port);
		return true;
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 ipv6;
		memcpy(&ipv6, address, sizeof ipv6);
		memcpy(bytes, &ipv6.sin6_addr, ADDRESS_BYTES);
		*port = ntohs(ipv6.sin6_port);
		return true;
	}
	return false;
}

static bool is_unspecified(const unsigned char bytes[ADDRESS_BYTES])
{
	static const unsigned char zero[ADDRESS_BYTES];
	return memcmp(bytes, zero, ADDRESS_BYTES) == 0 ||
	       (net_contains(&mapped, bytes) && memcmp(bytes + 12, zero, 4) == 0);
}

static bool is_loopback(const unsigned char bytes[ADDRESS_BYTES])
{
	static const unsigned char loopback[ADDRESS_BYTES] = {[15] = 1};
	return memcmp(bytes, loopback, ADDRESS_BYTES) == 0 ||
	       (net_contains(&mapped, bytes) && bytes[12] == 127);
}

static bool is_own(const struct address_policy *policy, const unsigned char bytes[ADDRESS_BYTES],
		   unsigned port)
{
	for (size_t i = 0; i < policy->own_len; i++) {
		unsigned char own[ADDRESS_BYTES];
		unsigned own_port;
		if (!address_bytes((const struct sockaddr *)&policy->own[i], own, &own_port) ||
		    own_port != port)
			continue;
		/* Dialling 0.0.0.0 or :: reaches this machine, whatever address we listen on. */
		if (is_unspecified(bytes) || memcmp(own, bytes, ADDRESS_BYTES) == 0)
			return true;
		if (is_unspecified(own) && (policy->is_local || is_loopback(bytes)))
			return true;
	}
	return false;
}

static bool is_metadata(const unsigned char bytes[ADDRESS_BYTES])
{
	for (size_t i = 0; i < sizeof metadata / sizeof metadata[0]; i++) {
		struct sockaddr_storage known;
		unsigned char known_bytes[ADDRESS_BYTES];
		unsigned port;
		if (address_parse(metadata[i], 0, &known) != 0 &&
		    address_bytes((const struct sockaddr *)&known, known_bytes, &port) &&
		    memcmp(known_bytes, bytes, ADDRESS_BYTES) == 0)
			return true;
	}
	return false;
}

/* An allowed ::/n with n < 96 holds the mapped form too, but whoever wrote it meant IPv6. */
static bool is_allowed(const struct address_policy *policy,
		       const unsigned char bytes[ADDRESS_BYTES], unsigned least_bits)
{
	if (net_contains(&mapped, bytes) && least_bits < IPV4_BITS)
		least_bits = IPV4_BITS;
	for (size_t i = 0; i < policy->allow_len; i++)
		if (policy->allow[i].bits >= least_bits && net_contains(&policy->allow[i], bytes))
			return true;
	return false;
}

static bool is_special_ipv4(uint32_t ipv4)
{
	for (size_t i = 0; i < sizeof special_ipv4 / sizeof special_ipv4[0]; i++)
		if ((ipv4 ^ special_ipv4[i].net) >> (32 - special_ipv4[i].bits) == 0)
			return true;
	return false;
}

/* An ISATAP interface identifier, 0000:5efe or 0200:5efe and an IPv4 address (RFC 5214). */
static bool is_isatap(const unsigned char bytes[ADDRESS_BYTES])
{
	return (bytes[8] & ~0x02) == 0 && bytes[9] == 0 && bytes[10] == 0x5E && bytes[11] == 0xFE;
}

static bool carries_special_ipv4(const unsigned char bytes[ADDRESS_BYTES])
{
	unsigned char carried[ADDRESS_BYTES];
	uint32_t ipv4 = ipv4_of_bytes(bytes + 12);
	ipv4_to_bytes(ipv4, carried);
	return is_special_ipv4(ipv4) || is_metadata(carried);
}

static bool is_special_ipv6(const unsigned char bytes[ADDRESS_BYTES])
{
	if ((net_contains(&nat64, bytes) || is_isatap(bytes)) && carries_special_ipv4(bytes))
		return true;
	if (net_contains(&nat64, bytes))
		return false;
	if (!net_contains(&global_unicast, bytes))
		return true;
	for (size_t i = 0; i < sizeof special_ipv6 / sizeof special_ipv6[0]; i++)
		if (net_contains(&special_ipv6[i], bytes))
			return true;
	return false;
}

static bool is_web_port(unsigned port)
{
	return port == 80 || port == 443 || port == 8080 || port == 8443;
}

enum address_verdict address_judge(const struct address_policy *policy,
				   const struct sockaddr *address)
{
	unsigned char bytes[ADDRESS_BYTES];
	unsigned port;
	if (!address_bytes(address, bytes, &port))
		return ADDRESS_UNKNOWN;
	if (is_own(policy, bytes, port))
		return ADDRESS_OWN;
	if (is_metadata(bytes) && !is_allowed(policy, bytes, ADDRESS_BYTES * 8))
		return ADDRESS_METADATA;
	if (is_allowed(policy, bytes, 0))
		return ADDRESS_ALLOWED;
	/* A public address written as mapped is special too: the registry has the whole block. */
	if (address->sa_family == AF_INET ? is_special_ipv4(ipv4_of_bytes(bytes + 12))
					  : is_special_ipv6(bytes))
		return ADDRESS_SPECIAL;
	return is_web_port(port) ? ADDRESS_PUBLIC : ADDRESS_PORT;
}

socklen_t address_parse(const char *literal, unsigned port, struct sockaddr_storage *out)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	memset(out, 0, sizeof *out);
	if (inet_pton(AF_INET, literal, &ipv4.sin_addr) == 1) {
		memcpy(out, &ipv4, sizeof ipv4);
		return sizeof ipv4;
	}
	if (inet_pton(AF_INET6, literal, &ipv6.sin6_addr) == 1) {
		memcpy(out, &ipv6, sizeof ipv6);
		return sizeof ipv6;
	}
	return 0;
}

bool address_equal(const struct sockaddr *a, const struct sockaddr *b)
{
	unsigned char one[ADDRESS_BYTES], other[ADDRESS_BYTES];
	unsigned port;
	return address_bytes(a, one, &port) && address_bytes(b, other, &port) &&
	       memcmp(one, other, ADDRESS_BYTES) == 0;
}

unsigned address_port(const struct sockaddr *address)
{
	unsigned char bytes[ADDRESS_BYTES];
	unsigned port;
	return address_bytes(address, bytes, &port) ? port : 0;
}

void address_set_port(struct sockaddr_storage *address, unsigned port)
{
	if (address->ss_family == AF_INET)
		((struct sockaddr_in *)address)->sin_port = htons((uint16_t)port);
	else if (address->ss_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port = htons((uint16_t)port);
}

static bool has_host_bits(const struct address_net *net)
{
	for (unsigned i = 0; i < ADDRESS_BYTES; i++)
		if (net->bytes[i] & ~prefix_mask(net, i))
			return true;
	return false;
}

/* One item, which is NUL-terminated and has no spaces around it. */
static bool net_parse(char *item, struct address_net *net)
{
	struct sockaddr_storage address;
	unsigned port;
	char *slash = strchr(item, '/');
	if (slash != NULL)
		*slash = '\0';
	if (address_parse(item, 0, &address) == 0 ||
	    !address_bytes((const struct sockaddr *)&address, net->bytes, &port))
		return false;
	unsigned width = address.ss_family == AF_INET ? 32 : 128;
	unsigned bits = width;
	if (slash != NULL) {
		size_t digits = strspn(slash + 1, "0123456789");
		if (digits == 0 || digits > 3 || slash[1 + digits] != '\0' || slash[1] == '0')
			return false;
		bits = (unsigned)strtoul(slash + 1, NULL, 10);
	}
	if (bits > width)
		return false;
	net->bits = bits + (width == 32 ? IPV4_BITS : 0);
	return !has_host_bits(net);
}

int address_nets_parse(const char *list, struct address_net *nets, size_t max, size_t *fault)
{
	static const char space[] = " \t";
	size_t count = 0;
	const char *at = list + strspn(list, space);
	while (*at != '\0') {
		char item[64];
		size_t len = strcspn(at, ",");
		size_t kept = strcspn(at, ", \t");
		*fault = (size_t)(at - list);
		if (kept >= sizeof item || kept + strspn(at + kept, space) < len || count == max)
			return -1;
		memcpy(item, at, kept);
		item[kept] = '\0';
		if (!net_parse(item, &nets[count]))
			return -1;
		count++;
		at += len;
		if (*at == ',') {
			*fault = (size_t)(at - list) + 1;
			at += 1 + strspn(at + 1, space);
			if (*at == '\0')
				return -1;
		}
	}
	return (int)count;
}

bool address_in_nets(const struct address_net *nets, size_t len, const struct sockaddr *address)
{
	unsigned char bytes[ADDRESS_BYTES];
	unsigned port;
	if (!address_bytes(address, bytes, &port))
		return false;
	for (size_t i = 0; i < len; i++)
		if (net_contains(&nets[i], bytes))
			return true;
	return false;
}
