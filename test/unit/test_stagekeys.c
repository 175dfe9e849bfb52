/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/key.h"
#include "stagetext.h"

static const struct stage *parse(struct parsed *p, const char *text)
{
	return stagetext_parse(p, text, NULL);
}

static void refuse(const char *text, const char *words)
{
	stagetext_refuse(text, words, NULL);
}

/* In a stage, from line 3 on. */
static void refuse_key(const char *lines, const char *message)
{
	struct buf text = {0};

	buf_printf(&text, "[stage a]\ncmd = x\n%s\n", lines);
	refuse(buf_str(&text), message);
	buf_release(&text);
}

static void what_is_not_said_is_preset(void **state)
{
	struct parsed p;
	const struct stage *s = parse(&p, "[stage a]\ncmd = x\n");

	(void)state;
	assert_int_equal(s->run, RUN_SHELL);
	assert_int_equal(s->timeout, 0);
	assert_int_equal(s->retries, 0);
	assert_int_equal(s->cpus, 1);
	assert_int_equal(s->gpus, 0);
	assert_null(s->pool);
	assert_null(s->variant);
	assert_string_equal(s->base, "a");
	assert_false(s->clean || s->publish || s->allow_early_exit);
	assert_int_equal(s->env_count + s->pass_count + s->mutex.count +
	        s->envlock.count + s->probe.count + s->inject_count +
	        s->setting_count,
	    0);
	arena_release(&p.arena);
}

static void reads_resources(void **state)
{
	struct parsed p;
	const struct stage *s = parse(&p,
	    "[stage a]\ncmd = x\ntimeout = 4h\nretries = 2\ncpus = 8\n"
	    "gpus = ${params.g}\npool = gpu\nmutex = db, cam\n"
	    "publish = yes\n"
	    "[pool gpu]\nslots = 2\nassign = CUDA_VISIBLE_DEVICES\n"
	    "[params]\ng = 1\n");

	(void)state;
	assert_int_equal(s->timeout, 4 * 3600);
	assert_int_equal(s->retries, 2);
	assert_int_equal(s->cpus, 8);
	assert_int_equal(s->gpus, 1);
	assert_string_equal(s->pool, "gpu");
	assert_int_equal(s->mutex.count, 2);
	assert_string_equal(s->mutex.items[0], "cam");
	assert_true(s->publish);
	assert_int_equal(p.stages.pool_count, 1);
	assert_int_equal(stages_pool(&p.stages, "gpu")->slots, 2);
	assert_string_equal(p.stages.pools[0].assign, "CUDA_VISIBLE_DEVICES");
	assert_null(stages_pool(&p.stages, "cpu"));
	/* It is a reference, so the parameter counts. */
	assert_int_equal(s->param_count, 1);
	arena_release(&p.arena);
}

static void reads_the_environment(void **state)
{
	struct parsed p;
	const struct stage *s = parse(&p,
	    "[stage a]\ncmd = x\nenvironment = clean\n"
	    "env =\n  OMP=4\n  LANG\n  TWO = a  b\n  NONE=\n"
	    "env.pass = AWS_PROFILE, TOKEN=x\nenvlock = req.txt, ./env.yml\n"
	    "probe = python3 -V\nsalt = 2\nparams.write = conf/params.yaml\n"
	    "deps = data\n");

	(void)state;
	assert_true(s->clean);
	assert_int_equal(s->env_count, 4);
	assert_string_equal(s->env[0].name, "LANG");
	assert_null(s->env[0].value);
	assert_string_equal(s->env[1].name, "NONE");
	assert_string_equal(s->env[1].value, "");
	assert_string_equal(s->env[2].value, "4");
	assert_string_equal(s->env[3].value, "a  b");
	assert_int_equal(s->pass_count, 2);
	assert_null(s->pass[0].value);
	assert_string_equal(s->pass[1].value, "x");
	assert_int_equal(s->envlock.count, 2);
	assert_string_equal(s->envlock.items[0], "env.yml");
	assert_int_equal(s->dep_count, 3);
	assert_string_equal(s->deps[0].path, "data");
	assert_false(s->deps[0].envlock);
	assert_true(s->deps[1].envlock && s->deps[2].envlock);
	assert_int_equal(s->probe.count, 1);
	assert_string_equal(s->probe.items[0], "python3 -V");
	assert_string_equal(s->salt, "2");
	assert_string_equal(s->params_write, "conf/params.yaml");
	arena_release(&p.arena);
}

static void pipeline_says_what_holds_for_all(void **state)
{
	struct parsed p;
	const struct stage *s = parse(&p,
	    "[pipeline]\nenv = A=1, B=1\nenv.pass = C\nenvlock = req.txt\n"
	    "pool = p\nenvironment = clean\n[pool p]\nslots = 1\n"
	    "[stage a]\ncmd = x\nenv = B=2, D=3\n"
	    "[stage b]\ncmd = x\npool = none\nenvlock = other.txt\n"
	    "environment = inherit\n"
	    "[stage c]\ncmd = x\nouts = req.txt\n"
	    "[stage d]\ncmd = x\ndeps = req.txt\n");

	(void)state;
	assert_int_equal(s->env_count, 3);
	assert_string_equal(s->env[0].value, "1");
	assert_string_equal(s->env[1].name, "B");
	assert_string_equal(s->env[1].value, "2");
	assert_string_equal(s->env[2].name, "D");
	assert_string_equal(s->pass[0].name, "C");
	assert_string_equal(s->pool, "p");
	assert_true(s->clean);
	assert_string_equal(s->deps[0].path, "req.txt");
	assert_null(s[1].pool);
	assert_false(s[1].clean);
	assert_int_equal(s[1].dep_count, 1);
	assert_string_equal(s[1].deps[0].path, "other.txt");
	assert_int_equal(s[2].dep_count, 0);
	assert_int_equal(s[3].dep_count, 1);
	assert_false(s[3].deps[0].envlock);
	arena_release(&p.arena);
}

static void reads_a_notebook(void **state)
{
	struct parsed p;
	const struct stage *s = parse(&p,
	    "[stage a]\nrun = notebook\nnotebook = nb/./e.ipynb\n"
	    "kernel = python3\nallow_early_exit = yes\n"
	    "deps = models\nouts = r.ipynb  kind=notebook\n"
	    "inject =\n  model = models/../models/m.pt\n  n = 3\n"
	    "  pool=${params.s}\n  out = r.ipynb\n  url = http://x/y\n"
	    "[params]\ns = \"5\"\n");

	(void)state;
	assert_int_equal(s->run, RUN_NOTEBOOK);
	assert_string_equal(s->notebook, "nb/e.ipynb");
	assert_string_equal(s->kernel, "python3");
	assert_string_equal(s->cmd, "");
	assert_true(s->allow_early_exit);
	assert_int_equal(s->outs[0].kind, OUT_NOTEBOOK);
	assert_int_equal(s->inject_count, 5);
	assert_string_equal(s->inject[0].name, "model");
	assert_true(s->inject[0].is_path);
	assert_string_equal(s->inject[0].value.text, "models/m.pt");
	assert_int_equal(s->inject[1].value.type, VALUE_INT);
	assert_true(s->inject[2].is_path);
	assert_string_equal(s->inject[3].name, "pool");
	assert_int_equal(s->inject[3].value.type, VALUE_TEXT);
	assert_false(s->inject[4].is_path);
	arena_release(&p.arena);
}

static void reads_settings_of_runners(void **state)
{
	struct parsed p;
	const struct stage *s = parse(&p,
	    "[stage a]\nrun = sagemaker\nentry_point = src/train.py\n"
	    "image = x@sha256:0\nsagemaker.spot = yes\n"
	    "sagemaker.role = arn:${params.r}\nbatch.queue = q\n"
	    "deps = data  channel=train\n"
	    "outs = m.pt  from=model.tar.gz:m.pt\n[params]\nr = x\n");

	(void)state;
	assert_int_equal(s->run, RUN_SAGEMAKER);
	assert_string_equal(s->entry, "src/train.py");
	assert_string_equal(s->image, "x@sha256:0");
	assert_int_equal(s->setting_count, 3);
	assert_string_equal(s->settings[0].key, "batch.queue");
	assert_string_equal(s->settings[1].key, "sagemaker.role");
	assert_string_equal(s->settings[1].value, "arn:x");
	assert_string_equal(s->deps[0].channel, "train");
	assert_string_equal(s->outs[0].from, "model.tar.gz:m.pt");
	arena_release(&p.arena);
}

static void refuses_wrong_values(void **state)
{
	(void)state;
	refuse_key("timeot = 3s",
	    "mldv.ini:3: unknown key 'timeot' in [stage a]; did you mean "
	    "'timeout'?");
	refuse_key("timeout = 90",
	    "mldv.ini:3: 'timeout' cannot be '90'; write 90s, 15m, 4h or 2d");
	refuse_key("timeout = 0s",
	    "mldv.ini:3: 'timeout' cannot be '0s'; write 90s, 15m, 4h or 2d");
	refuse_key("retries = -1",
	    "mldv.ini:3: 'retries' cannot be '-1', only a number up to 100");
	refuse_key("cpus = 0", "mldv.ini:3: 'cpus' is at least 1");
	refuse_key("run = notbook",
	    "mldv.ini:3: 'run' cannot be 'notbook'; did you mean 'notebook'?");
	refuse_key("run = k8s-cluster",
	    "mldv.ini:3: 'run' cannot be 'k8s-cluster', only shell, notebook, "
	    "container, sagemaker, fargate or batch");
	refuse_key("pool = gp\n[pool gpu]\nslots = 1",
	    "mldv.ini:3: there is no [pool gp]; did you mean 'gpu'?");
	refuse_key("env = 1A=x",
	    "mldv.ini:3: '1A' cannot be a variable of the environment");
	refuse_key("env = MLDV_ROOT=x",
	    "mldv.ini:3: 'MLDV_ROOT' is a variable that mldv sets itself");
	refuse_key("env =\n  A=1\n  A=2",
	    "mldv.ini:5: 'A' is there twice in 'env'");
	refuse_key("env = A=1\nenv.pass = A",
	    "mldv.ini:4: 'A' is in 'env' (line 3) and in 'env.pass'");
	refuse_key("environment = scrubbed",
	    "mldv.ini:3: 'environment' cannot be 'scrubbed', only inherit or "
	    "clean");
	refuse_key("  matrix.x = 1",
	    "mldv.ini:3: 'matrix.x =' is indented, so it would be part of "
	    "'cmd'; keys begin in the first column");
	refuse_key("params = c.yaml:lr",
	    "mldv.ini:3: 'c.yaml' has parameters, but does not exist");
	refuse_key("salt =", "mldv.ini:3: 'salt' is empty");
	refuse_key("params.write = .gitignore",
	    "mldv.ini:3: '.gitignore' cannot be an output: the name is mldv's "
	    "or Git's own");
	refuse_key("kernel = r", "mldv.ini:3: 'kernel' needs 'run = notebook'");
	refuse_key("run = notebook\nnotebook = n.ipynb",
	    "mldv.ini:1: stage 'a' runs a notebook, so it has no cmd");
	refuse_key("entry_point = t.py",
	    "mldv.ini:3: 'entry_point' is for jobs elsewhere, not for 'run = "
	    "shell'");
	refuse_key("mutex = a/b",
	    "mldv.ini:3: 'a/b' cannot be the name of a mutex; one is made of "
	    "A-Z a-z 0-9 . _ -");
	refuse_key("outs = a  x=epoch",
	    "mldv.ini:3: x=, y=, layout= and title= need kind=plot");
	refuse_key("deps = a  chanel=b",
	    "mldv.ini:3: unknown option 'chanel' of a dep; only channel= is "
	    "known");
	refuse("[pool a]\n", "mldv.ini:1: [pool a] has no 'slots'");
	refuse("[pool a]\nslots = 0\n",
	    "mldv.ini:2: 'slots' cannot be '0', only a number from 1 to "
	    "10000");
	refuse("[pool a]\nslot = 1\n",
	    "mldv.ini:2: unknown key 'slot' in [pool a]; did you mean "
	    "'slots'?");
}

static void document(const char *text, const char *expected)
{
	struct parsed p;
	const struct stage *s = parse(&p, text);
	struct hasher *hasher = hasher_open();
	struct mldv_error err;
	struct key key = {0};
	struct key again;
	struct buf out = {0};
	struct oid oid;

	key_add_stage(&key, s, p.stages.shell, hasher);
	key_end(&key, &out, &oid);
	/* The lines before it are those of every stage. */
	assert_string_equal(strstr(buf_str(&out), "\ncwd .\n") + 7, expected);
	if (key_parse(&again, buf_str(&out), out.len, &err) < 0)
		fail_msg("%s", err.text);
	key_release(&again);
	key_release(&key);
	buf_release(&out);
	hasher_close(hasher);
	arena_release(&p.arena);
}

static void the_key_has_only_what_is_used(void **state)
{
	(void)state;
	document("[stage a]\ncmd = x\n", "runner shell 1\nshell /bin/sh -eu\n");
	document("[stage a]\ncmd = x\ntimeout = 1s\nretries = 3\ncpus = 4\n"
	         "publish = yes\nmutex = m\nenv.pass = T=1\n"
	         "params.write = p.yaml\nenvironment = clean\n",
	    "runner shell 1\nshell /bin/sh -eu\n");
	document("[stage a]\ncmd = x\nenv = A=b, C=, D\nsalt = s\n",
	    "env A =b\nenv C =\nrunner shell 1\nsalt s\nshell /bin/sh -eu\n");
	document("[stage a]\nrun = notebook\nnotebook = n.ipynb\n"
	         "kernel = k\nouts = o\ninject =\n  p = o\n  q = 0.5\n",
	    "inject float q 0x1p-1\ninject path p o\nkernel k\nout o\n"
	    "out reports/n/a.ipynb\nrunner notebook 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_not_said_is_preset),
	    cmocka_unit_test(reads_resources),
	    cmocka_unit_test(reads_the_environment),
	    cmocka_unit_test(pipeline_says_what_holds_for_all),
	    cmocka_unit_test(reads_a_notebook),
	    cmocka_unit_test(reads_settings_of_runners),
	    cmocka_unit_test(refuses_wrong_values),
	    cmocka_unit_test(the_key_has_only_what_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
