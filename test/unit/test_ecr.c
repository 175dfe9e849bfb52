/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aws/ecr.h"

#define HOST "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

static void an_address_is_taken_apart(void **state)
{
	struct arena arena = {0};
	struct ecr_image image;

	(void)state;
	assert_true(ecr_parse(HOST "/a/own:v1", &arena, &image));
	assert_string_equal(image.name, HOST "/a/own");
	assert_string_equal(image.registry, "123456789012");
	assert_string_equal(image.region, "eu-west-1");
	assert_string_equal(image.repository, "a/own");
	assert_string_equal(image.tag, "v1");
	assert_true(ecr_parse("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"
	                      "/own",
	    &arena, &image));
	assert_string_equal(image.region, "cn-north-1");
	assert_string_equal(image.tag, "latest");
	arena_release(&arena);
}

static void what_is_none_of_ecr_is_left_alone(void **state)
{
	static const char *const others[] = {
	    "",
	    "python:3.12",
	    "1.dkr.ecr.eu-west-1.amazonaws.com/own",
	    "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
	    "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own@sha256:00",
	    "123456789012.dkr.ecr.eu-west-1.example.com/own",
	    "123456789012.dkr.ecr./own",
	    "123456789012/own",
	    "pytorch 2.3 py311",
	};
	struct arena arena = {0};
	struct ecr_image image;

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_false(ecr_parse(others[i], &arena, &image));
	arena_release(&arena);
}

static void a_digest_has_64_digits(void **state)
{
	(void)state;
	assert_true(ecr_is_digest("sha256:000102030405060708090a0b0c0d0e0f"
	                          "000102030405060708090a0b0c0d0e0f"));
	assert_false(ecr_is_digest("sha256:00"));
	assert_false(ecr_is_digest(""));
	assert_false(ecr_is_digest("sha256:000102030405060708090a0b0c0d0e0f"
	                           "000102030405060708090a0b0c0d0e0f0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_is_taken_apart),
	    cmocka_unit_test(what_is_none_of_ecr_is_left_alone),
	    cmocka_unit_test(a_digest_has_64_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
