/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/failed.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "pipeline/stagedir.h"
#include "runner/copying.h"
#include "store/link.h"
#include "store/snapshot.h"

enum { KEPT = 3 };

/* Deletes the oldest; that it cannot harms nobody. */
static void thin_out(struct arena *arena, const char *dir)
{
	struct mldv_error ignored;
	struct strs names = {0};

	if (file_list(dir, &names, &ignored) < 0)
		names.count = 0;
	for (size_t i = 0; i + KEPT <= names.count; i++) {
		if (file_remove_tree(path_join(arena, dir, names.items[i]),
		        &ignored) < 0)
			break;
	}
	strs_release(&names);
}

int failed_dir(struct mldv_project *project, struct arena *arena,
    const char *stage, const char **out, struct mldv_error *err)
{
	const char *dir = stage_dir(project, arena, "failed", stage);
	time_t now = time(NULL);
	char stamp[32] = "0";
	struct tm utc;
	int taken;

	if (gmtime_r(&now, &utc))
		(void)strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
	*out = path_join(arena, dir, stamp);
	for (unsigned i = 2; (taken = file_exists(*out, err)) > 0; i++)
		*out = arena_printf(arena, "%s/%s-%u", dir, stamp, i);
	if (taken < 0)
		return -1;
	thin_out(arena, dir);
	return 0;
}

const char *failed_show(const struct mldv_project *project, const char *dir)
{
	const char *inner = path_inside(dir, project->root);

	return inner ? inner : dir;
}

CHECKED static int copy_file(const char *from, const char *to,
    const struct snapshot_entry *entry, struct mldv_error *err)
{
	struct arena arena = {0};
	struct tempfile temp = {0};
	int fd = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int ret = -1;

	if (fd < 0)
		return err_errno(err, "cannot read '%s'", from);
	if (tempfile_open(&temp, path_parent(&arena, to), entry->mode | S_IWUSR,
	        err) == 0 &&
	    link_copy(fd, temp.fd, entry->size, from, err) == 0)
		ret = tempfile_commit_many(&temp, to, err);
	tempfile_release(&temp);
	(void)close(fd);
	arena_release(&arena);
	return ret;
}

CHECKED static int copy_entry(const struct snapshot_entry *entry,
    const char *from, const char *to, struct mldv_error *err)
{
	if (entry->kind == KIND_DIR)
		return file_make_dirs(to, err);
	if (entry->kind == KIND_LINK)
		return copy_link(from, to, err);
	return copy_file(from, to, entry, err);
}

/* Directories come before what is in them. */
CHECKED static int copy_snapshot(const struct snapshot *snapshot,
    const char *from, const char *to, struct mldv_error *err)
{
	int ret = copy_entry(&snapshot->root, from, to, err);

	for (size_t i = 0; ret == 0 && i < snapshot->dir_count; i++) {
		const struct snapshot_dir *dir = &snapshot->dirs[i];

		for (uint32_t j = 0; ret == 0 && j < dir->count; j++) {
			struct arena arena = {0};
			struct buf inner = {0};

			snapshot_path(snapshot, i, &dir->entries[j], &inner);
			ret = copy_entry(&dir->entries[j],
			    path_join(&arena, from, buf_str(&inner)),
			    path_join(&arena, to, buf_str(&inner)), err);
			buf_release(&inner);
			arena_release(&arena);
		}
	}
	return ret;
}

/* For what lies on another file system. */
CHECKED static int move_by_copy(struct mldv_project *project, const char *path,
    const char *from, const char *to, struct mldv_error *err)
{
	const struct snapshot_options options = {
	    .root_fd = project->root_fd,
	    .path = path,
	    .events = project->events,
	};
	struct snapshot snapshot = {0};
	int ret = snapshot_take(&snapshot, &options, err);

	if (ret == 0)
		ret = copy_snapshot(&snapshot, from, to, err);
	if (ret == 0)
		ret = file_remove_tree(from, err);
	snapshot_release(&snapshot);
	return ret;
}

int failed_keep_as(struct mldv_project *project, const char *from,
    const char *path, const char *dir, struct mldv_error *err)
{
	struct arena arena = {0};
	const char *source = project_absolute(project, &arena, from);
	const char *to =
	    path_join(&arena, path_join(&arena, dir, "outputs"), path);
	struct mldv_error cause;
	int ret = file_exists(source, err);

	if (ret > 0 && file_make_parents(to, err) < 0)
		ret = -1;
	if (ret > 0 && file_rename(source, to, &cause) < 0) {
		if (path_is_absolute(from)) {
			*err = cause;
			ret = -1;
		} else if (move_by_copy(project, from, source, to, err) < 0) {
			ret = -1;
		}
	}
	arena_release(&arena);
	return ret;
}

int failed_keep(struct mldv_project *project, const char *path, const char *dir,
    struct mldv_error *err)
{
	return failed_keep_as(project, path, path, dir, err);
}
