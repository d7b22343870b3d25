#include "check.h"

#include "server/keys.h"

#include <unistd.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_found_by_value),
		cmocka_unit_test(a_faulty_file_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
