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

struct parsed {
	struct arena arena;
	struct ini ini;
	struct mldv_error err;
	int ret;
};

static void parse_n(struct parsed *p, const char *text, size_t len)
{
	*p = (struct parsed){0};
	p->ret = ini_parse(&p->ini, &p->arena, "mldv.ini", text, len, &p->err);
}

static const char *get(const struct parsed *p, const char *section,
    const char *key)
{
	const struct ini_section *s = ini_find(&p->ini, section);
	const struct ini_entry *e = s ? ini_entry_find(s, key) : NULL;

	return e ? e->value : NULL;
}

static void expect(const char *text, const char *section, const char *key,
    const char *value)
{
	struct parsed p;

	parse_n(&p, text, strlen(text));
	if (p.ret < 0)
		fail_msg("%s", p.err.text);
	assert_non_null(get(&p, section, key));
	assert_string_equal(get(&p, section, key), value);
	arena_release(&p.arena);
}

static void refuse_n(const char *text, size_t len, const char *message)
{
	struct parsed p;

	parse_n(&p, text, len);
	assert_int_equal(p.ret, -1);
	assert_int_equal(p.err.code, MLDV_USAGE);
	assert_string_equal(p.err.text, message);
	arena_release(&p.arena);
}

static void refuse(const char *text, const char *message)
{
	refuse_n(text, strlen(text), message);
}

static void reads_values_of_one_line(void **state)
{
	(void)state;
	expect("[a]\nk = v\n", "a", "k", "v");
	expect("[a]\nk=v", "a", "k", "v");
	expect("[a]\nk : v\n", "a", "k", "v");
	expect("[a]\nk\t=\tv w \n", "a", "k", "v w");
	expect("[a]\nk =\n", "a", "k", "");
	expect("[stage a.b-C_1]\nk.x-y = a = b : c\n", "stage a.b-C_1", "k.x-y",
	    "a = b : c");
}

static void takes_a_semicolon_for_text(void **state)
{
	(void)state;
	expect("[a]\nk = cd x ; python y\n", "a", "k", "cd x ; python y");
	expect("[a]\nk = ;x\n", "a", "k", ";x");
	expect("[a]\nk = x #y\n", "a", "k", "x #y");
	expect("[a]\nk =\n  a ; b\n  c\t; d\n", "a", "k", "a ; b\nc\t; d");
}

static void joins_continuation_lines(void **state)
{
	(void)state;
	expect("[a]\nk =\n  x\n\ty\n", "a", "k", "x\ny");
	expect("[a]\nk = x\n  y\n", "a", "k", "x\ny");
	expect("[a]\nk =\n  x\n\n  # no\n; no\n  y\nl = z\n", "a", "k", "x\ny");
	expect("[a]\nk =\n  [b]\n  l = z\n", "a", "k", "[b]\nl = z");
}

static void says_where_each_line_stands(void **state)
{
	struct parsed p;
	const struct ini_section *s;
	const struct ini_entry *e;
	const char *text = "# top\n[a]\nk =\n\n  x\n  # no\n  y\nl = m\n  n\n";

	(void)state;
	parse_n(&p, text, strlen(text));
	assert_int_equal(p.ret, 0);
	s = ini_find(&p.ini, "a");
	assert_int_equal(s->line, 2);
	e = ini_entry_find(s, "k");
	assert_int_equal(e->line, 3);
	assert_int_equal(e->line_count, 2);
	assert_int_equal(e->lines[0], 5);
	assert_int_equal(e->lines[1], 7);
	e = ini_entry_find(s, "l");
	assert_int_equal(e->line_count, 2);
	assert_int_equal(e->lines[0], 8);
	arena_release(&p.arena);
}

static void keeps_empty_sections(void **state)
{
	struct parsed p;

	(void)state;
	parse_n(&p, "[a]\n[b]\n", 8);
	assert_int_equal(p.ret, 0);
	assert_non_null(ini_find(&p.ini, "a"));
	assert_non_null(ini_find(&p.ini, "b"));
	assert_null(ini_find(&p.ini, "b")->entries);
	assert_null(ini_find(&p.ini, "c"));
	arena_release(&p.arena);
}

static void reads_lines_of_any_length(void **state)
{
	(void)state;
	for (size_t len = 100; len < 5000; len += 61) {
		struct buf text = {0};
		struct buf value = {0};
		char key[INI_NAME + 1];

		memset(key, 'k', INI_NAME);
		key[INI_NAME] = '\0';
		for (size_t i = 0; i < len; i++)
			buf_add_char(&value, "[ab ;=:#\"x\t]"[i * 7 % 12]);
		buf_add_str(&value, "e\nb");
		for (size_t i = 0; i < len; i++)
			buf_add_char(&value, "ab ;=:[]#\"x\t]"[i * 5 % 12]);
		buf_add_str(&value, "e");
		buf_printf(&text, "[a]\n%s =\n  ", key);
		for (size_t i = 0; i < value.len; i++) {
			buf_add_char(&text, value.data[i]);
			if (value.data[i] == '\n')
				buf_add_str(&text, "   ");
		}
		expect(buf_str(&text), "a", key, buf_str(&value));
		buf_release(&text);
		buf_release(&value);
	}
}

static void accepts_crlf_and_a_byte_order_mark(void **state)
{
	(void)state;
	expect("\xef\xbb\xbf[a]\r\nk = v\r\n", "a", "k", "v");
	expect("[a]\r\nk =\r\n  v\r\n\r\n  w\r\n", "a", "k", "v\nw");
}

static void refuses_what_is_there_twice(void **state)
{
	(void)state;
	refuse("[a]\nk = 1\n\nk = 2\n",
	    "mldv.ini:4: key 'k' of [a] is there already, on line 2");
	refuse("[a]\n[b]\n[a]\n",
	    "mldv.ini:3: section [a] is there already, on line 1");
	expect("[a]\nk = 1\n[b]\nk = 2\n", "b", "k", "2");
}

static void refuses_full_width_signs_outside_values(void **state)
{
	(void)state;
	refuse("[a]\nk ＝ 1\n",
	    "mldv.ini:2: full-width '＝' outside a value; write a plain '='");
	refuse("[a]\nk： 1\n",
	    "mldv.ini:2: full-width '：' outside a value; write a plain ':'");
	refuse("［a］\n",
	    "mldv.ini:1: full-width '［' outside a value; write a plain '['");
	refuse("[a］\n",
	    "mldv.ini:1: full-width '］' outside a value; write a plain ']'");
	refuse("[a]\n；no\n",
	    "mldv.ini:2: full-width '；' outside a value; write a plain ';'");
	refuse("[a]\nk = \xe3\x80\x80x\n",
	    "mldv.ini:2: ideographic space (U+3000) outside a value; write a "
	    "plain ' '");
	refuse("[a]\nk =\n\xe3\x80\x80x\n",
	    "mldv.ini:3: ideographic space (U+3000) outside a value; write a "
	    "plain ' '");
	refuse("[a]\nk =\n  x\xe3\x80\x80\n",
	    "mldv.ini:3: ideographic space (U+3000) outside a value; write a "
	    "plain ' '");
	refuse("[stage\xe3\x80\x80x]\n",
	    "mldv.ini:1: ideographic space (U+3000) outside a value; write a "
	    "plain ' '");
	expect("[a]\n# ［＝\nk = a＝\xe3\x80\x80：b\n", "a", "k",
	    "a＝\xe3\x80\x80：b");
}

static void refuses_what_is_not_utf8_and_says_how_to_convert(void **state)
{
	(void)state;
	refuse("[a]\n# \x83\x65\nk = 1\n",
	    "mldv.ini:2: not UTF-8; convert the file, for instance with "
	    "'iconv -f CP932 -t UTF-8'");
	refuse_n("\xff\xfe[\0a\0]\0", 8,
	    "mldv.ini:1: not UTF-8 but UTF-16; convert the file with 'iconv "
	    "-f UTF-16 -t UTF-8'");
}

static void refuses_control_bytes(void **state)
{
	(void)state;
	refuse("[a]\nk = \x01\n", "mldv.ini:2: control byte 0x01");
	refuse("[a]\nk = a\rb\n", "mldv.ini:2: control byte 0x0d");
	refuse_n("[a]\nk = \0\n", 10, "mldv.ini:2: control byte 0x00");
}

static void refuses_malformed_lines(void **state)
{
	(void)state;
	refuse("[a\n", "mldv.ini:1: ']' is missing");
	refuse("[a] ; x\n",
	    "mldv.ini:1: ' ; x' stands after the section's ']'");
	refuse("[remote \"o\"]\n",
	    "mldv.ini:1: a section's name has no quotes: [remote origin]");
	refuse("[a]\nhello\n",
	    "mldv.ini:2: 'hello' is neither a [section] nor key = value; the "
	    "lines of a longer value are indented");
	refuse("[a]\n= x\n", "mldv.ini:2: a key is missing before the '='");
	refuse("[a]\nk l = x\n",
	    "mldv.ini:2: 'k l' cannot be a key; one is made of A-Z a-z 0-9 . "
	    "_ -");
	refuse("k = 1\n",
	    "mldv.ini:1: key 'k' stands before the first section");
	refuse("[a]\n  k = 1\n",
	    "mldv.ini:2: an indented line without a key above it; sections "
	    "and keys begin in the first column");
	refuse("[a]\nk2345678901234567890123456789012345678901234567890 = 1\n",
	    "mldv.ini:2: a key has at most 49 bytes");
}

static void refuses_names_of_sections_that_cannot_be(void **state)
{
	static const char *const names[] = {
	    "",
	    " a",
	    "a ",
	    "a  b",
	    "a b c",
	    "a/b",
	    "stage 12345678901234567890123456789012345678901",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct buf text = {0};
		struct parsed p;

		buf_printf(&text, "[%s]\n", names[i]);
		parse_n(&p, text.data, text.len);
		assert_int_equal(p.ret, -1);
		assert_non_null(strstr(p.err.text, "cannot be a section"));
		arena_release(&p.arena);
		buf_release(&text);
	}
}

static void refuses_a_file_that_is_too_large(void **state)
{
	size_t len = INI_LIMIT + 1;
	char *text = malloc(len);

	(void)state;
	assert_non_null(text);
	memset(text, '\n', len);
	refuse_n(text, len, "mldv.ini:1: larger than 4 MiB");
	free(text);
}

static void leaves_the_output_alone_on_failure(void **state)
{
	struct arena arena = {0};
	struct mldv_error err;
	struct ini ini = {.path = "before"};

	(void)state;
	assert_int_equal(ini_parse(&ini, &arena, "x", "[", 1, &err), -1);
	assert_string_equal(ini.path, "before");
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_values_of_one_line),
	    cmocka_unit_test(takes_a_semicolon_for_text),
	    cmocka_unit_test(joins_continuation_lines),
	    cmocka_unit_test(says_where_each_line_stands),
	    cmocka_unit_test(keeps_empty_sections),
	    cmocka_unit_test(reads_lines_of_any_length),
	    cmocka_unit_test(accepts_crlf_and_a_byte_order_mark),
	    cmocka_unit_test(refuses_what_is_there_twice),
	    cmocka_unit_test(refuses_full_width_signs_outside_values),
	    cmocka_unit_test(refuses_what_is_not_utf8_and_says_how_to_convert),
	    cmocka_unit_test(refuses_control_bytes),
	    cmocka_unit_test(refuses_malformed_lines),
	    cmocka_unit_test(refuses_names_of_sections_that_cannot_be),
	    cmocka_unit_test(refuses_a_file_that_is_too_large),
	    cmocka_unit_test(leaves_the_output_alone_on_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
