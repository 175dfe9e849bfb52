/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AWS_SOURCE_H
#define AWS_SOURCE_H

/*
 * The places where credentials may come from. Inside aws/ only: others ask
 * aws/credentials.h.
 *
 * Order and names are botocore's: create_credential_resolver and the classes
 * that it lists, botocore/credentials.py 1.44.
 */

#include <stdbool.h>

#include "aws/credentials.h"
#include "aws/profile.h"
#include "format/json.h"
#include "net/client.h"

/* AWS's own files, as they are just now. */
struct aws_files {
	const char *config_path; /* NULL: no home directory */
	const char *credentials_path;
	bool config_there;
	bool credentials_there;
	struct aws_profiles config;
	struct aws_profiles credentials;
};

/* Reads them into the arena. That one is not there is no error. */
CHECKED int aws_files_load(struct aws_files *out, struct arena *arena,
    struct mldv_error *err);
bool aws_files_have(const struct aws_files *files, const char *profile);
/* Of a profile, from either file; what credentials says goes before. */
const char *aws_files_get(const struct aws_files *files, const char *profile,
    const char *key);
/* Of the profile in the config file alone, or NULL. */
const struct aws_section *aws_files_profile(const struct aws_files *files,
    const char *profile);
/* As aws_profile_setting in aws/credentials.h. */
const char *aws_files_setting(const struct aws_files *files,
    const char *profile, const char *service, const char *key);

/* One search. What is found lives in the arena. */
struct aws_search {
	struct arena *arena;
	struct net_client *net;
	const struct mldv_events *events;
	const struct aws_files *files;
	const char *profile;
	struct buf looked; /* "the environment (…), profile 'default' …" */
};

/* NULL if it is not set, or empty. */
const char *aws_environment(const char *name);
/* Says in search->looked that there was nothing. */
void aws_looked(struct aws_search *search, const char *fmt, ...) PRINTF(2, 3);

/* The sources: 1, 0 if there is nothing of the kind, -1 if it does not work. */

/* AWS_ACCESS_KEY_ID and what belongs to it. */
CHECKED int aws_from_environment(struct aws_search *search,
    struct aws_credentials *out, struct mldv_error *err);
/* The profile: roles, a web identity, single sign-on, a command, keys. */
CHECKED int aws_from_profile(struct aws_search *search,
    struct aws_credentials *out, struct mldv_error *err);
/* AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI: ECS and EKS. */
CHECKED int aws_from_container(struct aws_search *search,
    struct aws_credentials *out, struct mldv_error *err);
/* The metadata service of EC2, version 2, asked once and for a second. */
CHECKED int aws_from_instance(struct aws_search *search,
    struct aws_credentials *out, struct mldv_error *err);

/* Those that a profile names. */

/*
 * A web identity: of AWS_WEB_IDENTITY_TOKEN_FILE or of GitHub's runner if
 * environment says so, then of the profile.
 */
CHECKED int aws_from_web_identity(struct aws_search *search,
    const char *profile, bool environment, struct aws_credentials *out,
    struct mldv_error *err);
CHECKED int aws_from_sso(struct aws_search *search, const char *profile,
    struct aws_credentials *out, struct mldv_error *err);
CHECKED int aws_from_process(struct aws_search *search, const char *profile,
    struct aws_credentials *out, struct mldv_error *err);

struct aws_role {
	const char *arn;
	const char *session_name; /* NULL: one that says mldv and the time */
	const char *external_id;  /* or NULL */
	const char *seconds;      /* as the profile has it, or NULL */
	const char *profile;      /* for its region and endpoint */
};

/* Asks STS for a role: with the credentials, or with the token of another. */
CHECKED int aws_assume(struct aws_search *search, const struct aws_role *role,
    const struct aws_credentials *with, const char *web_token,
    struct aws_credentials *out, struct mldv_error *err);

/* For the sources themselves. */

/*
 * A service's address without a final slash: by AWS_ENDPOINT_URL_STS (of
 * "sts"), AWS_ENDPOINT_URL or the profile; else usual.
 */
const char *aws_endpoint(const struct aws_search *search, const char *profile,
    const char *service, const char *usual);
/* By AWS_REGION, AWS_DEFAULT_REGION or the profile; or NULL. */
const char *aws_region(const struct aws_search *search, const char *profile);

/*
 * Sends, again if there was no answer or one with 429 or 5xx, at most so many
 * times. -1 if there was no answer at all.
 */
CHECKED int aws_ask(struct aws_search *search,
    const struct net_request *request, unsigned times,
    struct net_answer *answer, struct mldv_error *err);
/* Is the status 2xx? */
bool aws_is_good(const struct net_answer *answer);
/* The JSON of an answer that is good; another is an error that shows it. */
CHECKED int aws_answer_json(const struct aws_search *search,
    const struct net_answer *answer, struct json_values *out,
    struct mldv_error *err);
/* A piece of an answer as a message may show it: one line, not long. */
const char *aws_shown(struct arena *arena, struct slice text);

/*
 * Splits as a shell would, with '…', "…" and \, but with nothing replaced;
 * NULL-terminated. MLDV_USAGE if a quotation has no end.
 */
CHECKED int aws_words(struct arena *arena, const char *line,
    const char *const **out, struct mldv_error *err);

#endif
