/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "project/ingest.h"
#include "project/trees.h"
#include "project/worktree.h"
#include "repo.h"
#include "sample.h"
#include "scratch.h"

enum { MIB = 1 << 20 };

static void make_dir(const char *path)
{
	assert_int_equal(mkdir(path, 0777), 0);
}

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

/* Hash of a text that an independent program would write. */
static void expect_tree(const char *text, const struct content *content)
{
	struct oid oid;

	oid_of(text, strlen(text), &oid);
	assert_memory_equal(&oid, &content->oid, sizeof oid);
}

static const char empty_tree[] =
    "8b6ce52a2895e25df8ec36dd4694dc255aa1ca7852d4e9ce29a6b88132de2e89";
static const char empty_file[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static void line(struct buf *out, char letter, const char *data,
    const char *name)
{
	char hex[OID_HEX + 1];
	struct oid oid;

	oid_of(data, strlen(data), &oid);
	oid_hex(&oid, hex);
	buf_printf(out, "%c %zu %s %s\n", letter, strlen(data), hex, name);
}

static void the_trees_are_those_of_the_manual(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct buf c = {0}, root = {0};
	struct content content;
	struct mldv_error err;
	char hex[OID_HEX + 1];
	struct oid oid;

	(void)state;
	make_item();
	ok(worktree_hash(project, "item", &content, NULL, &err), &err);
	buf_add_str(&c, "mldv-tree 1\n");
	line(&c, 'f', "dd", "d");
	buf_printf(&c, "d 0 0 %s e\n", empty_tree);
	oid_of(c.data, c.len, &oid);
	oid_hex(&oid, hex);
	buf_add_str(&root, "mldv-tree 1\n");
	line(&root, 'f', "bbb", "b");
	buf_printf(&root, "d 2 1 %s c\n", hex);
	line(&root, 'l', "nowhere", "l");
	buf_printf(&root, "x 0 %s x\n", empty_file);
	expect_tree(buf_str(&root), &content);
	assert_int_equal(content.kind, KIND_DIR);
	assert_int_equal(content.size, 12);
	assert_int_equal(content.files, 4);
	/* Nothing was stored. */
	assert_int_equal(access(".git/mldv/store", F_OK), -1);
	ok(worktree_hash(project, "item/x", &content, NULL, &err), &err);
	assert_int_equal(content.kind, KIND_EXEC);
	assert_int_equal(content.size, 0);
	assert_int_equal(content.files, 1);
	ok(worktree_hash(project, "item/l", &content, NULL, &err), &err);
	assert_int_equal(content.kind, KIND_LINK);
	assert_int_equal(worktree_hash(project, "none", &content, NULL, &err),
	    -1);
	assert_int_equal(err.code, MLDV_NOT_FOUND);
	buf_release(&c);
	buf_release(&root);
	mldv_project_close(project);
}

static size_t pack_count(struct mldv_project *project)
{
	struct mldv_error err;
	size_t count;

	ok(store_refresh(project->store, &err), &err);
	(void)store_packs(project->store, &count);
	return count;
}

static void storing_reads_each_file_once(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	const struct timespec grain = {2, 100000000};
	struct worktree_count count;
	struct content content, again;
	struct mldv_error err;
	struct snapshot snapshot;
	size_t packs;

	(void)state;
	make_item();
	sample_file("item/c/large", 4 * MIB + 1, 1);
	scratch_write("item/.DS_Store", "");
	/* Let the files grow older than the grain of time stamps. */
	assert_int_equal(nanosleep(&grain, NULL), 0);
	ok(worktree_hash(project, "item", &again, NULL, &err), &err);
	ok(worktree_store(project, "item", &content, &count, &err), &err);
	assert_true(content_equal(&content, &again));
	/* All but the empty file, which needs no reading to be stored. */
	assert_int_equal(count.read, 4);
	assert_int_equal(count.ignored, 1);
	assert_int_equal(worktree_complete(project, &content, NULL, &err), 1);
	packs = pack_count(project);
	assert_int_equal(packs, 2);
	ok(worktree_store(project, "item", &again, &count, &err), &err);
	assert_true(content_equal(&content, &again));
	assert_int_equal(count.read, 0);
	assert_int_equal(pack_count(project), packs);
	ok(worktree_hash(project, "item", &again, &snapshot, &err), &err);
	for (size_t i = 0; i < snapshot.dir_count; i++)
		assert_true(snapshot.dirs[i].known);
	snapshot_release(&snapshot);
	/* Known, but not in the store any more: it is read again. */
	ok(file_remove_tree(".git/mldv/store", &err), &err);
	assert_int_equal(pack_count(project), 0);
	ok(worktree_store(project, "item", &again, &count, &err), &err);
	assert_true(content_equal(&content, &again));
	assert_int_equal(count.read, 4);
	assert_int_equal(worktree_complete(project, &content, NULL, &err), 1);
	/* One changed file is one read file. */
	scratch_write("item/b", "ccc");
	ok(worktree_store(project, "item", &again, &count, &err), &err);
	assert_int_equal(count.read, 1);
	assert_false(content_equal(&content, &again));
	assert_int_equal(worktree_complete(project, &again, NULL, &err), 1);
	/* Without the cache all is read, and nothing written. */
	packs = pack_count(project);
	ok(file_remove_tree(".git/mldv/state", &err), &err);
	ok(worktree_store(project, "item", &content, &count, &err), &err);
	assert_true(content_equal(&content, &again));
	assert_int_equal(count.read, 5);
	assert_int_equal(pack_count(project), packs);
	mldv_project_close(project);
}

static void trees_lie_in_packs_of_their_own(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	const struct store_pack *packs;
	struct content content;
	struct mldv_error err;
	size_t count;

	(void)state;
	make_item();
	ok(worktree_store(project, "item", &content, NULL, &err), &err);
	assert_int_equal(pack_count(project), 2);
	packs = store_packs(project->store, &count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(packs[i].index.count, 3);
	for (size_t i = 0; i < count; i++) {
		size_t trees = 0;

		for (size_t j = 0; j < 3; j++) {
			struct buf text = {0};

			ok(store_read(project->store,
			       &packs[i].index.records[j].oid, &text, &err),
			    &err);
			trees += slice_starts(slice_of(buf_str(&text)),
			    "mldv-tree 1\n");
			buf_release(&text);
		}
		assert_true(trees == 0 || trees == 3);
	}
	mldv_project_close(project);
}

/* Whatever the threads do: files of one run go into one pack. */
static void the_packs_follow_from_the_files(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	const struct store_pack *packs;
	struct content content, again;
	struct mldv_error err;
	struct oid ids[16];
	size_t count, before;
	char name[32];

	(void)state;
	make_dir("item");
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(name, sizeof name, "item/%02u", i);
		sample_file(name, i % 7 == 3 ? 5 * MIB : 4 * MIB - i, i);
	}
	ok(worktree_store(project, "item", &content, NULL, &err), &err);
	before = pack_count(project);
	assert_true(before >= 3 && before < 16);
	packs = store_packs(project->store, &count);
	for (size_t i = 0; i < count; i++)
		ids[i] = packs[i].id;
	assert_int_equal(worktree_complete(project, &content, NULL, &err), 1);
	ok(file_remove_tree(".git/mldv", &err), &err);
	ok(store_refresh(project->store, &err), &err);
	ok(worktree_store(project, "item", &again, NULL, &err), &err);
	assert_true(content_equal(&content, &again));
	assert_int_equal(pack_count(project), before);
	packs = store_packs(project->store, &count);
	for (size_t i = 0; i < count; i++)
		assert_memory_equal(&ids[i], &packs[i].id, sizeof ids[i]);
	mldv_project_close(project);
}

static void a_large_directory_has_pages(void **state)
{
	enum { MANY = 8300 };
	struct mldv_project *project = repo_open(NULL);
	struct store_reader *reader;
	struct trees trees;
	struct content content, again, inside;
	struct arena arena = {0};
	struct mldv_error err;
	struct tree tree;
	struct buf text = {0};
	char name[32];

	(void)state;
	make_dir("item");
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof name, "item/%d", i * 7 % MANY);
		scratch_write(name, name);
	}
	ok(worktree_store(project, "item", &content, NULL, &err), &err);
	assert_int_equal(content.files, MANY);
	ok(store_read(project->store, &content.oid, &text, &err), &err);
	assert_true(slice_starts(slice_of(buf_str(&text)), "mldv-tree 1\np "));
	reader = store_reader_open(project->store);
	trees = trees_of(reader);
	ok(trees_read(&trees, &content, &arena, &tree, &err), &err);
	assert_int_equal(tree.count, MANY);
	store_reader_close(reader);
	arena_release(&arena);
	assert_int_equal(worktree_inside(project, &content, "8299", &inside,
	                     &err),
	    1);
	assert_int_equal(inside.size, strlen("item/8299"));
	assert_int_equal(worktree_complete(project, &content, NULL, &err), 1);
	ok(worktree_hash(project, "item", &again, NULL, &err), &err);
	assert_true(content_equal(&content, &again));
	buf_release(&text);
	mldv_project_close(project);
}

/* What to do to the file "item/2" when "item/1" has been read. */
struct meddler {
	void (*meddle)(void);
	bool done;
};

static void on_progress(void *context, const struct mldv_progress *progress)
{
	struct meddler *meddler = context;

	if (meddler->done || progress->name == NULL ||
	    strcmp(progress->name, "item/1") != 0)
		return;
	meddler->done = true;
	meddler->meddle();
}

static void grow(void)
{
	scratch_write("item/2", "much longer than before");
}

static void shrink(void)
{
	assert_int_equal(truncate("item/2", 3), 0);
}

static void rewrite(void)
{
	scratch_write("item/2", "other!");
}

static void remove_it(void)
{
	assert_int_equal(unlink("item/2"), 0);
}

static void make_link(void)
{
	assert_int_equal(unlink("item/2"), 0);
	assert_int_equal(symlink("1", "item/2"), 0);
}

static void make_pipe(void)
{
	assert_int_equal(unlink("item/2"), 0);
	assert_int_equal(mkfifo("item/2", 0666), 0);
}

static void a_file_that_changes_meanwhile_is_named(void **state)
{
	static void (*const meddling[])(
	    void) = {grow, shrink, rewrite, remove_it, make_link, make_pipe};
	struct meddler meddler;
	struct mldv_events events = {.context = &meddler,
	    .progress = on_progress};
	struct mldv_project *project = repo_open(&events);

	(void)state;
	for (size_t i = 0; i < 2 * sizeof meddling / sizeof *meddling; i++) {
		struct content content;
		struct mldv_error err = {0};
		int ret;

		make_dir("item");
		scratch_write("item/1", "123456");
		scratch_write("item/2", "123456");
		meddler = (struct meddler){.meddle = meddling[i / 2]};
		if (i % 2 == 0)
			ret = worktree_hash(project, "item", &content, NULL,
			    &err);
		else
			ret = worktree_store(project, "item", &content, NULL,
			    &err);
		assert_int_equal(ret, -1);
		assert_int_equal(err.code, MLDV_FAILED);
		if (strstr(err.text, "'item/2' changed") == NULL)
			fail_msg("%s", err.text);
		ok(file_remove_tree("item", &err), &err);
	}
	expect_no_temporary(".");
	mldv_project_close(project);
}

static void shrink_large(void)
{
	assert_int_equal(truncate("item/2", 4 * MIB), 0);
}

static void a_large_file_that_changes_meanwhile_is_named(void **state)
{
	static void (*const meddling[])(
	    void) = {shrink_large, rewrite, remove_it};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof meddling / sizeof *meddling; i++) {
		struct meddler meddler = {.meddle = meddling[i / 2]};
		struct mldv_events events = {.context = &meddler,
		    .progress = on_progress};
		struct mldv_project *project = repo_open(&events);
		struct ingest ingest = {.path = "item", .store = i % 2 == 1};
		struct snapshot_options options = {.root_fd = AT_FDCWD,
		    .path = "item"};
		struct snapshot snapshot;
		struct mldv_error err = {0};

		make_dir("item");
		sample_file("item/2", 5 * MIB, i);
		/* Seen, then changed, then read. */
		ok(snapshot_take(&snapshot, &options, &err), &err);
		meddler.meddle();
		ingest.snapshot = &snapshot;
		ok(store_load(project->store, &err), &err);
		assert_int_equal(ingest_files(project, &ingest, &err), -1);
		assert_int_equal(err.code, MLDV_FAILED);
		if (strstr(err.text, "'item/2'") == NULL)
			fail_msg("%s", err.text);
		snapshot_release(&snapshot);
		ok(file_remove_tree("item", &err), &err);
		expect_no_temporary(".");
		mldv_project_close(project);
	}
}

static bool always(void *context)
{
	(void)context;
	return true;
}

static void reading_can_be_interrupted(void **state)
{
	struct mldv_events events = {.cancelled = always};
	struct mldv_project *project = repo_open(&events);
	struct content content;
	struct mldv_error err = {0};

	(void)state;
	scratch_write("file", "x");
	assert_int_equal(worktree_store(project, "file", &content, NULL, &err),
	    -1);
	assert_int_equal(err.code, MLDV_INTERRUPTED);
	expect_no_temporary(".");
	mldv_project_close(project);
}

static void what_cannot_be_read_is_named(void **state)
{
	struct mldv_project *project;
	struct content content;
	struct mldv_error err = {0};

	(void)state;
	scratch_drop_privileges();
	project = repo_open(NULL);
	make_item();
	assert_int_equal(chmod("item/c/d", 0), 0);
	assert_int_equal(worktree_store(project, "item", &content, NULL, &err),
	    -1);
	assert_non_null(strstr(err.text, "'item/c/d'"));
	assert_non_null(strstr(err.text, "Permission denied"));
	expect_no_temporary(".");
	mldv_project_close(project);
}

/* A file may have the very bytes of a tree. */
static void a_file_like_a_tree_is_a_file(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content dir, content, inside;
	struct buf text = {0};
	struct mldv_error err;
	int fd;

	(void)state;
	make_item();
	ok(worktree_store(project, "item/c", &dir, NULL, &err), &err);
	ok(store_read(project->store, &dir.oid, &text, &err), &err);
	fd = open("item/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	ok(file_write(fd, "item/file", text.data, text.len, &err), &err);
	assert_int_equal(close(fd), 0);
	ok(worktree_store(project, "item", &content, NULL, &err), &err);
	assert_int_equal(worktree_inside(project, &content, "file", &inside,
	                     &err),
	    1);
	assert_memory_equal(&inside.oid, &dir.oid, sizeof dir.oid);
	assert_int_equal(inside.kind, KIND_FILE);
	assert_int_equal(worktree_inside(project, &content, "file/d", &inside,
	                     &err),
	    0);
	assert_int_equal(worktree_inside(project, &content, "c/d", &inside,
	                     &err),
	    1);
	buf_release(&text);
	mldv_project_close(project);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_trees_are_those_of_the_manual),
	    TEST(storing_reads_each_file_once),
	    TEST(trees_lie_in_packs_of_their_own),
	    TEST(the_packs_follow_from_the_files),
	    TEST(a_large_directory_has_pages),
	    TEST(a_file_that_changes_meanwhile_is_named),
	    TEST(a_large_file_that_changes_meanwhile_is_named),
	    TEST(reading_can_be_interrupted),
	    TEST(what_cannot_be_read_is_named),
	    TEST(a_file_like_a_tree_is_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
