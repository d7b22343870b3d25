#include "check.h"

#include "server/assets.h"

#include <string.h>

static void every_file_is_found_by_its_path(void **state)
{
	assert_non_null(asset_find("/"));
	assert_non_null(asset_find("/button.js"));
	assert_non_null(asset_find(asset_button_path));
	static const char *const unknown[] = {"", "/button", "/button.js/", "/button-0.js",
					      "button.js"};
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		CHECK(unknown[i], asset_find(unknown[i]) == NULL);
}

static void the_named_button_is_the_button(void **state)
{
	const struct asset *plain = asset_find("/button.js"),
			   *named = asset_find(asset_button_path);
	assert_string_equal(plain->hash, named->hash);
	assert_true(plain->keeping == ASSET_HOUR && named->keeping == ASSET_FOREVER);
	assert_true(plain->shared && named->shared);
	assert_true(named->gzip.len <= 8192);
	assert_memory_equal(asset_button_integrity, "sha384-", 7);
	assert_false(asset_find("/")->shared);
}

static void gzip_is_sent_to_those_who_take_it(void **state)
{
	static const char *const yes[] = {"gzip",        "GZIP",         "br, gzip",
					  "gzip;q=0.5",  "br;q=0, gzip", "gzip , deflate",
					  "gzip, br;q=0"};
	static const char *const no[] = {"",         "br",    "gzip;q=0", "gzip; q=0.0",
					 "gzip;Q=0", "xgzip", "gzipx",    "identity"};
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		CHECK(yes[i], asset_takes_gzip(yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		CHECK(no[i], !asset_takes_gzip(no[i]));
	assert_false(asset_takes_gzip(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_is_found_by_its_path),
		cmocka_unit_test(the_named_button_is_the_button),
		cmocka_unit_test(gzip_is_sent_to_those_who_take_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
