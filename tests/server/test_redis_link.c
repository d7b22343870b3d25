/* One connection to a server played by the test, on a Unix socket, because there what is sent
 * has arrived when send() returns. */
#include "redis_link_check.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <sys/un.h>

/* As in redis_link.c: the longest reply that is accepted. */
#define REPLY_MAX_BYTES (4u << 20)

static const char long_reply[] = "a reply is too long";
static const char no_redis[] = "it does not speak Redis' protocol";

struct pair {
	struct redis_link *link;
	int peer;
};

static struct pair connected(void)
{
	struct sockaddr_storage to;
	socklen_t len;
	int listener = listen_at(&to, &len, AF_UNIX);
	struct pair pair = {.link = redis_link_new((struct sockaddr *)&to, len, NULL, "")};
	assert_non_null(pair.link);
	pair.peer = accept(listener, NULL, NULL);
	assert_true(pair.peer >= 0);
	close(listener);
	return pair;
}

static struct pair opened(void)
{
	struct pair pair = connected();
	assert_false(redis_link_is_open(pair.link));
	assert_int_equal(redis_link_events(pair.link), POLLOUT);
	assert_true(redis_link_work(pair.link));
	assert_true(redis_link_is_open(pair.link));
	assert_int_equal(redis_link_events(pair.link), POLLIN);
	return pair;
}

static void close_pair(struct pair *pair)
{
	redis_link_free(pair->link);
	if (pair->peer >= 0)
		close(pair->peer);
}

static void say(const struct pair *pair, const char *bytes, size_t len)
{
	assert_int_equal(send(pair->peer, bytes, len, 0), len);
}

static void hang_up(struct pair *pair)
{
	close(pair->peer);
	pair->peer = -1;
}

static redisReply *take_one(struct redis_link *link, int type)
{
	redisReply *reply = NULL;
	assert_true(redis_link_take(link, &reply));
	assert_non_null(reply);
	assert_int_equal(reply->type, type);
	return reply;
}

static void take_text(struct redis_link *link, int type, const char *want)
{
	redisReply *reply = take_one(link, type);
	CHECK_SPAN(want, ((struct span){reply->str, reply->len}), span_of(want));
	freeReplyObject(reply);
}

static void take_number(struct redis_link *link, long long want)
{
	redisReply *reply = take_one(link, REDIS_REPLY_INTEGER);
	assert_int_equal(reply->integer, want);
	freeReplyObject(reply);
}

static void take_every_kind(struct redis_link *link)
{
	take_text(link, REDIS_REPLY_STATUS, "OK");
	take_number(link, 42);
	take_text(link, REDIS_REPLY_STRING, "a\r\nb\r\n");
	freeReplyObject(take_one(link, REDIS_REPLY_NIL));
	take_text(link, REDIS_REPLY_STRING, "");
	redisReply *array = take_one(link, REDIS_REPLY_ARRAY);
	assert_int_equal(array->elements, 3);
	assert_string_equal(array->element[0]->str, "x");
	assert_int_equal(array->element[1]->elements, 0);
	assert_int_equal(array->element[2]->integer, -7);
	freeReplyObject(array);
	take_text(link, REDIS_REPLY_ERROR, "ERR no");
}

static void take_nothing(struct redis_link *link)
{
	bool good;
	assert_int_equal(take_all(link, &good), 0);
	assert_true(good);
}

/* ---- replies ---------------------------------------------------------------------------- */

static void several_replies_come_in_one_read(void **state)
{
	struct pair pair = opened();
	say(&pair, replies, REPLIES_LEN);
	assert_true(redis_link_work(pair.link));
	take_every_kind(pair.link);
	take_nothing(pair.link);
	close_pair(&pair);
}

static void a_reply_comes_in_two_parts(void **state)
{
	/* Where the replies end. */
	static const size_t ends[REPLIES] = {5, 10, 22, 27, 33, 53, 62};
	assert_int_equal(ends[REPLIES - 1], REPLIES_LEN);
	struct pair pair = opened();
	for (size_t cut = 0; cut <= REPLIES_LEN; cut++) {
		bool good;
		size_t complete = 0;
		while (complete < REPLIES && ends[complete] <= cut)
			complete++;
		if (cut > 0)
			say(&pair, replies, cut);
		assert_true(redis_link_work(pair.link));
		assert_int_equal(take_all(pair.link, &good), complete);
		assert_true(good);
		if (cut < REPLIES_LEN)
			say(&pair, replies + cut, REPLIES_LEN - cut);
		assert_true(redis_link_work(pair.link));
		assert_int_equal(take_all(pair.link, &good), REPLIES - complete);
		assert_true(good);
	}
	close_pair(&pair);
}

static void replies_come_byte_by_byte(void **state)
{
	struct pair pair = opened();
	for (size_t i = 0; i + 1 < REPLIES_LEN; i++) {
		say(&pair, replies + i, 1);
		assert_true(redis_link_work(pair.link));
	}
	say(&pair, replies + REPLIES_LEN - 1, 1);
	assert_true(redis_link_work(pair.link));
	take_every_kind(pair.link);
	take_nothing(pair.link);
	close_pair(&pair);
}

/* Send as much as there is room for. */
static size_t say_some(const struct pair *pair, const char *bytes, size_t len)
{
	ssize_t sent = send(pair->peer, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	assert_true(sent >= 0 || errno == EAGAIN);
	return sent < 0 ? 0 : (size_t)sent;
}

/* Send all while the link reads. Returns how many replies came; stops if the link breaks. */
static size_t pour(struct pair *pair, const char *bytes, size_t len)
{
	size_t count = 0;
	for (bool good = true; good && len > 0;) {
		size_t sent = say_some(pair, bytes, len);
		bytes += sent;
		len -= sent;
		bool works = redis_link_work(pair->link);
		count += take_all(pair->link, &good);
		good = good && works;
	}
	return count;
}

/* `head`, filled with the letter x up to `len` bytes. */
static char *new_stream(const char *head, size_t len)
{
	char *bytes = malloc(len);
	assert_non_null(bytes);
	memset(bytes, 'x', len);
	memcpy(bytes, head, strlen(head));
	return bytes;
}

static void the_longest_reply_is_taken(void **state)
{
	struct pair pair = opened();
	char head[32];
	/* 10 bytes of head, and the end of the line */
	snprintf(head, sizeof(head), "$%u\r\n", REPLY_MAX_BYTES - 12);
	char *bytes = new_stream(head, REPLY_MAX_BYTES);
	memcpy(bytes + REPLY_MAX_BYTES - 2, "\r\n", 2);
	assert_int_equal(pour(&pair, bytes, REPLY_MAX_BYTES), 1);
	assert_null(redis_link_fault(pair.link));
	/* Its bytes do not count towards the next reply. */
	assert_int_equal(pour(&pair, bytes, REPLY_MAX_BYTES), 1);
	assert_null(redis_link_fault(pair.link));
	free(bytes);
	close_pair(&pair);
}

static void a_reply_without_end_breaks_it(void **state)
{
	static const char *const heads[] = {"$9000000\r\n", "+", "*2\r\n$9000000\r\n", "+OK\r\n-"};
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct pair pair = opened();
		char *bytes = new_stream(heads[i], 2 * REPLY_MAX_BYTES);
		CHECK_SIZE(heads[i], pour(&pair, bytes, 2 * REPLY_MAX_BYTES),
			   i == 3); /* complete replies come first */
		check_broken(pair.link, long_reply);
		free(bytes);
		close_pair(&pair);
	}
}

/* `head`, and `count` times a string of 1,000 letters. */
static char *new_strings(const char *head, size_t count, size_t *len)
{
	char one[1009], *bytes = malloc(strlen(head) + count * sizeof(one) + 1);
	assert_non_null(bytes);
	memset(one, 'x', sizeof(one));
	memcpy(one, "$1000\r\n", 7);
	memcpy(one + 1007, "\r\n", 2);
	*len = (size_t)sprintf(bytes, "%s", head);
	for (size_t i = 0; i < count; i++, *len += sizeof(one))
		memcpy(bytes + *len, one, sizeof(one));
	return bytes;
}

static void an_array_without_end_breaks_it(void **state)
{
	struct pair pair = opened();
	size_t len;
	char *bytes = new_strings("*16\r\n*2\r\n$9000000\r\n", 2 * REPLY_MAX_BYTES / 1009, &len);
	assert_int_equal(pour(&pair, bytes, len), 0);
	check_broken(pair.link, long_reply);
	free(bytes);
	close_pair(&pair);
}

static void many_short_replies_are_no_long_one(void **state)
{
	struct pair pair = opened();
	size_t len, count = 2 * REPLY_MAX_BYTES / 1009;
	char *bytes = new_strings("", count, &len);
	assert_int_equal(pour(&pair, bytes, len), count);
	assert_null(redis_link_fault(pair.link));
	free(bytes);
	close_pair(&pair);
}

static void garbage_breaks_it(void **state)
{
	static const struct {
		const char *name, *bytes;
		size_t len, replies;
	} cases[] = {
		{"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", 28, 0},
		{"zeros", "\0\0\0\0", 4, 0},
		{"an alert of TLS", "\x15\x03\x01\x00\x02\x02\x46", 7, 0},
		{"a length below nothing", "$-5\r\n", 5, 0},
		{"a count below nothing", "*-5\r\n", 5, 0},
		/* Before room is made for its elements, which takes long, and for ever to free. */
		{"too large an array", "*2147483647\r\n", 13, 0},
		{"a large array", "*17\r\n", 5, 0},
		{"a large array in a reply", "*2\r\n:1\r\n*200000000\r\n", 21, 0},
		{"too many arrays in arrays", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", 20, 0},
		{"within an array", "*2\r\n:1\r\nx\r\n", 11, 0},
		{"behind a reply", "+OK\r\nx\r\n", 8, 1},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair pair = opened();
		bool good;
		say(&pair, cases[i].bytes, cases[i].len);
		CHECK(cases[i].name, redis_link_work(pair.link));
		CHECK_SIZE(cases[i].name, take_all(pair.link, &good), cases[i].replies);
		CHECK(cases[i].name, !good);
		check_broken(pair.link, no_redis);
		close_pair(&pair);
	}
}

/* ---- the peer's end --------------------------------------------------------------------- */

static void what_was_complete_is_taken_after_the_end(void **state)
{
	for (size_t len = 0; len <= REPLIES_LEN; len++) {
		struct pair pair = opened();
		if (len > 0)
			say(&pair, replies, len);
		hang_up(&pair);
		assert_false(redis_link_work(pair.link));
		check_broken(pair.link, broke);
		if (len == REPLIES_LEN)
			take_every_kind(pair.link);
		if (len < 5 || len == REPLIES_LEN)
			take_nothing(pair.link);
		else
			take_text(pair.link, REDIS_REPLY_STATUS, "OK");
		close_pair(&pair);
	}
}

static void who_has_gone_cannot_be_written_to(void **state)
{
	struct pair pair = opened();
	hang_up(&pair);
	assert_true(redis_link_append(pair.link, "x", 1));
	assert_false(redis_link_work(pair.link));
	check_broken(pair.link, broke);
	close_pair(&pair);
}

static void a_refused_connection_is_told(void **state)
{
	/* Bind the port, so that nobody else listens there. */
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(to);
	int deaf = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(deaf, (struct sockaddr *)&to, len), 0);
	assert_int_equal(getsockname(deaf, (struct sockaddr *)&to, &len), 0);
	struct redis_link *link = redis_link_new((struct sockaddr *)&to, len, NULL, "");
	if (link != NULL) { /* or refused at once */
		struct pollfd polled = {redis_link_socket(link), redis_link_events(link), 0};
		assert_int_equal(polled.events, POLLOUT);
		assert_int_equal(poll(&polled, 1, -1), 1);
		assert_false(redis_link_work(link));
		assert_false(redis_link_is_open(link));
		check_broken(link, "cannot connect");
	}
	redis_link_free(link);
	close(deaf);
}

static void what_cannot_be_is_refused_at_once(void **state)
{
	struct sockaddr_un nobody = {.sun_family = AF_UNIX, .sun_path = "/no/such/socket"};
	assert_null(redis_link_new((struct sockaddr *)&nobody, sizeof(nobody), NULL, ""));
	struct sockaddr_storage nowhere = {.ss_family = AF_UNSPEC};
	assert_null(redis_link_new((struct sockaddr *)&nowhere, sizeof(nowhere), NULL, ""));
	redis_link_free(NULL);
}

/* ---- what goes out ---------------------------------------------------------------------- */

/* Read what has arrived, and compare it. */
static size_t hear(int peer, size_t at)
{
	unsigned char bytes[5000];
	ssize_t len = recv(peer, bytes, sizeof(bytes), MSG_DONTWAIT);
	assert_true(len > 0 || errno == EAGAIN);
	for (ssize_t i = 0; i < len; i++)
		if (bytes[i] != nth_byte(at + (size_t)i))
			fail_msg("byte %zu is another", at + (size_t)i);
	return len < 0 ? 0 : (size_t)len;
}

static void bytes_wait_until_they_can_go_out(void **state)
{
	struct pair pair = connected();
	size_t said = 0, heard = 0;
	assert_int_equal(redis_link_waiting(pair.link), 0);
	append(pair.link, &said, 10);
	append(pair.link, &said, 1);
	append(pair.link, &said, 0);
	assert_int_equal(redis_link_waiting(pair.link), 11);
	assert_int_equal(hear(pair.peer, 0), 0); /* not before it is open */
	assert_true(redis_link_work(pair.link));
	assert_int_equal(redis_link_waiting(pair.link), 0);
	heard = hear(pair.peer, 0);
	assert_int_equal(heard, said);
	append(pair.link, &said, 7);
	assert_int_equal(redis_link_events(pair.link), POLLIN | POLLOUT);
	assert_true(redis_link_work(pair.link));
	assert_int_equal(redis_link_events(pair.link), POLLIN);
	assert_int_equal(hear(pair.peer, heard), 7);
	close_pair(&pair);
}

static void a_full_socket_takes_them_in_parts(void **state)
{
	enum { TOTAL = 2 << 20 };
	struct pair pair = opened();
	int small = 4096;
	setsockopt(redis_link_socket(pair.link), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	size_t said = 0, heard = 0, parts = 0;
	while (said < TOTAL / 2)
		append(pair.link, &said, 4096);
	for (; heard < said; parts++) {
		assert_true(redis_link_work(pair.link));
		size_t waiting = redis_link_waiting(pair.link);
		assert_int_equal(redis_link_events(pair.link),
				 POLLIN | (waiting > 0 ? POLLOUT : 0));
		if (said < TOTAL) /* while others wait and some of them have been sent */
			append(pair.link, &said, 1 + parts % 4096);
		heard += hear(pair.peer, heard);
	}
	assert_true(parts > 100);
	assert_int_equal(redis_link_waiting(pair.link), 0);
	close_pair(&pair);
}

/* A server stays a little behind for long: sent bytes must take no room. */
static void a_socket_that_is_never_empty_takes_no_more_memory(void **state)
{
	enum { WAITING = 1 << 20, TOTAL = 64 << 20 };
	struct pair pair = opened();
	size_t said = 0, heard = 0, before = 0;
	while (heard < TOTAL) {
		while (said < heard + WAITING)
			append(pair.link, &said, 4096);
		assert_true(redis_link_work(pair.link));
		assert_true(redis_link_waiting(pair.link) > 0);
		heard += hear(pair.peer, heard);
		struct mallinfo2 memory = mallinfo2();
		size_t held = memory.uordblks + memory.hblkhd;
		if (before == 0 && heard > TOTAL / 8)
			before = held;
		assert_true(before == 0 || held <= before + 2 * WAITING);
	}
	close_pair(&pair);
}

static void replies_come_while_nothing_can_go_out(void **state)
{
	struct pair pair = opened();
	size_t said = 0;
	while (said < 2 << 20)
		append(pair.link, &said, 4096);
	assert_true(redis_link_work(pair.link));
	assert_true(redis_link_waiting(pair.link) > 0);
	say(&pair, replies, REPLIES_LEN);
	assert_true(redis_link_work(pair.link));
	take_every_kind(pair.link);
	close_pair(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_replies_come_in_one_read),
		cmocka_unit_test(a_reply_comes_in_two_parts),
		cmocka_unit_test(replies_come_byte_by_byte),
		cmocka_unit_test(the_longest_reply_is_taken),
		cmocka_unit_test(a_reply_without_end_breaks_it),
		cmocka_unit_test(an_array_without_end_breaks_it),
		cmocka_unit_test(many_short_replies_are_no_long_one),
		cmocka_unit_test(garbage_breaks_it),
		cmocka_unit_test(what_was_complete_is_taken_after_the_end),
		cmocka_unit_test(who_has_gone_cannot_be_written_to),
		cmocka_unit_test(a_refused_connection_is_told),
		cmocka_unit_test(what_cannot_be_is_refused_at_once),
		cmocka_unit_test(bytes_wait_until_they_can_go_out),
		cmocka_unit_test(a_full_socket_takes_them_in_parts),
		cmocka_unit_test(a_socket_that_is_never_empty_takes_no_more_memory),
		cmocka_unit_test(replies_come_while_nothing_can_go_out),
	};
	signal(SIGPIPE, SIG_IGN); /* as in main.c */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
