#include "check.h"

#include "core/arena.h"

static void gives_aligned_memory(void **state)
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	for (size_t size = 1; size < 100; size++) {
		char *at = arena_alloc(&arena, 1, size);
		assert_non_null(at);
		assert_int_equal((uintptr_t)at % 16, 0);
		memset(at, 0xAB, size);
	}
	arena_free(&arena);
}

static void refuses_overflow_and_remembers(void **state)
{
	struct arena arena;
	arena_init(&arena, SIZE_MAX);
	assert_null(arena_alloc(&arena, SIZE_MAX / 2, 4));
	assert_true(arena.failed);
	assert_null(arena_alloc(&arena, 1, 1));
	arena_reset(&arena);
	assert_false(arena.failed);
	assert_non_null(arena_alloc(&arena, 1, 1));
	arena_free(&arena);
}

static void keeps_below_its_ceiling(void **state)
{
	const size_t ceilings[] = {0, 1, 100, 4096, 600 * 1024, 3 << 20};
	for (size_t i = 0; i < sizeof(ceilings) / sizeof(ceilings[0]); i++) {
		struct arena arena;
		arena_init(&arena, ceilings[i]);
		size_t got = 0;
		while (arena_alloc(&arena, 1, 1000) != NULL)
			got += 1000;
		assert_true(arena.failed);
		assert_true(arena.used_bytes <= ceilings[i]);
		assert_true(got <= ceilings[i]);
		arena_free(&arena);
		assert_int_equal(arena.used_bytes, 0);
	}
}

static void grows_in_place_and_by_copy(void **state)
{
	struct arena arena;
	arena_init(&arena, 64 << 20);
	int *numbers = NULL;
	size_t room = 0;
	for (int i = 0; i < 100000; i++) {
		if ((size_t)i == room) {
			size_t more = room == 0 ? 4 : room * 2;
			numbers = arena_grow(&arena, numbers, room, more, sizeof(*numbers));
			assert_non_null(numbers);
			room = more;
			if (i % 3 == 0)
				assert_non_null(
					arena_alloc(&arena, 1, 1)); /* no longer the newest */
		}
		numbers[i] = i;
	}
	for (int i = 0; i < 100000; i++)
		assert_int_equal(numbers[i], i);
	arena_free(&arena);
}

/* A large array leaves no old copy behind, even if others are newer. */
static void grows_large_arrays_as_a_whole(void **state)
{
	struct arena arena;
	arena_init(&arena, 64 << 20);
	size_t room = 1 << 18;
	int *numbers = arena_alloc(&arena, room, sizeof(*numbers));
	for (int i = 0; i < 4; i++, room *= 2) {
		char *newer = arena_copy(&arena, SPAN("newer"));
		numbers[room - 1] = i;
		numbers = arena_grow(&arena, numbers, room, 2 * room, sizeof(*numbers));
		assert_int_equal(numbers[room - 1], i);
		assert_string_equal(newer, "newer");
	}
	assert_true(arena.used_bytes < room * sizeof(*numbers) + (1 << 20));
	assert_null(arena_grow(&arena, numbers, room, 4 * room, sizeof(*numbers)));
	assert_int_equal(numbers[room / 2 - 1], 3);
	arena_free(&arena);
}

static void rewinds_to_a_mark(void **state)
{
	struct arena arena;
	arena_init(&arena, 64 << 20);
	char *kept = arena_copy(&arena, SPAN("kept"));
	struct arena_mark mark = arena_mark(&arena);
	for (int i = 0; i < 2000; i++)
		assert_non_null(arena_alloc(&arena, 1, 1000));
	arena_rewind(&arena, mark);
	assert_string_equal(kept, "kept");
	assert_true(arena.used_bytes < 1 << 20);
	assert_ptr_equal(arena_alloc(&arena, 1, 1), mark.next);
	arena_free(&arena);
}

static void reset_keeps_one_small_block(void **state)
{
	struct arena arena;
	arena_init(&arena, 64 << 20);
	void *first = arena_alloc(&arena, 1, 1);
	assert_non_null(arena_alloc(&arena, 1, 8 << 20));
	arena_reset(&arena);
	assert_true(arena.used_bytes < 1 << 20);
	assert_ptr_equal(arena_alloc(&arena, 1, 1), first);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_aligned_memory),
		cmocka_unit_test(refuses_overflow_and_remembers),
		cmocka_unit_test(keeps_below_its_ceiling),
		cmocka_unit_test(grows_in_place_and_by_copy),
		cmocka_unit_test(grows_large_arrays_as_a_whole),
		cmocka_unit_test(rewinds_to_a_mark),
		cmocka_unit_test(reset_keeps_one_small_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
