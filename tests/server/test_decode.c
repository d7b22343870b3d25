#include "check.h"

#include "server/decode.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The reference is jansson alone: the same tree, or the same error. */
static void same_as_jansson(const char *name, struct span body)
{
	json_error_t expected_error, error;
	json_t *expected = json_loadb(body.at, body.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
				      &expected_error);
	json_t *json = decode_json(body, &error);
	CHECK(name, (json == NULL) == (expected == NULL));
	if (json != NULL) {
		char *one = json_dumps(json, JSON_ENCODE_ANY),
		     *other = json_dumps(expected, JSON_ENCODE_ANY);
		CHECK_SPAN(name, span_of(one), span_of(other)); /* and in the same order */
		free(one);
		free(other);
	} else {
		CHECK_SPAN(name, span_of(error.text), span_of(expected_error.text));
		CHECK_SIZE(name, (size_t)error.line, (size_t)expected_error.line);
		CHECK_SIZE(name, (size_t)error.column, (size_t)expected_error.column);
	}
	json_decref(json);
	json_decref(expected);
}

/* `format` with a long stretch of plain text for each %s. */
static struct span with_text(const char *format, char *out, size_t room)
{
	static char plain[301];
	memset(plain, 'x', sizeof plain - 1);
	int len = snprintf(out, room, format, plain, plain);
	return (struct span){out, (size_t)len};
}

static const char *const documents[] = {
	"{\"text\":\"%s\"}",
	" { \"text\" :\t\"%s\" , \"id\" : \"1\" } ",
	"{\"id\":\"1\",\"include\":[\"text\",{\"a\":[\"]}\"]}],\"ratio\":0.5,\"text\":\"%s\"}",
	"{\"html\":\"%s\",\"text\":\"%s\"}",
	"{\"text\":\"%s\",\"text\":\"%s\"}",
	"{\"text\":\"a\",\"text\":\"%s\"}",
	"{\"te\\u0078t\":\"%s\"}",
	"{\"title\":\"%s\",\"text\":\"%s\"}",
	"{\"a\":{\"text\":\"%s\"},\"text\":\"%s\"}",
	"[{\"text\":\"%s\"}]",
	"{\"text\":\"%s",
	"{\"text\":\"%s\\\"}",
	"{\"text\":\"%s\"",
	"{\"text\":\"%s\"]",
	"{\"text\":\"%s\"} x",
	"{\"text\":\"%s\",}",
	"{\"text\" \"%s\"}",
	"{,\"text\":\"%s\"}",
	"{\"a\":1]\"text\":\"%s\"}",
	"{\"text\":\"%s \\n\\t\\r\\b\\f\\/\\\\\\\"\"}",
	"{\"text\":\"%s \\u00e9 \\u20AC \\ud83d\\ude00.\"}",
	"{\"text\":\"%s \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"}",
	"{\"text\":\"%s \\ud83d\"}",
	"{\"text\":\"%s \\ud83d\\u0041\"}",
	"{\"text\":\"%s \\ude00\"}",
	"{\"text\":\"%s \\u0000\"}",
	"{\"text\":\"%s \\u12g4\"}",
	"{\"text\":\"%s \\x\"}",
	"{\"text\":\"%s \\u12",
	"{\"text\":\"%s \xC3\"}",
	"{\"text\":\"%s \xED\xA0\x80\"}",
	"{\"text\":\"%s \xC0\x80\"}",
	"{\"text\":\"%s \xC3\\u00a9\"}",
	"{\"text\":\"%s line\nline\"}",
	"{\"text\":\"%s \x7F\"}",
	"",
	"{",
	"nul",
	"{\"text",
	"{\"text\":",
	"{\"text\":\"",
};

static void documents_are_read_as_jansson_reads_them(void **state)
{
	char body[1024];
	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
		same_as_jansson(documents[i], with_text(documents[i], body, sizeof body));
}

/* Each document with one byte at each position replaced by each byte that has a meaning. */
static void so_are_their_mutations(void **state)
{
	static const char bytes[] = "\"\\{}[]:,u0d8\n \xC3\xA9";
	char body[1024];
	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
		struct span whole = with_text(documents[i], body, sizeof body);
		for (size_t at = 0; at < whole.len; at++) {
			/* Inside the long runs all places are alike: test only their ends. */
			bool inside = at > 40 && at + 60 < whole.len && body[at] == 'x';
			char before = body[at];
			for (size_t b = 0; b < (inside ? 0 : sizeof bytes - 1); b++) {
				body[at] = bytes[b];
				same_as_jansson(documents[i], whole);
			}
			body[at] = before;
		}
	}
}

/* Every length, so that the end of the string falls on each place in a vector. */
static void so_are_all_lengths(void **state)
{
	char body[700] = "{\"text\":\"";
	for (size_t len = 240; len < 600; len++) {
		memset(body + 9, 'y', len);
		memcpy(body + 9 + len, "\\n\"}", 5);
		same_as_jansson("a length", (struct span){body, len + 13});
		for (size_t cut = 1; cut < 5; cut++)
			same_as_jansson("a cut", (struct span){body, len + 13 - cut});
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_are_read_as_jansson_reads_them),
		cmocka_unit_test(so_are_their_mutations),
		cmocka_unit_test(so_are_all_lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
