/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/path.h"
#include "base/strs.h"
#include "scratch.h"
#include "store/tarball.h"

/* What an archive of somebody else's may hold. */
struct hostile {
	const char *path;
	const char *link;
	mode_t type;
	bool hard;
};

/* A new directory in the test's own. */
static const char *fresh(struct arena *arena)
{
	struct mldv_error err = {0};
	char *here = NULL;
	char *path;

	if (path_cwd(arena, &here, &err) < 0)
		fail_msg("%s", err.text);
	path = path_join(arena, here, "d.XXXXXX");
	assert_non_null(mkdtemp(path));
	return path;
}

static void add(struct archive *archive, const struct hostile *what)
{
	struct archive_entry *entry = archive_entry_new();
	bool file = what->type == AE_IFREG && !what->hard;

	archive_entry_set_pathname(entry, what->path);
	archive_entry_set_filetype(entry, what->type);
	archive_entry_set_perm(entry, 0755);
	archive_entry_set_size(entry, file ? 1 : 0);
	if (what->hard)
		archive_entry_set_hardlink(entry, what->link);
	else if (what->link)
		archive_entry_set_symlink(entry, what->link);
	assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
	if (file)
		assert_int_equal(archive_write_data(archive, "x", 1), 1);
	archive_entry_free(entry);
}

static void write_archive(const char *path, const struct hostile *what,
    size_t count)
{
	struct archive *archive = archive_write_new();

	assert_int_equal(archive_write_add_filter_gzip(archive), ARCHIVE_OK);
	assert_int_equal(archive_write_set_format_pax_restricted(archive),
	    ARCHIVE_OK);
	assert_int_equal(archive_write_open_filename(archive, path),
	    ARCHIVE_OK);
	for (size_t i = 0; i < count; i++)
		add(archive, &what[i]);
	assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
	assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
}

static int unpack(const char *dir, const struct hostile *what, size_t count,
    const char *inner, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *path = path_join(&arena, dir, "a.tar.gz");
	struct tarball_place place = {
	    .inner = inner,
	    .target = path_join(&arena, dir, "out"),
	};
	int ret;

	write_archive(path, what, count);
	ret = tarball_unpack(path, &place, 1, err);
	if (ret == 0 && !place.found)
		ret = 1;
	arena_release(&arena);
	return ret;
}

static void what_leads_out_is_refused(void **state)
{
	static const struct hostile entries[][2] = {
	    {{"../x", NULL, AE_IFREG, false}},
	    {{"/x", NULL, AE_IFREG, false}},
	    {{"a/../../x", NULL, AE_IFREG, false}},
	    {{"a", "/etc/passwd", AE_IFLNK, false}},
	    {{"a", "../x", AE_IFLNK, false}},
	    {{"d/a", "../../x", AE_IFLNK, false}},
	    {{"d", NULL, AE_IFIFO, false}},
	    {{"d", "/etc/passwd", AE_IFREG, true}},
	    /* Through a link that is allowed itself. */
	    {{"a", "b", AE_IFLNK, false}, {"a/x", NULL, AE_IFREG, false}},
	    /* Over what is there. */
	    {{"a", NULL, AE_IFREG, false}, {"a", NULL, AE_IFREG, false}},
	    {{"a", "b", AE_IFLNK, false}, {"a", NULL, AE_IFREG, false}},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
		const char *dir = fresh(&arena);
		struct mldv_error err = {0};

		if (unpack(dir, entries[i], entries[i][1].path ? 2 : 1, "",
		        &err) != -1)
			fail_msg("number %zu was unpacked", i);
		assert_int_equal(file_exists(path_join(&arena, dir, "x"), &err),
		    0);
	}
	arena_release(&arena);
}

static void only_what_is_wanted_is_unpacked(void **state)
{
	static const struct hostile entries[] = {
	    {"./d/", NULL, AE_IFDIR, false},
	    {"./d/e/f", NULL, AE_IFREG, false},
	    {"./d/l", "e/f", AE_IFLNK, false},
	    {"./other", NULL, AE_IFREG, false},
	};
	struct arena arena = {0};
	const char *dir = fresh(&arena);
	struct mldv_error err = {0};
	struct buf text = {0};
	struct strs names = {0};

	(void)state;
	if (unpack(dir, entries, 4, "d", &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(file_read(path_join(&arena, dir, "out/l"), 9, &text,
	                     &err),
	    0);
	assert_string_equal(buf_str(&text), "x");
	assert_int_equal(file_list(path_join(&arena, dir, "out"), &names, &err),
	    0);
	assert_int_equal(names.count, 2);
	dir = fresh(&arena);
	if (unpack(dir, entries, 4, "other", &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(file_exists(path_join(&arena, dir, "out"), &err), 1);
	assert_int_equal(unpack(fresh(&arena), entries, 4, "none", &err), 1);
	buf_release(&text);
	strs_release(&names);
	arena_release(&arena);
}

static void damage_is_found(void **state)
{
	static const struct hostile entry = {"a", NULL, AE_IFREG, false};
	struct arena arena = {0};
	const char *dir = fresh(&arena);
	const char *path = path_join(&arena, dir, "a.tar.gz");
	struct tarball_place place = {
	    .inner = "",
	    .target = path_join(&arena, dir, "out"),
	};
	struct mldv_error err = {0};
	struct buf text = {0};

	(void)state;
	write_archive(path, &entry, 1);
	assert_int_equal(file_read(path, 1 << 20, &text, &err), 0);
	text.data[text.len / 2] ^= 1;
	assert_int_equal(file_replace(path, text.data, text.len, &err), 0);
	assert_int_equal(tarball_unpack(path, &place, 1, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	assert_int_equal(file_replace(path, "no", 2, &err), 0);
	assert_int_equal(tarball_unpack(path, &place, 1, &err), -1);
	assert_int_equal(err.code, MLDV_CORRUPT);
	buf_release(&text);
	arena_release(&arena);
}

static void write_own(const char *path, const char *file)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct tarball *tarball = NULL;
	struct mldv_error err = {0};

	assert_true(fd >= 0);
	if (tarball_create(&tarball, fd, &err) < 0 ||
	    tarball_add(tarball, "s.sh", KIND_EXEC, NULL, "#!/bin/sh\n", &err) <
	        0 ||
	    tarball_add(tarball, "src/f", KIND_FILE, file, NULL, &err) < 0 ||
	    tarball_end(tarball, &err) < 0)
		fail_msg("%s", err.text);
	tarball_close(tarball);
	assert_int_equal(close(fd), 0);
}

static void the_same_files_give_the_same_bytes(void **state)
{
	struct arena arena = {0};
	const char *dir = fresh(&arena);
	const char *file = path_join(&arena, dir, "f");
	const struct timespec times[2] = {{1, 0}, {1, 0}};
	struct mldv_error err = {0};
	struct buf one = {0};
	struct buf two = {0};

	(void)state;
	assert_int_equal(file_replace(file, "abc", 3, &err), 0);
	write_own(path_join(&arena, dir, "1"), file);
	assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
	assert_int_equal(chmod(file, 0600), 0);
	write_own(path_join(&arena, dir, "2"), file);
	assert_int_equal(file_read(path_join(&arena, dir, "1"), 1 << 20, &one,
	                     &err),
	    0);
	assert_int_equal(file_read(path_join(&arena, dir, "2"), 1 << 20, &two,
	                     &err),
	    0);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.data, two.data, one.len);
	buf_release(&one);
	buf_release(&two);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_leads_out_is_refused,
	        scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(only_what_is_wanted_is_unpacked,
	        scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(damage_is_found, scratch_enter,
	        scratch_leave),
	    cmocka_unit_test_setup_teardown(the_same_files_give_the_same_bytes,
	        scratch_enter, scratch_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
