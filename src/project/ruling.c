/* SPDX-License-Identifier: Apache-2.0 */
#include "project/ruling.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "format/stripped.h"

int ruling_open(struct ruling *ruling, struct mldv_project *project,
    struct mldv_error *err)
{
	const struct rules *rules = &ruling->rules;

	*ruling = (struct ruling){.project = project};
	if (rules_parse(&ruling->rules, &ruling->arena,
	        &project->config.layers[CONFIG_PROJECT], err) < 0)
		return -1;
	return rules->immutable.count + rules->made.count + rules->from.count +
	        rules->name_count >
	    0 ||
	    rules->git_line > 0 || rules->asserted_line > 0;
}

void ruling_close(struct ruling *ruling)
{
	map_release(&ruling->told);
	arena_release(&ruling->arena);
}

void ruling_tell(struct ruling *ruling, const struct mldv_broken *broken,
    const char *fmt, ...)
{
	char text[sizeof((struct mldv_error *)0)->text];
	struct mldv_broken told = *broken;
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	told.what = text;
	ruling->found++;
	ruling->visit(ruling->context, &told);
}

bool ruling_passes_over(const char *path)
{
	const char *base = path_base(path);
	size_t len = strlen(base);
	size_t end = strlen(POINTER_SUFFIX);

	return base[0] == '.' || strncmp(base, "README", 6) == 0 ||
	    (len > end && strcmp(base + len - end, POINTER_SUFFIX) == 0);
}

void ruling_made(struct ruling *ruling, const char *path, bool item)
{
	const struct rule_dirs *made = &ruling->rules.made;
	const char *dir = rule_dir_of(made, path);

	if (!dir)
		return;
	ruling_tell(ruling,
	    &(struct mldv_broken){
	        .rule = "made",
	        .path = path,
	        .item = item,
	        .line = made->line,
	    },
	    "lies in '%s', where everything is made by a stage, but no stage "
	    "has it as an output",
	    dir);
}

const char *ruling_entry(struct ruling *ruling, const char *dir,
    const char *path)
{
	const char *inner = path_inside(path, dir);

	if (!inner || inner[0] == '\0')
		return NULL;
	return arena_strn(&ruling->arena, inner, strcspn(inner, "/"));
}

void ruling_add_stems(const char *name, struct strs *out)
{
	strs_add(out, name);
	for (size_t len = strlen(name); len > 1; len--) {
		if (name[len - 1] == '.')
			strs_add_n(out, name, len - 1);
	}
}

void ruling_name(struct ruling *ruling, const struct rule_name *rule,
    const char *name, const struct strs *values, bool item)
{
	const char *path =
	    arena_printf(&ruling->arena, "%s/%s", rule->dir, name);

	if (name[0] == '.' || rule_name_fits(rule->pattern, name, values) ||
	    !map_add_str(&ruling->told, path, ruling))
		return;
	ruling_tell(ruling,
	    &(struct mldv_broken){
	        .rule = "name",
	        .path = path,
	        .item = item,
	        .line = rule->line,
	    },
	    "is not named like '%s'%s%s", rule->pattern,
	    rule->of ? ", after what it is made from in " : "",
	    rule->of ? rule->of : "");
}

static void check_notebook(struct ruling *ruling, const char *path,
    const struct buf *text)
{
	size_t cells = notebook_outputs((struct slice){text->data, text->len});

	if (cells > 0)
		ruling_tell(ruling,
		    &(struct mldv_broken){
		        .rule = "git.max_size",
		        .path = path,
		        .line = ruling->rules.git_line,
		    },
		    "is a notebook with the outputs of %zu cell%s, which do "
		    "not belong into Git; clear them before it is committed",
		    cells, cells == 1 ? "" : "s");
}

static bool is_notebook(const char *path)
{
	size_t len = strlen(path);

	return len > 6 && strcmp(path + len - 6, ".ipynb") == 0;
}

int ruling_git_file(struct ruling *ruling, const char *path, uint64_t size,
    int (*read)(void *context, const char *path, size_t limit, struct buf *out,
        struct mldv_error *err),
    void *context, struct mldv_error *err)
{
	struct buf text = {0};
	struct buf is = {0};
	int ret;

	if (ruling->rules.git_line == 0)
		return 0;
	if (size > ruling->rules.git_limit) {
		str_bytes(size, &is);
		ruling_tell(ruling,
		    &(struct mldv_broken){
		        .rule = "git.max_size",
		        .path = path,
		        .line = ruling->rules.git_line,
		    },
		    "is %s, too large for Git itself; take it out with 'git rm "
		    "--cached' and give it to 'mldv add'",
		    buf_str(&is));
		buf_release(&is);
		return 0;
	}
	if (!is_notebook(path) || size > STRIPPED_LIMIT)
		return 0;
	ret = read(context, path, STRIPPED_LIMIT, &text, err);
	if (ret > 0)
		check_notebook(ruling, path, &text);
	buf_release(&text);
	return ret < 0 ? -1 : 0;
}

/* --- add --- */

static void warn(void *context, const struct mldv_broken *broken)
{
	const struct mldv_project *project = context;
	struct arena arena = {0};

	project_warn(project, "'%s' %s ([rules] %s)",
	    project_shown(project, &arena, broken->path), broken->what,
	    broken->rule);
	arena_release(&arena);
}

/* The names in a directory of the work tree; none if there is none. */
CHECKED static int add_names(struct ruling *ruling, const char *dir,
    struct strs *out, struct mldv_error *err)
{
	int ret =
	    file_list(project_absolute(ruling->project, &ruling->arena, dir),
	        out, err);

	return ret < 0 && err->code != MLDV_NOT_FOUND ? -1 : 0;
}

/* What ${raw} may stand for, as long as nobody asks what is made of what. */
CHECKED static int add_values(struct ruling *ruling,
    const struct rule_dirs *dirs, const char *of, struct strs *out,
    struct mldv_error *err)
{
	struct strs names = {0};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < dirs->count; i++) {
		if (strcmp(path_base(dirs->paths[i]), of) == 0)
			ret = add_names(ruling, dirs->paths[i], &names, err);
	}
	for (size_t i = 0; i < names.count; i++)
		ruling_add_stems(names.items[i], out);
	strs_release(&names);
	return ret;
}

CHECKED static int warn_name(struct ruling *ruling,
    const struct rule_name *rule, const char *path,
    const struct content *content, struct mldv_error *err)
{
	const struct rules *rules = &ruling->rules;
	const char *name = ruling_entry(ruling, rule->dir, path);
	struct strs values = {0};
	struct strs names = {0};
	int ret = 0;

	if (name)
		strs_add(&names, name);
	else if (content->kind == KIND_DIR && path_inside(rule->dir, path))
		ret = add_names(ruling, rule->dir, &names, err);
	if (ret == 0 && names.count > 0 && rule->of)
		ret = add_values(ruling, &rules->from, rule->of, &values, err);
	if (ret == 0 && names.count > 0 && rule->of)
		ret = add_values(ruling, &rules->immutable, rule->of, &values,
		    err);
	for (size_t i = 0; ret == 0 && i < names.count; i++)
		ruling_name(ruling, rule, names.items[i], &values, true);
	strs_release(&values);
	strs_release(&names);
	return ret;
}

int ruling_warn(struct mldv_project *project, const char *path,
    const struct content *content, struct mldv_error *err)
{
	struct ruling ruling;
	int ret = ruling_open(&ruling, project, err);

	ruling.visit = warn;
	ruling.context = project;
	if (ret > 0)
		ruling_made(&ruling, path, true);
	for (size_t i = 0; ret > 0 && i < ruling.rules.name_count; i++) {
		if (warn_name(&ruling, &ruling.rules.names[i], path, content,
		        err) < 0)
			ret = -1;
	}
	ruling_close(&ruling);
	return ret < 0 ? -1 : 0;
}
