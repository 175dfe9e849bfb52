/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

/*
 * Paths as text; no file is looked at, but for path_real and path_cwd.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/mem.h"

/* dir/name; just name if dir is "" or name is absolute. */
char *path_join(struct arena *arena, const char *dir, const char *name);
/* What stands before the last slash: "" for "a", "/" for "/a". */
char *path_parent(struct arena *arena, const char *path);
/* What stands after the last slash; borrowed from path. */
const char *path_base(const char *path);
/*
 * Resolves ".", "..", double and final slashes as text: "" for what resolves
 * to the directory itself; NULL for a relative path that climbs above it.
 */
char *path_clean(struct arena *arena, const char *path);
/*
 * Is path inside dir, or dir itself? Both clean. "" contains every relative
 * path. Gives what follows dir and the slash ("" for dir itself), or NULL.
 */
const char *path_inside(const char *path, const char *dir);
/* How to say path from within dir, both relative to the same root, clean. */
char *path_from(struct arena *arena, const char *path, const char *dir);
bool path_is_absolute(const char *path);

/* The absolute path without symbolic links. */
CHECKED int path_real(struct arena *arena, const char *path, char **out,
    struct mldv_error *err);
CHECKED int path_cwd(struct arena *arena, char **out, struct mldv_error *err);

#endif
