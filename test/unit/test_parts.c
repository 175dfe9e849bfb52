/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/parts.h"

#define HEAD "mldv-parts 1\nitem data/raw\nrest skip\n"

/* What a choice is as text, but for its first two lines. */
static void is(const struct parts *parts, const char *expected)
{
	struct buf out = {0};
	const char *head = "mldv-parts 1\nitem data/raw\nrest ";

	parts_format(parts, "data/raw", &out);
	assert_memory_equal(buf_str(&out), head, strlen(head));
	assert_string_equal(buf_str(&out) + strlen(head), expected);
	buf_release(&out);
}

static void answers_by_the_nearest_part_at_or_above(void **state)
{
	struct parts parts = {0};

	(void)state;
	assert_int_equal(parts_at(&parts, ""), PARTS_NONE);
	parts_set(&parts, "a/b", true);
	parts_set(&parts, "a/b/c", false);
	is(&parts, "skip\ntake a/b\nskip a/b/c\n");
	assert_int_equal(parts_at(&parts, ""), PARTS_SOME);
	assert_int_equal(parts_at(&parts, "a"), PARTS_SOME);
	assert_int_equal(parts_at(&parts, "a/b"), PARTS_SOME);
	assert_int_equal(parts_at(&parts, "a/b/d"), PARTS_ALL);
	assert_int_equal(parts_at(&parts, "a/b/c"), PARTS_NONE);
	assert_int_equal(parts_at(&parts, "a/b/c/e"), PARTS_NONE);
	assert_int_equal(parts_at(&parts, "a/bc"), PARTS_NONE);
	assert_int_equal(parts_at(&parts, "b"), PARTS_NONE);
	parts_release(&parts);
}

static void keeps_only_what_makes_a_difference(void **state)
{
	struct parts parts = {0};

	(void)state;
	parts_set(&parts, "a/b", false);
	is(&parts, "skip\n");
	parts_set(&parts, "a/b", true);
	parts_set(&parts, "a/b/c", true);
	is(&parts, "skip\ntake a/b\n");
	parts_set(&parts, "a-b", true);
	parts_set(&parts, "a", true);
	is(&parts, "skip\ntake a\ntake a-b\n");
	parts_set(&parts, "a/x", false);
	parts_set(&parts, "a", false);
	is(&parts, "skip\ntake a-b\n");
	parts_set(&parts, "", true);
	is(&parts, "take\n");
	assert_int_equal(parts_at(&parts, ""), PARTS_ALL);
	parts_set(&parts, "images", false);
	assert_int_equal(parts_at(&parts, ""), PARTS_SOME);
	assert_int_equal(parts_at(&parts, "other"), PARTS_ALL);
	parts_release(&parts);
}

static void reads_what_it_wrote(void **state)
{
	const char *text = HEAD "take a\nskip a/b\\nc\ntake z\n";
	struct mldv_error err;
	struct parts parts;
	struct buf out = {0};
	const char *item;

	(void)state;
	assert_int_equal(parts_parse(&parts, &item, text, strlen(text), &err),
	    0);
	assert_string_equal(item, "data/raw");
	assert_int_equal(parts.count, 3);
	assert_int_equal(parts_at(&parts, "a/b\nc/d"), PARTS_NONE);
	parts_format(&parts, item, &out);
	assert_string_equal(buf_str(&out), text);
	buf_release(&out);
	parts_release(&parts);
}

static void refuses_what_is_not_canonical(void **state)
{
	static const char *const texts[] = {
	    "",
	    "mldv-parts 2\nitem a\nrest skip\n",
	    "mldv-parts 1\nrest skip\nitem a\n",
	    "mldv-parts 1\nitem /a\nrest skip\n",
	    "mldv-parts 1\nitem a\nrest some\n",
	    HEAD "take b\ntake a\n",
	    HEAD "take a\ntake a\n",
	    HEAD "skip a\n",
	    HEAD "take a\ntake a/b\n",
	    HEAD "take a/../b\n",
	    HEAD "take \n",
	    HEAD "want a\n",
	    HEAD "take a",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct mldv_error err = {0};
		struct parts parts;
		const char *item;

		assert_int_equal(parts_parse(&parts, &item, texts[i],
		                     strlen(texts[i]), &err),
		    -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_by_the_nearest_part_at_or_above),
	    cmocka_unit_test(keeps_only_what_makes_a_difference),
	    cmocka_unit_test(reads_what_it_wrote),
	    cmocka_unit_test(refuses_what_is_not_canonical),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
