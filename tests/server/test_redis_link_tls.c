/* One connection to a TLS server played by the test on loopback, with its own certificates. */
#include "redis_link_check.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>

static const char no_tls[] = "no TLS", no_trust[] = "its certificate is not trusted";

/* ---- certificates ----------------------------------------------------------------------- */

/* A certificate and its key, also as one PEM file. */
struct identity {
	EVP_PKEY *key;
	X509 *certificate;
	char file[64];
};

static void add_extension(X509 *to, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(to, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* A certificate signed by `issuer`, or by itself if that is NULL; `names` as "DNS:localhost". It
 * expired an hour ago, or expires in one. */
static struct identity new_identity(const struct identity *issuer, const char *names, bool expired)
{
	struct identity made = {.key = EVP_EC_gen("P-256"), .certificate = X509_new()};
	X509 *x509 = made.certificate;
	X509_set_version(x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), issuer == NULL ? 1 : 2);
	X509_gmtime_adj(X509_getm_notBefore(x509), -86400);
	X509_gmtime_adj(X509_getm_notAfter(x509), expired ? -3600 : 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
				   (const unsigned char *)(issuer == NULL ? "authority" : "leaf"),
				   -1, -1, 0);
	X509_set_issuer_name(x509,
			     X509_get_subject_name(issuer == NULL ? x509 : issuer->certificate));
	X509_set_pubkey(x509, made.key);
	if (issuer == NULL)
		add_extension(x509, NID_basic_constraints, "critical,CA:TRUE");
	else
		add_extension(x509, NID_subject_alt_name, names);
	assert_true(X509_sign(x509, issuer == NULL ? made.key : issuer->key, EVP_sha256()) > 0);
	strcpy(made.file, "/tmp/precis-link-XXXXXX");
	FILE *file = fdopen(mkstemp(made.file), "w");
	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, x509), 1);
	assert_int_equal(PEM_write_PrivateKey(file, made.key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
	return made;
}

static void free_identity(struct identity *identity)
{
	unlink(identity->file);
	X509_free(identity->certificate);
	EVP_PKEY_free(identity->key);
}

/* ---- the server --------------------------------------------------------------------------------
 */

/* Answers one connection: once `wants` bytes of the pattern have come, it sends `replies` in
 * pieces and asks for new keys between them. */
struct tls_server {
	int listener;
	SSL_CTX *tls; /* NULL: it speaks no TLS */
	size_t wants, piece;
	pthread_t thread;
	bool spoiled;       /* the pattern */
	char asked_for[64]; /* the host that the client names */
};

static void hear_all(struct tls_server *server, SSL *ssl)
{
	unsigned char bytes[4096];
	for (size_t heard = 0; heard < server->wants;) {
		int len = SSL_read(ssl, bytes, sizeof(bytes));
		if (len <= 0)
			return;
		for (int i = 0; i < len; i++)
			server->spoiled |= bytes[i] != nth_byte(heard + (size_t)i);
		heard += (size_t)len;
	}
}

static void *serve_tls(void *arg)
{
	struct tls_server *server = arg;
	char rest[4096];
	int peer = accept(server->listener, NULL, NULL);
	SSL *ssl = server->tls == NULL ? NULL : SSL_new(server->tls);
	if (ssl == NULL) {
		(void)!write(peer, replies, REPLIES_LEN);
	} else if (SSL_set_fd(ssl, peer) == 1 && SSL_accept(ssl) == 1) {
		const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
		snprintf(server->asked_for, sizeof(server->asked_for), "%s", name ? name : "");
		hear_all(server, ssl);
		for (size_t at = 0; at < REPLIES_LEN; at += server->piece) {
			size_t left = REPLIES_LEN - at;
			if (SSL_version(ssl) == TLS1_3_VERSION)
				SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
			SSL_write(ssl, replies + at,
				  (int)(left < server->piece ? left : server->piece));
		}
		SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	/* Unread bytes would make it reset the connection, and its replies might be lost. */
	shutdown(peer, SHUT_WR);
	while (read(peer, rest, sizeof(rest)) > 0)
		continue;
	close(peer);
	return NULL;
}

static struct redis_link *start_tls(struct tls_server *server, SSL_CTX *tls, const char *host)
{
	struct sockaddr_storage to;
	socklen_t len;
	server->listener = listen_at(&to, &len, AF_INET);
	assert_int_equal(pthread_create(&server->thread, NULL, serve_tls, server), 0);
	struct redis_link *link = redis_link_new((struct sockaddr *)&to, len, tls, host);
	assert_non_null(link);
	return link;
}

static void end_tls(struct tls_server *server)
{
	pthread_join(server->thread, NULL);
	close(server->listener);
	SSL_CTX_free(server->tls);
}

static SSL_CTX *new_server_tls(const struct identity *identity, int version)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_security_level(tls, 0); /* it may offer versions that are too old for us */
	SSL_CTX_set_min_proto_version(tls, version);
	SSL_CTX_set_max_proto_version(tls, version);
	assert_int_equal(SSL_CTX_use_certificate(tls, identity->certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(tls, identity->key), 1);
	return tls;
}

static SSL_CTX *new_client_tls(const char *ca_file, const char *client_file)
{
	char fault[128];
	SSL_CTX *tls = redis_link_tls(ca_file, client_file, fault, sizeof(fault));
	assert_non_null(tls);
	return tls;
}

/* Work until that many replies have come (true) or the link breaks (false). */
static bool work_until(struct redis_link *link, size_t want)
{
	size_t count = 0;
	for (;;) {
		bool works = redis_link_work(link), good;
		count += take_all(link, &good);
		if (count >= want || !works || !good)
			return count >= want;
		struct pollfd polled = {redis_link_socket(link), redis_link_events(link), 0};
		assert_int_equal(poll(&polled, 1, -1), 1);
	}
}

static void a_trusted_server_is_spoken_to(void **state)
{
	static const struct {
		const char *host, *names, *named;
		int version;
		size_t wants, piece;
	} cases[] = {
		{"localhost", "DNS:localhost", "localhost", TLS1_3_VERSION, 20, REPLIES_LEN},
		{"localhost", "DNS:localhost", "localhost", TLS1_2_VERSION, 20, 1},
		{"localhost", "DNS:localhost", "localhost", TLS1_3_VERSION, 8 << 20, 1},
		{"localhost", "DNS:localhost", "localhost", TLS1_2_VERSION, 8 << 20, 7},
		{"127.0.0.1", "IP:127.0.0.1", "", TLS1_3_VERSION, 1, 7},
		{"::1", "DNS:cache,IP:::1", "", TLS1_3_VERSION, 1, 7},
		{"a.cache.example", "DNS:*.cache.example", "a.cache.example", TLS1_3_VERSION, 1, 7},
	};
	struct identity authority = new_identity(NULL, NULL, false);
	SSL_CTX *tls = new_client_tls(authority.file, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct identity identity = new_identity(&authority, cases[i].names, false);
		struct tls_server server = {.tls = new_server_tls(&identity, cases[i].version),
					    .wants = cases[i].wants,
					    .piece = cases[i].piece};
		struct redis_link *link = start_tls(&server, tls, cases[i].host);
		int small = 16384;
		setsockopt(redis_link_socket(link), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
		/* Some bytes have been sent when others are added; it answers when it has all. */
		for (size_t said = 0; said < server.wants;) {
			CHECK(cases[i].host, redis_link_work(link));
			append(link, &said,
			       server.wants - said < 4096 ? server.wants - said : 4096);
		}
		CHECK(cases[i].host, work_until(link, REPLIES));
		CHECK(cases[i].host, redis_link_is_open(link));
		CHECK_SIZE(cases[i].host, redis_link_waiting(link), 0);
		/* Now it hangs up. */
		CHECK(cases[i].host, !work_until(link, 1));
		check_broken(link, broke);
		redis_link_free(link);
		end_tls(&server);
		CHECK(cases[i].host, !server.spoiled);
		CHECK_SPAN(cases[i].host, span_of(server.asked_for), span_of(cases[i].named));
		free_identity(&identity);
	}
	SSL_CTX_free(tls);
	free_identity(&authority);
}

static void check_refused(struct tls_server *server, SSL_CTX *tls, const char *host,
			  const char *why)
{
	size_t said = 0;
	struct redis_link *link = start_tls(server, tls, host);
	append(link, &said, 20);
	CHECK(why, !work_until(link, 1));
	CHECK(why, !redis_link_is_open(link));
	CHECK_SIZE(why, redis_link_waiting(link), 20); /* nothing was sent to it */
	check_broken(link, why);
	redis_link_free(link);
	end_tls(server);
}

static void a_certificate_must_be_for_the_host(void **state)
{
	static const struct {
		const char *host, *names;
		bool expired;
	} cases[] = {
		{"cache", "DNS:localhost", false},
		{"localhost", "DNS:localhost.example", false},
		{"127.0.0.1", "DNS:localhost", false},
		{"127.0.0.1", "DNS:127.0.0.1", false}, /* an address is no name */
		{"127.0.0.1", "IP:127.0.0.2", false},
		{"::1", "IP:127.0.0.1", false},
		{"b.a.example", "DNS:*.example", false},
		{"leaf", "IP:127.0.0.2,DNS:cache", false}, /* the subject's name does not count */
		{"localhost", "DNS:localhost", true},
	};
	struct identity authority = new_identity(NULL, NULL, false);
	SSL_CTX *tls = new_client_tls(authority.file, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct identity identity =
			new_identity(&authority, cases[i].names, cases[i].expired);
		struct tls_server server = {
			.tls = new_server_tls(&identity, TLS1_3_VERSION), .wants = 20, .piece = 1};
		check_refused(&server, tls, cases[i].host, no_trust);
		free_identity(&identity);
	}
	SSL_CTX_free(tls);
	free_identity(&authority);
}

static void a_strange_authority_is_not_trusted(void **state)
{
	struct identity authority = new_identity(NULL, NULL, false);
	struct identity another = new_identity(NULL, NULL, false);
	struct identity identity = new_identity(&another, "DNS:localhost", false);
	const char *const files[] = {authority.file, ""}; /* and the system's roots */
	for (size_t i = 0; i < 2; i++) {
		SSL_CTX *tls = new_client_tls(files[i], "");
		struct tls_server server = {
			.tls = new_server_tls(&identity, TLS1_2_VERSION), .wants = 20, .piece = 1};
		check_refused(&server, tls, "localhost", no_trust);
		SSL_CTX_free(tls);
	}
	free_identity(&identity);
	free_identity(&another);
	free_identity(&authority);
}

static void without_tls_nothing_is_said(void **state)
{
	struct identity authority = new_identity(NULL, NULL, false);
	struct identity identity = new_identity(&authority, "DNS:localhost", false);
	SSL_CTX *tls = new_client_tls(authority.file, "");
	struct tls_server plain = {.tls = NULL};
	check_refused(&plain, tls, "localhost", no_tls);
	struct tls_server old = {.tls = new_server_tls(&identity, TLS1_1_VERSION)};
	check_refused(&old, tls, "localhost", no_tls);
	SSL_CTX_free(tls);
	free_identity(&identity);
	free_identity(&authority);
}

static void our_certificate_is_shown(void **state)
{
	struct identity authority = new_identity(NULL, NULL, false);
	struct identity identity = new_identity(&authority, "DNS:localhost", false);
	struct identity ours = new_identity(&authority, "DNS:precis", false);
	const char *const files[] = {ours.file, ""};
	for (size_t i = 0; i < 2; i++) {
		SSL_CTX *tls = new_client_tls(authority.file, files[i]);
		struct tls_server server = {
			.tls = new_server_tls(&identity, TLS1_3_VERSION), .wants = 20, .piece = 1};
		size_t said = 0;
		X509_STORE_add_cert(SSL_CTX_get_cert_store(server.tls), authority.certificate);
		SSL_CTX_set_verify(server.tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
				   NULL);
		struct redis_link *link = start_tls(&server, tls, "localhost");
		append(link, &said, 20);
		assert_int_equal(work_until(link, REPLIES), i == 0);
		if (i == 1)
			check_broken(link, broke);
		redis_link_free(link);
		end_tls(&server);
		SSL_CTX_free(tls);
	}
	free_identity(&ours);
	free_identity(&identity);
	free_identity(&authority);
}

static void files_of_no_use_are_named(void **state)
{
	struct identity authority = new_identity(NULL, NULL, false);
	char empty[] = "/tmp/precis-link-XXXXXX", keyless[] = "/tmp/precis-link-XXXXXX";
	close(mkstemp(empty));
	FILE *file = fdopen(mkstemp(keyless), "w");
	assert_int_equal(PEM_write_X509(file, authority.certificate), 1);
	fclose(file);
	const struct {
		const char *ca_file, *client_file, *option;
	} cases[] = {
		{"/no/such/file", "", "--cache-ca-file"},
		{empty, "", "--cache-ca-file"},
		{"", "/no/such/file", "--cache-client-file"},
		{authority.file, empty, "--cache-client-file"},
		{authority.file, keyless, "--cache-client-file"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char fault[128];
		assert_null(redis_link_tls(cases[i].ca_file, cases[i].client_file, fault,
					   sizeof(fault)));
		CHECK(cases[i].option, strstr(fault, cases[i].option) == fault);
	}
	unlink(empty);
	unlink(keyless);
	free_identity(&authority);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_trusted_server_is_spoken_to),
		cmocka_unit_test(a_certificate_must_be_for_the_host),
		cmocka_unit_test(a_strange_authority_is_not_trusted),
		cmocka_unit_test(without_tls_nothing_is_said),
		cmocka_unit_test(our_certificate_is_shown),
		cmocka_unit_test(files_of_no_use_are_named),
	};
	signal(SIGPIPE, SIG_IGN); /* as in main.c */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
