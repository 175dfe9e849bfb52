/* SPDX-License-Identifier: Apache-2.0 */
#include "project/partial.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "project/worktree.h"

static const char *dir_of(const struct mldv_project *project,
    struct arena *arena)
{
	return path_join(arena, git_own(project->git), "mldv/parts");
}

int partial_sweep(struct mldv_project *project, struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = file_sweep(dir_of(project, &arena), err);

	arena_release(&arena);
	return ret;
}

static const char *file_of(const struct mldv_project *project,
    struct arena *arena, const char *path)
{
	char hex[OID_HEX + 1];
	struct oid oid;

	oid_of(path, strlen(path), &oid);
	oid_hex(&oid, hex);
	return arena_printf(arena, "%s/%.32s", dir_of(project, arena), hex);
}

/* 1, or 0 if there is no note. */
static int read_note(struct mldv_project *project, const char *path,
    struct parts *out, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};
	const char *file = NULL;
	const char *of;
	/* Where nobody has parts, not even a name is hashed for them. */
	int ret = file_exists(dir_of(project, &arena), err);

	if (ret <= 0)
		goto out;
	file = file_of(project, &arena, path);
	ret = -1;
	if (file_read(file, PARTS_LIMIT, &text, err) < 0) {
		ret = err->code == MLDV_NOT_FOUND ? 0 : -1;
	} else if (parts_parse(out, &of, buf_str(&text), text.len, err) < 0) {
		(void)err_prefix(err, "'%s'", file);
	} else if (strcmp(of, path) != 0) {
		(void)err_set(err, MLDV_CORRUPT,
		    "'%s' is of another item, '%s'", file, of);
		parts_release(out);
	} else {
		ret = 1;
	}
out:
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

int partial_read(struct mldv_project *project, const struct item *item,
    struct parts *out, struct mldv_error *err)
{
	*out = (struct parts){.rest = true};
	if (item->content.kind != KIND_DIR)
		return 0;
	return read_note(project, item->path, out, err);
}

int partial_copy(struct mldv_project *project, const char *from, const char *to,
    struct mldv_error *err)
{
	struct parts parts = {0};
	int ret = read_note(project, from, &parts, err);

	if (ret > 0)
		ret = partial_write(project, to, &parts, err);
	else if (ret == 0)
		ret = partial_forget(project, to, err);
	parts_release(&parts);
	return ret;
}

int partial_write(struct mldv_project *project, const char *path,
    const struct parts *parts, struct mldv_error *err)
{
	struct arena arena = {0};
	struct buf text = {0};
	const char *file = file_of(project, &arena, path);
	int ret = -1;

	if (parts_at(parts, "") == PARTS_ALL) {
		ret = partial_forget(project, path, err);
	} else {
		parts_format(parts, path, &text);
		if (file_make_parents(file, err) == 0)
			ret = file_replace(file, text.data, text.len, err);
	}
	buf_release(&text);
	arena_release(&arena);
	return ret;
}

int partial_forget(struct mldv_project *project, const char *path,
    struct mldv_error *err)
{
	struct arena arena = {0};
	int ret = file_exists(dir_of(project, &arena), err);

	if (ret > 0)
		ret = file_remove(file_of(project, &arena, path), err);

	arena_release(&arena);
	return ret;
}

/* What lies at inner of the item, into *disk: 1, or 0 if nothing does. */
static int hash_disk(struct mldv_project *project, const char *path,
    struct snapshot *disk, struct content *out, struct mldv_error *err)
{
	if (worktree_hash(project, path, out, disk, err) == 0)
		return 1;
	return err->code == MLDV_NOT_FOUND ? 0 : -1;
}

int partial_look(struct mldv_project *project, struct partial *partial,
    const char *inner, const struct snapshot *disk, struct content *out,
    struct mldv_error *err)
{
	struct store_reader *reader;
	int ret;

	if (store_load(project->store, err) < 0)
		return -1;
	reader = store_reader_open(project->store);
	partial->trees = trees_of(reader);
	ret = partial_merge(partial, inner, disk, out, err);
	store_reader_close(reader);
	return ret;
}

static int hash_part(struct mldv_project *project, const struct item *item,
    const char *inner, const struct parts *parts, struct content *out,
    struct mldv_error *err)
{
	struct partial partial = {
	    .parts = parts,
	    .recorded = &item->content,
	};
	struct arena arena = {0};
	struct snapshot disk = {0};
	struct content there;
	const char *path = path_join(&arena, item->path, inner);
	int ret =
	    file_exists(project_absolute(project, &arena, item->path), err);

	if (ret > 0)
		ret = hash_disk(project, path, &disk, &there, err);
	else if (ret == 0)
		ret = err_set(err, MLDV_NOT_FOUND, "there is no '%s'",
		    item->path);
	if (ret >= 0)
		ret = partial_look(project, &partial, inner,
		    ret > 0 ? &disk : NULL, out, err);
	if (ret == 0)
		ret = err_set(err, MLDV_NOT_FOUND, "there is no '%s'", path);
	snapshot_release(&disk);
	arena_release(&arena);
	return ret < 0 ? -1 : 0;
}

int partial_hash(struct mldv_project *project, const struct item *item,
    const char *inner, struct content *out, bool *whole, struct mldv_error *err)
{
	struct arena arena = {0};
	struct parts parts;
	int noted = partial_read(project, item, &parts, err);
	int ret = -1;

	*whole = noted == 0 || parts_at(&parts, inner) == PARTS_ALL;
	if (noted >= 0 && *whole)
		ret = worktree_hash(project,
		    path_join(&arena, item->path, inner), out, NULL, err);
	else if (noted > 0)
		ret = hash_part(project, item, inner, &parts, out, err);
	if (noted >= 0)
		parts_release(&parts);
	arena_release(&arena);
	return ret;
}

/* --- contents --- */

/* A directory of which a part is wanted. */
struct some {
	const char *path;
	struct content content;
};

struct walk {
	const struct trees *trees;
	const struct parts *parts;
	struct contents *out;
	struct some *list; /* those before next were read */
	size_t count;
	size_t capacity;
	size_t next;
	struct arena arena;
};

static void add(struct walk *walk, const char *path,
    const struct content *content)
{
	struct contents *out = walk->out;
	enum parts_answer answer = parts_at(walk->parts, path);

	if (answer == PARTS_NONE)
		return;
	if (answer == PARTS_SOME && content->kind == KIND_DIR) {
		walk->list = xgrow(walk->list, walk->count, &walk->capacity,
		    sizeof *walk->list);
		walk->list[walk->count++] = (struct some){path, *content};
		return;
	}
	out->list =
	    xgrow(out->list, out->count, &out->capacity, sizeof *out->list);
	out->list[out->count++] = *content;
}

int partial_contents(const struct trees *trees, const struct content *item,
    const struct parts *parts, struct contents *out, struct mldv_error *err)
{
	struct walk walk = {.trees = trees, .parts = parts, .out = out};
	int ret = 0;

	add(&walk, "", item);
	while (ret == 0 && walk.next < walk.count) {
		const struct some some = walk.list[walk.next++];
		struct tree tree;

		ret = trees_read(trees, &some.content, &walk.arena, &tree, err);
		for (size_t i = 0; ret == 0 && i < tree.count; i++)
			add(&walk,
			    path_join(&walk.arena, some.path,
			        tree.entries[i].name.data),
			    &tree.entries[i].content);
	}
	free(walk.list);
	arena_release(&walk.arena);
	return ret;
}
