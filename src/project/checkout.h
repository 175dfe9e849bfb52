/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_CHECKOUT_H
#define PROJECT_CHECKOUT_H

/*
 * Checking out what was picked.
 */

#include "mldv/data.h"
#include "project/pick.h"

/*
 * Places what is wanted of each item whose data is had; one that fails does
 * not stop the others. The caller holds the store's lock.
 */
CHECKED int checkout_picks(struct mldv_project *project,
    const struct picks *picks, const struct mldv_checkout *options,
    struct mldv_error *err);

#endif
