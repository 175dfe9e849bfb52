/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_STAGEDIR_H
#define PIPELINE_STAGEDIR_H

/*
 * Where things of one stage lie below .git/mldv: .git/mldv/<kind>/<stage>.
 */

#include "project/project.h"

/*
 * The stage's name as that of a file. Only what no file may be called is
 * written otherwise: '/' and '%', and a '.' at the beginning, as %2f, %25, %2e.
 */
const char *stage_dir_name(struct arena *arena, const char *stage);
/* Absolute; kind is "logs" or "failed". Makes nothing. */
const char *stage_dir(const struct mldv_project *project, struct arena *arena,
    const char *kind, const char *stage);

#endif
