/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/ini.h"

static void set(const char *text, const char *section, const char *key,
    const char *value, const char *expected)
{
	struct mldv_error err;
	struct buf out = {0};

	if (ini_set(text, strlen(text), section, key, value, &out, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(buf_str(&out), expected);
	buf_release(&out);
}

static void unset(const char *text, const char *section, const char *key,
    int ret, const char *expected)
{
	struct mldv_error err;
	struct buf out = {0};

	assert_int_equal(ini_unset(text, strlen(text), section, key, &out,
	                     &err),
	    ret);
	assert_string_equal(buf_str(&out), expected);
	buf_release(&out);
}

static void remove_section(const char *text, const char *section, int ret,
    const char *expected)
{
	struct mldv_error err;
	struct buf out = {0};

	assert_int_equal(ini_remove_section(text, strlen(text), section, &out,
	                     &err),
	    ret);
	assert_string_equal(buf_str(&out), expected);
	buf_release(&out);
}

static void changes_a_value_in_its_place(void **state)
{
	(void)state;
	set("# c\n[a]\nk   =  v  \n; d\nl=1\n\n[b]\nk = 2\n", "a", "k", "w",
	    "# c\n[a]\nk   =  w\n; d\nl=1\n\n[b]\nk = 2\n");
	set("[a]\nk=v\n", "a", "k", "w", "[a]\nk=w\n");
	set("[a]\nk=\nl = 1\n", "a", "k", "w", "[a]\nk= w\nl = 1\n");
	set("[a]\nk = v", "a", "k", "", "[a]\nk =\n");
	set("[b]\nk = 1\n[a]\nk = 1\n", "a", "k", "2",
	    "[b]\nk = 1\n[a]\nk = 2\n");
}

static void leaves_a_value_that_is_the_same(void **state)
{
	const char *text = "[a]\nk =   \n     x\n # y\n\n   z  \n";

	(void)state;
	set(text, "a", "k", "x\nz", text);
}

static void writes_lines_as_continuations(void **state)
{
	(void)state;
	set("[a]\nk = v\nl = 1\n", "a", "k", "x\ny = 1",
	    "[a]\nk =\n  x\n  y = 1\nl = 1\n");
	set("[a]\nk =\n  x\n  # of x\n\n  y\n# of l\nl = 1\n", "a", "k", "z",
	    "[a]\nk = z\n  # of x\n\n# of l\nl = 1\n");
	set("", "a", "k", "x\ny", "[a]\nk =\n  x\n  y\n");
}

static void adds_a_key_at_the_section_s_end(void **state)
{
	(void)state;
	set("[a]\nk = 1\n# of b\n[b]\n", "a", "l", "2",
	    "[a]\nk = 1\nl = 2\n# of b\n[b]\n");
	set("[a]\nk =\n  1\n  2\n\n[b]\n", "a", "l", "2",
	    "[a]\nk =\n  1\n  2\nl = 2\n\n[b]\n");
	set("[a]\n\n[b]\n", "a", "l", "2", "[a]\nl = 2\n\n[b]\n");
	set("[a]\nk = 1", "a", "l", "2", "[a]\nk = 1\nl = 2\n");
}

static void adds_a_section_at_the_end(void **state)
{
	(void)state;
	set("", "remote o", "url", "/x", "[remote o]\nurl = /x\n");
	set("[a]\nk = 1\n", "b", "l", "2", "[a]\nk = 1\n\n[b]\nl = 2\n");
	set("[a]\nk = 1", "b", "l", "2", "[a]\nk = 1\n\n[b]\nl = 2\n");
	set("[a]\nk = 1\n\n", "b", "l", "2", "[a]\nk = 1\n\n[b]\nl = 2\n");
}

static void keeps_crlf_and_a_byte_order_mark(void **state)
{
	(void)state;
	set("\xef\xbb\xbf[a]\r\nk = 1\r\n", "a", "k", "2",
	    "\xef\xbb\xbf[a]\r\nk = 2\r\n");
	set("\xef\xbb\xbf[a]\r\nk = 1\r\n", "b", "l", "x\ny",
	    "\xef\xbb\xbf[a]\r\nk = 1\r\n\r\n[b]\r\nl =\r\n  x\r\n  y\r\n");
	set("\xef\xbb\xbf", "b", "l", "x", "\xef\xbb\xbf[b]\nl = x\n");
	unset("[a]\r\nk = 1\r\nl = 2\r\n", "a", "k", 1, "[a]\r\nl = 2\r\n");
	remove_section("\xef\xbb\xbf[a]\r\nk = 1\r\n\r\n[b]\r\n", "a", 1,
	    "\xef\xbb\xbf[b]\r\n");
}

static void refuses_values_that_would_read_differently(void **state)
{
	static const char *const values[] = {
	    " a",
	    "a ",
	    "a\n\nb",
	    "a\n",
	    "\na",
	    "a\n# b",
	    "a\n;b",
	    "a\n b",
	    "a\x01",
	    "a\rb",
	    "\x83\x65",
	    "\xe3\x80\x80x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct mldv_error err = {0};
		struct buf out = {0};

		assert_int_equal(ini_set("[a]\n", 4, "a", "k", values[i], &out,
		                     &err),
		    -1);
		assert_int_equal(err.code, MLDV_USAGE);
		assert_int_equal(out.len, 0);
		buf_release(&out);
	}
}

static void refuses_names_that_cannot_be(void **state)
{
	static const char *const names[][2] = {
	    {"a]\n[b", "k"},
	    {"a", "k = 1\nl"},
	    {"a", "k l"},
	    {"a", ""},
	    {"", "k"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct mldv_error err = {0};
		struct buf out = {0};

		assert_int_equal(ini_set("[a]\n", 4, names[i][0], names[i][1],
		                     "v", &out, &err),
		    -1);
		assert_int_equal(out.len, 0);
		buf_release(&out);
	}
}

static void does_not_edit_what_it_cannot_read(void **state)
{
	struct mldv_error err = {0};
	struct buf out = {0};

	(void)state;
	assert_int_equal(ini_set("[a]\n[a]\n", 8, "a", "k", "v", &out, &err),
	    -1);
	assert_string_equal(err.text,
	    "line 2: section [a] is there already, on line 1");
	assert_int_equal(ini_unset("[", 1, "a", "k", &out, &err), -1);
	assert_int_equal(ini_remove_section("[", 1, "a", &out, &err), -1);
	assert_int_equal(out.len, 0);
}

static void takes_a_key_out_with_all_its_lines(void **state)
{
	(void)state;
	unset("[a]\nk =\n  1\n # c\n  2\n# d\nl = 2\n", "a", "k", 1,
	    "[a]\n # c\n# d\nl = 2\n");
	unset("[a]\nk = 1", "a", "k", 1, "[a]\n");
	unset("[a]\nk = 1\n", "a", "l", 0, "[a]\nk = 1\n");
	unset("[a]\nk = 1\n[b]\nl = 1\n", "a", "l", 0,
	    "[a]\nk = 1\n[b]\nl = 1\n");
}

static void takes_a_section_out_with_its_comments(void **state)
{
	(void)state;
	remove_section("# top\n\n# of a\n[a]\nk = 1\n\n# of b\n[b]\n", "a", 1,
	    "# top\n\n# of b\n[b]\n");
	remove_section("[b]\nl = 1\n\n[a]\nk = 1\n", "a", 1, "[b]\nl = 1\n");
	remove_section("[b]\r\nl = 1\r\n\r\n[a]\r\nk = 1\r\n", "a", 1,
	    "[b]\r\nl = 1\r\n");
	remove_section("[b]\nl = 1\n", "a", 0, "[b]\nl = 1\n");
	remove_section("[a]\n", "a", 1, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(changes_a_value_in_its_place),
	    cmocka_unit_test(leaves_a_value_that_is_the_same),
	    cmocka_unit_test(writes_lines_as_continuations),
	    cmocka_unit_test(adds_a_key_at_the_section_s_end),
	    cmocka_unit_test(adds_a_section_at_the_end),
	    cmocka_unit_test(keeps_crlf_and_a_byte_order_mark),
	    cmocka_unit_test(refuses_values_that_would_read_differently),
	    cmocka_unit_test(refuses_names_that_cannot_be),
	    cmocka_unit_test(does_not_edit_what_it_cannot_read),
	    cmocka_unit_test(takes_a_key_out_with_all_its_lines),
	    cmocka_unit_test(takes_a_section_out_with_its_comments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
