/* SPDX-License-Identifier: Apache-2.0 */
#include "command/option.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct parser {
	const struct option_set *sets;
	const struct arguments *arguments;
	int next; /* the argument to be looked at */
};

struct found {
	const struct option *option;
	char *value; /* where it goes */
};

static bool find(const struct parser *parser, const char *name, size_t len,
    char letter, struct found *out)
{
	for (const struct option_set *set = parser->sets; set->table != NULL;
	     set++) {
		for (const struct option *option = set->table;
		     option->name != NULL; option++) {
			if (name != NULL ? strlen(option->name) != len ||
			            memcmp(option->name, name, len) != 0
			                 : option->letter != letter)
				continue;
			out->option = option;
			out->value = (char *)set->values + option->at;
			return true;
		}
	}
	return false;
}

static int set_seconds(double *out, const char *text, const char *shown,
    struct mldv_error *err)
{
	char *end;
	double seconds;

	errno = 0;
	seconds = strtod(text, &end);
	if (end == text || *end != '\0' || errno != 0 || !isfinite(seconds) ||
	    seconds < 0)
		return err_set(err, MLDV_USAGE,
		    "'%s' of option '%s' is not a number of seconds", text,
		    shown);
	*out = seconds;
	return 0;
}

static int set_number(unsigned *out, const char *text, const char *shown,
    struct mldv_error *err)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || number < 1 ||
	    number > 1000000)
		return err_set(err, MLDV_USAGE,
		    "'%s' of option '%s' is not a number from 1 to a million",
		    text, shown);
	*out = (unsigned)number;
	return 0;
}

static int set_value(const struct found *found, const char *text,
    const char *shown, struct mldv_error *err)
{
	void *value = found->value;

	switch (found->option->kind) {
	case OPTION_FLAG:
		*(bool *)value = true;
		break;
	case OPTION_TEXT:
		*(const char **)value = text;
		break;
	case OPTION_SECONDS:
		return set_seconds(value, text, shown, err);
	case OPTION_NUMBER:
		return set_number(value, text, shown, err);
	case OPTION_LIST:
		strs_add(value, text);
		break;
	}
	return 0;
}

/* The next argument as the value of an option; NULL and an error if none. */
static const char *take_next(struct parser *parser, const struct option *option,
    const char *shown, struct mldv_error *err)
{
	if (parser->next < parser->arguments->argc)
		return parser->arguments->argv[parser->next++];
	err_set(err, MLDV_USAGE, "option '%s' needs a value: %s %s", shown,
	    shown, option->value);
	return NULL;
}

static size_t option_count(const struct option_set *sets)
{
	size_t count = 0;

	for (const struct option_set *set = sets; set->table != NULL; set++)
		for (size_t i = 0; set->table[i].name != NULL; i++)
			count++;
	return count;
}

static int unknown(const struct parser *parser, const char *name, size_t len,
    struct mldv_error *err)
{
	struct arena arena = {0};
	const char **names =
	    arena_array(&arena, option_count(parser->sets) + 1, sizeof(*names));
	const char *nearest;
	size_t count = 0;

	for (const struct option_set *set = parser->sets; set->table != NULL;
	     set++)
		for (size_t i = 0; set->table[i].name != NULL; i++)
			names[count++] = set->table[i].name;
	nearest = str_nearest(arena_strn(&arena, name, len), names);
	if (nearest != NULL)
		err_set(err, MLDV_USAGE,
		    "unknown option '--%.*s'; did you mean '--%s'?", (int)len,
		    name, nearest);
	else
		err_set(err, MLDV_USAGE, "unknown option '--%.*s'; run '%s -h'",
		    (int)len, name, parser->arguments->who);
	arena_release(&arena);
	return -1;
}

/* --name, --name=value or --name value */
static int parse_long(struct parser *parser, const char *word,
    struct mldv_error *err)
{
	const char *name = word + 2;
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	struct arena arena = {0};
	struct found found;
	const char *shown;
	int ret = -1;

	if (!find(parser, name, len, 0, &found))
		return unknown(parser, name, len, err);
	shown = arena_printf(&arena, "--%s", found.option->name);
	if (found.option->kind == OPTION_FLAG && value != NULL)
		err_set(err, MLDV_USAGE, "option '%s' takes no value", shown);
	else if (found.option->kind == OPTION_FLAG || value != NULL ||
	    (value = take_next(parser, found.option, shown, err)) != NULL)
		ret = set_value(&found, value, shown, err);
	arena_release(&arena);
	return ret;
}

/* -f, -fq, -rvalue or -r value */
static int parse_short(struct parser *parser, const char *word,
    struct mldv_error *err)
{
	struct found found;
	const char *value;

	for (const char *c = word + 1; *c != '\0'; c++) {
		const char shown[] = {'-', *c, '\0'};

		if (!find(parser, NULL, 0, *c, &found))
			return err_set(err, MLDV_USAGE,
			    "unknown option '%s'; run '%s -h'", shown,
			    parser->arguments->who);
		if (found.option->kind == OPTION_FLAG) {
			if (set_value(&found, NULL, shown, err) < 0)
				return -1;
			continue;
		}
		value = c[1] != '\0'
		    ? c + 1
		    : take_next(parser, found.option, shown, err);
		return value == NULL ? -1
		                     : set_value(&found, value, shown, err);
	}
	return 0;
}

int option_parse(const struct option_set *sets,
    const struct arguments *arguments, struct parsed *out,
    struct mldv_error *err)
{
	struct parser parser = {sets, arguments, arguments->first};
	bool options = true;
	const char *word;

	out->before = (size_t)arguments->argc;
	while (parser.next < arguments->argc) {
		word = arguments->argv[parser.next];
		if (!options || word[0] != '-' || word[1] == '\0') {
			if (arguments->only_leading)
				break;
			strs_add(&out->words, word);
			parser.next++;
			continue;
		}
		parser.next++;
		if (strcmp(word, "--") == 0) {
			options = false;
			out->before = out->words.count;
		} else if (word[1] == '-') {
			if (parse_long(&parser, word, err) < 0)
				return -1;
		} else if (parse_short(&parser, word, err) < 0) {
			return -1;
		}
	}
	if (options)
		out->before = out->words.count;
	out->next = parser.next;
	return 0;
}

void option_release(const struct option_set *set)
{
	void *value;

	for (size_t i = 0; set->table[i].name != NULL; i++) {
		value = (char *)set->values + set->table[i].at;
		if (set->table[i].kind == OPTION_LIST)
			strs_release(value);
	}
}

void option_usage(const struct option *table, struct buf *out)
{
	for (const struct option *option = table; option->name != NULL;
	     option++) {
		if (option->letter != 0)
			buf_printf(out, " [-%c", option->letter);
		else
			buf_printf(out, " [--%s", option->name);
		if (option->value != NULL)
			buf_printf(out, " %s", option->value);
		buf_add_str(out, option->kind == OPTION_LIST ? "]..." : "]");
	}
}

void option_help(const struct option *table, struct buf *out)
{
	enum { HELP_COLUMN = 26 };
	struct buf line = {0};

	for (const struct option *option = table; option->name != NULL;
	     option++) {
		buf_reset(&line);
		if (option->letter != 0)
			buf_printf(&line, "  -%c, --%s", option->letter,
			    option->name);
		else
			buf_printf(&line, "      --%s", option->name);
		if (option->value != NULL)
			buf_printf(&line, " %s", option->value);
		buf_printf(out, "%-*s %s\n", HELP_COLUMN, buf_str(&line),
		    option->help);
	}
	buf_release(&line);
}
