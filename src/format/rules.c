/* SPDX-License-Identifier: Apache-2.0 */
#include "format/rules.h"

#include <string.h>

#include "base/path.h"
#include "format/configkey.h"

#define NAME_KEY "name "

struct reader {
	const struct ini *ini;
	struct arena *arena;
	struct rules *rules;
};

static void read_words(const struct reader *r, const struct ini_entry *entry,
    const char ***out, size_t *count)
{
	struct slice rest = slice_of(entry->value);
	struct slice word;
	size_t most = strlen(entry->value) / 2 + 1;

	*out = arena_array(r->arena, most, sizeof(const char *));
	while (config_word(&rest, &word))
		(*out)[(*count)++] = arena_strn(r->arena, word.data, word.len);
}

CHECKED static int read_dir(const struct reader *r,
    const struct ini_entry *entry, const char *text, const char **out,
    struct mldv_error *err)
{
	const char *clean =
	    path_is_absolute(text) ? NULL : path_clean(r->arena, text);

	if (!clean || clean[0] == '\0')
		return ini_error(r->ini, entry->line, err,
		    "'%s' is no directory below the root", text);
	*out = clean;
	return 0;
}

CHECKED static int read_dirs(const struct reader *r,
    const struct ini_entry *entry, struct rule_dirs *out,
    struct mldv_error *err)
{
	read_words(r, entry, &out->paths, &out->count);
	for (size_t i = 0; i < out->count; i++) {
		if (read_dir(r, entry, out->paths[i], &out->paths[i], err) < 0)
			return -1;
	}
	out->line = entry->line;
	return 0;
}

CHECKED static int read_immutable(const struct reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	return read_dirs(r, entry, &r->rules->immutable, err);
}

CHECKED static int read_made(const struct reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	return read_dirs(r, entry, &r->rules->made, err);
}

CHECKED static int read_from(const struct reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	return read_dirs(r, entry, &r->rules->from, err);
}

CHECKED static int read_enforce(const struct reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	(void)err;
	read_words(r, entry, &r->rules->enforce, &r->rules->enforce_count);
	return 0;
}

CHECKED static int read_asserted(const struct reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	if (strcmp(entry->value, "warn") == 0)
		r->rules->asserted = ASSERTED_WARN;
	else if (strcmp(entry->value, "refuse") == 0)
		r->rules->asserted = ASSERTED_REFUSED;
	else
		return ini_error(r->ini, entry->line, err,
		    "'asserted' cannot be '%s', only warn or refuse",
		    entry->value);
	r->rules->asserted_line = entry->line;
	return 0;
}

/* "10M", "200K", "1G", or a number of bytes. */
CHECKED static int read_limit(const struct reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	static const char units[] = "KMG";
	struct slice text = slice_of(entry->value);
	const char *unit =
	    text.len > 0 ? strchr(units, text.data[text.len - 1]) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	uint64_t value;

	if (unit)
		text.len--;
	if (!slice_number(text, &value) || value > (UINT64_MAX >> 1) >> shift)
		return ini_error(r->ini, entry->line, err,
		    "'%s' is no size, as in 10M; K, M and G are 1024 bytes, "
		    "1024 of those, and so on",
		    entry->value);
	r->rules->git_limit = value << shift;
	r->rules->git_line = entry->line;
	return 0;
}

static const struct {
	const char *key;
	int (*read)(const struct reader *r, const struct ini_entry *entry,
	    struct mldv_error *err);
} keys[] = {
    {"immutable", read_immutable},
    {"made", read_made},
    {"from", read_from},
    {"enforce", read_enforce},
    {"asserted", read_asserted},
    {"git.max_size", read_limit},
};
#define KEYS (sizeof keys / sizeof keys[0])

CHECKED static int read_name(const struct reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	struct rule_name *name = &r->rules->names[r->rules->name_count++];
	const char *why = rule_pattern_refused(entry->value);
	const char *begin = strstr(entry->value, "${");

	if (why)
		return ini_error(r->ini, entry->line, err,
		    "'%s' is no pattern of names: %s", entry->value, why);
	name->pattern = entry->value;
	name->line = entry->line;
	if (begin)
		name->of =
		    arena_strn(r->arena, begin + 2, strcspn(begin + 2, "}"));
	return read_dir(r, entry, entry->key + strlen(NAME_KEY), &name->dir,
	    err);
}

CHECKED static int read_entry(const struct reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	if (slice_starts(slice_of(entry->key), NAME_KEY))
		return read_name(r, entry, err);
	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(entry->key, keys[i].key) == 0)
			return keys[i].read(r, entry, err);
	}
	return 0;
}

static bool is_called(const struct rule_dirs *dirs, const char *name)
{
	for (size_t i = 0; i < dirs->count; i++) {
		if (strcmp(path_base(dirs->paths[i]), name) == 0)
			return true;
	}
	return false;
}

/* ${raw} is a directory that things are made from. */
CHECKED static int check_variables(const struct reader *r,
    struct mldv_error *err)
{
	const struct rules *rules = r->rules;

	for (size_t i = 0; i < rules->name_count; i++) {
		const struct rule_name *name = &rules->names[i];

		if (name->of && !is_called(&rules->from, name->of) &&
		    !is_called(&rules->immutable, name->of))
			return ini_error(r->ini, name->line, err,
			    "'${%s}' is none of the directories of 'from' and "
			    "'immutable'",
			    name->of);
	}
	return 0;
}

int rules_parse(struct rules *out, struct arena *arena, const struct ini *ini,
    struct mldv_error *err)
{
	const struct ini_section *section = ini_find(ini, "rules");
	const struct reader r = {ini, arena, out};
	size_t count = 0;

	*out = (struct rules){0};
	if (!section)
		return 0;
	for (const struct ini_entry *e = section->entries; e; e = e->next)
		count++;
	out->names = arena_array(arena, count + 1, sizeof *out->names);
	for (const struct ini_entry *e = section->entries; e; e = e->next) {
		if (read_entry(&r, e, err) < 0)
			return -1;
	}
	return check_variables(&r, err);
}

bool rules_key(const char *key)
{
	if (slice_starts(slice_of(key), NAME_KEY))
		return true;
	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(key, keys[i].key) == 0)
			return true;
	}
	return false;
}

const char *rule_dir_of(const struct rule_dirs *dirs, const char *path)
{
	for (size_t i = 0; i < dirs->count; i++) {
		if (path_inside(path, dirs->paths[i]))
			return dirs->paths[i];
	}
	return NULL;
}

bool rules_enforced(const struct rules *rules, const char *branch)
{
	for (size_t i = 0; branch && i < rules->enforce_count; i++) {
		if (str_glob(rules->enforce[i], branch))
			return true;
	}
	return false;
}
