/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "project/trees.h"
#include "project/worktree.h"
#include "repo.h"
#include "scratch.h"

/* Trees as an enemy would write them. */

static void put(struct store *store, const char *data, size_t size,
    struct oid *out)
{
	struct store_packer *packer = store_packer_open(store);
	struct mldv_error err;

	ok(store_load(store, &err), &err);
	oid_of(data, size, out);
	ok(store_packer_put(packer, out, data, size, &err), &err);
	ok(store_packer_end(packer, &err), &err);
	store_packer_close(packer);
	store_unload(store);
}

static struct tree_entry entry(enum kind kind, const struct content *like,
    const char *name)
{
	struct tree_entry entry = {.content = *like, .name = slice_of(name)};

	entry.content.kind = kind;
	return entry;
}

/* The content of a file that is stored. */
static struct content file(struct store *store, const char *text)
{
	struct content content = {.kind = KIND_FILE,
	    .size = strlen(text),
	    .files = 1};

	put(store, text, strlen(text), &content.oid);
	return content;
}

/* Stores a tree of these entries as they are, summed up right. */
static struct content dir(struct store *store, struct tree_entry *entries,
    size_t count)
{
	struct tree tree = {.entries = entries, .count = count};
	struct content content = {.kind = KIND_DIR};
	struct buf text = {0};

	for (size_t i = 0; i < count; i++) {
		content.size += entries[i].content.size;
		content.files += entries[i].content.files;
	}
	tree_format(&tree, &text);
	put(store, text.data, text.len, &content.oid);
	buf_release(&text);
	return content;
}

static void refused(struct store *store, const struct content *content,
    enum mldv_code code, const char *why)
{
	struct snapshot snapshot;
	struct mldv_error err = {0};

	if (trees_expand(store, content, &snapshot, &err) == 0)
		fail_msg("not refused: '%s'", why);
	assert_int_equal(err.code, code);
	if (strstr(err.text, why) == NULL)
		fail_msg("'%s' does not say '%s'", err.text, why);
}

static void a_right_tree_is_expanded(void **state)
{
	struct store *store = store_open("store");
	struct content a = file(store, "aaa"), bb = file(store, "bb");
	struct tree_entry inner[2] = {entry(KIND_FILE, &bb, "1"),
	    entry(KIND_EXEC, &a, "2")};
	struct content sub = dir(store, inner, 2);
	struct tree_entry outer[3] = {entry(KIND_LINK, &a, "a"),
	    entry(KIND_DIR, &sub, "b"), entry(KIND_DIR, &sub, "c")};
	struct content root = dir(store, outer, 3);
	struct snapshot snapshot;
	struct mldv_error err;
	struct buf path = {0};

	(void)state;
	ok(trees_expand(store, &root, &snapshot, &err), &err);
	assert_int_equal(snapshot.dir_count, 3);
	assert_int_equal(root.files, 5);
	assert_int_equal(snapshot.dirs[2].count, 2);
	snapshot_path(&snapshot, 2, &snapshot.dirs[2].entries[1], &path);
	assert_string_equal(buf_str(&path), "c/2");
	assert_int_equal(snapshot.dirs[2].entries[1].kind, KIND_EXEC);
	assert_false(snapshot.dirs[2].entries[1].known);
	buf_release(&path);
	snapshot_release(&snapshot);
	/* A file has no trees. */
	ok(trees_expand(store, &a, &snapshot, &err), &err);
	assert_int_equal(snapshot.dir_count, 0);
	assert_memory_equal(&snapshot.root.oid, &a.oid, sizeof a.oid);
	snapshot_release(&snapshot);
	store_close(store);
}

static void sums_that_lie_are_refused(void **state)
{
	struct store *store = store_open("store");
	struct content a = file(store, "aaa");
	struct tree_entry inner[1] = {entry(KIND_FILE, &a, "1")};
	struct content sub = dir(store, inner, 1), root;
	struct tree_entry outer[2] = {entry(KIND_FILE, &a, "a"),
	    entry(KIND_DIR, &sub, "b")};

	(void)state;
	root = dir(store, outer, 2);
	root.size++;
	refused(store, &root, MLDV_CORRUPT, "do not add up");
	root.size--;
	root.files++;
	refused(store, &root, MLDV_CORRUPT, "do not add up");
	root.files = 1;
	refused(store, &root, MLDV_CORRUPT, "do not add up");
	/* The lie one level below. */
	outer[1].content.files = 2;
	root = dir(store, outer, 2);
	refused(store, &root, MLDV_CORRUPT, "do not add up");
	outer[1].content.files = 1;
	outer[1].content.size = 2;
	root = dir(store, outer, 2);
	refused(store, &root, MLDV_CORRUPT, "do not add up");
	/* Beyond all counting. */
	outer[0].content.size = INT64_MAX;
	outer[1].content.size = INT64_MAX;
	root = dir(store, outer, 2);
	root.size = (uint64_t)INT64_MAX * 2;
	refused(store, &root, MLDV_CORRUPT, "");
	store_close(store);
}

static void what_is_no_tree_is_refused(void **state)
{
	static const char *const texts[] = {"no tree at all", "mldv-tree 2\n",
	    "mldv-tree 1", "mldv-tree 1\nf 1\n", ""};
	struct store *store = store_open("store");
	struct content content = {.kind = KIND_DIR};
	char text[] = "mldv-tree 1\nf 0 "
	              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca4959"
	              "91b7852b855 ??????\n";
	static const char *const names[] = {"..\n", "a/b\n", "../a\n", "/etc\n",
	    ".git\n", ".GiT\n", ".\n", "\n", ".mldv-tmp.0123456789abcdef\n",
	    "a\\x\n"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		put(store, texts[i], strlen(texts[i]), &content.oid);
		refused(store, &content, MLDV_CORRUPT, "tree");
	}
	content.files = 1;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct buf buf = {0};

		buf_add(&buf, text, strlen(text) - strlen("??????\n"));
		buf_add_str(&buf, names[i]);
		put(store, buf.data, buf.len, &content.oid);
		refused(store, &content, MLDV_CORRUPT, "tree");
		buf_release(&buf);
	}
	store_close(store);
}

static void a_missing_tree_is_missing(void **state)
{
	struct store *store = store_open("store");
	struct content a = file(store, "aaa"), root;
	struct content gone = {.kind = KIND_DIR, .files = 1, .size = 3};
	struct tree_entry outer[2] = {entry(KIND_FILE, &a, "a"),
	    entry(KIND_DIR, &gone, "b")};

	(void)state;
	oid_of("gone", 4, &outer[1].content.oid);
	root = dir(store, outer, 2);
	refused(store, &root, MLDV_MISSING, "is not in the store");
	store_close(store);
}

/* levels nested trees of ten equal entries each. */
static struct content nested(struct store *store, struct content content,
    int levels)
{
	static const char *const names[] = {"0", "1", "2", "3", "4", "5", "6",
	    "7", "8", "9"};
	struct tree_entry entries[10];

	for (int i = 0; i < levels; i++) {
		for (size_t j = 0; j < 10; j++)
			entries[j] = entry(content.kind, &content, names[j]);
		content = dir(store, entries, 10);
	}
	return content;
}

static void nested_bombs_do_not_go_off(void **state)
{
	struct store *store = store_open("store");
	struct content a = file(store, "a"), bomb, empty;
	struct snapshot snapshot;
	struct mldv_error err;

	(void)state;
	/* Ten thousand files are no bomb. */
	bomb = nested(store, a, 4);
	ok(trees_expand(store, &bomb, &snapshot, &err), &err);
	assert_int_equal(snapshot.dir_count, 1111);
	snapshot_release(&snapshot);
	/* Ten thousand million are, and if they are said to be few. */
	bomb = nested(store, a, 10);
	assert_int_equal(bomb.files, UINT64_C(10000000000));
	refused(store, &bomb, MLDV_CORRUPT, "too many files");
	bomb.files = 100;
	refused(store, &bomb, MLDV_CORRUPT, "do not add up");
	/* The innermost lie: the levels above agree with each other. */
	bomb = nested(store, a, 4);
	bomb.files = 1;
	bomb.size = 1;
	bomb = nested(store, bomb, 6);
	refused(store, &bomb, MLDV_CORRUPT, "do not add up");
	/* No files at all, only directories. */
	empty = dir(store, NULL, 0);
	bomb = nested(store, empty, 10);
	assert_int_equal(bomb.files, 0);
	refused(store, &bomb, MLDV_CORRUPT, "far more directories");
	store_close(store);
}

static struct content chain(struct store *store, int depth)
{
	struct store_packer *packer = store_packer_open(store);
	struct content content = {.kind = KIND_DIR};
	struct mldv_error err;

	ok(store_load(store, &err), &err);
	for (int i = 0; i < depth; i++) {
		struct tree_entry below = entry(KIND_DIR, &content, "d");
		struct tree tree = {&below, i == 0 ? 0 : 1, false};
		struct buf text = {0};

		tree_format(&tree, &text);
		oid_of(text.data, text.len, &content.oid);
		ok(store_packer_put(packer, &content.oid, text.data, text.len,
		       &err),
		    &err);
		buf_release(&text);
	}
	ok(store_packer_end(packer, &err), &err);
	store_packer_close(packer);
	store_unload(store);
	return content;
}

static void depth_has_a_limit(void **state)
{
	struct store *store = store_open("store");
	struct content deep = chain(store, 1024);
	struct snapshot snapshot;
	struct mldv_error err;

	(void)state;
	ok(trees_expand(store, &deep, &snapshot, &err), &err);
	assert_int_equal(snapshot.dir_count, 1024);
	snapshot_release(&snapshot);
	deep = chain(store, 1025);
	refused(store, &deep, MLDV_CORRUPT, "too deep");
	deep = chain(store, 30000);
	refused(store, &deep, MLDV_CORRUPT, "too deep");
	store_close(store);
}

/* Pages where none belong, and a large directory without. */
static void one_directory_has_one_encoding(void **state)
{
	enum { MANY = 8193 };
	struct store *store = store_open("store");
	struct content a = file(store, "a"), page, root = {.kind = KIND_DIR};
	struct tree_entry *entries = calloc(MANY, sizeof *entries);
	char(*names)[8] = calloc(MANY, sizeof *names);
	struct tree_entry line;
	struct tree pages = {&line, 1, true};
	struct buf text = {0};

	(void)state;
	assert_non_null(entries);
	assert_non_null(names);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(names[i], sizeof names[i], "%06d", i);
		entries[i] = entry(KIND_FILE, &a, names[i]);
	}
	page = dir(store, entries, 3);
	line = entry(KIND_DIR, &page, "000000");
	tree_format(&pages, &text);
	root.size = root.files = 3;
	put(store, text.data, text.len, &root.oid);
	refused(store, &root, MLDV_CORRUPT, "has pages but is small");
	/* Pages do not nest. */
	line = entry(KIND_DIR, &root, "000000");
	buf_reset(&text);
	tree_format(&pages, &text);
	put(store, text.data, text.len, &root.oid);
	refused(store, &root, MLDV_CORRUPT, "is not a page");
	/* The page of another name. */
	line = entry(KIND_DIR, &page, "000001");
	buf_reset(&text);
	tree_format(&pages, &text);
	put(store, text.data, text.len, &root.oid);
	refused(store, &root, MLDV_CORRUPT, "begins with another name");
	/* Refused for its length, or since a page would have ended in it. */
	page = dir(store, entries, MANY);
	refused(store, &page, MLDV_CORRUPT, "tree");
	free(entries);
	free(names);
	buf_release(&text);
	store_close(store);
}

static int list(void *context, const char *path, const struct content *content,
    struct mldv_error *err)
{
	struct buf *out = context;

	if (strcmp(path, "b/stop") == 0)
		return err_set(err, MLDV_FAILED, "stopped");
	buf_printf(out, "%s %s %llu,", kind_name(content->kind), path,
	    (unsigned long long)content->size);
	return 0;
}

static void files_are_visited_in_the_order_of_their_paths(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct store *store = project->store;
	struct content a = file(store, "aaa"), empty, sub, root;
	struct tree_entry inner[3], outer[4];
	struct buf got = {0};
	struct mldv_error err;

	(void)state;
	empty = dir(store, NULL, 0);
	inner[0] = entry(KIND_FILE, &a, "1");
	inner[1] = entry(KIND_DIR, &empty, "2");
	inner[2] = entry(KIND_LINK, &a, "3");
	sub = dir(store, inner, 3);
	outer[0] = entry(KIND_DIR, &sub, "a");
	outer[1] = entry(KIND_EXEC, &a, "a!");
	outer[2] = entry(KIND_DIR, &empty, "b");
	outer[3] = entry(KIND_DIR, &sub, "c");
	root = dir(store, outer, 4);
	ok(worktree_each(project, &root, list, &got, &err), &err);
	assert_string_equal(buf_str(&got),
	    "file a/1 3,link a/3 3,exec a! 3,file c/1 3,link c/3 3,");
	buf_reset(&got);
	ok(worktree_each(project, &a, list, &got, &err), &err);
	assert_string_equal(buf_str(&got), "file  3,");
	buf_reset(&got);
	ok(worktree_each(project, &empty, list, &got, &err), &err);
	assert_string_equal(buf_str(&got), "");
	buf_release(&got);
	mldv_project_close(project);
}

static void names_are_found_inside(void **state)
{
	struct mldv_project *project = repo_open(NULL);
	struct store *store = project->store;
	struct content a = file(store, "aaa"), sub, root, out;
	struct tree_entry inner[2] = {entry(KIND_FILE, &a, "1"),
	    entry(KIND_EXEC, &a, "3")};
	struct tree_entry outer[1];
	static const char *const none[] = {"s/2", "s/1/x", "t", "s/", "/s",
	    "s//1", "..", "s/../s"};
	struct mldv_error err;
	struct oid missing;

	(void)state;
	sub = dir(store, inner, 2);
	outer[0] = entry(KIND_DIR, &sub, "s");
	root = dir(store, outer, 1);
	assert_int_equal(worktree_inside(project, &root, "", &out, &err), 1);
	assert_true(content_equal(&out, &root));
	assert_int_equal(worktree_inside(project, &root, "s", &out, &err), 1);
	assert_true(content_equal(&out, &sub));
	assert_int_equal(worktree_inside(project, &root, "s/3", &out, &err), 1);
	assert_int_equal(out.kind, KIND_EXEC);
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_int_equal(worktree_inside(project, &root, none[i], &out,
		                     &err),
		    i == 3 ? 1 : 0);
	assert_int_equal(worktree_complete(project, &root, &missing, &err), 1);
	/* A file that nobody has. */
	inner[1].content.size = 5;
	oid_of("5bytes", 6, &inner[1].content.oid);
	sub = dir(store, inner, 2);
	assert_int_equal(worktree_complete(project, &sub, &missing, &err), 0);
	assert_memory_equal(&missing, &inner[1].content.oid, sizeof missing);
	mldv_project_close(project);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_right_tree_is_expanded),
	    TEST(sums_that_lie_are_refused),
	    TEST(what_is_no_tree_is_refused),
	    TEST(a_missing_tree_is_missing),
	    TEST(nested_bombs_do_not_go_off),
	    TEST(depth_has_a_limit),
	    TEST(one_directory_has_one_encoding),
	    TEST(files_are_visited_in_the_order_of_their_paths),
	    TEST(names_are_found_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
