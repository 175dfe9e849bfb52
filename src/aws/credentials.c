/* SPDX-License-Identifier: Apache-2.0 */
#include "aws/credentials.h"

#include <stdlib.h>

struct aws_provider {
	struct aws_provider_options options;
};

struct aws_provider *aws_provider_open(
    const struct aws_provider_options *options)
{
	struct aws_provider *provider = xcalloc(1, sizeof(*provider));

	provider->options = *options;
	return provider;
}

void aws_provider_close(struct aws_provider *provider)
{
	free(provider);
}

/* NULL if it is not set, or empty. */
static const char *environment(struct arena *arena, const char *name)
{
	const char *value = getenv(name);

	return value && *value ? arena_str(arena, value) : NULL;
}

int aws_credentials_get(struct aws_provider *provider, struct arena *arena,
    struct aws_credentials *out, struct mldv_error *err)
{
	(void)provider;
	*out = (struct aws_credentials){
	    .access_key = environment(arena, "AWS_ACCESS_KEY_ID"),
	    .secret_key = environment(arena, "AWS_SECRET_ACCESS_KEY"),
	    .session_token = environment(arena, "AWS_SESSION_TOKEN"),
	};
	if (!out->access_key || !out->secret_key)
		return err_set(err, MLDV_USAGE,
		    "there are no AWS credentials: looked at "
		    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
	return 0;
}

void aws_credentials_refused(struct aws_provider *provider,
    const char *access_key)
{
	(void)provider;
	(void)access_key;
}

int aws_profile_setting(struct aws_provider *provider, const char *service,
    const char *key, struct arena *arena, const char **out,
    struct mldv_error *err)
{
	(void)provider;
	(void)service;
	(void)key;
	(void)arena;
	(void)err;
	*out = NULL;
	return 0;
}
