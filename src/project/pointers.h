/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_POINTERS_H
#define PROJECT_POINTERS_H

/*
 * Writing pointers, with the .gitignore lines of their items; then staging all
 * of it at once.
 */

#include "project/ignore.h"
#include "project/item.h"

/* What was written and is to be staged. Zeroed: nothing. */
struct pointers {
	struct strs files;
	struct ignores ignores;
};

/*
 * Writes what is not there just so, durably: first the .gitignore line, then
 * the pointer. What the pointer refers to is durable already.
 */
CHECKED int pointers_write(struct mldv_project *project, const char *path,
    const struct pointer *pointer, struct pointers *out,
    struct mldv_error *err);
/*
 * The parts of that, for many: the .gitignore lines of all of them first,
 * then each pointer.
 */
CHECKED int pointers_ignore(struct mldv_project *project,
    const struct strs *paths, struct pointers *out, struct mldv_error *err);
CHECKED int pointers_put(struct mldv_project *project, const char *path,
    const struct pointer *pointer, struct pointers *out,
    struct mldv_error *err);
/* Stages it; staged gets the files. */
CHECKED int pointers_stage(struct mldv_project *project,
    const struct pointers *pointers, struct strs *staged,
    struct mldv_error *err);
void pointers_release(struct pointers *pointers);

#endif
