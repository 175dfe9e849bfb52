/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_STAGEKEYS_H
#define FORMAT_STAGEKEYS_H

/*
 * The keys of a stage that say how it is run: its runner, resources and
 * environment. What it reads and makes is stageread.c's.
 */

#include "format/items.h"
#include "format/stageread.h"

struct stage_key {
	const char *name;
	bool many; /* may have several lines */
	int (*read)(struct stage_reader *r, const struct ini_entry *entry,
	    struct mldv_error *err);
};

/* Sorted; ends with a NULL name. */
extern const struct stage_key stage_keys[];
/* Is it "sagemaker.…" or the like, whose runner knows what it means? */
bool stage_is_setting(const char *key);
CHECKED int stage_read_setting(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err);

/* yes or no */
CHECKED int stage_read_yes(const struct stage_reader *r,
    const struct ini_entry *entry, bool *out, struct mldv_error *err);
/* The value, with references replaced: not empty. */
CHECKED int stage_read_text(struct stage_reader *r,
    const struct ini_entry *entry, const char **out, struct mldv_error *err);
/* An empty list with room for all items of the entry. */
void stage_start_list(struct stage_reader *r, const struct ini_entry *entry,
    struct strs *list);
/* All of an item's line, for items that have no options. */
struct slice stage_whole_item(const struct item *item);
/* What stands behind env =, env.pass =, … */
CHECKED int stage_read_env(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err);
CHECKED int stage_read_pass(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err);
CHECKED int stage_read_environment(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err);
CHECKED int stage_read_envlock(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err);
CHECKED int stage_read_probe(struct stage_reader *r,
    const struct ini_entry *entry, struct mldv_error *err);
/* Is it "config.json:train.lr"? */
bool stage_is_file_param(struct slice text);
CHECKED int stage_read_file_param(struct stage_reader *r, unsigned line,
    struct slice text, struct mldv_error *err);
/* Once all outputs are there, sorted: refuses files that stages make. */
CHECKED int stages_check_files(const struct stage_reader *r,
    struct mldv_error *err);
/* Puts the lists in order and checks what needs the whole section. */
CHECKED int stage_end_keys(struct stage_reader *r,
    const struct ini_section *section, struct mldv_error *err);
/* Which injected values are paths; deps and outs must be there. */
void stage_find_paths(struct stage *stage, struct arena *arena);
/*
 * What a notebook brings with it: its directory to run in, itself as a dep,
 * and itself, executed, as an output. Before deps and outs are put in order.
 */
CHECKED int stage_take_notebook(struct stage_reader *r,
    const struct ini_section *section, struct mldv_error *err);
/* Fills stage->given, once all else is read. */
CHECKED int stage_give(struct stage_reader *r,
    const struct ini_section *section, struct mldv_error *err);

/*
 * [pipeline] and every [pool NAME]; the stage that reader->stage points to
 * gets what [pipeline] says for all stages.
 */
CHECKED int stages_read_pipeline(struct stage_reader *r,
    struct mldv_error *err);

#endif
