/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/kind.h"

static const enum kind kinds[] = {KIND_FILE, KIND_EXEC, KIND_LINK, KIND_DIR};

static struct content content_of(enum kind kind, uint64_t size, uint64_t files)
{
	struct content content = {.kind = kind, .size = size, .files = files};

	content.oid.bytes[0] = 1;
	return content;
}

static void every_kind_has_a_letter_and_a_name(void **state)
{
	static const char *const names[] = {"file", "exec", "link", "dir"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char letter = kind_letter(kinds[i]);
		enum kind back;

		assert_int_equal(letter, "fxld"[i]);
		assert_string_equal(kind_name(kinds[i]), names[i]);
		assert_true(kind_of_letter((struct slice){&letter, 1}, &back));
		assert_int_equal(back, kinds[i]);
	}
}

static void refuses_other_letters(void **state)
{
	enum kind kind = KIND_LINK;

	(void)state;
	assert_false(kind_of_letter(slice_of("p"), &kind));
	assert_false(kind_of_letter(slice_of(""), &kind));
	assert_false(kind_of_letter(slice_of("ff"), &kind));
	assert_false(kind_of_letter((struct slice){"\0", 1}, &kind));
	assert_int_equal(kind, KIND_LINK);
}

static void content_is_equal_in_all_four(void **state)
{
	struct content a = content_of(KIND_FILE, 3, 1);
	struct content b = a;

	(void)state;
	assert_true(content_equal(&a, &b));
	b.kind = KIND_EXEC;
	assert_false(content_equal(&a, &b));
	b = a;
	b.size++;
	assert_false(content_equal(&a, &b));
	b = a;
	b.files++;
	assert_false(content_equal(&a, &b));
	b = a;
	b.oid.bytes[31]++;
	assert_false(content_equal(&a, &b));
}

static void what_is_not_a_directory_is_one_file(void **state)
{
	struct content content;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		content = content_of(kinds[i], 3, 1);
		assert_null(content_refused(&content));
		content.files = 2;
		assert_non_null(content_refused(&content));
		content.files = 0;
		assert_non_null(content_refused(&content));
	}
}

static void just_the_empty_object_has_size_zero(void **state)
{
	struct content content = content_of(KIND_FILE, 0, 1);

	(void)state;
	assert_non_null(content_refused(&content));
	content.oid = oid_empty;
	assert_null(content_refused(&content));
	content.size = 1;
	assert_non_null(content_refused(&content));
}

static void a_link_has_a_target_of_bounded_length(void **state)
{
	struct content content = content_of(KIND_LINK, LINK_LIMIT, 1);

	(void)state;
	assert_null(content_refused(&content));
	content.size = LINK_LIMIT + 1;
	assert_non_null(content_refused(&content));
	content.size = 0;
	content.oid = oid_empty;
	assert_non_null(content_refused(&content));
}

static void a_directory_without_files_has_no_size(void **state)
{
	struct content content = content_of(KIND_DIR, 0, 0);

	(void)state;
	assert_null(content_refused(&content));
	content.files = 3;
	assert_null(content_refused(&content));
	content.size = 1;
	content.files = 0;
	assert_non_null(content_refused(&content));
	content = content_of(KIND_DIR, 0, 0);
	oid_of("mldv-tree 1\n", 12, &content.oid);
	assert_null(content_refused(&content));
	content.files = 1;
	assert_non_null(content_refused(&content));
	content = content_of(KIND_DIR, 0, 0);
	content.oid = oid_empty;
	assert_non_null(content_refused(&content));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_has_a_letter_and_a_name),
	    cmocka_unit_test(refuses_other_letters),
	    cmocka_unit_test(content_is_equal_in_all_four),
	    cmocka_unit_test(what_is_not_a_directory_is_one_file),
	    cmocka_unit_test(just_the_empty_object_has_size_zero),
	    cmocka_unit_test(a_link_has_a_target_of_bounded_length),
	    cmocka_unit_test(a_directory_without_files_has_no_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
