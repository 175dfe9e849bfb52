/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/kept.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "format/tree.h"

#define TREES "trees"

bool kept_read(const struct remote *remote, const char *dir,
    const struct oid *oid, size_t limit, struct buf *out)
{
	struct arena arena = {0};
	struct mldv_error ignored;
	const char *path;
	bool found = false;

	if (remote->state) {
		path = remote_state_path(remote, &arena, dir, oid);
		found = file_read(path, limit, out, &ignored) == 0;
		/* What has not been used for long is thrown away. */
		if (found)
			(void)utimensat(AT_FDCWD, path, NULL, 0);
	}
	arena_release(&arena);
	return found;
}

void kept_write(const struct remote *remote, const char *dir,
    const struct oid *oid, const void *data, size_t size)
{
	struct arena arena = {0};
	struct tempfile temp = {0};
	struct mldv_error ignored;
	const char *path;

	if (!remote->state)
		return;
	path = remote_state_path(remote, &arena, dir, oid);
	/* Not beside its many siblings: what a kill leaves is to be found. */
	if (file_make_parents(path, &ignored) < 0 ||
	    tempfile_open(&temp, remote->state, 0666, &ignored) < 0 ||
	    file_write(temp.fd, path, data, size, &ignored) < 0 ||
	    tempfile_commit_cache(&temp, path, &ignored) < 0)
		tempfile_release(&temp);
	arena_release(&arena);
}

bool kept_tree(const struct remote *remote, const struct oid *oid,
    struct buf *out)
{
	size_t before = out->len;
	struct oid is;

	if (!kept_read(remote, TREES, oid, TREE_LIMIT, out))
		return false;
	oid_of(buf_str(out) + before, out->len - before, &is);
	if (oid_equal(&is, oid))
		return true;
	out->len = before;
	return false;
}

void kept_put_tree(const struct remote *remote, const struct oid *oid,
    struct slice text)
{
	kept_write(remote, TREES, oid, text.data, text.len);
}

/* In a directory nothing is saved. */
static const char *manifests_of(const struct remote *remote, enum kind kind)
{
	const struct ops_table *table = remote->ops->table;

	if (!table->lockless && !table->read_only)
		return NULL;
	return kind == KIND_DIR ? "manifests.dir" : "manifests.file";
}

bool kept_manifest(const struct remote *remote, const struct content *item,
    struct arena *arena, struct manifest *out)
{
	const char *dir = manifests_of(remote, item->kind);
	struct mldv_error ignored;
	struct buf text = {0};
	bool found = dir &&
	    kept_read(remote, dir, &item->oid, MANIFEST_LIMIT, &text) &&
	    manifest_parse(out, arena, buf_str(&text), text.len, &ignored) ==
	        0 &&
	    remote_is_manifest_of(out, item);

	buf_release(&text);
	return found;
}

void kept_put_manifest(const struct remote *remote, struct manifest *manifest)
{
	const struct content *item = &manifest->content;
	const char *dir = manifests_of(remote, item->kind);
	struct buf text = {0};

	if (!dir)
		return;
	manifest_format(manifest, &text);
	kept_write(remote, dir, &item->oid, buf_str(&text), text.len);
	buf_release(&text);
}
