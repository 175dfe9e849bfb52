/* SPDX-License-Identifier: Apache-2.0 */
#include "format/paramfile.h"

#include <string.h>

/* The groups that are open while the file is written. */
struct writer {
	const struct stage *stage;
	struct buf *out;
	struct slice group; /* "a.b" while in {"a": {"b": {, with no last dot */
	size_t depth;
	bool first; /* nothing stands in the innermost group yet */
};

static bool is_param(const struct stage *stage, struct slice name)
{
	size_t low = 0;
	size_t high = stage->param_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order =
		    slice_compare(slice_of(stage->params[middle]->name), name);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* How much of the name says in which groups it is, the last dot included. */
static size_t group_len(const struct stage *stage, const char *name)
{
	size_t len = 0;

	for (const char *dot = strchr(name, '.'); dot;
	     dot = strchr(dot + 1, '.')) {
		if (is_param(stage, (struct slice){name, (size_t)(dot - name)}))
			break;
		len = (size_t)(dot - name) + 1;
	}
	return len;
}

static void new_line(struct writer *w)
{
	if (!w->first)
		buf_add_char(w->out, ',');
	buf_add_char(w->out, '\n');
	for (size_t i = 0; i <= w->depth; i++)
		buf_add_str(w->out, "  ");
	w->first = false;
}

static void add_name(struct writer *w, struct slice name)
{
	buf_add_char(w->out, '"');
	buf_add(w->out, name.data, name.len);
	buf_add_str(w->out, "\": ");
}

static void close_group(struct writer *w)
{
	size_t at = w->group.len;

	w->depth--;
	buf_add_char(w->out, '\n');
	for (size_t i = 0; i <= w->depth; i++)
		buf_add_str(w->out, "  ");
	buf_add_char(w->out, '}');
	w->first = false;
	while (at > 0 && w->group.data[at - 1] != '.')
		at--;
	w->group.len = at > 0 ? at - 1 : 0;
}

/* Closes what the name is not in, and opens what it is in. */
static void enter(struct writer *w, struct slice group)
{
	while (w->depth > 0 &&
	    !(group.len > w->group.len && group.data[w->group.len] == '.' &&
	        memcmp(group.data, w->group.data, w->group.len) == 0))
		close_group(w);
	for (size_t at = w->depth > 0 ? w->group.len + 1 : 0; at < group.len;) {
		struct slice rest = {group.data + at, group.len - at};
		struct slice name;

		(void)slice_cut(&rest, '.', &name);
		new_line(w);
		add_name(w, name);
		buf_add_char(w->out, '{');
		w->depth++;
		w->first = true;
		w->group = (struct slice){group.data, at + name.len};
		at += name.len + 1;
	}
}

void paramfile_format(const struct stage *stage, struct buf *out)
{
	struct writer w = {.stage = stage, .out = out, .first = true};

	buf_add_char(out, '{');
	for (size_t i = 0; i < stage->param_count; i++) {
		const struct param *param = stage->params[i];
		size_t len = group_len(stage, param->name);

		enter(&w, (struct slice){param->name, len});
		new_line(&w);
		add_name(&w, slice_of(param->name + len));
		value_json(&param->value, out);
	}
	while (w.depth > 0)
		close_group(&w);
	buf_add_str(out, stage->param_count > 0 ? "\n}\n" : "}\n");
}
