/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/run.h"

#define ABC  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define KEY  "mldv-key 1\ncmd " ABC "\ncwd .\nout m\n" REST
#define REST "runner shell 1\nshell /bin/sh -eu\n"
#define HEAD                                                            \
	"mldv-run 1\nstage a\nstarted 1800000000\ntook 52000\nhost h\n" \
	"platform Linux x86_64\n"
#define MADE "made d 12 3 " ABC " d\nmade f 3 " ABC " m\n"

static int parse(struct run *out, struct arena *arena, const char *text,
    struct mldv_error *err)
{
	struct oid oid;

	oid_of(KEY, strlen(KEY), &oid);
	return run_parse(out, arena, &oid, text, strlen(text), err);
}

static void refuse(const char *text, const char *message)
{
	struct arena arena = {0};
	struct mldv_error err = {0};
	struct run run = {0};

	assert_int_equal(parse(&run, &arena, text, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_string_equal(err.text, message);
	arena_release(&arena);
}

static void reads_every_line(void **state)
{
	struct arena arena = {0};
	struct mldv_error err = {0};
	struct run run;

	(void)state;
	assert_int_equal(parse(&run, &arena, HEAD MADE "\n" KEY, &err), 0);
	assert_string_equal(run.stage, "a");
	assert_true(run.started == 1800000000);
	assert_true(run.took == 52000);
	assert_string_equal(run.host, "h");
	assert_string_equal(run.platform, "Linux x86_64");
	assert_int_equal(run.made_count, 2);
	assert_string_equal(run.made[0].path, "d");
	assert_int_equal(run.made[0].content.kind, KIND_DIR);
	assert_true(run.made[0].content.size == 12);
	assert_true(run.made[0].content.files == 3);
	assert_int_equal(run.made[1].content.kind, KIND_FILE);
	assert_true(run.made[1].content.files == 1);
	assert_int_equal(run.key.lines.count, 5);
	run_release(&run);
	arena_release(&arena);
}

#define COMMIT "356a192b7913b04c54574d18c28d46e6395428ab"
#define MORE                                                           \
	"command python a.py\\npython b.py\ncommit " COMMIT "\n"       \
	"dirty 12 " ABC "\nbranch main\nwho A B <a@b>\n"               \
	"interpreter Python 3.11.2\njob train-1\ncost 0.41 USD\n"      \
	"about console https://c\nabout trained 3 s\nmetric 2 said\n"  \
	"metrics a b.json\nmetric -1e-05 loss\nmetric 0.91 test acc\n" \
	"metrics m\nmetric 3 n\n"

static void reads_what_need_not_be_there(void **state)
{
	struct arena arena = {0};
	struct mldv_error err = {0};
	struct run run;

	(void)state;
	assert_int_equal(parse(&run, &arena, HEAD MORE MADE "\n" KEY, &err), 0);
	assert_string_equal(run.command, "python a.py\npython b.py");
	assert_string_equal(run.commit, COMMIT);
	assert_true(run.dirty);
	assert_true(run.diff_size == 12);
	assert_string_equal(run.branch, "main");
	assert_string_equal(run.who, "A B <a@b>");
	assert_string_equal(run.interpreter, "Python 3.11.2");
	assert_string_equal(run.job, "train-1");
	assert_string_equal(run.cost, "0.41 USD");
	assert_int_equal(run.about_count, 2);
	assert_string_equal(run.about[1].word, "trained");
	assert_string_equal(run.about[1].text, "3 s");
	assert_int_equal(run.metric_count, 4);
	assert_string_equal(run.metrics[0].path, "");
	assert_string_equal(run.metrics[0].name, "said");
	assert_string_equal(run.metrics[1].path, "a b.json");
	assert_string_equal(run.metrics[1].name, "loss");
	assert_true(run.metrics[1].value == -1e-05);
	assert_string_equal(run.metrics[2].name, "test acc");
	assert_string_equal(run.metrics[3].path, "m");
	assert_string_equal(run.metrics[3].text, "3");
	assert_int_equal(run.made_count, 2);
	run_release(&run);
	arena_release(&arena);
}

static void refuses_optional_lines_out_of_place(void **state)
{
	(void)state;
	refuse(HEAD "branch b\ncommit " COMMIT "\n\n" KEY,
	    "run, line 8: 'commit' does not stand where it should");
	refuse(HEAD "branch b\nbranch b\n\n" KEY,
	    "run, line 8: 'branch' does not stand where it should");
	refuse(HEAD MADE "branch b\n\n" KEY,
	    "run, line 9: 'branch' does not stand where it should");
	refuse(HEAD "commit abc\n\n" KEY, "run, line 7: 'abc' is not a commit");
	refuse(HEAD "dirty 1\n\n" KEY, "run, line 7: a field is missing");
	refuse(HEAD "metric 1 b\nmetric 1 a\n\n" KEY,
	    "run, line 8: is not sorted after the line above");
	refuse(HEAD "metrics a\nmetric 1 a\nabout b c\n\n" KEY,
	    "run, line 9: 'about' does not stand where it should");
	refuse(HEAD "about b c\nabout a c\n\n" KEY,
	    "run, line 8: is not sorted after the line above");
	refuse(HEAD "about b\n\n" KEY,
	    "run, line 7: a path or text is missing");
	refuse(HEAD "metrics a\nmetric 0x1 a\n\n" KEY,
	    "run, line 8: '0x1' is not a number");
	refuse(HEAD "metrics a\nmetric 1e999 a\n\n" KEY,
	    "run, line 8: '1e999' is not a number");
	refuse(HEAD "metrics a\nmetric 1 b\nmetric 1 a\n\n" KEY,
	    "run, line 9: is not sorted after the line above");
	refuse(HEAD "metrics b\nmetric 1 b\nmetrics a\nmetric 1 a\n\n" KEY,
	    "run, line 9: is not sorted after the metrics above");
	refuse(HEAD "metrics ../a\nmetric 1 b\n\n" KEY,
	    "run, line 7: '../a' is not a path inside the repository");
	refuse(HEAD "metrics b\nmetrics c\nmetric 1 b\n\n" KEY,
	    "run, line 8: 'metrics' does not stand where it should");
	refuse(HEAD "metrics b\n\n" KEY,
	    "run, line 8: no metric stands above this line");
}

static void sorts_metrics(void **state)
{
	struct run_metric metrics[] = {
	    {.path = "b", .name = "x", .text = "1"},
	    {.path = "a", .name = "y", .text = "2"},
	    {.path = "a", .name = "x", .text = "3"},
	};
	struct run run = {
	    .stage = "s",
	    .host = "h",
	    .platform = "p",
	    .branch = "",
	    .metrics = metrics,
	    .metric_count = 3,
	};
	struct buf out = {0};

	(void)state;
	run_format(&run, &out);
	assert_non_null(strstr(buf_str(&out),
	    "\nplatform p\nmetrics a\nmetric 3 x\nmetric 2 y\n"
	    "metrics b\nmetric 1 x\n\n"));
	buf_release(&out);
	run_release(&run);
}

static void writes_what_it_read(void **state)
{
	static const char *const texts[] = {
	    HEAD MADE "\n" KEY,
	    HEAD "\n" KEY,
	    HEAD MORE MADE "\n" KEY,
	    HEAD "who x\n" MADE "\n" KEY,
	    HEAD "metrics m\nmetric +1.50E3 n\n\n" KEY,
	    HEAD "made x 3 " ABC " a\\nb \\\\\n\n" KEY,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct arena arena = {0};
		struct mldv_error err = {0};
		struct buf out = {0};
		struct run run;

		assert_int_equal(parse(&run, &arena, texts[i], &err), 0);
		run_format(&run, &out);
		assert_string_equal(buf_str(&out), texts[i]);
		buf_release(&out);
		run_release(&run);
		arena_release(&arena);
	}
}

static void sorts_what_was_made_and_fills_what_is_empty(void **state)
{
	struct made made[] = {
	    {{.kind = KIND_FILE, .size = 2, .files = 1}, "b"},
	    {{.kind = KIND_FILE, .size = 1, .files = 1}, "a"},
	};
	struct run run = {
	    .stage = "s",
	    .host = "",
	    .platform = "p",
	    .made = made,
	    .made_count = 2,
	};
	struct buf out = {0};

	(void)state;
	run_format(&run, &out);
	assert_non_null(strstr(buf_str(&out), "\nhost unknown\n"));
	assert_true(
	    strstr(buf_str(&out), " a\n") < strstr(buf_str(&out), " b\n"));
	buf_release(&out);
	run_release(&run);
}

static void refuses_another_key_s_document(void **state)
{
	(void)state;
	refuse(HEAD MADE "\nmldv-key 1\ncmd " ABC "\ncwd .\n" REST,
	    "run, line 9: what follows is another key's document, "
	    "574202e661c2d5d7ff61e176784a86a9929c99287c2e18a996234f9dbe95ffc2");
}

static void refuses_what_is_not_canonical(void **state)
{
	(void)state;
	refuse("mldv-run 1\nstage a\n", "run, line 3: 'started' is missing");
	refuse("mldv-run 1\nstarted 1\n",
	    "run, line 2: begins with 'started', not 'stage'");
	refuse("mldv-run 1\nstage a\nstarted 01\n",
	    "run, line 3: '01' is not a number");
	refuse("mldv-run 1\nstage a\nstarted 1 2\n",
	    "run, line 3: has too much: '2'");
	refuse(HEAD "made f 3 " ABC " b\nmade f 3 " ABC " a\n\n" KEY,
	    "run, line 8: is not sorted after the line above");
	refuse(HEAD "made q 3 " ABC " b\n\n" KEY,
	    "run, line 7: 'q' is not f, x, l or d");
	refuse(HEAD "note x\n\n" KEY,
	    "run, line 7: begins with 'note', not 'made'");
	refuse(HEAD MADE, "run, line 8: the key document is missing");
	refuse("mldv-run 1\nstage a\nstarted 1",
	    "run, line 3: has no line end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_every_line),
	    cmocka_unit_test(writes_what_it_read),
	    cmocka_unit_test(sorts_what_was_made_and_fills_what_is_empty),
	    cmocka_unit_test(refuses_another_key_s_document),
	    cmocka_unit_test(refuses_what_is_not_canonical),
	    cmocka_unit_test(reads_what_need_not_be_there),
	    cmocka_unit_test(refuses_optional_lines_out_of_place),
	    cmocka_unit_test(sorts_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
