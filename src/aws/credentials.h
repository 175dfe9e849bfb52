/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_CREDENTIALS_H
#define AWS_CREDENTIALS_H

/*
 * Who asks: keys for signing, found where the AWS SDKs look for them, and
 * renewed before they expire.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "mldv/events.h"

struct net_client;

struct aws_credentials {
	const char *access_key;
	const char *secret_key;
	const char *session_token; /* or NULL */
	int64_t expires;           /* seconds since 1970, UTC; 0: never */
	const char *source;        /* where they are from, for people */
	bool of_machine; /* of the role of this instance or container */
};

struct aws_provider_options {
	/* The profile that a setting names, which goes before everything; or
	 * NULL: as the environment says. */
	const char *profile;
	/* Carries what has to be asked over HTTP; it outlives the provider. */
	struct net_client *net;
	const struct mldv_events *events; /* or NULL */
};

/* May be used by several threads at once. */
struct aws_provider;

/* Looks at nothing yet. */
struct aws_provider *aws_provider_open(
    const struct aws_provider_options *options);
void aws_provider_close(struct aws_provider *provider);

/*
 * Credentials that are good for some minutes still; their strings are copied
 * into the arena. Blocks while it asks for them. MLDV_USAGE if there are none,
 * saying what was looked at.
 */
CHECKED int aws_credentials_get(struct aws_provider *provider,
    struct arena *arena, struct aws_credentials *out, struct mldv_error *err);

/*
 * Forgets what it has, as a service said that the access key is not, or no
 * longer, valid; does nothing if others were fetched meanwhile.
 */
void aws_credentials_refused(struct aws_provider *provider,
    const char *access_key);

/*
 * A setting of the profile in the config file, copied into the arena, or NULL:
 * "region", "endpoint_url"; with a service ("s3"), what stands indented below
 * it or in the [services] section.
 */
CHECKED int aws_profile_setting(struct aws_provider *provider,
    const char *service, const char *key, struct arena *arena, const char **out,
    struct mldv_error *err);

#endif
