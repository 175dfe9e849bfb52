/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_CONFIG_H
#define FORMAT_CONFIG_H

/*
 * Settings: which there are, what they may be, and their layers.
 *
 * ~/.config/mldv/config lies below mldv.ini, and that below this clone's
 * .git/mldv/config. A setting is named SECTION.KEY, or SECTION.NAME.KEY for
 * a named section ("remote.origin.url" is url in [remote origin]).
 */

#include "base/strs.h"
#include "format/ini.h"

enum config_layer { CONFIG_USER, CONFIG_PROJECT, CONFIG_CLONE, CONFIG_LAYERS };

struct config {
	struct ini layers[CONFIG_LAYERS]; /* a zeroed one is empty */
};

/* What is known of a setting; the table ends with a NULL name. */
struct config_key {
	const char *name;    /* "store.link", "remote.*.url" */
	const char *kind;    /* "text", "yes|no", "list", "number" */
	const char *preset;  /* the default, or NULL */
	const char *meaning; /* for mldv-config(5) and mldv config --list */
};
extern const struct config_key config_keys[];

/*
 * Refuses unknown sections and keys, naming the line and the nearest known
 * one, and values that a key cannot have. [stage …], [params] and [pipeline]
 * are left to stages_parse, and refused outside the project's layer.
 */
CHECKED int config_check(const struct ini *ini, enum config_layer layer,
    struct mldv_error *err);

/* The value of the highest layer that has it, else the preset, else NULL. */
const char *config_get(const struct config *config, const char *name);
bool config_yes(const struct config *config, const char *name);
/* Splits a list at commas, spaces or lines. */
void config_list(const struct config *config, const char *name,
    struct strs *out);
/* The names of all [kind NAME] sections, sorted: remotes. */
void config_names(const struct config *config, const char *kind,
    struct strs *out);
/*
 * Divides a setting's name into section ("remote origin") and key; a usage
 * error, with the nearest known name, if there is no such setting.
 */
CHECKED int config_split(const char *name, struct arena *arena,
    const char **section, const char **key, struct mldv_error *err);

#endif
