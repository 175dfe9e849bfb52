/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROJECT_PRICE_H
#define PROJECT_PRICE_H

/*
 * What a push to S3 costs, in dollars.
 */

#include "mldv/remote.h"
#include "project/project.h"

/*
 * Fills out->price for a push of out->bytes with out->puts and out->heads.
 * name: of the remote.
 */
void price_push(struct mldv_project *project, const char *name,
    struct mldv_transferred *out);

#endif
