/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/paramfile.h"
#include "stagetext.h"

/* The one file beside mldv.ini. */
static int read_file(void *context, const char *path, size_t limit,
    struct buf *out, struct mldv_error *err)
{
	(void)limit;
	(void)err;
	if (strcmp(path, "values.txt") != 0)
		return 0;
	buf_add_str(out, context);
	return 1;
}

static char values[] = "# remark\n0.1\n\n  \"a  b\"\r\n";

static const struct ini_source source = {read_file, values};

static const struct stage *parse(struct parsed *p, const char *text)
{
	return stagetext_parse(p, text, &source);
}

static void refuse(const char *text, const char *words)
{
	stagetext_refuse(text, words, &source);
}

/* In a stage, from line 3 on. */
static void refuse_keys(const char *lines, const char *message)
{
	struct buf text = {0};

	buf_printf(&text, "[stage a]\ncmd = x\n%s\n", lines);
	refuse(buf_str(&text), message);
	buf_release(&text);
}

static void makes_a_stage_of_each_combination(void **state)
{
	struct parsed p;
	const struct stage *s = parse(&p,
	    "[stage a]\nmatrix.lr = 0.1, 1e-3\nmatrix.opt = adam, sgd\n"
	    "cmd = t ${matrix.lr} ${matrix.opt} ${params.n}\n"
	    "outs = m/${matrix.opt}/${matrix.lr}\n"
	    "[stage b]\ncmd = x\n[params]\nn = 3\n");

	(void)state;
	assert_int_equal(p.stages.count, 5);
	assert_string_equal(s[0].name, "a@0.1-adam");
	assert_string_equal(s[0].base, "a");
	assert_string_equal(s[0].variant, "0.1-adam");
	assert_string_equal(s[1].name, "a@0.1-sgd");
	assert_string_equal(s[2].name, "a@1e-3-adam");
	assert_string_equal(s[3].cmd, "t 1e-3 sgd 3");
	assert_string_equal(s[3].outs[0].path, "m/sgd/1e-3");
	assert_int_equal(s[3].line, 1);
	assert_int_equal(s[3].param_count, 3);
	assert_string_equal(s[3].params[0]->name, "matrix.lr");
	assert_string_equal(s[3].params[0]->value.text, "1e-3");
	assert_string_equal(s[3].params[1]->name, "matrix.opt");
	assert_string_equal(s[3].params[2]->name, "n");
	assert_string_equal(s[4].name, "b");
	assert_null(s[4].variant);
	arena_release(&p.arena);
}

static void leaves_out_what_is_excluded(void **state)
{
	struct parsed p;
	const struct stage *s = parse(&p,
	    "[stage a]\nmatrix.x = 1, 2\nmatrix.y = 1, 2\n"
	    "exclude =\n  x=1 y=2\n  x=2  y=1\ncmd = x\n");

	(void)state;
	assert_int_equal(p.stages.count, 2);
	assert_string_equal(s[0].name, "a@1-1");
	assert_string_equal(s[1].name, "a@2-2");
	arena_release(&p.arena);
	refuse_keys("matrix.x = 1\nexclude = x=1",
	    "mldv.ini:1: 'exclude' leaves no variant of stage 'a'");
	refuse_keys("matrix.x = 1\nexclude = x=2",
	    "mldv.ini:4: 'matrix.x' has no value '2' to exclude");
	refuse_keys("matrix.x = 1\nexclude = y=2",
	    "mldv.ini:4: there is no 'matrix.y'");
	refuse_keys("exclude = y=2",
	    "mldv.ini:3: 'exclude' needs a 'matrix.NAME' to exclude from");
}

static void gives_a_number_to_what_is_no_name(void **state)
{
	struct parsed p;
	const struct stage *s = parse(&p,
	    "[stage a]\nmatrix.u =\n  http://x/\n  b\n  "
	    "a-very-long-value-indeed-it-does-not-fit\ncmd = x\n"
	    "[stage c]\nmatrix.x = p-q, p\nmatrix.y = r, q-r\ncmd = x\n");

	(void)state;
	assert_int_equal(p.stages.count, 7);
	assert_int_equal(strlen(s[0].variant), 8);
	assert_int_equal(strspn(s[0].variant, "0123456789abcdef"), 8);
	assert_string_equal(s[1].name, "a@b");
	assert_int_equal(strlen(s[2].variant), 8);
	/* p-q and r, p and q-r */
	assert_int_equal(strlen(s[3].variant), 8);
	assert_int_equal(strlen(s[6].variant), 8);
	assert_string_not_equal(s[3].variant, s[6].variant);
	assert_string_equal(s[5].variant, "p-r");
	arena_release(&p.arena);
}

static void reads_values_from_a_file(void **state)
{
	struct parsed p;
	const struct stage *s =
	    parse(&p, "[stage a]\nmatrix.v = @./values.txt\ncmd = x\n");

	(void)state;
	assert_int_equal(p.stages.count, 2);
	assert_int_equal(s[0].params[0]->value.type, VALUE_FLOAT);
	assert_string_equal(s[1].params[0]->value.text, "a  b");
	arena_release(&p.arena);
	refuse_keys("matrix.v = @other.txt",
	    "mldv.ini:3: 'matrix.v' takes its values from 'other.txt', which "
	    "does not exist");
	refuse_keys("matrix.v = @../x",
	    "mldv.ini:3: '../x' lies outside the repository");
	refuse_keys("matrix.v = a, @values.txt",
	    "mldv.ini:3: 'matrix.v' takes its values either from a file or "
	    "from here");
}

static void refuses_a_wrong_matrix(void **state)
{
	struct buf many = {0};

	(void)state;
	refuse_keys("matrix.x =", "mldv.ini:3: 'matrix.x' has no values");
	refuse_keys("matrix. = 1",
	    "mldv.ini:3: 'matrix.' needs a name, as in matrix.lr");
	refuse_keys("matrix.x = 0.1, 1e-1",
	    "mldv.ini:3: 'matrix.x' has the value '1e-1' twice");
	refuse_keys("matrix.x = 1, 2\nouts = m",
	    "mldv.ini:4: stages 'a@1' and 'a@2' both make 'm'; put "
	    "'${matrix.…}' into its path");
	refuse_keys("matrix.lr = 1\noutz = x",
	    "mldv.ini:4: unknown key 'outz' in [stage a@1]; did you mean "
	    "'outs'?");
	refuse("[stage a]\nmatrix.lr = 1\ncmd = ${matrix.l}\n",
	    "mldv.ini:3: the stage has no 'matrix.l'; did you mean "
	    "'matrix.lr'?");
	refuse("[params]\nmatrix.x = 1\n",
	    "mldv.ini:2: 'matrix.x' belongs in a stage: 'matrix.' in front of "
	    "a parameter is kept for what varies there");
	refuse("[stage this-name-is-far-too-long-for-it]\ncmd = x\n"
	       "matrix.x = 1\n",
	    "mldv.ini:1: the name of a stage with a matrix has at most 31 "
	    "bytes");
	buf_add_str(&many, "[stage a]\ncmd = x\nmatrix.x =\n");
	for (int i = 0; i < 101; i++)
		buf_printf(&many, "  %d\n", i);
	buf_add_str(&many, "matrix.y =\n");
	for (int i = 0; i < 100; i++)
		buf_printf(&many, "  %d\n", i);
	refuse(buf_str(&many),
	    "mldv.ini:105: stage 'a' would have more than 10000 variants");
	buf_release(&many);
}

static void deps_name_stages(void **state)
{
	struct parsed p;
	const struct stage *s = parse(&p,
	    "[stage all]\ncmd = x\ndeps =\n  stage:t@*  channel=c\n  z\n"
	    "[stage t]\nmatrix.x = 1, 2\ncmd = x\n"
	    "outs =\n  m/${matrix.x}\n  l/${matrix.x}\n"
	    "[stage one]\ncmd = x\ndeps = stage:t@2, m/2\n"
	    "[stage every]\ncmd = x\ndeps = stage:t\n"
	    "[stage mine]\nmatrix.x = 1, 2\ncmd = x\n"
	    "deps = stage:t@${matrix.x}\n"
	    "[stage glob]\ncmd = x\ndeps = stage:?@1\n");

	(void)state;
	assert_int_equal(s[0].dep_count, 5);
	assert_string_equal(s[0].deps[0].path, "l/1");
	assert_string_equal(s[0].deps[0].channel, "c");
	assert_string_equal(s[0].deps[4].path, "z");
	assert_int_equal(s[3].dep_count, 2);
	assert_string_equal(s[3].deps[0].path, "l/2");
	assert_string_equal(s[3].deps[1].path, "m/2");
	assert_int_equal(s[4].dep_count, 4);
	assert_int_equal(s[5].dep_count, 2);
	assert_string_equal(s[6].deps[1].path, "m/2");
	assert_int_equal(s[7].dep_count, 2);
	arena_release(&p.arena);
	refuse("[stage a]\ncmd = x\ndeps = stage:prp\n[stage prep]\ncmd = x\n",
	    "mldv.ini:3: there is no stage 'prp'; did you mean 'prep'?");
	refuse("[stage b]\ncmd = x\n[stage a]\ncmd = x\ndeps = stage:b\n",
	    "mldv.ini:5: stage 'b' has no outputs to depend on");
	refuse("[stage a]\ncmd = x\nouts = y\ndeps = stage:a\n",
	    "mldv.ini:4: stage 'a' cannot depend on itself by 'stage:a'");
	refuse("[stage a]\ncmd = x\nouts = y\ndeps = stage:\n",
	    "mldv.ini:4: 'stage:' needs the name of a stage");
}

static void targets_name_stages(void **state)
{
	struct parsed p;

	(void)state;
	(void)parse(&p,
	    "[pipeline]\ndefault = t, t@1, ?@2\n"
	    "[stage t]\nmatrix.x = 1, 2\ncmd = x\n");
	assert_int_equal(p.stages.targets.count, 3);
	arena_release(&p.arena);
	refuse("[pipeline]\ndefault = t@3\n[stage t]\nmatrix.x = 1, 2\n"
	       "cmd = x\n",
	    "mldv.ini:2: there is no stage 't@3'; did you mean 't@1'?");
}

static void names_have_one_label(void **state)
{
	(void)state;
	assert_true(stage_is_name(slice_of("a")));
	assert_true(stage_is_name(slice_of("a@b.c-1")));
	assert_false(stage_is_name(slice_of("a@")));
	assert_false(stage_is_name(slice_of("@b")));
	assert_false(stage_is_name(slice_of("a@b@c")));
	assert_false(stage_is_name(
	    slice_of("aaaaaaaaaaaaaaaaaaaaaaaaa@bbbbbbbbbbbbbbb")));
}

static void refers_to_the_environment(void **state)
{
	struct parsed p;
	const struct stage *s = parse(&p,
	    "[pipeline]\nenv = B=x y\n"
	    "[stage a]\ncmd = t ${env.A} ${env.B:q}\nenv = A=1\n");

	(void)state;
	assert_string_equal(s[0].cmd, "t 1 'x y'");
	arena_release(&p.arena);
	refuse_keys("cwd = ${env.A}",
	    "mldv.ini:3: 'env' has no 'A'; what '${env.…}' refers to must be "
	    "listed there");
	refuse_keys("env = A\ncwd = ${env.A}",
	    "mldv.ini:4: 'A' has its value from outside, so '${env.A}' is not "
	    "known here; write '$A' for the shell");
}

static void expect_file(const char *params, const char *expected)
{
	struct buf text = {0};
	struct buf out = {0};
	struct parsed p;

	buf_printf(&text, "[params]\n%s[stage a]\ncmd = x\nparams = *\n",
	    params);
	paramfile_format(parse(&p, buf_str(&text)), &out);
	assert_string_equal(buf_str(&out), expected);
	buf_release(&out);
	buf_release(&text);
	arena_release(&p.arena);
}

static void writes_parameters_as_json(void **state)
{
	struct buf out = {0};
	struct parsed p;

	(void)state;
	paramfile_format(parse(&p, "[stage a]\ncmd = x\n"), &out);
	assert_string_equal(buf_str(&out), "{}\n");
	buf_release(&out);
	arena_release(&p.arena);
	expect_file("n = 3\n", "{\n  \"n\": 3\n}\n");
	expect_file("a.x = 1e-5\na.y = 1e20\nb = true\n",
	    "{\n  \"a\": {\n    \"x\": 1.0e-05,\n    \"y\": 1.0e+20\n  },\n"
	    "  \"b\": true\n}\n");
	expect_file("a.b.c = x\na.d = 0.5\ne.f.g = -1\n",
	    "{\n  \"a\": {\n    \"b\": {\n      \"c\": \"x\"\n    },\n"
	    "    \"d\": 0.5\n  },\n  \"e\": {\n    \"f\": {\n"
	    "      \"g\": -1\n    }\n  }\n}\n");
	expect_file("a = 1\na-b = 2\na.b = 3\na.b.c = 4\n",
	    "{\n  \"a\": 1,\n  \"a-b\": 2,\n  \"a.b\": 3,\n"
	    "  \"a.b.c\": 4\n}\n");
	expect_file("l = [1, 2.0, \"x, y\", true]\nm = []\n",
	    "{\n  \"l\": [1, 2.0, \"x, y\", true],\n  \"m\": []\n}\n");
	expect_file("s = \"a\\\"b\\\\ \xe2\x80\xa8\xc2\x85\xf0\x9f\x98\x80\"\n",
	    "{\n  \"s\": \"a\\\"b\\\\ \\u2028\\u0085\xf0\x9f\x98\x80\"\n}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(makes_a_stage_of_each_combination),
	    cmocka_unit_test(leaves_out_what_is_excluded),
	    cmocka_unit_test(gives_a_number_to_what_is_no_name),
	    cmocka_unit_test(reads_values_from_a_file),
	    cmocka_unit_test(refuses_a_wrong_matrix),
	    cmocka_unit_test(deps_name_stages),
	    cmocka_unit_test(targets_name_stages),
	    cmocka_unit_test(names_have_one_label),
	    cmocka_unit_test(refers_to_the_environment),
	    cmocka_unit_test(writes_parameters_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
