/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "format/tree.h"
#include "project/worktree.h"
#include "repo.h"
#include "sample.h"
#include "scratch.h"

enum { MIB = 1 << 20 };

static void make_dir(const char *path)
{
	assert_int_equal(mkdir(path, 0777), 0);
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void expect_link(const char *path, const char *target)
{
	char got[4096];
	ssize_t len = readlink(path, got, sizeof got);

	assert_int_equal(len, strlen(target));
	assert_memory_equal(got, target, (size_t)len);
}

static struct content store(struct mldv_project *project, const char *path)
{
	struct content content;
	struct mldv_error err;

	ok(worktree_store(project, path, &content, NULL, &err), &err);
	return content;
}

static void remove_all(const char *path)
{
	struct mldv_error err;

	ok(file_remove_tree(path, &err), &err);
}

/* Places without force, and looks whether that is what is there now. */
static uint64_t place(struct mldv_project *project, const char *path,
    const struct content *content)
{
	struct worktree_count count = {0};
	struct content now;
	struct mldv_error err;

	ok(worktree_place(project, path, content, false, &count, &err), &err);
	ok(worktree_hash(project, path, &now, NULL, &err), &err);
	assert_true(content_equal(&now, content));
	/* Nor does only the cache say so. */
	ok(file_remove_tree(".git/mldv/state", &err), &err);
	ok(worktree_hash(project, path, &now, NULL, &err), &err);
	assert_true(content_equal(&now, content));
	expect_no_temporary(".");
	return count.read;
}

static void place_fails(struct mldv_project *project, const char *path,
    const struct content *content, enum mldv_code code, const char *why)
{
	struct mldv_error err = {0};

	if (worktree_place(project, path, content, false, NULL, &err) == 0)
		fail_msg("not refused: '%s'", why);
	if (err.code != code || strstr(err.text, why) == NULL)
		fail_msg("'%s' (%d) does not say '%s'", err.text, (int)err.code,
		    why);
	expect_no_temporary(".");
}

static void place_by_force(struct mldv_project *project, const char *path,
    const struct content *content)
{
	struct content now;
	struct mldv_error err;

	ok(worktree_place(project, path, content, true, NULL, &err), &err);
	ok(worktree_hash(project, path, &now, NULL, &err), &err);
	assert_true(content_equal(&now, content));
	expect_no_temporary(".");
}

/* Everything that an item can hold. */
static void make_item(void)
{
	make_dir("item");
	make_dir("item/empty");
	make_dir("item/c");
	make_dir("item/c/e");
	scratch_write("item/b", "bbb");
	scratch_write("item/c/d", "dd");
	scratch_write("item/nothing", "");
	scratch_write("item/x", "#!/bin/sh\n");
	assert_int_equal(chmod("item/x", 0755), 0);
	assert_int_equal(symlink("nowhere", "item/dangling"), 0);
	assert_int_equal(symlink("../b", "item/c/l"), 0);
	assert_int_equal(symlink("/etc", "item/away"), 0);
	scratch_write("item/ -rf \n;'\"#\\", "odd");
	scratch_write("item/\xe3\x83\x86", "valid");
	scratch_write("item/\x83\x65\xff", "not");
	sample_file("item/c/large", 4 * MIB + 1, 1);
	sample_file("item/c/whole", 4 * MIB, 2);
}

static void an_item_comes_back_as_it_was(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content content;
	struct stat st;

	(void)state;
	make_item();
	content = store(project, "item");
	assert_int_equal(place(project, "copy", &content), content.files);
	expect_alike("item", "copy");
	assert_int_equal(stat("copy/x", &st), 0);
	assert_int_equal(st.st_mode & 0100, 0100);
	assert_int_equal(stat("copy/b", &st), 0);
	assert_int_equal(st.st_mode & 0300, 0200);
	assert_int_equal(stat("copy/c/large", &st), 0);
	assert_int_equal(st.st_mode & 0200, 0200);
	/* Below directories that are not there. */
	(void)place(project, "a/b/c/copy", &content);
	expect_alike("item", "a/b/c/copy");
	/* There is nothing left to do. */
	assert_int_equal(place(project, "copy", &content), 0);
	mldv_project_close(project);
}

static void single_files_come_back(void **state)
{
	static const char *const names[] = {"b", "nothing", "x", "dangling",
	    "away", "c/large", "empty"};
	struct mldv_project *project = repo_open(NULL);

	(void)state;
	make_item();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct content content;
		struct buf path = {0};

		buf_printf(&path, "item/%s", names[i]);
		content = store(project, buf_str(&path));
		(void)place(project, "copy", &content);
		expect_alike(buf_str(&path), "copy");
		assert_int_equal(place(project, "copy", &content), 0);
		buf_release(&path);
	}
	mldv_project_close(project);
}

/* Each kind in the place of each other. */
static void kinds_replace_each_other(void **state)
{
	static const char *const names[] = {"b", "x", "dangling", "c", "empty",
	    "c/large", "nothing"};
	enum { COUNT = sizeof names / sizeof *names };
	struct mldv_project *project = repo_open(NULL);
	struct content contents[COUNT];

	(void)state;
	make_item();
	(void)store(project, "item");
	for (size_t i = 0; i < COUNT; i++) {
		struct buf path = {0};

		buf_printf(&path, "item/%s", names[i]);
		contents[i] = store(project, buf_str(&path));
		buf_release(&path);
	}
	for (size_t i = 0; i < COUNT; i++)
		for (size_t j = 0; j < COUNT; j++) {
			(void)place(project, "copy", &contents[i]);
			(void)place(project, "copy", &contents[j]);
		}
	mldv_project_close(project);
}

static void kinds_replace_each_other_inside(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content one, two;

	(void)state;
	make_item();
	one = store(project, "item");
	assert_int_equal(rename("item/c", "item/other"), 0);
	assert_int_equal(rename("item/b", "item/c"), 0);
	assert_int_equal(rename("item/other", "item/b"), 0);
	assert_int_equal(unlink("item/dangling"), 0);
	make_dir("item/dangling");
	make_dir("item/dangling/deep");
	scratch_write("item/dangling/deep/file", "file");
	assert_int_equal(rmdir("item/empty"), 0);
	assert_int_equal(symlink("x", "item/empty"), 0);
	assert_int_equal(chmod("item/x", 0644), 0);
	assert_int_equal(unlink("item/away"), 0);
	two = store(project, "item");
	(void)place(project, "copy", &one);
	(void)place(project, "copy", &two);
	expect_alike("item", "copy");
	(void)place(project, "copy", &one);
	assert_false(exists("copy/dangling/deep"));
	expect_link("copy/away", "/etc");
	/* Only what differs is written. */
	assert_int_equal(place(project, "copy", &one), 0);
	scratch_write("copy/b", "valid");
	assert_int_equal(place(project, "copy", &one), 1);
	mldv_project_close(project);
}

static void paths_may_be_long(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content content;
	char name[201];
	struct buf path = {0};
	int fd;

	(void)state;
	memset(name, 'n', 200);
	name[200] = 0;
	make_dir("item");
	buf_add_str(&path, "item");
	while (path.len < 3950 - 201) {
		buf_printf(&path, "/%s", name);
		make_dir(buf_str(&path));
	}
	buf_add_str(&path, "/file-");
	buf_add(&path, name, 50);
	fd = open(buf_str(&path), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	content = store(project, "item");
	(void)place(project, "copy", &content);
	expect_alike("item", "copy");
	buf_release(&path);
	mldv_project_close(project);
}

static void what_is_not_stored_is_not_overwritten(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content content;

	(void)state;
	make_item();
	content = store(project, "item");
	scratch_write("item/c/d", "changed");
	place_fails(project, "item", &content, MLDV_EXISTS, "'item/c/d'");
	scratch_expect("item/c/d", "changed");
	/* Nor what the target does not have. */
	scratch_write("item/c/d", "dd");
	scratch_write("item/zzz", "mine");
	assert_int_equal(unlink("item/b"), 0);
	place_fails(project, "item", &content, MLDV_EXISTS, "'item/zzz'");
	assert_false(exists("item/b"));
	make_dir("item/new");
	assert_int_equal(rename("item/zzz", "item/new/zzz"), 0);
	place_fails(project, "item", &content, MLDV_EXISTS, "'item/new/zzz'");
	scratch_expect("item/new/zzz", "mine");
	/* What the store has may go. */
	scratch_write("item/new/zzz", "bbb");
	scratch_write("item/c/d", "bbb");
	(void)place(project, "item", &content);
	assert_false(exists("item/new"));
	scratch_expect("item/c/d", "dd");
	mldv_project_close(project);
}

static void a_single_file_is_not_overwritten_either(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content file, dir;

	(void)state;
	make_item();
	(void)store(project, "item");
	file = store(project, "item/b");
	dir = store(project, "item/c");
	scratch_write("copy", "mine");
	place_fails(project, "copy", &file, MLDV_EXISTS, "'copy'");
	place_fails(project, "copy", &dir, MLDV_EXISTS, "'copy'");
	scratch_expect("copy", "mine");
	place_by_force(project, "copy", &file);
	scratch_write("copy", "mine");
	place_by_force(project, "copy", &dir);
	scratch_write("copy/e/mine", "mine");
	place_fails(project, "copy", &file, MLDV_EXISTS, "'copy/e/mine'");
	scratch_expect("copy/e/mine", "mine");
	place_by_force(project, "copy", &file);
	scratch_expect("copy", "bbb");
	mldv_project_close(project);
}

static void force_overwrites(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content content;

	(void)state;
	make_item();
	content = store(project, "item");
	scratch_write("item/c/d", "changed");
	scratch_write("item/zzz", "mine");
	remove_all("item/empty");
	scratch_write("item/empty", "a file");
	remove_all("item/b");
	make_dir("item/b");
	scratch_write("item/b/mine", "mine");
	place_by_force(project, "item", &content);
	scratch_expect("item/c/d", "dd");
	assert_false(exists("item/zzz"));
	mldv_project_close(project);
}

static void ignored_files_are_left_alone(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content one, two;

	(void)state;
	make_item();
	one = store(project, "item");
	remove_all("item/c");
	two = store(project, "item");
	(void)place(project, "item", &one);
	scratch_write("item/.DS_Store", "mine");
	make_dir("item/__pycache__");
	scratch_write("item/__pycache__/x", "mine");
	scratch_write("item/c/e/._x", "mine");
	assert_int_equal(place(project, "item", &one), 0);
	scratch_expect("item/.DS_Store", "mine");
	/* Not even to take their directory away. */
	place_fails(project, "item", &two, MLDV_EXISTS, "'item/c/e'");
	scratch_expect("item/c/e/._x", "mine");
	scratch_expect("item/c/d", "dd");
	assert_int_equal(unlink("item/c/e/._x"), 0);
	(void)place(project, "item", &two);
	scratch_expect("item/.DS_Store", "mine");
	scratch_expect("item/__pycache__/x", "mine");
	mldv_project_close(project);
}

/* A tree from where other names are ignored. */
static struct content tree_with(struct mldv_project *project, enum kind kind,
    const char *name, const struct content *content)
{
	struct store_packer *packer = store_packer_open(project->store);
	struct tree_entry entry = {.content = *content, .name = slice_of(name)};
	struct tree tree = {&entry, 1, false};
	struct content out = {.kind = KIND_DIR,
	    .size = content->size,
	    .files = content->files};
	struct buf text = {0};
	struct mldv_error err;

	entry.content.kind = kind;
	tree_format(&tree, &text);
	oid_of(text.data, text.len, &out.oid);
	ok(store_load(project->store, &err), &err);
	ok(store_packer_put(packer, &out.oid, text.data, text.len, &err), &err);
	ok(store_packer_end(packer, &err), &err);
	store_packer_close(packer);
	store_unload(project->store);
	buf_release(&text);
	return out;
}

static void an_ignored_file_is_not_overwritten(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content file, dir, content;
	struct mldv_error err;

	(void)state;
	make_item();
	file = store(project, "item/b");
	dir = store(project, "item/c");
	content = tree_with(project, KIND_FILE, ".DS_Store", &file);
	make_dir("copy");
	scratch_write("copy/.DS_Store", "mine");
	place_fails(project, "copy", &content, MLDV_EXISTS, "copy/.DS_Store");
	scratch_expect("copy/.DS_Store", "mine");
	ok(worktree_place(project, "copy", &content, true, NULL, &err), &err);
	scratch_expect("copy/.DS_Store", "bbb");
	/* A directory of files, where an ignored one or a link is. */
	content = tree_with(project, KIND_DIR, "__pycache__", &dir);
	make_dir("copy/__pycache__");
	scratch_write("copy/__pycache__/d", "mine");
	assert_int_equal(unlink("copy/.DS_Store"), 0);
	place_fails(project, "copy", &content, MLDV_EXISTS,
	    "copy/__pycache__/d");
	scratch_expect("copy/__pycache__/d", "mine");
	remove_all("copy/__pycache__");
	make_dir("outside");
	assert_int_equal(symlink("../outside", "copy/__pycache__"), 0);
	place_fails(project, "copy", &content, MLDV_EXISTS, "__pycache__");
	assert_int_equal(rmdir("outside"), 0);
	mldv_project_close(project);
}

/* The store's pack in which the object is, made writable. */
static void pack_of(struct mldv_project *project, const struct oid *oid,
    struct buf *path, const struct pack_record **record)
{
	const struct store_pack *pack;
	struct mldv_error err;

	ok(store_refresh(project->store, &err), &err);
	*record = store_find(project->store, oid, &pack);
	assert_non_null(*record);
	buf_reset(path);
	buf_add_str(path, pack->path);
	assert_int_equal(chmod(pack->path, 0644), 0);
}

static void damage(struct mldv_project *project, const struct oid *oid)
{
	const struct pack_record *record;
	struct buf path = {0};
	unsigned char byte;
	int fd;

	pack_of(project, oid, &path, &record);
	fd = open(buf_str(&path), O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, &byte, 1, record->offset + 4), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, record->offset + 4), 1);
	assert_int_equal(close(fd), 0);
	buf_release(&path);
	store_unload(project->store);
}

static void a_missing_object_changes_nothing(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	const struct pack_record *record;
	struct content one, two;
	struct buf path = {0};
	struct oid oid;

	(void)state;
	make_item();
	one = store(project, "item");
	scratch_write("item/b", "BBB");
	scratch_write("item/c/d", "DDDD");
	two = store(project, "item");
	oid_of("DDDD", 4, &oid);
	pack_of(project, &oid, &path, &record);
	assert_int_equal(unlink(buf_str(&path)), 0);
	store_unload(project->store);
	remove_all("item");
	(void)place(project, "item", &one);
	place_fails(project, "item", &two, MLDV_MISSING,
	    "run 'mldv pull item'");
	scratch_expect("item/b", "bbb");
	place_fails(project, "copy", &two, MLDV_MISSING,
	    "run 'mldv pull copy'");
	assert_false(exists("copy"));
	/* A large file, too. */
	oid_of("none", 4, &one.oid);
	one = (struct content){.kind = KIND_FILE,
	    .oid = one.oid,
	    .size = 5 * MIB,
	    .files = 1};
	place_fails(project, "copy", &one, MLDV_MISSING, "mldv pull copy");
	mldv_project_close(project);
	buf_release(&path);
}

static void damage_never_reaches_the_work_tree(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content one, two;
	struct oid oid;

	(void)state;
	make_item();
	one = store(project, "item");
	make_dir("item/c/new");
	scratch_write("item/c/new/file", "to be damaged");
	scratch_write("item/c/new/other", "not to be damaged");
	two = store(project, "item");
	remove_all("item");
	(void)place(project, "item", &one);
	oid_of("to be damaged", 13, &oid);
	damage(project, &oid);
	place_fails(project, "copy", &two, MLDV_CORRUPT, "fsck --repair");
	assert_false(exists("copy"));
	place_fails(project, "item", &two, MLDV_CORRUPT, "fsck --repair");
	assert_false(exists("item/c/new/file"));
	scratch_expect("item/c/d", "dd");
	/* Mended, it goes on without force from where it was. */
	damage(project, &oid);
	(void)place(project, "item", &two);
	scratch_expect("item/c/new/file", "to be damaged");
	mldv_project_close(project);
}

static void lies_about_sizes_are_found_out(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content file, content;

	(void)state;
	make_item();
	file = store(project, "item/b");
	file.size = 4;
	content = tree_with(project, KIND_FILE, "b", &file);
	place_fails(project, "copy", &content, MLDV_CORRUPT, "b");
	assert_false(exists("copy"));
	place_fails(project, "copy", &file, MLDV_CORRUPT, "3 bytes");
	assert_false(exists("copy"));
	file = store(project, "item/c/large");
	file.size++;
	content = tree_with(project, KIND_FILE, "b", &file);
	place_fails(project, "copy", &content, MLDV_CORRUPT, "another length");
	file.size = 3;
	content = tree_with(project, KIND_FILE, "b", &file);
	place_fails(project, "copy", &content, MLDV_MISSING, "mldv pull copy");
	assert_false(exists("copy"));
	mldv_project_close(project);
}

static void impossible_links_are_refused(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content file, content;
	int fd;

	(void)state;
	fd = open("file", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	assert_int_equal(write(fd, "a\0b", 3), 3);
	assert_int_equal(close(fd), 0);
	file = store(project, "file");
	content = tree_with(project, KIND_LINK, "l", &file);
	place_fails(project, "copy", &content, MLDV_CORRUPT, "'l'");
	/* The longest that Linux takes, and one more. */
	assert_int_equal(unlink("file"), 0);
	sample_file("file", 4096, 1);
	file = store(project, "file");
	content = tree_with(project, KIND_LINK, "l", &file);
	place_fails(project, "copy", &content, MLDV_CORRUPT, "");
	scratch_write("file", "");
	file = store(project, "file");
	content = tree_with(project, KIND_LINK, "l", &file);
	place_fails(project, "copy", &content, MLDV_CORRUPT, "");
	assert_false(exists("copy"));
	mldv_project_close(project);
}

static void nothing_is_written_through_a_link(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content content;

	(void)state;
	make_item();
	content = store(project, "item");
	make_dir("outside");
	/* Above the item. */
	assert_int_equal(symlink("outside", "dir"), 0);
	place_fails(project, "dir/copy", &content, MLDV_EXISTS,
	    "symbolic link");
	/* In place of it: the link itself is what would be overwritten. */
	assert_int_equal(symlink("outside", "copy"), 0);
	place_fails(project, "copy", &content, MLDV_EXISTS, "'copy'");
	place_by_force(project, "copy", &content);
	/* In place of a directory of it, and of a file of it. */
	remove_all("copy/c");
	assert_int_equal(symlink("../outside", "copy/c"), 0);
	remove_all("copy/b");
	assert_int_equal(symlink("../outside/b", "copy/b"), 0);
	place_fails(project, "copy", &content, MLDV_EXISTS, "'copy/");
	place_by_force(project, "copy", &content);
	expect_alike("item", "copy");
	assert_int_equal(rmdir("outside"), 0);
	mldv_project_close(project);
}

static void what_a_crash_left_is_removed(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content one, two;

	(void)state;
	make_item();
	one = store(project, "item");
	scratch_write("item/c/d", "DDDD");
	two = store(project, "item");
	scratch_write("item/.mldv-tmp.0123456789abcdef", "half");
	make_dir("item/c/.mldv-tmp.0123456789abcdef");
	scratch_write("item/c/.mldv-tmp.0123456789abcdef/x", "half");
	assert_int_equal(place(project, "item", &two), 0);
	assert_int_equal(place(project, "item", &one), 1);
	mldv_project_close(project);
}

/* Stops at the n-th question. */
struct stopper {
	int left;
};

static bool stop(void *context)
{
	struct stopper *stopper = context;

	return __atomic_sub_fetch(&stopper->left, 1, __ATOMIC_SEQ_CST) < 0;
}

static void checking_out_can_be_interrupted(void **state)
{
	struct stopper stopper = {.left = 1000};
	struct mldv_events events = {.context = &stopper, .cancelled = stop};
	struct mldv_project *project = repo_open(&events);
	struct content content;
	struct mldv_error err = {0};
	int stops = 0;

	(void)state;
	make_item();
	content = store(project, "item");
	for (int i = 0; i < 30; i++) {
		stopper.left = i;
		if (worktree_place(project, "copy", &content, false, NULL,
		        &err) == 0)
			break;
		stops++;
		assert_int_equal(err.code, MLDV_INTERRUPTED);
		assert_false(exists("copy"));
		expect_no_temporary(".");
	}
	assert_true(stops > 3 && stops < 30);
	/* And into what is there; any mixture is gone on from. */
	remove_all("copy");
	make_dir("copy");
	stops = 0;
	for (int i = 0; i < 60; i++) {
		stopper.left = i;
		if (worktree_place(project, "copy", &content, false, NULL,
		        &err) == 0)
			break;
		stops++;
		assert_int_equal(err.code, MLDV_INTERRUPTED);
		expect_no_temporary(".");
	}
	assert_true(stops > 3 && stops < 60);
	expect_alike("item", "copy");
	mldv_project_close(project);
}

static bool die(void *context)
{
	if (stop(context))
		(void)kill(getpid(), SIGKILL);
	return false;
}

/* A checkout that is killed at the n-th question; true if it got through. */
static bool survives(const struct content *content, int n)
{
	struct stopper stopper = {.left = n};
	struct mldv_events events = {.context = &stopper, .cancelled = die};
	struct mldv_error err;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct mldv_project *project;

		if (mldv_project_open(&project, ".", &events, &err) < 0 ||
		    worktree_place(project, "copy", content, false, NULL,
		        &err) < 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return false;
	assert_int_equal(status, 0);
	return true;
}

static void a_killed_checkout_is_taken_up_again(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content one, two;
	bool done;
	int n;

	(void)state;
	make_item();
	one = store(project, "item");
	scratch_write("item/c/d", "DDDD");
	make_dir("item/c/e/new");
	scratch_write("item/c/e/new/file", "new");
	assert_int_equal(unlink("item/x"), 0);
	make_dir("item/x");
	scratch_write("item/x/y", "y");
	remove_all("item/empty");
	two = store(project, "item");
	/* Killed while it is built: nothing is there, then all is. */
	for (n = 0; !survives(&one, n); n++)
		assert_false(exists("copy"));
	assert_true(n > 5);
	assert_int_equal(place(project, "copy", &one), 0);
	remove_all("copy");
	for (int i = 0; i < n; i += 3) {
		assert_false(survives(&one, i));
		(void)place(project, "copy", &one);
		remove_all("copy");
	}
	/* Killed while it is changed: the next run needs no force. */
	n = 0;
	do {
		(void)place(project, "copy", &one);
		done = survives(&two, n++);
		(void)place(project, "copy", &two);
	} while (!done);
	assert_true(n > 5);
	mldv_project_close(project);
}

static void what_cannot_be_written_leaves_the_old(void **state)
{
	struct mldv_project *project;
	struct content one, two;

	(void)state;
	scratch_drop_privileges();
	project = repo_open(NULL);
	make_item();
	one = store(project, "item");
	scratch_write("item/c/d", "DDDD");
	make_dir("item/c/e/new");
	two = store(project, "item");
	remove_all("item");
	(void)place(project, "item", &one);
	assert_int_equal(chmod("item/c", 0555), 0);
	place_fails(project, "item", &two, MLDV_FAILED, "Permission denied");
	scratch_expect("item/c/d", "dd");
	assert_int_equal(chmod("item/c", 0755), 0);
	(void)place(project, "item", &two);
	make_dir("read-only");
	assert_int_equal(chmod("read-only", 0555), 0);
	place_fails(project, "read-only/copy", &two, MLDV_FAILED,
	    "Permission denied");
	assert_int_equal(chmod("read-only", 0755), 0);
	mldv_project_close(project);
}

static void hard_links_share_large_files(void **state)
{
	struct mldv_project *project;
	struct content content;
	struct stat st;

	(void)state;
	scratch_drop_privileges();
	make_dir(".git");
	make_dir(".git/mldv");
	scratch_write(".git/mldv/config", "[store]\nlink = hardlink, copy\n");
	project = repo_open(NULL);
	make_item();
	content = store(project, "item");
	(void)place(project, "copy", &content);
	expect_alike("item", "copy");
	assert_int_equal(stat("copy/c/large", &st), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(st.st_mode & 0222, 0);
	/* Small files and executables are copies. */
	assert_int_equal(stat("copy/c/whole", &st), 0);
	assert_int_equal(st.st_nlink, 1);
	/* Updated in place, and placed once more beside it. */
	assert_int_equal(unlink("copy/c/large"), 0);
	assert_int_equal(place(project, "copy", &content), 1);
	(void)place(project, "again", &content);
	assert_int_equal(stat("again/c/large", &st), 0);
	assert_int_equal(st.st_nlink, 3);
	remove_all("copy");
	assert_int_equal(place(project, "again", &content), 0);
	mldv_project_close(project);
}

static void what_lies_somewhere_can_be_thrown_away(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct buf trash = {0};
	struct mldv_error err;

	(void)state;
	make_dir("dir");
	ok(worktree_trash(project, "dir/none", &trash, &err), &err);
	assert_string_equal(buf_str(&trash), "");
	scratch_write("dir/file", "old");
	ok(worktree_trash(project, "dir/file", &trash, &err), &err);
	assert_false(exists("dir/file"));
	assert_true(slice_starts(slice_of(buf_str(&trash)), "dir/.mldv-tmp."));
	assert_true(exists(buf_str(&trash)));
	ok(worktree_drop(project, buf_str(&trash), &err), &err);
	expect_no_temporary(".");
	buf_release(&trash);
	mldv_project_close(project);
}

/* Files that take more than one thread, and more than one range. */
static void many_files_come_back(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content content;
	char name[64];

	(void)state;
	make_dir("item");
	for (int i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof name, "item/%d", i);
		make_dir(name);
		for (int j = 0; j < 1500; j++) {
			(void)snprintf(name, sizeof name, "item/%d/%d", i, j);
			scratch_write(name, name);
		}
	}
	content = store(project, "item");
	assert_int_equal(place(project, "copy", &content), 4500);
	expect_alike("item", "copy");
	remove_all("copy/1");
	assert_int_equal(place(project, "copy", &content), 1500);
	mldv_project_close(project);
}

/*
 * A store that the first version wrote, with an item of every kind. With
 * MLDV_WRITE_FIXTURES set it is written, which is to be done only for a new
 * one.
 */
#define FIXTURE "test/fixtures/store"
#define FIXTURE_OID \
	"d2fdc2f4811b8bb862e4b50c42c6cb4075179281fd112813e30f3bc0e814f998"

static void make_fixture(void)
{
	char data[40000];
	int fd;

	make_dir("item");
	make_dir("item/images");
	make_dir("item/nothing here");
	scratch_write("item/labels.csv", "image,label\n0.bin,7\n1.bin,2\n");
	scratch_write("item/empty", "");
	scratch_write("item/prepare.sh", "#!/bin/sh\necho prepared\n");
	assert_int_equal(chmod("item/prepare.sh", 0755), 0);
	assert_int_equal(symlink("images/0.bin", "item/first"), 0);
	scratch_write("item/line\nfeed \\ \xff", "odd");
	sample_file("item/images/0.bin", 784, 1);
	sample_file("item/images/1.bin", 784, 2);
	sample_text(data, sizeof data, 1);
	fd = open("item/log.txt", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	assert_int_equal(write(fd, data, sizeof data), sizeof data);
	assert_int_equal(close(fd), 0);
}

static void copy_dir(const char *from, const char *to)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)execlp("cp", "cp", "-r", from, to, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void what_the_first_version_stored_is_read(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content content = {.kind = KIND_DIR, .size = 41635, .files = 8},
	               now;
	struct arena arena = {0};
	const char *from = arena_printf(&arena, "%s/" FIXTURE, getenv("TOP"));
	char hex[OID_HEX + 1];
	struct mldv_error err;

	(void)state;
	make_fixture();
	if (getenv("MLDV_WRITE_FIXTURES") != NULL) {
		(void)store(project, "item");
		copy_dir(".git/mldv/store", from);
		remove_all(".git/mldv");
	}
	/* The directory is still encoded as it was … */
	ok(worktree_hash(project, "item", &now, NULL, &err), &err);
	oid_hex(&now.oid, hex);
	assert_string_equal(hex, FIXTURE_OID);
	sample_oid(FIXTURE_OID, &content.oid);
	assert_int_equal(now.size, content.size);
	assert_int_equal(now.files, content.files);
	/* … and comes out of what was written then. */
	remove_all(".git/mldv");
	make_dir(".git/mldv");
	copy_dir(from, ".git/mldv/store");
	(void)place(project, "copy", &content);
	expect_alike("item", "copy");
	arena_release(&arena);
	mldv_project_close(project);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)

int main(void)
{
	char top[4096];
	const struct CMUnitTest tests[] = {
	    TEST(an_item_comes_back_as_it_was),
	    TEST(single_files_come_back),
	    TEST(kinds_replace_each_other),
	    TEST(kinds_replace_each_other_inside),
	    TEST(paths_may_be_long),
	    TEST(what_is_not_stored_is_not_overwritten),
	    TEST(a_single_file_is_not_overwritten_either),
	    TEST(force_overwrites),
	    TEST(ignored_files_are_left_alone),
	    TEST(an_ignored_file_is_not_overwritten),
	    TEST(a_missing_object_changes_nothing),
	    TEST(damage_never_reaches_the_work_tree),
	    TEST(lies_about_sizes_are_found_out),
	    TEST(impossible_links_are_refused),
	    TEST(nothing_is_written_through_a_link),
	    TEST(what_a_crash_left_is_removed),
	    TEST(checking_out_can_be_interrupted),
	    TEST(a_killed_checkout_is_taken_up_again),
	    TEST(what_cannot_be_written_leaves_the_old),
	    TEST(hard_links_share_large_files),
	    TEST(what_lies_somewhere_can_be_thrown_away),
	    TEST(many_files_come_back),
	    TEST(what_the_first_version_stored_is_read),
	};

	/* Where the fixtures are, once the test is in its own directory. */
	if (setenv("TOP", getcwd(top, sizeof top), 1) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
