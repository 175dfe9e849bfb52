/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

static void arena_memory_is_zeroed_aligned_and_apart(void **state)
{
	static const size_t sizes[] = {1, 3, 17, 4000, 16384, 16385, 70000};
	unsigned char *parts[700];
	struct arena arena = {0};
	size_t count = sizeof sizes / sizeof sizes[0];

	(void)state;
	for (size_t i = 0; i < 700; i++) {
		size_t size = sizes[i % count];

		parts[i] = arena_alloc(&arena, size);
		assert_int_equal((uintptr_t)parts[i] % sizeof(void *), 0);
		for (size_t j = 0; j < size; j++)
			assert_int_equal(parts[i][j], 0);
		memset(parts[i], (int)(i & 0xff), size);
	}
	for (size_t i = 0; i < 700; i++) {
		assert_int_equal(parts[i][0], i & 0xff);
		assert_int_equal(parts[i][sizes[i % count] - 1], i & 0xff);
	}
	arena_release(&arena);
	assert_null(arena.newest);
	arena_release(&arena);
}

static void arena_copies_text(void **state)
{
	struct arena arena = {0};
	const char bytes[] = {'a', '\0', 'b'};
	char *copy;

	(void)state;
	assert_string_equal(arena_str(&arena, "text"), "text");
	assert_string_equal(arena_str(&arena, ""), "");
	assert_string_equal(arena_strn(&arena, "text", 2), "te");
	assert_string_equal(arena_strn(&arena, NULL, 0), "");
	assert_string_equal(arena_printf(&arena, "%s-%d", "a", 12), "a-12");
	copy = arena_copy(&arena, bytes, sizeof bytes);
	assert_memory_equal(copy, bytes, sizeof bytes);
	assert_non_null(arena_copy(&arena, NULL, 0));
	assert_non_null(arena_array(&arena, 0, 8));
	arena_release(&arena);
}

static void grows_arrays_one_by_one(void **state)
{
	size_t capacity = 0;
	size_t *array = NULL;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		array = xgrow(array, i, &capacity, sizeof *array);
		assert_true(capacity > i);
		array[i] = i;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(array[i], i);
	free(array);
}

static void nothing_is_something(void **state)
{
	void *ptr = xmalloc(0);

	(void)state;
	assert_non_null(ptr);
	ptr = xrealloc(ptr, 0, 8);
	assert_non_null(ptr);
	free(ptr);
	ptr = xcalloc(0, 8);
	assert_non_null(ptr);
	free(ptr);
}

/* Runs ask in a child, whose last words and status are looked at. */
static void expect_out_of_memory(void (*ask)(void))
{
	char text[64] = "";
	size_t len = 0;
	int ends[2];
	int status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(ends[1], STDERR_FILENO);
		ask();
		_exit(0);
	}
	(void)close(ends[1]);
	while ((n = read(ends[0], text + len, sizeof text - 1 - len)) > 0)
		len += (size_t)n;
	(void)close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_string_equal(text, "mldv: out of memory\n");
}

static void ask_too_large_an_array(void)
{
	free(xrealloc(NULL, SIZE_MAX / 2, 3));
}

static void ask_too_large_an_arena(void)
{
	struct arena arena = {0};

	(void)arena_array(&arena, SIZE_MAX / 8, 16);
}

static void ask_too_long_a_text(void)
{
	struct arena arena = {0};

	(void)arena_strn(&arena, "", SIZE_MAX);
}

static void ask_to_grow_too_far(void)
{
	size_t capacity = SIZE_MAX / 2 + 1;

	(void)xgrow(NULL, capacity, &capacity, 1);
}

static void a_size_that_overflows_ends_the_program(void **state)
{
	(void)state;
	expect_out_of_memory(ask_too_large_an_array);
	expect_out_of_memory(ask_too_large_an_arena);
	expect_out_of_memory(ask_too_long_a_text);
	expect_out_of_memory(ask_to_grow_too_far);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(arena_memory_is_zeroed_aligned_and_apart),
	    cmocka_unit_test(arena_copies_text),
	    cmocka_unit_test(grows_arrays_one_by_one),
	    cmocka_unit_test(nothing_is_something),
	    cmocka_unit_test(a_size_that_overflows_ends_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
