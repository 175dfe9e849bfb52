/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/imports.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/path.h"
#include "format/items.h"
#include "format/pyscan.h"

#define FILE_LIMIT (16 << 20)
enum { ROOTS = 4, FILES_MAX = 50000 };

/* A file, or that there is none of that name. */
struct py_file {
	const char *path;
	bool there;
	bool has_all; /* it says what "*" stands for */
	struct py_import *imports;
	size_t count;
	size_t capacity;
};

struct imports {
	struct arena *arena;
	const struct ini_source *source;
	struct map files; /* by path */
	struct mldv_error *err;
	bool failed;
};

/* One file that a stage's modules need, as the module that it is. */
struct member {
	const struct py_file *file;
	const char *package; /* what "." means in it; "" if nothing */
	struct member *next;
};

struct closure {
	struct imports *imports;
	const char *roots[ROOTS];
	size_t root_count;
	struct map members; /* by path and package */
	struct map seen;    /* the modules that were looked for */
	struct member *first;
	struct member **last;
	const char *unknown;
};

static void add_import(void *context, const struct py_import *found)
{
	struct py_file *file = context;

	file->imports = xgrow(file->imports, file->count, &file->capacity,
	    sizeof *file->imports);
	file->imports[file->count++] = *found;
}

static bool mentions(struct slice text, const char *word)
{
	return memmem(text.data, text.len, word, strlen(word)) != NULL;
}

/* NULL if there is no such file, or after a failure. */
static const struct py_file *open_file(struct imports *imports,
    const char *path)
{
	struct py_file *file = map_get_str(&imports->files, path);
	struct buf text = {0};
	int found;

	if (file || imports->failed)
		return file && file->there ? file : NULL;
	file = arena_alloc(imports->arena, sizeof *file);
	file->path = arena_str(imports->arena, path);
	(void)map_add_str(&imports->files, file->path, file);
	found = imports->source->read(imports->source->context, path,
	    FILE_LIMIT, &text, imports->err);
	if (found > 0) {
		const struct slice all = {buf_str(&text), text.len};

		file->there = true;
		file->has_all = mentions(all, "__all__");
		py_scan(imports->arena, all, add_import, file);
	}
	imports->failed = found < 0;
	buf_release(&text);
	return file->there ? file : NULL;
}

static void add_member(struct closure *closure, const struct py_file *file,
    const char *package)
{
	struct arena *arena = closure->imports->arena;
	const char *key = arena_printf(arena, "%s\n%s", package, file->path);
	struct member *member = arena_alloc(arena, sizeof *member);

	*member = (struct member){.file = file, .package = package};
	if (!map_add_str(&closure->members, key, member))
		return;
	*closure->last = member;
	closure->last = &member->next;
}

/* One part of a dotted name, looked for in what the parts before gave. */
struct search {
	const char *dirs[ROOTS];
	size_t count;
	struct slice package; /* the name so far */
	bool found;           /* as a file */
};

static bool find_package(struct closure *closure, struct search *search,
    const char *dir, struct slice whole)
{
	struct arena *arena = closure->imports->arena;
	const struct py_file *file =
	    open_file(closure->imports, path_join(arena, dir, "__init__.py"));

	if (!file)
		return false;
	add_member(closure, file, arena_strn(arena, whole.data, whole.len));
	search->dirs[0] = dir;
	search->count = 1;
	return true;
}

static bool find_module(struct closure *closure, struct search *search,
    const char *dir)
{
	struct arena *arena = closure->imports->arena;
	const struct py_file *file =
	    open_file(closure->imports, arena_printf(arena, "%s.py", dir));

	if (!file)
		return false;
	add_member(closure, file,
	    arena_strn(arena, search->package.data, search->package.len));
	search->count = 0;
	return true;
}

/* A package stands before a module, and both before a directory. */
static void find_part(struct closure *closure, struct search *search,
    struct slice part, struct slice whole)
{
	struct arena *arena = closure->imports->arena;
	const char *word = arena_strn(arena, part.data, part.len);
	const char *dirs[ROOTS];

	search->found = false;
	for (size_t i = 0; !search->found && i < search->count; i++) {
		dirs[i] = path_join(arena, search->dirs[i], word);
		search->found = find_package(closure, search, dirs[i], whole) ||
		    find_module(closure, search, dirs[i]);
	}
	for (size_t i = 0; !search->found && i < search->count; i++)
		search->dirs[i] = dirs[i];
	search->package = whole;
}

/* Adds the files of a module and of the packages around it: was it found? */
static bool add_module(struct closure *closure, const char *name)
{
	struct search search = {.count = closure->root_count};
	struct slice rest = slice_of(name);
	struct slice part;
	bool more = true;

	memcpy(search.dirs, closure->roots, sizeof search.dirs);
	search.package = (struct slice){name, 0};
	if (!map_add_str(&closure->seen, name, closure))
		return true;
	while (more && search.count > 0) {
		more = slice_cut(&rest, '.', &part);
		find_part(closure, &search, part,
		    (struct slice){name,
		        (size_t)(part.data + part.len - name)});
	}
	return !more && search.found;
}

/* What "..a" means in that package; NULL if it leads out of all packages. */
static const char *absolute_name(struct arena *arena, const char *package,
    const struct py_import *import)
{
	size_t len = strlen(package);

	if (import->level == 0)
		return import->module;
	for (unsigned i = 1; i < import->level; i++) {
		while (len > 0 && package[len - 1] != '.')
			len--;
		if (len == 0)
			return NULL;
		len--;
	}
	if (len == 0)
		return NULL;
	return arena_printf(arena, "%.*s%s%s", (int)len, package,
	    import->module[0] ? "." : "", import->module);
}

static void note_unknown(struct closure *closure, const struct member *member,
    const struct py_import *import)
{
	if (!closure->unknown)
		closure->unknown = arena_printf(closure->imports->arena,
		    "%s:%u", member->file->path, import->line);
}

/* "from package import *" imports the modules that __all__ lists. */
static bool may_import_more(const struct closure *closure, const char *name)
{
	const char *suffix = "/__init__.py";
	size_t len = strlen(suffix);

	for (const struct member *m = closure->first; m; m = m->next) {
		size_t path_len = strlen(m->file->path);

		if (m->file->has_all && strcmp(m->package, name) == 0 &&
		    path_len > len &&
		    strcmp(m->file->path + path_len - len, suffix) == 0)
			return true;
	}
	return false;
}

static void follow(struct closure *closure, const struct member *member,
    const struct py_import *import)
{
	struct arena *arena = closure->imports->arena;
	const char *name;

	if (import->unknown) {
		note_unknown(closure, member, import);
		return;
	}
	name = absolute_name(arena, member->package, import);
	if (!name)
		return;
	(void)add_module(closure, name);
	if (!import->name)
		return;
	if (strcmp(import->name, "*") != 0)
		(void)add_module(closure,
		    arena_printf(arena, "%s.%s", name, import->name));
	else if (may_import_more(closure, name))
		note_unknown(closure, member, import);
}

static void add_root(struct closure *closure, const char *dir)
{
	for (size_t i = 0; i < closure->root_count; i++) {
		if (strcmp(closure->roots[i], dir) == 0)
			return;
	}
	closure->roots[closure->root_count++] = dir;
}

static bool is_script(const char *name)
{
	size_t len = strlen(name);

	return strchr(name, '/') || (len > 3 && !strcmp(name + len - 3, ".py"));
}

static bool add_script(struct closure *closure, const char *name)
{
	struct arena *arena = closure->imports->arena;
	const char *path = path_clean(arena, name);
	const struct py_file *file = path && items_is_path(path)
	    ? open_file(closure->imports, path)
	    : NULL;

	if (file)
		add_member(closure, file, "");
	return file != NULL;
}

/* Finds all members of one module's closure. */
CHECKED static int close_over(struct closure *closure,
    const struct stage *stage, const struct stage_module *module,
    struct mldv_error *err)
{
	struct imports *imports = closure->imports;
	struct arena *arena = imports->arena;
	bool script = is_script(module->name);
	size_t count = 0;
	bool found;

	if (script)
		add_root(closure, path_parent(arena, module->name));
	else
		add_root(closure, stage->cwd);
	add_root(closure, "");
	add_root(closure, "src");
	found = script ? add_script(closure, module->name)
	               : add_module(closure, module->name);
	if (!script)
		(void)add_module(closure,
		    arena_printf(arena, "%s.__main__", module->name));
	if (!found && !imports->failed)
		return err_set(err, MLDV_USAGE,
		    "%s:%u: there is no Python %s '%s' in this repository",
		    stage->file, module->line, script ? "script" : "module",
		    module->name);
	for (const struct member *m = closure->first; m; m = m->next) {
		if (++count > FILES_MAX)
			return err_set(err, MLDV_USAGE,
			    "%s:%u: Python module '%s' imports more than %d "
			    "files",
			    stage->file, module->line, module->name, FILES_MAX);
		for (size_t i = 0; i < m->file->count; i++)
			follow(closure, m, &m->file->imports[i]);
	}
	return imports->failed ? -1 : 0;
}

CHECKED static int find_modules(struct imports *imports, struct stage *stage,
    struct strs *paths, struct mldv_error *err)
{
	for (size_t i = 0; i < stage->module_count; i++) {
		struct closure closure = {.imports = imports};
		int ret;

		closure.last = &closure.first;
		ret = close_over(&closure, stage, &stage->modules[i], err);
		for (const struct member *m = closure.first; m; m = m->next)
			strs_add(paths, m->file->path);
		if (closure.unknown)
			stage->unknown_import = closure.unknown;
		map_release(&closure.members);
		map_release(&closure.seen);
		if (ret < 0)
			return -1;
	}
	strs_unique(paths);
	return 0;
}

static bool is_made_here(const struct stage *stage, const char *path)
{
	for (size_t i = 0; i < stage->out_count; i++) {
		if (path_inside(path, stage->outs[i].path))
			return true;
	}
	return false;
}

/* Both are sorted. */
static void merge_deps(struct stage *stage, struct arena *arena,
    const struct strs *paths)
{
	struct stage_dep *all =
	    arena_array(arena, stage->dep_count + paths->count, sizeof *all);
	size_t count = 0;
	size_t i = 0;

	for (size_t k = 0; k < paths->count || i < stage->dep_count;) {
		int order = k == paths->count ? -1
		    : i == stage->dep_count
		    ? 1
		    : strcmp(stage->deps[i].path, paths->items[k]);

		if (order <= 0)
			all[count++] = stage->deps[i];
		else if (!is_made_here(stage, paths->items[k]))
			all[count++].path = arena_str(arena, paths->items[k]);
		i += order <= 0;
		k += order >= 0;
	}
	stage->deps = all;
	stage->dep_count = count;
}

int imports_add(struct stages *stages, struct arena *arena,
    const struct ini_source *source, struct mldv_error *err)
{
	struct imports imports = {
	    .arena = arena,
	    .source = source,
	    .err = err,
	};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < stages->count; i++) {
		struct stage *stage = &stages->stages[i];
		struct strs paths = {0};

		if (stage->module_count == 0)
			continue;
		ret = find_modules(&imports, stage, &paths, err);
		if (ret == 0)
			merge_deps(stage, arena, &paths);
		strs_release(&paths);
	}
	for (size_t i = 0; i < imports.files.count; i++) {
		struct py_file *file = imports.files.entries[i].value;

		free(file->imports);
	}
	map_release(&imports.files);
	return ret;
}
