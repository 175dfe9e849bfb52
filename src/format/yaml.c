/* SPDX-License-Identifier: Apache-2.0 */
#include "format/yaml.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "format/json.h"

#define TAG       "tag:yaml.org,2002:"
#define TOO_LARGE "it is too large, with its aliases"

/* Where an anchor's value is in what was written; end 0: still being. */
struct anchor {
	const char *name;
	size_t begin;
	size_t end;
};

/* A map or a list that is not closed yet. */
struct level {
	bool map;
	bool valued; /* a key is written, its value is not */
	size_t count;
	size_t anchor; /* its number from 1; 0: none */
};

struct converter {
	struct buf *out;
	size_t begin; /* of what is appended */
	size_t limit;
	struct arena arena;
	struct level levels[YAML_DEPTH];
	size_t depth;
	struct anchor anchors[YAML_ANCHORS];
	size_t anchor_count;
	size_t documents;
	size_t line;
	struct mldv_error *err;
};

static int wrong(const struct converter *c, const char *what)
{
	return err_set(c->err, MLDV_FAILED, "line %zu: %s", c->line, what);
}

/* "[-+]?[0-9]+" and the like: how many of these characters begin the text. */
static size_t span(struct slice text, size_t at, const char *set)
{
	size_t begin = at;

	while (at < text.len && text.data[at] != '\0' &&
	    strchr(set, text.data[at]))
		at++;
	return at - begin;
}

#define DIGITS "0123456789"

/* A decimal number, cut up. */
struct number {
	bool negative;
	struct slice whole, fraction, exponent; /* data NULL: not there */
};

static bool read_number(struct slice text, struct number *out)
{
	size_t at = text.len > 0 && strchr("+-", text.data[0]) ? 1 : 0;
	size_t len = span(text, at, DIGITS);

	*out = (struct number){
	    .negative = at > 0 && text.data[0] == '-',
	    .whole = {text.data + at, len},
	};
	at += len;
	if (at < text.len && text.data[at] == '.') {
		at++;
		out->fraction =
		    (struct slice){text.data + at, span(text, at, DIGITS)};
		at += out->fraction.len;
	}
	if (out->whole.len + out->fraction.len == 0)
		return false;
	if (at < text.len && (text.data[at] == 'e' || text.data[at] == 'E')) {
		size_t sign = at + 1 < text.len &&
		    (text.data[at + 1] == '+' || text.data[at + 1] == '-');

		len = span(text, at + 1 + sign, DIGITS);
		out->exponent = (struct slice){text.data + at + 1, sign + len};
		at += 1 + sign + len;
		if (len == 0)
			return false;
	}
	return at == text.len;
}

CHECKED static int add_number(struct converter *c, const struct number *number)
{
	struct slice whole = number->whole;
	struct buf text = {0};
	int ret = 0;

	while (whole.len > 1 && whole.data[0] == '0') {
		whole.data++;
		whole.len--;
	}
	if (number->negative)
		buf_add_char(&text, '-');
	buf_add(&text, whole.len > 0 ? whole.data : "0",
	    whole.len > 0 ? whole.len : 1);
	if (number->fraction.data || number->exponent.data) {
		buf_add_char(&text, '.');
		buf_add(&text,
		    number->fraction.len > 0 ? number->fraction.data : "0",
		    number->fraction.len > 0 ? number->fraction.len : 1);
		if (number->exponent.data) {
			buf_add_char(&text, 'e');
			buf_add(&text, number->exponent.data,
			    number->exponent.len);
		}
		if (isinf(strtod(buf_str(&text), NULL)))
			ret = wrong(c,
			    "a number is too large; write it in "
			    "quotes if it is a text");
	} else {
		errno = 0;
		(void)strtoimax(buf_str(&text), NULL, 10);
		if (errno == ERANGE)
			ret = wrong(c,
			    "a number is beyond 64 bits; write it "
			    "in quotes if it is a text");
	}
	buf_add(c->out, text.data, text.len);
	buf_release(&text);
	return ret;
}

/* "0o17", "0x1f" */
CHECKED static int add_based(struct converter *c, struct slice text, int base)
{
	struct buf digits = {0};
	uintmax_t number;

	buf_add(&digits, text.data + 2, text.len - 2);
	errno = 0;
	number = strtoumax(buf_str(&digits), NULL, base);
	buf_release(&digits);
	if (errno == ERANGE || number > INT64_MAX)
		return wrong(c,
		    "a number is beyond 64 bits; write it in "
		    "quotes if it is a text");
	buf_printf(c->out, "%ju", number);
	return 0;
}

static bool is_one_of(struct slice text, const char *const *words)
{
	while (*words && !slice_is(text, *words))
		words++;
	return *words != NULL;
}

/* A scalar without quotes. */
CHECKED static int add_plain(struct converter *c, struct slice text)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL",
	    NULL};
	static const char *const yes[] = {"true", "True", "TRUE", NULL};
	static const char *const no[] = {"false", "False", "FALSE", NULL};
	struct number number;

	if (is_one_of(text, nulls))
		buf_add_str(c->out, "null");
	else if (is_one_of(text, yes))
		buf_add_str(c->out, "true");
	else if (is_one_of(text, no))
		buf_add_str(c->out, "false");
	else if (slice_starts(text, "0o") && text.len > 2 &&
	    span(text, 2, "01234567") == text.len - 2)
		return add_based(c, text, 8);
	else if (slice_starts(text, "0x") && text.len > 2 &&
	    span(text, 2, DIGITS "abcdefABCDEF") == text.len - 2)
		return add_based(c, text, 16);
	else if (read_number(text, &number))
		return add_number(c, &number);
	else
		json_add_text(c->out, text);
	return 0;
}

/* Where a value may stand: false where a key must. */
static bool begin_value(struct converter *c)
{
	struct level *level = c->depth > 0 ? &c->levels[c->depth - 1] : NULL;

	if (!level)
		return true;
	if (level->map && !level->valued)
		return false;
	if (!level->map && level->count > 0)
		buf_add_char(c->out, ',');
	level->valued = false;
	level->count++;
	return true;
}

CHECKED static int add_key(struct converter *c, struct slice text)
{
	struct level *level = &c->levels[c->depth - 1];

	if (level->count > 0)
		buf_add_char(c->out, ',');
	json_add_text(c->out, text);
	buf_add_char(c->out, ':');
	level->valued = true;
	return 0;
}

/* Notes where an anchor's value begins: its number in *out, or 0. */
CHECKED static int begin_anchor(struct converter *c, const yaml_char_t *name,
    size_t *out)
{
	*out = 0;
	if (!name)
		return 0;
	if (c->anchor_count == YAML_ANCHORS)
		return wrong(c, "there are too many anchors");
	c->anchors[c->anchor_count++] = (struct anchor){
	    .name = arena_str(&c->arena, (const char *)name),
	    .begin = c->out->len,
	};
	*out = c->anchor_count;
	return 0;
}

static void end_anchor(struct converter *c, size_t number)
{
	if (number > 0)
		c->anchors[number - 1].end = c->out->len;
}

CHECKED static int add_alias(struct converter *c, const yaml_char_t *name)
{
	const struct anchor *anchor = NULL;
	size_t size;
	char *room;

	for (size_t i = c->anchor_count; i > 0 && !anchor; i--) {
		if (strcmp(c->anchors[i - 1].name, (const char *)name) == 0)
			anchor = &c->anchors[i - 1];
	}
	if (!anchor)
		return wrong(c, "an alias has no anchor");
	if (anchor->end == 0)
		return wrong(c, "an alias stands in what it stands for");
	if (!begin_value(c))
		return wrong(c, "a key is not a plain text");
	size = anchor->end - anchor->begin;
	if (c->out->len - c->begin + size > c->limit)
		return wrong(c, TOO_LARGE);
	room = buf_room(c->out, size);
	memcpy(room, c->out->data + anchor->begin, size);
	c->out->len += size;
	return 0;
}

static bool is_tag(const yaml_char_t *tag, const char *name)
{
	return tag && strcmp((const char *)tag, name) == 0;
}

CHECKED static int add_scalar(struct converter *c, const yaml_event_t *event)
{
	const yaml_char_t *tag = event->data.scalar.tag;
	struct slice text = {(const char *)event->data.scalar.value,
	    event->data.scalar.length};
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    !is_tag(tag, "!") && !is_tag(tag, TAG "str");
	size_t anchor;

	if (tag && !is_tag(tag, "!") && !is_tag(tag, TAG "str") &&
	    !is_tag(tag, TAG "int") && !is_tag(tag, TAG "float") &&
	    !is_tag(tag, TAG "bool") && !is_tag(tag, TAG "null"))
		return wrong(c, "a tag is not known here");
	if (!begin_value(c))
		return add_key(c, text);
	if (begin_anchor(c, event->data.scalar.anchor, &anchor) < 0)
		return -1;
	if (!plain)
		json_add_text(c->out, text);
	else if (add_plain(c, text) < 0)
		return -1;
	end_anchor(c, anchor);
	return 0;
}

CHECKED static int open_level(struct converter *c, bool map,
    const yaml_char_t *name, const yaml_char_t *tag)
{
	size_t anchor;

	if (tag && !is_tag(tag, map ? TAG "map" : TAG "seq"))
		return wrong(c, "a tag is not known here");
	if (c->depth == YAML_DEPTH)
		return wrong(c, "it is nested too deeply");
	if (!begin_value(c))
		return wrong(c, "a key is not a plain text");
	if (c->depth == 0 && !map)
		return wrong(c, "it is a list, not a map");
	if (begin_anchor(c, name, &anchor) < 0)
		return -1;
	buf_add_char(c->out, map ? '{' : '[');
	c->levels[c->depth++] = (struct level){.map = map, .anchor = anchor};
	return 0;
}

static void close_level(struct converter *c)
{
	const struct level *level = &c->levels[--c->depth];

	buf_add_char(c->out, level->map ? '}' : ']');
	end_anchor(c, level->anchor);
}

CHECKED static int take_event(struct converter *c, const yaml_event_t *event)
{
	c->line = event->start_mark.line + 1;
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return c->documents++ > 0 ? wrong(c, "a second document begins")
		                          : 0;
	case YAML_ALIAS_EVENT:
		return c->depth == 0 ? wrong(c, "it is an alias, not a map")
		                     : add_alias(c, event->data.alias.anchor);
	case YAML_SCALAR_EVENT:
		return c->depth == 0 ? wrong(c, "it is a scalar, not a map")
		                     : add_scalar(c, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_level(c, false, event->data.sequence_start.anchor,
		    event->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return open_level(c, true, event->data.mapping_start.anchor,
		    event->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_level(c);
		return 0;
	default:
		return 0;
	}
}

CHECKED static int convert(struct converter *c, yaml_parser_t *parser)
{
	yaml_event_type_t type;

	do {
		yaml_event_t event;
		int ret;

		if (!yaml_parser_parse(parser, &event)) {
			c->line = parser->problem_mark.line + 1;
			return wrong(c,
			    parser->problem ? parser->problem : "not YAML");
		}
		type = event.type;
		ret = take_event(c, &event);
		yaml_event_delete(&event);
		if (ret < 0)
			return -1;
		if (c->out->len - c->begin > c->limit)
			return wrong(c, TOO_LARGE);
	} while (type != YAML_STREAM_END_EVENT);
	/* A file with nothing but remarks. */
	if (c->documents == 0)
		buf_add_str(c->out, "{}");
	return 0;
}

int yaml_to_json(struct buf *out, struct slice text, size_t limit,
    struct mldv_error *err)
{
	struct converter *c;
	yaml_parser_t parser;
	int ret;

	if (text.len > limit)
		return err_set(err, MLDV_FAILED, "larger than %zu MiB",
		    limit >> 20);
	if (!yaml_parser_initialize(&parser))
		return err_set(err, MLDV_FAILED, "libyaml cannot be started");
	c = xcalloc(1, sizeof *c);
	c->out = out;
	c->begin = out->len;
	c->limit = limit;
	c->err = err;
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser,
	    (const unsigned char *)(text.data ? text.data : ""), text.len);
	ret = convert(c, &parser);
	yaml_parser_delete(&parser);
	arena_release(&c->arena);
	free(c);
	return ret;
}
