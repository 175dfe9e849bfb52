/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_CALLER_H
#define AWS_CALLER_H

/*
 * Whose credentials these are: GetCallerIdentity, "AWS Security Token Service
 * API Reference", version 2011-06-15.
 */

#include "aws/credentials.h"
#include "net/client.h"

struct aws_caller {
	struct net_client *net;
	const struct mldv_events *events; /* or NULL */
	const char *profile;              /* as in aws_provider_options */
	const char *region;
};

/*
 * The role of the instance or container that this runs in, in the arena: 1,
 * and its ARN; 0 if the credentials are from elsewhere: then nobody is asked.
 */
CHECKED int aws_machine_role(const struct aws_caller *caller,
    struct arena *arena, const char **out, struct mldv_error *err);

/*
 * "arn:aws:iam::1:role/r" of "arn:aws:sts::1:assumed-role/r/session", in the
 * arena; NULL: it is none of a role. The path of a role is lost in there; those
 * that SageMaker's console makes have "service-role", as AWS's SDK knows, too
 * (sagemaker 2.257, Session.get_caller_identity_arn).
 */
const char *aws_role_of_session(const char *arn, struct arena *arena);

#endif
