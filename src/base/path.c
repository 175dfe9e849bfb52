/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool path_is_absolute(const char *path)
{
	return path[0] == '/';
}

char *path_join(struct arena *arena, const char *dir, const char *name)
{
	size_t len = strlen(dir);

	if (len == 0 || path_is_absolute(name))
		return arena_str(arena, name);
	if (name[0] == '\0')
		return arena_str(arena, dir);
	if (dir[len - 1] == '/')
		return arena_printf(arena, "%s%s", dir, name);
	return arena_printf(arena, "%s/%s", dir, name);
}

char *path_parent(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return arena_str(arena, "");
	while (slash > path && slash[-1] == '/')
		slash--;
	if (slash == path)
		return arena_str(arena, "/");
	return arena_strn(arena, path, (size_t)(slash - path));
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Cuts the last name off; false if there is none. */
static bool climb(const char *text, size_t floor, size_t *len)
{
	const char *slash;

	if (*len == floor)
		return false;
	slash = memrchr(text, '/', *len);
	*len = slash ? (size_t)(slash - text) : 0;
	if (*len < floor)
		*len = floor;
	return true;
}

char *path_clean(struct arena *arena, const char *path)
{
	char *out = arena_alloc(arena, strlen(path) + 2);
	size_t floor = path_is_absolute(path) ? 1 : 0;
	size_t len = floor;

	if (floor)
		out[0] = '/';
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && memcmp(path, "..", 2) == 0) {
			if (!climb(out, floor, &len) && !floor)
				return NULL;
		} else if (n > 0 && !(n == 1 && path[0] == '.')) {
			if (len > floor)
				out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path += n;
		path += strspn(path, "/");
	}
	out[len] = '\0';
	return out;
}

const char *path_inside(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (len == 0)
		return path_is_absolute(path) ? NULL : path;
	if (strncmp(path, dir, len) != 0)
		return NULL;
	if (dir[len - 1] == '/' || path[len] == '\0')
		return path + len;
	return path[len] == '/' ? path + len + 1 : NULL;
}

/* Steps over the first name of both, if it is the same. */
static bool step(const char **a, const char **b)
{
	size_t len = strcspn(*a, "/");

	if (!**a || !**b || strcspn(*b, "/") != len || memcmp(*a, *b, len) != 0)
		return false;
	*a += len + ((*a)[len] == '/');
	*b += len + ((*b)[len] == '/');
	return true;
}

char *path_from(struct arena *arena, const char *path, const char *dir)
{
	struct buf out = {0};
	char *copy;

	while (step(&path, &dir))
		continue;
	while (*dir) {
		buf_add_str(&out, out.len > 0 ? "/.." : "..");
		dir += strcspn(dir, "/");
		dir += *dir == '/';
	}
	if (*path && out.len > 0)
		buf_add_char(&out, '/');
	buf_add_str(&out, path);
	copy = arena_str(arena, out.len > 0 ? out.data : ".");
	buf_release(&out);
	return copy;
}

int path_real(struct arena *arena, const char *path, char **out,
    struct mldv_error *err)
{
	char *real = realpath(path, NULL);

	if (!real)
		return err_errno(err, "cannot find '%s'", path);
	*out = arena_str(arena, real);
	free(real);
	return 0;
}

int path_cwd(struct arena *arena, char **out, struct mldv_error *err)
{
	char *cwd = getcwd(NULL, 0);

	if (!cwd)
		return err_errno(err, "cannot find the working directory");
	*out = arena_str(arena, cwd);
	free(cwd);
	return 0;
}
