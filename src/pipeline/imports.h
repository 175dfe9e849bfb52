/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIPELINE_IMPORTS_H
#define PIPELINE_IMPORTS_H

/*
 * The files behind a dep "python:pkg.mod": the module and all that it
 * imports from this repository, directly or not.
 *
 * A module is looked for where Python would: in the directory of the script,
 * in the stage's working directory, in the root, and in src. What is found
 * nowhere there is somebody else's and no dep. A file that comes to stand in
 * front of another one is found instead of it, and so changes the key.
 */

#include "format/stages.h"

/*
 * Adds them to the deps of each stage that asks for them, and sets
 * unknown_import. source reads the revision that the stages are of.
 */
CHECKED int imports_add(struct stages *stages, struct arena *arena,
    const struct ini_source *source, struct mldv_error *err);

#endif
