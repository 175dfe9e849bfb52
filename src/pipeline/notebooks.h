/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_NOTEBOOKS_H
#define PIPELINE_NOTEBOOKS_H

/*
 * Deps that are notebooks: what they are for a key, which is not their bytes.
 */

#include "pipeline/inputs.h"

/* Which form of a dep is in the key: of format/notebook.h, or its bytes. */
enum notebook_form { NOTEBOOK_BYTES, NOTEBOOK_SOURCE, NOTEBOOK_RESULT };

/*
 * The source of what a stage runs, the result of what another stage executed;
 * the bytes of anything else, also of a notebook that Git or a person made.
 */
enum notebook_form notebooks_form(const struct graph *graph,
    const struct stage_dep *dep);

/* The digest of a notebook in that form; the path is for messages. */
CHECKED int notebooks_digest(struct hasher *hasher, const char *path,
    const struct buf *text, enum notebook_form form, struct oid *out,
    struct mldv_error *err);
/* The same of a file of the work tree; path is from the root. */
CHECKED int notebooks_hash(struct plan *plan, const char *path,
    enum notebook_form form, struct oid *out, struct mldv_error *err);

/*
 * Adds the line of step->inputs[i] to the key: 1; or 0 and the obstacle, if
 * looking and it is a notebook that cannot be read.
 */
CHECKED int notebooks_add(struct plan *plan, struct step *step, size_t i,
    bool looking, struct obstacle *obstacle, struct mldv_error *err);

#endif
