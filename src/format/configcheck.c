/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "format/configkey.h"
#include "format/rules.h"

/* The sections whose keys are the pipeline's. */
static bool is_pipeline(struct slice word)
{
	return slice_is(word, "pipeline") || slice_is(word, "params") ||
	    slice_is(word, "stage") || slice_is(word, "pool") ||
	    slice_is(word, "include") || slice_is(word, "tune");
}

/* The first word of every section there is, also of the pipeline's. */
static void section_words(struct strs *out)
{
	for (const struct config_key *k = config_keys; k->name; k++)
		strs_add_n(out, k->name, strcspn(k->name, "."));
	strs_add(out, "include");
	strs_add(out, "pipeline");
	strs_add(out, "params");
	strs_add(out, "pool");
	strs_add(out, "stage");
	strs_add(out, "tune");
	strs_unique(out);
}

static bool takes_name(struct slice word)
{
	return slice_is(word, "remote") || slice_is(word, "notify") ||
	    slice_is(word, "stage") || slice_is(word, "pool") ||
	    slice_is(word, "tune");
}

CHECKED static int unknown_section(const struct ini *ini,
    const struct ini_section *section, struct slice word,
    struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs words = {0};

	section_words(&words);
	(void)ini_error(ini, section->line, err, "unknown section [%s]%s",
	    section->name,
	    config_suggest(&arena, arena_strn(&arena, word.data, word.len),
	        &words));
	strs_release(&words);
	arena_release(&arena);
	return -1;
}

CHECKED static int check_section(const struct ini *ini,
    const struct ini_section *section, enum config_layer layer,
    struct mldv_error *err)
{
	struct slice rest = slice_of(section->name);
	struct slice word;
	struct strs words = {0};
	bool named = slice_cut(&rest, ' ', &word);
	bool known = false;

	section_words(&words);
	for (size_t i = 0; i < words.count; i++)
		known |= slice_is(word, words.items[i]);
	strs_release(&words);
	if (!known)
		return unknown_section(ini, section, word, err);
	if (named != takes_name(word))
		return ini_error(ini, section->line, err, "section [%s] %s",
		    section->name,
		    named ? "takes no name" : "needs a name, as in [remote x]");
	if (is_pipeline(word) && layer != CONFIG_PROJECT)
		return ini_error(ini, section->line, err,
		    "section [%s] belongs in mldv.ini", section->name);
	return 0;
}

static bool is_choice(const char *choices, struct slice word)
{
	struct slice rest = slice_of(choices);
	struct slice one;
	bool more;

	do {
		more = slice_cut(&rest, '|', &one);
		if (slice_compare(one, word) == 0)
			return true;
	} while (more);
	return false;
}

static bool is_id(struct slice text)
{
	if (text.len != 16)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!strchr("0123456789abcdef", text.data[i]))
			return false;
	}
	return true;
}

CHECKED static int check_choices(const struct ini *ini,
    const struct ini_entry *entry, const char *choices, bool list,
    struct mldv_error *err)
{
	struct slice rest = slice_of(entry->value);
	struct slice word = rest;

	if (!list && is_choice(choices, word))
		return 0;
	while (list && config_word(&rest, &word)) {
		if (!is_choice(choices, word))
			goto wrong;
	}
	if (list)
		return 0;
wrong:
	return ini_error(ini, entry->line, err,
	    "'%s' cannot be '%.*s', only %s", entry->key, (int)word.len,
	    word.data, choices);
}

CHECKED static int check_value(const struct ini *ini,
    const struct config_key *key, const struct ini_entry *entry,
    struct mldv_error *err)
{
	const char *of = "list of ";
	bool list = strncmp(key->kind, "list", 4) == 0;
	uint64_t number;

	if (!list && entry->line_count > 1)
		return ini_error(ini, entry->lines[1], err,
		    "'%s' has one line; keys begin in the first column",
		    entry->key);
	if (strncmp(key->kind, of, strlen(of)) == 0)
		return check_choices(ini, entry, key->kind + strlen(of), true,
		    err);
	if (strchr(key->kind, '|'))
		return check_choices(ini, entry, key->kind, false, err);
	if (strcmp(key->kind, "id") == 0 && !is_id(slice_of(entry->value)))
		return ini_error(ini, entry->line, err,
		    "'%s' is not 16 hexadecimal digits", entry->key);
	if (strcmp(key->kind, "number") == 0 &&
	    !slice_number(slice_of(entry->value), &number))
		return ini_error(ini, entry->line, err, "'%s' is not a number",
		    entry->key);
	if (!list && entry->value[0] == '\0')
		return ini_error(ini, entry->line, err, "'%s' is empty",
		    entry->key);
	return 0;
}

/* "remote origin" and "url": "remote.origin.url" */
static const char *setting_name(struct arena *arena, const char *section,
    const char *key)
{
	char *name = arena_printf(arena, "%s.%s", section, key);
	char *space = strchr(name, ' ');

	if (space)
		*space = '.';
	return name;
}

/* The keys of the settings in this section. */
static void section_keys(const char *section, struct strs *out)
{
	size_t len = strcspn(section, " ");

	for (const struct config_key *k = config_keys; k->name; k++) {
		struct slice key = slice_of(k->name);

		if (strncmp(k->name, section, len) != 0 || k->name[len] != '.')
			continue;
		key.data += len + 1;
		strs_add(out, key.data + (slice_starts(key, "*.") ? 2 : 0));
	}
}

CHECKED static int unknown_key(const struct ini *ini, const char *section,
    const struct ini_entry *entry, struct mldv_error *err)
{
	struct arena arena = {0};
	struct strs keys = {0};

	section_keys(section, &keys);
	(void)ini_error(ini, entry->line, err, "unknown key '%s' in [%s]%s",
	    entry->key, section, config_suggest(&arena, entry->key, &keys));
	strs_release(&keys);
	arena_release(&arena);
	return -1;
}

/* What it says is checked by rules_parse. */
static bool is_rule(const char *section, const char *key)
{
	return strcmp(section, "rules") == 0 && rules_key(key);
}

CHECKED static int check_rules(const struct ini *ini, struct mldv_error *err)
{
	struct arena arena = {0};
	struct rules rules;
	int ret = rules_parse(&rules, &arena, ini, err);

	arena_release(&arena);
	return ret;
}

CHECKED static int check_entry(const struct ini *ini, const char *section,
    const struct ini_entry *entry, enum config_layer layer,
    struct mldv_error *err)
{
	struct arena arena = {0};
	const char *name = setting_name(&arena, section, entry->key);
	struct slice star;
	const struct config_key *key = config_find(name, &star);
	int ret;

	if (layer != CONFIG_PROJECT &&
	    (is_rule(section, entry->key) ||
	        (key && strcmp(key->name, "project.id") == 0)))
		ret = ini_error(ini, entry->line, err,
		    "'%s' belongs in mldv.ini", entry->key);
	else if (!key && is_rule(section, entry->key))
		ret = 0; /* its key has a path in it */
	else if (!key)
		ret = unknown_key(ini, section, entry, err);
	else if (layer == CONFIG_PROJECT &&
	    (strcmp(key->name, "notify.*.webhook") == 0 ||
	        strcmp(key->name, "notify.*.id") == 0))
		/* Whoever has it can write there as everybody. */
		ret = ini_error(ini, entry->line, err,
		    "'%s' does not belong in a file that is committed; set it "
		    "with 'mldv config --local %s VALUE'",
		    entry->key, name);
	else if (strcmp(key->name, "store.dir") == 0 && layer == CONFIG_PROJECT)
		/* A clone must not write where its author chose. */
		ret = ini_error(ini, entry->line, err,
		    "'store.dir' belongs in this clone's settings: 'mldv "
		    "config --local store.dir DIR'");
	else
		ret = check_value(ini, key, entry, err);
	arena_release(&arena);
	return ret;
}

int config_check(const struct ini *ini, enum config_layer layer,
    struct mldv_error *err)
{
	for (const struct ini_section *s = ini->sections; s; s = s->next) {
		struct slice rest = slice_of(s->name);
		struct slice word;

		if (check_section(ini, s, layer, err) < 0)
			return -1;
		(void)slice_cut(&rest, ' ', &word);
		if (is_pipeline(word))
			continue;
		for (const struct ini_entry *e = s->entries; e; e = e->next) {
			if (check_entry(ini, s->name, e, layer, err) < 0)
				return -1;
		}
	}
	return check_rules(ini, err);
}
