/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "base/strs.h"

static void keeps_copies_in_order(void **state)
{
	struct strs strs = {0};
	char text[] = "abc";

	(void)state;
	strs_add(&strs, text);
	strs_add_n(&strs, text, 2);
	memset(text, 'x', 3);
	strs_add(&strs, "");
	assert_int_equal(strs.count, 3);
	assert_string_equal(strs.items[0], "abc");
	assert_string_equal(strs.items[1], "ab");
	assert_string_equal(strs.items[2], "");
	assert_true(strs_has(&strs, "ab"));
	assert_false(strs_has(&strs, "a"));
	strs_release(&strs);
	assert_int_equal(strs.count, 0);
	strs_release(&strs);
}

static void sorts_by_unsigned_bytes(void **state)
{
	static const char *const in[] = {"b", "\xc3\xa4", "a.b", "a/b", "B", "",
	    "ab", "a"};
	static const char *const sorted[] = {"", "B", "a", "a.b", "a/b", "ab",
	    "b", "\xc3\xa4"};
	struct strs strs = {0};

	(void)state;
	strs_sort(&strs);
	for (size_t i = 0; i < 8; i++)
		strs_add(&strs, in[i]);
	strs_sort(&strs);
	for (size_t i = 0; i < 8; i++)
		assert_string_equal(strs.items[i], sorted[i]);
	strs_release(&strs);
}

static void cuts_words_at_spaces(void **state)
{
	struct strs strs = {0};

	(void)state;
	strs_add_words(&strs, "");
	strs_add_words(&strs, "  ");
	assert_int_equal(strs.count, 0);
	strs_add_words(&strs, " bash  -e -u");
	assert_int_equal(strs.count, 3);
	assert_string_equal(strs.items[0], "bash");
	assert_string_equal(strs.items[1], "-e");
	assert_string_equal(strs.items[2], "-u");
	strs_release(&strs);
}

static void keeps_one_of_each(void **state)
{
	struct strs strs = {0};

	(void)state;
	strs_unique(&strs);
	assert_int_equal(strs.count, 0);
	for (size_t i = 0; i < 30; i++)
		strs_add(&strs, i % 3 == 0 ? "c" : i % 3 == 1 ? "a" : "b");
	strs_unique(&strs);
	assert_int_equal(strs.count, 3);
	assert_string_equal(strs.items[0], "a");
	assert_string_equal(strs.items[1], "b");
	assert_string_equal(strs.items[2], "c");
	strs_release(&strs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keeps_copies_in_order),
	    cmocka_unit_test(sorts_by_unsigned_bytes),
	    cmocka_unit_test(cuts_words_at_spaces),
	    cmocka_unit_test(keeps_one_of_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
