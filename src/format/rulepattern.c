/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "format/rules.h"

/* One byte, or with star any number of them, out of a set. */
struct element {
	unsigned char set[32]; /* a bit for each byte */
	bool optional;
	bool star;
};

struct pattern {
	struct element *elements;
	size_t count;
	size_t last; /* where the element that {8} is about begins */
};

static void put(struct element *element, unsigned char c)
{
	element->set[c / 8] |= (unsigned char)(1U << (c % 8));
}

static bool has(const struct element *element, unsigned char c)
{
	return element->set[c / 8] >> (c % 8) & 1;
}

static struct element *add(struct pattern *pattern)
{
	struct element *element;

	if (pattern->count == RULE_PATTERN_LIMIT)
		return NULL;
	element = &pattern->elements[pattern->count++];
	memset(element, 0, sizeof *element);
	return element;
}

/* The rest of a UTF-8 character whose first byte is in a set. */
static bool add_rest(struct pattern *pattern)
{
	for (int i = 0; i < 3; i++) {
		struct element *element = add(pattern);

		if (!element)
			return false;
		element->optional = true;
		for (unsigned c = 0x80; c < 0xc0; c++)
			put(element, (unsigned char)c);
	}
	return true;
}

static const char too_long[] = "it is too long";

static const char *add_literal(struct pattern *pattern, char c)
{
	struct element *element = add(pattern);

	if (!element)
		return too_long;
	put(element, (unsigned char)c);
	return NULL;
}

static const char *add_any(struct pattern *pattern, bool star)
{
	struct element *element = add(pattern);

	if (!element)
		return too_long;
	memset(element->set, 0xff, sizeof element->set);
	element->star = star;
	return star || add_rest(pattern) ? NULL : too_long;
}

/* "[a-z_]" or "[!0-9]", from behind the bracket. */
static const char *add_set(struct pattern *pattern, const char **text)
{
	struct element *element = add(pattern);
	const char *at = *text;
	bool negated = *at == '!' || *at == '^';

	if (!element)
		return too_long;
	at += negated;
	if (*at == ']')
		return "a set is empty";
	for (; *at && *at != ']'; at++) {
		unsigned char from = (unsigned char)*at;
		unsigned char to = from;

		if (at[1] == '-' && at[2] && at[2] != ']') {
			to = (unsigned char)at[2];
			at += 2;
		}
		if (from >= 0x80 || to >= 0x80)
			return "a set has only ASCII";
		if (to < from)
			return "a range of a set runs backwards";
		for (unsigned c = from; c <= to; c++)
			put(element, (unsigned char)c);
	}
	if (*at != ']')
		return "']' is missing";
	*text = at + 1;
	for (size_t i = 0; negated && i < sizeof element->set; i++)
		element->set[i] = (unsigned char)~element->set[i];
	return !negated || add_rest(pattern) ? NULL : too_long;
}

/* A number of at most three digits. */
static bool number(const char **text, unsigned *out)
{
	const char *at = *text;

	*out = 0;
	while (*at >= '0' && *at <= '9' && at - *text < 3)
		*out = 10 * *out + (unsigned)(*at++ - '0');
	if (at == *text)
		return false;
	*text = at;
	return true;
}

static bool copy(struct pattern *pattern, size_t from, size_t count,
    bool optional)
{
	for (size_t i = 0; i < count; i++) {
		struct element *element = add(pattern);

		if (!element)
			return false;
		*element = pattern->elements[from + i];
		element->optional |= optional;
	}
	return true;
}

/* "{8}" or "{1,8}", from behind the brace. */
static const char *repeat(struct pattern *pattern, const char **text)
{
	size_t from = pattern->last;
	size_t count = pattern->count - from;
	unsigned least;
	unsigned most;

	if (count == 0 || pattern->elements[from].star)
		return "nothing stands before '{' that could be repeated";
	if (!number(text, &least))
		return "'{' needs a number, as in {8}";
	most = least;
	if (**text == ',') {
		++*text;
		if (!number(text, &most) || most < least)
			return "'{' needs two numbers, the larger last";
	}
	if (**text != '}')
		return "'}' is missing";
	++*text;
	if (most == 0)
		return "'{0}' leaves nothing";
	for (size_t i = 0; least == 0 && i < count; i++)
		pattern->elements[from + i].optional = true;
	for (unsigned i = 1; i < most; i++) {
		if (!copy(pattern, from, count, i >= least))
			return too_long;
	}
	pattern->last = pattern->count;
	return NULL;
}

/* "${raw}": where it ends, or NULL if there is none. */
static const char *variable_end(const char *text)
{
	return strncmp(text, "${", 2) == 0 ? strchr(text, '}') : NULL;
}

static const char *compile(struct pattern *pattern, const char *text,
    const char *value)
{
	const char *why = NULL;

	while (*text && !why) {
		char c = *text;
		const char *end = variable_end(text);

		if (!end && c == '{') {
			text++;
			why = repeat(pattern, &text);
			continue;
		}
		pattern->last = pattern->count;
		text = end ? end + 1 : text + 1;
		if (end) {
			for (const char *v = value; *v && !why; v++)
				why = add_literal(pattern, *v);
			pattern->last = pattern->count;
		} else if (c == '*' || c == '?') {
			why = add_any(pattern, c == '*');
		} else if (c == '[') {
			why = add_set(pattern, &text);
		} else {
			why = add_literal(pattern, c);
		}
	}
	return why;
}

/* What may be left out is passed, too. */
static void reach(const struct pattern *pattern, bool *at, size_t state)
{
	at[state] = true;
	while (state < pattern->count &&
	    (pattern->elements[state].optional ||
	        pattern->elements[state].star))
		at[++state] = true;
}

/* Keeps the set of all places in the pattern where the name may have led. */
static bool fits(const struct pattern *pattern, struct slice name)
{
	bool *at = xcalloc(2 * (pattern->count + 1), sizeof *at);
	bool *next = at + pattern->count + 1;
	bool *from = at;
	bool ret;

	reach(pattern, from, 0);
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.data[i];
		bool *swap = from;

		memset(next, 0, (pattern->count + 1) * sizeof *next);
		for (size_t s = 0; s < pattern->count; s++) {
			const struct element *element = &pattern->elements[s];

			if (from[s] && has(element, c))
				reach(pattern, next, element->star ? s : s + 1);
		}
		from = next;
		next = swap;
	}
	ret = from[pattern->count];
	free(at);
	return ret;
}

/* The name, and what stands before each of its dots but a first one. */
static bool any_fits(const struct pattern *pattern, const char *name)
{
	struct slice shown = slice_of(name);

	for (;;) {
		if (fits(pattern, shown))
			return true;
		do {
			if (shown.len <= 1)
				return false;
			shown.len--;
		} while (shown.data[shown.len] != '.');
	}
}

static bool value_fits(struct pattern *pattern, const char *text,
    const char *name, const char *value)
{
	pattern->count = 0;
	pattern->last = 0;
	return !compile(pattern, text, value) && any_fits(pattern, name);
}

bool rule_name_fits(const char *pattern, const char *name,
    const struct strs *values)
{
	struct pattern made = {
	    .elements = xcalloc(RULE_PATTERN_LIMIT, sizeof *made.elements),
	};
	bool ret = false;

	if (!strstr(pattern, "${"))
		ret = value_fits(&made, pattern, name, "");
	else
		for (size_t i = 0; !ret && i < values->count; i++)
			ret =
			    value_fits(&made, pattern, name, values->items[i]);
	free(made.elements);
	return ret;
}

const char *rule_pattern_refused(const char *pattern)
{
	struct pattern made = {
	    .elements = xcalloc(RULE_PATTERN_LIMIT, sizeof *made.elements),
	};
	const char *why = compile(&made, pattern, "");
	const char *first = strstr(pattern, "${");

	free(made.elements);
	if (!why && pattern[0] == '\0')
		return "it is empty";
	if (!why && strchr(pattern, '/'))
		return "a name has no '/'";
	if (!why && first && strstr(first + 2, "${"))
		return "there is more than one '${'";
	return why;
}
