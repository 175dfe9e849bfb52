/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "project/hooktext.h"

static struct slice all(const struct buf *text)
{
	return (struct slice){buf_str(text), text->len};
}

static void a_script_is_known_and_a_changed_one_is_old(void **state)
{
	struct buf text = {0};

	(void)state;
	for (size_t i = 0; hook_names[i]; i++) {
		buf_reset(&text);
		hook_script(hook_names[i], &text);
		assert_int_equal(hook_is_script(hook_names[i], all(&text)),
		    HOOK_TEXT_OURS);
		buf_add_str(&text, "more\n");
		assert_int_equal(hook_is_script(hook_names[i], all(&text)),
		    HOOK_TEXT_OLD);
	}
	assert_int_equal(hook_is_script("pre-push",
	                     slice_of("#!/bin/sh\nmldv push\n")),
	    HOOK_TEXT_FOREIGN);
	buf_release(&text);
}

/* What stands before and after the block is as it was when it goes. */
static void check_there_and_back(const char *before)
{
	struct buf with = {0};
	struct buf without = {0};

	hook_with_block("pre-push", slice_of(before), &with);
	assert_int_equal(hook_has_block("pre-push", all(&with)),
	    HOOK_TEXT_OURS);
	hook_without_block(all(&with), &without);
	assert_string_equal(buf_str(&without), before);
	buf_release(&with);
	buf_release(&without);
}

static void a_block_goes_as_it_came(void **state)
{
	(void)state;
	check_there_and_back("#!/bin/sh\n");
	check_there_and_back("npm test\n");
	check_there_and_back("npm test");
	check_there_and_back("#!/bin/sh\n. \"$(dirname \"$0\")/_/husky.sh\"\n"
	                     "\nnpm test\n");
}

static void a_block_comes_before_commands_but_after_husky(void **state)
{
	struct buf text = {0};
	const char *husky;
	const char *block;

	(void)state;
	hook_with_block("pre-commit",
	    slice_of("#!/bin/sh\n. ./_/husky.sh\nnpm test\n"), &text);
	husky = strstr(buf_str(&text), "husky.sh");
	block = strstr(buf_str(&text), "mldv hooks run");
	assert_non_null(husky);
	assert_true(husky < block);
	assert_true(block < strstr(buf_str(&text), "npm test"));
	buf_release(&text);
}

static void a_script_with_a_block_is_no_script_of_ours(void **state)
{
	struct buf text = {0};

	(void)state;
	hook_with_block("pre-push", slice_of(""), &text);
	assert_int_equal(hook_is_script("pre-push", all(&text)),
	    HOOK_TEXT_FOREIGN);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_script_is_known_and_a_changed_one_is_old),
	    cmocka_unit_test(a_block_goes_as_it_came),
	    cmocka_unit_test(a_block_comes_before_commands_but_after_husky),
	    cmocka_unit_test(a_script_with_a_block_is_no_script_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
