#include "check.h"

#include "server/keys.h"

#include <openssl/crypto.h>
#include <unistd.h>

/* Replaces the library's, to check that keys are compared with it and nothing else. */
static size_t compared, compared_bytes;

int CRYPTO_memcmp(const void *a, const void *b, size_t len)
{
	compared++;
	compared_bytes += len;
	return memcmp(a, b, len) != 0;
}

/* Load a file of these bytes. */
static bool load(struct keys *keys, const char *text, char *fault, size_t size)
{
	char path[] = "/tmp/precis-keys-XXXXXX";
	int file = mkstemp(path);
	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
	close(file);
	bool loaded = keys_load(keys, path, fault, size);
	unlink(path);
	return loaded;
}

static void keys_are_found_by_value(void **state)
{
	char fault[100], name[KEYS_NAME_MAX + 1];
	struct keys *keys = keys_new();
	assert_false(keys_wanted(keys));
	assert_true(load(keys, "# ours\n\nnews:0123456789abcdef\r\napp:fedcba9876543210:x\n", fault,
			 100));
	assert_true(keys_wanted(keys));
	assert_true(keys_find(keys, "0123456789abcdef", name));
	assert_string_equal(name, "news");
	assert_true(keys_find(keys, "fedcba9876543210:x", name));
	assert_string_equal(name, "app");
	static const char *const wrong[] = {"", "news", "0123456789abcde", "0123456789abcdef ",
					    "0123456789ABCDEF"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK(wrong[i], !keys_find(keys, wrong[i], name));
	keys_free(keys);
}

static void a_faulty_file_changes_nothing(void **state)
{
	static const char *const faulty[] = {"no colon here at all\n",
					     ":0123456789abcdef\n",
					     "short:0123\n",
					     "sp ace:0123456789abcdef\n",
					     "name:0123456789 abcdef\n",
					     "good:0123456789abcdef\rx\n",
					     "good:0123456789abcdef\nbad\n"};
	char fault[100], name[KEYS_NAME_MAX + 1];
	struct keys *keys = keys_new();
	assert_true(load(keys, "old:0123456789abcdef\n", fault, 100));
	for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++) {
		fault[0] = '\0';
		CHECK(faulty[i], !load(keys, faulty[i], fault, 100));
		CHECK(faulty[i], strstr(fault, "line ") == fault);
		CHECK(faulty[i], keys_find(keys, "0123456789abcdef", name));
		assert_string_equal(name, "old");
	}
	assert_false(keys_load(keys, "/nonexistent/keys", fault, 100));
	assert_true(load(keys, "new:00000000000000000\n", fault, 100));
	assert_false(keys_find(keys, "0123456789abcdef", name));
	assert_true(load(keys, "", fault, 100));
	assert_true(keys_wanted(keys)); /* an empty file lets nobody in, rather than everybody */
	keys_free(keys);
}

/* A line is read whole, however long; a NUL does not silently end it. */
static void lines_are_taken_whole(void **state)
{
	enum { KEY_LEN = 5000 };
	char text[KEY_LEN + 3] = "k:", path[] = "/tmp/precis-keys-XXXXXX", fault[100];
	char name[KEYS_NAME_MAX + 1];
	struct keys *keys = keys_new();
	memset(text + 2, 'x', KEY_LEN);
	assert_true(load(keys, text, fault, sizeof(fault)));
	assert_true(keys_find(keys, text + 2, name));
	assert_false(keys_find(keys, text + 3, name));
	text[0] = '#';
	assert_true(load(keys, text, fault, sizeof(fault)));
	assert_false(keys_find(keys, text + 2, name));
	static const char with_nul[] = "a:0123456789abcdef\0more\n";
	int file = mkstemp(path);
	assert_int_equal(write(file, with_nul, sizeof(with_nul) - 1), sizeof(with_nul) - 1);
	close(file);
	assert_false(keys_load(keys, path, fault, sizeof(fault)));
	assert_non_null(strstr(fault, "NUL"));
	unlink(path);
	keys_free(keys);
}

/* Whichever key is looked up, valid or not, it is compared with all keys, whole, by the function
 * that takes the same time for all bytes. */
static void a_look_up_tells_nothing_by_its_time(void **state)
{
	static const char *const asked[] = {"0123456789abcdef",
					    "1111111111111111",
					    "2222222222222222",
					    "2222222222222223",
					    "0",
					    ""};
	char fault[100], name[KEYS_NAME_MAX + 1];
	struct keys *keys = keys_new();
	assert_true(load(keys, "a:0123456789abcdef\nb:1111111111111111\nc:2222222222222222\n",
			 fault, sizeof(fault)));
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		compared = compared_bytes = 0;
		keys_find(keys, asked[i], name);
		CHECK_SIZE(asked[i], compared, 3);
		CHECK_SIZE(asked[i], compared_bytes, 3 * 32);
	}
	keys_free(keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_found_by_value),
		cmocka_unit_test(a_faulty_file_changes_nothing),
		cmocka_unit_test(lines_are_taken_whole),
		cmocka_unit_test(a_look_up_tells_nothing_by_its_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
