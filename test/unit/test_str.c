/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "base/str.h"

static void compares_bytes_as_unsigned(void **state)
{
	(void)state;
	assert_true(slice_compare(slice_of("a"), slice_of("b")) < 0);
	assert_true(slice_compare(slice_of("a"), slice_of("\xff")) < 0);
	assert_true(slice_compare(slice_of("ab"), slice_of("a")) > 0);
	assert_true(slice_compare(slice_of(""), slice_of("a")) < 0);
	assert_int_equal(slice_compare(slice_of("ab"), slice_of("ab")), 0);
	assert_int_equal(slice_compare((struct slice){0}, slice_of("")), 0);
	assert_true(slice_compare((struct slice){"a\0c", 3},
	                (struct slice){"a\0b", 3}) > 0);
}

static void knows_what_it_is_and_starts_with(void **state)
{
	(void)state;
	assert_true(slice_is(slice_of("abc"), "abc"));
	assert_false(slice_is(slice_of("abc"), "ab"));
	assert_false(slice_is(slice_of("ab"), "abc"));
	assert_false(slice_is((struct slice){"a\0", 2}, "a"));
	assert_true(slice_is((struct slice){0}, ""));
	assert_true(slice_starts(slice_of("abc"), "ab"));
	assert_true(slice_starts(slice_of("abc"), ""));
	assert_false(slice_starts(slice_of("a"), "ab"));
}

static void trims_both_ends(void **state)
{
	(void)state;
	assert_true(slice_is(slice_trim(slice_of(" \t\r\na b\n ")), "a b"));
	assert_true(slice_is(slice_trim(slice_of(" \n")), ""));
	assert_true(slice_is(slice_trim((struct slice){0}), ""));
	/* Only these four are white space. */
	assert_true(slice_is(slice_trim(slice_of("\v\f")), "\v\f"));
	assert_true(
	    slice_is(slice_trim(slice_of("\xe3\x80\x80")), "\xe3\x80\x80"));
}

static void cuts_at_the_first(void **state)
{
	struct slice rest = slice_of("a  b");
	struct slice head;

	(void)state;
	assert_true(slice_cut(&rest, ' ', &head));
	assert_true(slice_is(head, "a"));
	assert_true(slice_is(rest, " b"));
	assert_true(slice_cut(&rest, ' ', &head));
	assert_true(slice_is(head, ""));
	assert_true(slice_is(rest, "b"));
	assert_false(slice_cut(&rest, ' ', &head));
	assert_true(slice_is(head, "b"));
	assert_true(slice_is(rest, ""));
	assert_false(slice_cut(&rest, ' ', &head));
	assert_true(slice_is(head, ""));
	rest = (struct slice){0};
	assert_false(slice_cut(&rest, ' ', &head));
	assert_int_equal(head.len, 0);
}

static void reads_canonical_numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t number;
	} good[] = {
	    {"0", 0},
	    {"7", 7},
	    {"10", 10},
	    {"9223372036854775807", INT64_MAX},
	};
	uint64_t number;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(slice_number(slice_of(good[i].text), &number));
		assert_true(number == good[i].number);
	}
}

static void refuses_what_is_no_canonical_number(void **state)
{
	static const char *const bad[] = {
	    "", "01", "00", "+1", "-1", "-0", " 1", "1 ", "1a", "0x1", "1.0",
	    "9223372036854775808", "9999999999999999999",
	    "18446744073709551616", "10000000000000000000000",
	    "\xd9\xa1", /* a digit, but Arabic */
	};
	uint64_t number = 42;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_false(slice_number(slice_of(bad[i]), &number));
		assert_int_equal(number, 42);
	}
	assert_false(slice_number((struct slice){"1\0", 2}, &number));
}

static void globs(void **state)
{
	static const struct {
		const char *pattern;
		const char *name;
		bool matches;
	} cases[] = {
	    {"", "", true},
	    {"", "a", false},
	    {"*", "", true},
	    {"*", ".hidden", true},
	    {"a", "a", true},
	    {"a", "A", false},
	    {"a", "ab", false},
	    {"?", "a", true},
	    {"?", "", false},
	    {"?", "ab", false},
	    {"?.png", "\xe3\x81\x82.png", true},
	    {"?", "\x83\x83", false},
	    {"?", "\xe3", true},
	    {"*.png", "a.png.png", true},
	    {"*.png", "a.png.jpg", false},
	    {"._*", "._a", true},
	    {"a*b*c", "aXbYc", true},
	    {"a*b*c", "aXcYb", false},
	    {"*a*", "bab", true},
	    {"**", "x", true},
	    {"[ab]", "a", false},
	    {"[ab]", "[ab]", true},
	    {"\\*", "*", false},
	    {"\\*", "\\x", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (str_glob(cases[i].pattern, cases[i].name) !=
		    cases[i].matches)
			fail_msg("'%s' and '%s'", cases[i].pattern,
			    cases[i].name);
	}
}

static void a_glob_of_many_stars_is_quick(void **state)
{
	char pattern[2001];
	char name[4001];

	(void)state;
	for (size_t i = 0; i < 2000; i += 2) {
		pattern[i] = '*';
		pattern[i + 1] = 'a';
	}
	pattern[1999] = 'b';
	pattern[2000] = '\0';
	memset(name, 'a', 4000);
	name[4000] = '\0';
	/* With backtracking into every star this would not end. */
	assert_false(str_glob(pattern, name));
}

static void measures_distance(void **state)
{
	(void)state;
	assert_int_equal(str_distance("", ""), 0);
	assert_int_equal(str_distance("", "abc"), 3);
	assert_int_equal(str_distance("abc", ""), 3);
	assert_int_equal(str_distance("kitten", "sitting"), 3);
	assert_int_equal(str_distance("push", "psuh"), 2);
}

static void finds_the_nearest_name(void **state)
{
	static const char *const names[] = {"deps", "outs", "params", "cmd",
	    "rm", NULL};

	(void)state;
	assert_string_equal(str_nearest("dep", names), "deps");
	assert_string_equal(str_nearest("parmas", names), "params");
	assert_string_equal(str_nearest("outs", names), "outs");
	assert_null(str_nearest("metrics", names));
	assert_null(str_nearest("", names));
	/* Two edits make anything of two letters. */
	assert_null(str_nearest("xy", names));
	assert_null(str_nearest("dep", (const char *const[]){NULL}));
}

static void expect_text(void (*write)(uint64_t, struct buf *), uint64_t number,
    const char *text)
{
	struct buf buf = {0};

	write(number, &buf);
	assert_string_equal(buf_str(&buf), text);
	buf_release(&buf);
}

static void counts_with_commas(void **state)
{
	(void)state;
	expect_text(str_count, 0, "0");
	expect_text(str_count, 999, "999");
	expect_text(str_count, 1000, "1,000");
	expect_text(str_count, 1234567, "1,234,567");
	expect_text(str_count, UINT64_MAX, "18,446,744,073,709,551,615");
}

static void sizes_have_three_digits(void **state)
{
	(void)state;
	expect_text(str_bytes, 0, "0 bytes");
	expect_text(str_bytes, 1, "1 byte");
	expect_text(str_bytes, 12, "12 bytes");
	expect_text(str_bytes, 999, "999 bytes");
	expect_text(str_bytes, 1000, "1.00 kB");
	expect_text(str_bytes, 1004, "1.00 kB");
	expect_text(str_bytes, 1005, "1.01 kB");
	expect_text(str_bytes, 9994, "9.99 kB");
	expect_text(str_bytes, 9995, "10.0 kB");
	expect_text(str_bytes, 99949, "99.9 kB");
	expect_text(str_bytes, 99950, "100 kB");
	expect_text(str_bytes, 999499, "999 kB");
	expect_text(str_bytes, 999500, "1.00 MB");
	expect_text(str_bytes, 163000000, "163 MB");
	expect_text(str_bytes, 1630000000, "1.63 GB");
	expect_text(str_bytes, 999999999999, "1.00 TB");
	expect_text(str_bytes, UINT64_MAX, "18.4 EB");
}

static void hides_the_password_of_an_address(void **state)
{
	static const char *const open[] = {"/a:b@c", "https://h/x",
	    "https://h:80/x@y", "git@h:x", "https://me@h/x", ""};
	struct arena arena = {0};

	(void)state;
	assert_string_equal(str_hide_password(&arena, "https://me:pass@h:80/x"),
	    "https://me:***@h:80/x");
	assert_string_equal(str_hide_password(&arena, "ftp://me:p@s:s@h"),
	    "ftp://me:***@h");
	assert_string_equal(str_hide_password(&arena, "ftp://:p@h/x"),
	    "ftp://:***@h/x");
	for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++)
		assert_ptr_equal(str_hide_password(&arena, open[i]), open[i]);
	arena_release(&arena);
}

static void a_text_ends_with_its_end_or_nothing(void **state)
{
	(void)state;
	assert_true(str_ends("a.mldv", ".mldv"));
	assert_true(str_ends(".mldv", ".mldv"));
	assert_true(str_ends("a", ""));
	assert_false(str_ends("mldv", ".mldv"));
	assert_false(str_ends("a.mldv.x", ".mldv"));
}

static void reads_durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} good[] = {{"0s", 0}, {"90s", 90}, {"15m", 900}, {"4h", 14400},
	    {"2d", 172800}, {"4294967295s", UINT32_MAX}};
	static const char *const bad[] = {"", "s", "90", "1.5h", "-1s", "1 s",
	    "1w", "4294967296s"};
	uint64_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(slice_seconds(slice_of(good[i].text), &seconds));
		assert_int_equal(seconds, good[i].seconds);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(slice_seconds(slice_of(bad[i]), &seconds));
}

static void quotes_words_of_a_shell(void **state)
{
	struct buf out = {0};

	(void)state;
	str_quote("", &out);
	str_quote("a $b", &out);
	str_quote("it's", &out);
	assert_string_equal(buf_str(&out), "'''a $b''it'\\''s'");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_durations),
	    cmocka_unit_test(quotes_words_of_a_shell),
	    cmocka_unit_test(a_text_ends_with_its_end_or_nothing),
	    cmocka_unit_test(compares_bytes_as_unsigned),
	    cmocka_unit_test(knows_what_it_is_and_starts_with),
	    cmocka_unit_test(trims_both_ends),
	    cmocka_unit_test(cuts_at_the_first),
	    cmocka_unit_test(reads_canonical_numbers),
	    cmocka_unit_test(refuses_what_is_no_canonical_number),
	    cmocka_unit_test(globs),
	    cmocka_unit_test(a_glob_of_many_stars_is_quick),
	    cmocka_unit_test(measures_distance),
	    cmocka_unit_test(finds_the_nearest_name),
	    cmocka_unit_test(counts_with_commas),
	    cmocka_unit_test(sizes_have_three_digits),
	    cmocka_unit_test(hides_the_password_of_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
