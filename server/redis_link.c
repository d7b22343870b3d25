#include "redis_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES (64 * 1024)
/* No reply that we ask for is this long; whoever sends more without end is no Redis server. */
#define REPLY_MAX_BYTES (4u << 20)
/* No reply that we ask for has more elements, or is nested more deeply. hiredis makes room for as
 * many elements as an array announces before any has come, looks at each of them when it frees the
 * array, and from 1.0 on frees arrays in arrays by recursion, however deep they are. */
#define ELEMENTS_MAX 16
#define NESTED_MAX 4

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

struct redis_link {
	int socket;
	SSL *ssl;
	redisReader *reader;
	redisReplyObjectFunctions makers;     /* hiredis's own, but for arrays */
	const redisReplyObjectFunctions *own; /* hiredis's own */
	bool connected, open;
	bool read_wants_write, write_wants_read; /* TLS may need the other direction */
	const char *fault;
	char *out;
	size_t out_len, out_sent, out_room;
	size_t unread; /* bytes since the last complete reply */
};

SSL_CTX *redis_link_tls(const char *ca_file, const char *client_file, char *fault, size_t size)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	const char *wrong = NULL;
	if (tls == NULL)
		wrong = "no memory for TLS";
	else if (*ca_file == '\0' ? SSL_CTX_set_default_verify_paths(tls) != 1
				  : SSL_CTX_load_verify_locations(tls, ca_file, NULL) != 1)
		wrong = "--cache-ca-file holds no certificate in PEM";
	else if (*client_file != '\0' &&
		 (SSL_CTX_use_certificate_chain_file(tls, client_file) != 1 ||
		  SSL_CTX_use_PrivateKey_file(tls, client_file, SSL_FILETYPE_PEM) != 1))
		wrong = "--cache-client-file holds no certificate with its key";
	ERR_clear_error();
	if (wrong != NULL) {
		snprintf(fault, size, "%s", wrong);
		SSL_CTX_free(tls);
		return NULL;
	}
	SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return tls;
}

/* The certificate must be for the host, which is checked as an address or as a name. */
static SSL *new_ssl(SSL_CTX *tls, int socket, const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];
	bool is_address =
		inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
	SSL *ssl = SSL_new(tls);
	if (ssl == NULL)
		return NULL;
	bool good = SSL_set_fd(ssl, socket) == 1;
	if (is_address)
		good = good && X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	else
		good = good && SSL_set1_host(ssl, host) == 1 &&
		       SSL_set_tlsext_host_name(ssl, host) == 1;
	SSL_set_connect_state(ssl);
	if (good)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

/* In place of hiredis's function: NULL, which ends the link, for an array that is none of ours. */
static void *make_array(const redisReadTask *task, element_count count)
{
	const struct redis_link *link = task->privdata;
	size_t nested = 0;
	for (const redisReadTask *outer = task->parent; outer != NULL; outer = outer->parent)
		nested++;
	bool fits = (size_t)count <= ELEMENTS_MAX && nested < NESTED_MAX;
	return fits ? link->own->createArray(task, count) : NULL;
}

static redisReader *new_reader(struct redis_link *link)
{
	redisReader *reader = redisReaderCreate();
	if (reader == NULL)
		return NULL;
	link->own = reader->fn;
	link->makers = *reader->fn;
	link->makers.createArray = make_array;
	reader->fn = &link->makers;
	reader->privdata = link;
	return reader;
}

struct redis_link *redis_link_new(const struct sockaddr *to, socklen_t len, SSL_CTX *tls,
				  const char *host)
{
	struct redis_link *link = calloc(1, sizeof(*link));
	if (link == NULL)
		return NULL;
	link->reader = new_reader(link);
	link->socket = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (link->reader != NULL && link->socket >= 0 &&
	    (connect(link->socket, to, len) == 0 || errno == EINPROGRESS) &&
	    (tls == NULL || (link->ssl = new_ssl(tls, link->socket, host)) != NULL))
		return link;
	redis_link_free(link);
	return NULL;
}

void redis_link_free(struct redis_link *link)
{
	if (link == NULL)
		return;
	SSL_free(link->ssl);
	if (link->socket >= 0)
		close(link->socket);
	if (link->reader != NULL)
		redisReaderFree(link->reader);
	free(link->out);
	free(link);
}

static bool broken(struct redis_link *link, const char *fault)
{
	link->fault = fault;
	return false;
}

/* Drop sent bytes once they are as many as the bytes that must be moved for it. */
static void drop_sent(struct redis_link *link)
{
	size_t waiting = redis_link_waiting(link);
	if (link->out_sent == 0 || link->out_sent < waiting)
		return;
	memmove(link->out, link->out + link->out_sent, waiting);
	link->out_sent = 0;
	link->out_len = waiting;
}

bool redis_link_append(struct redis_link *link, const char *bytes, size_t len)
{
	drop_sent(link);
	if (link->out_len + len > link->out_room) {
		size_t room = 2 * (link->out_len + len);
		char *grown = realloc(link->out, room);
		if (grown == NULL)
			return broken(link, "no memory");
		link->out = grown;
		link->out_room = room;
	}
	memcpy(link->out + link->out_len, bytes, len);
	link->out_len += len;
	return true;
}

size_t redis_link_waiting(const struct redis_link *link)
{
	return link->out_len - link->out_sent;
}

static void finish_connect(struct redis_link *link)
{
	struct pollfd polled = {.fd = link->socket, .events = POLLOUT};
	if (poll(&polled, 1, 0) <= 0)
		return;
	int error = 0;
	socklen_t len = sizeof(error);
	getsockopt(link->socket, SOL_SOCKET, SO_ERROR, &error, &len);
	link->connected = error == 0;
	link->open = link->connected && link->ssl == NULL;
	if (error != 0)
		broken(link, "cannot connect");
}

/* Translate the `result` of an OpenSSL call: bytes, 0 for later, or -1 for broken. `*other` says
 * whether it waits for the direction that its caller does not poll. */
static ssize_t tls_result(struct redis_link *link, int result, int other_want, bool *other)
{
	int error = result > 0 ? SSL_ERROR_NONE : SSL_get_error(link->ssl, result);
	*other = error == other_want;
	ERR_clear_error();
	if (error == SSL_ERROR_NONE)
		return result;
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static void shake_hands(struct redis_link *link)
{
	int result = SSL_do_handshake(link->ssl);
	bool refused = SSL_get_verify_result(link->ssl) != X509_V_OK;
	ssize_t done = tls_result(link, result, SSL_ERROR_WANT_WRITE, &link->read_wants_write);
	link->open = done > 0;
	if (done < 0)
		broken(link, refused ? "its certificate is not trusted" : "no TLS");
}

static ssize_t plain_result(ssize_t n)
{
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	return n <= 0 ? -1 : n;
}

static bool write_some(struct redis_link *link)
{
	while (link->out_sent < link->out_len) {
		const char *from = link->out + link->out_sent;
		size_t len = link->out_len - link->out_sent;
		ERR_clear_error();
		ssize_t n =
			link->ssl == NULL
				? plain_result(send(link->socket, from, len, MSG_NOSIGNAL))
				: tls_result(link,
					     SSL_write(link->ssl, from,
						       (int)(len > READ_BYTES ? READ_BYTES : len)),
					     SSL_ERROR_WANT_READ, &link->write_wants_read);
		if (n < 0)
			return broken(link, "the connection broke");
		if (n == 0)
			return true;
		link->out_sent += (size_t)n;
	}
	return true;
}

static void read_some(struct redis_link *link)
{
	char bytes[READ_BYTES];
	for (;;) {
		ERR_clear_error();
		ssize_t n = link->ssl == NULL
				    ? plain_result(recv(link->socket, bytes, sizeof(bytes), 0))
				    : tls_result(link, SSL_read(link->ssl, bytes, sizeof(bytes)),
						 SSL_ERROR_WANT_WRITE, &link->read_wants_write);
		if (n < 0)
			broken(link, "the connection broke");
		if (n <= 0)
			return;
		link->unread += (size_t)n;
		if (redisReaderFeed(link->reader, bytes, (size_t)n) != REDIS_OK)
			broken(link, "no memory");
		if (link->fault != NULL || link->unread > REPLY_MAX_BYTES)
			return; /* complete replies are taken first */
	}
}

bool redis_link_work(struct redis_link *link)
{
	if (!link->connected)
		finish_connect(link);
	if (link->connected && !link->open && link->fault == NULL)
		shake_hands(link);
	if (link->open && write_some(link))
		read_some(link);
	return link->fault == NULL;
}

bool redis_link_is_open(const struct redis_link *link)
{
	return link->open;
}

bool redis_link_take(struct redis_link *link, redisReply **reply)
{
	void *taken = NULL;
	if (redisReaderGetReply(link->reader, &taken) != REDIS_OK)
		return broken(link, "it does not speak Redis' protocol");
	*reply = taken;
	if (taken != NULL)
		link->unread = 0;
	else if (link->unread > REPLY_MAX_BYTES)
		return broken(link, "a reply is too long");
	return true;
}

int redis_link_socket(const struct redis_link *link)
{
	return link->socket;
}

short redis_link_events(const struct redis_link *link)
{
	if (!link->connected)
		return POLLOUT;
	bool writes = link->read_wants_write ||
		      (link->open && redis_link_waiting(link) > 0 && !link->write_wants_read);
	return (short)(POLLIN | (writes ? POLLOUT : 0));
}

const char *redis_link_fault(const struct redis_link *link)
{
	return link->fault;
}
