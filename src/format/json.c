/* SPDX-License-Identifier: Apache-2.0 */
#include "format/json.h"

#include <string.h>

#include <jansson.h>

#include "format/value.h"

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
