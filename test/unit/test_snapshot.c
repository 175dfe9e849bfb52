/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "repo.h"
#include "scratch.h"
#include "store/snapshot.h"

#define SECOND INT64_C(1000000000)

static int take(struct snapshot *out, const struct strs *ignore,
    const struct snapshot *cache, struct mldv_error *err)
{
	struct snapshot_options options = {.root_fd = AT_FDCWD,
	    .path = "item",
	    .ignore = ignore,
	    .cache = cache};

	return snapshot_take(out, &options, err);
}

static void make_dir(const char *path)
{
	assert_int_equal(mkdir(path, 0777), 0);
}

/* item: b, c/, c/d, c/e/ (empty), l -> nowhere, x (executable) */
static void make_item(void)
{
	make_dir("item");
	make_dir("item/c");
	make_dir("item/c/e");
	scratch_write("item/b", "bbb");
	scratch_write("item/c/d", "dd");
	scratch_write("item/x", "");
	assert_int_equal(chmod("item/x", 0755), 0);
	assert_int_equal(symlink("nowhere", "item/l"), 0);
}

static void expect_entry(const struct snapshot *snapshot, size_t dir, size_t at,
    const char *path, enum kind kind)
{
	const struct snapshot_entry *entry = &snapshot->dirs[dir].entries[at];
	struct buf buf = {0};

	snapshot_path(snapshot, dir, entry, &buf);
	assert_string_equal(buf_str(&buf), path);
	assert_int_equal(entry->kind, kind);
	buf_release(&buf);
}

static void a_walk_finds_everything_sorted(void **state)
{
	struct snapshot snapshot;
	struct mldv_error err;
	struct buf path = {0};

	(void)state;
	make_item();
	ok(take(&snapshot, NULL, NULL, &err), &err);
	assert_int_equal(snapshot.dir_count, 3);
	assert_int_equal(snapshot.dirs[0].count, 4);
	expect_entry(&snapshot, 0, 0, "b", KIND_FILE);
	expect_entry(&snapshot, 0, 1, "c", KIND_DIR);
	expect_entry(&snapshot, 0, 2, "l", KIND_LINK);
	expect_entry(&snapshot, 0, 3, "x", KIND_EXEC);
	expect_entry(&snapshot, 1, 0, "c/d", KIND_FILE);
	expect_entry(&snapshot, 1, 1, "c/e", KIND_DIR);
	assert_int_equal(snapshot.dirs[2].count, 0);
	assert_int_equal(snapshot.dirs[0].entries[0].size, 3);
	assert_int_equal(snapshot.dirs[0].entries[2].size, strlen("nowhere"));
	assert_int_equal(snapshot.ignored, 0);
	snapshot_dir_path(&snapshot, 2, &path);
	assert_string_equal(buf_str(&path), "c/e");
	buf_release(&path);
	snapshot_release(&snapshot);
}

static void an_item_may_be_one_file(void **state)
{
	struct snapshot snapshot;
	struct mldv_error err;
	struct buf path = {0};

	(void)state;
	scratch_write("item", "12345");
	ok(take(&snapshot, NULL, NULL, &err), &err);
	assert_int_equal(snapshot.dir_count, 0);
	assert_int_equal(snapshot.root.kind, KIND_FILE);
	assert_int_equal(snapshot.root.size, 5);
	snapshot_path(&snapshot, 0, &snapshot.root, &path);
	assert_string_equal(buf_str(&path), "");
	snapshot_release(&snapshot);
	buf_release(&path);
}

static void what_is_not_there_is_not_found(void **state)
{
	struct snapshot snapshot;
	struct mldv_error err = {0};

	(void)state;
	assert_int_equal(take(&snapshot, NULL, NULL, &err), -1);
	assert_int_equal(err.code, MLDV_NOT_FOUND);
}

static void a_directory_that_cannot_be_read_is_no_missing_item(void **state)
{
	struct snapshot snapshot;
	struct mldv_error err = {0};

	(void)state;
	scratch_drop_privileges();
	make_item();
	assert_int_equal(chmod("item/c", 0), 0);
	assert_int_equal(take(&snapshot, NULL, NULL, &err), -1);
	assert_int_equal(err.code, MLDV_FAILED);
	assert_non_null(strstr(err.text, "'item/c'"));
	/* May be listed, but its entries not be looked at. */
	assert_int_equal(chmod("item/c", 0444), 0);
	assert_int_equal(take(&snapshot, NULL, NULL, &err), -1);
	assert_non_null(strstr(err.text, "item/c"));
	assert_int_equal(chmod("item/c", 0755), 0);
}

static void refused(const char *name)
{
	struct snapshot snapshot;
	struct mldv_error err = {0};

	assert_int_equal(take(&snapshot, NULL, NULL, &err), -1);
	assert_int_equal(err.code, MLDV_FAILED);
	if (strstr(err.text, name) == NULL)
		fail_msg("'%s' does not name '%s'", err.text, name);
}

static void what_no_tree_can_hold_is_refused_by_name(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX,
	    .sun_path = "item/c/socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	make_item();
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address),
	    0);
	assert_int_equal(close(fd), 0);
	refused("'item/c/socket'");
	assert_int_equal(unlink("item/c/socket"), 0);
	assert_int_equal(mkfifo("item/pipe", 0666), 0);
	refused("'item/pipe'");
	assert_int_equal(unlink("item/pipe"), 0);
	make_dir("item/c/.GIT");
	refused("'item/c/.GIT'");
	assert_int_equal(rmdir("item/c/.GIT"), 0);
	assert_int_equal(rename("item", "elsewhere"), 0);
	assert_int_equal(mkfifo("item", 0666), 0);
	refused("'item'");
}

static void every_byte_may_stand_in_a_name(void **state)
{
	struct snapshot snapshot;
	struct mldv_error err;
	char name[16];

	(void)state;
	make_dir("item");
	for (int i = 1; i < 256; i++) {
		if (i == '/')
			continue;
		(void)snprintf(name, sizeof name, "item/%cx", i);
		scratch_write(name, "1");
	}
	memset(name, 0, sizeof name);
	ok(take(&snapshot, NULL, NULL, &err), &err);
	assert_int_equal(snapshot.dirs[0].count, 254);
	for (size_t i = 0; i < 254; i++) {
		size_t byte = i + 1 < '/' ? i + 1 : i + 2;
		const char *found = snapshot_name(&snapshot.dirs[0],
		    &snapshot.dirs[0].entries[i]);

		assert_int_equal((unsigned char)found[0], byte);
		assert_string_equal(found + 1, "x");
	}
	snapshot_release(&snapshot);
}

static void ignored_names_are_skipped_and_counted(void **state)
{
	struct snapshot snapshot;
	struct strs ignore = {0};
	struct mldv_error err;

	(void)state;
	make_item();
	scratch_write("item/.DS_Store", "");
	scratch_write("item/c/._b", "");
	scratch_write("item/c/.mldv-tmp.0123456789abcdef", "");
	make_dir("item/__pycache__");
	scratch_write("item/__pycache__/a", "");
	strs_add(&ignore, ".DS_Store");
	strs_add(&ignore, "._*");
	strs_add(&ignore, "__pycache__");
	ok(take(&snapshot, &ignore, NULL, &err), &err);
	assert_int_equal(snapshot.dir_count, 3);
	assert_int_equal(snapshot.dirs[0].count, 4);
	assert_int_equal(snapshot.dirs[1].count, 2);
	assert_int_equal(snapshot.ignored, 3);
	assert_int_equal(snapshot.dirs[1].ignored, 1);
	assert_true(snapshot.dirs[1].temporary);
	assert_false(snapshot.dirs[0].temporary);
	snapshot_release(&snapshot);
	strs_release(&ignore);
}

/* Makes count directories in each other; the last is open afterwards. */
static void make_deep(int count)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < count; i++) {
		const char *name = i == 0 ? "item" : "d";
		int next;

		assert_int_equal(mkdirat(fd, name, 0777), 0);
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		assert_int_equal(close(fd), 0);
		fd = next;
	}
	assert_int_equal(close(fd), 0);
}

static void depth_has_a_limit(void **state)
{
	struct snapshot snapshot;
	struct mldv_error err = {0};

	(void)state;
	make_deep(1024);
	ok(take(&snapshot, NULL, NULL, &err), &err);
	assert_int_equal(snapshot.dir_count, 1024);
	snapshot_release(&snapshot);
	ok(file_remove_tree("item", &err), &err);
	make_deep(1025);
	assert_int_equal(take(&snapshot, NULL, NULL, &err), -1);
	assert_string_equal(err.text,
	    "'item' is more than 1024 directories deep");
}

static bool always(void *context)
{
	(void)context;
	return true;
}

static void a_walk_can_be_interrupted(void **state)
{
	struct mldv_events events = {.cancelled = always};
	struct snapshot_options options = {.root_fd = AT_FDCWD,
	    .path = "item",
	    .events = &events};
	struct snapshot snapshot;
	struct mldv_error err = {0};

	(void)state;
	make_item();
	assert_int_equal(snapshot_take(&snapshot, &options, &err), -1);
	assert_int_equal(err.code, MLDV_INTERRUPTED);
}

static void an_entry_is_racy_within_two_seconds(void **state)
{
	static const struct {
		int64_t mtime, ctime;
		bool racy;
	} cases[] = {{-3, -3, false}, {-2, -2, false}, {-1, -3, true},
	    {-3, -1, true}, {0, -3, true}, {-3, 5, true}, {5, 5, true}};
	int64_t now = snapshot_now();
	struct oid oid;

	(void)state;
	oid_of("a", 1, &oid);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct snapshot_entry entry = {.mtime = now +
		        cases[i].mtime * SECOND,
		    .ctime = now + cases[i].ctime * SECOND};

		snapshot_set_oid(&entry, &oid, now);
		assert_true(entry.known);
		assert_int_equal(entry.racy, cases[i].racy);
	}
}

/* Marks all known, each file by an oid of its own; trees too. */
static void know(struct snapshot *snapshot, bool racy)
{
	int64_t began = racy ? 0 : INT64_MAX / 2;

	for (size_t i = 0; i < snapshot->dir_count; i++) {
		struct snapshot_dir *dir = &snapshot->dirs[i];

		for (size_t j = 0; j < dir->count; j++) {
			struct oid oid;

			if (dir->entries[j].kind == KIND_DIR)
				continue;
			oid_of(snapshot_name(dir, &dir->entries[j]),
			    dir->entries[j].name_len, &oid);
			snapshot_set_oid(&dir->entries[j], &oid, began);
		}
		dir->known = true;
		dir->content = (struct content){.kind = KIND_DIR,
		    .size = i + 1,
		    .files = i + 2};
	}
}

/* Saves the item as it is now, all known. */
static void save(bool racy)
{
	struct snapshot snapshot;
	struct mldv_error err;

	ok(take(&snapshot, NULL, NULL, &err), &err);
	know(&snapshot, racy);
	ok(statcache_save(&snapshot, "state/cache", "item", &err), &err);
	snapshot_release(&snapshot);
}

static void again(struct snapshot *out)
{
	struct snapshot cache;
	struct mldv_error err;

	statcache_load(&cache, "state/cache", "item");
	ok(take(out, NULL, &cache, &err), &err);
	snapshot_release(&cache);
}

/* The paths that are not known, each ended by a comma; directories too. */
static void expect_unknown(const char *paths)
{
	struct snapshot snapshot;
	struct buf got = {0};

	again(&snapshot);
	for (size_t i = 0; i < snapshot.dir_count; i++) {
		const struct snapshot_dir *dir = &snapshot.dirs[i];

		if (!dir->known) {
			snapshot_dir_path(&snapshot, i, &got);
			buf_add_str(&got, "/,");
		}
		for (size_t j = 0; j < dir->count; j++) {
			const struct snapshot_entry *entry = &dir->entries[j];
			struct oid oid;

			if (entry->kind == KIND_DIR)
				continue;
			if (!entry->known) {
				snapshot_path(&snapshot, i, entry, &got);
				buf_add_char(&got, ',');
				continue;
			}
			oid_of(snapshot_name(dir, entry), entry->name_len,
			    &oid);
			assert_memory_equal(&oid, &entry->oid, sizeof oid);
		}
	}
	assert_string_equal(buf_str(&got), paths);
	buf_release(&got);
	snapshot_release(&snapshot);
}

static void what_is_unchanged_is_known(void **state)
{
	struct snapshot snapshot;

	(void)state;
	make_item();
	save(false);
	expect_unknown("");
	again(&snapshot);
	assert_true(snapshot.dirs[1].known);
	assert_int_equal(snapshot.dirs[1].content.size, 2);
	assert_int_equal(snapshot.dirs[0].content.files, 2);
	snapshot_release(&snapshot);
}

static void what_is_racy_is_not_trusted(void **state)
{
	(void)state;
	make_item();
	save(true);
	/* An empty directory has nothing that could have changed. */
	expect_unknown("/,b,l,x,c/,c/d,");
}

static void set_mtime(const char *path, time_t seconds)
{
	struct timespec times[2] = {{seconds, 0}, {seconds, 0}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW),
	    0);
}

static void every_sort_of_change_is_seen(void **state)
{
	(void)state;
	make_item();
	set_mtime("item/b", 1000);
	save(false);
	set_mtime("item/b", 1001);
	expect_unknown("/,b,");
	save(false);
	expect_unknown("");
	scratch_write("item/b", "bbbb");
	set_mtime("item/b", 1001);
	expect_unknown("/,b,");
	save(false);
	/* Same size, same mtime: the ctime tells. */
	scratch_write("item/b", "aaaa");
	set_mtime("item/b", 1001);
	expect_unknown("/,b,");
	save(false);
	assert_int_equal(chmod("item/c/d", 0755), 0);
	expect_unknown("/,c/,c/d,");
	save(false);
	assert_int_equal(unlink("item/l"), 0);
	assert_int_equal(symlink("nowhere", "item/l"), 0);
	expect_unknown("/,l,");
}

static void added_and_removed_names_are_seen(void **state)
{
	(void)state;
	make_item();
	save(false);
	scratch_write("item/c/new", "");
	expect_unknown("/,c/,c/new,");
	save(false);
	assert_int_equal(unlink("item/c/new"), 0);
	expect_unknown("/,c/,");
	save(false);
	assert_int_equal(rename("item/c/d", "item/c/a"), 0);
	expect_unknown("/,c/,c/a,");
	save(false);
	make_dir("item/c/e/f");
	expect_unknown("/,c/,c/e/,c/e/f/,");
	save(false);
	assert_int_equal(rename("item/c", "item/k"), 0);
	expect_unknown("/,k/,k/a,k/e/,k/e/f/,");
	save(false);
	/* A file where a directory was, and the other way round. */
	assert_int_equal(rmdir("item/k/e/f"), 0);
	scratch_write("item/k/e/f", "");
	assert_int_equal(unlink("item/b"), 0);
	make_dir("item/b");
	expect_unknown("/,b/,k/,k/e/,k/e/f,");
}

static void many_names_are_merged_with_the_cache(void **state)
{
	enum { MANY = 9000 };
	struct snapshot snapshot;
	char name[64];
	size_t unknown = 0;

	(void)state;
	make_dir("item");
	for (int i = 0; i < MANY; i++) {
		int fd;

		(void)snprintf(name, sizeof name, "item/%d", i * 7919 % MANY);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		assert_true(fd >= 0);
		assert_int_equal(close(fd), 0);
	}
	save(false);
	expect_unknown("");
	/* One gone and one new in each thousand. */
	for (int i = 0; i < MANY; i += 1000) {
		(void)snprintf(name, sizeof name, "item/%d", i);
		assert_int_equal(unlink(name), 0);
		(void)snprintf(name, sizeof name, "item/%dnew", i);
		scratch_write(name, "");
	}
	again(&snapshot);
	assert_int_equal(snapshot.dirs[0].count, MANY);
	for (size_t i = 0; i < MANY; i++) {
		const char *at = snapshot_name(&snapshot.dirs[0],
		    &snapshot.dirs[0].entries[i]);

		assert_int_equal(snapshot.dirs[0].entries[i].known,
		    strstr(at, "new") == NULL);
		unknown += !snapshot.dirs[0].entries[i].known;
		if (i > 0)
			assert_true(
			    strcmp(snapshot_name(&snapshot.dirs[0],
			               &snapshot.dirs[0].entries[i - 1]),
			        at) < 0);
	}
	assert_int_equal(unknown, MANY / 1000);
	assert_false(snapshot.dirs[0].known);
	snapshot_release(&snapshot);
}

static void expect_empty(const char *file, const char *path)
{
	struct snapshot cache;

	statcache_load(&cache, file, path);
	assert_int_equal(cache.dir_count, 0);
	assert_false(cache.root.known);
	snapshot_release(&cache);
}

static void a_cache_of_one_file_is_kept_too(void **state)
{
	struct snapshot snapshot;
	struct mldv_error err;
	struct oid oid;

	(void)state;
	scratch_write("item", "12345");
	ok(take(&snapshot, NULL, NULL, &err), &err);
	oid_of("12345", 5, &oid);
	snapshot_set_oid(&snapshot.root, &oid, INT64_MAX / 2);
	ok(statcache_save(&snapshot, "state/cache", "item", &err), &err);
	snapshot_release(&snapshot);
	again(&snapshot);
	assert_true(snapshot.root.known);
	assert_memory_equal(&oid, &snapshot.root.oid, sizeof oid);
	snapshot_release(&snapshot);
	scratch_write("item", "54321");
	again(&snapshot);
	assert_false(snapshot.root.known);
	snapshot_release(&snapshot);
	/* And a directory where the file was. */
	assert_int_equal(unlink("item"), 0);
	make_dir("item");
	again(&snapshot);
	assert_int_equal(snapshot.dir_count, 1);
	assert_false(snapshot.dirs[0].known);
	snapshot_release(&snapshot);
}

/* Without the sync that makes replacing a file slow. */
static void put_cache(const struct buf *text, size_t size)
{
	int fd = open("state/cache", O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text->data, size), size);
	assert_int_equal(close(fd), 0);
}

static void a_cache_that_is_none_is_empty(void **state)
{
	struct buf whole = {0};
	struct mldv_error err;

	(void)state;
	expect_empty("state/cache", "item");
	make_item();
	save(false);
	expect_empty("state/cache", "other");
	expect_empty("state/cache", "");
	expect_empty("state/cache", "item/c");
	ok(file_read("state/cache", 1 << 20, &whole, &err), &err);
	for (size_t i = 0; i < whole.len; i++) {
		whole.data[i] ^= 1;
		put_cache(&whole, whole.len);
		expect_empty("state/cache", "item");
		whole.data[i] ^= 1;
	}
	for (size_t i = 0; i < whole.len; i += 3) {
		put_cache(&whole, i);
		expect_empty("state/cache", "item");
	}
	buf_add_char(&whole, 0);
	put_cache(&whole, whole.len);
	expect_empty("state/cache", "item");
	ok(file_remove("state/cache", &err), &err);
	make_dir("state/cache");
	expect_empty("state/cache", "item");
	buf_release(&whole);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_walk_finds_everything_sorted),
	    TEST(an_item_may_be_one_file),
	    TEST(what_is_not_there_is_not_found),
	    TEST(a_directory_that_cannot_be_read_is_no_missing_item),
	    TEST(what_no_tree_can_hold_is_refused_by_name),
	    TEST(every_byte_may_stand_in_a_name),
	    TEST(ignored_names_are_skipped_and_counted),
	    TEST(depth_has_a_limit),
	    TEST(a_walk_can_be_interrupted),
	    TEST(an_entry_is_racy_within_two_seconds),
	    TEST(what_is_unchanged_is_known),
	    TEST(what_is_racy_is_not_trusted),
	    TEST(every_sort_of_change_is_seen),
	    TEST(added_and_removed_names_are_seen),
	    TEST(many_names_are_merged_with_the_cache),
	    TEST(a_cache_of_one_file_is_kept_too),
	    TEST(a_cache_that_is_none_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
