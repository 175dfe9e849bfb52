/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_NEWNOTEBOOK_H
#define PIPELINE_NEWNOTEBOOK_H

/*
 * A notebook to begin with, which works alike under Jupyter and under mldv:
 * what it gets is assigned in a cell tagged "parameters", to what mldv.ini
 * says now, and paths are relative to the notebook.
 */

#include "format/stages.h"
#include "project/project.h"

/*
 * Adds "raw_path = data/raw" for each path; of two with one name, only the
 * first.
 */
void newnotebook_inject(const struct strs *paths, struct strs *lines);

/* Writes the stage's notebook, if it has one that is not there. */
CHECKED int newnotebook_write(struct mldv_project *project,
    const struct stage *stage, struct mldv_error *err);

#endif
