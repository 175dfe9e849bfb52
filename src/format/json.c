/* SPDX-License-Identifier: Apache-2.0 */
#include "format/json.h"

#include <string.h>

#include <jansson.h>

#include "base/strs.h"
#include "format/value.h"

static const json_t *inside(const struct json *value)
{
	return (const json_t *)value;
}

static struct json *outside(json_t *value)
{
	return (struct json *)value;
}

static size_t string_len(struct slice text)
{
	size_t i = 1;

	while (i < text.len && text.data[i] != '"')
		i += text.data[i] == '\\' ? 2 : 1;
	return i < text.len ? i + 1 : text.len;
}

static size_t word_len(struct slice text)
{
	static const char part[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "+-.";
	size_t i = 0;

	while (i < text.len && text.data[i] && strchr(part, text.data[i]))
		i++;
	return i;
}

static bool is_python(struct slice word)
{
	if (slice_is(word, "NaN") || slice_is(word, "Infinity") ||
	    slice_is(word, "-Infinity"))
		return true;
	if (word.len <= 18)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if ((word.data[i] < '0' || word.data[i] > '9') &&
		    (i > 0 || word.data[i] != '-'))
			return false;
	}
	return true;
}

static void make_strict(struct slice text, struct buf *out)
{
	while (text.len > 0) {
		struct slice token = {text.data, 1};

		if (text.data[0] == '"')
			token.len = string_len(text);
		else if (word_len(text) > 0)
			token.len = word_len(text);
		if (token.data[0] != '"' && is_python(token))
			buf_add_str(out, "null");
		else
			buf_add(out, token.data, token.len);
		text.data += token.len;
		text.len -= token.len;
	}
}

int json_open(struct json **out, struct slice text, size_t limit,
    enum json_dialect dialect, struct mldv_error *err)
{
	size_t flags = JSON_REJECT_DUPLICATES |
	    (dialect == JSON_ANY_VALUE ? JSON_DECODE_ANY : JSON_ALLOW_NUL);
	struct buf strict = {0};
	json_error_t cause;
	json_t *root;

	if (text.len > limit)
		return err_set(err, MLDV_FAILED, "larger than %zu MiB",
		    limit >> 20);
	if (dialect == JSON_OF_PYTHON) {
		make_strict(text, &strict);
		text = (struct slice){strict.data, strict.len};
	}
	root = json_loadb(text.data ? text.data : "", text.len, flags, &cause);
	buf_release(&strict);
	if (!root)
		return err_set(err, MLDV_FAILED, "line %d: not JSON: %s",
		    cause.line, cause.text);
	*out = outside(root);
	return 0;
}

void json_close(struct json *root)
{
	json_decref((json_t *)root);
}

bool json_is_map(const struct json *value)
{
	return json_is_object(inside(value));
}

bool json_is_list(const struct json *value)
{
	return json_is_array(inside(value));
}

struct json *json_member(const struct json *map, const char *name)
{
	return outside(json_object_get(inside(map), name));
}

void json_names(struct json *map, struct strs *out)
{
	json_t *object = (json_t *)map;

	for (void *at = json_object_iter(object); at;
	     at = json_object_iter_next(object, at))
		strs_add(out, json_object_iter_key(at));
	strs_sort(out);
}

size_t json_len(const struct json *list)
{
	return json_array_size(inside(list));
}

struct json *json_item(const struct json *list, size_t i)
{
	return outside(json_array_get(inside(list), i));
}

bool json_slice(const struct json *value, struct slice *out)
{
	if (!json_is_string(inside(value)))
		return false;
	out->data = json_string_value(inside(value));
	out->len = json_string_length(inside(value));
	return true;
}

const char *json_str(const struct json *value)
{
	struct slice text;

	if (!json_slice(value, &text) || memchr(text.data, '\0', text.len))
		return NULL;
	return text.data;
}

bool json_whole(const struct json *value, int64_t *out)
{
	if (!json_is_integer(inside(value)))
		return false;
	*out = json_integer_value(inside(value));
	return true;
}

bool json_yes(const struct json *value)
{
	return json_is_true(inside(value));
}

void json_add_text(struct buf *out, struct slice text)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c == '"' || c == '\\')
			buf_add_char(out, '\\');
		if (c == '\n')
			buf_add_str(out, "\\n");
		else if (c < 0x20)
			buf_printf(out, "\\u%04x", c);
		else
			buf_add_char(out, (char)c);
	}
	buf_add_char(out, '"');
}

static int add_piece(const char *piece, size_t size, void *out)
{
	buf_add(out, piece, size);
	return 0;
}

void json_add(struct buf *out, const struct json *value)
{
	if (value)
		(void)json_dump_callback(inside(value), add_piece, out,
		    JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}

#define DEPTH_LIMIT 64
#define NAME_LIMIT  1024

/* The objects that the walk is in. */
struct level {
	json_t *object;
	void *next;      /* jansson's iterator */
	size_t name_len; /* of what leads here, with its dot */
};

struct walk {
	struct arena *arena;
	struct level levels[DEPTH_LIMIT];
	size_t depth;
	struct buf name;
	struct json_values values;
	size_t capacity;
};

static void push(struct walk *walk, json_t *object)
{
	walk->levels[walk->depth++] = (struct level){
	    .object = object,
	    .next = json_object_iter(object),
	    .name_len = walk->name.len,
	};
}

static struct json_value *add(struct walk *walk)
{
	struct json_values *values = &walk->values;

	if (values->count == walk->capacity) {
		size_t capacity = walk->capacity ? 2 * walk->capacity : 16;
		struct json_value *items =
		    arena_array(walk->arena, capacity, sizeof *items);

		if (values->count > 0)
			memcpy(items, values->items,
			    values->count * sizeof *items);
		values->items = items;
		walk->capacity = capacity;
	}
	return &values->items[values->count++];
}

static void add_leaf(struct walk *walk, const json_t *json)
{
	struct json_value *value = add(walk);
	struct buf text = {0};

	if (json_is_array(json)) {
		buf_add_str(&walk->name, ".length");
		buf_printf(&text, "%zu", json_array_size(json));
		value->value = (double)json_array_size(json);
		value->number = true;
	} else if (json_is_integer(json)) {
		buf_printf(&text, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(json));
		value->value = (double)json_integer_value(json);
		value->number = true;
	} else if (json_is_real(json)) {
		value->value = json_real_value(json);
		value->number = true;
		value_show_number(value->value, &text);
	} else if (json_is_string(json)) {
		buf_add_str(&text, json_string_value(json));
	} else if (json_is_null(json)) {
		buf_add_str(&text, "null");
	} else {
		buf_add_str(&text, json_is_true(json) ? "true" : "false");
	}
	value->name = arena_strn(walk->arena, walk->name.data, walk->name.len);
	value->text = arena_str(walk->arena, buf_str(&text));
	buf_release(&text);
}

/* Takes the next member of the innermost object, or leaves the object. */
CHECKED static int step(struct walk *walk, struct mldv_error *err)
{
	struct level *level = &walk->levels[walk->depth - 1];
	json_t *member;

	if (!level->next) {
		walk->depth--;
		return 0;
	}
	walk->name.len = level->name_len;
	buf_add_str(&walk->name, json_object_iter_key(level->next));
	member = json_object_iter_value(level->next);
	level->next = json_object_iter_next(level->object, level->next);
	if (walk->name.len > NAME_LIMIT)
		return err_set(err, MLDV_FAILED,
		    "a name is longer than %d bytes", NAME_LIMIT);
	if (!json_is_object(member)) {
		add_leaf(walk, member);
		return 0;
	}
	if (walk->depth == DEPTH_LIMIT)
		return err_set(err, MLDV_FAILED,
		    "objects nest deeper than %d levels", DEPTH_LIMIT);
	buf_add_char(&walk->name, '.');
	push(walk, member);
	return 0;
}

int json_flatten(struct json_values *out, struct arena *arena, const char *text,
    size_t len, struct mldv_error *err)
{
	struct walk walk = {.arena = arena};
	json_error_t cause;
	json_t *root;
	int ret = -1;

	if (len > JSON_LIMIT)
		return err_set(err, MLDV_FAILED, "larger than %d MiB",
		    JSON_LIMIT >> 20);
	root =
	    json_loadb(text ? text : "", len, JSON_REJECT_DUPLICATES, &cause);
	if (!root)
		return err_set(err, MLDV_FAILED, "line %d: not JSON: %s",
		    cause.line, cause.text);
	if (!json_is_object(root)) {
		(void)err_set(err, MLDV_FAILED,
		    "not a JSON object with names and values");
		goto out;
	}
	push(&walk, root);
	while (walk.depth > 0) {
		if (step(&walk, err) < 0)
			goto out;
	}
	*out = walk.values;
	ret = 0;
out:
	buf_release(&walk.name);
	json_decref(root);
	return ret;
}

enum json_kind json_kind(const struct json *value)
{
	static const enum json_kind kinds[] = {
	    [JSON_OBJECT] = JSON_KIND_OBJECT,
	    [JSON_ARRAY] = JSON_KIND_ARRAY,
	    [JSON_STRING] = JSON_KIND_TEXT,
	    [JSON_INTEGER] = JSON_KIND_INTEGER,
	    [JSON_REAL] = JSON_KIND_REAL,
	    [JSON_TRUE] = JSON_KIND_BOOL,
	    [JSON_FALSE] = JSON_KIND_BOOL,
	    [JSON_NULL] = JSON_KIND_NULL,
	};

	return value ? kinds[json_typeof(inside(value))] : JSON_KIND_NONE;
}

struct json *json_get(const struct json *from, const char *path)
{
	struct json *value = NULL;
	struct slice rest = slice_of(path);
	bool more = true;

	while (more && from) {
		char name[NAME_LIMIT];
		struct slice word;
		uint64_t i;

		more = slice_cut(&rest, '.', &word);
		if (word.len >= sizeof name)
			return NULL;
		memcpy(name, word.data, word.len);
		name[word.len] = '\0';
		if (!json_is_list(from))
			value = json_member(from, name);
		else if (slice_number(word, &i))
			value = json_item(from, (size_t)i);
		else
			value = NULL;
		from = value;
	}
	return from ? value : NULL;
}

const char *json_text_at(const struct json *from, const char *path,
    struct arena *arena)
{
	const char *text = json_str(json_get(from, path));

	return text ? arena_str(arena, text) : NULL;
}

bool json_double(const struct json *value, double *out)
{
	if (!json_is_number(inside(value)))
		return false;
	*out = json_number_value(inside(value));
	return true;
}

int64_t json_int(const struct json *value)
{
	return json_integer_value(inside(value));
}

void json_each(struct json *map,
    void (*visit)(void *context, const char *name, struct json *value),
    void *context)
{
	json_t *object = (json_t *)map;

	for (void *at = json_object_iter(object); at;
	     at = json_object_iter_next(object, at))
		visit(context, json_object_iter_key(at),
		    outside(json_object_iter_value(at)));
}
