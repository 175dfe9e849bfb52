/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/pace.h"

/* A window of a second in which that many bytes came through. */
static void second(struct pace *pace, uint64_t *now, uint64_t bytes, bool full)
{
	unsigned count = pace->allowed;

	*now += 1000;
	for (unsigned i = 0; i < count; i++) {
		const struct pace_end end = {
		    .begun = *now - 1000,
		    .now = *now,
		    .bytes = bytes / count,
		    .full = full,
		};

		pace_end(pace, &end);
	}
}

static void slow_down(struct pace *pace, uint64_t begun, uint64_t now)
{
	const struct pace_end end = {.begun = begun,
	    .now = now,
	    .slow_down = true};

	pace_end(pace, &end);
}

static void grows_while_more_comes_through(void **state)
{
	struct pace pace;
	uint64_t now = 0;

	(void)state;
	pace_init(&pace, 0, now);
	assert_int_equal(pace.allowed, PACE_FIRST);
	for (uint64_t bytes = 100 << 20; pace.allowed < PACE_MOST; bytes *= 2)
		second(&pace, &now, bytes, true);
	second(&pace, &now, (uint64_t)1 << 40, true);
	assert_int_equal(pace.allowed, PACE_MOST);
}

static void stays_where_more_brings_nothing(void **state)
{
	struct pace pace;
	uint64_t now = 0;
	unsigned before;

	(void)state;
	pace_init(&pace, 0, now);
	second(&pace, &now, 100 << 20, true);
	before = pace.allowed;
	for (int i = 0; i < 5; i++)
		second(&pace, &now, 100 << 20, true);
	assert_int_equal(pace.allowed, before);
}

static void does_not_grow_where_nobody_waits(void **state)
{
	struct pace pace;
	uint64_t now = 0;

	(void)state;
	pace_init(&pace, 0, now);
	for (uint64_t bytes = 1 << 20; bytes < 1 << 30; bytes *= 2)
		second(&pace, &now, bytes, false);
	assert_int_equal(pace.allowed, PACE_FIRST);
}

static void falls_when_less_comes_through(void **state)
{
	struct pace pace;
	uint64_t now = 0;

	(void)state;
	pace_init(&pace, 0, now);
	second(&pace, &now, 1000 << 20, true);
	second(&pace, &now, 100 << 20, true);
	assert_true(pace.allowed < PACE_FIRST + PACE_FIRST / 2 + 1);
	for (uint64_t bytes = 50 << 20; bytes > 0; bytes /= 2)
		second(&pace, &now, bytes, true);
	assert_true(pace.allowed >= 1);
}

static void is_halved_once_for_all_under_way(void **state)
{
	struct pace pace;

	(void)state;
	pace_init(&pace, 0, 0);
	for (int i = 0; i < 10; i++)
		slow_down(&pace, 5, 10);
	assert_int_equal(pace.allowed, PACE_FIRST / 2);
	slow_down(&pace, 11, 20);
	assert_int_equal(pace.allowed, PACE_FIRST / 4);
	for (uint64_t now = 30; now < 90; now += 10)
		slow_down(&pace, now - 5, now);
	assert_int_equal(pace.allowed, 1);
}

static void never_allows_more_than_asked_for(void **state)
{
	struct pace pace;
	uint64_t now = 0;

	(void)state;
	pace_init(&pace, 3, now);
	assert_int_equal(pace.allowed, 3);
	for (uint64_t bytes = 1 << 20; bytes < 1 << 30; bytes *= 2)
		second(&pace, &now, bytes, true);
	assert_int_equal(pace.allowed, 3);
}

static void repeats_as_long_as_the_budget_lasts(void **state)
{
	struct pace pace;
	int count = 0;

	(void)state;
	pace_init(&pace, 0, 0);
	while (pace_may_repeat(&pace, true))
		count++;
	assert_int_equal(count, 100);
	for (int i = 0; i < 9; i++)
		pace_succeeded(&pace);
	assert_false(pace_may_repeat(&pace, false));
	pace_succeeded(&pace);
	assert_true(pace_may_repeat(&pace, false));
	for (int i = 0; i < 2 * PACE_BUDGET; i++)
		pace_succeeded(&pace);
	assert_int_equal(pace.budget, PACE_BUDGET);
}

static void waits_longer_each_time_within_bounds(void **state)
{
	(void)state;
	assert_int_equal(pace_wait(1, false, 0), 0);
	assert_int_equal(pace_wait(1, false, 100), 100);
	assert_int_equal(pace_wait(1, false, 101), 0);
	assert_int_equal(pace_wait(3, false, 400), 400);
	assert_int_equal(pace_wait(1, true, 2000), 2000);
	assert_int_equal(pace_wait(60, false, 20000), 20000);
	assert_int_equal(pace_wait(60, true, 20001), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(grows_while_more_comes_through),
	    cmocka_unit_test(stays_where_more_brings_nothing),
	    cmocka_unit_test(does_not_grow_where_nobody_waits),
	    cmocka_unit_test(falls_when_less_comes_through),
	    cmocka_unit_test(is_halved_once_for_all_under_way),
	    cmocka_unit_test(never_allows_more_than_asked_for),
	    cmocka_unit_test(repeats_as_long_as_the_budget_lasts),
	    cmocka_unit_test(waits_longer_each_time_within_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
