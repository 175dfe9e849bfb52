/* SPDX-License-Identifier: Apache-2.0 */
#include "project/marks.h"

#include "format/tree.h"

void marks_add(struct marks *marks, const struct content *content)
{
	if (oid_equal(&content->oid, &oid_empty))
		return;
	(void)oid_set_add(&marks->objects, &content->oid);
	if (content->kind == KIND_DIR)
		(void)oid_set_add(&marks->trees, &content->oid);
}

int marks_add_named(struct marks *marks, struct mldv_project *project,
    const struct oid_set *named, struct mldv_error *err)
{
	struct store_reader *reader;
	int ret = store_load(project->store, err);

	if (ret < 0)
		return -1;
	reader = store_reader_open(project->store);
	for (size_t i = 0; ret == 0 && i < named->count; i++) {
		const struct oid *oid = &named->list[i];
		struct arena arena = {0};
		struct mldv_error ignored;
		struct slice text;
		struct tree tree;

		(void)oid_set_add(&marks->objects, oid);
		if (store_find(project->store, oid, NULL) == NULL)
			continue;
		ret = store_reader_get(reader, oid, &text, err);
		if (ret == 0 &&
		    tree_parse(&tree, &arena, text.data, text.len, &ignored) ==
		        0)
			(void)oid_set_add(&marks->trees, oid);
		arena_release(&arena);
	}
	store_reader_close(reader);
	return ret;
}

static int follow(struct marks *marks, struct store_reader *reader,
    const struct oid *oid, struct mldv_error *err)
{
	struct arena arena = {0};
	struct slice text;
	struct tree tree;
	int ret = store_reader_get(reader, oid, &text, err);

	if (ret < 0)
		return err->code == MLDV_MISSING ? 0 : -1;
	ret = tree_parse(&tree, &arena, text.data, text.len, err);
	if (ret < 0) {
		char hex[OID_HEX + 1];

		oid_hex(oid, hex);
		(void)err_prefix(err, "cannot tell what is needed: tree %s",
		    hex);
	}
	for (size_t i = 0; ret == 0 && i < tree.count; i++)
		marks_add(marks, &tree.entries[i].content);
	arena_release(&arena);
	return ret;
}

int marks_follow(struct marks *marks, struct mldv_project *project,
    struct mldv_error *err)
{
	struct mldv_progress progress = {.what = "looking", .unit = MLDV_FILES};
	struct store_reader *reader;
	int ret = store_load(project->store, err);

	if (ret < 0)
		return -1;
	reader = store_reader_open(project->store);
	/* The set grows at its end while this goes along it. */
	for (size_t i = 0; ret == 0 && i < marks->trees.count; i++) {
		struct oid oid = marks->trees.list[i];

		ret = project_check(project, err);
		if (ret == 0)
			ret = follow(marks, reader, &oid, err);
		progress.done = marks->objects.count;
		project_progress(project, &progress);
	}
	store_reader_close(reader);
	return ret;
}

void marks_release(struct marks *marks)
{
	oid_set_release(&marks->objects);
	oid_set_release(&marks->trees);
}
