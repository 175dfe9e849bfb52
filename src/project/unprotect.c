/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "mldv/data.h"
#include "project/item.h"
#include "store/link.h"

/* A copy takes the place of the link, with the owner's right to write. */
static int replace_by_copy(const char *full, int fd, const struct stat *st,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct tempfile temp = {0};
	mode_t mode = (st->st_mode & 07777) | S_IWUSR;
	int ret = -1;

	if (tempfile_open(&temp, path_parent(&arena, full), mode, err) < 0 ||
	    link_copy(fd, temp.fd, (uint64_t)st->st_size, full, err) < 0)
		goto out;
	if (fchmod(temp.fd, mode) < 0) {
		(void)err_errno(err, "cannot make '%s' writable", full);
		goto out;
	}
	ret = tempfile_commit(&temp, full, err);
out:
	tempfile_release(&temp);
	arena_release(&arena);
	return ret;
}

static int unprotect_file(const char *full, struct mldv_error *err)
{
	int fd = open(full, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int ret = 0;

	if (fd < 0)
		return err_errno(err, "cannot open '%s'", full);
	if (fstat(fd, &st) < 0)
		ret = err_errno(err, "cannot look at '%s'", full);
	else if (S_ISREG(st.st_mode) && st.st_nlink > 1)
		ret = replace_by_copy(full, fd, &st, err);
	else if (S_ISREG(st.st_mode) && !(st.st_mode & S_IWUSR) &&
	    fchmod(fd, (st.st_mode & 07777) | S_IWUSR) < 0)
		ret = err_errno(err, "cannot make '%s' writable", full);
	(void)close(fd);
	return ret;
}

/* What is still to be looked at: directories are added at the end. */
static int unprotect_below(const struct mldv_project *project, const char *path,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs left = {0};
	struct strs names = {0};
	int ret = 0;

	strs_add(&left, project_absolute(project, &arena, path));
	for (size_t i = 0; ret == 0 && i < left.count; i++) {
		struct stat st;

		ret = project_check(project, err);
		/* What is gone need not be writable. */
		if (ret < 0 || lstat(left.items[i], &st) < 0)
			continue;
		if (S_ISREG(st.st_mode))
			ret = unprotect_file(left.items[i], err);
		if (!S_ISDIR(st.st_mode))
			continue;
		ret = file_list(left.items[i], &names, err);
		for (size_t j = 0; ret == 0 && j < names.count; j++)
			strs_add(&left,
			    path_join(&arena, left.items[i], names.items[j]));
		strs_release(&names);
	}
	strs_release(&left);
	arena_release(&arena);
	return ret;
}

/* The part of the item that is meant: a path inside it, or all of it. */
static int unprotect_item(struct mldv_project *project, const struct item *item,
    const struct strs *paths, struct mldv_error *err)
{
	struct lock lock = {0};
	bool whole = paths->count == 0;
	int ret = project_lock_item(project, &lock, item->path, err);

	for (size_t i = 0; i < paths->count; i++)
		whole |= path_inside(item->path, paths->items[i]) != NULL;
	if (ret == 0 && whole)
		ret = unprotect_below(project, item->path, err);
	for (size_t i = 0; ret == 0 && !whole && i < paths->count; i++) {
		if (path_inside(paths->items[i], item->path))
			ret = unprotect_below(project, paths->items[i], err);
	}
	lock_release(&lock);
	return ret;
}

int mldv_unprotect(struct mldv_project *project, const struct strs *paths,
    struct mldv_error *err)
{
	struct items items = {0};
	int ret = -1;

	if (items_load(project, &items, err) < 0 ||
	    items_select(&items, paths, err) < 0)
		goto out;
	ret = 0;
	for (size_t i = 0; ret == 0 && i < items.count; i++)
		ret = unprotect_item(project, &items.list[i], paths, err);
out:
	items_release(&items);
	return ret;
}
