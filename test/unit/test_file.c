/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/path.h"
#include "base/strs.h"

#include "scratch.h"

static size_t count_names(const char *dir)
{
	struct mldv_error err;
	struct strs names = {0};
	size_t count;

	assert_int_equal(file_list(dir, &names, &err), 0);
	count = names.count;
	strs_release(&names);
	return count;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void reads_up_to_the_limit(void **state)
{
	struct mldv_error err = {0};
	struct buf buf = {0};

	(void)state;
	scratch_write("a", "12345");
	buf_add_str(&buf, "0");
	assert_int_equal(file_read("a", 5, &buf, &err), 0);
	assert_string_equal(buf_str(&buf), "012345");
	assert_int_equal(file_read("a", 4, &buf, &err), -1);
	assert_string_equal(err.text, "'a' is larger than 4 bytes");
	/* What failed left nothing behind. */
	assert_string_equal(buf_str(&buf), "012345");
	assert_int_equal(buf.len, 6);
	scratch_write("empty", "");
	assert_int_equal(file_read("empty", 0, &buf, &err), 0);
	assert_int_equal(buf.len, 6);
	buf_release(&buf);
}

static void reads_large_files_whole(void **state)
{
	enum { SIZE = 300001 };
	static char data[SIZE];
	struct mldv_error err;
	struct buf buf = {0};

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (char)(i % 251);
	assert_int_equal(file_replace("a", data, SIZE, &err), 0);
	assert_int_equal(file_read("a", SIZE, &buf, &err), 0);
	assert_int_equal(buf.len, SIZE);
	assert_memory_equal(buf.data, data, SIZE);
	assert_int_equal(file_read("a", SIZE - 1, &buf, &err), -1);
	assert_int_equal(file_read("a", 10, &buf, &err), -1);
	assert_int_equal(buf.len, SIZE);
	/* A file whose length is not known beforehand is limited too. */
	assert_int_equal(file_read("/dev/zero", 100000, &buf, &err), -1);
	assert_string_equal(err.text,
	    "'/dev/zero' is larger than 100000 bytes");
	buf_release(&buf);
}

static void says_what_it_cannot_read(void **state)
{
	struct mldv_error err;
	struct buf buf = {0};

	(void)state;
	assert_int_equal(file_read("nosuch", 9, &buf, &err), -1);
	assert_int_equal(err.code, MLDV_NOT_FOUND);
	assert_string_equal(err.text,
	    "cannot read 'nosuch': No such file or directory");
	assert_int_equal(file_read(".", 9, &buf, &err), -1);
	assert_string_equal(err.text, "cannot read '.': Is a directory");
	buf_release(&buf);
}

static void reads_just_what_was_asked_at_an_offset(void **state)
{
	struct mldv_error err;
	char out[8] = "";
	int fd;

	(void)state;
	scratch_write("a", "0123456789");
	fd = open("a", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(file_read_at(fd, "a", out, 4, 6, &err), 0);
	assert_memory_equal(out, "6789", 4);
	assert_int_equal(file_read_at(fd, "a", out, 0, 10, &err), 0);
	assert_int_equal(file_read_at(fd, "a", out, 4, 7, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_string_equal(err.text, "'a' ends at byte 10, before byte 11");
	assert_int_equal(file_read_at(fd, "a", out, 4, INT64_MAX, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_int_equal(file_read_at(fd, "a", out, 4, UINT64_MAX, &err), -1);
	assert_int_equal(close(fd), 0);
}

static void a_failed_write_is_an_error(void **state)
{
	struct mldv_error err;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(file_write(fd, "x", "data", 4, &err), -1);
	assert_string_equal(err.text,
	    "cannot write 'x': No space left on device");
	assert_int_equal(close(fd), 0);
}

static void knows_what_exists(void **state)
{
	struct mldv_error err;

	(void)state;
	scratch_write("a", "");
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(file_exists("a", &err), 1);
	assert_int_equal(file_exists("dangling", &err), 1);
	assert_int_equal(file_exists("b", &err), 0);
	assert_int_equal(file_exists("a/b", &err), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(file_exists("loop/a", &err), -1);
}

static void makes_directories(void **state)
{
	struct mldv_error err;

	(void)state;
	assert_int_equal(file_make_dirs("a//b/c/", &err), 0);
	assert_int_equal(file_exists("a/b/c", &err), 1);
	assert_int_equal(file_make_dirs("a/b/c", &err), 0);
	assert_int_equal(file_make_dirs("/", &err), 0);
	assert_int_equal(file_make_dirs(".", &err), 0);
	assert_int_equal(file_make_parents("d/e/file", &err), 0);
	assert_int_equal(file_exists("d/e", &err), 1);
	assert_int_equal(file_exists("d/e/file", &err), 0);
	assert_int_equal(file_make_parents("file", &err), 0);
	assert_int_equal(symlink("a", "link"), 0);
	assert_int_equal(file_make_dirs("link/x", &err), 0);
	assert_int_equal(file_exists("a/x", &err), 1);
	scratch_write("file", "");
	assert_int_equal(file_make_dirs("file", &err), -1);
	assert_string_equal(err.text,
	    "cannot make directory 'file': File exists");
	assert_int_equal(file_make_dirs("file/x", &err), -1);
}

static void syncs_directories(void **state)
{
	struct mldv_error err;

	(void)state;
	assert_int_equal(file_sync_dir("", &err), 0);
	assert_int_equal(file_sync_dir(".", &err), 0);
	assert_int_equal(file_sync_dir("nosuch", &err), -1);
	assert_int_equal(err.code, MLDV_NOT_FOUND);
}

static void lists_sorted_by_unsigned_bytes(void **state)
{
	struct mldv_error err;
	struct strs names = {0};

	(void)state;
	scratch_write("b", "");
	scratch_write("\xff", "");
	scratch_write(".a", "");
	scratch_write("B", "");
	assert_int_equal(file_list("", &names, &err), 0);
	assert_int_equal(names.count, 4);
	assert_string_equal(names.items[0], ".a");
	assert_string_equal(names.items[1], "B");
	assert_string_equal(names.items[2], "b");
	assert_string_equal(names.items[3], "\xff");
	assert_int_equal(file_list("nosuch", &names, &err), -1);
	assert_int_equal(names.count, 4);
	strs_release(&names);
}

static void removing_what_is_gone_is_no_error(void **state)
{
	struct mldv_error err;

	(void)state;
	scratch_write("a", "");
	assert_int_equal(file_remove("a", &err), 0);
	assert_int_equal(file_remove("a", &err), 0);
	assert_int_equal(file_remove("a/b", &err), 0);
	assert_int_equal(file_remove_tree("a", &err), 0);
	assert_int_equal(mkdir("d", 0777), 0);
	assert_int_equal(file_remove("d", &err), -1);
	assert_string_equal(err.text, "cannot remove 'd': Is a directory");
}

static void renames(void **state)
{
	struct mldv_error err;

	(void)state;
	scratch_write("a", "1");
	scratch_write("b", "2");
	assert_int_equal(mkdir("d", 0777), 0);
	assert_int_equal(file_rename("a", "b", &err), 0);
	scratch_expect("b", "1");
	assert_int_equal(file_rename("b", "d/c", &err), 0);
	scratch_expect("d/c", "1");
	assert_int_equal(file_exists("b", &err), 0);
	assert_int_equal(file_rename("b", "c", &err), -1);
	assert_int_equal(err.code, MLDV_NOT_FOUND);
}

static void temporary_names_differ_and_are_known(void **state)
{
	char a[TEMP_NAME];
	char b[TEMP_NAME];

	(void)state;
	temp_name(a);
	temp_name(b);
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), TEMP_NAME - 1);
	assert_true(temp_is_name(a));
	assert_true(temp_is_name(".mldv-tmp.0123456789abcdef"));
	assert_false(temp_is_name(".mldv-tmp.0123456789abcde"));
	assert_false(temp_is_name(".mldv-tmp.0123456789abcdef0"));
	assert_false(temp_is_name(".mldv-tmp.0123456789abcdeF"));
	assert_false(temp_is_name("mldv-tmp.0123456789abcdef"));
	assert_false(temp_is_name(""));
}

static void a_released_tempfile_is_gone(void **state)
{
	struct mldv_error err;
	struct tempfile temp = {0};

	(void)state;
	tempfile_release(&temp);
	assert_int_equal(tempfile_open(&temp, "", 0666, &err), 0);
	assert_true(temp_is_name(temp.path));
	assert_int_equal(file_write(temp.fd, "a", "x", 1, &err), 0);
	assert_int_equal(count_names("."), 1);
	tempfile_release(&temp);
	assert_null(temp.path);
	assert_int_equal(count_names("."), 0);
}

static void a_committed_tempfile_has_its_name(void **state)
{
	struct mldv_error err;
	struct tempfile temp = {0};

	(void)state;
	assert_int_equal(mkdir("d", 0777), 0);
	scratch_write("d/a", "old");
	assert_int_equal(tempfile_open(&temp, "d", 0444, &err), 0);
	assert_int_equal(file_write(temp.fd, "a", "new", 3, &err), 0);
	assert_int_equal(tempfile_commit(&temp, "d/a", &err), 0);
	tempfile_release(&temp);
	scratch_expect("d/a", "new");
	assert_int_equal(mode_of("d/a"), 0444);
	assert_int_equal(count_names("d"), 1);
	assert_int_equal(tempfile_open(&temp, "d", 0666, &err), 0);
	assert_int_equal(tempfile_commit_many(&temp, "d/b", &err), 0);
	assert_null(temp.path);
	assert_int_equal(file_sync_dir("d", &err), 0);
	scratch_expect("d/b", "");
}

static void a_tempfile_that_cannot_be_named_is_removed(void **state)
{
	struct mldv_error err;
	struct tempfile temp = {0};

	(void)state;
	assert_int_equal(mkdir("d", 0777), 0);
	assert_int_equal(tempfile_open(&temp, "", 0666, &err), 0);
	assert_int_equal(tempfile_commit(&temp, "d", &err), -1);
	assert_string_equal(err.text, "cannot name 'd': Is a directory");
	tempfile_release(&temp);
	assert_int_equal(count_names("."), 1);
	assert_int_equal(tempfile_open(&temp, "nosuch", 0666, &err), -1);
	assert_string_equal(err.text,
	    "cannot create a file in 'nosuch': No such file or directory");
	assert_null(temp.path);
}

static void replacing_keeps_the_mode(void **state)
{
	struct mldv_error err;
	mode_t mask = umask(027);

	(void)state;
	assert_int_equal(file_replace("a", "1", 1, &err), 0);
	assert_int_equal(mode_of("a"), 0640);
	assert_int_equal(chmod("a", 0604), 0);
	assert_int_equal(file_replace("a", "22", 2, &err), 0);
	assert_int_equal(mode_of("a"), 0604);
	scratch_expect("a", "22");
	assert_int_equal(count_names("."), 1);
	(void)umask(mask);
}

static void replacing_goes_through_a_link(void **state)
{
	struct mldv_error err;
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("d", 0777), 0);
	scratch_write("d/a", "1");
	assert_int_equal(symlink("d/a", "link"), 0);
	assert_int_equal(file_replace("link", "2", 1, &err), 0);
	scratch_expect("d/a", "2");
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(file_replace("dangling", "2", 1, &err), -1);
	assert_int_equal(file_exists("nowhere", &err), 0);
	assert_int_equal(file_replace("d", "2", 1, &err), -1);
	assert_string_equal(err.text, "cannot replace 'd': not a regular file");
}

static void sweeps_only_temporary_names(void **state)
{
	struct mldv_error err;

	(void)state;
	assert_int_equal(file_make_dirs("d/.mldv-tmp.0123456789abcdef/x", &err),
	    0);
	scratch_write("d/.mldv-tmp.0123456789abcdef/x/y", "");
	scratch_write("d/.mldv-tmp.ffffffffffffffff", "");
	scratch_write("d/.mldv-tmp.keep", "");
	scratch_write("d/a", "");
	assert_int_equal(file_sweep("d", &err), 0);
	assert_int_equal(count_names("d"), 2);
	assert_int_equal(file_exists("d/a", &err), 1);
	assert_int_equal(file_sweep("nosuch", &err), 0);
}

static void a_tree_goes_but_not_what_links_lead_to(void **state)
{
	struct mldv_error err;

	(void)state;
	assert_int_equal(mkdir("outside", 0777), 0);
	scratch_write("outside/a", "precious");
	for (int i = 0; i < 40; i++) {
		char path[64];

		(void)snprintf(path, sizeof path, "tree/%d/%d/%d", i % 3, i % 7,
		    i);
		assert_int_equal(file_make_dirs(path, &err), 0);
		(void)snprintf(path, sizeof path, "tree/%d/%d/f%d", i % 3,
		    i % 7, i);
		scratch_write(path, "x");
	}
	assert_int_equal(symlink("../outside", "tree/link"), 0);
	assert_int_equal(symlink("../../outside/a", "tree/0/link"), 0);
	assert_int_equal(mkfifo("tree/fifo", 0666), 0);
	assert_int_equal(file_remove_tree("tree", &err), 0);
	assert_int_equal(file_exists("tree", &err), 0);
	scratch_expect("outside/a", "precious");
	assert_int_equal(symlink("outside", "link"), 0);
	assert_int_equal(file_remove_tree("link", &err), 0);
	assert_int_equal(file_exists("link", &err), 0);
	scratch_expect("outside/a", "precious");
}

/* Deeper than a path may be long, and than descriptors may be open. */
static void a_tree_goes_however_deep(void **state)
{
	enum { DEPTH = 3000 };
	struct rlimit before;
	struct rlimit few = {0};
	struct mldv_error err;
	int top = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(top >= 0);
	for (int i = 0; i < DEPTH; i++) {
		assert_int_equal(mkdir("deep", 0777), 0);
		scratch_write("file", "");
		assert_int_equal(chdir("deep"), 0);
	}
	assert_int_equal(fchdir(top), 0);
	assert_int_equal(close(top), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 32;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(file_remove_tree("deep", &err), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(file_exists("deep", &err), 0);
}

static void a_tree_goes_though_it_is_read_only(void **state)
{
	struct mldv_error err;

	(void)state;
	scratch_drop_privileges();
	assert_int_equal(file_make_dirs("tree/a/b", &err), 0);
	scratch_write("tree/a/b/file", "");
	scratch_write("tree/a/file", "");
	assert_int_equal(chmod("tree/a/b", 0), 0);
	assert_int_equal(chmod("tree/a", 0555), 0);
	assert_int_equal(chmod("tree", 0500), 0);
	assert_int_equal(file_remove_tree("tree", &err), 0);
	assert_int_equal(file_exists("tree", &err), 0);
}

static void says_what_of_a_tree_it_cannot_remove(void **state)
{
	struct mldv_error err;

	(void)state;
	scratch_drop_privileges();
	assert_int_equal(file_make_dirs("above/tree", &err), 0);
	assert_int_equal(chmod("above", 0555), 0);
	assert_int_equal(file_remove_tree("above/tree", &err), -1);
	assert_string_equal(err.text,
	    "cannot remove 'above/tree': Permission denied");
	assert_int_equal(chmod("above", 0755), 0);
}

#define SCRATCH(test) \
	cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCRATCH(reads_up_to_the_limit),
	    SCRATCH(reads_large_files_whole),
	    SCRATCH(says_what_it_cannot_read),
	    SCRATCH(reads_just_what_was_asked_at_an_offset),
	    SCRATCH(a_failed_write_is_an_error),
	    SCRATCH(knows_what_exists),
	    SCRATCH(makes_directories),
	    SCRATCH(syncs_directories),
	    SCRATCH(lists_sorted_by_unsigned_bytes),
	    SCRATCH(removing_what_is_gone_is_no_error),
	    SCRATCH(renames),
	    SCRATCH(temporary_names_differ_and_are_known),
	    SCRATCH(a_released_tempfile_is_gone),
	    SCRATCH(a_committed_tempfile_has_its_name),
	    SCRATCH(a_tempfile_that_cannot_be_named_is_removed),
	    SCRATCH(replacing_keeps_the_mode),
	    SCRATCH(replacing_goes_through_a_link),
	    SCRATCH(sweeps_only_temporary_names),
	    SCRATCH(a_tree_goes_but_not_what_links_lead_to),
	    SCRATCH(a_tree_goes_however_deep),
	    SCRATCH(a_tree_goes_though_it_is_read_only),
	    SCRATCH(says_what_of_a_tree_it_cannot_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
