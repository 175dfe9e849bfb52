/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "format/key.h"
#include "format/lines.h"

/* A parameter comes first: its value is in the command, too. */
enum topic {
	TOPIC_PARAM,
	TOPIC_INJECT,
	TOPIC_ENV,
	TOPIC_CMD,
	TOPIC_DEP,
	TOPIC_OUT,
	TOPIC_REST,
};
/* A line divided into what it is about and what it says. */
struct fact {
	enum topic topic;
	struct slice word;
	struct slice name;
	struct slice value;
};

/* "<type> <name> <canonical value>" */
static void divide_value(struct slice rest, struct fact *fact)
{
	struct slice type;

	(void)slice_cut(&rest, ' ', &type);
	(void)slice_cut(&rest, ' ', &fact->name);
	fact->value = rest;
	/* Which is what stands between the two. */
	fact->word = type;
}

/* What stands behind the first skip bytes is what the line is about. */
static void divide_at(struct slice rest, size_t skip, struct fact *fact)
{
	if (rest.len < skip)
		skip = 0;
	fact->value = (struct slice){rest.data, skip};
	fact->name = (struct slice){rest.data + skip, rest.len - skip};
}

static struct fact fact_of(const char *line)
{
	struct slice rest = slice_of(line);
	struct fact fact = {.topic = TOPIC_REST};

	(void)slice_cut(&rest, ' ', &fact.word);
	if (slice_is(fact.word, "out")) {
		fact.topic = TOPIC_OUT;
		fact.name = rest;
	} else if (slice_is(fact.word, "dep")) {
		/* The path stands behind the letter and the oid. */
		fact.topic = TOPIC_DEP;
		divide_at(rest, OID_HEX + 3, &fact);
	} else if (slice_is(fact.word, "nb")) {
		fact.topic = TOPIC_DEP;
		divide_at(rest, OID_HEX + 1, &fact);
	} else if (slice_is(fact.word, "envlock") ||
	    slice_is(fact.word, "probe")) {
		divide_at(rest, OID_HEX + 1, &fact);
	} else if (slice_is(fact.word, "param")) {
		fact.topic = TOPIC_PARAM;
		divide_value(rest, &fact);
	} else if (slice_is(fact.word, "inject")) {
		fact.topic = TOPIC_INJECT;
		divide_value(rest, &fact);
	} else if (slice_is(fact.word, "env")) {
		fact.topic = TOPIC_ENV;
		(void)slice_cut(&rest, ' ', &fact.name);
		fact.value = rest;
	} else {
		fact.value = rest;
		if (slice_is(fact.word, "cmd"))
			fact.topic = TOPIC_CMD;
	}
	return fact;
}

static bool has_type(const struct fact *fact)
{
	return fact->topic == TOPIC_PARAM || fact->topic == TOPIC_INJECT;
}

static int compare_names(const struct fact *a, const struct fact *b)
{
	int order;

	if (a->topic != b->topic)
		return a->topic < b->topic ? -1 : 1;
	if (has_type(a))
		return slice_compare(a->name, b->name);
	order = slice_compare(a->word, b->word);
	return order != 0 ? order : slice_compare(a->name, b->name);
}

static int compare_facts(const void *a, const void *b)
{
	return compare_names(a, b);
}

static struct fact *facts_of(struct arena *arena, const struct key *key)
{
	size_t count = key->lines.count;
	struct fact *facts = arena_array(arena, count + 1, sizeof *facts);

	for (size_t i = 0; i < count; i++)
		facts[i] = fact_of(key->lines.items[i]);
	if (count > 1)
		qsort(facts, count, sizeof *facts, compare_facts);
	return facts;
}

static void show_name(struct slice name, struct buf *out)
{
	struct buf text = {0};
	size_t len = 0;

	if (lines_unescape(name, buf_room(&text, name.len + 1), &len))
		utf8_show(text.data, len, out);
	buf_release(&text);
}

static void show_value(const struct fact *fact, bool with_type, struct buf *out)
{
	struct buf text = {0};
	struct buf plain = {0};
	size_t len = 0;

	if (with_type) {
		buf_add(out, fact->word.data, fact->word.len);
		buf_add_char(out, ' ');
	}
	if (lines_unescape(fact->value, buf_room(&text, fact->value.len + 1),
	        &len))
		value_show((struct slice){text.data, len}, &plain);
	utf8_show(buf_str(&plain), plain.len, out);
	buf_release(&text);
	buf_release(&plain);
}

/* "unset", or the value without its '='. */
static void show_variable(const struct fact *fact, struct buf *out)
{
	struct slice value = fact->value;

	if (slice_starts(value, "=")) {
		value.data++;
		value.len--;
	}
	if (value.len == 0)
		buf_add_str(out, "\"\"");
	else
		show_name(value, out);
}

static void show_param(const struct fact *old, const struct fact *new,
    struct buf *out)
{
	struct buf before = {0};
	struct buf after = {0};
	bool alike;

	show_value(old, false, &before);
	show_value(new, false, &after);
	alike = strcmp(buf_str(&before), buf_str(&after)) == 0;
	buf_add_char(out, ' ');
	show_value(old, alike, out);
	buf_add_str(out, " -> ");
	show_value(new, alike, out);
	buf_release(&before);
	buf_release(&after);
}

/* Says how the fact differs; old or new may be NULL. */
static void show_difference(const struct fact *fact, const struct fact *old,
    const struct fact *new, struct buf *out)
{
	if (has_type(fact))
		buf_add_str(out,
		    fact->topic == TOPIC_PARAM ? "param" : "inject");
	else if (slice_is(fact->word, "nb"))
		buf_add_str(out, "notebook");
	else
		buf_add(out, fact->word.data, fact->word.len);
	if (fact->name.len > 0) {
		buf_add_char(out, ' ');
		show_name(fact->name, out);
	}
	if (!old)
		buf_add_str(out, " added");
	else if (!new)
		buf_add_str(out, " removed");
	else if (has_type(fact))
		show_param(old, new, out);
	else if (fact->topic == TOPIC_ENV) {
		buf_add_char(out, ' ');
		show_variable(old, out);
		buf_add_str(out, " -> ");
		show_variable(new, out);
	} else
		buf_add_str(out, " changed");
}

static bool same_value(const struct fact *a, const struct fact *b)
{
	return slice_compare(a->value, b->value) == 0 &&
	    slice_compare(a->word, b->word) == 0;
}

bool key_difference(const struct key *old, const struct key *new,
    struct buf *out)
{
	struct arena arena = {0};
	const struct fact *a = facts_of(&arena, old);
	const struct fact *b = facts_of(&arena, new);
	const struct fact *a_end = a + old->lines.count;
	const struct fact *b_end = b + new->lines.count;
	bool differs = false;

	while (!differs && (a < a_end || b < b_end)) {
		int order;

		if (a == a_end || b == b_end)
			order = a == a_end ? 1 : -1;
		else
			order = compare_names(a, b);
		differs = order != 0 || !same_value(a, b);
		if (differs)
			show_difference(order <= 0 ? a : b,
			    order <= 0 ? a : NULL, order >= 0 ? b : NULL, out);
		a += order <= 0;
		b += order >= 0;
	}
	arena_release(&arena);
	return differs;
}
