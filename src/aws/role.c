/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a profile names: keys, or something that gives some, and perhaps a
 * role to assume with them, or with those of another profile, and so on.
 */

#include <string.h>

#include "aws/document.h"
#include "aws/source.h"

/* Roles that are assumed one with the other. */
enum { CHAIN_LIMIT = 8 };

/* From the last of profiles to the first; base is where the keys come from. */
struct chain {
	const char *profiles[CHAIN_LIMIT];
	size_t count;
	const char *base;       /* a profile, or NULL: */
	const char *base_named; /* a credential_source */
};

static bool has_keys(const struct aws_files *files, const char *profile)
{
	return aws_files_get(files, profile, "aws_access_key_id") != NULL;
}

/* Keys of one section of one file. */
static int read_keys(struct aws_search *search,
    const struct aws_section *section, const char *profile, const char *path,
    struct aws_credentials *out, struct mldv_error *err)
{
	struct aws_credentials found = {
	    .access_key = aws_section_get(section, "aws_access_key_id"),
	    .secret_key = aws_section_get(section, "aws_secret_access_key"),
	    .session_token = aws_section_get(section, "aws_session_token"),
	};

	if (!found.access_key)
		return 0;
	if (!found.session_token)
		found.session_token =
		    aws_section_get(section, "aws_security_token");
	if (aws_credentials_check(&found, err) < 0)
		return err_prefix(err, "cannot use profile '%s' of '%s'",
		    profile, path);
	found.source =
	    arena_printf(search->arena, "profile '%s' of '%s'", profile, path);
	*out = found;
	return 1;
}

/* All but roles: in botocore's order. */
static int from_base(struct aws_search *search, const char *profile,
    bool environment, struct aws_credentials *out, struct mldv_error *err)
{
	const struct aws_files *files = search->files;
	int ret = aws_from_web_identity(search, profile, environment, out, err);

	if (ret == 0)
		ret = aws_from_sso(search, profile, out, err);
	if (ret == 0)
		ret = read_keys(search,
		    aws_profiles_find(&files->credentials, "", profile),
		    profile, files->credentials_path, out, err);
	if (ret == 0)
		ret = aws_from_process(search, profile, out, err);
	if (ret == 0)
		ret = read_keys(search, aws_files_profile(files, profile),
		    profile, files->config_path, out, err);
	return ret;
}

static int from_named(struct aws_search *search, const char *profile,
    const char *named, struct aws_credentials *out, struct mldv_error *err)
{
	int ret;

	if (strcmp(named, "Environment") == 0)
		ret = aws_from_environment(search, out, err);
	else if (strcmp(named, "EcsContainer") == 0)
		ret = aws_from_container(search, out, err);
	else if (strcmp(named, "Ec2InstanceMetadata") == 0)
		ret = aws_from_instance(search, out, err);
	else
		return err_set(err, MLDV_USAGE,
		    "credential_source of profile '%s' cannot be '%s', only "
		    "Environment|EcsContainer|Ec2InstanceMetadata",
		    profile, named);
	if (ret == 0)
		return err_set(err, MLDV_USAGE,
		    "profile '%s' has credential_source = %s, where there is "
		    "nothing",
		    profile, named);
	return ret;
}

/* Where the chain goes from this profile: 1 if further, 0 if it ends here. */
static int step(struct aws_search *search, struct chain *chain, const char **at,
    struct mldv_error *err)
{
	const struct aws_files *files = search->files;
	const char *source = aws_files_get(files, *at, "source_profile");

	if (!aws_files_get(files, *at, "role_arn") ||
	    aws_files_get(files, *at, "web_identity_token_file") ||
	    (chain->count > 0 && has_keys(files, *at))) {
		chain->base = *at;
		return 0;
	}
	for (size_t i = 0; i < chain->count; i++) {
		if (strcmp(chain->profiles[i], *at) == 0)
			return err_set(err, MLDV_USAGE,
			    "the source_profile of profile '%s' leads back to "
			    "it",
			    *at);
	}
	if (chain->count == CHAIN_LIMIT)
		return err_set(err, MLDV_USAGE,
		    "profile '%s' needs more than %d roles", search->profile,
		    CHAIN_LIMIT);
	chain->profiles[chain->count++] = *at;
	chain->base_named = aws_files_get(files, *at, "credential_source");
	if (source && chain->base_named)
		return err_set(err, MLDV_USAGE,
		    "profile '%s' has both source_profile and "
		    "credential_source",
		    *at);
	if (chain->base_named)
		return 0;
	if (!source)
		return err_set(err, MLDV_USAGE,
		    "profile '%s' has role_arn, but neither source_profile "
		    "nor credential_source",
		    *at);
	if (!aws_files_have(files, source))
		return err_set(err, MLDV_USAGE,
		    "profile '%s' has source_profile = %s, and there is no "
		    "such profile",
		    *at, source);
	*at = source;
	return 1;
}

static int assume(struct aws_search *search, const char *profile,
    struct aws_credentials *keys, struct mldv_error *err)
{
	const struct aws_files *files = search->files;
	const struct aws_role role = {
	    .arn = aws_files_get(files, profile, "role_arn"),
	    .session_name = aws_files_get(files, profile, "role_session_name"),
	    .external_id = aws_files_get(files, profile, "external_id"),
	    .seconds = aws_files_get(files, profile, "duration_seconds"),
	    .profile = profile,
	};
	struct aws_credentials found;

	if (aws_files_get(files, profile, "mfa_serial"))
		return err_set(err, MLDV_USAGE,
		    "profile '%s' asks for a code of a device (mfa_serial), "
		    "which mldv cannot; run 'aws configure "
		    "export-credentials --profile %s --format env' and set "
		    "what it prints",
		    profile, profile);
	if (aws_assume(search, &role, keys, NULL, &found, err) < 0)
		return -1;
	found.source =
	    arena_printf(search->arena, "role '%s' of profile '%s', with %s",
	        role.arn, profile, keys->source);
	*keys = found;
	return 0;
}

int aws_from_profile(struct aws_search *search, struct aws_credentials *out,
    struct mldv_error *err)
{
	struct chain chain = {0};
	struct aws_credentials keys = {0};
	const char *at = search->profile;
	int ret;

	do
		ret = step(search, &chain, &at, err);
	while (ret > 0);
	if (ret < 0)
		return -1;
	ret = chain.base_named
	    ? from_named(search, at, chain.base_named, &keys, err)
	    : from_base(search, at, chain.count == 0, &keys, err);
	if (ret == 0 && chain.count > 0)
		return err_set(err, MLDV_USAGE,
		    "profile '%s', the source_profile of profile '%s', has "
		    "no credentials",
		    at, chain.profiles[chain.count - 1]);
	if (ret <= 0)
		return ret;
	while (chain.count > 0) {
		if (assume(search, chain.profiles[--chain.count], &keys, err) <
		    0)
			return -1;
	}
	*out = keys;
	return 1;
}
