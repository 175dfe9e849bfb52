/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Parameters that another program's file has: "config.json:train.lr", or
 * "params.yaml:train.lr".
 */

#include <string.h>

#include "format/json.h"
#include "format/overlap.h"
#include "format/stagekeys.h"
#include "format/yaml.h"

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
	    !memchr(name.data, ' ', name.len) &&
	    !memchr(name.data, '\0', name.len);
}

static bool is_yaml(const char *path)
{
	return str_ends(path, ".yaml") || str_ends(path, ".yml");
}

/* A member of a map, or of those that its "<<" merges into it. */
static const struct json *member(const struct json *map, const char *name)
{
	const struct json *own = json_member(map, name);
	const struct json *merged = json_member(map, "<<");

	if (own || !merged)
		return own;
	if (!json_is_list(merged))
		return json_member(merged, name);
	for (size_t i = 0; i < json_len(merged) && !own; i++)
		own = json_member(json_item(merged, i), name);
	return own;
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
		    member(root, arena_strn(arena, rest.data, rest.len));

		/* A name in the file may have dots, too. */
		if (whole)
			return whole;
		more = slice_cut(&rest, '.', &word);
		root = member(root, arena_strn(arena, word.data, word.len));
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

CHECKED static int take_value(const struct json *found, struct arena *arena,
    struct value *out, struct mldv_error *err)
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
	ret = value_parse(out, arena, buf_str(&quoted), err);
	buf_release(&text);
	buf_release(&quoted);
	return ret;
}

CHECKED static int read_member(struct slice text, struct arena *arena,
    struct slice name, struct value *out, struct mldv_error *err)
{
	const struct json *found;
	struct json *root;
	int ret;

	if (json_open(&root, text, JSON_LIMIT, JSON_STRICTLY, err) < 0)
		return -1;
	found = find_member(root, arena, name);
	if (found)
		ret = take_value(found, arena, out, err);
	else
		ret = err_set(err, MLDV_USAGE, "it has no '%.*s'",
		    (int)name.len, name.data);
	json_close(root);
	return ret;
}

int file_param_read(const struct ini_source *source, struct arena *arena,
    const char *name, struct value *out, struct mldv_error *err)
{
	struct slice rest = slice_of(name);
	struct slice file;
	struct buf text = {0};
	struct buf json = {0};
	const char *path;
	int ret = 0;

	(void)slice_cut(&rest, ':', &file);
	path = arena_strn(arena, file.data, file.len);
	if (source)
		ret =
		    source->read(source->context, path, JSON_LIMIT, &text, err);
	if (ret == 0)
		ret = err_set(err, MLDV_USAGE,
		    "'%s' has parameters, but does not exist", path);
	if (ret > 0 && is_yaml(path)) {
		struct slice yaml = {buf_str(&text), text.len};

		if (yaml_to_json(&json, yaml, JSON_LIMIT, err) < 0) {
			(void)err_prefix(err, "'%s'", path);
			ret = -1;
		}
	}
	if (ret > 0) {
		const struct buf *read = is_yaml(path) ? &json : &text;

		ret = read_member((struct slice){read->data, read->len}, arena,
		    rest, out, err);
		if (ret < 0)
			(void)err_prefix(err, "'%s'", path);
	}
	buf_release(&text);
	buf_release(&json);
	return ret < 0 ? -1 : 0;
}

int stage_read_file_param(struct stage_reader *r, unsigned line,
    struct slice text, struct mldv_error *err)
{
	struct stage *stage = r->stage;
	struct param *list;
	struct param *param;
	struct slice name = text;
	struct slice given;
	const char *path;

	(void)slice_cut(&name, ':', &given);
	if (stage_read_path(r, line, given, &path, err) < 0)
		return -1;
	if (name.len == 0 || strpbrk(path, " :") ||
	    memchr(name.data, ' ', name.len))
		return ini_error(r->ini, line, err,
		    "'%.*s' is no parameter in a file: config.json:train.lr, "
		    "without spaces",
		    (int)text.len, text.data);
	list = arena_array(r->arena, stage->file_param_count + 1, sizeof *list);
	if (stage->file_param_count > 0)
		memcpy(list, stage->file_params,
		    stage->file_param_count * sizeof *list);
	param = &list[stage->file_param_count];
	param->name =
	    arena_printf(r->arena, "%s:%.*s", path, (int)name.len, name.data);
	param->line = line;
	for (size_t i = 0; i < stage->file_param_count; i++) {
		if (strcmp(list[i].name, param->name) == 0)
			return ini_error(r->ini, line, err,
			    "'%s' is there twice", param->name);
	}
	if (file_param_read(r->ini->source, r->arena, param->name,
	        &param->value, err) < 0) {
		struct mldv_error cause = *err;

		return ini_error(r->ini, line, err, "%s", cause.text);
	}
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
	    "'%s' is made by stage '%s' (%s); write it into deps", path,
	    out->stage, ini_line(r->ini, r->arena, out->line));
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
