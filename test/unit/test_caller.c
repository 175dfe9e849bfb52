/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aws/caller.h"

static void is(const char *session, const char *role)
{
	struct arena arena = {0};
	const char *out = aws_role_of_session(session, &arena);

	if (role) {
		assert_non_null(out);
		assert_string_equal(out, role);
	} else {
		assert_null(out);
	}
	arena_release(&arena);
}

static void a_session_s_role_is_found(void **state)
{
	(void)state;
	is("arn:aws:sts::123456789012:assumed-role/train/i-0abc",
	    "arn:aws:iam::123456789012:role/train");
	is("arn:aws-cn:sts::123456789012:assumed-role/a.b@c/SageMaker",
	    "arn:aws-cn:iam::123456789012:role/a.b@c");
}

static void roles_of_the_console_have_a_path(void **state)
{
	(void)state;
	is("arn:aws:sts::123456789012:assumed-role/"
	   "AmazonSageMaker-ExecutionRole-20260101T0/SageMaker",
	    "arn:aws:iam::123456789012:role/service-role/"
	    "AmazonSageMaker-ExecutionRole-20260101T0");
}

static void what_is_no_session_has_none(void **state)
{
	(void)state;
	is("arn:aws:iam::123456789012:user/me", NULL);
	is("arn:aws:sts::123456789012:federated-user/me", NULL);
	is("arn:aws:sts::123456789012:assumed-role/train", NULL);
	is("arn:aws:sts::123456789012:assumed-role//i", NULL);
	is("", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_session_s_role_is_found),
	    cmocka_unit_test(roles_of_the_console_have_a_path),
	    cmocka_unit_test(what_is_no_session_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
