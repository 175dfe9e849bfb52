/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stagetext.h"

#define PARAMS "[params]\ntrain.lr = 0.1\ncode = \"1\"\nother.code = 2\n"
#define STAGE  "[stage a]\nrun = notebook\nnotebook = nb/e.ipynb\n"

static const struct stage *parse(struct parsed *p, const char *text)
{
	return stagetext_parse(p, text, NULL);
}

static void refuse(const char *text, const char *words)
{
	stagetext_refuse(text, words, NULL);
}

static void a_notebook_is_a_dep_and_its_directory_the_place(void **state)
{
	struct parsed p;
	const struct stage *s = parse(&p, STAGE "deps = a, z\n");

	(void)state;
	assert_string_equal(s->cwd, "nb");
	assert_int_equal(s->dep_count, 3);
	assert_string_equal(s->deps[1].path, "nb/e.ipynb");
	assert_true(s->deps[1].notebook);
	assert_false(s->deps[0].notebook);
	arena_release(&p.arena);
	s = parse(&p, STAGE "deps = nb/e.ipynb\ncwd = .\n");
	assert_string_equal(s->cwd, "");
	assert_int_equal(s->dep_count, 1);
	assert_true(s->deps[0].notebook);
	arena_release(&p.arena);
}

static void the_executed_notebook_is_an_output(void **state)
{
	struct parsed p;
	const struct stage *s = parse(&p, STAGE "outs = m.json\n");

	(void)state;
	assert_int_equal(s->out_count, 2);
	assert_string_equal(s->outs[1].path, "reports/e/a.ipynb");
	assert_int_equal(s->outs[1].kind, OUT_NOTEBOOK);
	arena_release(&p.arena);
	s = parse(&p, STAGE "outs = m.json, r/x.ipynb\n");
	assert_int_equal(s->out_count, 2);
	assert_int_equal(s->outs[0].kind, OUT_PLAIN);
	assert_int_equal(s->outs[1].kind, OUT_NOTEBOOK);
	arena_release(&p.arena);
	s = parse(&p, STAGE "outs = r/x  kind=notebook\n");
	assert_int_equal(s->out_count, 1);
	arena_release(&p.arena);
	refuse(STAGE "outs = a.ipynb, b.ipynb\n", "2 outputs are notebooks");
	refuse(STAGE "outs = nb/e.ipynb\n", "dep 'nb/e.ipynb' is also output");
	refuse(STAGE "[stage b]\ncmd = x\nouts = reports\n", "reports");
}

static const struct stage_inject *given(const struct stage *stage, size_t i,
    const char *name, enum value_type type, const char *canonical)
{
	assert_true(i < stage->given_count);
	assert_string_equal(stage->given[i].name, name);
	assert_int_equal(stage->given[i].value.type, type);
	assert_string_equal(stage->given[i].value.canonical, canonical);
	return &stage->given[i];
}

static void parameters_are_given_under_their_last_names(void **state)
{
	struct parsed p;
	const struct stage *s =
	    parse(&p, PARAMS STAGE "params = train.*, code\n");

	(void)state;
	assert_int_equal(s->given_count, 2);
	(void)given(s, 0, "code", VALUE_TEXT, "\"1\"");
	assert_false(
	    given(s, 1, "lr", VALUE_FLOAT, "0x1.999999999999ap-4")->optional);
	arena_release(&p.arena);
	refuse(PARAMS STAGE "params = code, other.code\n",
	    "'code' and 'other.code' would both be 'code' in the notebook");
	refuse("[params]\na.x-y = 1\n" STAGE "params = a.x-y\n",
	    "'a.x-y' cannot be a name in a notebook");
}

static void inject_says_otherwise(void **state)
{
	struct parsed p;
	const struct stage *s = parse(&p,
	    PARAMS STAGE "params = code, other.code\ndeps = d\ninject =\n"
	                 "  renamed = ${params.code}\n  path = d/x\n"
	                 "  text = ${params.train.lr}x\n");

	(void)state;
	assert_int_equal(s->given_count, 5);
	(void)given(s, 0, "code", VALUE_INT, "2");
	/* Referred to, not declared. */
	assert_true(
	    given(s, 1, "lr", VALUE_FLOAT, "0x1.999999999999ap-4")->optional);
	assert_true(given(s, 2, "path", VALUE_TEXT, "\"d/x\"")->is_path);
	(void)given(s, 3, "renamed", VALUE_TEXT, "\"1\"");
	(void)given(s, 4, "text", VALUE_TEXT, "\"0.1x\"");
	arena_release(&p.arena);
	s = parse(&p, PARAMS STAGE "params = other.code\ninject = code = 3\n");
	assert_int_equal(s->given_count, 1);
	(void)given(s, 0, "code", VALUE_INT, "3");
	arena_release(&p.arena);
}

static void papermill_is_named_for_all_stages_or_for_one(void **state)
{
	struct parsed p;
	const struct stage *s =
	    parse(&p, "[pipeline]\npapermill = v/bin/papermill\n" STAGE);

	(void)state;
	assert_string_equal(s->papermill, "v/bin/papermill");
	arena_release(&p.arena);
	s = parse(&p, "[pipeline]\npapermill = v\n" STAGE "papermill = w\n");
	assert_string_equal(s->papermill, "w");
	arena_release(&p.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_notebook_is_a_dep_and_its_directory_the_place),
	    cmocka_unit_test(the_executed_notebook_is_an_output),
	    cmocka_unit_test(parameters_are_given_under_their_last_names),
	    cmocka_unit_test(inject_says_otherwise),
	    cmocka_unit_test(papermill_is_named_for_all_stages_or_for_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
