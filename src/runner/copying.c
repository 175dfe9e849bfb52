/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/copying.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "base/strs.h"
#include "format/kind.h"

enum { PIECE = 256 << 20 };

int copy_link(const char *from, const char *to, struct mldv_error *err)
{
	char target[LINK_LIMIT + 1];
	ssize_t len = readlink(from, target, sizeof target - 1);

	if (len < 0)
		return err_errno(err, "cannot read link '%s'", from);
	target[len] = '\0';
	if (symlink(target, to) < 0)
		return err_errno(err, "cannot make link '%s'", to);
	return 0;
}

/* Copies a file to where nothing is. */
static int copy_file(const char *from, const char *to, mode_t mode,
    struct mldv_error *err)
{
	int in = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int out =
	    open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode | 0600);
	ssize_t size = 1;
	int ret = 0;

	if (in < 0 || out < 0)
		ret = err_errno(err, "cannot copy '%s' to '%s'", from, to);
	while (ret == 0 && size > 0) {
		size = copy_file_range(in, NULL, out, NULL, PIECE, 0);
		if (size < 0)
			ret = err_errno(err, "cannot copy '%s'", from);
	}
	if (in >= 0)
		(void)close(in);
	if (out >= 0 && close(out) < 0 && ret == 0)
		ret = err_errno(err, "cannot write '%s'", to);
	return ret;
}

/* One entry, whatever it is; directories become just that. */
static int copy_entry(const char *from, const char *to, bool *is_dir,
    struct mldv_error *err)
{
	struct stat st;

	*is_dir = false;
	if (lstat(from, &st) < 0)
		return err_errno(err, "cannot look at '%s'", from);
	if (S_ISLNK(st.st_mode))
		return copy_link(from, to, err);
	if (S_ISREG(st.st_mode))
		return copy_file(from, to, st.st_mode & 0777, err);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, MLDV_FAILED,
		    "'%s' is neither file, directory nor link", from);
	*is_dir = true;
	if (mkdir(to, 0777) < 0)
		return err_errno(err, "cannot make '%s'", to);
	return 0;
}

int copy_tree(struct arena *arena, const char *from, const char *to,
    struct mldv_error *err)
{
	struct strs todo = {0}; /* pairs: from, to */
	int ret = 0;

	strs_add(&todo, from);
	strs_add(&todo, to);
	for (size_t at = 0; at < todo.count && ret == 0; at += 2) {
		const char *source = todo.items[at];
		const char *target = todo.items[at + 1];
		struct strs names = {0};
		bool is_dir;

		ret = copy_entry(source, target, &is_dir, err);
		if (ret == 0 && is_dir)
			ret = file_list(source, &names, err);
		for (size_t i = 0; i < names.count; i++) {
			strs_add(&todo,
			    path_join(arena, source, names.items[i]));
			strs_add(&todo,
			    path_join(arena, target, names.items[i]));
		}
		strs_release(&names);
	}
	strs_release(&todo);
	return ret;
}
