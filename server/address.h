#ifndef SERVER_ADDRESS_H
#define SERVER_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/**
 * May we connect to this address? Pure: no look-up, no socket, no state.
 *
 * Names are never judged here, only the address that would be connected to: every spelling of
 * 127.0.0.1 ends up as the same four bytes. The special ranges are at the top of address.c.
 */

/** A network that may be connected to although it is special: --url-allow-nets. */
struct address_net {
	unsigned char bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;           /* of 128: an IPv4 /8 is 104 */
};

struct address_policy {
	const struct address_net *allow;
	size_t allow_len;
	/* Addresses and ports with which the service itself listens. A wildcard (0.0.0.0, ::)
	 * stands for every address of this machine. */
	const struct sockaddr_storage *own;
	size_t own_len;
	bool is_local; /* the address judged is one of this machine's own, other than loopback */
};

enum address_verdict {
	ADDRESS_PUBLIC,   /* globally reachable, on a port that the web uses */
	ADDRESS_ALLOWED,  /* inside an allowed network; any port */
	ADDRESS_SPECIAL,  /* private, local, reserved, multicast, or carries such an IPv4 address */
	ADDRESS_METADATA, /* answers with a cloud machine's credentials; only a /32 or /128 allows
			     it */
	ADDRESS_OWN,      /* one of our own listeners; no network allows it */
	ADDRESS_PORT,     /* public, but not 80, 443, 8080 or 8443 */
	ADDRESS_UNKNOWN,  /* neither IPv4 nor IPv6 */
};

/** Judge one address with its port. O(ranges + allow_len + own_len). */
enum address_verdict address_judge(const struct address_policy *policy,
				   const struct sockaddr *address);

/** Does this verdict allow the connection? */
static inline bool address_may_connect(enum address_verdict verdict)
{
	return verdict == ADDRESS_PUBLIC || verdict == ADDRESS_ALLOWED;
}

/**
 * Parse "10.0.0.0/8, fd00::/8, 127.0.0.1": networks or single addresses, comma separated, spaces
 * around them allowed. An empty list is valid. Bits set beyond the prefix are an error: they are
 * nearly always a typing mistake. A prefix of 0 is an error too: it would open everything.
 *
 * Returns the number of networks, at most `max`. On a fault returns -1 and `*fault` is the
 * 0-based byte offset of the bad item. `nets` may then be partly written.
 */
int address_nets_parse(const char *list, struct address_net *nets, size_t max, size_t *fault);

/** Is the address inside one of the networks? An IPv4 address is also found as ::ffff:a.b.c.d. */
bool address_in_nets(const struct address_net *nets, size_t len, const struct sockaddr *address);

/**
 * Parse a literal address without port or brackets, exactly as inet_pton() reads it.
 * On success writes it with `port` to `out` and returns its length; 0 when it is not one.
 */
socklen_t address_parse(const char *literal, unsigned port, struct sockaddr_storage *out);

/** Are both the same IPv4 or IPv6 address, whatever their ports? ::ffff:a.b.c.d is a.b.c.d. */
bool address_equal(const struct sockaddr *a, const struct sockaddr *b);

/** The port of an IPv4 or IPv6 address; 0 of any other. */
unsigned address_port(const struct sockaddr *address);

/** Change the port of an IPv4 or IPv6 address; any other address is left unchanged. */
void address_set_port(struct sockaddr_storage *address, unsigned port);

#endif
