/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_IGNORE_H
#define PROJECT_IGNORE_H

/*
 * The .gitignore lines that mldv keeps, in the work tree and in the index.
 */

#include "project/project.h"

/* Lines that were written and are to be staged. Zeroed: none. */
struct ignores {
	struct strs files; /* the .gitignore of each line */
	struct strs lines;
};

/* Adds (or takes away) a path's line in the work tree. */
CHECKED int ignores_write(struct mldv_project *project, const char *path,
    bool add, struct ignores *out, struct mldv_error *err);
/* Adds the lines of many paths, with one write a file. */
CHECKED int ignores_write_all(struct mldv_project *project,
    const struct strs *paths, struct ignores *out, struct mldv_error *err);
/*
 * Stages just the lines that the index lacks (or has), with one write of it;
 * staged gets the files.
 */
CHECKED int ignores_stage(struct mldv_project *project,
    const struct ignores *ignores, bool add, struct strs *staged,
    struct mldv_error *err);
void ignores_release(struct ignores *ignores);

#endif
