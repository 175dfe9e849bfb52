/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <cmocka.h>

#include "base/pool.h"

enum { JOBS = 2000 };

struct work {
	atomic_int runs[JOBS];
	atomic_size_t started;
	size_t fails_from;
	atomic_bool first_failed;
};

static int run(void *context, size_t i, struct mldv_error *err)
{
	struct work *work = context;

	atomic_fetch_add(&work->runs[i], 1);
	atomic_fetch_add(&work->started, 1);
	if (i >= work->fails_from)
		return err_set(err, MLDV_CORRUPT, "job %zu", i);
	return 0;
}

static void every_job_runs_once(void **state)
{
	static const unsigned threads[] = {0, 1, 2, 7, 64};

	(void)state;
	for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
		struct work work = {.fails_from = JOBS};
		struct mldv_error err = {0};

		assert_int_equal(pool_run(threads[t], JOBS, run, &work, &err),
		    0);
		for (size_t i = 0; i < JOBS; i++)
			assert_int_equal(atomic_load(&work.runs[i]), 1);
		assert_int_equal(err.code, 0);
	}
}

static void no_jobs_are_no_work(void **state)
{
	struct mldv_error err = {0};

	(void)state;
	assert_int_equal(pool_run(4, 0, NULL, NULL, &err), 0);
}

static void after_a_failure_no_job_starts(void **state)
{
	struct work work = {.fails_from = 10};
	struct mldv_error err = {0};

	(void)state;
	assert_int_equal(pool_run(4, JOBS, run, &work, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_string_equal(err.text, "job 10");
	assert_true(atomic_load(&work.started) <= 14);
	for (size_t i = 0; i <= 10; i++)
		assert_int_equal(atomic_load(&work.runs[i]), 1);
}

static void alone_it_stops_at_the_first_failure(void **state)
{
	struct work work = {.fails_from = 3};
	struct mldv_error err = {0};

	(void)state;
	assert_int_equal(pool_run(1, JOBS, run, &work, &err), -1);
	assert_string_equal(err.text, "job 3");
	assert_int_equal(atomic_load(&work.started), 4);
}

/* Job 0 fails only after job 1 has. */
static int fail_late(void *context, size_t i, struct mldv_error *err)
{
	struct work *work = context;

	if (i == 0) {
		while (!atomic_load(&work->first_failed))
			(void)sched_yield();
	} else {
		atomic_store(&work->first_failed, true);
	}
	return err_set(err, MLDV_FAILED, "job %zu", i);
}

static void the_lowest_failure_is_told(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct work work = {0};
		struct mldv_error err = {0};

		assert_int_equal(pool_run(2, 2, fail_late, &work, &err), -1);
		assert_string_equal(err.text, "job 0");
	}
}

/* Two jobs that each wait for the other. */
static int meet(void *context, size_t i, struct mldv_error *err)
{
	struct work *work = context;

	(void)i;
	(void)err;
	atomic_fetch_add(&work->started, 1);
	while (atomic_load(&work->started) < 2)
		(void)sched_yield();
	return 0;
}

static void jobs_run_at_the_same_time(void **state)
{
	struct work work = {0};
	struct mldv_error err = {0};

	(void)state;
	assert_int_equal(pool_run(2, 2, meet, &work, &err), 0);
}

static int add_plainly(void *context, size_t i, struct mldv_error *err)
{
	size_t *results = context;

	(void)err;
	results[i] = i * i;
	return 0;
}

static void results_are_seen_when_it_returns(void **state)
{
	static size_t results[JOBS];
	struct mldv_error err = {0};

	(void)state;
	assert_int_equal(pool_run(4, JOBS, add_plainly, results, &err), 0);
	for (size_t i = 0; i < JOBS; i++)
		assert_int_equal(results[i], i * i);
}

static void there_is_a_processor(void **state)
{
	(void)state;
	assert_true(pool_processors() >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_job_runs_once),
	    cmocka_unit_test(no_jobs_are_no_work),
	    cmocka_unit_test(after_a_failure_no_job_starts),
	    cmocka_unit_test(alone_it_stops_at_the_first_failure),
	    cmocka_unit_test(the_lowest_failure_is_told),
	    cmocka_unit_test(jobs_run_at_the_same_time),
	    cmocka_unit_test(results_are_seen_when_it_returns),
	    cmocka_unit_test(there_is_a_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
