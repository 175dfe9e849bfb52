/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_RULING_H
#define PROJECT_RULING_H

/*
 * Checking what [rules] says of single paths. What needs the pipeline is in
 * pipeline/rules.h.
 */

#include "base/map.h"
#include "format/rules.h"
#include "mldv/rules.h"
#include "project/item.h"

struct ruling {
	struct mldv_project *project;
	struct rules rules;
	mldv_broken_fn *visit;
	void *context;
	size_t found;
	struct map told; /* names that were complained of */
	struct arena arena;
};

/* Reads the rules of mldv.ini as project has it: 1, or 0 if there are none. */
CHECKED int ruling_open(struct ruling *ruling, struct mldv_project *project,
    struct mldv_error *err);
void ruling_close(struct ruling *ruling);
/* Tells of something; broken->what is made of the rest. */
void ruling_tell(struct ruling *ruling, const struct mldv_broken *broken,
    const char *fmt, ...) PRINTF(3, 4);

/* Does no rule of names or of what is made mean this file of Git's? */
bool ruling_passes_over(const char *path);
/* A path below 'made' that no stage makes. */
void ruling_made(struct ruling *ruling, const char *path, bool item);
/*
 * Is a name that stands directly in the rule's directory like its pattern?
 * values: see rule_name_fits.
 */
void ruling_name(struct ruling *ruling, const struct rule_name *rule,
    const char *name, const struct strs *values, bool item);
/* A name, and what stands before each of its dots but a first one. */
void ruling_add_stems(const char *name, struct strs *out);
/*
 * The name in dir that path is or lies in, in the arena: NULL if it lies
 * elsewhere, is dir, or is above it.
 */
const char *ruling_entry(struct ruling *ruling, const char *dir,
    const char *path);
/* A file on its way into Git. read gives its text. */
CHECKED int ruling_git_file(struct ruling *ruling, const char *path,
    uint64_t size,
    int (*read)(void *context, const char *path, size_t limit, struct buf *out,
        struct mldv_error *err),
    void *context, struct mldv_error *err);

/* Warns of what adding this item breaks, as far as it shows without stages. */
CHECKED int ruling_warn(struct mldv_project *project, const char *path,
    const struct content *content, struct mldv_error *err);

#endif
