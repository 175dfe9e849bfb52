/* SPDX-License-Identifier: Apache-2.0 */
#include "project/listing.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

static void add(struct listing *listing, const char *path,
    const struct content *content)
{
	listing->list = xgrow(listing->list, listing->count, &listing->capacity,
	    sizeof *listing->list);
	listing->list[listing->count++] =
	    (struct listed){.path = path, .content = *content};
}

struct visit {
	struct listing *listing;
	const char *item;
};

static int add_file(void *context, const char *path, const struct content *file,
    struct mldv_error *err)
{
	const struct visit *visit = context;

	(void)err;
	add(visit->listing,
	    path_join(&visit->listing->arena, visit->item, path), file);
	return 0;
}

int listing_add_content(struct listing *listing, struct mldv_project *project,
    const char *path, const struct content *content, struct mldv_error *err)
{
	struct visit visit = {listing, path};

	return worktree_each(project, content, add_file, &visit, err);
}

static void add_entry(struct listing *listing, const char *path,
    const struct snapshot_entry *entry)
{
	const struct content content = {
	    .kind = (enum kind)entry->kind,
	    .oid = entry->oid,
	    .size = entry->size,
	    .files = 1,
	};

	add(listing, path, &content);
}

void listing_add_snapshot(struct listing *listing, const char *path,
    const struct snapshot *snapshot)
{
	struct arena *arena = &listing->arena;
	struct buf below = {0};

	if (snapshot->root.kind != KIND_DIR) {
		add_entry(listing, arena_str(arena, path), &snapshot->root);
		return;
	}
	for (size_t i = 0; i < snapshot->dir_count; i++) {
		const struct snapshot_dir *dir = &snapshot->dirs[i];
		const char *in;

		buf_reset(&below);
		snapshot_dir_path(snapshot, i, &below);
		in = path_join(arena, path, buf_str(&below));
		for (uint32_t j = 0; j < dir->count; j++) {
			const struct snapshot_entry *entry = &dir->entries[j];

			if (entry->kind != KIND_DIR)
				add_entry(listing,
				    path_join(arena, in,
				        snapshot_name(dir, entry)),
				    entry);
		}
	}
	buf_release(&below);
}

static void index_paths(const struct listing *listing, struct map *out)
{
	for (size_t i = 0; i < listing->count; i++)
		(void)map_add_str(out, listing->list[i].path,
		    &listing->list[i]);
}

void listing_compare(const struct listing *from, const struct listing *to,
    void (*visit)(void *context, const struct listed *old,
        const struct listed *new),
    void *context)
{
	struct map old = {0};
	struct map new = {0};

	index_paths(from, &old);
	index_paths(to, &new);
	for (size_t i = 0; i < from->count; i++) {
		const struct listed *other =
		    map_get_str(&new, from->list[i].path);

		if (!other ||
		    !content_equal(&from->list[i].content, &other->content))
			visit(context, &from->list[i], other);
	}
	for (size_t i = 0; i < to->count; i++) {
		if (!map_get_str(&old, to->list[i].path))
			visit(context, NULL, &to->list[i]);
	}
	map_release(&old);
	map_release(&new);
}

void listing_release(struct listing *listing)
{
	free(listing->list);
	arena_release(&listing->arena);
	*listing = (struct listing){0};
}
