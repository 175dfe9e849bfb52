/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_S3BUCKET_H
#define REMOTE_S3BUCKET_H

/*
 * Making a remote's bucket as it should be, and looking whether one is so.
 */

#include "aws/s3.h"
#include "remote/ops.h"

/* A name below the prefix, by which is tried what may be done there. */
#define S3_PROBE "doctor/probe"

struct s3_remote {
	struct s3 *s3;
	const char *name;   /* of the remote */
	const char *bucket; /* of the bucket */
	const char *prefix; /* "", or with a final slash */
	const struct ops_options *options;
};

/* Sets what is missing, and nothing else; as ops_table's create. */
CHECKED int s3_remote_create(const struct s3_remote *remote,
    mldv_finding_fn *visit, void *context, struct mldv_error *err);

/* Looks whether all is as it should be; as ops_table's examine. */
CHECKED int s3_remote_examine(const struct s3_remote *remote,
    mldv_finding_fn *visit, void *context, struct mldv_error *err);

#endif
