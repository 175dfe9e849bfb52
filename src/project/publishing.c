/* SPDX-License-Identifier: Apache-2.0 */
#include "project/publishing.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/path.h"
#include "base/pool.h"
#include "format/lines.h"
#include "project/trees.h"

#define RECORD       ".mldv/"
#define RECORD_LIMIT 1024
#define RECORD_FIRST "mldv-published 1\n"
#define ROOM         900 /* names in a folder; viewers show 1,000 */
#define FOLDERS      100
#define AT_ONCE      64 /* files of one job */

/* A file that is to be written. */
struct upload {
	const char *name; /* from the place's root */
	struct content file;
};

struct uploads {
	struct publishing *publishing;
	struct upload *list;
	size_t count;
	size_t capacity;
	struct map before; /* what was published, by name */
	struct map now;
	const char *path; /* of the item */
	struct mldv_published told;
	struct arena arena;
};

/* --- the record --- */

static const char *record_of(struct uploads *uploads, const char *path)
{
	return arena_printf(&uploads->arena, RECORD "%s", path);
}

/* What was published: 1, or 0 if nothing was, or who knows what. */
static int read_record(struct uploads *uploads, struct content *out,
    struct mldv_error *err)
{
	struct ops *ops = uploads->publishing->ops;
	struct mldv_error ignored;
	struct buf text = {0};
	struct lines lines;
	int ret = ops->table->get(ops, record_of(uploads, uploads->path),
	    RECORD_LIMIT, &text, err);

	if (ret > 0)
		ret = lines_start(&lines, "published", buf_str(&text), text.len,
		          &ignored) == 0 &&
		    content_parse(out, &lines, &ignored) == 0;
	buf_release(&text);
	return ret;
}

static int put_bytes(struct publishing *publishing, const char *name,
    const struct ops_source *source, struct mldv_error *err)
{
	struct ops *ops = publishing->ops;
	int ret = ops->table->put(ops, name, source, OPS_REPLACE, err);

	return ret < 0 ? err_prefix(err, "cannot publish '%s'", name) : 0;
}

static int write_record(struct uploads *uploads, const struct content *item,
    struct mldv_error *err)
{
	struct buf text = {0};
	struct ops_source source = {.type = "text/plain"};
	int ret;

	buf_add_str(&text, RECORD_FIRST);
	content_format(item, &text);
	source.data = text.data;
	source.size = text.len;
	ret = put_bytes(uploads->publishing, record_of(uploads, uploads->path),
	    &source, err);
	buf_release(&text);
	return ret;
}

/* --- files --- */

static const char *name_of(struct uploads *uploads, const char *inner)
{
	return inner[0]
	    ? arena_printf(&uploads->arena, "%s/%s", uploads->path, inner)
	    : uploads->path;
}

static int note_before(void *context, const char *path,
    const struct content *file, struct mldv_error *err)
{
	struct uploads *uploads = context;

	(void)err;
	if (file->kind != KIND_LINK)
		(void)map_add_str(&uploads->before, name_of(uploads, path),
		    arena_copy(&uploads->arena, file, sizeof *file));
	return 0;
}

static int note_now(void *context, const char *path, const struct content *file,
    struct mldv_error *err)
{
	struct uploads *uploads = context;
	const char *name = name_of(uploads, path);
	const struct content *before = map_get_str(&uploads->before, name);

	(void)err;
	if (file->kind == KIND_LINK) {
		uploads->told.links++;
		return 0;
	}
	(void)map_add_str(&uploads->now, name, uploads);
	if (before && oid_equal(&before->oid, &file->oid))
		return 0;
	uploads->list = xgrow(uploads->list, uploads->count, &uploads->capacity,
	    sizeof *uploads->list);
	uploads->list[uploads->count++] = (struct upload){name, *file};
	uploads->told.bytes += file->size;
	return 0;
}

static int each_file(struct uploads *uploads, const struct content *item,
    int (*visit)(void *context, const char *path, const struct content *file,
        struct mldv_error *err),
    struct mldv_error *err)
{
	struct snapshot snapshot;
	int ret;

	if (item->kind != KIND_DIR)
		return visit(uploads, "", item, err);
	ret = trees_expand(uploads->publishing->project->store, item, &snapshot,
	    err);
	if (ret == 0) {
		ret = snapshot_each(&snapshot, visit, uploads, err);
		snapshot_release(&snapshot);
	}
	return ret;
}

static int put_some(void *context, size_t job, struct mldv_error *err)
{
	const struct uploads *uploads = context;
	const struct publishing *publishing = uploads->publishing;
	struct store_reader *reader =
	    store_reader_open(publishing->project->store);
	size_t end = (job + 1) * AT_ONCE;
	int ret = 0;

	for (size_t i = job * AT_ONCE;
	     ret == 0 && i < end && i < uploads->count; i++) {
		ret = project_check(publishing->project, err);
		if (ret == 0)
			ret = publishing_put(publishing, reader,
			    uploads->list[i].name, &uploads->list[i].file, err);
	}
	store_reader_close(reader);
	return ret;
}

static int remove_gone(struct uploads *uploads, bool dry_run,
    struct mldv_error *err)
{
	struct ops *ops = uploads->publishing->ops;

	for (size_t i = 0; i < uploads->before.count; i++) {
		const char *name = uploads->before.entries[i].key;

		if (map_get_str(&uploads->now, name))
			continue;
		uploads->told.removed++;
		if (!dry_run && ops->table->drop(ops, name, NULL, err) < 0)
			return -1;
	}
	return 0;
}

static void tell(struct uploads *uploads)
{
	struct publishing *publishing = uploads->publishing;

	uploads->told.files = uploads->count;
	publishing->sum->items++;
	publishing->sum->files += uploads->count;
	publishing->sum->bytes += uploads->told.bytes;
	publishing->options->visit(publishing->options->context,
	    &uploads->told);
}

static int put_all(struct uploads *uploads, const struct content *item,
    struct mldv_error *err)
{
	struct publishing *publishing = uploads->publishing;
	const struct ops_table *table = publishing->ops->table;
	bool dry_run = publishing->options->dry_run;
	int ret = 0;

	if (!dry_run) {
		ret = store_load(publishing->project->store, err);
		if (ret == 0)
			ret = pool_run(table->threads ? table->threads
			                              : pool_processors(),
			    (uploads->count + AT_ONCE - 1) / AT_ONCE, put_some,
			    uploads, err);
	}
	if (ret == 0)
		ret = remove_gone(uploads, dry_run, err);
	if (ret == 0 && !dry_run)
		ret = write_record(uploads, item, err);
	if (ret == 0 && !dry_run)
		ret = table->sync(publishing->ops, err);
	return ret;
}

/* Nobody publishes over what the remote keeps there itself. */
static int refuse_own(const struct publishing *publishing, const char *path,
    struct mldv_error *err)
{
	static const char *const own[] = {"format", "README.txt", "packs",
	    "manifests", "runs", "gc", "doctor", ".mldv"};

	struct arena arena = {0};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < sizeof own / sizeof *own; i++) {
		if (path_inside(path, own[i]))
			ret = err_set(err, MLDV_USAGE,
			    "cannot publish '%s': a remote has that name for "
			    "itself; rename it",
			    project_shown(publishing->project, &arena, path));
	}
	arena_release(&arena);
	return ret;
}

int publishing_item(struct publishing *publishing, const struct item *item,
    const char *to, struct mldv_error *err)
{
	const struct content *content = &item->content;
	struct uploads uploads = {
	    .publishing = publishing,
	    .path = to,
	    .told = {.path = item->path, .to = to},
	};
	struct mldv_error why;
	struct content before = {0};
	int known = refuse_own(publishing, to, err);
	int ret = 0;

	if (known == 0)
		known = read_record(&uploads, &before, err);
	if (known > 0 && content_equal(&before, content)) {
		publishing->sum->up_to_date++;
		goto out;
	}
	ret = known < 0 ? -1 : publishing_bring(publishing, item, err);
	/* Without its lists of files all is written, and nothing removed. */
	if (known > 0 && each_file(&uploads, &before, note_before, &why) < 0) {
		map_release(&uploads.before);
		uploads.before = (struct map){0};
	}
	if (ret == 0)
		ret = each_file(&uploads, content, note_now, err);
	if (ret == 0)
		ret = put_all(&uploads, content, err);
	if (ret == 0)
		tell(&uploads);
out:
	free(uploads.list);
	map_release(&uploads.before);
	map_release(&uploads.now);
	arena_release(&uploads.arena);
	return ret;
}

/* --- what has a date --- */

static int folder_at(struct publishing *publishing, const char *path,
    struct publishing_folder **out, struct mldv_error *err)
{
	struct ops *ops = publishing->ops;
	struct publishing_folder *folder;

	for (size_t i = 0; i < publishing->folder_count; i++) {
		*out = &publishing->folders[i];
		if (strcmp((*out)->path, path) == 0)
			return 0;
	}
	publishing->folders =
	    xgrow(publishing->folders, publishing->folder_count,
	        &publishing->folder_capacity, sizeof *publishing->folders);
	folder = &publishing->folders[publishing->folder_count++];
	*folder = (struct publishing_folder){
	    .path = arena_str(&publishing->arena, path),
	};
	*out = folder;
	return ops->table->list(ops, path, &folder->names, err);
}

/* The folder to put it into: 1, or 0 if one has it. */
static int find_folder(struct publishing *publishing, const char *dir,
    const char *name, const char **out, struct mldv_error *err)
{
	struct arena *arena = &publishing->arena;
	struct publishing_folder *folder;

	*out = NULL;
	for (unsigned i = 1; i <= FOLDERS; i++) {
		const char *path =
		    i == 1 ? dir : arena_printf(arena, "%s.%u", dir, i);

		if (folder_at(publishing, path, &folder, err) < 0)
			return -1;
		if (strs_has(&folder->names, path_join(arena, path, name)))
			return 0;
		if (!*out && folder->names.count < ROOM)
			*out = folder->path;
		if (folder->names.count == 0)
			break;
	}
	if (!*out)
		return err_set(err, MLDV_FAILED,
		    "cannot publish '%s': '%s' and %d folders like it are full",
		    name, dir, FOLDERS - 1);
	return 1;
}

int publishing_dated(struct publishing *publishing, const struct item *item,
    const char *dir, const char *name, struct mldv_error *err)
{
	struct ops *ops = publishing->ops;
	struct uploads uploads = {.publishing = publishing, .count = 1};
	struct upload upload = {.file = item->content};
	struct publishing_folder *listed;
	struct store_reader *reader;
	const char *folder;
	int ret = find_folder(publishing, dir, name, &folder, err);

	if (ret <= 0) {
		publishing->sum->up_to_date += ret == 0;
		arena_release(&uploads.arena);
		return ret;
	}
	upload.name = path_join(&uploads.arena, folder, name);
	uploads.told.path = item->path;
	uploads.told.to = upload.name;
	uploads.told.bytes = item->content.size;
	ret = publishing_bring(publishing, item, err);
	if (ret == 0 && !publishing->options->dry_run) {
		ret = store_load(publishing->project->store, err);
		reader = store_reader_open(publishing->project->store);
		if (ret == 0)
			ret = publishing_put(publishing, reader, upload.name,
			    &upload.file, err);
		store_reader_close(reader);
		if (ret == 0)
			ret = ops->table->sync(ops, err);
	}
	if (ret == 0)
		ret = folder_at(publishing, folder, &listed, err);
	if (ret == 0) {
		strs_add(&listed->names, upload.name);
		tell(&uploads);
	}
	arena_release(&uploads.arena);
	return ret;
}
