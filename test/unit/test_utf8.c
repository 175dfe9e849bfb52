/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

static void knows_valid_from_invalid(void **state)
{
	static const char *const good[] = {"", "a", "\xc3\xa4", "\xe3\x81\x82",
	    "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "\x7f"};
	static const char *const bad[] = {"\x80", "\xc3", "\xc3(", "\xc0\x80",
	    "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff",
	    "a\xe3\x81", "\x82\xa0"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(utf8_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
	assert_true(utf8_valid("a\0b", 3));
	/* The length counts, not what lies behind. */
	assert_false(utf8_valid("\xe3\x81\x82", 2));
}

static void expect_shown(const char *text, const char *shown)
{
	struct buf buf = {0};

	utf8_show(text, strlen(text), &buf);
	assert_string_equal(buf_str(&buf), shown);
	buf_release(&buf);
}

static void shows_what_can_be_read(void **state)
{
	(void)state;
	expect_shown("", "");
	expect_shown("a b'\"#;", "a b'\"#;");
	expect_shown("\xe3\x81\x82.png", "\xe3\x81\x82.png");
	/* Decomposed, and an emoji with a joiner. */
	expect_shown("e\xcc\x81", "e\xcc\x81");
	expect_shown("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
	    "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb");
	/* CP932 for the same hiragana. */
	expect_shown("\x82\xa0", "\\x82\\xa0");
	expect_shown("a\nb", "a\\nb");
	expect_shown("\xe3\x81", "\\xe3\\x81");
}

static void expect_escaped(const char *text)
{
	struct buf buf = {0};

	utf8_show(text, strlen(text), &buf);
	for (size_t i = 0; i < buf.len; i++)
		assert_true(buf.data[i] >= 0x20 && buf.data[i] < 0x7f);
	assert_int_equal(buf.data[0], '\\');
	buf_release(&buf);
}

static void never_lets_a_control_through(void **state)
{
	/* Controls; what turns text round, hides it or breaks lines. */
	static const unsigned hidden[] = {0x80, 0x9b, 0x9f, 0xad, 0x61c, 0x200b,
	    0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d,
	    0x202e, 0x2066, 0x2067, 0x2068, 0x2069, 0xfeff};
	char text[4] = "";

	(void)state;
	for (unsigned c = 1; c < 0x20; c++) {
		text[0] = (char)c;
		expect_escaped(text);
	}
	expect_escaped("\x7f");
	expect_escaped("\x9b");
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
		unsigned c = hidden[i];
		bool two = c < 0x800;

		text[0] = (char)(two ? 0xc0 | c >> 6 : 0xe0 | c >> 12);
		text[1] = (char)(0x80 | (two ? c & 0x3f : c >> 6 & 0x3f));
		text[2] = (char)(two ? 0 : 0x80 | (c & 0x3f));
		expect_escaped(text);
	}
	expect_shown("\x1b[2J", "\\x1b[2J");
	expect_shown("\xc2\x9b", "\\xc2\\x9b");
}

/* What is shown reads back in one way only. */
static void a_backslash_is_doubled_where_it_must(void **state)
{
	(void)state;
	expect_shown("a\\b", "a\\b");
	expect_shown("a\\", "a\\");
	expect_shown("\\n", "\\\\n");
	expect_shown("\\x83", "\\\\x83");
	expect_shown("\\x8", "\\x8");
	expect_shown("\\xyz", "\\xyz");
	expect_shown("\\\\", "\\\\\\");
	expect_shown("\\\n", "\\\\\\n");
	expect_shown("\\\x83", "\\\\\\x83");
}

static void wide_characters_take_two_columns(void **state)
{
	(void)state;
	assert_int_equal(utf8_width(""), 0);
	assert_int_equal(utf8_width("abc"), 3);
	assert_int_equal(utf8_width("\xe3\x81\x82"
	                            "b"),
	    3);
	assert_int_equal(utf8_width("e\xcc\x81"), 1);
	assert_int_equal(utf8_width("\xf0\x9f\x98\x80"), 2);
	assert_int_equal(utf8_width("\xef\xbd\xb1"), 1);
	assert_int_equal(utf8_width("\xff\xfe"), 2);
}

static void expect_same(const char *a, const char *b, bool same)
{
	struct buf left = {0};
	struct buf right = {0};

	utf8_fold(a, strlen(a), &left);
	utf8_fold(b, strlen(b), &right);
	assert_int_equal(strcmp(buf_str(&left), buf_str(&right)) == 0, same);
	buf_release(&left);
	buf_release(&right);
}

static void folds_what_looks_the_same(void **state)
{
	(void)state;
	expect_same("ABC.Txt", "abc.tXT", true);
	expect_same("\xc3\xa9", "e\xcc\x81", true);
	expect_same("\xc3\x89", "e\xcc\x81", true);
	expect_same("stra\xc3\x9f"
	            "e",
	    "STRASSE", true);
	expect_same("\xe3\x81\x8c", "\xe3\x81\x8b\xe3\x82\x99", true);
	expect_same("a", "b", false);
	expect_same("\xe3\x81\x82", "\xe3\x81\x84", false);
	/* Hiragana and katakana are two names, and so are half and full. */
	expect_same("\xe3\x81\x82", "\xe3\x82\xa2", false);
	expect_same("A\xff", "a\xff", false);
	expect_same("", "", true);
}

static void folding_keeps_what_is_not_utf8(void **state)
{
	struct buf buf = {0};

	(void)state;
	buf_add_str(&buf, "x");
	utf8_fold("\x82\xa0"
	          "A",
	    3, &buf);
	assert_string_equal(buf_str(&buf),
	    "x\x82\xa0"
	    "A");
	buf_release(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_valid_from_invalid),
	    cmocka_unit_test(shows_what_can_be_read),
	    cmocka_unit_test(never_lets_a_control_through),
	    cmocka_unit_test(a_backslash_is_doubled_where_it_must),
	    cmocka_unit_test(wide_characters_take_two_columns),
	    cmocka_unit_test(folds_what_looks_the_same),
	    cmocka_unit_test(folding_keeps_what_is_not_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
