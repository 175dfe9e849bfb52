/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/tempdir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "base/strs.h"
#include "format/oid.h"

/* What somebody else made is not touched. */
static bool is_ours(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid();
}

bool tempdir_is_clean(const char *path)
{
	struct arena arena = {0};
	struct mldv_error ignored;
	struct strs names = {0};
	struct stat st;
	bool clean = lstat(path, &st) == 0 && st.st_mode == (S_IFDIR | 0700) &&
	    file_list(path, &names, &ignored) == 0 && names.count == 1 &&
	    strcmp(names.items[0], TEMPDIR_PARAMS) == 0 &&
	    lstat(path_join(&arena, path, TEMPDIR_PARAMS), &st) == 0 &&
	    S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid == geteuid() &&
	    (st.st_mode & 0600) == 0600;

	strs_release(&names);
	arena_release(&arena);
	return clean;
}

int tempdir_make(struct arena *arena, const char *of, const char *spare,
    const char **out, struct mldv_error *err)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it */
	const char *base = getenv("TMPDIR");
	struct mldv_error ignored;
	char name[TEMP_NAME];
	char hex[OID_HEX + 1];
	struct oid oid;
	const char *path;

	if (!base || !path_is_absolute(base))
		base = "/tmp";
	oid_of(of, strlen(of), &oid);
	oid_hex(&oid, hex);
	path = arena_printf(arena, "%s/mldv-%.16s", base, hex);
	if (spare && file_rename_cache(spare, path, &ignored) == 0) {
		*out = path;
		return 0;
	}
	tempdir_remove(spare);
	for (int tries = 0; mkdir(path, 0700) < 0; tries++) {
		if (errno != EEXIST || tries > 1)
			return err_errno(err, "cannot make '%s'", path);
		if (is_ours(path)) {
			if (file_remove_tree(path, err) < 0)
				return -1;
			continue;
		}
		temp_name(name);
		path = arena_printf(arena, "%s/mldv-%s", base,
		    name + sizeof TEMP_PREFIX - 1);
	}
	*out = path;
	return 0;
}

void tempdir_remove(const char *path)
{
	struct mldv_error ignored;

	if (path && file_remove_tree(path, &ignored) < 0)
		return;
}
