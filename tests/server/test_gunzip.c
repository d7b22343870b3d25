#include "check.h"

#include "server/gunzip.h"

#include <stdbool.h>
#include <zlib.h>

struct sink {
	char *at;
	size_t len, room;
};

/* Append a gzip member of `len` bytes to `out`; returns the member's length. */
static size_t pack(const char *bytes, size_t len, char *out, size_t room)
{
	z_stream z = {.next_in = (Bytef *)bytes,
		      .avail_in = (uInt)len,
		      .next_out = (Bytef *)out,
		      .avail_out = (uInt)room};
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return room - z.avail_out;
}

/* Unpack one piece into the rest of the sink, `most` bytes at a time. */
static bool draw(struct gunzip *gunzip, const char *bytes, size_t len, size_t most,
		 struct sink *sink)
{
	ssize_t got;
	size_t room;
	do {
		size_t taken = len;
		room = sink->room - sink->len < most ? sink->room - sink->len : most;
		if (room == 0)
			return false;
		got = gunzip_draw(gunzip, bytes, &taken, sink->at + sink->len, room);
		assert_true(taken <= len && got <= (ssize_t)room);
		bytes += taken;
		len -= taken;
		sink->len += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	assert_true(got < 0 || len == 0);
	return got >= 0;
}

/* Feed in pieces of `step` bytes; was it accepted to the end? */
static bool feed(struct gunzip *gunzip, const char *bytes, size_t len, size_t step,
		 struct sink *sink)
{
	for (size_t i = 0; i < len; i += step)
		if (!draw(gunzip, bytes + i, len - i < step ? len - i : step, step, sink))
			return false;
	return true;
}

static const char text[] = "The harbour bridge was closed on Monday. The harbour bridge is old.";

static void any_division_gives_the_same_bytes(void **state)
{
	char packed[256], plain[256];
	size_t len = pack(text, sizeof(text), packed, sizeof(packed));
	for (size_t step = 1; step <= len; step++) {
		struct gunzip *gunzip = gunzip_new();
		struct sink sink = {.at = plain, .room = sizeof(plain)};
		assert_true(feed(gunzip, packed, len, step, &sink));
		assert_true(gunzip_ended(gunzip));
		assert_int_equal(sink.len, sizeof(text));
		assert_memory_equal(plain, text, sizeof(text));
		gunzip_free(gunzip);
	}
}

static void a_stream_cut_short_has_not_ended(void **state)
{
	char packed[256], plain[256];
	size_t len = pack(text, sizeof(text), packed, sizeof(packed));
	for (size_t cut = 0; cut < len; cut++) {
		struct gunzip *gunzip = gunzip_new();
		struct sink sink = {.at = plain, .room = sizeof(plain)};
		if (cut > 0)
			assert_true(feed(gunzip, packed, cut, cut, &sink));
		assert_false(gunzip_ended(gunzip));
		assert_true(sink.len <= sizeof(text));
		gunzip_free(gunzip);
	}
}

/* Flip each bit in turn: the stream is refused, does not end, or still gives the text (we ignore
 * some header fields), but never gives another text. */
static void a_damaged_stream_gives_no_other_text(void **state)
{
	char packed[256], plain[4096];
	size_t len = pack(text, sizeof(text), packed, sizeof(packed));
	for (size_t bit = 0; bit < 8 * len; bit++) {
		struct gunzip *gunzip = gunzip_new();
		struct sink sink = {.at = plain, .room = sizeof(plain)};
		packed[bit / 8] = (char)(packed[bit / 8] ^ (1 << bit % 8));
		if (feed(gunzip, packed, len, len, &sink) && gunzip_ended(gunzip)) {
			assert_int_equal(sink.len, sizeof(text));
			assert_memory_equal(plain, text, sizeof(text));
		}
		packed[bit / 8] = (char)(packed[bit / 8] ^ (1 << bit % 8));
		gunzip_free(gunzip);
	}
}

static void what_is_no_gzip_is_refused(void **state)
{
	static const char *const wrong[] = {"{\"text\": \"plain\"}", "\x1f\x8c\x08\x00 no magic",
					    "\x78\x9c zlib, not gzip"};
	char plain[256];
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct gunzip *gunzip = gunzip_new();
		struct sink sink = {.at = plain, .room = sizeof(plain)};
		CHECK(wrong[i], !feed(gunzip, wrong[i], strlen(wrong[i]), 64, &sink));
		CHECK(wrong[i], !gunzip_ended(gunzip));
		gunzip_free(gunzip);
	}
}

/* As made by `cat a.gz b.gz` and by log rotation, also with an empty member in between. */
static void members_follow_each_other(void **state)
{
	char packed[512], plain[512];
	size_t len = pack(text, sizeof(text), packed, sizeof(packed)), end[3] = {len};
	len += pack("", 0, packed + len, sizeof(packed) - len);
	end[1] = len;
	len += pack(text, sizeof(text), packed + len, sizeof(packed) - len);
	end[2] = len;
	for (size_t step = 1; step <= len; step++)
		for (int members = 0; members < 3; members++) {
			struct gunzip *gunzip = gunzip_new();
			struct sink sink = {.at = plain, .room = sizeof(plain)};
			assert_true(feed(gunzip, packed, end[members], step, &sink));
			assert_true(gunzip_ended(gunzip));
			assert_int_equal(sink.len, (members < 2 ? 1 : 2) * sizeof(text));
			assert_memory_equal(plain + sink.len - sizeof(text), text, sizeof(text));
			gunzip_free(gunzip);
		}
}

static void what_follows_must_be_a_member(void **state)
{
	char packed[256], plain[256];
	size_t len = pack(text, sizeof(text), packed, sizeof(packed));
	memcpy(packed + len, "no member", 9);
	for (size_t more = 1; more <= 9; more++) {
		struct gunzip *gunzip = gunzip_new();
		struct sink sink = {.at = plain, .room = sizeof(plain)};
		assert_false(feed(gunzip, packed, len + more, 64, &sink) && gunzip_ended(gunzip));
		gunzip_free(gunzip);
	}
}

/* A bomb that unpacks to a thousand times its size comes in pieces no larger than asked for. */
static void a_bomb_is_stopped_where_the_room_ends(void **state)
{
	enum { PLAIN = 4 << 20, ROOM = 1 << 20 };
	char *zeros = calloc(PLAIN, 1), *packed = malloc(PLAIN), *plain = malloc(ROOM);
	size_t len = pack(zeros, PLAIN, packed, PLAIN);
	struct gunzip *gunzip = gunzip_new();
	struct sink sink = {.at = plain, .room = ROOM};
	assert_true(len < PLAIN / 500);
	assert_false(draw(gunzip, packed, len, 1000, &sink));
	assert_false(gunzip_ended(gunzip));
	assert_int_equal(sink.len, ROOM);
	gunzip_free(gunzip);
	free(zeros);
	free(packed);
	free(plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_division_gives_the_same_bytes),
		cmocka_unit_test(a_stream_cut_short_has_not_ended),
		cmocka_unit_test(a_damaged_stream_gives_no_other_text),
		cmocka_unit_test(what_is_no_gzip_is_refused),
		cmocka_unit_test(members_follow_each_other),
		cmocka_unit_test(what_follows_must_be_a_member),
		cmocka_unit_test(a_bomb_is_stopped_where_the_room_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
