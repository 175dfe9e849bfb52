/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void sets_code_and_text(void **state)
{
	struct mldv_error err = {0};

	(void)state;
	assert_int_equal(err_set(&err, MLDV_BUSY, "cannot %s '%d'", "open", 7),
	    -1);
	assert_int_equal(err.code, MLDV_BUSY);
	assert_string_equal(err.text, "cannot open '7'");
}

static void a_message_may_quote_the_one_it_replaces(void **state)
{
	struct mldv_error err = {0};

	(void)state;
	(void)err_set(&err, MLDV_FAILED, "inner");
	(void)err_set(&err, MLDV_CORRUPT, "outer (%s)", err.text);
	assert_string_equal(err.text, "outer (inner)");
}

static void errno_gives_the_cause_and_the_code(void **state)
{
	static const struct {
		int error;
		enum mldv_code code;
	} cases[] = {
	    {ENOENT, MLDV_NOT_FOUND},
	    {ENOTDIR, MLDV_NOT_FOUND},
	    {EEXIST, MLDV_EXISTS},
	    {EACCES, MLDV_FAILED},
	    {ENOSPC, MLDV_FAILED},
	};
	struct mldv_error err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		errno = cases[i].error;
		assert_int_equal(err_errno(&err, "cannot read '%s'", "a"), -1);
		assert_int_equal(err.code, cases[i].code);
		assert_int_equal(errno, cases[i].error);
	}
	assert_string_equal(err.text,
	    "cannot read 'a': No space left on device");
}

static void a_prefix_keeps_the_code(void **state)
{
	struct mldv_error err = {0};

	(void)state;
	(void)err_set(&err, MLDV_MISSING, "no object");
	assert_int_equal(err_prefix(&err, "stage '%s'", "train"), -1);
	assert_int_equal(err.code, MLDV_MISSING);
	assert_string_equal(err.text, "stage 'train': no object");
}

static void the_cause_survives_a_name_that_is_too_long(void **state)
{
	static char name[20000];
	struct mldv_error err = {0};

	(void)state;
	memset(name, 'x', sizeof name - 1);
	errno = ENOENT;
	(void)err_errno(&err, "cannot read '%s'", name);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
	assert_non_null(strstr(err.text, ": No such file or directory"));
	(void)err_set(&err, MLDV_FAILED, "no room");
	(void)err_prefix(&err, "%s", name);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
	assert_non_null(strstr(err.text, "xxx: no room"));
	(void)err_set(&err, MLDV_FAILED, "%s", name);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sets_code_and_text),
	    cmocka_unit_test(a_message_may_quote_the_one_it_replaces),
	    cmocka_unit_test(errno_gives_the_cause_and_the_code),
	    cmocka_unit_test(a_prefix_keeps_the_code),
	    cmocka_unit_test(the_cause_survives_a_name_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
