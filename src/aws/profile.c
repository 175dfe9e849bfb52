/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/profile.h"

#include <stdbool.h>
#include <string.h>

struct parser {
	struct arena *arena;
	const char *path;
	unsigned line;
	struct aws_profiles *out;
	struct aws_section *section; /* that the next setting goes to */
	struct aws_setting *setting; /* that an indented line goes to */
};

static int refuse(const struct parser *parser, const char *what,
    struct mldv_error *err)
{
	return err_set(err, MLDV_USAGE, "%s:%u: %s", parser->path, parser->line,
	    what);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static struct slice unquote(struct slice name)
{
	if (name.len >= 2 && (name.data[0] == '"' || name.data[0] == '\'') &&
	    name.data[name.len - 1] == name.data[0]) {
		name.data++;
		name.len -= 2;
	}
	return name;
}

static char *lower(struct arena *arena, struct slice text)
{
	char *out = arena_strn(arena, text.data, text.len);

	for (char *at = out; *at; at++) {
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	}
	return out;
}

static struct aws_section *find(struct aws_section *section, const char *kind,
    const char *name)
{
	for (; section; section = section->next) {
		if (strcmp(section->kind, kind) == 0 &&
		    strcmp(section->name, name) == 0)
			return section;
	}
	return NULL;
}

/* What stands between the brackets: a kind and a name, or just a name. */
static void start_section(struct parser *parser, struct slice text)
{
	struct slice name = slice_trim(text);
	struct slice kind = {name.data, 0};
	const char *kind_text;
	const char *name_text;

	if (name.len > 0 && name.data[0] != '"' && name.data[0] != '\'') {
		while (kind.len < name.len && !is_space(name.data[kind.len]))
			kind.len++;
	}
	if (kind.len == name.len)
		kind.len = 0;
	name.data += kind.len;
	name.len -= kind.len;
	name = unquote(slice_trim(name));
	kind_text = arena_strn(parser->arena, kind.data, kind.len);
	name_text = arena_strn(parser->arena, name.data, name.len);
	parser->setting = NULL;
	parser->section = find(parser->out->sections, kind_text, name_text);
	if (parser->section)
		return;
	parser->section = arena_alloc(parser->arena, sizeof *parser->section);
	*parser->section = (struct aws_section){
	    .kind = kind_text,
	    .name = name_text,
	    .next = parser->out->sections,
	};
	parser->out->sections = parser->section;
}

/* The later of two comes first, so it is the one that is found. */
static struct aws_setting *add(struct parser *parser, struct aws_setting **to,
    struct slice line)
{
	struct aws_setting *setting;
	struct slice key;
	size_t at = 0;

	while (at < line.len && line.data[at] != '=' && line.data[at] != ':')
		at++;
	key = slice_trim((struct slice){line.data, at});
	if (at == line.len || key.len == 0)
		return NULL;
	line =
	    slice_trim((struct slice){line.data + at + 1, line.len - at - 1});
	setting = arena_alloc(parser->arena, sizeof *setting);
	setting->key = lower(parser->arena, key);
	setting->value = arena_strn(parser->arena, line.data, line.len);
	setting->next = *to;
	*to = setting;
	return setting;
}

static int parse_line(struct parser *parser, struct slice line,
    struct mldv_error *err)
{
	bool indented = line.len > 0 && is_space(line.data[0]);

	if (memchr(line.data, '\0', line.len))
		return refuse(parser, "holds a NUL byte", err);
	line = slice_trim(line);
	if (line.len == 0 || line.data[0] == '#' || line.data[0] == ';')
		return 0;
	if (indented && parser->setting) {
		/* Below a value, it is more of the value, which none of those
		 * that are asked for has. */
		if (parser->setting->value[0] == '\0')
			(void)add(parser, &parser->setting->below, line);
		return 0;
	}
	if (line.data[0] == '[') {
		const char *end = memchr(line.data, ']', line.len);

		if (!end)
			return refuse(parser, "the section's name has no ']'",
			    err);
		start_section(parser,
		    (struct slice){line.data + 1,
		        (size_t)(end - line.data - 1)});
		return 0;
	}
	if (!parser->section)
		return refuse(parser, "a setting before any section", err);
	parser->setting = add(parser, &parser->section->settings, line);
	if (!parser->setting)
		return refuse(parser, "neither [SECTION] nor KEY = VALUE", err);
	return 0;
}

int aws_profiles_parse(struct aws_profiles *out, struct arena *arena,
    const char *path, struct slice text, struct mldv_error *err)
{
	struct aws_profiles profiles = {0};
	struct parser parser = {.arena = arena, .path = path, .out = &profiles};

	if (text.len > AWS_FILE_LIMIT)
		return err_set(err, MLDV_USAGE, "'%s' is larger than %d MiB",
		    path, AWS_FILE_LIMIT >> 20);
	if (slice_starts(text, "\xef\xbb\xbf")) {
		text.data += 3;
		text.len -= 3;
	}
	while (text.len > 0) {
		struct slice line;

		if (!slice_cut(&text, '\n', &line))
			text = (struct slice){0};
		parser.line++;
		if (parse_line(&parser, line, err) < 0)
			return -1;
	}
	*out = profiles;
	return 0;
}

const struct aws_section *aws_profiles_find(const struct aws_profiles *profiles,
    const char *kind, const char *name)
{
	return find(profiles->sections, kind, name);
}

static const struct aws_setting *find_setting(const struct aws_setting *setting,
    const char *key)
{
	while (setting && strcmp(setting->key, key) != 0)
		setting = setting->next;
	return setting;
}

const char *aws_section_get(const struct aws_section *section, const char *key)
{
	const struct aws_setting *setting =
	    section ? find_setting(section->settings, key) : NULL;

	return setting && setting->value[0] ? setting->value : NULL;
}

const char *aws_section_below(const struct aws_section *section,
    const char *group, const char *key)
{
	const struct aws_setting *setting =
	    section ? find_setting(section->settings, group) : NULL;

	setting = setting ? find_setting(setting->below, key) : NULL;
	return setting && setting->value[0] ? setting->value : NULL;
}
