/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The keys of a stage that say what its command's environment is, and lists.
 */

#include <stdlib.h>
#include <string.h>

#include "format/items.h"
#include "format/stagekeys.h"

/* How many items the list can have. */
static size_t room(const struct ini_entry *entry)
{
	size_t count = 1;

	for (const char *at = entry->value; *at; at++)
		count += *at == ',' || *at == '\n';
	return count;
}

void stage_start_list(struct stage_reader *r, const struct ini_entry *entry,
    struct strs *list)
{
	*list = (struct strs){0};
	list->items = arena_array(r->arena, room(entry), sizeof(const char *));
}

/* What stands on the item's line, two spaces in a row included. */
struct slice stage_whole_item(const struct item *item)
{
	if (item->options.len == 0)
		return item->text;
	return (struct slice){item->text.data,
	    (size_t)(item->options.data - item->text.data) + item->options.len};
}

bool stage_is_variable(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		        c == '_' || (i > 0 && c >= '0' && c <= '9')))
			return false;
	}
	return name.len > 0;
}

/* "NAME", or "NAME=value". */
CHECKED static int read_var(struct stage_reader *r, const struct item *item,
    struct stage_var *out, struct mldv_error *err)
{
	struct slice rest = stage_whole_item(item);
	struct slice name;
	struct buf text = {0};
	bool valued = slice_cut(&rest, '=', &name);
	int ret;

	name = slice_trim(name);
	if (!stage_is_variable(name))
		return ini_error(r->ini, item->line, err,
		    "'%.*s' cannot be a variable of the environment",
		    (int)name.len, name.data);
	if (slice_starts(name, "MLDV_"))
		return ini_error(r->ini, item->line, err,
		    "'%.*s' is a variable that mldv sets itself", (int)name.len,
		    name.data);
	*out = (struct stage_var){
	    .name = arena_strn(r->arena, name.data, name.len),
	    .line = item->line,
	};
	if (!valued)
		return 0;
	r->in.shell = false;
	ret = interpolate(&r->in, item->line, slice_trim(rest), &text, err);
	if (ret == 0)
		out->value = arena_str(r->arena, buf_str(&text));
	buf_release(&text);
	return ret;
}

static int var_by_name(const void *a, const void *b)
{
	const struct stage_var *left = a;
	const struct stage_var *right = b;

	return strcmp(left->name, right->name);
}

CHECKED static int read_vars(struct stage_reader *r,
    const struct ini_entry *entry, struct stage_var **out, size_t *count,
    struct mldv_error *err)
{
	struct stage_var *vars =
	    arena_array(r->arena, room(entry), sizeof *vars);
	struct items items;
	struct item item;
	int more;

	*out = vars;
	*count = 0;
	items_start(&items, r->ini, entry);
	while ((more = items_next(&items, &item, err)) > 0) {
		if (read_var(r, &item, &vars[*count], err) < 0)
			return -1;
		++*count;
	}
	if (*count > 1)
		qsort(vars, *count, sizeof *vars, var_by_name);
	for (size_t i = 1; more == 0 && i < *count; i++) {
		if (strcmp(vars[i - 1].name, vars[i].name) == 0)
			return ini_error(r->ini, vars[i].line, err,
			    "'%s' is there twice in '%s'", vars[i].name,
			    entry->key);
	}
	return more;
}

int stage_read_env(struct stage_reader *r, const struct ini_entry *entry,
    struct mldv_error *err)
{
	return read_vars(r, entry, &r->stage->env, &r->stage->env_count, err);
}

int stage_read_pass(struct stage_reader *r, const struct ini_entry *entry,
    struct mldv_error *err)
{
	return read_vars(r, entry, &r->stage->pass, &r->stage->pass_count, err);
}

int stage_read_environment(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	r->stage->clean = strcmp(entry->value, "clean") == 0;
	if (!r->stage->clean && strcmp(entry->value, "inherit") != 0)
		return ini_error(r->ini, entry->line, err,
		    "'environment' cannot be '%s', only inherit or clean",
		    entry->value);
	return 0;
}

/* Of equal neighbours one stays. */
static void sort_unique(struct strs *list)
{
	size_t kept = 0;

	strs_sort(list);
	for (size_t i = 0; i < list->count; i++) {
		if (i == 0 || strcmp(list->items[i], list->items[i - 1]) != 0)
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

int stage_read_envlock(struct stage_reader *r, const struct ini_entry *entry,
    struct mldv_error *err)
{
	struct strs *list = &r->stage->envlock;
	struct items items;
	struct item item;
	int more;

	stage_start_list(r, entry, list);
	items_start(&items, r->ini, entry);
	while ((more = items_next(&items, &item, err)) > 0) {
		const char *path;

		item.text = stage_whole_item(&item);
		if (stage_read_path(r, item.line, item.text, &path, err) < 0)
			return -1;
		list->items[list->count++] = path;
	}
	sort_unique(list);
	return more;
}

int stage_read_probe(struct stage_reader *r, const struct ini_entry *entry,
    struct mldv_error *err)
{
	struct strs *list = &r->stage->probe;
	struct buf text = {0};
	struct items items;
	struct item item;
	int more;

	stage_start_list(r, entry, list);
	items_start(&items, r->ini, entry);
	while ((more = items_next(&items, &item, err)) > 0) {
		buf_reset(&text);
		r->in.shell = true;
		if (interpolate(&r->in, item.line, stage_whole_item(&item),
		        &text, err) < 0) {
			more = -1;
			break;
		}
		list->items[list->count++] =
		    arena_str(r->arena, buf_str(&text));
	}
	buf_release(&text);
	sort_unique(list);
	return more;
}
