/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "aws/document.h"
#include "aws/source.h"

static const char *copy(const struct aws_search *search, const char *name)
{
	const char *value = aws_environment(name);

	return value ? arena_str(search->arena, value) : NULL;
}

int aws_from_environment(struct aws_search *search, struct aws_credentials *out,
    struct mldv_error *err)
{
	const char *expires = aws_environment("AWS_CREDENTIAL_EXPIRATION");
	struct aws_credentials found = {
	    .access_key = copy(search, "AWS_ACCESS_KEY_ID"),
	    .secret_key = copy(search, "AWS_SECRET_ACCESS_KEY"),
	    .session_token = copy(search, "AWS_SESSION_TOKEN"),
	    .source = "the environment",
	};

	if (!found.access_key) {
		aws_looked(search, "the environment (AWS_ACCESS_KEY_ID)");
		return 0;
	}
	if (!found.secret_key)
		return err_set(err, MLDV_USAGE,
		    "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is "
		    "not");
	/* The older name, which botocore knows too. */
	if (!found.session_token)
		found.session_token = copy(search, "AWS_SECURITY_TOKEN");
	if (expires) {
		found.expires = aws_time(expires);
		if (found.expires == 0)
			return err_set(err, MLDV_USAGE,
			    "AWS_CREDENTIAL_EXPIRATION is no time: '%s'",
			    expires);
	}
	if (aws_credentials_check(&found, err) < 0)
		return err_prefix(err, "cannot use AWS_ACCESS_KEY_ID");
	*out = found;
	return 1;
}
