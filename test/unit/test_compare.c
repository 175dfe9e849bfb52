/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "project/compare.h"
#include "project/worktree.h"
#include "repo.h"
#include "scratch.h"

/* What was visited. */
struct seen {
	size_t added;
	size_t changed;
	size_t removed;
};

static int count(void *context, const struct content *old,
    const struct content *new, struct mldv_error *err)
{
	struct seen *seen = context;

	(void)err;
	seen->added += !old;
	seen->removed += !new;
	seen->changed += old && new;
	return 0;
}

static void make(void)
{
	assert_int_equal(mkdir("item", 0777), 0);
	assert_int_equal(mkdir("item/a", 0777), 0);
	assert_int_equal(mkdir("item/b", 0777), 0);
	assert_int_equal(mkdir("item/b/deep", 0777), 0);
	scratch_write("item/a/1", "one");
	scratch_write("item/a/2", "two");
	scratch_write("item/b/1", "three");
	scratch_write("item/b/deep/1", "four");
	scratch_write("item/c", "five");
}

static struct content store(struct mldv_project *project)
{
	struct content content;
	struct mldv_error err;

	ok(worktree_store(project, "item", &content, NULL, &err), &err);
	return content;
}

/* Compares what lies there now with what was recorded. */
static int compare(struct mldv_project *project, const struct content *recorded,
    const struct parts *parts, struct seen *seen, struct mldv_error *err)
{
	struct snapshot disk;
	struct content content;
	const struct compare wanted = {
	    .store = project->store,
	    .recorded = recorded,
	    .parts = parts,
	    .disk = &disk,
	    .context = seen,
	    .visit = count,
	};
	int ret;

	*seen = (struct seen){0};
	ok(worktree_hash(project, "item", &content, &disk, err), err);
	ret = compare_item(&wanted, err);
	snapshot_release(&disk);
	return ret;
}

static void expect(struct mldv_project *project, const struct content *recorded,
    const struct parts *parts, struct seen wanted)
{
	struct mldv_error err = {0};
	struct seen seen;

	ok(compare(project, recorded, parts, &seen, &err), &err);
	assert_int_equal(seen.added, wanted.added);
	assert_int_equal(seen.changed, wanted.changed);
	assert_int_equal(seen.removed, wanted.removed);
}

static const struct parts everything = {.rest = true};

static void each_file_that_differs_is_visited_once(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content recorded;

	(void)state;
	make();
	recorded = store(project);
	expect(project, &recorded, &everything, (struct seen){0, 0, 0});
	scratch_write("item/a/2", "TWO");
	scratch_write("item/b/deep/0", "new");
	assert_int_equal(unlink("item/b/1"), 0);
	expect(project, &recorded, &everything, (struct seen){1, 1, 1});
	/* A mode that counts. */
	assert_int_equal(chmod("item/c", 0777), 0);
	expect(project, &recorded, &everything, (struct seen){1, 2, 1});
	mldv_project_close(project);
}

static void a_directory_and_a_file_of_one_name_are_two(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content recorded;
	struct mldv_error err;

	(void)state;
	make();
	recorded = store(project);
	assert_int_equal(unlink("item/c"), 0);
	assert_int_equal(mkdir("item/c", 0777), 0);
	scratch_write("item/c/1", "five");
	scratch_write("item/c/2", "six");
	expect(project, &recorded, &everything, (struct seen){2, 0, 1});
	ok(file_remove_tree("item/b", &err), &err);
	scratch_write("item/b", "seven");
	expect(project, &recorded, &everything, (struct seen){3, 0, 3});
	/* The whole item, too. */
	ok(file_remove_tree("item", &err), &err);
	scratch_write("item", "eight");
	expect(project, &recorded, &everything, (struct seen){1, 0, 5});
	recorded = store(project);
	ok(file_remove_tree("item", &err), &err);
	make();
	expect(project, &recorded, &everything, (struct seen){5, 0, 1});
	mldv_project_close(project);
}

static void no_tree_is_read_of_what_is_the_same(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct content recorded;
	struct mldv_error err;
	struct seen seen;

	(void)state;
	make();
	recorded = store(project);
	store_unload(project->store);
	ok(file_remove_tree(store_dir(project->store), &err), &err);
	expect(project, &recorded, &everything, (struct seen){0, 0, 0});
	/* Where something differs, what was there must be known. */
	scratch_write("item/a/2", "TWO");
	assert_int_equal(compare(project, &recorded, &everything, &seen, &err),
	    -1);
	assert_int_equal(err.code, MLDV_MISSING);
	mldv_project_close(project);
}

static void what_is_not_wanted_was_not_recorded(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct parts parts = {.rest = true};
	struct content recorded;
	struct mldv_error err;

	(void)state;
	make();
	recorded = store(project);
	parts_set(&parts, "b/deep", false);
	/* It lies there all the same. */
	expect(project, &recorded, &parts, (struct seen){1, 0, 0});
	ok(file_remove_tree("item/b/deep", &err), &err);
	expect(project, &recorded, &parts, (struct seen){0, 0, 0});
	assert_int_equal(unlink("item/b/1"), 0);
	expect(project, &recorded, &parts, (struct seen){0, 0, 1});
	parts_set(&parts, "", false);
	expect(project, &recorded, &parts, (struct seen){3, 0, 0});
	parts_release(&parts);
	mldv_project_close(project);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(each_file_that_differs_is_visited_once),
	    TEST(a_directory_and_a_file_of_one_name_are_two),
	    TEST(no_tree_is_read_of_what_is_the_same),
	    TEST(what_is_not_wanted_was_not_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
