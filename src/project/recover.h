/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_RECOVER_H
#define PROJECT_RECOVER_H

/*
 * Getting back what damaged files of the store held, also of versions that no
 * pointer of the work tree names any more.
 */

#include "project/quarantine.h"

/*
 * Asks these remotes for the objects that were lost and the store still
 * lacks, by the manifests of all that Git's history names; then refreshes the
 * store. What a remote could not give for another reason than that it has it
 * not is warned of, and sets *failed. Call with the store's lock held.
 */
CHECKED int recover_lost(struct mldv_project *project,
    const struct strs *remotes, const struct quarantine *quarantine,
    bool *failed, struct mldv_error *err);

#endif
