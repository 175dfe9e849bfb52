/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo.h"
#include "sample.h"
#include "scratch.h"
#include "store/link.h"

enum { SIZE = 1000003 };

static int create(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	assert_true(fd >= 0);
	return fd;
}

static void expect_copy(int from, int to, size_t size)
{
	char *one = xmalloc(size), *two = xmalloc(size);
	struct stat st;

	assert_int_equal(fstat(to, &st), 0);
	assert_int_equal(st.st_size, size);
	assert_int_equal(pread(from, one, size, 0), size);
	assert_int_equal(pread(to, two, size, 0), size);
	assert_memory_equal(one, two, size);
	free(one);
	free(two);
}

static void copies_in_one_file_system(void **state)
{
	struct mldv_error err;
	int from, to;

	(void)state;
	sample_file("from", SIZE, 1);
	from = open("from", O_RDONLY | O_CLOEXEC);
	to = create("to");
	ok(link_copy(from, to, SIZE, "from", &err), &err);
	expect_copy(from, to, SIZE);
	assert_int_equal(close(to), 0);
	/* By pieces, in any order. */
	to = create("to");
	ok(link_copy_range(from, to, 500000, SIZE - 500000, "from", &err),
	    &err);
	ok(link_copy_range(from, to, 0, 500000, "from", &err), &err);
	ok(link_copy_range(from, to, 0, 0, "from", &err), &err);
	expect_copy(from, to, SIZE);
	assert_int_equal(close(to), 0);
	assert_int_equal(close(from), 0);
}

/* Where the kernel does not copy by itself: memory is another file system. */
static void copies_between_file_systems(void **state)
{
	struct mldv_error err = {0};
	int from = memfd_create("from", MFD_CLOEXEC), to = create("to");
	char *data = xmalloc(SIZE);

	(void)state;
	assert_true(from >= 0);
	sample_noise(data, SIZE, 2);
	assert_int_equal(write(from, data, SIZE), SIZE);
	free(data);
	ok(link_copy(from, to, SIZE, "from", &err), &err);
	expect_copy(from, to, SIZE);
	assert_int_equal(link_copy(from, to, SIZE + 1, "from", &err), -1);
	assert_string_equal(err.text,
	    "'from' became shorter while it was read");
	assert_int_equal(close(to), 0);
	assert_int_equal(close(from), 0);
}

static void an_early_end_is_an_error(void **state)
{
	struct mldv_error err = {0};
	int from, to = create("to");

	(void)state;
	sample_file("from", SIZE, 1);
	from = open("from", O_RDONLY | O_CLOEXEC);
	assert_int_equal(link_copy_range(from, to, 0, SIZE + 1, "from", &err),
	    -1);
	assert_string_equal(err.text,
	    "'from' became shorter while it was read");
	assert_int_equal(link_copy_range(from, to, SIZE, 1, "from", &err), -1);
	assert_int_equal(close(to), 0);
	assert_int_equal(close(from), 0);
}

static void a_copy_that_cannot_be_written_is_an_error(void **state)
{
	struct mldv_error err = {0};
	int from, to = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	sample_file("from", SIZE, 1);
	from = open("from", O_RDONLY | O_CLOEXEC);
	assert_int_equal(link_copy(from, to, SIZE, "from", &err), -1);
	assert_non_null(strstr(err.text, "'from'"));
	assert_non_null(strstr(err.text, "No space left"));
	assert_int_equal(close(to), 0);
	assert_int_equal(close(from), 0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(copies_in_one_file_system),
	    TEST(copies_between_file_systems),
	    TEST(an_early_end_is_an_error),
	    TEST(a_copy_that_cannot_be_written_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
