/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/stages.h"

struct parsed {
	struct arena arena;
	struct stages stages;
	struct mldv_error err;
	int ret;
};

static void parse_with(struct parsed *p, const char *text, const char *override)
{
	struct strs overrides = {0};
	struct ini ini;

	*p = (struct parsed){0};
	if (override)
		strs_add(&overrides, override);
	if (ini_parse(&ini, &p->arena, "mldv.ini", text, strlen(text),
	        &p->err) < 0)
		fail_msg("%s", p->err.text);
	p->ret = stages_parse(&p->stages, &p->arena, &ini, &overrides, &p->err);
	strs_release(&overrides);
}

static void parse(struct parsed *p, const char *text)
{
	parse_with(p, text, NULL);
	if (p->ret < 0)
		fail_msg("%s", p->err.text);
}

static void refuse(const char *text, const char *message)
{
	struct parsed p;

	parse_with(&p, text, NULL);
	assert_int_equal(p.ret, -1);
	assert_int_equal(p.err.code, MLDV_USAGE);
	assert_string_equal(p.err.text, message);
	arena_release(&p.arena);
}

/* What a stage's cmd comes to. */
static void expect_cmd(const char *params, const char *cmd,
    const char *expected)
{
	struct buf text = {0};
	struct parsed p;

	buf_printf(&text,
	    "[params]\n%s\n[pipeline]\nname = net\n[stage a]\n"
	    "cmd = %s\n",
	    params, cmd);
	parse(&p, buf_str(&text));
	assert_string_equal(p.stages.stages[0].cmd, expected);
	arena_release(&p.arena);
	buf_release(&text);
}

static void refuse_cmd(const char *params, const char *cmd, const char *message)
{
	struct buf text = {0};

	buf_printf(&text, "[stage a]\ncmd = %s\n[params]\n%s\n", cmd, params);
	refuse(buf_str(&text), message);
	buf_release(&text);
}

static void refuse_paths(const char *lines, const char *message)
{
	struct buf text = {0};

	buf_printf(&text, "[stage a]\ncmd = x\n%s\n", lines);
	refuse(buf_str(&text), message);
	buf_release(&text);
}

static void reads_a_whole_stage(void **state)
{
	struct parsed p;
	const struct stage *s;

	(void)state;
	parse(&p,
	    "[params]\nlr = 0.10\nseed = 3\nn = 1\n"
	    "[stage train]\ndesc = learn\ncwd = src/./x/\nfrozen = yes\n"
	    "run = shell\nparams = seed\n"
	    "cmd =\n  cd x ; python t.py --lr ${params.lr} \\\n    --y\n"
	    "  \\# remark\n"
	    "deps =\n  t.py\n  ./data//raw/\n  a, b.txt\n"
	    "outs =\n  models/m.pt\n  m.json  kind=metrics   git=yes\n"
	    "  h.csv\tkind=plot git=no\n");
	assert_int_equal(p.stages.count, 1);
	s = stages_find(&p.stages, "train");
	assert_ptr_equal(s, &p.stages.stages[0]);
	assert_int_equal(s->line, 5);
	assert_string_equal(s->desc, "learn");
	assert_string_equal(s->cwd, "src/x");
	assert_true(s->frozen);
	assert_false(s->always);
	assert_string_equal(s->cmd,
	    "cd x ; python t.py --lr 0.10 \\\n--y\n# remark");
	assert_int_equal(s->dep_count, 3);
	assert_string_equal(s->deps[0].path, "a, b.txt");
	assert_string_equal(s->deps[1].path, "data/raw");
	assert_string_equal(s->deps[2].path, "t.py");
	assert_int_equal(s->out_count, 3);
	assert_string_equal(s->outs[0].path, "h.csv");
	assert_int_equal(s->outs[0].kind, OUT_PLOT);
	assert_false(s->outs[0].git);
	assert_string_equal(s->outs[1].path, "m.json");
	assert_int_equal(s->outs[1].kind, OUT_METRICS);
	assert_true(s->outs[1].git);
	assert_string_equal(s->outs[2].path, "models/m.pt");
	assert_int_equal(s->outs[2].kind, OUT_PLAIN);
	assert_int_equal(s->param_count, 2);
	assert_string_equal(s->params[0]->name, "lr");
	assert_string_equal(s->params[1]->name, "seed");
	assert_string_equal(p.stages.shell, "/bin/sh -eu");
	assert_int_equal(p.stages.targets.count, 0);
	assert_null(stages_find(&p.stages, "x"));
	arena_release(&p.arena);
}

static void reads_the_pipeline_section(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p,
	    "[pipeline]\nversion = 1\nname = n\nshell = bash -e\n"
	    "default = b, a\n[stage a]\ncmd = x\n[stage b]\ncmd = x\n");
	assert_string_equal(p.stages.shell, "bash -e");
	assert_int_equal(p.stages.targets.count, 2);
	assert_string_equal(p.stages.targets.items[0], "b");
	assert_string_equal(p.stages.targets.items[1], "a");
	arena_release(&p.arena);
	refuse("[pipeline]\nversion = 2\n",
	    "mldv.ini:2: version '2' is not known here, only version 1 is");
	refuse("[pipeline]\nshel = x\n",
	    "mldv.ini:2: unknown key 'shel' in [pipeline]; did you mean "
	    "'shell'?");
	refuse("[pipeline]\ndefault = trian\n[stage train]\ncmd = x\n",
	    "mldv.ini:2: there is no stage 'trian'; did you mean 'train'?");
	refuse("[pipeline]\nname =\n", "mldv.ini:2: 'name' is empty");
}

static void reads_no_stages_at_all(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "[project]\n");
	assert_int_equal(p.stages.count, 0);
	assert_int_equal(p.stages.param_count, 0);
	assert_null(stages_find(&p.stages, "a"));
	assert_null(stages_maker(&p.stages, "a"));
	arena_release(&p.arena);
}

static void sorts_params_and_lets_the_command_line_set_them(void **state)
{
	struct parsed p;

	(void)state;
	parse_with(&p, "[params]\nb = 1\na = x\n", "b=0.5");
	assert_int_equal(p.ret, 0);
	assert_int_equal(p.stages.param_count, 2);
	assert_string_equal(p.stages.params[0].name, "a");
	assert_int_equal(p.stages.params[0].line, 3);
	assert_string_equal(p.stages.params[1].value.text, "0.5");
	assert_int_equal(p.stages.params[1].value.type, VALUE_FLOAT);
	arena_release(&p.arena);
	parse_with(&p, "[params]\nbatch = 1\n", "bacth=2");
	assert_int_equal(p.ret, -1);
	assert_string_equal(p.err.text,
	    "cannot set 'bacth=2': [params] has no 'bacth'; did you mean "
	    "'batch'?");
	arena_release(&p.arena);
	parse_with(&p, "[params]\nbatch = 1\n", "batch");
	assert_string_equal(p.err.text,
	    "'batch' sets no parameter; write name=value");
	arena_release(&p.arena);
	parse_with(&p, "[params]\nbatch = 1\n", "batch=1e999");
	assert_int_equal(p.ret, -1);
	arena_release(&p.arena);
}

static void refuses_a_value_that_is_no_text(void **state)
{
	struct parsed p;

	(void)state;
	parse_with(&p, "[params]\nx = 1\n", "x=a\xf8");
	assert_int_equal(p.ret, -1);
	assert_string_equal(p.err.text,
	    "cannot set 'x': the value is not UTF-8");
	arena_release(&p.arena);
}

static void refuses_params_that_are_no_values(void **state)
{
	(void)state;
	refuse("[params]\nx = 12e4567\n",
	    "mldv.ini:2: parameter 'x': the number 12e4567 is too large; "
	    "write it in quotes if it is a text");
	refuse("[params]\nx = 1\n  y = 2\n",
	    "mldv.ini:3: parameter 'x' has one line; keys begin in the first "
	    "column");
}

static void puts_parameters_into_commands(void **state)
{
	(void)state;
	expect_cmd("x = 0.10", "a ${params.x}b", "a 0.10b");
	expect_cmd("x = \"a b'c\"", "e ${params.x:q}", "e 'a b'\\''c'");
	expect_cmd("x = a b; c", "e ${params.x:raw}", "e a b; c");
	expect_cmd("x = \"\"", "e ${params.x:q}", "e ''");
	expect_cmd("x = ${params.x}", "e ${params.x:raw}", "e ${params.x}");
	expect_cmd("", "e $${HOME} $$ $x $(y) $", "e ${HOME} $$ $x $(y) $");
	expect_cmd("", "e ${pipeline.name}", "e net");
}

static void refuses_values_a_shell_may_misread(void **state)
{
	(void)state;
	refuse_cmd("x = a b", "e ${params.x}",
	    "mldv.ini:2: a shell may misread the value of '${params.x}'; "
	    "write '${params.x:q}' to have it quoted, or '${params.x:raw}'");
	refuse_cmd("x = $(rm)", "e ${params.x}",
	    "mldv.ini:2: a shell may misread the value of '${params.x}'; "
	    "write '${params.x:q}' to have it quoted, or '${params.x:raw}'");
	refuse_cmd("x =", "e ${params.x}",
	    "mldv.ini:2: a shell may misread the value of '${params.x}'; "
	    "write '${params.x:q}' to have it quoted, or '${params.x:raw}'");
	refuse_cmd("x = 1", "e ${params.x:w}",
	    "mldv.ini:2: '${params.x:w}': only :q and :raw are known");
}

static void refuses_references_to_what_is_not_there(void **state)
{
	(void)state;
	refuse_cmd("rate = 1", "\n  e\n  e ${params.rat}",
	    "mldv.ini:4: [params] has no 'rat'; did you mean 'rate'?");
	refuse_cmd("", "e ${param.x}",
	    "mldv.ini:2: unknown '${param.x}'; did you mean '${params.x}'?");
	refuse_cmd("", "e ${HOME}",
	    "mldv.ini:2: unknown '${HOME}'; a parameter is '${params.…}', "
	    "and '${' for the shell is written '$${'");
	refuse_cmd("", "e ${matrix.x}",
	    "mldv.ini:2: the stage has no 'matrix.x'");
	refuse_cmd("", "e ${x",
	    "mldv.ini:2: '${' without '}'; for the shell write '$${'");
	refuse_cmd("", "e ${pipeline.name}",
	    "mldv.ini:2: [pipeline] has no 'name'");
}

static void declares_params_by_pattern(void **state)
{
	struct parsed p;
	const struct stage *s;

	(void)state;
	parse(&p,
	    "[params]\ntrain.lr = 1\neval.x = 2\ntrain.n = 3\n"
	    "[stage a]\ncmd = x ${params.train.n}\n"
	    "params = train.*, eval.x\n");
	s = &p.stages.stages[0];
	assert_int_equal(s->param_count, 3);
	assert_string_equal(s->params[0]->name, "eval.x");
	assert_string_equal(s->params[1]->name, "train.lr");
	assert_string_equal(s->params[2]->name, "train.n");
	arena_release(&p.arena);
	refuse("[stage a]\ncmd = x\nparams = no.*\n",
	    "mldv.ini:3: [params] has nothing like 'no.*'");
	refuse("[params]\nlr = 1\n[stage a]\ncmd = x\nparams =\n  lrr\n",
	    "mldv.ini:6: [params] has no 'lrr'; did you mean 'lr'?");
}

static void interpolates_paths(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p,
	    "[params]\nv = a b\n[stage a]\ncmd = x\n"
	    "cwd = ${params.v}\ndeps = ${params.v}/x\n"
	    "outs = ${params.v}/y/\n");
	assert_string_equal(p.stages.stages[0].cwd, "a b");
	assert_string_equal(p.stages.stages[0].deps[0].path, "a b/x");
	assert_string_equal(p.stages.stages[0].outs[0].path, "a b/y");
	assert_int_equal(p.stages.stages[0].param_count, 1);
	arena_release(&p.arena);
	refuse("[params]\nv = ../..\n[stage a]\ncmd = x\n"
	       "deps = ${params.v}/x\n",
	    "mldv.ini:5: '../../x' lies outside the repository");
	refuse("[params]\nv = 1\n[stage a]\ncmd = x\ndeps = ${params.v:q}\n",
	    "mldv.ini:5: '${params.v:…}' is for cmd; elsewhere write "
	    "'${params.v}'");
}

static void refuses_unknown_keys(void **state)
{
	(void)state;
	refuse_paths("dep = x",
	    "mldv.ini:3: unknown key 'dep' in [stage a]; did you mean "
	    "'deps'?");
	refuse_paths("whatever = 4h",
	    "mldv.ini:3: unknown key 'whatever' in [stage a]");
}

static void refuses_keys_that_are_indented(void **state)
{
	(void)state;
	refuse("[stage a]\ncmd = x\n  deps = y\n",
	    "mldv.ini:3: 'deps =' is indented, so it would be part of 'cmd'; "
	    "keys begin in the first column");
	refuse("[stage a]\ncmd = x\ndeps =\n  y\n  outs=z\n",
	    "mldv.ini:5: 'outs =' is indented, so it would be part of "
	    "'deps'; keys begin in the first column");
	refuse("[stage a]\ncmd = x\nrun = shell\n  deps = y\n",
	    "mldv.ini:4: 'run' has one line; keys begin in the first column");
	expect_cmd("", "\n  run=1 x\n  other = 2\n  a outs = 1",
	    "run=1 x\nother = 2\na outs = 1");
}

static void refuses_mixed_lists(void **state)
{
	(void)state;
	refuse_paths("deps = a\n  b",
	    "mldv.ini:4: 'deps' begins on its own line and goes on here; a "
	    "list has one item on each line below its key, or commas between "
	    "items on one line");
	refuse_paths("deps =\n  a,\n  b",
	    "mldv.ini:4: a line of 'deps' ends with a comma; a list has one "
	    "item on each line, or commas between items on one line");
	refuse_paths("deps = a,,b", "mldv.ini:3: 'deps' has an empty item");
	refuse_paths("deps = a,", "mldv.ini:3: 'deps' has an empty item");
}

static void refuses_wrong_options(void **state)
{
	(void)state;
	refuse_paths("outs = a.json kind=metrics",
	    "mldv.ini:3: two plain spaces are needed before 'kind=metrics'");
	refuse_paths("outs =\n  a.json  kind=plot\n  b.json git=yes",
	    "mldv.ini:5: two plain spaces are needed before 'git=yes'");
	refuse_paths("outs = a.json\xe3\x80\x80kind=plot",
	    "mldv.ini:3: two plain spaces are needed before 'kind=plot', not "
	    "an ideographic space");
	refuse_paths("outs = a  kin=plot",
	    "mldv.ini:3: unknown option 'kin'; did you mean 'kind'?");
	refuse_paths("outs = a  kind=table",
	    "mldv.ini:3: 'kind=table': it can be metrics, plot, notebook or "
	    "plain");
	refuse_paths("outs = a  git=true",
	    "mldv.ini:3: 'git=true': it can be yes or no");
	refuse_paths("outs = a  b",
	    "mldv.ini:3: 'b' behind 'a' is not an option (key=value); names "
	    "with two spaces in a row cannot be written here");
	refuse_paths("deps = a  git=yes",
	    "mldv.ini:3: unknown option 'git' of a dep; only channel= is "
	    "known");
}

static void refuses_paths_outside(void **state)
{
	(void)state;
	refuse_paths("deps = ../x",
	    "mldv.ini:3: '../x' lies outside the repository");
	refuse_paths("outs = a/../../x",
	    "mldv.ini:3: 'a/../../x' lies outside the repository");
	refuse_paths("outs = /tmp/x",
	    "mldv.ini:3: '/tmp/x' is absolute; paths are relative to the "
	    "directory of mldv.ini");
	refuse_paths("outs = a/..",
	    "mldv.ini:3: 'a/..' is the whole repository");
	refuse_paths("deps = .git/config",
	    "mldv.ini:3: '.git/config' lies in Git's own directory");
	refuse_paths("outs = a/.GIT/x",
	    "mldv.ini:3: 'a/.GIT/x' lies in Git's own directory");
	refuse_paths("cwd = ..",
	    "mldv.ini:3: '..' lies outside the repository");
	refuse_paths("deps = python:",
	    "mldv.ini:3: 'python:' needs the name of a module");
}

static void refuses_mldv_s_own_files_as_outputs(void **state)
{
	static const char *const names[] = {
	    "mldv.ini",
	    "./mldv.lock",
	    "data.mldv",
	    ".gitignore",
	    ".gitattributes",
	    "a/.mldv-tmp.0123456789abcdef",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct buf text = {0};
		struct parsed p;

		buf_printf(&text, "[stage a]\ncmd = x\nouts = %s\n", names[i]);
		parse_with(&p, buf_str(&text), NULL);
		assert_int_equal(p.ret, -1);
		assert_non_null(strstr(p.err.text, "cannot be an output"));
		arena_release(&p.arena);
		buf_release(&text);
	}
}

static void refuses_outputs_that_overlap(void **state)
{
	(void)state;
	refuse("[stage a]\ncmd = x\nouts = d\n[stage b]\ncmd = x\n"
	       "outs =\n  d-e\n  d/e/f\n",
	    "mldv.ini:8: output 'd/e/f' of stage 'b' lies in output 'd' of "
	    "stage 'a' (line 3)");
	refuse("[stage a]\ncmd = x\nouts = d/e\n[stage b]\ncmd = x\n"
	       "outs = d\n",
	    "mldv.ini:6: output 'd' of stage 'b' contains output 'd/e' of "
	    "stage 'a' (line 3)");
	refuse("[stage a]\ncmd = x\nouts = d/\n[stage b]\ncmd = x\n"
	       "outs = ./d\n",
	    "mldv.ini:6: output 'd' of stage 'b' is also output 'd' of stage "
	    "'a' (line 3)");
	refuse_paths("outs = d, d/e",
	    "mldv.ini:3: output 'd/e' of stage 'a' lies in output 'd' of "
	    "stage 'a' (line 3)");
}

static void refuses_outputs_that_are_deps(void **state)
{
	(void)state;
	refuse_paths("deps = d\nouts = d",
	    "mldv.ini:3: dep 'd' is also output 'd' of its own stage (line "
	    "4)");
	refuse_paths("deps = d/e/f\nouts = x, d",
	    "mldv.ini:3: dep 'd/e/f' lies in output 'd' of its own stage "
	    "(line 4)");
	refuse_paths("deps = d\nouts = x, d/e",
	    "mldv.ini:4: output 'd/e' lies in dep 'd' of its own stage (line "
	    "3)");
	refuse_paths("deps = d, ./d",
	    "mldv.ini:3: dep 'd' is there twice (line 3)");
}

static void refuses_stages_that_make_no_sense(void **state)
{
	(void)state;
	refuse("[stage a]\ndeps = x\n", "mldv.ini:1: stage 'a' has no cmd");
	refuse_paths("run = notebook",
	    "mldv.ini:1: stage 'a' has no 'notebook = PATH', which 'run = "
	    "notebook' needs");
	refuse_paths("frozen = true",
	    "mldv.ini:3: 'frozen' cannot be 'true', only yes or no");
	refuse_paths("frozen = yes\nalways = yes",
	    "mldv.ini:1: stage 'a' is both frozen, never to run, and always "
	    "to run");
}

static void finds_who_makes_a_path(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p,
	    "[stage a]\ncmd = x\nouts = d/e\n"
	    "[stage b]\ncmd = x\nouts = f\n");
	assert_string_equal(stages_maker(&p.stages, "d/e")->name, "a");
	assert_string_equal(stages_maker(&p.stages, "d/e/x")->name, "a");
	assert_string_equal(stages_maker(&p.stages, "d")->name, "a");
	assert_string_equal(stages_maker(&p.stages, "f")->name, "b");
	assert_null(stages_maker(&p.stages, "d/ex"));
	assert_null(stages_maker(&p.stages, "ff"));
	arena_release(&p.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_a_whole_stage),
	    cmocka_unit_test(reads_the_pipeline_section),
	    cmocka_unit_test(reads_no_stages_at_all),
	    cmocka_unit_test(sorts_params_and_lets_the_command_line_set_them),
	    cmocka_unit_test(refuses_a_value_that_is_no_text),
	    cmocka_unit_test(refuses_params_that_are_no_values),
	    cmocka_unit_test(puts_parameters_into_commands),
	    cmocka_unit_test(refuses_values_a_shell_may_misread),
	    cmocka_unit_test(refuses_references_to_what_is_not_there),
	    cmocka_unit_test(declares_params_by_pattern),
	    cmocka_unit_test(interpolates_paths),
	    cmocka_unit_test(refuses_unknown_keys),
	    cmocka_unit_test(refuses_keys_that_are_indented),
	    cmocka_unit_test(refuses_mixed_lists),
	    cmocka_unit_test(refuses_wrong_options),
	    cmocka_unit_test(refuses_paths_outside),
	    cmocka_unit_test(refuses_mldv_s_own_files_as_outputs),
	    cmocka_unit_test(refuses_outputs_that_overlap),
	    cmocka_unit_test(refuses_outputs_that_are_deps),
	    cmocka_unit_test(refuses_stages_that_make_no_sense),
	    cmocka_unit_test(finds_who_makes_a_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
