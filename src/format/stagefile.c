/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Parameters that another program's file has: "config.json:train.lr".
 */

#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "format/overlap.h"
#include "format/stagekeys.h"

/* A canonical value of what is neither a number, a text nor true or false. */
#define OTHER "json:"

bool stage_is_file_param(struct slice text)
{
	return memchr(text.data, ':', text.len) != NULL;
}

bool param_is_name(struct slice name)
{
	struct slice rest = name;
	struct slice path;

	if (ini_is_key(name))
		return true;
	return slice_cut(&rest, ':', &path) && path.len > 0 && rest.len > 0 &&
	    !memchr(name.data, ' ', name.len);
}

/* Walks down by the dots in a name; NULL if there is nothing. */
static const struct json *find_member(const struct json *root,
    struct arena *arena, struct slice name)
{
	struct slice rest = name;
	struct slice word;
	bool more = true;

	while (more && root) {
		const struct json *whole =
		    json_member(root, arena_strn(arena, rest.data, rest.len));

		/* A name in the file may have dots, too. */
		if (whole)
			return whole;
		more = slice_cut(&rest, '.', &word);
		root =
		    json_member(root, arena_strn(arena, word.data, word.len));
	}
	return root;
}

static void quote(struct slice text, const char *before, struct buf *out)
{
	buf_add_char(out, '"');
	buf_add_str(out, before);
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '"' || text.data[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, text.data[i]);
	}
	buf_add_char(out, '"');
}

CHECKED static int take_value(struct stage_reader *r, unsigned line,
    const struct json *found, struct param *out, struct mldv_error *err)
{
	struct buf text = {0};
	struct buf quoted = {0};
	struct slice slice;
	int ret;

	if (json_slice(found, &slice)) {
		quote(slice, "", &quoted);
	} else {
		json_add(&text, found);
		slice = (struct slice){buf_str(&text), text.len};
		if (strchr("nN[{", slice.data[0]))
			quote(slice, OTHER, &quoted);
		else
			buf_add(&quoted, slice.data, slice.len);
	}
	ret = value_parse(&out->value, r->arena, buf_str(&quoted), err);
	if (ret < 0) {
		struct mldv_error cause = *err;

		(void)ini_error(r->ini, line, err, "'%s': %s", out->name,
		    cause.text);
	}
	buf_release(&text);
	buf_release(&quoted);
	return ret;
}

CHECKED static int read_member(struct stage_reader *r,
    const struct stage_file_ref *ref, struct slice text, struct param *out,
    struct mldv_error *err)
{
	const struct json *found;
	struct mldv_error cause;
	struct json *root;
	int ret;

	if (json_open(&root, text, JSON_LIMIT, JSON_STRICTLY, &cause) < 0)
		return ini_error(r->ini, ref->line, err, "'%s': %s", ref->path,
		    cause.text);
	found = find_member(root, r->arena, ref->name);
	if (found)
		ret = take_value(r, ref->line, found, out, err);
	else
		ret = ini_error(r->ini, ref->line, err, "'%s' has no '%.*s'",
		    ref->path, (int)ref->name.len, ref->name.data);
	json_close(root);
	return ret;
}

CHECKED static int read_value(struct stage_reader *r,
    const struct stage_file_ref *ref, struct param *out, struct mldv_error *err)
{
	const struct ini_source *source = r->ini->source;
	struct buf text = {0};
	int found = source
	    ? source->read(source->context, ref->path, JSON_LIMIT, &text, err)
	    : 0;

	if (found == 0)
		found = ini_error(r->ini, ref->line, err,
		    "'%s' has parameters, but does not exist", ref->path);
	if (found > 0)
		found = read_member(r, ref,
		    (struct slice){buf_str(&text), text.len}, out, err);
	buf_release(&text);
	return found < 0 ? -1 : 0;
}

int stage_read_file_param(struct stage_reader *r, unsigned line,
    struct slice text, struct mldv_error *err)
{
	struct stage *stage = r->stage;
	struct stage_file_ref ref = {.line = line};
	struct param *list;
	struct param *param;
	struct slice path;

	ref.name = text;
	(void)slice_cut(&ref.name, ':', &path);
	if (stage_read_path(r, line, path, &ref.path, err) < 0)
		return -1;
	if (ref.name.len == 0 || strchr(ref.path, ' ') ||
	    memchr(ref.name.data, ' ', ref.name.len))
		return ini_error(r->ini, line, err,
		    "'%.*s' is no parameter in a file: config.json:train.lr, "
		    "without spaces",
		    (int)text.len, text.data);
	list = arena_array(r->arena, stage->file_param_count + 1, sizeof *list);
	if (stage->file_param_count > 0)
		memcpy(list, stage->file_params,
		    stage->file_param_count * sizeof *list);
	param = &list[stage->file_param_count];
	param->name = arena_printf(r->arena, "%s:%.*s", ref.path,
	    (int)ref.name.len, ref.name.data);
	param->line = line;
	for (size_t i = 0; i < stage->file_param_count; i++) {
		if (strcmp(list[i].name, param->name) == 0)
			return ini_error(r->ini, line, err,
			    "'%s' is there twice", param->name);
	}
	if (read_value(r, &ref, param, err) < 0)
		return -1;
	stage->file_params = list;
	stage->file_param_count++;
	return 0;
}

CHECKED static int check_file(const struct stage_reader *r,
    const struct param *param, struct mldv_error *err)
{
	const char *path =
	    arena_strn(r->arena, param->name, strcspn(param->name, ":"));
	const struct place *out = places_above(r->outs, r->out_count, path);

	if (!out)
		return 0;
	return ini_error(r->ini, param->line, err,
	    "'%s' is made by stage '%s' (line %u); write it into deps", path,
	    out->stage, out->line);
}

int stages_check_files(const struct stage_reader *r, struct mldv_error *err)
{
	for (size_t i = 0; i < r->stages->count; i++) {
		const struct stage *stage = &r->stages->stages[i];

		for (size_t k = 0; k < stage->file_param_count; k++) {
			if (check_file(r, &stage->file_params[k], err) < 0)
				return -1;
		}
	}
	return 0;
}
