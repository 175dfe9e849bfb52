/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/map.h"
#include "base/mem.h"

static void finds_what_was_added(void **state)
{
	struct map map = {0};
	int one;
	int two;

	(void)state;
	assert_null(map_get_str(&map, "a"));
	assert_true(map_add_str(&map, "a", &one));
	assert_true(map_add_str(&map, "", &two));
	assert_ptr_equal(map_get_str(&map, "a"), &one);
	assert_ptr_equal(map_get_str(&map, ""), &two);
	assert_null(map_get_str(&map, "b"));
	map_release(&map);
	assert_null(map_get_str(&map, "a"));
	map_release(&map);
}

static void the_first_value_stays(void **state)
{
	struct map map = {0};
	int one;
	int two;

	(void)state;
	assert_true(map_add_str(&map, "a", &one));
	assert_false(map_add_str(&map, "a", &two));
	assert_ptr_equal(map_get_str(&map, "a"), &one);
	assert_int_equal(map.count, 1);
	map_release(&map);
}

static void keys_are_bytes(void **state)
{
	struct map map = {0};
	int values[4];

	(void)state;
	assert_true(map_add(&map, "\0\0\0\0\0\0\0\0\0", 8, &values[0]));
	assert_true(map_add(&map, "\0\0\0\0\0\0\0\0\0", 9, &values[1]));
	assert_true(map_add(&map, "a\0b", 3, &values[2]));
	assert_true(map_add(&map, "a\0c", 3, &values[3]));
	assert_ptr_equal(map_get(&map, "\0\0\0\0\0\0\0\0", 8), &values[0]);
	assert_ptr_equal(map_get(&map, "a\0c", 3), &values[3]);
	assert_null(map_get(&map, "a", 1));
	assert_null(map_get(&map, NULL, 0));
	map_release(&map);
}

/* Keys of every length from 1 to 40 that differ in their last bytes only. */
static void many_keys_keep_their_values_and_order(void **state)
{
	enum { KEYS = 40000 };
	struct arena arena = {0};
	struct map map = {0};
	char **keys = arena_array(&arena, KEYS, sizeof *keys);

	(void)state;
	for (int i = 0; i < KEYS; i++) {
		keys[i] = arena_printf(&arena, "%0*d", i % 40 + 1, i);
		(void)map_add_str(&map, keys[i], keys[i]);
	}
	for (int i = 0; i < KEYS; i++) {
		const char *value = map_get_str(&map, keys[i]);

		assert_non_null(value);
		assert_string_equal(value, keys[i]);
	}
	assert_true(map.count > KEYS / 2);
	for (size_t i = 0; i < map.count; i++)
		assert_ptr_equal(map.entries[i].key, map.entries[i].value);
	assert_string_equal(map.entries[3].key, "0003");
	map_release(&map);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_what_was_added),
	    cmocka_unit_test(the_first_value_stays),
	    cmocka_unit_test(keys_are_bytes),
	    cmocka_unit_test(many_keys_keep_their_values_and_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
