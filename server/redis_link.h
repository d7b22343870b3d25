#ifndef SERVER_REDIS_LINK_H
#define SERVER_REDIS_LINK_H

#include "redis_url.h"

#include <hiredis/hiredis.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

/**
 * A connection to a Redis server that never blocks: bytes out, replies in, TLS or not. It uses
 * hiredis only for the protocol. The connections of hiredis will not do: the version in Debian 12
 * has no TLS, no version checks the host's name in a certificate, and names are looked up in the
 * calling thread.
 *
 * For one thread. After a function has returned false, the link is broken: redis_link_fault() says
 * why. Replies that were complete before can still be taken; then it can only be freed.
 */
struct redis_link;

/**
 * Load the certificates that we trust and show. We trust those in `ca_file`, or the system's if it
 * is empty; `client_file` holds our certificate and its key, or is empty. NULL, with one sentence
 * in `fault`, if a file cannot be used. Free with SSL_CTX_free().
 */
SSL_CTX *redis_link_tls(const char *ca_file, const char *client_file, char *fault, size_t size);

/**
 * Begin to connect to `to`. `tls` NULL: none; else the certificate must be for `host`. NULL when
 * there is no descriptor or memory, or the connection is refused at once.
 */
struct redis_link *redis_link_new(const struct sockaddr *to, socklen_t len, SSL_CTX *tls,
				  const char *host);

/** Close and free. NULL is allowed. */
void redis_link_free(struct redis_link *link);

/** Add bytes to those to send. */
bool redis_link_append(struct redis_link *link, const char *bytes, size_t len);

/** How many bytes wait to be sent. */
size_t redis_link_waiting(const struct redis_link *link);

/** Do what can be done now: connect, handshake, write, read. A call reads a limited amount: if
 *  replies came, call again when they have been taken. */
bool redis_link_work(struct redis_link *link);

/** Is it connected, and the handshake done? */
bool redis_link_is_open(const struct redis_link *link);

/** The next reply, new (freeReplyObject), or `*reply` NULL where none is complete. */
bool redis_link_take(struct redis_link *link, redisReply **reply);

int redis_link_socket(const struct redis_link *link);

/** What to poll() its socket for. */
short redis_link_events(const struct redis_link *link);

/** Why it broke, a constant. */
const char *redis_link_fault(const struct redis_link *link);

#endif
