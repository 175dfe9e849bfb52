/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_ECR_H
#define AWS_ECR_H

/*
 * Images in ECR: "Amazon Elastic Container Registry API Reference", version
 * 2015-09-21. BatchGetImage is what pulling needs as well, so who may pull may
 * ask, also for the images of another account.
 */

#include "aws/jsoncall.h"

extern const struct aws_json_service ecr_service;

/* "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:v1", taken apart. */
struct ecr_image {
	const char *name;     /* all of it, without the tag */
	const char *registry; /* 12 digits */
	const char *region;
	const char *repository;
	const char *tag; /* "latest", if there is none */
};
/* False: it is not of ECR, or has a digest. In the arena. */
bool ecr_parse(const char *reference, struct arena *arena,
    struct ecr_image *out);

/* "sha256:" and 64 digits? */
bool ecr_is_digest(const char *text);

/* Appends the digest that the tag has now. */
CHECKED int ecr_digest(struct aws_json *json, const struct ecr_image *image,
    struct buf *out, struct mldv_error *err);

#endif
