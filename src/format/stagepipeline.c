/* SPDX-License-Identifier: Apache-2.0 */

/*
 * [pipeline] and [pool NAME]: what holds for all stages.
 */

#include <string.h>

#include "format/items.h"
#include "format/stagekeys.h"

#define SHELL     "/bin/sh -eu"
#define SLOTS_MAX 10000

static const struct pipeline_key {
	const char *name;
	bool many;
	bool shared; /* read as a stage's key of that name */
} pipeline_keys[] = {
    {"default", true, false},
    {"env", true, true},
    {"env.pass", true, true},
    {"environment", false, true},
    {"envlock", true, true},
    {"name", false, false},
    {"papermill", false, true},
    {"pool", false, true},
    {"shell", false, false},
    {"version", false, false},
};
#define KEYS (sizeof pipeline_keys / sizeof pipeline_keys[0])

CHECKED static int read_shared(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	const struct stage_key *key = stage_keys;

	while (strcmp(key->name, entry->key) != 0)
		key++;
	return key->read(r, entry, err);
}

CHECKED static int read_entry(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err)
{
	const char *names[KEYS + 1] = {NULL};
	const char *nearest;

	for (size_t i = 0; i < KEYS; i++) {
		const struct pipeline_key *key = &pipeline_keys[i];

		names[i] = key->name;
		if (strcmp(key->name, entry->key) != 0)
			continue;
		if (entry->line_count > 1 && !key->many)
			return ini_error(r->ini, entry->lines[1], err,
			    "'%s' has one line; keys begin in the first "
			    "column",
			    entry->key);
		if (entry->line_count == 0)
			return ini_error(r->ini, entry->line, err,
			    "'%s' is empty", entry->key);
		return key->shared ? read_shared(r, entry, err) : 0;
	}
	nearest = str_nearest(entry->key, names);
	return ini_error(r->ini, entry->line, err,
	    "unknown key '%s' in [pipeline]%s%s%s", entry->key,
	    NEAREST(nearest));
}

static void read_names(struct stage_reader *r,
    const struct ini_section *section)
{
	const struct ini_entry *name = ini_entry_find(section, "name");
	const struct ini_entry *shell = ini_entry_find(section, "shell");

	r->pipeline = name ? name->value : NULL;
	if (shell)
		r->stages->shell = shell->value;
}

CHECKED static int read_pipeline(struct stage_reader *r, struct mldv_error *err)
{
	const struct ini_section *section = ini_find(r->ini, "pipeline");
	const struct ini_entry *version;

	if (!section)
		return 0;
	read_names(r, section);
	r->in.pipeline = r->pipeline;
	for (const struct ini_entry *e = section->entries; e; e = e->next) {
		if (read_entry(r, e, err) < 0)
			return -1;
	}
	version = ini_entry_find(section, "version");
	if (version && strcmp(version->value, "1") != 0)
		return ini_error(r->ini, version->line, err,
		    "version '%s' is not known here, only version 1 is",
		    version->value);
	return 0;
}

CHECKED static int read_pool_entry(struct stage_reader *r,
    struct stage_pool *pool, const struct ini_entry *entry,
    struct mldv_error *err)
{
	static const char *const known[] = {"assign", "slots", NULL};
	const char *nearest;
	uint64_t slots;

	if (entry->line_count > 1)
		return ini_error(r->ini, entry->lines[1], err,
		    "'%s' has one line; keys begin in the first column",
		    entry->key);
	if (strcmp(entry->key, "slots") == 0) {
		if (!slice_number(slice_of(entry->value), &slots) ||
		    slots == 0 || slots > SLOTS_MAX)
			return ini_error(r->ini, entry->line, err,
			    "'slots' cannot be '%s', only a number from 1 to "
			    "%d",
			    entry->value, SLOTS_MAX);
		pool->slots = (unsigned)slots;
		return 0;
	}
	if (strcmp(entry->key, "assign") == 0) {
		if (!stage_is_variable(slice_of(entry->value)))
			return ini_error(r->ini, entry->line, err,
			    "'%s' cannot be a variable of the environment",
			    entry->value);
		pool->assign = entry->value;
		return 0;
	}
	nearest = str_nearest(entry->key, known);
	return ini_error(r->ini, entry->line, err,
	    "unknown key '%s' in [pool %s]%s%s%s", entry->key, pool->name,
	    NEAREST(nearest));
}

CHECKED static int read_pools(struct stage_reader *r, struct mldv_error *err)
{
	struct stages *out = r->stages;
	const struct ini_section *s;
	size_t count = 0;

	for (s = r->ini->sections; s; s = s->next)
		count += strncmp(s->name, "pool ", 5) == 0;
	out->pools = arena_array(r->arena, count, sizeof *out->pools);
	for (s = r->ini->sections; s; s = s->next) {
		struct stage_pool *pool = &out->pools[out->pool_count];

		if (strncmp(s->name, "pool ", 5) != 0)
			continue;
		*pool = (struct stage_pool){
		    .name = s->name + 5,
		    .line = s->line,
		};
		if (strcmp(pool->name, "none") == 0)
			return ini_error(r->ini, s->line, err,
			    "a pool cannot be called 'none'; 'pool = none' "
			    "says that a stage needs none");
		for (const struct ini_entry *e = s->entries; e; e = e->next) {
			if (read_pool_entry(r, pool, e, err) < 0)
				return -1;
		}
		if (pool->slots == 0)
			return ini_error(r->ini, s->line, err,
			    "[pool %s] has no 'slots'", pool->name);
		out->pool_count++;
	}
	return 0;
}

const struct stage_pool *stages_pool(const struct stages *stages,
    const char *name)
{
	for (size_t i = 0; i < stages->pool_count; i++) {
		if (strcmp(stages->pools[i].name, name) == 0)
			return &stages->pools[i];
	}
	return NULL;
}

int stages_read_pipeline(struct stage_reader *r, struct mldv_error *err)
{
	r->stages->shell = SHELL;
	r->in.ini = r->ini;
	r->in.arena = r->arena;
	r->in.stages = r->stages;
	r->common = (struct stage){.name = "", .cwd = "", .cpus = 1};
	r->stage = &r->common;
	if (read_pools(r, err) < 0)
		return -1;
	return read_pipeline(r, err);
}
