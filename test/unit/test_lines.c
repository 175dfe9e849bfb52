/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "format/lines.h"

static int start(struct lines *lines, const char *text, struct mldv_error *err)
{
	return lines_start(lines, "thing", text, strlen(text), err);
}

/* Starts a text whose second line is this one. */
static void begin(struct lines *lines, char text[256], const char *line)
{
	struct mldv_error err = {0};

	(void)snprintf(text, 256, "mldv-thing 1\n%s\n", line);
	assert_int_equal(start(lines, text, &err), 0);
	assert_int_equal(lines_next(lines, &err), 1);
}

static void reads_line_by_line(void **state)
{
	struct mldv_error err = {0};
	struct lines lines;

	(void)state;
	assert_int_equal(start(&lines, "mldv-thing 1\na\n\nb\n", &err), 0);
	assert_int_equal(lines_count(&lines, 1), 3);
	assert_int_equal(lines_next(&lines, &err), 1);
	assert_true(slice_is(lines.line, "a"));
	assert_int_equal(lines.number, 2);
	assert_int_equal(lines_next(&lines, &err), 1);
	assert_int_equal(lines.line.len, 0);
	assert_int_equal(lines_next(&lines, &err), 1);
	assert_true(slice_is(lines.line, "b"));
	assert_int_equal(lines_next(&lines, &err), 0);
	assert_int_equal(err.code, 0);
}

static void counts_no_more_lines_than_can_be(void **state)
{
	struct mldv_error err = {0};
	struct lines lines;

	(void)state;
	assert_int_equal(start(&lines, "mldv-thing 1\n\n\n\n\n\n\n", &err), 0);
	assert_int_equal(lines_count(&lines, 1), 6);
	assert_int_equal(lines_count(&lines, 3), 2);
	assert_int_equal(lines_count(&lines, 7), 0);
}

static void refuses_a_first_line_of_another_format(void **state)
{
	static const char *const texts[] = {
	    "",
	    "\n",
	    "mldv-thing\n",
	    "mldv-thing \n",
	    "mldv-other 1\n",
	    "mldv-thing 01\n",
	    "mldv-thing 1 \n",
	    "mldv-thing 1\r\n",
	    "Mldv-thing 1\n",
	    " mldv-thing 1\n",
	    "mldv-thing x\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mldv_error err = {0};
		struct lines lines;

		assert_int_equal(start(&lines, texts[i], &err), -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
		assert_string_equal(err.text,
		    "thing, line 1: is not 'mldv-thing 1'");
	}
}

static void names_a_version_it_does_not_know(void **state)
{
	struct mldv_error err = {0};
	struct lines lines;

	(void)state;
	assert_int_equal(start(&lines, "mldv-thing 12\n", &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_non_null(strstr(err.text, "line 1: version 12 is not known"));
	assert_non_null(strstr(err.text, "newer mldv"));
}

static void refuses_a_line_without_its_end(void **state)
{
	struct mldv_error err = {0};
	struct lines lines;

	(void)state;
	assert_int_equal(start(&lines, "mldv-thing 1\na", &err), 0);
	assert_int_equal(lines_next(&lines, &err), -1);
	assert_string_equal(err.text, "thing, line 2: has no line end");
	assert_int_equal(start(&lines, "mldv-thing 1", &err), -1);
}

static void takes_fields_off_a_line(void **state)
{
	struct mldv_error err = {0};
	struct lines lines;
	struct slice word;
	uint64_t number;
	char text[256];

	(void)state;
	begin(&lines, text, "word 9223372036854775807");
	assert_int_equal(lines_word(&lines, &word, &err), 0);
	assert_true(slice_is(word, "word"));
	assert_int_equal(lines_end(&lines, &err), -1);
	assert_non_null(strstr(err.text, "line 2: has too much: '9223"));
	assert_int_equal(lines_number(&lines, &number, &err), 0);
	assert_true(number == INT64_MAX);
	assert_int_equal(lines_end(&lines, &err), 0);
	assert_int_equal(lines_word(&lines, &word, &err), -1);
	assert_string_equal(err.text, "thing, line 2: a field is missing");
}

static void refuses_wrong_spaces(void **state)
{
	struct mldv_error err = {0};
	struct lines lines;
	struct slice word;
	char text[256];

	(void)state;
	begin(&lines, text, "a ");
	assert_int_equal(lines_word(&lines, &word, &err), -1);
	begin(&lines, text, " a");
	assert_int_equal(lines_word(&lines, &word, &err), -1);
	begin(&lines, text, "a  b");
	assert_int_equal(lines_word(&lines, &word, &err), 0);
	assert_int_equal(lines_word(&lines, &word, &err), -1);
}

static void refuses_wrong_numbers(void **state)
{
	static const char *const numbers[] = {"00", "01", "-1", "+1", "1x",
	    "0x1", "9223372036854775808", "99999999999999999999", "1,0"};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct mldv_error err = {0};
		struct lines lines;
		uint64_t number = 7;
		char text[256];

		begin(&lines, text, numbers[i]);
		assert_int_equal(lines_number(&lines, &number, &err), -1);
		assert_true(number == 7);
		assert_non_null(strstr(err.text, "is not a number"));
	}
}

static void takes_an_oid(void **state)
{
	struct mldv_error err = {0};
	struct lines lines;
	struct oid oid;
	char text[256];
	char hex[OID_HEX + 1];

	(void)state;
	oid_hex(&oid_empty, hex);
	begin(&lines, text, hex);
	assert_int_equal(lines_oid(&lines, &oid, &err), 0);
	assert_true(oid_equal(&oid, &oid_empty));
	hex[0] = 'E';
	begin(&lines, text, hex);
	assert_int_equal(lines_oid(&lines, &oid, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
}

static void requires_the_named_line(void **state)
{
	struct mldv_error err = {0};
	struct lines lines;

	(void)state;
	assert_int_equal(start(&lines, "mldv-thing 1\nsize 3\n", &err), 0);
	assert_int_equal(lines_field(&lines, "size", &err), 0);
	assert_true(slice_is(lines.line, "3"));
	assert_int_equal(lines_field(&lines, "files", &err), -1);
	assert_string_equal(err.text, "thing, line 3: 'files' is missing");
	assert_int_equal(start(&lines, "mldv-thing 1\nsizes 3\n", &err), 0);
	assert_int_equal(lines_field(&lines, "size", &err), -1);
	assert_non_null(strstr(err.text, "begins with 'sizes', not 'size'"));
}

static void takes_a_path_unescaped(void **state)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct lines lines;
	struct slice path;
	char text[256];

	(void)state;
	begin(&lines, text, "a b/\\n\\\\ \xff ");
	assert_int_equal(lines_path(&lines, &arena, &path, &err), 0);
	assert_int_equal(path.len, 9);
	assert_memory_equal(path.data, "a b/\n\\ \xff ", 10);
	assert_int_equal(lines_end(&lines, &err), 0);
	assert_int_equal(lines_path(&lines, &arena, &path, &err), -1);
	arena_release(&arena);
}

static void refuses_paths_that_are_not_canonical(void **state)
{
	static const char *const paths[] = {"a\\", "\\t", "\\\\\\", "a\\x41",
	    "\\N", ""};
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct lines lines;
	struct slice path;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		begin(&lines, text, paths[i]);
		assert_int_equal(lines_path(&lines, &arena, &path, &err), -1);
		assert_int_equal(err.code, MLDV_CORRUPT);
	}
	assert_int_equal(lines_start(&lines, "thing", "mldv-thing 1\na\0b\n",
	                     17, &err),
	    0);
	assert_int_equal(lines_next(&lines, &err), 1);
	assert_int_equal(lines_path(&lines, &arena, &path, &err), -1);
	arena_release(&arena);
}

static void every_path_reads_as_it_was_written(void **state)
{
	struct mldv_error err = {0};
	struct arena arena = {0};
	struct buf out = {0};
	struct lines lines;
	struct slice path;
	char all[255];

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)(i + 1);
	buf_add_str(&out, "mldv-thing 1\n");
	lines_add_path(&out, all, sizeof(all));
	assert_int_equal(out.data[out.len], '\0');
	buf_add_char(&out, '\n');
	assert_int_equal(lines_start(&lines, "thing", out.data, out.len, &err),
	    0);
	assert_int_equal(lines_next(&lines, &err), 1);
	assert_int_equal(lines_path(&lines, &arena, &path, &err), 0);
	assert_int_equal(path.len, sizeof(all));
	assert_memory_equal(path.data, all, sizeof(all));
	assert_int_equal(lines_next(&lines, &err), 0);
	buf_release(&out);
	arena_release(&arena);
}

static void writes_numbers_and_oids(void **state)
{
	static const uint64_t numbers[] = {0, 9, 10, 1234567890, INT64_MAX,
	    UINT64_MAX};
	struct buf out = {0};
	char expected[32];

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		buf_reset(&out);
		lines_add_number(&out, numbers[i]);
		(void)snprintf(expected, sizeof(expected), "%" PRIu64,
		    numbers[i]);
		assert_string_equal(buf_str(&out), expected);
	}
	buf_reset(&out);
	lines_add_oid(&out, &oid_empty);
	assert_int_equal(out.len, OID_HEX);
	assert_memory_equal(buf_str(&out), "e3b0c442", 8);
	buf_release(&out);
}

static void a_message_with_a_long_field_is_cut(void **state)
{
	struct mldv_error err = {0};
	struct buf text = {0};
	struct lines lines;
	uint64_t number;

	(void)state;
	buf_add_str(&text, "mldv-thing 1\n");
	for (int i = 0; i < 100000; i++)
		buf_add_char(&text, 'x');
	buf_add_char(&text, '\n');
	assert_int_equal(lines_start(&lines, "thing", text.data, text.len,
	                     &err),
	    0);
	assert_int_equal(lines_next(&lines, &err), 1);
	assert_int_equal(lines_number(&lines, &number, &err), -1);
	assert_true(strlen(err.text) < 200);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_line_by_line),
	    cmocka_unit_test(counts_no_more_lines_than_can_be),
	    cmocka_unit_test(refuses_a_first_line_of_another_format),
	    cmocka_unit_test(names_a_version_it_does_not_know),
	    cmocka_unit_test(refuses_a_line_without_its_end),
	    cmocka_unit_test(takes_fields_off_a_line),
	    cmocka_unit_test(refuses_wrong_spaces),
	    cmocka_unit_test(refuses_wrong_numbers),
	    cmocka_unit_test(takes_an_oid),
	    cmocka_unit_test(requires_the_named_line),
	    cmocka_unit_test(takes_a_path_unescaped),
	    cmocka_unit_test(refuses_paths_that_are_not_canonical),
	    cmocka_unit_test(every_path_reads_as_it_was_written),
	    cmocka_unit_test(writes_numbers_and_oids),
	    cmocka_unit_test(a_message_with_a_long_field_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
