#include "tests/check.h"

#include "core/formtable.h"

static void make_form(struct form *form, unsigned number)
{
	form->len = (uint32_t)sprintf(form->bytes, "w%ux%s", number,
				      number % 3 == 0 ? "and more than sixteen bytes" : "");
	form_finish(form);
}

/* More forms than the first table holds, short ones and long ones, each found again as itself. */
static void test_found_again(void **state)
{
	enum { FORMS = 20000 };
	struct arena arena;
	struct formtable table;
	struct form form;
	uint32_t slot = 0;
	arena_init(&arena, (size_t)1 << 26);
	CHECK("made", formtable_init(&arena, &table, 10));
	for (unsigned i = 0; i < FORMS; i++) {
		make_form(&form, i);
		uint64_t hash = form_hash(form.bytes, form.len);
		CHECK("new", formtable_find(&table, form.bytes, form.len, hash, &slot) == NULL);
		formtable_add(&arena, &table, form.bytes, form.len, hash, slot)->term = i;
	}
	for (unsigned i = 0; i < FORMS; i++) {
		make_form(&form, i);
		const struct form_entry *entry = formtable_find(
			&table, form.bytes, form.len, form_hash(form.bytes, form.len), &slot);
		CHECK("there", entry != NULL);
		CHECK_SIZE("itself", entry->term, i);
		CHECK_SPAN("whole", ((struct span){entry->at, entry->len}),
			   ((struct span){form.bytes, form.len}));
	}
	arena_free(&arena);
}

/* Forms whose hashes agree in all bits that a table uses are not all neighbours in it. */
static void test_chosen_forms(void **state)
{
	enum { FORMS = 2000, AGREEING_BITS = 12, FAR = 200 };
	struct arena arena;
	struct formtable table;
	struct form form;
	unsigned found = 0, run = 0, longest = 0;
	arena_init(&arena, (size_t)1 << 26);
	CHECK("made", formtable_init(&arena, &table, FORMS));
	for (unsigned i = 0; found < FORMS; i++) {
		uint32_t slot = 0;
		make_form(&form, 3 * i + 1);
		uint64_t hash = form_hash(form.bytes, form.len);
		if ((hash & ((1u << AGREEING_BITS) - 1)) != 7)
			continue;
		CHECK("new", formtable_find(&table, form.bytes, form.len, hash, &slot) == NULL);
		formtable_add(&arena, &table, form.bytes, form.len, hash, slot);
		found++;
	}
	for (uint32_t at = 0; at < 1u << table.bits; at++) {
		run = table.slot[at] == 0 ? 0 : run + 1;
		longest = run > longest ? run : longest;
	}
	CHECK("apart", longest < FAR);
	arena_free(&arena);
}

/* Nor are forms whose whole hashes are equal, which can be constructed for this hash: each is
 * looked for in a place of its own. */
static void test_equal_hashes(void **state)
{
	enum { FORMS = 2000, FAR = 200 };
	struct arena arena;
	struct formtable table;
	struct form form;
	unsigned run = 0, longest = 0;
	arena_init(&arena, (size_t)1 << 26);
	CHECK("made", formtable_init(&arena, &table, FORMS));
	for (unsigned i = 0; i < FORMS; i++) {
		uint32_t slot = 0;
		make_form(&form, i);
		CHECK("new", formtable_find(&table, form.bytes, form.len, 7, &slot) == NULL);
		formtable_add(&arena, &table, form.bytes, form.len, 7, slot);
	}
	for (uint32_t at = 0; at < 1u << table.bits; at++) {
		run = table.slot[at] == 0 ? 0 : run + 1;
		longest = run > longest ? run : longest;
	}
	CHECK("apart", longest < FAR);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_again),
		cmocka_unit_test(test_chosen_forms),
		cmocka_unit_test(test_equal_hashes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
