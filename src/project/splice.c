/* SPDX-License-Identifier: Apache-2.0 */
#include "project/splice.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "project/remotes.h"
#include "project/source.h"

/* Where the old trees come from, and the new ones go. */
struct splicing {
	struct mldv_project *project;
	const struct item *item;
	struct remote *remote; /* or NULL */
	struct source source;
	struct trees trees;
	struct store_packer *packer;
	struct arena arena;
};

static int begin(struct splicing *splicing, struct mldv_error *err)
{
	struct mldv_project *project = splicing->project;
	struct mldv_error none;
	const char *name;

	if (remotes_choose(project, NULL, &splicing->arena, &name, &none) ==
	        0 &&
	    remotes_open(project, name, &splicing->remote, err) < 0)
		return -1;
	splicing->source = (struct source){
	    .store = project->store,
	    .remote = splicing->remote,
	    .keep = true,
	};
	if (source_open(&splicing->source, err) < 0)
		return -1;
	source_enter(&splicing->source, &splicing->item->content);
	splicing->trees = source_trees(&splicing->source);
	splicing->packer = store_packer_open(project->store);
	return 0;
}

/* Makes the trees durable. */
static int finish(struct splicing *splicing, struct mldv_error *err)
{
	if (store_packer_end(splicing->packer, err) < 0 ||
	    source_end(&splicing->source, err) < 0)
		return -1;
	return 0;
}

static void end(struct splicing *splicing)
{
	store_packer_close(splicing->packer);
	source_close(&splicing->source);
	remote_close(splicing->remote);
	store_unload(splicing->project->store);
	arena_release(&splicing->arena);
}

static int say_missing(const struct item *item, struct mldv_error *err)
{
	if (err->code != MLDV_MISSING)
		return -1;
	return err_prefix(err,
	    "the lists of the files in '%s' that are not here are needed",
	    item->path);
}

/* --- a whole item --- */

/* What was just stored lies there in part. */
static int merge(struct mldv_project *project, const struct item *item,
    const struct parts *parts, struct content *out, struct mldv_error *err)
{
	struct splicing splicing = {.project = project, .item = item};
	struct partial partial = {
	    .parts = parts,
	    .recorded = &item->content,
	};
	struct snapshot disk = {0};
	struct content there;
	int ret = -1;

	if (worktree_hash(project, item->path, &there, &disk, err) == 0 &&
	    begin(&splicing, err) == 0) {
		partial.trees = splicing.trees;
		partial.store = project->store;
		partial.packer = splicing.packer;
		ret = partial_merge(&partial, "", &disk, out, err);
		if (ret >= 0)
			ret = finish(&splicing, err);
		else
			ret = say_missing(item, err);
	}
	end(&splicing);
	snapshot_release(&disk);
	return ret;
}

int splice_store(struct mldv_project *project, const struct item *item,
    struct worktree_batch *batch, struct content *out,
    struct worktree_count *count, struct mldv_error *err)
{
	struct parts parts;
	int noted = partial_read(project, item, &parts, err);
	int ret = -1;

	if (noted == 0)
		ret = worktree_store_in(project, item->path, batch, out, count,
		    err);
	else if (noted > 0)
		ret = worktree_store(project, item->path, out, count, err);
	if (ret == 0 && noted > 0)
		ret = merge(project, item, &parts, out, err);
	parts_release(&parts);
	return ret;
}

/* --- inside an item --- */

static int put_tree(void *context, const struct oid *oid, const char *text,
    size_t len, struct mldv_error *err)
{
	const struct splicing *splicing = context;

	if (store_find(splicing->project->store, oid, NULL))
		return 0;
	return store_packer_put(splicing->packer, oid, text, len, err);
}

/* Encodes a directory that has the entry now. */
static int put_entry(struct splicing *splicing, const struct tree *dir,
    const struct tree_entry *entry, struct content *out, struct mldv_error *err)
{
	const struct tree_sink sink = {splicing, put_tree};
	struct hasher *hasher = hasher_open();
	struct tree_entry *entries = xcalloc(dir->count + 1, sizeof *entries);
	size_t count = 0;
	size_t i = 0;
	int ret;

	while (i < dir->count &&
	    slice_compare(dir->entries[i].name, entry->name) < 0)
		entries[count++] = dir->entries[i++];
	entries[count++] = *entry;
	if (i < dir->count &&
	    slice_compare(dir->entries[i].name, entry->name) == 0)
		i++;
	while (i < dir->count)
		entries[count++] = dir->entries[i++];
	ret = tree_encode(entries, count, hasher, &sink, out, err);
	free(entries);
	hasher_close(hasher);
	return ret;
}

/* A directory on the way, and the name in it that leads on. */
struct level {
	struct tree tree;
	struct slice name;
};

/* Reads the directories on the way; where there was none, empty ones. */
static int read_levels(struct splicing *splicing, const char *inner,
    struct level *levels, size_t *count, struct mldv_error *err)
{
	struct slice rest = slice_of(inner);
	const struct content *at = &splicing->item->content;
	bool more = true;

	for (*count = 0; more; (*count)++) {
		struct level *level = &levels[*count];

		if (*count == TREE_DEPTH)
			return err_set(err, MLDV_USAGE,
			    "'%s' lies deeper than %d levels", inner,
			    TREE_DEPTH);
		more = slice_cut(&rest, '/', &level->name);
		if (at && at->kind == KIND_DIR &&
		    trees_read(&splicing->trees, at, &splicing->arena,
		        &level->tree, err) < 0)
			return -1;
		at = NULL;
		for (size_t i = 0; i < level->tree.count; i++) {
			const struct tree_entry *entry =
			    &level->tree.entries[i];

			if (slice_compare(entry->name, level->name) == 0)
				at = &entry->content;
		}
	}
	return 0;
}

static int put_part(struct splicing *splicing, const char *inner,
    const struct content *part, struct content *out, struct mldv_error *err)
{
	struct level *levels =
	    arena_array(&splicing->arena, TREE_DEPTH + 1, sizeof *levels);
	struct content content = *part;
	size_t count;

	if (read_levels(splicing, inner, levels, &count, err) < 0)
		return -1;
	while (count-- > 0) {
		const struct tree_entry entry = {
		    .content = content,
		    .name = levels[count].name,
		};

		if (put_entry(splicing, &levels[count].tree, &entry, &content,
		        err) < 0)
			return -1;
	}
	*out = content;
	return 0;
}

/* Is there anything in a directory but this name, ignored ones aside? 1 or 0 */
static int has_others(const struct mldv_project *project, const char *dir,
    struct slice name, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs names = {0};
	int ret =
	    file_list(project_absolute(project, &arena, dir), &names, err);

	for (size_t i = 0; ret == 0 && i < names.count; i++) {
		bool other = !slice_is(name, names.items[i]) &&
		    !temp_is_name(names.items[i]);

		for (size_t k = 0; other && k < project->ignore.count; k++)
			other =
			    !str_glob(project->ignore.items[k], names.items[i]);
		ret = other;
	}
	strs_release(&names);
	arena_release(&arena);
	return ret;
}

/* Does nothing of the item lie there but what is at inner? 1 or 0 */
static int is_alone(const struct mldv_project *project, const struct item *item,
    const char *inner, struct mldv_error *err)
{
	struct slice rest = slice_of(inner);
	struct buf dir = {0};
	bool more = true;
	int others = 0;

	buf_add_str(&dir, item->path);
	while (more && others == 0) {
		struct slice name;

		more = slice_cut(&rest, '/', &name);
		others = has_others(project, buf_str(&dir), name, err);
		buf_add_char(&dir, '/');
		buf_add(&dir, name.data, name.len);
	}
	buf_release(&dir);
	return others < 0 ? -1 : !others;
}

/*
 * What was added is here from now on: once it goes, it was deleted. And if
 * nothing else is here, the rest was not deleted.
 */
static int note(struct mldv_project *project, const struct item *item,
    const char *inner, bool more, struct mldv_error *err)
{
	struct parts parts;
	int noted = partial_read(project, item, &parts, err);
	int ret = noted;

	if (noted == 0 && more) {
		ret = is_alone(project, item, inner, err);
		parts_set(&parts, "", false);
	}
	if (ret > 0) {
		parts_set(&parts, inner, true);
		ret = partial_write(project, item->path, &parts, err);
	}
	parts_release(&parts);
	return ret < 0 ? -1 : 0;
}

int splice_inside(struct mldv_project *project, const struct item *item,
    struct splice *splice, struct content *out, struct mldv_error *err)
{
	struct splicing splicing = {.project = project, .item = item};
	const char *path =
	    path_join(&splicing.arena, item->path, splice->inner);
	const struct content *part = &splice->content;
	int ret = worktree_store(project, path, &splice->content,
	    &splice->count, err);

	if (ret == 0)
		ret = begin(&splicing, err);
	if (ret == 0 &&
	    (put_part(&splicing, splice->inner, part, out, err) < 0 ||
	        finish(&splicing, err) < 0))
		ret = say_missing(item, err);
	if (ret == 0)
		ret = note(project, item, splice->inner,
		    out->files > part->files, err);
	end(&splicing);
	return ret;
}
