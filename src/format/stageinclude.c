/* SPDX-License-Identifier: Apache-2.0 */
#include "format/stageinclude.h"

#include <string.h>

#include "base/map.h"
#include "base/path.h"
#include "format/items.h"

struct including {
	struct arena *arena;
	const struct ini *main;
	struct ini *out;
	const char **paths; /* from the root; the first is mldv.ini's */
	const char **shown; /* the same, for messages */
	unsigned *lines;    /* where each is included */
	size_t count;
	size_t bytes;    /* of all that is included so far */
	struct map seen; /* sections by name, parameters as "params\nname" */
	struct ini_section **next;
	struct ini_entry **next_param; /* NULL: no [params] yet */
};

/* The file of that number is included by what stands on the line. */
CHECKED static int add_file(struct including *in, size_t by,
    const struct item *item, struct mldv_error *err)
{
	const char *given =
	    arena_strn(in->arena, item->text.data, item->text.len);
	const char *path =
	    path_join(in->arena, path_parent(in->arena, in->paths[by]), given);

	if (item->options.len > 0)
		return ini_error(in->out, item->line, err,
		    "what is included has no options");
	if (path_is_absolute(given))
		path = given;
	if (items_path(in->out, in->arena, item->line, path, &path, err) < 0)
		return -1;
	for (size_t i = 0; i < in->count; i++) {
		if (strcmp(in->paths[i], path) == 0)
			return ini_error(in->out, item->line, err,
			    "'%s' is included already; each file is read once",
			    path);
	}
	if (in->count > INCLUDES_MAX)
		return ini_error(in->out, item->line, err,
		    "more than %d files are included", INCLUDES_MAX);
	in->paths[in->count] = path;
	in->lines[in->count] = item->line;
	in->shown[in->count] = in->main->path
	    ? path_join(in->arena, path_parent(in->arena, in->main->path), path)
	    : path;
	in->count++;
	return 0;
}

CHECKED static int read_list(struct including *in, size_t number,
    const struct ini_section *section, struct mldv_error *err)
{
	for (const struct ini_entry *e = section->entries; e; e = e->next) {
		struct items items;
		struct item item;
		int more;

		if (strcmp(e->key, "files") != 0)
			return ini_error(in->out, e->line, err,
			    "unknown key '%s' in [include]; did you mean "
			    "'files'?",
			    e->key);
		items_start(&items, in->out, e);
		while ((more = items_next(&items, &item, err)) > 0) {
			if (add_file(in, number, &item, err) < 0)
				return -1;
		}
		if (more < 0)
			return -1;
	}
	return 0;
}

/* Appends to the one [params] that there is in the end. */
CHECKED static int add_params(struct including *in,
    const struct ini_section *section, struct mldv_error *err)
{
	if (!in->next_param) {
		struct ini_section *all =
		    arena_copy(in->arena, section, sizeof *section);

		all->next = NULL;
		all->entries = NULL;
		*in->next = all;
		in->next = &all->next;
		in->next_param = &all->entries;
	}
	for (const struct ini_entry *e = section->entries; e; e = e->next) {
		struct ini_entry *entry = arena_copy(in->arena, e, sizeof *e);
		const char *id = arena_printf(in->arena, "params\n%s", e->key);
		const struct ini_entry *first = map_get_str(&in->seen, id);

		if (first)
			return ini_error(in->out, e->line, err,
			    "parameter '%s' is there already, on %s", e->key,
			    ini_line(in->out, in->arena, first->line));
		(void)map_add_str(&in->seen, id, entry);
		entry->next = NULL;
		*in->next_param = entry;
		in->next_param = &entry->next;
	}
	return 0;
}

CHECKED static int add_section(struct including *in, size_t number,
    const struct ini_section *section, struct mldv_error *err)
{
	const struct ini_section *first = map_get_str(&in->seen, section->name);
	struct ini_section *copy;

	if (strcmp(section->name, "include") == 0)
		return read_list(in, number, section, err);
	if (strcmp(section->name, "params") == 0)
		return add_params(in, section, err);
	if (number > 0 && strncmp(section->name, "stage ", 6) != 0 &&
	    strncmp(section->name, "pool ", 5) != 0)
		return ini_error(in->out, section->line, err,
		    "section [%s] cannot be in a file that is included; only "
		    "[params], [pool …], [stage …] and [include] can",
		    section->name);
	if (first)
		return ini_error(in->out, section->line, err,
		    "section [%s] is there already, on %s", section->name,
		    ini_line(in->out, in->arena, first->line));
	copy = arena_copy(in->arena, section, sizeof *section);
	copy->next = NULL;
	(void)map_add_str(&in->seen, copy->name, copy);
	*in->next = copy;
	in->next = &copy->next;
	return 0;
}

/* Says in each line's number which file it is of. */
static void number_lines(struct including *in, struct ini *ini, size_t number)
{
	unsigned file = (unsigned)number << INI_FILE_BITS;

	for (struct ini_section *s = ini->sections; s; s = s->next) {
		s->line |= file;
		for (struct ini_entry *e = s->entries; e; e = e->next) {
			unsigned *lines = arena_array(in->arena, e->line_count,
			    sizeof *lines);

			for (size_t i = 0; i < e->line_count; i++)
				lines[i] = e->lines[i] | file;
			e->line |= file;
			e->lines = lines;
		}
	}
}

CHECKED static int read_file(struct including *in, size_t number,
    struct mldv_error *err)
{
	const struct ini_source *source = in->main->source;
	struct buf text = {0};
	struct ini ini = {0};
	int found = 0;

	if (source)
		found = source->read(source->context, in->paths[number],
		    INI_LIMIT, &text, err);
	in->bytes += text.len;
	if (found == 0)
		found = ini_error(in->out, in->lines[number], err,
		    "'%s' is included, but does not exist", in->paths[number]);
	if (found > 0 && in->bytes > INCLUDED_LIMIT)
		found = ini_error(in->out, in->lines[number], err,
		    "what is included has more than %d bytes with '%s'",
		    INCLUDED_LIMIT, in->paths[number]);
	if (found > 0)
		found = ini_parse(&ini, in->arena, in->shown[number],
		            buf_str(&text), text.len, err) < 0
		    ? -1
		    : 1;
	buf_release(&text);
	if (found < 0)
		return -1;
	number_lines(in, &ini, number);
	for (struct ini_section *s = ini.sections; s; s = s->next) {
		if (add_section(in, number, s, err) < 0)
			return -1;
	}
	return 0;
}

int stages_include(struct ini *out, struct arena *arena, const struct ini *ini,
    struct mldv_error *err)
{
	struct ini all = *ini;
	struct including in = {
	    .arena = arena,
	    .main = ini,
	    .out = &all,
	    .count = 1,
	    .next = &all.sections,
	};
	int ret = 0;

	*out = *ini;
	if (!ini_find(ini, "include"))
		return 0;
	in.paths = arena_array(arena, INCLUDES_MAX + 1, sizeof *in.paths);
	in.shown = arena_array(arena, INCLUDES_MAX + 1, sizeof *in.shown);
	in.lines = arena_array(arena, INCLUDES_MAX + 1, sizeof *in.lines);
	in.paths[0] = in.shown[0] = "mldv.ini";
	all.included = in.shown + 1;
	all.sections = NULL;
	for (const struct ini_section *s = ini->sections; ret == 0 && s;
	     s = s->next)
		ret = add_section(&in, 0, s, err);
	for (size_t i = 1; ret == 0 && i < in.count; i++)
		ret = read_file(&in, i, err);
	map_release(&in.seen);
	if (ret == 0)
		*out = all;
	return ret;
}
