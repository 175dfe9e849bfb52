/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_STAGEOUTS_H
#define FORMAT_STAGEOUTS_H

/*
 * ${stage.train.out}, the output of a stage; ${stage.train.out.2}, the second
 * of several, as they stand in its outs.
 */

#include "format/stagematrix.h"

/*
 * Reads which outputs there are, into r->made, if anything refers to one. It
 * comes before the stages are read; none may be there yet. matrices: of each
 * [stage …], in the order of the file.
 */
CHECKED int stages_read_outs(struct stage_reader *r,
    const struct matrix *matrices, struct mldv_error *err);
/* May ${stage.…} stand behind this key? */
bool stage_knows_outs(const char *key);
/*
 * The path of "train.out" or "train.out.2": for a command from its working
 * directory, else from the root. In a variant its own stage's name is its own
 * variant's. An output of another stage is among the used ones then.
 */
CHECKED int stage_out_find(struct interpolation *in, unsigned line,
    struct slice name, const char **out, struct mldv_error *err);

#endif
