/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_STAGEINCLUDE_H
#define FORMAT_STAGEINCLUDE_H

/*
 * [include] files = stages/train.ini: stages, pools and parameters that stand
 * in other files than mldv.ini.
 */

#include "format/ini.h"

#define INCLUDES_MAX   100
#define INCLUDED_LIMIT (4 * INI_LIMIT) /* bytes, of all together */

/*
 * Gives ini with the sections of what it includes behind its own, in the
 * order in which the files are named; their [params] are one section. A file
 * is included once, so there are no circles.
 */
CHECKED int stages_include(struct ini *out, struct arena *arena,
    const struct ini *ini, struct mldv_error *err);

#endif
