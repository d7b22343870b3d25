#include "check.h"

#include "server/config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

/* Run config_read() with up to three arguments; `said` gets what it wrote to either stream. */
static enum config_result read_config(struct config *config, const char *const args[3], char **said)
{
	char *argv[4] = {(char *)"precis"};
	int argc = 1;
	while (argc < 4 && args[argc - 1] != NULL) {
		argv[argc] = (char *)args[argc - 1];
		argc++;
	}
	size_t len;
	FILE *out = open_memstream(said, &len);
	enum config_result result = config_read(config, argc, argv, out, out);
	fclose(out);
	return result;
}

static void defaults_are_the_documented_ones(void **state)
{
	struct config config;
	char *said;
	assert_int_equal(read_config(&config, (const char *[3]){NULL}, &said), CONFIG_RUN);
	const struct sockaddr_in *v4 = (struct sockaddr_in *)&config.listen.address;
	assert_int_equal(v4->sin_port, htons(8080));
	assert_int_equal(v4->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	assert_int_equal(config.admin_listen.len, 0);
	assert_int_equal(config.max_body_bytes, 10 << 20);
	assert_int_equal(config.deadline_ms, 10000);
	assert_int_equal(config.queue, 256);
	assert_int_equal(config.drain_ms, 15000);
	assert_int_equal(config.connections, 1000);
	assert_true(config.workers >= 1);
	free(said);
}

static const struct {
	const char *args[3];
	const char *said; /* must be part of the refusal */
} refused[] = {
	{{"--listen", "127.0.0.1"}, "IP:PORT"},
	{{"--listen", "example.org:80"}, "'example.org:80' is not allowed"},
	{{"--listen", "127.0.0.1:65536"}, "--listen (PRECIS_LISTEN)"},
	{{"--listen", "::1:80"}, "IP:PORT"},
	{{"--queue", "0"}, "a number from 1"},
	{{"--queue", "-1"}, "'-1' is not allowed"},
	{{"--queue", "12x"}, "--queue"},
	{{"--queue", ""}, "--queue"},
	{{"--max-body", "99999999999999999999"}, "bytes from 1K to 1G"},
	{{"--max-body", "10T"}, "--max-body"},
	{{"--deadline-ms", "5"}, "milliseconds from 10"},
	{{"--log-level", "loud"}, "one of: error warn info debug"},
	{{"--log-level", "or"}, "one of"},
	{{"--log-level", "error warn"}, "'error warn' is not allowed"},
	{{"--sandbox", "auto on off"}, "one of"},
	{{"--log-level", ""}, "one of"},
	{{"--url-allow-nets", "10.0.0.0/33"}, "--url-allow-nets"},
	{{"--trust-proxies", "127.0.0.1, 10.0.0.1/8,::1"},
	 "is not allowed: '10.0.0.1/8' is no address or network, or has bits behind its prefix; "
	 "it takes"},
	{{"--url-hosts", "bad host"}, "--url-hosts"},
	{{"--url-hosts", "a.example,https://b.example,c.example"},
	 "is not allowed: 'https://b.example' is no host's name alone; it takes"},
	{{"--queue"}, "needs a value"},
	{{"--reuse-port", "1"}, "yes or no"},
	{{"--listen=127.0.0.1:80", "--admin-listen=127.0.0.1:80"}, "--listen's address"},
	{{"--config", "/nonexistent/file"}, "a file that can be read"},
	{{"--config", "/"}, "--config /: "},
	{{"--url-ca-file", "/nonexistent/file"},
	 "'/nonexistent/file' is not allowed: No such file or directory; it takes a file"},
	{{"--url-ca-file", "/dev/null"}, "'/dev/null' is not allowed: there is no certificate in"},
	{{"--cache-ca-file", "/"}, "'/' is not allowed: there is no certificate in it"},
	{{"--cors-origins", "https://*.example"},
	 "'https://*.example' is not allowed: '*' stands alone, for all origins; else each is "
	 "named; it takes *, or origins"},
	{{"--cors-origins", "https://a.example, *"}, "allowed: '*' stands alone, for all origins"},
	{{"--trust-proxies", "*"}, "allowed: '*' is no address or network"},
	{{"--url-hosts", "*,a.example"}, "allowed: '*' stands alone, for every"},
	{{"--url-hosts", "a.example, *"}, "allowed: '*' stands alone, for every"},
	{{"--no-such", "1"}, "unknown option '--no-such'"},
	{{"queue", "1"}, "unknown option 'queue'"},
};

static void wrong_values_are_refused_with_what_is_allowed(void **state)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct config config;
		char *said;
		enum config_result result = read_config(&config, refused[i].args, &said);
		if (result != CONFIG_REFUSED || strstr(said, refused[i].said) == NULL)
			fail_msg("%s %s: result %d, said \"%s\"", refused[i].args[0],
				 refused[i].args[1] ? refused[i].args[1] : "", result, said);
		free(said);
	}
}

static void flags_win_over_the_environment(void **state)
{
	struct config config;
	char *said;
	setenv("PRECIS_QUEUE", "7", 1);
	setenv("PRECIS_MAX_BODY", "64K", 1);
	assert_int_equal(read_config(&config, (const char *[3]){"--queue=9", NULL}, &said),
			 CONFIG_RUN);
	assert_int_equal(config.queue, 9);
	assert_int_equal(config.max_body_bytes, 65536);
	free(said);
	setenv("PRECIS_QUEUE", "many", 1);
	assert_int_equal(read_config(&config, (const char *[3]){NULL}, &said), CONFIG_REFUSED);
	assert_non_null(strstr(said, "PRECIS_QUEUE"));
	free(said);
	unsetenv("PRECIS_QUEUE");
	unsetenv("PRECIS_MAX_BODY");
}

/* Write a file with that text; the caller must unlink() it. */
static const char *write_file(const char *text)
{
	static char path[64];
	strcpy(path, "/tmp/precis-config-XXXXXX");
	int file = mkstemp(path);
	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	close(file);
	return path;
}

static void empty_variables_are_as_good_as_none(void **state)
{
	static const char *const names[] = {"PRECIS_URL_HOSTS",     "PRECIS_RATE",
					    "PRECIS_API_KEYS_FILE", "PRECIS_CORS_ORIGINS",
					    "PRECIS_CACHE_URL",     "PRECIS_ADMIN_LISTEN",
					    "PRECIS_QUEUE",         "PRECIS_LISTEN",
					    "PRECIS_REUSE_PORT",    "PRECIS_LOG_LEVEL"};
	const char *path = write_file("rate = 5/s\nadmin-listen = 127.0.0.1:9\nqueue = 5\n"
				      "api-keys-file = /dev/null\n");
	struct config config;
	char *said;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		setenv(names[i], "", 1);
	assert_int_equal(read_config(&config, (const char *[3]){"--config", path, NULL}, &said),
			 CONFIG_RUN);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	assert_string_equal(config.url_hosts, ""); /* where it is not the default */
	assert_string_equal(config.api_keys_file, "/dev/null");
	assert_string_equal(config.rate, "5/s");
	assert_int_not_equal(config.admin_listen.len, 0);
	assert_int_equal(config.queue, 5);
	assert_string_equal(config.cors_origins, "");
	assert_int_equal(((struct sockaddr_in *)&config.listen.address)->sin_port, htons(8080));
	assert_string_equal(config.log_level, "info");
	config_free(&config);
	free(said);
	unlink(path);
}

static void addresses_are_read(void **state)
{
	struct config config;
	char *said;
	assert_int_equal(read_config(&config, (const char *[3]){"--listen", "[::1]:0"}, &said),
			 CONFIG_RUN);
	assert_int_equal(config.listen.address.ss_family, AF_INET6);
	free(said);
	assert_int_equal(
		read_config(&config, (const char *[3]){"--admin-listen", "localhost:9000"}, &said),
		CONFIG_RUN);
	assert_int_equal(config.admin_listen.address.ss_family, AF_INET);
	free(said);
}

static void questions_are_answered(void **state)
{
	static const char *const asked[][2] = {{"--help", "--max-body"},
					       {"-h", "--max-body"},
					       {"--version", "precis 1."},
					       {"--check-config", "queue = 256 (default)"}};
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct config config;
		char *said;
		assert_int_equal(read_config(&config, (const char *[3]){asked[i][0], NULL}, &said),
				 CONFIG_STOP);
		CHECK(asked[i][0], strstr(said, asked[i][1]) != NULL);
		free(said);
	}
}

static void a_file_comes_after_flags_and_environment(void **state)
{
	const char *path = write_file("# limits\r\n\n  queue = 5\nmax-body=64K\nrate =  10/s \n"
				      "workers = 3");
	struct config config;
	char *said, argument[96];
	snprintf(argument, sizeof(argument), "--config=%s", path);
	setenv("PRECIS_WORKERS", "2", 1);
	assert_int_equal(
		read_config(&config, (const char *[3]){argument, "--queue=9", NULL}, &said),
		CONFIG_RUN);
	unsetenv("PRECIS_WORKERS");
	assert_int_equal(config.queue, 9);
	assert_int_equal(config.workers, 2);
	assert_int_equal(config.max_body_bytes, 65536);
	assert_string_equal(config.rate, "10/s");
	config_free(&config);
	free(said);
	assert_int_equal(
		read_config(&config, (const char *[3]){argument, "--check-config", NULL}, &said),
		CONFIG_STOP);
	snprintf(argument, sizeof(argument), "queue = 5 (%s)", path);
	CHECK("origin", strstr(said, argument) != NULL);
	free(said);
	unlink(path);
}

static void wrong_files_are_refused_with_the_line(void **state)
{
	static const struct {
		const char *text, *said;
	} wrong[] = {
		{"queue = 5\nquue = 5\n", "line 2: unknown name"},
		{"quue = 5\nqueue\n", "line 2: 'name = value' is expected"},
		{"queue 5\n", "line 1: 'name = value' is expected"},
		{"queue = 5\nqueue = 6\n", "line 2: this name stood before"},
		{"config = other\n", "line 1: a file cannot name another"},
		{"--queue = 5\n", "line 1: unknown name"},
		{"\nqueue = 0\n", ", line 2: queue: '0' is not allowed; it takes a number"},
		{"log-level = loud\n", "one of: error"},
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *path = write_file(wrong[i].text);
		struct config config;
		char *said;
		enum config_result result =
			read_config(&config, (const char *[3]){"--config", path}, &said);
		if (result != CONFIG_REFUSED || strstr(said, wrong[i].said) == NULL)
			fail_msg("%s: result %d, said \"%s\"", wrong[i].text, result, said);
		free(said);
		unlink(path);
	}
}

/* In the file, the environment and the flags: whoever fixes one fault should not then meet the
 * next. */
static void all_that_is_wrong_is_named(void **state)
{
	static const char *const named[] = {"line 2: unknown name", "line 1: max-body", "--queue",
					    "--workers"};
	const char *path = write_file("max-body = 3X\nquue = 5\n");
	struct config config;
	char *said, argument[96];
	snprintf(argument, sizeof(argument), "--config=%s", path);
	setenv("PRECIS_WORKERS", "many", 1);
	assert_int_equal(
		read_config(&config, (const char *[3]){argument, "--queue=0", NULL}, &said),
		CONFIG_REFUSED);
	unsetenv("PRECIS_WORKERS");
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		CHECK(named[i], strstr(said, named[i]) != NULL);
	free(said);
	unlink(path);
}

static void what_needs_a_restart_is_named(void **state)
{
	struct config running, next;
	char *said, names[64];
	assert_int_equal(read_config(&running, (const char *[3]){NULL}, &said), CONFIG_RUN);
	free(said);
	assert_int_equal(
		read_config(&next, (const char *[3]){"--rate=5/s", "--log-level=error"}, &said),
		CONFIG_RUN);
	free(said);
	assert_string_equal(config_needs_restart(&running, &next, false, names, sizeof(names)), "");
	assert_int_equal(read_config(&next,
				     (const char *[3]){"--listen=127.0.0.1:9", "--queue=9",
						       "--reuse-port=yes"},
				     &said),
			 CONFIG_RUN);
	free(said);
	assert_string_equal(config_needs_restart(&running, &next, false, names, sizeof(names)),
			    "listen,reuse-port,queue");
	assert_string_equal(config_needs_restart(&running, &next, false, names, 8), "listen,");
	/* `next` names no file of keys: a reload opens no doors. */
	assert_non_null(strstr(config_needs_restart(&running, &next, true, names, sizeof(names)),
			       "api-keys-file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_the_documented_ones),
		cmocka_unit_test(wrong_values_are_refused_with_what_is_allowed),
		cmocka_unit_test(flags_win_over_the_environment),
		cmocka_unit_test(empty_variables_are_as_good_as_none),
		cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(questions_are_answered),
		cmocka_unit_test(a_file_comes_after_flags_and_environment),
		cmocka_unit_test(wrong_files_are_refused_with_the_line),
		cmocka_unit_test(all_that_is_wrong_is_named),
		cmocka_unit_test(what_needs_a_restart_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
