#ifndef TESTS_SERVER_REDIS_LINK_CHECK_H
#define TESTS_SERVER_REDIS_LINK_CHECK_H

/* What the tests of one connection to Redis have in common, with TLS and without. */
#include "tests/check.h"

#include "server/redis_link.h"

#include <arpa/inet.h>
#include <signal.h>
#include <unistd.h>

static const char broke[] = "the connection broke";

/* Every kind of reply; the array holds three of them. */
static const char replies[] = "+OK\r\n:42\r\n$6\r\na\r\nb\r\n\r\n$-1\r\n$0\r\n\r\n"
			      "*3\r\n$1\r\nx\r\n*0\r\n:-7\r\n-ERR no\r\n";
enum { REPLIES = 7, REPLIES_LEN = sizeof(replies) - 1 };

/* Listen on a free address, which is written to `to`. */
static inline int listen_at(struct sockaddr_storage *to, socklen_t *len, sa_family_t family)
{
	int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*to = (struct sockaddr_storage){.ss_family = family};
	if (family == AF_INET)
		((struct sockaddr_in *)to)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	/* A Unix socket that is bound to its family alone is given a name (unix(7), autobind). */
	*len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(sa_family_t);
	assert_int_equal(bind(listener, (struct sockaddr *)to, *len), 0);
	assert_int_equal(listen(listener, 8), 0);
	*len = sizeof(*to);
	assert_int_equal(getsockname(listener, (struct sockaddr *)to, len), 0);
	return listener;
}

/* How many replies are complete; `*good` is what redis_link_take() returned last. */
static inline size_t take_all(struct redis_link *link, bool *good)
{
	size_t count = 0;
	redisReply *reply = NULL;
	while ((*good = redis_link_take(link, &reply)) && reply != NULL) {
		freeReplyObject(reply);
		count++;
	}
	return count;
}

static inline void check_broken(struct redis_link *link, const char *why)
{
	assert_non_null(redis_link_fault(link));
	assert_string_equal(redis_link_fault(link), why);
}

/* A pattern of bytes that does not repeat itself soon. */
static inline unsigned char nth_byte(size_t n)
{
	return (unsigned char)(n * 2654435761u >> 13);
}

/* Append the next bytes of the pattern. */
static inline void append(struct redis_link *link, size_t *at, size_t len)
{
	char bytes[4096];
	assert_true(len <= sizeof(bytes));
	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)nth_byte(*at + i);
	assert_true(redis_link_append(link, bytes, len));
	*at += len;
}

#endif
