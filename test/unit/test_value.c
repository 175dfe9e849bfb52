/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/value.h"

static void expect(const char *text, enum value_type type, const char *plain,
    const char *canonical)
{
	struct arena arena = {0};
	struct mldv_error err;
	struct value value;

	if (value_parse(&value, &arena, text, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(value.type, type);
	assert_string_equal(value.text, plain);
	assert_string_equal(value.canonical, canonical);
	arena_release(&arena);
}

static void refuse(const char *text, const char *part)
{
	struct arena arena = {0};
	struct mldv_error err = {0};
	struct value value;

	assert_int_equal(value_parse(&value, &arena, text, &err), -1);
	assert_int_equal(err.code, MLDV_USAGE);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in '%s'", part, err.text);
	arena_release(&arena);
}

static void show(const char *canonical, const char *plain)
{
	struct buf out = {0};

	value_show(slice_of(canonical), &out);
	assert_string_equal(buf_str(&out), plain);
	buf_release(&out);
}

static void show_number(double number, const char *plain)
{
	struct buf out = {0};

	value_show_number(number, &out);
	assert_string_equal(buf_str(&out), plain);
	assert_true(strtod(buf_str(&out), NULL) == number);
	buf_release(&out);
}

static void knows_integers(void **state)
{
	(void)state;
	expect("0", VALUE_INT, "0", "0");
	expect("-0", VALUE_INT, "-0", "0");
	expect("30", VALUE_INT, "30", "30");
	expect(" 30 ", VALUE_INT, "30", "30");
	expect("-9223372036854775808", VALUE_INT, "-9223372036854775808",
	    "-9223372036854775808");
	expect("9223372036854775807", VALUE_INT, "9223372036854775807",
	    "9223372036854775807");
	refuse("9223372036854775808", "beyond 64 bits");
	refuse("-9223372036854775809", "beyond 64 bits");
	refuse("99999999999999999999999999", "beyond 64 bits");
}

static void spells_equal_floats_alike(void **state)
{
	(void)state;
	expect("0.1", VALUE_FLOAT, "0.1", "0x1.999999999999ap-4");
	expect("0.10", VALUE_FLOAT, "0.10", "0x1.999999999999ap-4");
	expect("1e-1", VALUE_FLOAT, "1e-1", "0x1.999999999999ap-4");
	expect(".1", VALUE_FLOAT, ".1", "0x1.999999999999ap-4");
	expect("1e-3", VALUE_FLOAT, "1e-3", "0x1.0624dd2f1a9fcp-10");
	expect("0.001", VALUE_FLOAT, "0.001", "0x1.0624dd2f1a9fcp-10");
	expect("1.", VALUE_FLOAT, "1.", "0x1p+0");
	expect("-1.0", VALUE_FLOAT, "-1.0", "-0x1p+0");
	expect("0.0", VALUE_FLOAT, "0.0", "0x0p+0");
	expect("-0.0", VALUE_FLOAT, "-0.0", "-0x0p+0");
	expect("1E+2", VALUE_FLOAT, "1E+2", "0x1.9p+6");
	expect("0e999999", VALUE_FLOAT, "0e999999", "0x0p+0");
	expect("5e-324", VALUE_FLOAT, "5e-324", "0x1p-1074");
	expect("1.7976931348623157e308", VALUE_FLOAT, "1.7976931348623157e308",
	    "0x1.fffffffffffffp+1023");
}

static void spells_floats_as_c_does(void **state)
{
	static const char *const texts[] = {
	    "0.3",
	    "123456.789",
	    "2.5e-7",
	    "6.02214076e23",
	    "-3.14159",
	    "2.2250738585072014e-308",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char hex[64];

		(void)snprintf(hex, sizeof(hex), "%a", strtod(texts[i], NULL));
		expect(texts[i], VALUE_FLOAT, texts[i], hex);
	}
}

static void refuses_floats_out_of_range(void **state)
{
	(void)state;
	refuse("12e4567", "the number 12e4567 is too large");
	refuse("-1e400", "too large");
	refuse("1e-400", "too small");
	expect("\"12e4567\"", VALUE_TEXT, "12e4567", "\"12e4567\"");
}

static void takes_everything_else_for_text(void **state)
{
	static const char *const texts[] = {
	    "abc",
	    "0123",
	    "-01",
	    "nan",
	    "inf",
	    "-inf",
	    "1.2.3",
	    "12:30:45",
	    "1e",
	    "e5",
	    "-",
	    ".",
	    "+5",
	    "0x10",
	    "1_000",
	    "True",
	    "yes",
	    "1 2",
	    "a\"b\"",
	    "1e5x",
	    "--1",
	    "./x y/z=1",
	    "\xe6\x97\xa5",
	    "5e-",
	    "1.0f",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct arena arena = {0};
		struct mldv_error err;
		struct value value;

		assert_int_equal(value_parse(&value, &arena, texts[i], &err),
		    0);
		assert_int_equal(value.type, VALUE_TEXT);
		assert_string_equal(value.text, texts[i]);
		arena_release(&arena);
	}
	expect("", VALUE_TEXT, "", "\"\"");
	expect("a\\b\"c", VALUE_TEXT, "a\\b\"c", "\"a\\\\b\\\"c\"");
}

static void knows_true_and_false(void **state)
{
	(void)state;
	expect("true", VALUE_BOOL, "true", "true");
	expect("false", VALUE_BOOL, "false", "false");
}

static void takes_quotes_off(void **state)
{
	(void)state;
	expect("\"1\"", VALUE_TEXT, "1", "\"1\"");
	expect("\" a \"", VALUE_TEXT, " a ", "\" a \"");
	expect("\"\"", VALUE_TEXT, "", "\"\"");
	expect("\"a\\\"b\\\\c\"", VALUE_TEXT, "a\"b\\c", "\"a\\\"b\\\\c\"");
	refuse("\"a", "second quote");
	refuse("\"", "second quote");
	refuse("\"a\" b", "second quote");
	refuse("\"a\\\"", "second quote");
	refuse("\"a\\n\"", "only \\\" and \\\\ are known");
}

static void reads_lists(void **state)
{
	(void)state;
	expect("[1, 2, 3]", VALUE_LIST, "[1, 2, 3]", "[1, 2, 3]");
	expect("[1,2 ,3 ]", VALUE_LIST, "[1,2 ,3 ]", "[1, 2, 3]");
	expect("[0.10, a b, \"1, 2\", true]", VALUE_LIST,
	    "[0.10, a b, \"1, 2\", true]",
	    "[0x1.999999999999ap-4, \"a b\", \"1, 2\", true]");
	expect("[]", VALUE_LIST, "[]", "[]");
	expect("[ ]", VALUE_LIST, "[ ]", "[]");
	refuse("[1, 2", "a list ends with ']'");
	refuse("[", "a list ends with ']'");
	refuse("[1,,2]", "an item is missing");
	refuse("[1,]", "an item is missing");
	refuse("[[1]]", "lists do not nest");
	refuse("[\"a]", "second quote");
	refuse("[1e999]", "too large");
}

static void shows_canonical_values_to_people(void **state)
{
	(void)state;
	show("0x1.999999999999ap-4", "0.1");
	show("-0x1p+0", "-1.0");
	show("30", "30");
	show("true", "true");
	show("\"a \\\"b\\\\\"", "a \"b\\");
	show("[0x1.999999999999ap-4, \"a, b\", 1]", "[0.1, \"a, b\", 1]");
	show("[]", "[]");
	show("\"0x1p+0\"", "0x1p+0");
}

static void shows_the_shortest_exact_number(void **state)
{
	(void)state;
	show_number(0.1, "0.1");
	show_number(0.05, "0.05");
	show_number(100, "100.0");
	show_number(0.0001, "0.0001");
	show_number(1e-05, "1e-05");
	show_number(1e16, "1e+16");
	show_number(123456789012345680.0, "1.2345678901234568e+17");
	show_number(1.0 / 3, "0.3333333333333333");
	show_number(0.1 + 0.2, "0.30000000000000004");
	show_number(-2.5, "-2.5");
	show_number(9007199254740993.0, "9007199254740992.0");
	show_number(0, "0.0");
}

static void names_types(void **state)
{
	(void)state;
	assert_string_equal(value_type_name(VALUE_BOOL), "bool");
	assert_string_equal(value_type_name(VALUE_INT), "int");
	assert_string_equal(value_type_name(VALUE_FLOAT), "float");
	assert_string_equal(value_type_name(VALUE_TEXT), "text");
	assert_string_equal(value_type_name(VALUE_LIST), "list");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_integers),
	    cmocka_unit_test(spells_equal_floats_alike),
	    cmocka_unit_test(spells_floats_as_c_does),
	    cmocka_unit_test(refuses_floats_out_of_range),
	    cmocka_unit_test(takes_everything_else_for_text),
	    cmocka_unit_test(knows_true_and_false),
	    cmocka_unit_test(takes_quotes_off),
	    cmocka_unit_test(reads_lists),
	    cmocka_unit_test(shows_canonical_values_to_people),
	    cmocka_unit_test(shows_the_shortest_exact_number),
	    cmocka_unit_test(names_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
