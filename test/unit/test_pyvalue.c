/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runner/pyvalue.h"

/* As Python 3.11 has them: repr(), str(json.loads()), json.dumps(). */

static void floats_are_those_of_repr(void **state)
{
	static const struct {
		double number;
		const char *text;
	} cases[] = {
	    {0, "0.0"},
	    {-0.0, "-0.0"},
	    {1, "1.0"},
	    {-1.5, "-1.5"},
	    {0.1, "0.1"},
	    {1e-3, "0.001"},
	    {1e-4, "0.0001"},
	    {1e-5, "1e-05"},
	    {1.25e-5, "1.25e-05"},
	    {1e15, "1000000000000000.0"},
	    {1e16, "1e+16"},
	    {1.5e300, "1.5e+300"},
	    {123456.789, "123456.789"},
	    {0.30000000000000004, "0.30000000000000004"},
	    {5e-324, "5e-324"},
	    {1.7976931348623157e308, "1.7976931348623157e+308"},
	};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_reset(&out);
		py_float(cases[i].number, &out);
		assert_string_equal(buf_str(&out), cases[i].text);
	}
	buf_release(&out);
}

static void values_are_those_of_the_toolkit(void **state)
{
	static const struct {
		const char *json, *argument, *variable, *compact;
	} cases[] = {
	    {"true", "True", "true", "true"},
	    {"null", "", "", "null"},
	    {"3", "3", "3", "3"},
	    {"1e-5", "1e-05", "1e-05", "1e-05"},
	    {"\"a b\"", "a b", "a b", "\"a b\""},
	    {"no json", "no json", "no json", "\"no json\""},
	    {"[1, 2.5, \"x\"]", "[1, 2.5, 'x']", "[1,2.5,\"x\"]",
	        "[1,2.5,\"x\"]"},
	    {"[\"it's\", null, false]", "[\"it's\", None, False]",
	        "[\"it's\",null,false]", "[\"it's\",null,false]"},
	    {"{\"b\": 2, \"a\": \"x\"}", "a=x,b=2", "{\"a\":\"x\",\"b\":2}",
	        "{\"a\":\"x\",\"b\":2}"},
	    {"[]", "[]", "[]", "[]"},
	};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_reset(&out);
		py_argument(cases[i].json, &out);
		assert_string_equal(buf_str(&out), cases[i].argument);
		buf_reset(&out);
		py_variable(cases[i].json, &out);
		assert_string_equal(buf_str(&out), cases[i].variable);
		buf_reset(&out);
		py_compact(cases[i].json, &out);
		assert_string_equal(buf_str(&out), cases[i].compact);
	}
	buf_release(&out);
}

static void what_nests_is_known(void **state)
{
	(void)state;
	assert_true(py_is_flat("[1, 2]"));
	assert_true(py_is_flat("text"));
	assert_true(py_is_flat("{\"a\": 1}"));
	assert_false(py_is_flat("[[1], 2]"));
	assert_false(py_is_flat("{\"a\": {}}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(floats_are_those_of_repr),
	    cmocka_unit_test(values_are_those_of_the_toolkit),
	    cmocka_unit_test(what_nests_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
