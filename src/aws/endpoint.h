/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_ENDPOINT_H
#define AWS_ENDPOINT_H

/*
 * Where a service is: what the environment or a profile says of it.
 */

#include "aws/credentials.h"

/* What a setting is called. */
struct aws_lookup {
	const char *variables[2]; /* of the environment, the first goes first */
	const char *service;      /* of the profile: "s3"; NULL: none */
	const char *key;          /* "region" */
};
/*
 * The first that is set of the variables, the profile's settings for the
 * service, and the profile; NULL if none is. In the arena.
 */
CHECKED int aws_look_up(struct aws_provider *provider,
    const struct aws_lookup *what, struct arena *arena, const char **out,
    struct mldv_error *err);

/* "https://host[:port][/base]", taken apart; in the arena. */
struct aws_endpoint {
	const char *scheme; /* "https" */
	const char *host;   /* as signed: without the scheme's own port */
	const char *base;   /* "", or "/base" without a final slash */
};
/* MLDV_USAGE if it is none. */
CHECKED int aws_endpoint_parse(const char *text, struct arena *arena,
    struct aws_endpoint *out, struct mldv_error *err);

#endif
