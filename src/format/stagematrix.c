/* SPDX-License-Identifier: Apache-2.0 */
#include "format/stagematrix.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/utf8.h"
#include "format/items.h"
#include "format/oid.h"

#define PREFIX     "matrix."
#define NAME_LIMIT 40 /* as ini_is_name has it */
#define LABEL_HASH 8
#define FILE_LIMIT (1 << 20)

/* One matrix.NAME. */
struct axis {
	const char *name; /* "matrix.lr" */
	struct value *values;
	size_t count;
	unsigned line;
};

/* "lr=0.1 opt=sgd" */
struct exclusion {
	const struct value **values; /* for each axis; NULL: any */
};

struct reading {
	const struct stage_reader *r;
	const struct ini_section *section;
	const char *base;
	struct axis *axes; /* in the order of the file */
	size_t axis_count;
	struct exclusion *exclusions;
	size_t exclusion_count;
};

bool matrix_is_key(const char *key)
{
	return strcmp(key, "exclude") == 0 ||
	    strncmp(key, PREFIX, strlen(PREFIX)) == 0;
}

CHECKED static int add_value(const struct reading *reading, struct axis *axis,
    unsigned line, struct slice text, struct mldv_error *err)
{
	const struct stage_reader *r = reading->r;
	struct value *value = &axis->values[axis->count];
	const char *word = arena_strn(r->arena, text.data, text.len);

	if (axis->count == MATRIX_MAX)
		return ini_error(r->ini, line, err,
		    "'%s' has more than %d values", axis->name, MATRIX_MAX);
	if (value_parse(value, r->arena, word, err) < 0) {
		struct mldv_error cause = *err;

		return ini_error(r->ini, line, err, "'%s': %s", axis->name,
		    cause.text);
	}
	axis->count++;
	return 0;
}

/* One value on each line of a file. */
CHECKED static int read_file(const struct reading *reading, struct axis *axis,
    const struct item *item, struct mldv_error *err)
{
	const struct stage_reader *r = reading->r;
	const struct ini_source *source = r->ini->source;
	const char *given =
	    arena_strn(r->arena, item->text.data + 1, item->text.len - 1);
	struct buf text = {0};
	struct slice rest;
	struct slice line;
	const char *path;
	int found;
	bool more = true;

	if (items_path(r->ini, r->arena, item->line, given, &path, err) < 0)
		return -1;
	found = source
	    ? source->read(source->context, path, FILE_LIMIT, &text, err)
	    : 0;
	if (found == 0)
		found = ini_error(r->ini, item->line, err,
		    "'%s' takes its values from '%s', which does not exist",
		    axis->name, path);
	if (found > 0 &&
	    (!utf8_valid(buf_str(&text), text.len) ||
	        memchr(buf_str(&text), '\0', text.len)))
		found = ini_error(r->ini, item->line, err, "'%s' is not UTF-8",
		    path);
	rest = (struct slice){buf_str(&text), text.len};
	axis->values = arena_array(r->arena, MATRIX_MAX, sizeof *axis->values);
	while (found > 0 && more) {
		more = slice_cut(&rest, '\n', &line);
		line = slice_trim(line);
		if (line.len > 0 && line.data[0] != '#')
			found =
			    add_value(reading, axis, item->line, line, err) < 0
			    ? -1
			    : 1;
	}
	buf_release(&text);
	return found < 0 ? -1 : 0;
}

CHECKED static int check_axis(const struct reading *reading,
    const struct axis *axis, struct mldv_error *err)
{
	const struct stage_reader *r = reading->r;
	struct map seen = {0};
	int ret = 0;

	if (axis->count == 0)
		return ini_error(r->ini, axis->line, err, "'%s' has no values",
		    axis->name);
	for (size_t i = 0; ret == 0 && i < axis->count; i++) {
		if (!map_add_str(&seen, axis->values[i].canonical,
		        &axis->values[i]))
			ret = ini_error(r->ini, axis->line, err,
			    "'%s' has the value '%s' twice", axis->name,
			    axis->values[i].text);
	}
	map_release(&seen);
	return ret;
}

CHECKED static int read_axis(const struct reading *reading,
    const struct ini_entry *entry, struct axis *axis, struct mldv_error *err)
{
	const struct stage_reader *r = reading->r;
	struct items items;
	struct item item;
	size_t room = strlen(entry->value) / 2 + 1;
	int more;

	*axis = (struct axis){.name = entry->key, .line = entry->line};
	if (strlen(entry->key) == strlen(PREFIX))
		return ini_error(r->ini, entry->line, err,
		    "'%s' needs a name, as in matrix.lr", entry->key);
	axis->values = arena_array(r->arena,
	    room < MATRIX_MAX ? room : MATRIX_MAX, sizeof *axis->values);
	items_start(&items, r->ini, entry);
	while ((more = items_next(&items, &item, err)) > 0) {
		if (item.options.len > 0)
			return ini_error(r->ini, item.line, err,
			    "a value of '%s' has no options; write one with "
			    "two spaces in a row in a file: '%s = @file.txt'",
			    entry->key, entry->key);
		if (slice_starts(item.text, "@")) {
			if (axis->count > 0 ||
			    items_next(&items, &item, err) != 0)
				return ini_error(r->ini, item.line, err,
				    "'%s' takes its values either from a file "
				    "or from here",
				    entry->key);
			if (read_file(reading, axis, &item, err) < 0)
				return -1;
			more = 0;
			break;
		}
		if (add_value(reading, axis, item.line, item.text, err) < 0)
			return -1;
	}
	return more < 0 ? -1 : check_axis(reading, axis, err);
}

CHECKED static int read_axes(struct reading *reading, struct mldv_error *err)
{
	const struct ini_section *section = reading->section;
	const struct ini_entry *e;
	size_t count = 0;

	for (e = section->entries; e; e = e->next)
		count += strncmp(e->key, PREFIX, strlen(PREFIX)) == 0;
	reading->axes =
	    arena_array(reading->r->arena, count, sizeof *reading->axes);
	for (e = section->entries; e; e = e->next) {
		if (strncmp(e->key, PREFIX, strlen(PREFIX)) == 0 &&
		    read_axis(reading, e, &reading->axes[reading->axis_count++],
		        err) < 0)
			return -1;
	}
	return 0;
}

/* One "lr=0.1" of an exclusion. */
CHECKED static int read_condition(const struct reading *reading, unsigned line,
    struct slice word, struct exclusion *out, struct mldv_error *err)
{
	const struct stage_reader *r = reading->r;
	struct slice rest = word;
	struct slice name;
	struct value value = {.canonical = ""};

	if (!slice_cut(&rest, '=', &name))
		return ini_error(r->ini, line, err,
		    "'%.*s' excludes nothing; write name=value", (int)word.len,
		    word.data);
	if (value_parse(&value, r->arena,
	        arena_strn(r->arena, rest.data, rest.len), err) < 0) {
		struct mldv_error cause = *err;

		return ini_error(r->ini, line, err, "'exclude': %s",
		    cause.text);
	}
	for (size_t i = 0; i < reading->axis_count; i++) {
		const struct axis *axis = &reading->axes[i];

		if (!slice_is(name, axis->name + strlen(PREFIX)))
			continue;
		for (size_t k = 0; k < axis->count; k++) {
			if (strcmp(axis->values[k].canonical,
			        value.canonical) == 0)
				out->values[i] = &axis->values[k];
		}
		if (out->values[i])
			return 0;
		return ini_error(r->ini, line, err,
		    "'%s' has no value '%s' to exclude", axis->name,
		    value.text);
	}
	return ini_error(r->ini, line, err, "there is no '" PREFIX "%.*s'",
	    (int)name.len, name.data);
}

CHECKED static int read_exclusion(struct reading *reading, unsigned line,
    struct slice text, struct mldv_error *err)
{
	struct exclusion *out =
	    &reading->exclusions[reading->exclusion_count++];
	struct slice rest = text;
	struct slice word;
	bool more = true;

	out->values = arena_array(reading->r->arena, reading->axis_count,
	    sizeof(const struct value *));
	while (more) {
		more = slice_cut(&rest, ' ', &word);
		word = slice_trim(word);
		if (word.len > 0 &&
		    read_condition(reading, line, word, out, err) < 0)
			return -1;
	}
	return 0;
}

CHECKED static int read_exclusions(struct reading *reading,
    struct mldv_error *err)
{
	const struct stage_reader *r = reading->r;
	const struct ini_entry *entry =
	    ini_entry_find(reading->section, "exclude");
	struct value_lines lines;
	struct slice text;
	unsigned line;

	if (!entry)
		return 0;
	if (reading->axis_count == 0)
		return ini_error(r->ini, entry->line, err,
		    "'exclude' needs a 'matrix.NAME' to exclude from");
	reading->exclusions = arena_array(r->arena, entry->line_count,
	    sizeof *reading->exclusions);
	lines = value_lines_of(entry);
	while (value_lines_next(&lines, &text, &line)) {
		if (read_exclusion(reading, line, text, err) < 0)
			return -1;
	}
	return 0;
}

/* at has the number of each axis' value. */
static bool is_excluded(const struct reading *reading, const size_t *at)
{
	for (size_t i = 0; i < reading->exclusion_count; i++) {
		const struct exclusion *one = &reading->exclusions[i];
		bool all = true;

		for (size_t k = 0; k < reading->axis_count; k++)
			all &= !one->values[k] ||
			    one->values[k] == &reading->axes[k].values[at[k]];
		if (all)
			return true;
	}
	return false;
}

static int by_name(const void *a, const void *b)
{
	const struct param *left = a;
	const struct param *right = b;

	return strcmp(left->name, right->name);
}

/* What a value adds to a label, as far as a name can have it. */
static void add_label(const struct value *value, struct buf *out)
{
	if (out->len > 0)
		buf_add_char(out, '-');
	buf_add_str(out, value->text);
}

static void hash_label(const struct variant *variant, char *out)
{
	char hex[OID_HEX + 1];
	struct buf text = {0};
	struct oid oid;

	for (size_t i = 0; i < variant->param_count; i++)
		buf_printf(&text, "%s=%s\n", variant->params[i].name,
		    variant->params[i].value.canonical);
	oid_of(buf_str(&text), text.len, &oid);
	oid_hex(&oid, hex);
	memcpy(out, hex, LABEL_HASH);
	out[LABEL_HASH] = '\0';
	buf_release(&text);
}

static void set_label(const struct reading *reading, struct variant *out,
    const char *label)
{
	struct arena *arena = reading->r->arena;

	out->label = arena_str(arena, label);
	out->name = arena_printf(arena, "%s@%s", reading->base, label);
}

static void make_variant(const struct reading *reading, const size_t *at,
    struct variant *out)
{
	struct arena *arena = reading->r->arena;
	size_t room = NAME_LIMIT - strlen(reading->base) - 1;
	char hash[LABEL_HASH + 1];
	struct buf label = {0};

	out->param_count = reading->axis_count;
	out->params =
	    arena_array(arena, reading->axis_count, sizeof *out->params);
	for (size_t i = 0; i < reading->axis_count; i++) {
		const struct axis *axis = &reading->axes[i];

		out->params[i] = (struct param){
		    .name = axis->name,
		    .value = axis->values[at[i]],
		    .line = axis->line,
		};
		add_label(&axis->values[at[i]], &label);
	}
	qsort(out->params, out->param_count, sizeof *out->params, by_name);
	if (label.len > room ||
	    !ini_is_name((struct slice){buf_str(&label), label.len})) {
		hash_label(out, hash);
		set_label(reading, out, hash);
	} else {
		set_label(reading, out, buf_str(&label));
	}
	buf_release(&label);
}

/* "a-b" and "c", "a" and "b-c": neither may keep the label. */
static void part_labels(const struct reading *reading, struct matrix *out)
{
	struct map seen = {0};

	for (size_t i = 0; i < out->count; i++) {
		struct variant *one = &out->variants[i];
		struct variant *other = map_get_str(&seen, one->label);
		char hash[LABEL_HASH + 1];

		if (!other) {
			(void)map_add_str(&seen, one->label, one);
			continue;
		}
		hash_label(one, hash);
		set_label(reading, one, hash);
		hash_label(other, hash);
		set_label(reading, other, hash);
	}
	map_release(&seen);
}

/* The next combination, the last axis first; false after the last one. */
static bool advance(const struct reading *reading, size_t *at)
{
	for (size_t i = reading->axis_count; i-- > 0;) {
		if (++at[i] < reading->axes[i].count)
			return true;
		at[i] = 0;
	}
	return false;
}

CHECKED static int multiply(const struct reading *reading, struct matrix *out,
    struct mldv_error *err)
{
	const struct stage_reader *r = reading->r;
	size_t *at = arena_array(r->arena, reading->axis_count, sizeof *at);
	size_t total = 1;

	for (size_t i = 0; i < reading->axis_count; i++) {
		total *= reading->axes[i].count;
		if (total > MATRIX_MAX)
			return ini_error(r->ini, reading->axes[i].line, err,
			    "stage '%s' would have more than %d variants",
			    reading->base, MATRIX_MAX);
	}
	out->variants = arena_array(r->arena, total, sizeof *out->variants);
	do {
		if (!is_excluded(reading, at))
			make_variant(reading, at, &out->variants[out->count++]);
	} while (advance(reading, at));
	if (out->count == 0)
		return ini_error(r->ini, reading->section->line, err,
		    "'exclude' leaves no variant of stage '%s'", reading->base);
	part_labels(reading, out);
	return 0;
}

int matrix_read(const struct stage_reader *r, const struct ini_section *section,
    struct matrix *out, struct mldv_error *err)
{
	struct reading reading = {
	    .r = r,
	    .section = section,
	    .base = strchr(section->name, ' ') + 1,
	};

	*out = (struct matrix){0};
	if (read_axes(&reading, err) < 0 || read_exclusions(&reading, err) < 0)
		return -1;
	if (reading.axis_count > 0 &&
	    strlen(reading.base) > NAME_LIMIT - 1 - LABEL_HASH)
		return ini_error(r->ini, section->line, err,
		    "the name of a stage with a matrix has at most %d bytes",
		    NAME_LIMIT - 1 - LABEL_HASH);
	if (reading.axis_count > 0)
		return multiply(&reading, out, err);
	out->count = 1;
	out->variants = arena_array(r->arena, 1, sizeof *out->variants);
	out->variants[0].name = reading.base;
	return 0;
}
