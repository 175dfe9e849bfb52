/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/assigned.h"

/* expected: the names, sorted, with spaces between. */
static void expect(const char *code, bool python, const char *expected)
{
	struct strs names = {0};
	struct buf text = {0};

	assigned_names(slice_of(code), python, &names);
	strs_unique(&names);
	for (size_t i = 0; i < names.count; i++)
		buf_printf(&text, "%s%s", i > 0 ? " " : "", names.items[i]);
	assert_string_equal(buf_str(&text), expected);
	buf_release(&text);
	strs_release(&names);
}

static void finds_what_python_assigns(void **state)
{
	(void)state;
	expect("lr = 0.1\nepochs=3 ; seed = 1  # x = 2\n", true,
	    "epochs lr seed");
	expect("lr: float = 0.1\nname: 'str' = \"a = 1\"\n", true, "lr name");
	expect("a = b = 1\nc, *d = 1, 2\n(e, f) = 1, 2\n[g] = [1]", true,
	    "a b c d e f g");
	expect("if x:\n    y = 1\n", true, "y");
	expect("grö\u00dfe = 1", true, "grö\u00dfe");
	expect("", true, "");
}

static void reads_python_statement_by_statement(void **state)
{
	(void)state;
	expect("a = dict(\n  b=1,\n  c=[2])\nd = 3", true, "a d");
	expect("a = '''\nb = 1\n'''\nc = \"\"\"d\\\"\"\"\" ; e = 1", true,
	    "a c e");
	expect("a = \\\n  1\n# b = 1\nc = '\\'; d = 1'\n", true, "a c");
	expect("a = 'b\nc = 1\n", true, "a c");
	expect("f = lambda x=1: x", true, "f");
	expect("\"\"\"a = 1", true, "");
}

static void does_not_take_other_operators_for_assignments(void **state)
{
	(void)state;
	expect("a == 1\nb <= 1\nc >= 1\nd != 1\ne += 1\nf //= 2\n(g := 1)\n"
	       "h(i=1)\nx.y = 1\nz[0] = 1\n%env V=1\n!make A=1\n",
	    true, "");
	expect("a = b == c", true, "a");
}

static void finds_what_other_languages_assign(void **state)
{
	(void)state;
	expect("lr <- 0.1\nepochs = 3\nx == 2\n", false, "epochs lr");
	expect("val lr: Double = 0.1; let mutable n = 2", false, "lr n");
	expect("$lr = 0.1\nLR=1\n", false, "LR lr");
	expect("1e5 = 3\na::b\nf(x: Int)\n", false, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_what_python_assigns),
	    cmocka_unit_test(reads_python_statement_by_statement),
	    cmocka_unit_test(does_not_take_other_operators_for_assignments),
	    cmocka_unit_test(finds_what_other_languages_assign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
