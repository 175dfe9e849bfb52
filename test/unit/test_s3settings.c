/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/s3bucket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void every_part_of_a_rule_is_read(void **state)
{
	static const char text[] =
	    "<LifecycleConfiguration><Rule><ID>a</ID>"
	    "<Filter><And><Prefix>p/</Prefix><Tag><Key>k</Key></Tag></And>"
	    "</Filter><Status>Enabled</Status>"
	    "<Transition><StorageClass>GLACIER</StorageClass></Transition>"
	    "<Transition><StorageClass>STANDARD_IA</StorageClass></Transition>"
	    "<NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays>"
	    "</NoncurrentVersionExpiration></Rule>"
	    "<Rule><Prefix>q</Prefix><Status>Disabled</Status>"
	    "<Expiration><Days>3</Days></Expiration>"
	    "<AbortIncompleteMultipartUpload>"
	    "<DaysAfterInitiation>7</DaysAfterInitiation>"
	    "</AbortIncompleteMultipartUpload></Rule>"
	    "</LifecycleConfiguration>";
	struct s3_lifecycle rules;
	struct mldv_error err;

	(void)state;
	assert_int_equal(s3_lifecycle_read(&rules, slice_of(text), &err), 0);
	assert_int_equal(rules.count, 2);
	assert_string_equal(rules.rules[0].id, "a");
	assert_string_equal(rules.rules[0].prefix, "p/");
	assert_true(rules.rules[0].enabled);
	assert_true(rules.rules[0].narrowed);
	assert_true(rules.rules[0].archives);
	assert_false(rules.rules[0].expires);
	assert_int_equal(rules.rules[0].old_days, 30);
	assert_string_equal(rules.rules[1].id, "");
	assert_string_equal(rules.rules[1].prefix, "q");
	assert_false(rules.rules[1].enabled);
	assert_false(rules.rules[1].narrowed);
	assert_false(rules.rules[1].archives);
	assert_true(rules.rules[1].expires);
	assert_int_equal(rules.rules[1].upload_days, 7);
	s3_lifecycle_release(&rules);
}

static void moving_to_a_cheaper_class_is_no_archive(void **state)
{
	struct s3_lifecycle rules;
	struct mldv_error err;

	(void)state;
	assert_int_equal(s3_lifecycle_read(&rules,
	                     slice_of("<LifecycleConfiguration><Rule>"
	                              "<Transition><StorageClass>GLACIER_IR"
	                              "</StorageClass></Transition></Rule>"
	                              "</LifecycleConfiguration>"),
	                     &err),
	    0);
	assert_false(rules.rules[0].archives);
	assert_string_equal(rules.rules[0].prefix, "");
	s3_lifecycle_release(&rules);
}

static void versions_are_on_off_or_suspended(void **state)
{
	enum s3_versioning versioning;
	struct mldv_error err;

	(void)state;
	assert_int_equal(s3_versioning_read(&versioning,
	                     slice_of("<VersioningConfiguration/>"), &err),
	    0);
	assert_int_equal(versioning, S3_NEVER);
	assert_int_equal(
	    s3_versioning_read(&versioning,
	        slice_of("<VersioningConfiguration><Status>Suspended</Status>"
	                 "</VersioningConfiguration>"),
	        &err),
	    0);
	assert_int_equal(versioning, S3_SUSPENDED);
	assert_int_equal(
	    s3_versioning_read(&versioning,
	        slice_of("<VersioningConfiguration><Status>Enabled</Status>"
	                 "</VersioningConfiguration>"),
	        &err),
	    0);
	assert_int_equal(versioning, S3_ENABLED);
}

static void access_is_blocked_only_if_all_four_kinds_are(void **state)
{
	enum s3_public access;
	struct mldv_error err;

	(void)state;
	assert_int_equal(
	    s3_public_read(&access,
	        slice_of("<P><BlockPublicAcls>true</BlockPublicAcls>"
	                 "<IgnorePublicAcls>true</IgnorePublicAcls>"
	                 "<BlockPublicPolicy>true</BlockPublicPolicy>"
	                 "<RestrictPublicBuckets>false</RestrictPublicBuckets>"
	                 "</P>"),
	        &err),
	    0);
	assert_int_equal(access, S3_SOME_BLOCKED);
	assert_int_equal(
	    s3_public_read(&access,
	        slice_of("<P><BlockPublicAcls>true</BlockPublicAcls>"
	                 "<IgnorePublicAcls>true</IgnorePublicAcls>"
	                 "<BlockPublicPolicy>true</BlockPublicPolicy>"
	                 "<RestrictPublicBuckets>true</RestrictPublicBuckets>"
	                 "</P>"),
	        &err),
	    0);
	assert_int_equal(access, S3_BLOCKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_part_of_a_rule_is_read),
	    cmocka_unit_test(moving_to_a_cheaper_class_is_no_archive),
	    cmocka_unit_test(versions_are_on_off_or_suspended),
	    cmocka_unit_test(access_is_blocked_only_if_all_four_kinds_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
