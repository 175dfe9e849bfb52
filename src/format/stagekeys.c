/* SPDX-License-Identifier: Apache-2.0 */
#include "format/stagekeys.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "format/items.h"

#define RETRIES_MAX 100
#define CPUS_MAX    4096

int stage_read_yes(const struct stage_reader *r, const struct ini_entry *entry,
    bool *out, struct mldv_error *err)
{
	*out = strcmp(entry->value, "yes") == 0;
	if (!*out && strcmp(entry->value, "no") != 0)
		return ini_error(r->ini, entry->line, err,
		    "'%s' cannot be '%s', only yes or no", entry->key,
		    entry->value);
	return 0;
}

int stage_read_text(struct stage_reader *r, const struct ini_entry *entry,
    const char **out, struct mldv_error *err)
{
	struct buf text = {0};

	r->in.shell = false;
	if (interpolate(&r->in, entry->line, slice_of(entry->value), &text,
	        err) < 0) {
		buf_release(&text);
		return -1;
	}
	*out = arena_str(r->arena, buf_str(&text));
	buf_release(&text);
	if ((*out)[0] == '\0')
		return ini_error(r->ini, entry->line, err, "'%s' is empty",
		    entry->key);
	return 0;
}

CHECKED static int read_number(struct stage_reader *r,
    const struct ini_entry *entry, unsigned max, unsigned *out,
    struct mldv_error *err)
{
	const char *text;
	uint64_t number;

	if (stage_read_text(r, entry, &text, err) < 0)
		return -1;
	if (!slice_number(slice_of(text), &number) || number > max)
		return ini_error(r->ini, entry->line, err,
		    "'%s' cannot be '%s', only a number up to %u", entry->key,
		    text, max);
	*out = (unsigned)number;
	return 0;
}

CHECKED static int read_retries(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	return read_number(r, entry, RETRIES_MAX, &r->stage->retries, err);
}

CHECKED static int read_gpus(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	return read_number(r, entry, CPUS_MAX, &r->stage->gpus, err);
}

CHECKED static int read_cpus(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	if (read_number(r, entry, CPUS_MAX, &r->stage->cpus, err) < 0)
		return -1;
	if (r->stage->cpus == 0)
		return ini_error(r->ini, entry->line, err,
		    "'cpus' is at least 1");
	return 0;
}

CHECKED static int read_timeout(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	const char *text;

	if (stage_read_text(r, entry, &text, err) < 0)
		return -1;
	if (!slice_seconds(slice_of(text), &r->stage->timeout) ||
	    r->stage->timeout == 0)
		return ini_error(r->ini, entry->line, err,
		    "'timeout' cannot be '%s'; write 90s, 15m, 4h or 2d", text);
	return 0;
}

CHECKED static int read_run(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	const char *names[RUNNERS + 1] = {NULL};
	const char *nearest;
	const char *text;

	if (stage_read_text(r, entry, &text, err) < 0)
		return -1;
	for (size_t i = 0; i < RUNNERS; i++) {
		names[i] = runner_name((enum runner_kind)i);
		if (strcmp(text, names[i]) == 0) {
			r->stage->run = (enum runner_kind)i;
			return 0;
		}
	}
	nearest = strlen(text) < INI_NAME ? str_nearest(text, names) : NULL;
	if (nearest)
		return ini_error(r->ini, entry->line, err,
		    "'run' cannot be '%s'; did you mean '%s'?", text, nearest);
	return ini_error(r->ini, entry->line, err,
	    "'run' cannot be '%s', only shell, notebook, container, "
	    "sagemaker, fargate or batch",
	    text);
}

CHECKED static int read_pool(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	const char *text;

	if (stage_read_text(r, entry, &text, err) < 0)
		return -1;
	r->stage->pool = NULL;
	if (strcmp(text, "none") == 0)
		return 0;
	if (!stages_pool(r->stages, text)) {
		size_t count = r->stages->pool_count;
		const char **names =
		    arena_array(r->arena, count + 1, sizeof *names);
		const char *nearest = NULL;

		for (size_t i = 0; i < count; i++)
			names[i] = r->stages->pools[i].name;
		if (strlen(text) < INI_NAME)
			nearest = str_nearest(text, names);
		return ini_error(r->ini, entry->line, err,
		    "there is no [pool %s]%s%s%s", text, NEAREST(nearest));
	}
	r->stage->pool = text;
	return 0;
}

CHECKED static int read_mutex(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	struct items items;
	struct item item;
	int more;

	stage_start_list(r, entry, &r->stage->mutex);
	items_start(&items, r->ini, entry);
	while ((more = items_next(&items, &item, err)) > 0) {
		struct slice name = stage_whole_item(&item);

		if (!ini_is_name(name))
			return ini_error(r->ini, item.line, err,
			    "'%.*s' cannot be the name of a mutex; one is made "
			    "of A-Z a-z 0-9 . _ -",
			    (int)name.len, name.data);
		r->stage->mutex.items[r->stage->mutex.count++] =
		    arena_strn(r->arena, name.data, name.len);
	}
	strs_sort(&r->stage->mutex);
	return more;
}

CHECKED static int read_salt(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	return stage_read_text(r, entry, &r->stage->salt, err);
}

CHECKED static int read_kernel(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	return stage_read_text(r, entry, &r->stage->kernel, err);
}

CHECKED static int read_papermill(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	return stage_read_text(r, entry, &r->stage->papermill, err);
}

CHECKED static int read_image(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	return stage_read_text(r, entry, &r->stage->image, err);
}

CHECKED static int read_entry_point(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	return stage_read_text(r, entry, &r->stage->entry, err);
}

CHECKED static int read_notebook(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	return stage_read_path(r, entry->line, slice_of(entry->value),
	    &r->stage->notebook, err);
}

CHECKED static int read_params_write(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	if (stage_read_path(r, entry->line, slice_of(entry->value),
	        &r->stage->params_write, err) < 0)
		return -1;
	return stage_check_out(r, entry->line, r->stage->params_write, err);
}

CHECKED static int read_early_exit(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	return stage_read_yes(r, entry, &r->stage->allow_early_exit, err);
}

CHECKED static int read_publish(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	return stage_read_yes(r, entry, &r->stage->publish, err);
}

/* "${params.x}" and nothing else: the parameter; else NULL. */
static const struct param *whole_param(const struct stage_reader *r,
    struct slice text)
{
	static const char before[] = "${params.";
	size_t len = sizeof before - 1;

	if (!slice_starts(text, before) || text.data[text.len - 1] != '}')
		return NULL;
	return param_find(r->stages,
	    (struct slice){text.data + len, text.len - len - 1});
}

CHECKED static int read_injected(struct stage_reader *r, struct slice line,
    struct stage_inject *out, struct mldv_error *err)
{
	struct slice rest = line;
	struct slice name;
	struct buf text = {0};
	bool valued = slice_cut(&rest, '=', &name);
	int ret;

	name = slice_trim(name);
	if (!valued || !stage_is_variable(name))
		return ini_error(r->ini, out->line, err,
		    "'%.*s' injects nothing; write name = value", (int)line.len,
		    line.data);
	out->name = arena_strn(r->arena, name.data, name.len);
	r->in.shell = false;
	ret = interpolate(&r->in, out->line, slice_trim(rest), &text, err);
	out->param = whole_param(r, slice_trim(rest));
	/* So that a text that looks like a number stays a text. */
	if (out->param)
		out->value = out->param->value;
	else if (ret == 0 &&
	    value_parse(&out->value, r->arena, buf_str(&text), err) < 0) {
		struct mldv_error cause = *err;

		ret = ini_error(r->ini, out->line, err, "'%s': %s", out->name,
		    cause.text);
	}
	buf_release(&text);
	return ret;
}

static int inject_by_name(const void *a, const void *b)
{
	const struct stage_inject *left = a;
	const struct stage_inject *right = b;

	return strcmp(left->name, right->name);
}

CHECKED static int read_inject(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	struct value_lines lines = value_lines_of(entry);
	struct stage_inject *list =
	    arena_array(r->arena, entry->line_count, sizeof *list);
	struct slice text;
	size_t count = 0;
	unsigned line;

	while (value_lines_next(&lines, &text, &line)) {
		list[count].line = line;
		if (read_injected(r, text, &list[count], err) < 0)
			return -1;
		count++;
	}
	if (count > 1)
		qsort(list, count, sizeof *list, inject_by_name);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(list[i - 1].name, list[i].name) == 0)
			return ini_error(r->ini, list[i].line, err,
			    "'%s' is injected twice", list[i].name);
	}
	r->stage->inject = list;
	r->stage->inject_count = count;
	return 0;
}

const struct stage_key stage_keys[] = {
    {"allow_early_exit", false, read_early_exit},
    {"cpus", false, read_cpus},
    {"entry_point", false, read_entry_point},
    {"env", true, stage_read_env},
    {"env.pass", true, stage_read_pass},
    {"environment", false, stage_read_environment},
    {"envlock", true, stage_read_envlock},
    {"gpus", false, read_gpus},
    {"image", false, read_image},
    {"inject", true, read_inject},
    {"kernel", false, read_kernel},
    {"mutex", true, read_mutex},
    {"notebook", false, read_notebook},
    {"papermill", false, read_papermill},
    {"params.write", false, read_params_write},
    {"pool", false, read_pool},
    {"probe", true, stage_read_probe},
    {"publish", false, read_publish},
    {"retries", false, read_retries},
    {"run", false, read_run},
    {"salt", false, read_salt},
    {"timeout", false, read_timeout},
    {NULL, false, NULL},
};
