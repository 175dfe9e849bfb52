/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "format/tree.h"
#include "project/ingest.h"

static int put_tree(void *context, const struct oid *oid, const char *text,
    size_t len, struct mldv_error *err)
{
	return store_packer_put(context, oid, text, len, err);
}

static int drop_tree(void *context, const struct oid *oid, const char *text,
    size_t len, struct mldv_error *err)
{
	(void)context, (void)oid, (void)text, (void)len, (void)err;
	return 0;
}

static int encode_dir(struct snapshot *snapshot, size_t number,
    struct hasher *hasher, const struct tree_sink *sink, struct mldv_error *err)
{
	struct snapshot_dir *dir = &snapshot->dirs[number];
	struct tree_entry *entries =
	    xcalloc(dir->count > 0 ? dir->count : 1, sizeof *entries);
	int ret;

	for (size_t i = 0; i < dir->count; i++) {
		const struct snapshot_entry *from = &dir->entries[i];

		if (from->kind == KIND_DIR)
			entries[i].content = snapshot->dirs[from->dir].content;
		else
			entries[i].content =
			    (struct content){.kind = from->kind,
			        .oid = from->oid,
			        .size = from->size,
			        .files = 1};
		entries[i].name =
		    (struct slice){snapshot_name(dir, from), from->name_len};
	}
	ret =
	    tree_encode(entries, dir->count, hasher, sink, &dir->content, err);
	free(entries);
	dir->known = ret == 0;
	return ret;
}

/* The pages of a large directory are not looked for one by one. */
static bool is_stored(const struct store *store, const struct snapshot_dir *dir)
{
	return dir->count <= TREE_UNPAGED &&
	    store_find(store, &dir->content.oid, NULL) != NULL;
}

int ingest_dirs(struct mldv_project *project, struct ingest *ingest,
    struct mldv_error *err)
{
	const struct ingest_shared *shared = ingest->shared;
	struct snapshot *snapshot = ingest->snapshot;
	struct tree_sink sink = {NULL, drop_tree};
	struct store_packer *packer = NULL;
	struct hasher *hasher = NULL;
	int ret = 0;

	for (size_t i = snapshot->dir_count; ret == 0 && i-- > 0;) {
		const struct snapshot_dir *dir = &snapshot->dirs[i];

		if (dir->known &&
		    (!ingest->store || is_stored(project->store, dir)))
			continue;
		if (hasher == NULL)
			hasher = hasher_open();
		if (packer == NULL && ingest->store) {
			packer = shared ? shared->trees
			                : store_packer_open(project->store);
			sink = (struct tree_sink){packer, put_tree};
		}
		ret = encode_dir(snapshot, i, hasher, &sink, err);
	}
	if (!shared) {
		if (ret == 0 && packer != NULL)
			ret = store_packer_end(packer, err);
		store_packer_close(packer);
	}
	hasher_close(hasher);
	return ret;
}
