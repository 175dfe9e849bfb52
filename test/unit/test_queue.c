/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/queue.h"
#include "stagetext.h"

#define STAGES_MOST 16

struct fixture {
	struct parsed parsed;
	struct graph graph;
	bool selected[STAGES_MOST];
	uint64_t took[STAGES_MOST];
	struct queue_options options;
	struct queue *queue;
};

/* Everything is selected, and takes as long as anything else. */
static void prepare(struct fixture *f, const char *text, unsigned jobs)
{
	struct mldv_error err;

	*f = (struct fixture){0};
	(void)stagetext_parse(&f->parsed, text, NULL);
	assert_true(f->parsed.stages.count <= STAGES_MOST);
	assert_int_equal(graph_build(&f->graph, &f->parsed.arena,
	                     &f->parsed.stages, &err),
	    0);
	for (size_t i = 0; i < STAGES_MOST; i++)
		f->selected[i] = true;
	f->options = (struct queue_options){
	    .graph = &f->graph,
	    .selected = f->selected,
	    .jobs = jobs,
	};
}

static void open_queue(struct fixture *f)
{
	f->queue = queue_open(&f->options);
}

static void clear(struct fixture *f)
{
	queue_close(f->queue);
	graph_release(&f->graph);
	arena_release(&f->parsed.arena);
}

static size_t number(const struct fixture *f, const char *name)
{
	const struct stage *stage = stages_find(&f->parsed.stages, name);

	assert_non_null(stage);
	return (size_t)(stage - f->parsed.stages.stages);
}

/* Takes all that can be taken now: "a b", "" for nothing. */
static void expect_taken(struct fixture *f, const char *names)
{
	struct buf text = {0};
	size_t i;

	while (queue_take(f->queue, &i))
		buf_printf(&text, "%s%s", text.len > 0 ? " " : "",
		    f->parsed.stages.stages[i].name);
	assert_string_equal(buf_str(&text), names);
	buf_release(&text);
}

static void done(struct fixture *f, const char *name)
{
	queue_done(f->queue, number(f, name));
}

static void a_stage_waits_for_those_above_it(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f,
	    "[stage c]\ncmd = x\ndeps = a.o, b.o\nouts = c.o\n"
	    "[stage a]\ncmd = x\nouts = a.o\n"
	    "[stage b]\ncmd = x\nouts = b.o\n",
	    4);
	open_queue(&f);
	expect_taken(&f, "a b");
	done(&f, "a");
	expect_taken(&f, "");
	done(&f, "b");
	expect_taken(&f, "c");
	done(&f, "c");
	expect_taken(&f, "");
	clear(&f);
}

static void what_is_not_selected_counts_as_done_and_is_not_taken(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f,
	    "[stage a]\ncmd = x\nouts = a.o\n"
	    "[stage b]\ncmd = x\ndeps = a.o\nouts = b.o\n"
	    "[stage c]\ncmd = x\ndeps = b.o\nouts = c.o\n",
	    4);
	f.selected[0] = false;
	f.selected[2] = false;
	open_queue(&f);
	expect_taken(&f, "b");
	done(&f, "b");
	expect_taken(&f, "");
	clear(&f);
}

static void what_stands_below_a_failure_is_never_ready(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f,
	    "[stage a]\ncmd = x\nouts = a.o\n"
	    "[stage b]\ncmd = x\ndeps = a.o\nouts = b.o\n"
	    "[stage c]\ncmd = x\ndeps = b.o\nouts = c.o\n"
	    "[stage d]\ncmd = x\nouts = d.o\n",
	    1);
	open_queue(&f);
	expect_taken(&f, "a");
	queue_fail(f.queue, number(&f, "a"));
	expect_taken(&f, "d");
	done(&f, "d");
	expect_taken(&f, "");
	clear(&f);
}

static void the_longest_way_down_is_first_and_ties_are_in_order(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f,
	    "[stage a]\ncmd = x\nouts = a.o\n"
	    "[stage b]\ncmd = x\nouts = b.o\n"
	    "[stage c]\ncmd = x\nouts = c.o\n"
	    "[stage d]\ncmd = x\ndeps = c.o\nouts = d.o\n",
	    1);
	open_queue(&f);
	/* With two stages to go, c has the longest way. */
	expect_taken(&f, "c");
	done(&f, "c");
	expect_taken(&f, "a");
	done(&f, "a");
	expect_taken(&f, "b");
	queue_close(f.queue);
	/* Unless another one is known to take longer than both. */
	f.took[number(&f, "b")] = 2001;
	f.options.took = f.took;
	open_queue(&f);
	expect_taken(&f, "b");
	done(&f, "b");
	expect_taken(&f, "c");
	clear(&f);
}

static void no_more_processors_are_used_than_there_are(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f,
	    "[stage a]\ncmd = x\ncpus = 3\n"
	    "[stage b]\ncmd = x\ncpus = 2\n"
	    "[stage c]\ncmd = x\n"
	    "[stage d]\ncmd = x\n",
	    4);
	open_queue(&f);
	/* b does not fit, but what is smaller does. */
	expect_taken(&f, "a c");
	done(&f, "c");
	expect_taken(&f, "d");
	done(&f, "a");
	expect_taken(&f, "b");
	clear(&f);
}

static void what_wants_more_than_there_is_runs_alone(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f,
	    "[stage a]\ncmd = x\n"
	    "[stage b]\ncmd = x\ncpus = 9\n"
	    "[stage c]\ncmd = x\ngpus = 2\n"
	    "[stage d]\ncmd = x\n",
	    2);
	f.options.gpus = 1;
	open_queue(&f);
	expect_taken(&f, "a d");
	done(&f, "a");
	expect_taken(&f, "");
	done(&f, "d");
	expect_taken(&f, "b");
	done(&f, "b");
	expect_taken(&f, "c");
	assert_int_equal(queue_got(f.queue, number(&f, "c")).gpu_count, 1);
	clear(&f);
}

static void a_pool_gives_its_lowest_free_slot(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f,
	    "[pool p]\nslots = 2\n"
	    "[stage a]\ncmd = x\npool = p\n"
	    "[stage b]\ncmd = x\npool = p\n"
	    "[stage c]\ncmd = x\npool = p\n"
	    "[stage d]\ncmd = x\n",
	    9);
	open_queue(&f);
	expect_taken(&f, "a b d");
	assert_int_equal(queue_got(f.queue, 0).slot, 0);
	assert_int_equal(queue_got(f.queue, 1).slot, 1);
	done(&f, "d");
	expect_taken(&f, "");
	done(&f, "a");
	expect_taken(&f, "c");
	assert_int_equal(queue_got(f.queue, 2).slot, 0);
	clear(&f);
}

static void of_stages_that_share_a_mutex_one_runs(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f,
	    "[stage a]\ncmd = x\nmutex = m, n\n"
	    "[stage b]\ncmd = x\nmutex = m\n"
	    "[stage c]\ncmd = x\nmutex = n\n"
	    "[stage d]\ncmd = x\nmutex = o\n",
	    9);
	open_queue(&f);
	expect_taken(&f, "a d");
	done(&f, "a");
	expect_taken(&f, "b c");
	clear(&f);
}

static void each_gpu_is_given_once(void **state)
{
	struct fixture f;
	struct queue_got got;

	(void)state;
	prepare(&f,
	    "[stage a]\ncmd = x\ngpus = 1\n"
	    "[stage b]\ncmd = x\ngpus = 2\n"
	    "[stage c]\ncmd = x\ngpus = 1\n",
	    9);
	f.options.gpus = 3;
	open_queue(&f);
	expect_taken(&f, "a b");
	got = queue_got(f.queue, number(&f, "b"));
	assert_int_equal(got.gpu_count, 2);
	assert_int_equal(got.gpus[0], 1);
	assert_int_equal(got.gpus[1], 2);
	done(&f, "a");
	expect_taken(&f, "c");
	got = queue_got(f.queue, number(&f, "c"));
	assert_int_equal(got.gpus[0], 0);
	clear(&f);
}

static void jobs_elsewhere_use_no_processor_here(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f,
	    "[pool s]\nslots = 2\n"
	    "[stage a]\nrun = sagemaker\ncmd = x\npool = s\n"
	    "[stage b]\nrun = sagemaker\ncmd = x\npool = s\n"
	    "[stage c]\nrun = sagemaker\ncmd = x\npool = s\n"
	    "[stage d]\ncmd = x\n",
	    1);
	open_queue(&f);
	expect_taken(&f, "a b d");
	done(&f, "a");
	expect_taken(&f, "c");
	clear(&f);
}

static void a_training_job_that_runs_here_uses_a_processor(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f,
	    "[pool s]\nslots = 2\n"
	    "[stage a]\nrun = sagemaker\ncmd = x\npool = s\n"
	    "sagemaker.instance_type = local-process\n"
	    "[stage b]\ncmd = x\n",
	    1);
	open_queue(&f);
	expect_taken(&f, "a");
	done(&f, "a");
	expect_taken(&f, "b");
	clear(&f);
}

static void what_is_put_back_sleeps_until_it_is_woken(void **state)
{
	struct fixture f;

	(void)state;
	prepare(&f,
	    "[stage a]\ncmd = x\nmutex = m\n"
	    "[stage b]\ncmd = x\nmutex = m\n",
	    1);
	open_queue(&f);
	expect_taken(&f, "a");
	queue_put_back(f.queue, number(&f, "a"));
	assert_int_equal(queue_asleep(f.queue), 1);
	/* What it had is free. */
	expect_taken(&f, "b");
	done(&f, "b");
	expect_taken(&f, "");
	queue_wake(f.queue);
	assert_int_equal(queue_asleep(f.queue), 0);
	expect_taken(&f, "a");
	clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stage_waits_for_those_above_it),
	    cmocka_unit_test(
	        what_is_not_selected_counts_as_done_and_is_not_taken),
	    cmocka_unit_test(what_stands_below_a_failure_is_never_ready),
	    cmocka_unit_test(
	        the_longest_way_down_is_first_and_ties_are_in_order),
	    cmocka_unit_test(no_more_processors_are_used_than_there_are),
	    cmocka_unit_test(what_wants_more_than_there_is_runs_alone),
	    cmocka_unit_test(a_pool_gives_its_lowest_free_slot),
	    cmocka_unit_test(of_stages_that_share_a_mutex_one_runs),
	    cmocka_unit_test(each_gpu_is_given_once),
	    cmocka_unit_test(jobs_elsewhere_use_no_processor_here),
	    cmocka_unit_test(a_training_job_that_runs_here_uses_a_processor),
	    cmocka_unit_test(what_is_put_back_sleeps_until_it_is_woken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
